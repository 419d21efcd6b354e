"""Whom the gateway believes besides those with API keys, as settings.

The people of an identity provider, a proxy that has checked certificates, and clients of Presidio's
API that can send no credentials.
"""

from __future__ import annotations

import re
from ipaddress import ip_network
from typing import Annotated, Final, Literal

import msgspec

from gateway.certificates import Certificates
from gateway.domain.exchange import Purpose
from gateway.endpoints import Endpoint, parse_endpoint

_ROLE: Final = re.compile(r"[a-z][a-z0-9_-]{0,31}\Z")
_NETWORKS: Final = 64
_Word = Annotated[str, msgspec.Meta(min_length=1, max_length=512)]
_Words = Annotated[tuple[_Word, ...], msgspec.Meta(min_length=1, max_length=64)]
Algorithm = Literal["RS256", "RS384", "PS256", "ES256", "ES384"]
"""Signatures with a public key, all of them: there is no word for `none` or for a shared secret."""
TokenType = Literal["at+jwt", "JWT"]


class Oidc(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The identity provider whose access tokens are believed."""

    issuer: _Word
    """Exactly the `iss` of its tokens."""
    audience: _Words
    """A token is for this gateway if its `aud` names one of these."""
    jwks_url: str | None = None
    """Where its keys are; or, instead,"""
    discovery_url: str | None = None
    """where its metadata are, which say where under the same address its keys are."""
    address: str | None = None
    """The address that the name in the URL stands for: names are never looked up."""
    ca_file: str | None = None
    """Certificates that may vouch for the provider, and no others; relative to --data."""
    algorithms: Annotated[tuple[Algorithm, ...], msgspec.Meta(min_length=1)] = (
        "RS256",
        "ES256",
        "PS256",
        "RS384",
        "ES384",
    )
    types: Annotated[tuple[TokenType, ...], msgspec.Meta(min_length=1)] = ("at+jwt",)
    """Values of the header `typ`. ID tokens say `JWT` too: add it only where the provider does."""
    leeway: Annotated[int, msgspec.Meta(ge=0, le=60)] = 30
    """Seconds by which the clocks may differ."""
    role_claims: tuple[_Word, ...] = ()
    """Claims whose values `roles` translates. Dots go into objects: `realm_access.roles`."""
    group_claims: tuple[_Word, ...] = ()
    roles: dict[_Word, str] = {}
    """A value of those claims, and the role of ours that it stands for."""
    groups: dict[_Word, str] = {}
    refresh: Annotated[int, msgspec.Meta(ge=1, le=86400)] = 300
    """Seconds between two looks at the provider's keys."""
    refetch: Annotated[int, msgspec.Meta(ge=1, le=300)] = 10
    """Seconds at least between two looks, whatever tokens ask for."""
    max_age: Annotated[int, msgspec.Meta(ge=2, le=86400)] = 3600
    """Seconds for which keys are good when the provider does not answer."""
    timeout: Annotated[float, msgspec.Meta(gt=0, le=30)] = 5.0
    """Seconds for one document, from the connection to its last byte."""

    def __post_init__(self) -> None:
        """Raise `ValueError`, with what to write instead."""
        if self.refetch > self.refresh or 2 * self.refresh > self.max_age:
            raise ValueError(
                "refetch <= refresh, and twice refresh <= max_age: else good keys grow too old"
            )
        for values in (self.roles, self.groups):
            if not all(_ROLE.match(name) for name in values.values()):
                raise ValueError("a role or group is 1 to 32 of a-z, 0-9, _ and -, a letter first")
        for paths, values in ((self.role_claims, self.roles), (self.group_claims, self.groups)):
            if bool(paths) != bool(values):
                raise ValueError(
                    "role_claims and roles, and group_claims and groups, belong together: a claim "
                    "without a translation gives nothing, and neither does the reverse"
                )
        if self.endpoint.tls and self.ca_file is None:
            raise ValueError("name the ca_file that vouches for the provider's certificate")

    @property
    def endpoint(self) -> Endpoint:
        """Return where to ask first: the keys, or the metadata."""
        if (self.jwks_url is None) == (self.discovery_url is None):
            raise ValueError("name one of jwks_url and discovery_url")
        return parse_endpoint(self.jwks_url or self.discovery_url or "", self.address)


class Identity(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who may be believed, besides those with API keys."""

    oidc: Oidc | None = None
    certificates: Certificates | None = None


class Presidio(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Clients of Presidio's API that can send no key. Off: nobody is admitted without one."""

    networks: tuple[_Word, ...] = ()
    """From where a client without any credentials is believed: CIDR, one address, or `unix`."""
    role: str | None = None
    """The one role that such a client has."""
    purpose: Purpose | None = None
    """The one purpose that it may state, and need not."""

    def __post_init__(self) -> None:
        """Raise `ValueError`, with what to write instead."""
        if len({bool(self.networks), self.role is not None, self.purpose is not None}) > 1:
            raise ValueError(
                "networks, role and purpose belong together: name all of them, or none"
            )
        if self.role is not None and not _ROLE.match(self.role):
            raise ValueError("a role is 1 to 32 of a-z, 0-9, _ and -, a letter first")
        if len(self.networks) > _NETWORKS or "any" in self.networks:
            raise ValueError(f"at most {_NETWORKS} networks, and `any` is none: name them")
        for word in self.networks:
            if word != "unix" and ip_network(word).prefixlen == 0:
                raise ValueError("a network of all addresses is none: name the hosts")
