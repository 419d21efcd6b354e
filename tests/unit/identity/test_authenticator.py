"""A caller is believed for a key that works, and learns nothing else from trying others."""

from __future__ import annotations

import hmac
import logging
import threading
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
import pytest

from gateway.domain.errors import AuthenticationError, Code
from gateway.domain.exchange import Assurance, Caller, Credentials, Purpose
from gateway.identity import authenticator as module
from gateway.identity import tokens
from gateway.identity.keys import ApiKey, Grant
from gateway.identity.store import KeyStore
from tests.fakes.identity import START

House = Any  # tests/unit/identity/conftest.py
HERE = "10.1.2.3"


def ask(house: House, key: str, address: str = HERE) -> Caller:
    caller = house.authenticator.authenticate(Credentials(f"Bearer {key}", address))
    assert isinstance(caller, Caller)
    return caller


def refused(house: House, authorization: str | None, address: str = HERE) -> AuthenticationError:
    with pytest.raises(AuthenticationError) as raised:
        house.authenticator.authenticate(Credentials(authorization, address))
    return raised.value


def forged(token: tokens.Token, secret: str) -> str:
    return tokens.Token(token.id, secret).reveal()


def test_a_key_stands_for_its_owner(house: House) -> None:
    token = house.make(purpose=Purpose.TREAT)
    assert ask(house, token.reveal()) == Caller(
        id=f"key:{token.id}",
        name="ward 5",
        roles=frozenset({"clinician"}),
        groups=frozenset({"icu"}),
        client="ward 5",
        assurance=Assurance.API_KEY,
        purpose=Purpose.TREAT,
        expires=START + 3_600_000,
    )


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer  ", " Bearer"])
def test_the_scheme_is_read_as_http_says(house: House, scheme: str) -> None:
    credentials = Credentials(f"{scheme} {house.make().reveal()} ", HERE)
    assert house.authenticator.authenticate(credentials)


def impostors(token: tokens.Token) -> dict[str, str]:
    key = token.reveal()
    return {
        "wrong secret": forged(token, "A" * 43),
        "last character": forged(token, token.secret[:-1] + "-"),
        "unknown id": tokens.Token("zzzzzzzzzz", token.secret).reveal(),
        "the dummy itself": tokens.NOBODY.reveal(),
        "wrong checksum": key[:-1] + ("0" if key[-1] != "0" else "1"),
        "cut": key[:-9],
        "longer": key + "0",
        "upper case": key.upper(),
        "not a key": "sk-proj-abcdefghijkl",
        "empty": '""',
        "not ascii": "imk_" + "é" * 60,
        "huge": "imk_" + "a" * 100_000,
        "two keys": f"{key} {key}",
    }


@pytest.mark.parametrize("how", impostors(tokens.NOBODY))
def test_malformed_unknown_and_wrong_keys_get_the_same_answer(house: House, how: str) -> None:
    error = refused(house, f"Bearer {impostors(house.make())[how]}")
    nothing = refused(house, "Bearer nothing")
    assert (error.code, error.message, error.caller, error.param) == (
        Code.INVALID_CREDENTIALS,
        nothing.message,
        None,
        None,
    )


@pytest.mark.parametrize("how", ["right", *impostors(tokens.NOBODY)])
def test_every_key_takes_the_same_steps(
    house: House, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = house.make()
    steps: list[str] = []
    digest, find, compare = tokens.Token.digest, KeyStore.find, hmac.compare_digest

    def digested(self: tokens.Token, pepper: bytes) -> bytes:
        steps.append("digest")
        return digest(self, pepper)

    def found(self: KeyStore, key_id: str) -> ApiKey | None:
        steps.append("find")
        return find(self, key_id)

    def compared(one: bytes, other: bytes) -> bool:
        steps.append("compare")
        assert len(one) == len(other) == tokens.DIGEST_SIZE
        return compare(one, other)

    monkeypatch.setattr(tokens.Token, "digest", digested)
    monkeypatch.setattr(KeyStore, "find", found)
    monkeypatch.setattr(module.hmac, "compare_digest", compared)
    key = token.reveal() if how == "right" else impostors(token)[how]
    try:
        house.authenticator.authenticate(Credentials(f"Bearer {key}", HERE))
    except AuthenticationError:
        assert how != "right"
    assert steps == ["digest", "find", "compare", "compare"]


def test_a_revoked_key_is_refused_under_its_owners_name(house: House) -> None:
    token = house.make()
    house.keyring.revoke(token.id, house.clock.now, house.record)
    error = refused(house, f"Bearer {token.reveal()}")
    assert error.code is Code.REVOKED_CREDENTIALS
    assert error.caller is not None
    assert error.caller.id == f"key:{token.id}"


def test_a_key_works_until_the_millisecond_it_expires(house: House) -> None:
    key = house.make().reveal()
    house.clock.now += 3_599_999
    assert ask(house, key)
    house.clock.now += 1
    error = refused(house, f"Bearer {key}")
    assert error.code is Code.EXPIRED_CREDENTIALS
    assert error.caller is not None


def test_only_who_knows_the_secret_learns_that_a_key_is_revoked_or_expired(house: House) -> None:
    token = house.make("192.0.2.0/24")
    house.keyring.revoke(token.id, house.clock.now, house.record)
    house.clock.now += 10**10
    assert refused(house, f"Bearer {forged(token, 'A' * 43)}").code is Code.INVALID_CREDENTIALS


def test_a_key_used_from_elsewhere_is_refused_under_its_owners_name(house: House) -> None:
    key = house.make("10.1.0.0/16").reveal()
    assert ask(house, key, "10.1.2.3")
    error = refused(house, f"Bearer {key}", "10.2.0.1")
    assert error.code is Code.NETWORK_NOT_ALLOWED
    assert error.caller is not None
    assert "10.2.0.1" not in error.message


def test_no_repr_error_or_log_holds_a_secret(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    token = house.make("192.0.2.0/24")
    error = refused(house, f"Bearer {token.reveal()}")
    stored = house.keyring.store.find(token.id)
    shown = f"{token!r} {token} {house.keyring!r} {stored!r} {error!r} {caplog.text}"
    assert token.secret not in shown
    assert repr(house.keyring.pepper) not in shown
    assert repr(token.digest(house.keyring.pepper)) not in shown


def test_no_file_holds_a_secret(house: House) -> None:
    token = house.make()
    for path in house.folder.rglob("*"):
        if path.is_file():
            assert token.secret.encode() not in path.read_bytes(), path


def test_a_key_that_another_process_makes_or_revokes_is_seen_at_once(
    house: House, grants: Callable[..., Grant]
) -> None:
    serving, other = house.authenticator, house.another()
    token = other.create(grants(), house.clock.now, house.record)
    credentials = Credentials(f"Bearer {token.reveal()}", HERE)
    assert serving.authenticate(credentials)
    other.revoke(token.id, house.clock.now, house.record)
    with pytest.raises(AuthenticationError) as raised:
        serving.authenticate(credentials)
    assert raised.value.code is Code.REVOKED_CREDENTIALS


def test_no_request_after_a_revocation_is_let_in_while_many_ask_at_once(house: House) -> None:
    token = house.make()
    credentials = Credentials(f"Bearer {token.reveal()}", HERE)
    serving, other = house.authenticator, house.another()
    revoked, wrong, asked = threading.Event(), [], []

    def client() -> None:
        while True:
            after = revoked.is_set()
            try:
                serving.authenticate(credentials)
            except AuthenticationError as error:
                if error.code is not Code.REVOKED_CREDENTIALS:
                    wrong.append(error.code)
                return
            asked.append(1)
            if after:
                wrong.append("let in")

    threads = [threading.Thread(target=client) for _ in range(8)]
    for thread in threads:
        thread.start()
    while len(asked) < 200:
        pass
    other.revoke(token.id, house.clock.now, house.record)
    revoked.set()
    for thread in threads:
        thread.join(20)
    assert wrong == []


@pytest.mark.parametrize("harm", ["gone", "garbage", "another schema", "damaged row"])
def test_a_database_that_cannot_be_believed_lets_nobody_in(house: House, harm: str) -> None:
    key = house.make().reveal()
    path = house.folder / "state" / "state.db"
    assert ask(house, key)
    match harm:
        case "gone":
            path.unlink()
        case "garbage":
            replace(path, b"garbage" * 1000)
        case "another schema":
            with apsw.Connection(str(path)) as connection:
                connection.execute("ALTER TABLE api_key RENAME TO old")
        case _:
            with apsw.Connection(str(path)) as connection:
                connection.execute("UPDATE api_key SET networks = '[]'")
    error = refused(house, f"Bearer {key}")
    assert (error.code, error.caller) == (Code.IDENTITY_UNAVAILABLE, None)
    assert key not in error.message


def test_a_database_restored_from_a_backup_is_the_one_that_counts(house: House) -> None:
    key = house.make().reveal()
    path = house.folder / "state" / "state.db"
    backup = house.folder / "backup.db"
    source = apsw.Connection(str(path))
    source.execute("VACUUM INTO ?", (str(backup),))
    source.close()
    later = house.make().reveal()
    assert ask(house, later)
    replace(path, backup.read_bytes())
    assert ask(house, key)
    assert refused(house, f"Bearer {later}").code is Code.INVALID_CREDENTIALS


def replace(path: Path, data: bytes) -> None:
    """As a careful restore does: without the write-ahead log, under a new inode."""
    draft = path.with_suffix(".new")
    draft.write_bytes(data)
    for suffix in ("-wal", "-shm"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)
    draft.replace(path)


def test_a_keys_form_is_what_secret_scanners_are_told(house: House) -> None:
    key = house.make().reveal()
    assert key.startswith("imk_")
    body, _, checksum = key.rpartition("_")
    assert checksum == f"{zlib.crc32(body.encode()):08x}"
    assert len(key) == 4 + 10 + 1 + 43 + 1 + 8
    parsed = tokens.parse(key)
    assert parsed is not None
    assert parsed.reveal() == key


def test_keys_are_never_the_same() -> None:
    made = [tokens.new_token() for _ in range(1000)]
    assert len({token.id for token in made}) == len({token.secret for token in made}) == 1000


def test_a_digest_of_known_words_never_changes() -> None:
    # A durable format: digests are in databases. If this fails, the code is wrong.
    assert tokens.NOBODY.digest(bytes(32)) == hmac.digest(
        bytes(32), b"intramural api key 1\0" + b"a" * 10 + b"\0" + b"A" * 43, "sha256"
    )
