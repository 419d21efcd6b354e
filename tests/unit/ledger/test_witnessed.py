"""A verifier with the keys of witnesses, and with that of the second signature."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from gateway.cli.audit import app
from gateway.domain.notes import COSIGNATURE, ML_DSA_44, Note, parse_note
from gateway.ledger import LedgerError, Place, SqliteLedger, VerificationError, verify
from gateway.ledger.keys import SECOND_KEY_FILE, load_key
from gateway.ledger.publickeys import vkey_beside
from gateway.ledger.published import Published
from gateway.ledger.signatures import Signer, new_signer, signed_by
from gateway.ledger.witness.shown import ShownLog
from gateway.ledger.witnessed import Quorum, parse_witness, quorum_of
from gateway.settings import Settings, load
from tests.fakes.ledger import admin

NOW = 1_800_000_000
ONE, TWO, THREE = (new_signer(f"witness.example/{n}", COSIGNATURE) for n in ("1", "2", "3"))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "intramural.toml").write_text('node = "ward-1"\n', encoding="utf-8")
    settings = load(tmp_path)
    grow(settings, "a", 5)
    return settings


def place_of(settings: Settings, *, second: bool = False) -> Place:
    return Place(settings.ledger, settings.keys, settings.node, second)


def grow(settings: Settings, name: str, count: int, *, second: bool = False) -> None:
    with SqliteLedger.open_for_serving(place_of(settings, second=second), now_ms=lambda: 1) as log:
        for n in range(count):
            log.append_blocking(admin(f"{name}{n}"))


def cosign(settings: Settings, *signers: Signer) -> None:
    log = ShownLog(settings.ledger)
    head = log.head()
    log.keep(head, tuple(signer.line(head.note.text, NOW) for signer in signers))


def quorum(needed: int, *signers: Signer) -> Quorum:
    return Quorum(tuple((signer.vkey,) for signer in signers), needed)


def run(settings: Settings, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["verify", *arguments], obj=settings)


def test_enough_witnesses_are_found_under_the_newest_witnessed_head(settings: Settings) -> None:
    cosign(settings, ONE, TWO)
    grow(settings, "b", 2)
    key = load_key(settings.keys, settings.node).vkey
    report = verify(settings.ledger, key, quorum=quorum(2, ONE, TWO, THREE))
    assert (report.size, report.witnessed) == (7, 5)
    assert report.witnesses is not None
    assert report.witnesses.by == ("witness.example/1", "witness.example/2")
    assert report.witnesses.time == NOW


def test_too_few_witnesses_are_told(settings: Settings) -> None:
    cosign(settings, ONE)
    key = load_key(settings.keys, settings.node).vkey
    with pytest.raises(VerificationError, match="cosigned by 1 of the witnesses, and 2"):
        verify(settings.ledger, key, quorum=quorum(2, ONE, TWO))


def test_a_log_that_no_witness_saw_is_told(settings: Settings) -> None:
    key = load_key(settings.keys, settings.node).vkey
    with pytest.raises(VerificationError, match="cosigned by 0"):
        verify(settings.ledger, key, quorum=quorum(1, ONE))


def test_a_false_cosignature_spoils_the_checkpoint(settings: Settings) -> None:
    head = ShownLog(settings.ledger).head()
    line = ONE.line("another head\n", NOW)
    ShownLog(settings.ledger).keep(head, (line,))
    key = load_key(settings.keys, settings.node).vkey
    with pytest.raises(VerificationError, match="is wrong"):
        verify(settings.ledger, key, quorum=quorum(1, ONE))


def test_a_log_put_back_is_found_by_a_witnessed_checkpoint_from_elsewhere(
    settings: Settings, tmp_path: Path
) -> None:
    shutil.copytree(settings.ledger, tmp_path / "backup")
    grow(settings, "b", 3)
    cosign(settings, ONE, TWO)
    saved = tmp_path / "saved"
    shutil.copy(settings.ledger / "witnessed", saved)
    shutil.rmtree(settings.ledger)
    shutil.copytree(tmp_path / "backup", settings.ledger)
    witnesses = ("--witness", ONE.vkey.encode(), "--witness", TWO.vkey.encode())
    assert run(settings, "--from", str(saved), *witnesses).exit_code == 1
    grow(settings, "another history", 9)
    result = run(settings, "--from", str(saved), *witnesses)
    assert result.exit_code == 1
    assert "another root" in result.stderr


def test_a_witnessed_head_beside_a_log_of_another_history_is_found_without_asking(
    settings: Settings, tmp_path: Path
) -> None:
    shutil.copytree(settings.ledger, tmp_path / "fork")
    grow(settings, "b", 3)
    cosign(settings, ONE)
    fork = Place(tmp_path / "fork", settings.keys, settings.node)
    with SqliteLedger.open_for_serving(fork, now_ms=lambda: 1) as log:
        for n in range(9):
            log.append_blocking(admin(f"c{n}"))
    shutil.copy(settings.ledger / "witnessed", fork.directory)
    with pytest.raises(VerificationError, match="witnessed checkpoint of size 8 has another root"):
        verify(fork.directory, load_key(settings.keys, settings.node).vkey)


def test_the_command_says_who_saw_what(settings: Settings, tmp_path: Path) -> None:
    cosign(settings, ONE, TWO)
    file = tmp_path / "two.vkey"
    file.write_text(f"{TWO.vkey.encode()}\n", encoding="utf-8")
    both = ("--witness", ONE.vkey.encode(), "--witness", str(file))
    result = run(settings, *both, "--json")
    assert result.exit_code == 0, result.stderr
    shown = json.loads(result.stdout)
    assert shown["witnesses"] == ["witness.example/1", "witness.example/2"]
    assert shown["witnessed"] == 5
    assert "witness.example/1, witness.example/2" in run(settings, *both).stdout
    three = (*both, "--witness", THREE.vkey.encode())
    assert run(settings, *three).exit_code == 1
    assert run(settings, *three, "--quorum", "2").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--quorum", "1"), "--witness"),
        (("--witness", "nowhere"), "neither a vkey nor a file"),
        (("--witness", "a+b"), "a witness"),
        (("--witness", ONE.vkey.encode(), "--witness", ONE.vkey.encode()), "named twice"),
        (("--witness", ONE.vkey.encode(), "--quorum", "2"), "cannot agree"),
        (("--witness", ONE.vkey.encode(), "--quorum", "0"), "cannot agree"),
    ],
)
def test_a_question_that_makes_no_sense_is_not_answered_with_yes(
    settings: Settings, arguments: tuple[str, ...], says: str
) -> None:
    result = run(settings, *arguments)
    assert result.exit_code == 1
    assert says in result.stderr


def test_a_witness_with_two_keys_counts_once(settings: Settings, tmp_path: Path) -> None:
    second = new_signer("witness.example/1", ML_DSA_44)
    file = tmp_path / "one.vkey"
    file.write_text(f"{ONE.vkey.encode()}\n{second.vkey.encode()}\n", encoding="utf-8")
    assert parse_witness(str(file)) == (ONE.vkey, second.vkey)
    cosign(settings, ONE, second)
    key = load_key(settings.keys, settings.node).vkey
    asked = quorum_of([str(file), TWO.vkey.encode()], 2)
    with pytest.raises(VerificationError, match="cosigned by 1"):
        verify(settings.ledger, key, quorum=asked)
    alone = quorum_of([second.vkey.encode()], None)
    assert verify(settings.ledger, key, quorum=alone).witnessed == 5
    mixed = tmp_path / "mixed.vkey"
    mixed.write_text(f"{ONE.vkey.encode()}\n{TWO.vkey.encode()}\n", encoding="utf-8")
    with pytest.raises(LedgerError, match="one witness"):
        parse_witness(str(mixed))


# -- the second signature


def test_the_second_signature_stands_under_the_published_checkpoint(settings: Settings) -> None:
    grow(settings, "b", 2, second=True)
    keys = vkey_beside(settings.ledger)
    (second,) = keys.second
    assert second.kind == ML_DSA_44
    assert second.name == "intramural/ward-1"
    published = parse_note((settings.ledger / "checkpoint").read_bytes())
    assert signed_by(published, (second,))[second] > NOW // 2
    assert verify(settings.ledger, keys).second
    assert (settings.keys / SECOND_KEY_FILE).stat().st_mode & 0o777 == 0o600
    assert "ML-DSA-44" in run(settings).stdout


def test_who_knows_the_second_key_does_without_it_under_no_checkpoint(settings: Settings) -> None:
    grow(settings, "b", 2, second=True)
    keys = vkey_beside(settings.ledger)
    path = settings.ledger / "checkpoint"
    note = parse_note(path.read_bytes())
    left = tuple(line for line in note.signatures if not line.is_by(keys.second[0]))
    path.write_bytes(Note(note.text, left).encode())
    with pytest.raises(VerificationError, match="second signature"):
        verify(settings.ledger, keys)
    assert verify(settings.ledger, keys.first).size == 7


def test_a_false_second_signature_is_found(settings: Settings) -> None:
    grow(settings, "b", 2, second=True)
    keys = vkey_beside(settings.ledger)
    path = settings.ledger / "checkpoint"
    note = parse_note(path.read_bytes())
    lines = tuple(
        type(line)(line.name, line.key_id, line.signature[:-1] + bytes([line.signature[-1] ^ 1]))
        if line.is_by(keys.second[0])
        else line
        for line in note.signatures
    )
    path.write_bytes(Note(note.text, lines).encode())
    with pytest.raises(VerificationError, match="is wrong"):
        verify(settings.ledger, keys)


def test_a_site_that_gives_the_second_signature_up_publishes_its_key_no_longer(
    settings: Settings,
) -> None:
    grow(settings, "b", 1, second=True)
    grow(settings, "c", 1)
    assert vkey_beside(settings.ledger).second == ()
    assert not verify(settings.ledger, vkey_beside(settings.ledger)).second


# -- the published file


def test_cosignatures_stay_when_the_same_head_is_published_again(settings: Settings) -> None:
    cosign(settings, ONE)
    grow(settings, "nothing", 0)
    published = parse_note((settings.ledger / "checkpoint").read_bytes())
    assert ONE.vkey in signed_by(published, (ONE.vkey,))


def test_cosignatures_of_an_older_head_are_not_put_under_a_newer_one(settings: Settings) -> None:
    log = ShownLog(settings.ledger)
    head = log.head()
    grow(settings, "b", 1)
    log.keep(head, (ONE.line(head.note.text, NOW),))
    assert log.head().checkpoint.size == 6
    assert len(log.head().note.signatures) == 1
    witnessed = log.witnessed()
    assert witnessed is not None
    assert witnessed.checkpoint.size == 5


def test_a_published_head_never_gives_way_to_a_smaller_one(settings: Settings) -> None:
    older = (settings.ledger / "checkpoint").read_bytes()
    grow(settings, "b", 2)
    key = load_key(settings.keys, settings.node).vkey
    Published(settings.ledger).put(older, key)
    assert ShownLog(settings.ledger).head().checkpoint.size == 7
