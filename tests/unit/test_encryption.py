"""Sealed values: whole or not opened, the same within a conversation, opened by older keys."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import secretfiles
from gateway.encryption import TOKEN, Encryption
from gateway.installation import encryption_of

ONE, TWO = b"1" * 32, b"2" * 32
CONVERSATION = b"c" * 32


@given(st.text(max_size=300), st.sampled_from(["PERSON", "MRN", "NATIONAL_ID"]))
def test_what_was_sealed_is_opened_whatever_it_was(value: str, tag: str) -> None:
    encryption = Encryption([ONE])
    token = encryption.seal(tag, value, CONVERSATION)
    assert encryption.open(token) == value
    assert encryption.open(token.upper()) == value
    assert TOKEN.fullmatch(token)
    assert json.loads(f'"{token}"') == token
    assert re.fullmatch(r"\[[A-Z_]+:e1:[0-9a-f]{8}:[a-z2-7]+\]", token)


@pytest.mark.parametrize("value", ["Margaret Thornton", "\ud800", "", "患者"])
def test_a_token_shows_nothing_of_its_value(value: str) -> None:
    token = Encryption([ONE]).seal("PERSON", value, CONVERSATION)
    assert value == "" or value.lower() not in token


def test_equal_values_have_one_token_in_a_conversation_and_others_elsewhere() -> None:
    encryption = Encryption([ONE])
    token = encryption.seal("PERSON", "Anna Berg", CONVERSATION)
    assert encryption.seal("PERSON", "Anna Berg", CONVERSATION) == token
    others = {
        encryption.seal("PERSON", "Anna Berg", b"d" * 32),
        encryption.seal("PERSON", "Anna Borg", CONVERSATION),
        encryption.seal("LOCATION", "Anna Berg", CONVERSATION),
        Encryption([TWO]).seal("PERSON", "Anna Berg", CONVERSATION),
    }
    bodies = {each.rpartition(":")[2] for each in (token, *others)}
    # Neither the whole nor the nonce in front of it.
    assert len(bodies) == len({body[:19] for body in bodies}) == 5


def test_a_token_that_was_changed_anywhere_is_not_opened() -> None:
    encryption = Encryption([ONE])
    token = encryption.seal("PERSON", "Anna Berg", CONVERSATION)
    assert encryption.open(token.replace("PERSON", "LOCATION")) is None
    start = token.rindex(":") + 1
    # The last character of base32 has bits that stand for nothing.
    for place in range(start, len(token) - 2):
        other = "a" if token[place] != "a" else "b"
        assert encryption.open(token[:place] + other + token[place + 1 :]) is None


@given(st.text(max_size=100))
def test_what_is_no_token_is_not_opened(text: str) -> None:
    assert Encryption([ONE]).open(text) is None
    assert Encryption([ONE]).open(f"[PERSON:e1:00000000:{text}]") is None


def test_an_older_key_opens_and_seals_nothing() -> None:
    token = Encryption([ONE]).seal("PERSON", "Anna Berg", CONVERSATION)
    rotated = Encryption([TWO, ONE])
    assert rotated.open(token) == "Anna Berg"
    assert rotated.seal("PERSON", "Anna Berg", CONVERSATION) != token
    assert Encryption([TWO]).open(token) is None


def test_a_key_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Encryption([b"short"])


def test_keys_are_never_shown() -> None:
    assert repr(Encryption([ONE])) == "<Encryption 1 keys>"
    assert "1111" not in repr(Encryption([ONE])._current)


def test_an_installation_rotates_by_renaming_a_file(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    token = encryption_of(keys).seal("PERSON", "Anna Berg", CONVERSATION)
    assert encryption_of(keys).open(token) == "Anna Berg"
    assert (keys / "encrypt.key").stat().st_mode & 0o777 == 0o600
    (keys / "encrypt.key").rename(keys / "encrypt-2026.key")
    rotated = encryption_of(keys)
    assert rotated.open(token) == "Anna Berg"
    assert rotated.seal("PERSON", "Anna Berg", CONVERSATION) != token


def test_an_older_key_that_others_may_read_or_that_is_cut_is_refused(tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    encryption_of(keys)
    secretfiles.create(keys / "encrypt-2025.key", b"cut")
    with pytest.raises(secretfiles.SecretFileError, match="32 bytes"):
        encryption_of(keys)
    (keys / "encrypt-2025.key").chmod(0o644)
    with pytest.raises(secretfiles.SecretFileError, match="permissions|open|chmod"):
        encryption_of(keys)
