"""Prints, as JSON, what a policy decision and an API key check cost: microseconds, one thread.

python -m benchmarks.policy [--rules 200] [--rounds 2000]
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from gateway.domain.exchange import Action, Assurance, Caller, Credentials, Model, Purpose
from gateway.identity.authenticator import ApiKeyAuthenticator
from gateway.identity.keyring import open_keyring
from gateway.identity.keys import Grant
from gateway.identity.networks import parse_networks
from gateway.policy.decider import CedarDecider
from gateway.policy.release import ACCESS, Release, build, read
from gateway.policy.shipped import shipped_policies

MODEL = Model("bench", "0" * 64, 8192, 0)
CALLER = Caller(
    id="key:bench",
    name="bench",
    roles=frozenset({"clinician"}),
    groups=frozenset({"icu"}),
    client="bench",
    assurance=Assurance.API_KEY,
)


class SystemClock:
    """Enough of `ports.Clock` for a key."""

    def now_ms(self) -> int:
        """Return milliseconds since the Unix epoch."""
        return time.time_ns() // 1_000_000

    def new_id(self) -> str:
        """Return an id that nothing here uses."""
        return "0"


SPEAKING = b"""
@id("speaking") forbid (principal, action, resource == Model::"shared")
unless { context has profile && context.profile == Profile::"research" };
"""


def release(rules: int, more_text: bytes = b"") -> Release:
    files = dict(read(shipped_policies()))
    more = rules - files[ACCESS].count(b"@id(")
    files[ACCESS] += b"".join(
        b'@id("more-%d") @profile("research") permit (principal in Role::"role-%d",'
        b' action == Action::"chat", resource) when { context.purpose == Purpose::"HRESCH" };\n'
        % (number, number)
        for number in range(max(0, more))
    )
    files[ACCESS] += more_text
    return build(files)


def microseconds(rounds: int, call: Callable[[int], object]) -> dict[str, float]:
    for number in range(min(rounds, 100)):
        call(-1 - number)
    taken = []
    for number in range(rounds):
        start = time.perf_counter_ns()
        call(number)
        taken.append((time.perf_counter_ns() - start) / 1000)
    cuts = statistics.quantiles(taken, n=100)
    return {"p50": round(cuts[49], 1), "p99": round(cuts[98], 1)}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rules", type=int, default=200)
    arguments.add_argument("--rounds", type=int, default=2000)
    options = arguments.parse_args()
    report: dict[str, object] = {"machine": platform.processor() or platform.machine()}
    cases = {f"decide, {rules} rules": (rules, b"") for rules in sorted({4, options.rules})}
    cases[f"decide, {options.rules} rules, one of the profile"] = (options.rules, SPEAKING)
    for title, case in cases.items():
        start = time.perf_counter_ns()
        made = release(*case)
        loaded = (time.perf_counter_ns() - start) / 1e6
        decider = CedarDecider(made)
        report[title] = {
            "load_ms": round(loaded, 1),
            "asked before": microseconds(
                options.rounds,
                lambda _, d=decider: d.decide(CALLER, Action.CHAT, MODEL, Purpose.TREAT),  # type: ignore[misc]
            ),
            "asked first": microseconds(
                options.rounds,
                lambda n, d=decider: d.decide(  # type: ignore[misc]
                    dataclasses.replace(CALLER, id=f"key:{n}"), Action.CHAT, MODEL, Purpose.TREAT
                ),
            ),
        }
    with tempfile.TemporaryDirectory() as folder:
        keyring = open_keyring(Path(folder) / "state", Path(folder) / "keys")
        clock = SystemClock()
        grant = Grant(
            name="bench",
            roles=frozenset({"clinician"}),
            groups=frozenset(),
            networks=parse_networks(["10.0.0.0/8"]),
            purpose=None,
            expires=clock.now_ms() + 3_600_000,
        )
        token = keyring.create(grant, clock.now_ms(), lambda _act, _target: None)
        authenticator = ApiKeyAuthenticator(keyring, clock)
        credentials = Credentials(f"Bearer {token.reveal()}", "10.1.2.3")
        report["authenticate"] = microseconds(
            options.rounds, lambda _: authenticator.authenticate(credentials)
        )
        keyring.store.close()
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
