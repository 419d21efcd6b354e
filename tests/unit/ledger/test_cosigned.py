"""Who had cosigned an older head of the log: the last one of each hour is kept for good."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from gateway.cli.audit import app
from gateway.domain.notes import COSIGNATURE, ED25519, ML_DSA_44, parse_note
from gateway.ledger import Place, SqliteLedger, verify
from gateway.ledger.keys import load_key
from gateway.ledger.signatures import Signer, new_signer
from gateway.ledger.witness.kept import DIRECTORY, HOUR, cosigned_heads, keep_last_of_hour
from gateway.ledger.witness.shown import ShownLog
from gateway.ledger.witnessed import Quorum
from gateway.settings import Settings, load
from tests.fakes.ledger import admin

NOW = 1_800_000_000
ONE, TWO, THREE = (new_signer(f"witness.example/{n}", COSIGNATURE) for n in ("1", "2", "3"))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    peers = "".join(
        f'[[witness.peers]]\nname = "w{n}"\nurl = "http://127.0.0.1:{n}"\n'
        f'vkey = "{signer.vkey.encode()}"\n'
        for n, signer in enumerate((ONE, TWO), 1)
    )
    (tmp_path / "intramural.toml").write_text(f'node = "ward-1"\n{peers}', encoding="utf-8")
    return load(tmp_path)


def grow(settings: Settings, name: str, count: int) -> None:
    place = Place(settings.ledger, settings.keys, settings.node)
    with SqliteLedger.open_for_serving(place, now_ms=lambda: 1) as log:
        for n in range(count):
            log.append_blocking(admin(f"{name}{n}"))


def cosign(settings: Settings, hour: int, *signers: Signer) -> bytes:
    """Have the newest head cosigned an hour after the last; return what was kept of it."""
    log = ShownLog(settings.ledger)
    newest = settings.ledger / "witnessed"
    if newest.exists():  # It was written in the hour before this one.
        os.utime(newest, times=(0, 0))
    head = log.head()
    seconds = NOW + HOUR * hour
    log.keep(head, tuple(signer.line(head.note.text, seconds) for signer in signers))
    return newest.read_bytes()


def run(settings: Settings, *arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["cosigned", *map(str, arguments)], obj=settings)


def shown(settings: Settings, *arguments: str | Path) -> list[dict[str, object]]:
    result = run(settings, *arguments, "--json")
    assert result.exit_code == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.fixture
def hours(settings: Settings) -> list[bytes]:
    """A log of three hours: heads of 3, 7 and 8 records, the first two by different witnesses."""
    heads = []
    for hour, (count, signers) in enumerate([(3, (ONE, TWO)), (4, (TWO, THREE)), (1, (ONE,))]):
        grow(settings, f"hour {hour}, ", count)
        heads.append(cosign(settings, hour, *signers))
    return heads


def test_the_last_head_of_each_hour_is_kept_as_it_was_cosigned(
    settings: Settings, hours: list[bytes]
) -> None:
    found = cosigned_heads(settings.ledger)
    assert [size for size, _ in found] == [3, 7, 8]
    assert [path.read_bytes() for _, path in found] == hours
    assert [path.parent.name for _, path in found] == [DIRECTORY, DIRECTORY, "ward-1"]


def test_within_an_hour_none_but_the_newest_is_kept(settings: Settings) -> None:
    for n in range(4):
        grow(settings, f"round {n}, ", 1)
        head = ShownLog(settings.ledger).head()
        ShownLog(settings.ledger).keep(head, (ONE.line(head.note.text, NOW + n),))
    assert [size for size, _ in cosigned_heads(settings.ledger)] == [4]


def test_of_an_idle_log_who_saw_its_head_first_is_kept(settings: Settings) -> None:
    grow(settings, "a", 2)
    first = cosign(settings, 0, ONE)
    for hour in range(1, 5):
        cosign(settings, hour, ONE, TWO)
    assert len(list((settings.ledger / DIRECTORY).iterdir())) == 1
    assert (settings.ledger / DIRECTORY / f"{2:016d}").read_bytes() == first


def test_a_newest_head_that_cannot_be_read_is_not_kept_and_hinders_nothing(
    settings: Settings,
) -> None:
    keep_last_of_hour(settings.ledger, lambda: 0.0)
    grow(settings, "a", 2)
    cosign(settings, 0, ONE)
    (settings.ledger / "witnessed").write_bytes(b"torn")
    assert cosigned_heads(settings.ledger) == ()
    cosign(settings, 1, ONE)
    assert [size for size, _ in cosigned_heads(settings.ledger)] == [2]


def test_where_older_heads_cannot_be_kept_the_newest_is_and_it_is_told(settings: Settings) -> None:
    grow(settings, "a", 2)
    cosign(settings, 0, ONE)
    grow(settings, "b", 2)
    (settings.ledger / DIRECTORY).write_text("in the way")
    with pytest.raises(OSError, match="exists"):
        cosign(settings, 1, ONE)
    assert [size for size, _ in cosigned_heads(settings.ledger)] == [4]


@pytest.mark.parametrize(
    ("index", "size", "by"),
    [(0, 3, [ONE, TWO]), (2, 3, [ONE, TWO]), (3, 7, [TWO]), (6, 7, [TWO]), (7, 8, [ONE])],
)
@pytest.mark.usefixtures("hours")
def test_a_record_is_shown_with_the_first_witnesses_who_saw_a_log_that_had_it(
    settings: Settings, index: int, size: int, by: list[Signer]
) -> None:
    (head,) = shown(settings, index)
    assert head["size"] == size
    assert head["witnesses"] == {
        signer.vkey.name: NOW + HOUR * [3, 7, 8].index(size) for signer in by
    }
    assert head["unchecked"] == ([THREE.vkey.name] if size == 7 else [])


def test_an_old_head_from_elsewhere_is_shown_with_who_saw_what_continues_it(
    settings: Settings, tmp_path: Path
) -> None:
    held = tmp_path / "held"
    grow(settings, "a", 2)
    held.write_bytes((settings.ledger / "checkpoint").read_bytes())
    assert run(settings, "--from", held).exit_code == 1  # Nobody has seen it yet.
    grow(settings, "b", 3)
    cosign(settings, 0, ONE)
    grow(settings, "c", 3)
    cosign(settings, 1, TWO)
    (head,) = shown(settings, "--from", held)
    assert (head["size"], head["witnesses"]) == (5, {ONE.vkey.name: NOW})
    # And what is kept is a checkpoint that the verifier takes, with the same witness.
    raw = Path(str(head["file"])).read_bytes()
    key = load_key(settings.keys, settings.node).vkey
    quorum = Quorum(((ONE.vkey,),), 1)
    assert verify(settings.ledger, key, raw, quorum=quorum).witnessed == 5


def test_a_head_of_another_history_is_told(settings: Settings, tmp_path: Path) -> None:
    grow(settings, "a", 2)
    shutil.copytree(settings.ledger, tmp_path / "before")
    grow(settings, "b", 3)
    held = tmp_path / "held"
    held.write_bytes(cosign(settings, 0, ONE))
    shutil.rmtree(settings.ledger)
    shutil.copytree(tmp_path / "before", settings.ledger)
    grow(settings, "another history", 9)
    cosign(settings, 1, ONE)
    result = run(settings, "--from", held)
    assert result.exit_code == 1
    assert "does not continue" in result.stderr
    # The same if it lies among those that are kept.
    (settings.ledger / DIRECTORY).mkdir()
    shutil.copy(held, settings.ledger / DIRECTORY / f"{5:016d}")
    assert "does not continue" in run(settings).stderr


def test_a_kept_head_that_was_changed_is_told(settings: Settings, hours: list[bytes]) -> None:
    kept = settings.ledger / DIRECTORY / f"{3:016d}"
    good = parse_note(hours[0])
    forged = good.encode().replace(str(3).encode(), b"4", 1)
    for wrong in (forged, b"torn", hours[1]):
        kept.write_bytes(wrong)
        result = run(settings, 0)
        assert result.exit_code == 1, wrong
        assert f"{DIRECTORY}/{3:016d}" in result.stderr


@pytest.mark.usefixtures("hours")
def test_a_copy_is_read_with_the_keys_that_an_auditor_brings(
    settings: Settings, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(settings.ledger, copy)
    key = tmp_path / "ledger.vkey"
    key.write_bytes((settings.ledger / "ledger.vkey").read_bytes())
    bare = shown(settings, "--dir", copy, "--vkey", key)
    assert [head["witnesses"] for head in bare] == [{}, {}, {}]
    named = ("--witness", TWO.vkey.encode(), "--witness", THREE.vkey.encode())
    found = shown(settings, 4, "--dir", copy, "--vkey", key, *named)
    assert found[0]["witnesses"] == dict.fromkeys((TWO.vkey.name, THREE.vkey.name), NOW + HOUR)
    other = tmp_path / "other.vkey"
    other.write_text(new_signer("intramural/ward-1", ED25519).vkey.encode() + "\n")
    assert run(settings, "--dir", copy, "--vkey", other).exit_code == 1


def test_a_witness_with_two_keys_is_shown_once(settings: Settings) -> None:
    later = new_signer(ONE.vkey.name, ML_DSA_44)
    grow(settings, "a", 1)
    log = ShownLog(settings.ledger)
    head = log.head()
    log.keep(head, (ONE.line(head.note.text, NOW), later.line(head.note.text, NOW + 5)))
    named = ("--witness", ONE.vkey.encode(), "--witness", later.vkey.encode())
    assert shown(settings, *named)[0]["witnesses"] == {ONE.vkey.name: NOW}


def test_people_read_who_saw_it_and_when(settings: Settings, hours: list[bytes]) -> None:
    del hours
    said = run(settings, 3).stdout
    assert "head of 7 records" in said
    assert "2027-01-15T09:00:00.000Z  witness.example/2" in said
    assert "not checked" in said
    assert len(run(settings, "--limit", "1").stdout.splitlines()) == 2
    assert run(settings, 3, "--from", settings.ledger / "witnessed").exit_code == 2


def test_a_log_without_witnesses_says_so(settings: Settings) -> None:
    grow(settings, "a", 1)
    assert "no head of this log was cosigned" in run(settings).stdout
    result = run(settings, 0)
    assert result.exit_code == 1
    assert "was cosigned yet" in result.stderr
