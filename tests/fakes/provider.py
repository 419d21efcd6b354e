"""An identity provider in memory: its keys, the tokens that it signs, and those it never would."""

from __future__ import annotations

import base64
import json
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

from gateway.believed import Oidc
from gateway.identity.fetch import FetchError
from gateway.identity.jwks import PublicKey, parse_jwks
from gateway.identity.oidc import OidcAuthenticator
from gateway.identity.providerkeys import ProviderKeys, Timing
from tests.fakes.identity import START, StoppedClock

ISSUER = "https://idp.hospital.example/realms/ward"
AUDIENCE = "https://gateway.hospital.example"
NOW = START // 1000
TIMING = Timing(refresh=300, refetch=10, max_age=3600)
ALGORITHMS = ("RS256", "RS384", "PS256", "ES256", "ES384")
Key = RSAKey | ECKey


def rsa(number: int = 0, bits: int = 2048) -> RSAKey:
    return _rsa(number, bits)


def ec(number: int = 0, curve: str = "P-256") -> ECKey:
    return _ec(number, curve)


@cache
def _rsa(number: int, bits: int) -> RSAKey:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Some tests need a key that is too short.
        return RSAKey.generate_key(bits, {"kid": f"rsa-{number}", "use": "sig"}, private=True)


@cache
def _ec(number: int, curve: str) -> ECKey:
    return ECKey.generate_key(curve, {"kid": f"ec-{curve}-{number}", "use": "sig"}, private=True)


def public(key: Key, **more: object) -> dict[str, object]:
    return {**key.as_dict(private=False), **more}


def key_set(*members: Mapping[str, object]) -> bytes:
    return json.dumps({"keys": list(members)}).encode()


def settings(**more: Any) -> Oidc:
    given: dict[str, Any] = {
        "issuer": ISSUER,
        "audience": (AUDIENCE,),
        "jwks_url": "http://127.0.0.1:9/jwks",
        "role_claims": ("realm_access.roles", "roles"),
        "roles": {"ward-clinician": "clinician", "Kodierung": "coder"},
        "group_claims": ("groups",),
        "groups": {"/icu": "icu"},
    }
    return Oidc(**{**given, **more})


def claims(**more: object) -> dict[str, object]:
    """A good token's claims; `None` removes one."""
    given: dict[str, object] = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "0b5c7c2e-6c6e-4b6c-8f3e-2f6d6f0c9a11",
        "azp": "ward",
        "iat": NOW - 10,
        "exp": NOW + 290,
        "roles": ["ward-clinician"],
        "groups": ["/icu", "/unknown"],
    }
    return {name: value for name, value in {**given, **more}.items() if value is not None}


def sign(
    payload: bytes | Mapping[str, object] | None = None,
    key: Key | None = None,
    alg: str = "RS256",
    **header: object,
) -> str:
    """Return a token; header parameters that are `None` are left out."""
    key = key or (ec(curve=f"P-{alg[2:]}") if alg.startswith("ES") else rsa())
    if not isinstance(payload, bytes):
        payload = json.dumps(claims() if payload is None else payload).encode()
    parameters = {"alg": alg, "typ": "at+jwt", "kid": key.kid, **header}
    protected = {name: value for name, value in parameters.items() if value is not None}
    return assemble(json.dumps(protected).encode(), payload, key, alg)


def assemble(header: bytes, payload: bytes, key: Key, alg: str) -> str:
    """Sign any bytes as a header, also those that a library would not write."""
    signed = f"{encode(header)}.{encode(payload)}"
    algorithm = jws.JWSRegistry.algorithms[alg]
    return f"{signed}.{encode(algorithm.sign(signed.encode(), key))}"


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


@dataclass
class Tick:
    """A monotonic clock that a test moves."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Provider:
    """What `fetch` finds, and how often it was asked. `down` names the reason why it fails."""

    members: list[dict[str, object]] = field(
        default_factory=lambda: [public(rsa()), public(ec()), public(ec(curve="P-384"))]
    )
    down: str | None = None
    fetches: int = 0

    def fetch(self) -> Mapping[str, PublicKey]:
        self.fetches += 1
        if self.down:
            raise FetchError(self.down)
        return parse_jwks(key_set(*self.members), ALGORITHMS)


@dataclass
class House:
    """An authenticator over a provider in memory. Keys are fetched when a test says so."""

    settings: Oidc = field(default_factory=settings)
    provider: Provider = field(default_factory=Provider)
    clock: StoppedClock = field(default_factory=StoppedClock)
    tick: Tick = field(default_factory=Tick)

    def __post_init__(self) -> None:
        self.keys = ProviderKeys(self.provider.fetch, TIMING, self.tick)
        self.authenticator = OidcAuthenticator(self.settings, self.keys, self.clock)
        self.keys.refresh()

    def run_due(self) -> None:
        """Do what the thread would do now."""
        if self.keys.due_in() <= 0:
            self.keys.refresh()
