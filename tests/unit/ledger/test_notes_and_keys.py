"""Signed notes against Go's vectors; the key file and who may read it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.domain.notes import (
    Checkpoint,
    NoteError,
    parse_checkpoint,
    parse_note,
    parse_vkey,
)
from gateway.ledger.errors import KeyFileError
from gateway.ledger.keys import (
    KEY_FILE,
    SigningKey,
    load_key,
    load_or_create_key,
    open_checkpoint,
    open_note,
    parse_signer,
)

VECTORS = json.loads(
    (Path(__file__).parents[2] / "vectors/merkle/notes.json").read_text(encoding="utf-8")
)
TEXT, PETER, ENOCH = VECTORS["text"], VECTORS["peter"], VECTORS["enoch"]
NOTE = f"{TEXT}\n{PETER['line']}{ENOCH['line']}".encode()


def test_go_signs_the_same_note_with_the_same_key() -> None:
    key = parse_signer(PETER["skey"])
    assert key.vkey.encode() == PETER["vkey"]
    assert key.sign(TEXT).encode() == f"{TEXT}\n{PETER['line']}".encode()


@pytest.mark.parametrize("who", [PETER, ENOCH])
def test_either_signer_of_a_note_opens_it(who: dict[str, str]) -> None:
    assert open_note(NOTE, parse_vkey(who["vkey"])) == TEXT
    assert parse_note(NOTE).encode() == NOTE


def test_a_note_without_a_signature_of_ours_is_not_believed() -> None:
    with pytest.raises(NoteError, match="no signature by PeterNeumann"):
        open_note(f"{TEXT}\n{ENOCH['line']}".encode(), parse_vkey(PETER["vkey"]))


def test_a_second_and_wrong_signature_of_ours_spoils_the_note() -> None:
    wrong = parse_signer(PETER["skey"]).sign("other\n").encode().split(b"\n\n")[1]
    with pytest.raises(NoteError, match="is wrong"):
        open_note(NOTE + wrong, parse_vkey(PETER["vkey"]))


@pytest.mark.parametrize("at", range(0, len(NOTE), 3))
def test_a_note_with_a_changed_byte_is_not_opened(at: int) -> None:
    note = NOTE[:at] + bytes([NOTE[at] ^ 1]) + NOTE[at + 1 :]
    if note.startswith(TEXT.encode()) and at > len(TEXT) + len(PETER["line"].encode()):
        return  # Enoch's line, which Peter's verifier ignores.
    with pytest.raises(NoteError):
        open_note(note, parse_vkey(PETER["vkey"]))


@pytest.mark.parametrize(
    "note",
    [
        TEXT,
        TEXT + "\n",
        f"{TEXT}\n{PETER['line'][:-1]}",
        f"\x01{TEXT}\n{PETER['line']}",
        f"{TEXT}\r\n{PETER['line']}",
        f"{TEXT}\n{PETER['line']}Unexpected line.\n",
        f"{TEXT}\n— Bad Name x08go/ZJ\n",
        f"{TEXT}\n— a+b x08go/ZJ\n",
        f"{TEXT}\n— name x08g\n",
        f"{TEXT}\n- name x08go/ZJ\n",
        f"{TEXT}\n{PETER['line'] * 33}",
    ],
)
def test_what_is_not_a_note_to_the_byte_is_refused(note: str) -> None:
    with pytest.raises(NoteError):
        parse_note(note.encode())


def test_every_part_and_every_mangling_of_a_vkey_is_refused() -> None:
    vkey = PETER["vkey"]
    bad = [vkey[i:j] for i in range(len(vkey)) for j in range(i + 1, len(vkey) + 1)][:]
    bad = [text for text in bad if text != vkey]
    bad += [vkey[:i] + chr(ord(vkey[i]) + 1) + vkey[i + 1 :] for i in range(len(vkey))]
    for text in [*bad, *VECTORS["bad_vkeys"], vkey + "\n"]:
        with pytest.raises(NoteError):
            parse_vkey(text)


def test_the_checkpoint_of_the_specification_is_read() -> None:
    note = parse_note(VECTORS["checkpoint"].encode())
    checkpoint = parse_checkpoint(note.text)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert checkpoint.text() == note.text


@pytest.mark.parametrize(
    "text",
    [
        "o\n01\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "o\n-1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "o\n²\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J=\n",
        "o\n1\nAAAA\n",
        "o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\nextension\n",
        "\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=",
    ],
)
def test_a_checkpoint_has_one_way_to_be_written(text: str) -> None:
    with pytest.raises(NoteError):
        parse_checkpoint(text)


def test_a_checkpoint_of_another_log_is_not_ours_even_if_we_signed_it() -> None:
    key = SigningKey("intramural/a", bytes(32))
    note = key.sign(Checkpoint("intramural/b", 1, bytes(32)).text()).encode()
    with pytest.raises(NoteError, match="another log"):
        open_checkpoint(note, key.vkey)


def test_the_key_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    first = load_or_create_key(tmp_path / "keys", "ward-1")
    path = tmp_path / "keys" / KEY_FILE
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert load_or_create_key(tmp_path / "keys", "ward-1").vkey == first.vkey
    assert [p.name for p in path.parent.iterdir()] == [KEY_FILE]
    assert first.signers[0].encode() not in repr(first)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o602])
def test_a_key_that_others_can_touch_is_not_used(mode: int, tmp_path: Path) -> None:
    load_or_create_key(tmp_path, "ward-1")
    (tmp_path / KEY_FILE).chmod(mode)
    with pytest.raises(KeyFileError, match="chmod 600"):
        load_key(tmp_path, "ward-1")


def test_a_key_of_another_node_is_not_used(tmp_path: Path) -> None:
    load_or_create_key(tmp_path, "ward-1")
    with pytest.raises(KeyFileError, match="set `node`"):
        load_or_create_key(tmp_path, "ward-2")


@pytest.mark.parametrize("content", ["", "nonsense", PETER["skey"][:-1], PETER["vkey"]])
def test_a_broken_key_file_is_an_error_that_does_not_quote_it(content: str, tmp_path: Path) -> None:
    path = tmp_path / KEY_FILE
    path.write_text(content, encoding="utf-8")
    path.chmod(0o600)
    with pytest.raises(KeyFileError) as error:
        load_key(tmp_path, "ward-1")
    assert not content or content not in str(error.value)


def test_a_link_in_place_of_the_key_is_not_followed(tmp_path: Path) -> None:
    load_or_create_key(tmp_path, "ward-1")
    (tmp_path / KEY_FILE).rename(tmp_path / "elsewhere")
    (tmp_path / KEY_FILE).symlink_to("elsewhere")
    with pytest.raises(KeyFileError):
        load_key(tmp_path, "ward-1")
