"""Who may ask: API keys, roles that must be apart, the identity provider, client certificates."""

from __future__ import annotations

from gateway import secretfiles
from gateway.certificates import UNIX
from gateway.clock import SystemClock
from gateway.doctor.diagnosis import Diagnosis, Verdict
from gateway.identity.fetch import FetchError
from gateway.identity.jwks import JwksError
from gateway.identity.keyring import DATABASE, open_keyring
from gateway.identity.keys import EXPIRES_SOON_MS, State
from gateway.identity.provider import ProviderError, fetcher
from gateway.identity.store import KeyStoreError
from gateway.identity.x509 import Authorities, AuthorityError
from gateway.policy.releases.store import PolicyStoreError
from gateway.separation import claims_in_conflict, people_in_conflict
from gateway.settings import Settings


def api_keys(settings: Settings) -> Diagnosis:
    """Say which API keys work, and who may make them."""
    if not (settings.state / DATABASE).is_file():
        return Diagnosis(
            "API keys", Verdict.WARNING, "none yet", "`intramural keys create` makes one"
        )
    try:
        keyring = open_keyring(settings.state, settings.keys)
        keys, managed = keyring.store.all_keys(), keyring.managed()
    except (KeyStoreError, secretfiles.SecretFileError) as error:
        return Diagnosis("API keys", Verdict.FAILED, str(error))
    now = SystemClock().now_ms()
    active = [key for key in keys if key.state(now) is State.ACTIVE]
    soon = [key for key in active if key.grant.expires - now < EXPIRES_SOON_MS]
    if soon:
        names = ", ".join(key.grant.name for key in soon[:5])
        return Diagnosis(
            "API keys",
            Verdict.WARNING,
            f"{len(active)} active, {len(soon)} expire within 14 days: {names}",
            "`intramural keys rotate ID --overlap 3d --expires 90d` renews one",
        )
    found = f"{len(active)} active of {len(keys)}"
    if not managed:
        # No fault: so an installation begins, and a small one may stay.
        found += "; whoever has this login makes keys, until an operator has one"
    return Diagnosis("API keys", Verdict.OK, found)


def roles(settings: Settings) -> Diagnosis:
    """Say who holds roles that have to be apart."""
    try:
        people = list(people_in_conflict(settings, SystemClock().now_ms()))
    except (KeyStoreError, PolicyStoreError, secretfiles.SecretFileError) as error:
        return Diagnosis("roles", Verdict.FAILED, str(error))
    if people:
        return Diagnosis(
            "roles",
            Verdict.FAILED,
            "; ".join(people[:5]),
            "revoke one of the two: nobody watches, or approves, what they do themselves",
        )
    if claims := list(claims_in_conflict(settings)):
        return Diagnosis(
            "roles",
            Verdict.WARNING,
            "; ".join(claims[:3]),
            "see to it at the identity provider that nobody has both",
        )
    return Diagnosis("roles", Verdict.OK, "nobody holds two that have to be apart")


def identity(settings: Settings) -> Diagnosis:
    """Say whether the identity provider gives its keys."""
    oidc = settings.identity.oidc
    if oidc is None:
        return Diagnosis("identity", Verdict.OK, "API keys alone; no provider is named")
    peer = oidc.endpoint.peer
    try:
        keys = fetcher(oidc, settings.data)()
    except ProviderError as error:
        return Diagnosis("identity", Verdict.FAILED, str(error))
    except (FetchError, JwksError) as error:
        return Diagnosis(
            "identity",
            Verdict.FAILED,
            f"no keys from the provider at {peer} ({error.reason})",
            "docs/operations.md says what the word in brackets means",
        )
    return Diagnosis("identity", Verdict.OK, f"{len(keys)} keys of the provider at {peer}")


def certificates(settings: Settings) -> Diagnosis:
    """Say who is believed to pass client certificates on."""
    said = settings.identity.certificates
    if said is None:
        return Diagnosis("certificates", Verdict.OK, "no proxy passes client certificates on")
    crl = None if said.crl_file is None else settings.data / said.crl_file
    try:
        state = Authorities(settings.data / said.ca_file, crl).state(SystemClock().now_ms())
    except AuthorityError as error:
        return Diagnosis("certificates", Verdict.FAILED, str(error))
    found = f"{len(said.callers)} callers by certificate, from {', '.join(said.proxies)}"
    if state is not None:
        return Diagnosis("certificates", Verdict.FAILED, found, state)
    if UNIX not in said.proxies:
        return Diagnosis(
            "certificates",
            Verdict.WARNING,
            f"{found}: whoever can send from there can be any of them",
            "on the same host, let the proxy use server.socket and name `unix`",
        )
    if UNIX in said.proxies and settings.server.socket is None:
        return Diagnosis(
            "certificates", Verdict.FAILED, found, "`unix` is named: set server.socket too"
        )
    return Diagnosis("certificates", Verdict.OK, found)
