"""The identity provider of the settings: how its keys are fetched, directly or by discovery."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from pathlib import Path

from gateway.believed import Oidc
from gateway.domain.ports import Clock
from gateway.endpoints import Endpoint, parse_endpoint
from gateway.identity.fetch import FetchError, get
from gateway.identity.jwks import JwksError, PublicKey, parse_jwks
from gateway.identity.oidc import OidcAuthenticator
from gateway.identity.providerkeys import ProviderKeys, Timing
from gateway.identity.strictjson import parse_object
from gateway.pinned import NoAuthorities, trusting

Fetch = Callable[[], Mapping[str, PublicKey]]


class ProviderError(Exception):
    """The settings name a provider that cannot be used; the message says what to do."""


def fetcher(settings: Oidc, data: Path) -> Fetch:
    """Return what fetches the provider's keys once. Raises `ProviderError` for a bad `ca_file`.

    The result blocks for at most two times `timeout`, and raises `FetchError` or `JwksError`.
    """
    tls = _tls(settings, data)

    def fetch() -> Mapping[str, PublicKey]:
        endpoint = settings.endpoint
        if settings.discovery_url is not None:
            endpoint = _discovered(settings, get(endpoint, tls, settings.timeout))
        return parse_jwks(get(endpoint, tls, settings.timeout), settings.algorithms)

    return fetch


def open_oidc(
    settings: Oidc, data: Path, clock: Clock
) -> tuple[OidcAuthenticator, Callable[[], None]]:
    """Return an authenticator whose keys are being fetched, and what ends that.

    A provider that does not answer stops nothing: its tokens are refused until it does. Raises
    `ProviderError`.
    """
    timing = Timing(settings.refresh, settings.refetch, settings.max_age)
    keys = ProviderKeys(fetcher(settings, data), timing)
    keys.start(2 * settings.timeout)
    return OidcAuthenticator(settings, keys, clock), keys.close


def _discovered(settings: Oidc, document: bytes) -> Endpoint:
    """Return where the metadata (RFC 8414, OpenID Connect Discovery) say that the keys are."""
    try:
        metadata = parse_object(document)
    except ValueError:
        raise JwksError("not_json") from None
    if metadata.get("issuer") != settings.issuer:
        raise FetchError("other_issuer")
    asked = settings.endpoint
    try:
        found = parse_endpoint(str(metadata.get("jwks_uri")), asked.address)
    except ValueError:
        raise FetchError("keys_elsewhere") from None
    # Only one peer is named in the settings, and only its name is in the certificate.
    if (found.tls, found.host, found.port) != (asked.tls, asked.host, asked.port):
        raise FetchError("keys_elsewhere")
    return found


def _tls(settings: Oidc, data: Path) -> ssl.SSLContext | None:
    """Return what checks the provider's certificate: nothing but `ca_file` vouches for it."""
    if not settings.endpoint.tls:
        return None
    try:
        return trusting(data / (settings.ca_file or ""))
    except NoAuthorities as error:
        raise ProviderError(f"identity.oidc.ca_file: {error}") from None
