"""Keys are made and revoked after the ledger knows, and the pepper is never replaced in silence."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
import pytest

from gateway.domain.errors import LedgerUnavailable
from gateway.domain.records import AdminAct
from gateway.identity.keyring import AlreadyRevoked, UnknownKey, open_keyring
from gateway.identity.keys import Grant, State
from gateway.identity.networks import parse_networks
from gateway.identity.store import KeyStore, KeyStoreError
from gateway.secretfiles import SecretFileError
from tests.fakes.identity import START

House = Any  # tests/unit/identity/conftest.py
Grants = Callable[..., Grant]


def no_ledger(_act: AdminAct, _target: str) -> None:
    raise LedgerUnavailable


def test_each_act_is_recorded_before_it_happens(house: House, grants: Grants) -> None:
    seen: list[tuple[AdminAct, str, State | None]] = []

    def record(act: AdminAct, target: str) -> None:
        key = house.keyring.store.find(target.removeprefix("key:"))
        seen.append((act, target, key.state(START) if key else None))

    token = house.keyring.create(grants(), START, record)
    house.keyring.revoke(f"key:{token.id}", START, record)
    assert seen == [
        (AdminAct.KEY_CREATED, f"key:{token.id}", None),
        (AdminAct.KEY_REVOKED, f"key:{token.id}", State.ACTIVE),
    ]


def test_without_a_ledger_no_key_is_made_and_none_revoked(house: House, grants: Grants) -> None:
    token = house.make()
    with pytest.raises(LedgerUnavailable):
        house.keyring.create(grants(), START, no_ledger)
    with pytest.raises(LedgerUnavailable):
        house.keyring.revoke(token.id, START, no_ledger)
    (key,) = house.keyring.store.all_keys()
    assert key.id == token.id
    assert key.state(START) is State.ACTIVE


def test_a_key_that_nobody_knows_cannot_be_revoked_and_nothing_is_recorded(house: House) -> None:
    with pytest.raises(UnknownKey):
        house.keyring.revoke("nothing", START, house.record)
    assert house.acts == []


def test_a_key_is_revoked_once(house: House) -> None:
    token = house.make()
    house.keyring.revoke(token.id, START + 5, house.record)
    with pytest.raises(AlreadyRevoked):
        house.keyring.revoke(token.id, START + 6, house.record)
    assert house.keyring.store.find(token.id).revoked == START + 5
    assert len(house.acts) == 2


def test_keys_survive_a_restart(house: House) -> None:
    token = house.make("10.0.0.0/8", "unix")
    before = house.keyring.store.find(token.id)
    house.keyring.store.close()
    assert house.another().store.find(token.id) == before


def test_a_missing_pepper_beside_keys_is_an_error_and_no_new_one_is_made(house: House) -> None:
    house.make()
    pepper = house.folder / "keys" / "api-key-pepper.key"
    pepper.unlink()
    with pytest.raises(KeyStoreError, match="restore it from a backup"):
        house.another()
    assert not pepper.exists()


@pytest.mark.parametrize("with_keys", [True, False])
def test_a_pepper_of_another_size_is_an_error(house: House, with_keys: bool) -> None:  # noqa: FBT001
    if with_keys:
        house.make()
    (house.folder / "keys" / "api-key-pepper.key").write_bytes(b"short")
    with pytest.raises((KeyStoreError, SecretFileError), match="32 bytes"):
        house.another()


def test_a_pepper_that_others_can_read_is_an_error(house: House) -> None:
    (house.folder / "keys" / "api-key-pepper.key").chmod(0o640)
    with pytest.raises(SecretFileError, match="chmod 600"):
        house.another()


def test_database_and_pepper_are_their_owners_alone(house: House) -> None:
    house.make()
    for path in (*(house.folder / "state").iterdir(), *(house.folder / "keys").iterdir()):
        assert path.stat().st_mode & 0o777 == 0o600, path
    assert (house.folder / "state").stat().st_mode & 0o777 == 0o700


def test_a_database_of_a_newer_program_is_refused(house: House) -> None:
    with apsw.Connection(str(house.folder / "state" / "state.db")) as connection:
        connection.execute("PRAGMA user_version = 3")
    with pytest.raises(KeyStoreError, match="version 3"):
        house.another()


def test_a_key_is_durable_before_it_is_shown(house: House) -> None:
    connection = house.keyring.store._connection
    assert connection.pragma("journal_mode") == "wal"
    assert connection.pragma("synchronous") == 2


def test_many_that_open_the_same_new_directory_at_once_agree(tmp_path: Path) -> None:
    peppers, failures = [], []
    start = threading.Barrier(8)

    def one() -> None:
        start.wait()
        try:
            peppers.append(open_keyring(tmp_path / "state", tmp_path / "keys").pepper)
        except Exception as error:  # noqa: BLE001 - shown below
            failures.append(error)

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(set(peppers)) == 1


def test_many_that_make_keys_at_once_lose_none(house: House, grants: Grants) -> None:
    def one() -> None:
        keyring = house.another()
        for _ in range(5):
            keyring.create(grants(), START, lambda _act, _target: None)

    threads = [threading.Thread(target=one) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(house.keyring.store.all_keys()) == 30


def test_a_full_disk_makes_no_key(house: House, grants: Grants) -> None:
    store: KeyStore = house.keyring.store
    house.make()
    assert store._connection is not None
    store._connection.pragma("max_page_count", 1)
    made, full = 1, False
    while not full:
        try:
            house.keyring.create(grants(), START, house.record)
            made += 1
        except KeyStoreError:
            full = True
        assert made < 1000
    assert len(store.all_keys()) == len(house.another().store.all_keys()) == made


@pytest.mark.parametrize(
    ("name", "fine"),
    [
        ("ward 5", True),
        ("a", True),
        ("x" * 64, True),
        ("", False),
        (" ward", False),
        ("ward ", False),
        ("x" * 65, False),
        ("wärd", False),
        ("ward\n", False),
        ("ward;", False),
        ("[red]", False),
    ],
)
def test_a_name_can_stand_in_a_record(name: str, fine: bool, grants: Grants) -> None:  # noqa: FBT001
    if fine:
        assert grants(name=name).name == name
    else:
        with pytest.raises(ValueError, match="a name is"):
            grants(name=name)


@pytest.mark.parametrize("role", ["", "Clinician", "5th", "a b", "x" * 33, "a\n"])
def test_a_role_is_a_plain_word(role: str, grants: Grants) -> None:
    with pytest.raises(ValueError, match="a role is"):
        grants(roles=frozenset({role}))


def test_a_key_without_roles_cannot_be_made(grants: Grants) -> None:
    with pytest.raises(ValueError, match="at least one role"):
        grants(roles=frozenset())


def test_networks_are_stored_as_they_were_said(house: House) -> None:
    token = house.make("unix", "10.0.0.0/8", "fd00::/16")
    assert house.another().store.find(token.id).grant.networks == parse_networks(
        ["unix", "10.0.0.0/8", "fd00::/16"]
    )
