"""Prints, as JSON, what identity, policy and limits cost: microseconds, one thread, no network.

`first` is a token that was not seen before; `signature` is what of it OpenSSL alone takes. `whole`
is a caller believed, a decision made and a request counted, as steps 1 and 2 of an exchange do.

python -m benchmarks.identity [--rounds 3000]
"""

from __future__ import annotations

import argparse
import base64
import json
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from gateway import logs
from gateway.believed import Oidc
from gateway.clock import SystemClock
from gateway.domain.errors import AuthenticationError
from gateway.domain.exchange import Action, Credentials, Model, Purpose
from gateway.domain.limits import RATES, Bound
from gateway.domain.policy import Permit
from gateway.domain.ports import Authenticator
from gateway.identity import oidc
from gateway.identity.authenticator import ApiKeyAuthenticator
from gateway.identity.jwks import parse_jwks
from gateway.identity.keyring import open_keyring
from gateway.identity.keys import Grant
from gateway.identity.networks import parse_networks
from gateway.identity.oidc import OidcAuthenticator
from gateway.identity.providerkeys import ProviderKeys, Timing
from gateway.limiter import Limiter
from gateway.policy.decider import CedarDecider
from gateway.policy.release import load as load_release
from gateway.policy.shipped import shipped_policies

PATIENT = b"p" * 32
KEYS = {
    "RS256": RSAKey.generate_key(2048, {"kid": "rsa"}),
    "RS384": RSAKey.generate_key(3072, {"kid": "rsa-3072"}),
    "ES256": ECKey.generate_key("P-256", {"kid": "p-256"}),
    "ES384": ECKey.generate_key("P-384", {"kid": "p-384"}),
}
KEYS["PS256"] = KEYS["RS256"]
SETTINGS = Oidc(
    issuer="https://idp.example/realms/bench",
    audience=("intramural",),
    jwks_url="http://127.0.0.1:1/never-asked",
    role_claims=("realm_access.roles",),
    roles={"ward-clinician": "clinician"},
)


def token(algorithm: str) -> Credentials:
    now = int(time.time())
    claims = {
        "iss": SETTINGS.issuer,
        "aud": ["intramural", "account"],
        "sub": "0b5c7c2e-6c6e-4b6c-8f3e-2f6d6f0c9a11",
        "azp": "discharge-letters",
        "iat": now,
        "exp": now + 300,
        "jti": "e5b0a3f2-7f0a-4c5e-9a46-0d4f3b4f9b60",
        "realm_access": {"roles": ["offline_access", "ward-clinician", *map(str, range(20))]},
    }
    key = KEYS[algorithm]
    header = {"alg": algorithm, "kid": key.kid, "typ": "at+jwt"}
    return Credentials(
        f"Bearer {jwt.encode(header, claims, key, algorithms=[algorithm])}", "10.1.2.3"
    )


def microseconds(rounds: int, call: Callable[[], object]) -> dict[str, float]:
    for _ in range(min(rounds, 100)):
        call()
    taken = []
    for _ in range(rounds):
        start = time.perf_counter_ns()
        call()
        taken.append((time.perf_counter_ns() - start) / 1000)
    cuts = statistics.quantiles(taken, n=100)
    return {"p50": round(cuts[49], 1), "p99": round(cuts[98], 1)}


def refused(authenticator: OidcAuthenticator, credentials: Credentials) -> None:
    try:
        authenticator.authenticate(credentials)
    except AuthenticationError:
        return
    raise AssertionError("a forged token was believed")


def measure(
    rounds: int, authenticator: OidcAuthenticator, good: Credentials, forged: Credentials
) -> dict[str, dict[str, float]]:
    oidc.CACHE_MS = 0  # Nothing is remembered: each check is a first one.
    first = microseconds(rounds, lambda: authenticator.authenticate(good))
    oidc.CACHE_MS = 60_000
    return {
        "first": first,
        "remembered": microseconds(rounds, lambda: authenticator.authenticate(good)),
        "forged": microseconds(rounds, lambda: refused(authenticator, forged)),
    }


def signature(rounds: int, algorithm: str, keys: ProviderKeys) -> dict[str, float]:
    """What the check of a signature costs without anything around it."""
    signed, _, encoded = str(token(algorithm).authorization).split()[1].rpartition(".")
    found = base64.urlsafe_b64decode(encoded + "==")
    key = keys.current().keys[str(KEYS[algorithm].kid)].key.public_key
    digest = {"256": hashes.SHA256(), "384": hashes.SHA384()}[algorithm[2:]]
    if isinstance(key, ec.EllipticCurvePublicKey):
        half = len(found) // 2
        der = encode_dss_signature(
            int.from_bytes(found[:half], "big"), int.from_bytes(found[half:], "big")
        )
        return microseconds(rounds, lambda: key.verify(der, signed.encode(), ec.ECDSA(digest)))
    pad = padding.PSS(padding.MGF1(digest), 32) if algorithm[0] == "P" else padding.PKCS1v15()
    return microseconds(rounds, lambda: key.verify(found, signed.encode(), pad, digest))


def whole(
    rounds: int, authenticator: Authenticator, credentials: Credentials, *, remembered: bool
) -> dict[str, float]:
    release = load_release(shipped_policies())
    decider, limiter = CedarDecider(release), Limiter()
    model = Model("smollm2-135m-instruct", "ab" * 32, 8192, 0)
    rates = ("requests_per_minute", "tokens_per_hour", "patients_per_hour", "tokens_per_month")

    def step() -> None:
        if not remembered:
            release.policies._answer.cache_clear()  # noqa: SLF001 - as if never asked
        caller = authenticator.authenticate(credentials)
        decision = decider.decide(caller, Action.CHAT, model, Purpose.TREAT)
        assert isinstance(decision, Permit)
        bounds = [Bound(caller.id, RATES[name], 10**5) for name in rates]
        held = limiter.admit(bounds)
        held.reserve(1, [PATIENT])
        held.settle(0)

    return microseconds(min(rounds, 20_000), step)


def by_key(folder: Path) -> tuple[Authenticator, Credentials]:
    keyring = open_keyring(folder / "state", folder / "keys")
    clock = SystemClock()
    grant = Grant(
        name="bench",
        roles=frozenset({"clinician"}),
        groups=frozenset({"icu"}),
        networks=parse_networks(["10.0.0.0/8"]),
        purpose=None,
        expires=clock.now_ms() + 3_600_000,
    )
    made = keyring.create(grant, clock.now_ms(), lambda _act, _target: None)
    return ApiKeyAuthenticator(keyring, clock), Credentials(f"Bearer {made.reveal()}", "10.1.2.3")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=3000)
    rounds = arguments.parse_args().rounds
    logs.configure(style="json", level="error")
    document = json.dumps({"keys": [key.as_dict(private=False) for key in KEYS.values()][:4]})
    keys = ProviderKeys(
        lambda: parse_jwks(document.encode(), SETTINGS.algorithms), Timing(300, 10, 3600)
    )
    keys.refresh()
    report: dict[str, Any] = {"machine": platform.processor() or platform.machine()}
    for algorithm in SETTINGS.algorithms:
        authenticator = OidcAuthenticator(SETTINGS, keys, SystemClock())
        good = token(algorithm)
        words = str(good.authorization)
        forged = Credentials(f"{words[:-8]}{'A' * 8}", good.address)
        report[algorithm] = {
            **measure(rounds, authenticator, good, forged),
            "signature": signature(rounds, algorithm, keys),
        }
    with tempfile.TemporaryDirectory() as folder:
        checker, key = by_key(Path(folder))
        report["API key"] = microseconds(rounds, lambda: checker.authenticate(key))
        report["whole"] = {
            "by key, remembered": whole(rounds, checker, key, remembered=True),
            "by key, first": whole(rounds, checker, key, remembered=False),
        }
    oidc.CACHE_MS = 0
    good = token("ES256")
    authenticator = OidcAuthenticator(SETTINGS, keys, SystemClock())
    report["whole"]["by token, first"] = whole(rounds, authenticator, good, remembered=False)
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
