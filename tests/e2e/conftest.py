"""One real gateway for the whole suite, and keys of every kind, made while it runs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.cli.recorder import record_admin
from gateway.identity.keyring import open_keyring
from gateway.identity.keys import Grant
from gateway.identity.networks import parse_networks
from gateway.settings import load
from tests.e2e.process import Gateway, Key

HASTE = "header_timeout = 3.0\nbody_timeout = 3.0\nshutdown_grace = 8.0\n"


@dataclass(frozen=True)
class Keys:
    """Keys by what they may do, or why they may not."""

    clinician: Key
    researcher: Key
    bound: Key
    """A clinician's, for TREAT alone."""
    roleless: Key
    revoked: Key
    expired: Key
    elsewhere: Key


@pytest.fixture(scope="session")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """`intramural serve` on a free port, with a data directory of its own."""
    started = Gateway(tmp_path_factory.mktemp("e2e") / "data", HASTE).start()
    yield started
    assert started.stop() == 0, started.said()[-2000:]


@pytest.fixture(scope="session")
def keys(gateway: Gateway) -> Keys:
    revoked = gateway.create_key("former ward", "clinician")
    assert gateway.command("keys", "revoke", revoked.id).returncode == 0
    return Keys(
        clinician=gateway.create_key("ward", "clinician"),
        researcher=gateway.create_key("cohort", "researcher"),
        bound=gateway.create_key("letters", "clinician", "--purpose", "TREAT"),
        roleless=gateway.create_key("kitchen", "cook"),
        revoked=revoked,
        expired=_expired(gateway),
        elsewhere=gateway.create_key("branch", "clinician", network="10.20.0.0/16"),
    )


def _expired(gateway: Gateway) -> Key:
    """Make a key that ended a minute ago: the command line makes none."""
    settings = load(gateway.data)
    keyring = open_keyring(settings.state, settings.keys)
    now = time.time_ns() // 1_000_000
    grant = Grant(
        name="last ward",
        roles=frozenset({"clinician"}),
        groups=frozenset(),
        networks=parse_networks(["127.0.0.0/8"]),
        purpose=None,
        expires=now - 60_000,
    )
    try:
        token = keyring.create(
            grant, now - 120_000, lambda act, target: record_admin(settings, act, target)
        )
    finally:
        keyring.store.close()
    return Key(token.id, token.reveal())


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Gateway]:
    """A gateway of this test's own, not yet started; whatever is left of it is ended."""
    gateway = Gateway(tmp_path / "data", HASTE)
    yield gateway
    if gateway.started and gateway.process.poll() is None:
        gateway.process.kill()
        gateway.process.wait(10)
