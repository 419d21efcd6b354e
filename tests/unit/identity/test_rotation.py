"""A key gets another secret; both work for a while, and everybody is told in time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import apsw
import pytest

from gateway.domain.errors import AuthenticationError, Code, LedgerUnavailable
from gateway.domain.exchange import Caller, Credentials
from gateway.domain.records import AdminAct
from gateway.domain.scope import Scope
from gateway.identity.expiry import parse_overlap
from gateway.identity.keyring import AlreadyRevoked, UnknownKey, open_keyring
from gateway.identity.keys import Grant
from gateway.identity.store import KeyStoreError
from gateway.identity.tokens import Token
from tests.fakes.identity import START

House = Any  # tests/unit/identity/conftest.py
Grants = Callable[..., Grant]
HOUR = 3_600_000


def ask(house: House, token: Token) -> Caller:
    return house.authenticator.authenticate(Credentials(f"Bearer {token.reveal()}", "10.1.2.3"))


def refused(house: House, token: Token) -> AuthenticationError:
    with pytest.raises(AuthenticationError) as raised:
        ask(house, token)
    return raised.value


def rotate(house: House, token: Token, hours: float = 0.5, expires: int | None = None) -> Token:
    def record(act: AdminAct, target: str, until: int) -> None:
        house.acts.append((act, f"{target} {until}"))

    until = house.clock.now + int(hours * HOUR)
    return house.another().rotate(token.id, house.clock.now, until, expires, record)


def test_both_secrets_stand_for_the_same_caller_until_the_overlap_is_over(house: House) -> None:
    old = house.make()
    new = rotate(house, old)
    assert (new.id, new.secret != old.secret) == (old.id, True)
    assert replace(ask(house, old), expires=None) == replace(ask(house, new), expires=None)
    house.clock.now += HOUR // 2
    error = refused(house, old)
    assert error.code is Code.EXPIRED_CREDENTIALS
    assert "replaced" in error.message
    assert error.caller is not None
    assert ask(house, new)


def test_who_uses_the_old_secret_is_told_when_that_ends(house: House) -> None:
    old = house.make()
    new = rotate(house, old)
    assert ask(house, old).expires == START + HOUR // 2
    assert ask(house, new).expires == START + HOUR


def test_without_an_overlap_the_old_secret_ends_at_once(house: House) -> None:
    old = house.make()
    assert ask(house, old)
    new = rotate(house, old, 0)
    assert refused(house, old).code is Code.EXPIRED_CREDENTIALS
    assert ask(house, new)


def test_a_second_rotation_ends_the_first_secret(house: House) -> None:
    first = house.make()
    second = rotate(house, first)
    third = rotate(house, second)
    assert refused(house, first).code is Code.INVALID_CREDENTIALS
    assert ask(house, second).id == ask(house, third).id


def test_a_revoked_key_is_revoked_with_both_of_its_secrets(house: House) -> None:
    old = house.make()
    new = rotate(house, old)
    house.another().revoke(old.id, START, house.record)
    assert {refused(house, each).code for each in (old, new)} == {Code.REVOKED_CREDENTIALS}
    with pytest.raises(AlreadyRevoked):
        rotate(house, old)


def test_a_rotation_may_give_another_end_and_changes_nothing_else(house: House) -> None:
    old = house.make("10.0.0.0/8")
    before = house.another().store.find(old.id)
    rotate(house, old, expires=START + 5 * HOUR)
    after = house.another().store.find(old.id)
    assert before is not None
    assert after is not None
    assert after.grant == replace(before.grant, expires=START + 5 * HOUR)


def test_a_rotation_is_recorded_first_with_the_end_of_the_overlap(house: House) -> None:
    old = house.make()
    rotate(house, old)
    assert house.acts[-1] == (AdminAct.KEY_ROTATED, f"key:{old.id} {START + HOUR // 2}")

    def no_ledger(act: AdminAct, target: str, until: int) -> None:
        raise LedgerUnavailable

    before = house.another().store.find(old.id)
    with pytest.raises(LedgerUnavailable):
        house.keyring.rotate(old.id, START, START, None, no_ledger)
    assert house.another().store.find(old.id) == before
    with pytest.raises(UnknownKey):
        house.keyring.rotate("nothing", START, START, None, no_ledger)


def test_of_two_rotations_at_once_one_is_refused(house: House) -> None:
    old = house.make()

    def meanwhile(act: AdminAct, target: str, until: int) -> None:
        rotate(house, old)

    with pytest.raises(KeyStoreError, match="meanwhile"):
        house.keyring.rotate(old.id, START, START, None, meanwhile)


def test_no_two_secrets_are_confused(house: House) -> None:
    one, other = house.make(), house.make()
    new = rotate(house, one)
    for secret, key_id in ((new.secret, other.id), (one.secret, other.id), (other.secret, one.id)):
        assert refused(house, Token(key_id, secret)).code is Code.INVALID_CREDENTIALS


@pytest.mark.parametrize(
    ("words", "hours"), [("none", 0), ("12h", 12), ("14d", 14 * 24), ("1h", 1)]
)
def test_an_overlap_is_said_in_words(words: str, hours: int) -> None:
    assert parse_overlap(words, START) == START + hours * HOUR


@pytest.mark.parametrize("words", ["", "0h", "15d", "337h", "1w", "-1h", "2027-01-31", "None"])
def test_an_overlap_is_bounded_and_has_no_default(words: str) -> None:
    with pytest.raises(ValueError, match=r"overlap|both secrets"):
        parse_overlap(words, START)


def test_a_scope_is_kept(house: House, grants: Grants) -> None:
    scope = Scope(frozenset({"chat", "embed"}), None, frozenset({"TREAT"}))
    token = house.keyring.create(replace(grants(), scope=scope), START, house.record)
    assert house.another().store.find(token.id).grant.scope == scope
    assert ask(house, token).scope == scope


def first_version(path: Path) -> None:
    """Make the database as the first release left it, with one key."""
    path.parent.mkdir(parents=True)
    connection = apsw.Connection(str(path))
    connection.execute(
        """
        CREATE TABLE api_key (
          id TEXT PRIMARY KEY, name TEXT NOT NULL, roles TEXT NOT NULL, groups TEXT NOT NULL,
          networks TEXT NOT NULL, purpose TEXT, created INTEGER NOT NULL,
          expires INTEGER NOT NULL, revoked INTEGER,
          digest BLOB NOT NULL CHECK (length(digest) = 32)
        ) STRICT, WITHOUT ROWID;
        INSERT INTO api_key VALUES (
          'abcdefghij', 'ward', '["clinician"]', '[]', '["any"]', NULL, 1, 2, NULL, zeroblob(32)
        );
        PRAGMA user_version = 1;
        """
    )
    connection.close()


def test_a_database_of_the_first_version_keeps_its_keys(tmp_path: Path) -> None:
    first_version(tmp_path / "state" / "state.db")
    (tmp_path / "keys").mkdir(mode=0o700)
    pepper = tmp_path / "keys" / "api-key-pepper.key"
    pepper.write_bytes(b"p" * 32)
    pepper.chmod(0o600)
    for _ in range(2):
        (key,) = open_keyring(tmp_path / "state", tmp_path / "keys").store.all_keys()
        assert (key.id, key.grant.name, key.replaced, key.grant.scope) == (
            "abcdefghij",
            "ward",
            None,
            Scope(),
        )
