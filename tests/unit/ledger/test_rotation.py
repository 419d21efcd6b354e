"""A log whose key is replaced stays one log, for who knows the old key and who knows the new."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.domain.notes import LogKeys, NoteError, VerifierKey, parse_note
from gateway.domain.records import Admin, AdminAct
from gateway.ledger import LedgerError, LedgerForeign, Place, SqliteLedger, read_ledger, verify
from gateway.ledger.keys import KEY_FILE, load_key, open_checkpoint
from gateway.ledger.publickeys import read_vkey, vkey_beside
from gateway.ledger.rotation import add_key, end_key
from tests.fakes.ledger import admin


@pytest.fixture
def place(tmp_path: Path) -> Place:
    place = Place(tmp_path / "ledger", tmp_path / "keys", "ward-1")
    grow(place, "a", 3)
    return place


def grow(place: Place, name: str, count: int) -> None:
    with SqliteLedger.open_for_serving(place, now_ms=lambda: 1) as ledger:
        for n in range(count):
            ledger.append_blocking(admin(f"{name}{n}"))


def recorder(place: Place) -> Callable[[AdminAct, str], None]:
    def record(act: AdminAct, target: str) -> None:
        with SqliteLedger.open_for_recording(place) as ledger:
            ledger.append_blocking(Admin(f"act-{act}", 1, "os:root", act, target))

    return record


def signers(place: Place) -> set[bytes]:
    return {
        line.key_id for line in parse_note((place.directory / "checkpoint").read_bytes()).signatures
    }


def test_both_keys_open_the_log_until_the_old_one_ends(place: Place) -> None:
    old = load_key(place.keys, place.node).vkey
    new = add_key(place, recorder(place))
    grow(place, "b", 2)
    assert signers(place) == {old.key_id, new.key_id}
    for key in (old, new):
        assert open_checkpoint((place.directory / "checkpoint").read_bytes(), key).size == 6
    assert verify(place.directory, old).size == 6
    assert read_vkey(place.directory / "ledger.vkey") == LogKeys((old, new))

    assert end_key(place, recorder(place)) == old
    grow(place, "c", 1)
    assert signers(place) == {new.key_id}
    assert vkey_beside(place.directory) == LogKeys((new,), ended=(old,))
    assert verify(place.directory, vkey_beside(place.directory)).size == 8
    with pytest.raises(LedgerError, match="no signature by"):
        verify(place.directory, old)
    assert old.encode().encode() not in (place.keys / KEY_FILE).read_bytes()


def test_what_the_old_key_signed_is_believed_after_it_ended(place: Place) -> None:
    saved = (place.directory / "checkpoint").read_bytes()
    add_key(place, recorder(place))
    end_key(place, recorder(place))
    grow(place, "b", 1)
    assert verify(place.directory, vkey_beside(place.directory), saved).older == 3


def test_a_key_that_has_ended_vouches_for_no_head(place: Place) -> None:
    before = (place.directory / "ledger.db").read_bytes()
    add_key(place, recorder(place))
    end_key(place, recorder(place))
    keys = vkey_beside(place.directory)
    for path in place.directory.glob("ledger.db*"):
        path.unlink()
    (place.directory / "ledger.db").write_bytes(before)
    with pytest.raises(LedgerError):
        verify(place.directory, keys)
    with pytest.raises(LedgerForeign, match="another key"):
        SqliteLedger.open_for_serving(place, now_ms=lambda: 1)


def test_the_new_key_stands_in_the_log_whole_under_the_old_signature(place: Place) -> None:
    new = add_key(place, recorder(place))
    with read_ledger(place.directory) as reader:
        logged = reader.at(3)
    assert logged is not None
    assert isinstance(logged.record, Admin)
    assert logged.record.target == new.encode()


def test_the_longest_name_of_a_node_leaves_room_for_the_key_in_its_record() -> None:
    key = VerifierKey(f"intramural/{'n' * 63}", bytes(32))
    assert len(key.encode()) == 128


def test_a_running_gateway_takes_the_new_key_with_its_next_record(place: Place) -> None:
    with SqliteLedger.open_for_serving(place, now_ms=lambda: 1) as ledger:
        old = ledger.vkey
        new = add_key(place, recorder(place))
        ledger.append_blocking(admin("b"))
        with read_ledger(place.directory) as reader:
            assert {x.key_id for x in parse_note(reader.signed_checkpoint).signatures} == {
                old.key_id,
                new.key_id,
            }
        end_key(place, recorder(place))
        ledger.append_blocking(admin("c"))
        with read_ledger(place.directory) as reader:
            assert reader.vkey == new
            (line,) = parse_note(reader.signed_checkpoint).signatures
            assert line.key_id == new.key_id
    grow(place, "d", 1)


def test_a_third_key_waits_until_the_first_has_ended(place: Place) -> None:
    add_key(place, recorder(place))
    with pytest.raises(LedgerError, match="two keys already"):
        add_key(place, recorder(place))


def test_the_only_key_cannot_end(place: Place) -> None:
    with pytest.raises(LedgerError, match="one key"):
        end_key(place, recorder(place))


def test_nothing_changes_when_the_record_cannot_be_written(place: Place) -> None:
    def refuse(act: AdminAct, target: str) -> None:
        raise LedgerError("no record, no act")

    before = (place.keys / KEY_FILE).read_bytes()
    with pytest.raises(LedgerError, match="no record"):
        add_key(place, refuse)
    assert (place.keys / KEY_FILE).read_bytes() == before


@pytest.mark.parametrize("step", [add_key, end_key])
def test_a_crash_in_mid_rotation_is_mended_by_the_next_start(
    place: Place, monkeypatch: pytest.MonkeyPatch, step: Callable[..., VerifierKey]
) -> None:
    if step is end_key:
        add_key(place, recorder(place))

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("gateway.ledger.rotation.publish_keys", killed)
    with pytest.raises(KeyboardInterrupt):
        step(place, recorder(place))
    monkeypatch.undo()
    grow(place, "after", 1)
    keys = vkey_beside(place.directory)
    assert keys.active == load_key(place.keys, place.node).trusted.active
    assert len(keys.active) == (2 if step is add_key else 1)
    verify(place.directory, keys)


def test_a_public_key_that_never_was_the_logs_is_refused(place: Place) -> None:
    other = VerifierKey("intramural/ward-1", bytes(31) + b"\1")
    with (place.directory / "ledger.vkey").open("a") as file:
        file.write(f"{other.encode()}\n")
    with pytest.raises(LedgerForeign, match="names another key"):
        SqliteLedger.open_for_serving(place, now_ms=lambda: 1)


def test_a_key_file_that_vanishes_stops_nothing_that_runs(place: Place) -> None:
    with SqliteLedger.open_for_serving(place, now_ms=lambda: 1) as ledger:
        (place.keys / KEY_FILE).rename(place.keys / "away")
        ledger.append_blocking(admin("b"))


def test_keys_of_two_logs_are_no_keys_of_one() -> None:
    with pytest.raises(NoteError, match="one name"):
        LogKeys((VerifierKey("a", bytes(32)), VerifierKey("b", bytes(32))))
