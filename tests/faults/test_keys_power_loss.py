"""The power goes at any moment: a key that was made works, and one that was revoked never again."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.identity.keys import ApiKey, Grant
from gateway.identity.networks import parse_networks
from gateway.identity.store import KeyStore, KeyStoreError
from gateway.identity.tokens import DIGEST_SIZE
from tests.fakes.lives import Chain, LostError, in_memory
from tests.fakes.powerloss import Medium
from tests.fakes.recording import recording

FOREVER = 2**52


@dataclass(frozen=True, slots=True)
class Made:
    """Somebody was shown a key."""

    key: str


@dataclass(frozen=True, slots=True)
class Revoking:
    """From here on a key may be revoked."""

    key: str


@dataclass(frozen=True, slots=True)
class Revoked:
    """Somebody was told that a key is revoked."""

    key: str


def live(medium: Medium, chance: random.Random) -> None:
    """Make and revoke some keys."""
    grant = Grant(
        "letters", frozenset({"service"}), frozenset(), parse_networks(["any"]), None, FOREVER
    )
    with recording(medium, default=True):
        store = KeyStore(medium.root / "state" / "keys.db")
        for _ in range(chance.choice([1, 4, 12])):
            key = f"{chance.getrandbits(48):012x}"
            store.add(ApiKey(key, grant, 1, None, bytes(DIGEST_SIZE)))
            medium.note(Made(key))
            if chance.random() < 0.5:
                medium.note(Revoking(key))
                store.revoke(key, 2)
                medium.note(Revoked(key))
        store.close()


def check(directory: Path, told: list[object]) -> int:
    """Open the table as the gateway does; return how many keys it holds."""
    try:
        store = KeyStore(directory / "state" / "keys.db")
        keys = {key.id: key for key in store.all_keys()}
        store.close()
    except KeyStoreError as error:
        raise LostError(str(error)) from error
    doubtful = {each.key for each in told if isinstance(each, Revoking)}
    for each in told:
        match each:
            case Made(key) if key not in keys:
                raise LostError(f"{key} was made, and is not there")
            case Made(key) if keys[key].revoked is not None and key not in doubtful:
                raise LostError(f"{key} is revoked, and nobody asked for it")
            case Revoked(key) if keys[key].revoked is None:
                raise LostError(f"{key} was revoked, and works")
    return len(keys)


@pytest.mark.timeout(120)
def test_made_keys_survive_a_power_cut_and_revoked_ones_stay_revoked(tmp_path: Path) -> None:
    with in_memory() as name:
        chain = Chain(Path(name), tmp_path, live, check, largest=60)
        while chain.crashes < 300:
            chain.live(cuts=20)
    assert chain.lost == []
    assert any(isinstance(each, Revoked) for each in chain.told)
