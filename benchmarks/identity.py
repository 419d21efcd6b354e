"""Prints, as JSON, what checking an access token costs: microseconds, one thread, no network.

python -m benchmarks.identity [--rounds 3000]
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import time
from collections.abc import Callable

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from gateway import logs
from gateway.clock import SystemClock
from gateway.domain.errors import AuthenticationError
from gateway.domain.exchange import Credentials
from gateway.identity import oidc
from gateway.identity.jwks import parse_jwks
from gateway.identity.oidc import OidcAuthenticator
from gateway.identity.providerkeys import ProviderKeys, Timing
from gateway.settings import Oidc

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
    report: dict[str, object] = {"machine": platform.processor() or platform.machine()}
    for algorithm in SETTINGS.algorithms:
        authenticator = OidcAuthenticator(SETTINGS, keys, SystemClock())
        good = token(algorithm)
        words = str(good.authorization)
        forged = Credentials(f"{words[:-8]}{'A' * 8}", good.address)
        report[algorithm] = measure(rounds, authenticator, good, forged)
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
