"""A witness, decision by decision: https://c2sp.org/tlog-witness."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import apsw
import pytest

from gateway.domain.merkle import EMPTY_ROOT
from gateway.domain.notes import (
    COSIGNATURE,
    ML_DSA_44,
    Checkpoint,
    NoteError,
    parse_note,
    parse_signatures,
)
from gateway.domain.witnessing import (
    MAX_PROOF,
    SIZE_TYPE,
    AddCheckpoint,
    RequestError,
    parse_request,
    parse_size,
)
from gateway.ledger.errors import LedgerError
from gateway.ledger.keys import SigningKey
from gateway.ledger.signatures import Signer, check, new_signer, parse_signer, signed_by
from gateway.ledger.witness.allowed import AllowedLogs
from gateway.ledger.witness.home import Home
from gateway.ledger.witness.memory import MAX_EVIDENCE, Memory
from gateway.ledger.witness.witness import Refused, Witness
from tests.fakes.witnesses import PaperLog

NOW = 1679315147
ED25519 = new_signer("witness.example/w1", COSIGNATURE)


@pytest.fixture
def log() -> PaperLog:
    return PaperLog().grow("a", "b", "c", "d", "e", "f", "g")


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Memory]:
    memory = Memory(tmp_path / "witness")
    yield memory
    memory.close()


@pytest.fixture
def allowed(tmp_path: Path, log: PaperLog) -> AllowedLogs:
    directory = tmp_path / "logs"
    directory.mkdir()
    (directory / "ward.vkey").write_text(f"{log.key.vkey.encode()}\n", encoding="utf-8")
    return AllowedLogs(directory)


@pytest.fixture
def witness(memory: Memory, allowed: AllowedLogs) -> Witness:
    return Witness((ED25519,), allowed, memory, lambda: NOW)


def refusal(witness: Witness, body: bytes) -> Refused:
    with pytest.raises(Refused) as refused:
        witness.add_checkpoint(body)
    return refused.value


def test_the_first_checkpoint_is_cosigned_with_the_time(witness: Witness, log: PaperLog) -> None:
    request = log.request(0)
    (line,) = parse_signatures(witness.add_checkpoint(request.encode()))
    assert check(ED25519.vkey, line, parse_note(request.note).text) == NOW


def test_every_growth_is_cosigned(witness: Witness, log: PaperLog) -> None:
    for old, new in itertools.pairwise([0, 1, 2, 5, 5, 6, 7]):
        assert witness.add_checkpoint(log.request(old, new).encode())


def test_an_old_size_that_is_not_the_last_is_told_the_last(witness: Witness, log: PaperLog) -> None:
    witness.add_checkpoint(log.request(0, 3).encode())
    for old in (0, 2, 4):
        refused = refusal(witness, log.request(old, 5).encode())
        assert (refused.status, refused.body, refused.media) == (409, "3\n", SIZE_TYPE)
        assert parse_size(refused.body.encode()) == 3


def test_a_shorter_log_is_not_cosigned(witness: Witness, log: PaperLog) -> None:
    witness.add_checkpoint(log.request(0, 5).encode())
    assert refusal(witness, log.request(3, 3).encode()).status == 409
    body = AddCheckpoint(5, (), log.signed(3)).encode()
    assert refusal(witness, body).status == 400


def test_a_fork_is_not_cosigned_and_kept_as_evidence(
    witness: Witness, memory: Memory, log: PaperLog
) -> None:
    witness.add_checkpoint(log.request(0, 5).encode())
    other = log.fork(4).grow("x", "y", "z")
    body = other.request(5).encode()
    assert refusal(witness, body).status == 422
    assert memory.evidence("intramural/ward-1") == [(NOW, body)]
    assert witness.add_checkpoint(log.request(5).encode())


def test_another_root_of_the_same_size_is_not_cosigned(witness: Witness, log: PaperLog) -> None:
    witness.add_checkpoint(log.request(0).encode())
    assert refusal(witness, log.fork(6).grow("x").request(7).encode()).status == 422


@pytest.mark.parametrize("old", [1, 2, 3, 4, 5, 6])
def test_a_proof_with_any_changed_bit_proves_nothing(
    witness: Witness, log: PaperLog, old: int
) -> None:
    witness.add_checkpoint(log.request(0, old).encode())
    good = log.request(old)
    for at in range(len(good.proof)):
        node = bytes([good.proof[at][0] ^ 1]) + good.proof[at][1:]
        proof = (*good.proof[:at], node, *good.proof[at + 1 :])
        assert refusal(witness, AddCheckpoint(old, proof, good.note).encode()).status == 422
        left = (*good.proof[:at], *good.proof[at + 1 :])
        assert refusal(witness, AddCheckpoint(old, left, good.note).encode()).status == 422
    assert witness.add_checkpoint(good.encode())


def test_a_proof_of_the_empty_log_has_no_lines(witness: Witness, log: PaperLog) -> None:
    body = AddCheckpoint(0, (bytes(32),), log.signed()).encode()
    assert refusal(witness, body).status == 422


def test_the_empty_log_has_one_root(witness: Witness, log: PaperLog) -> None:
    forged = log.key.sign(Checkpoint(log.key.vkey.name, 0, bytes(32)).text()).encode()
    assert refusal(witness, AddCheckpoint(0, (), forged).encode()).status == 422
    true = log.key.sign(Checkpoint(log.key.vkey.name, 0, EMPTY_ROOT).text()).encode()
    assert witness.add_checkpoint(AddCheckpoint(0, (), true).encode())


def test_a_log_that_nobody_let_in_is_not_found(witness: Witness) -> None:
    other = PaperLog(SigningKey("intramural/elsewhere", bytes(32))).grow("a")
    assert refusal(witness, other.request(0).encode()).status == 404


def test_a_signature_by_another_key_is_forbidden(witness: Witness, log: PaperLog) -> None:
    thief = PaperLog(SigningKey(log.key.vkey.name, b"x" * 32), log.leaves)
    assert refusal(witness, thief.request(0).encode()).status == 403


def test_a_false_line_under_the_logs_name_spoils_the_note(witness: Witness, log: PaperLog) -> None:
    note = parse_note(log.signed())
    false = log.key.line("other\n")
    body = AddCheckpoint(0, (), note.encode() + false.line().encode()).encode()
    assert refusal(witness, body).status == 403


def test_lines_of_keys_that_nobody_knows_say_nothing(witness: Witness, log: PaperLog) -> None:
    stranger = new_signer("stranger.example", COSIGNATURE).line(parse_note(log.signed()).text, 1)
    body = AddCheckpoint(0, (), log.signed() + stranger.line().encode()).encode()
    assert witness.add_checkpoint(body)


@pytest.mark.parametrize(
    "mangle",
    [
        lambda body: b"",
        lambda body: body[4:],
        lambda body: body.replace(b"old 0\n", b"old 00\n"),
        lambda body: body.replace(b"old 0\n", b"old -1\n"),
        lambda body: body.replace(b"old 0\n", b"old 0\r\n"),
        lambda body: body.replace(b"old 0\n", b"old 0 \n"),
        lambda body: body.replace(b"old 0\n", b"old 99999999999999999999\n"),
        lambda body: body.replace(b"old 0\n", b"old 0\nAAAA\n"),
        lambda body: body.replace(b"old 0\n", b"old 0\n" + b"\xc3\xa9\n"),
        lambda body: body.replace(b"old 0\n", b"old 0\n" + b"A" * 43 + b"=\n" * (MAX_PROOF + 1)),
        lambda body: body[:-1],
        lambda body: body.replace(b"\n7\n", b"\n07\n"),
        lambda body: body.replace(b"\n7\n", b"\n9999999999999999999\n"),
        lambda body: body + b"more\n",
    ],
)
def test_what_is_no_request_to_the_byte_is_refused(
    witness: Witness, log: PaperLog, mangle: object
) -> None:
    assert callable(mangle)
    assert refusal(witness, mangle(log.request(0).encode())).status == 400


def test_a_request_is_read_as_it_was_written(log: PaperLog) -> None:
    for old in range(8):
        assert parse_request(log.request(old).encode()) == log.request(old)


@pytest.mark.parametrize("body", [b"", b"1", b"01\n", b"1\n\n", b"-1\n", b"x\n"])
def test_a_size_has_one_way_to_be_written(body: bytes) -> None:
    with pytest.raises(RequestError):
        parse_size(body)


def test_a_log_with_lines_of_its_own_is_cosigned_with_them(witness: Witness, log: PaperLog) -> None:
    text = parse_note(log.signed()).text + "an extension\n"
    request = AddCheckpoint(0, (), log.key.sign(text).encode())
    (line,) = parse_signatures(witness.add_checkpoint(request.encode()))
    assert check(ED25519.vkey, line, text) == NOW


def test_the_last_checkpoint_can_be_asked_for_by_the_hash_of_its_log(
    witness: Witness, log: PaperLog
) -> None:
    name = sha256(log.key.vkey.name.encode()).hexdigest()
    assert witness.checkpoint(name) is None
    witness.add_checkpoint(log.request(0, 2).encode())
    kept = witness.checkpoint(name)
    assert kept is not None
    assert signed_by(parse_note(kept), (log.key.vkey, ED25519.vkey)).keys() == {
        log.key.vkey,
        ED25519.vkey,
    }
    assert witness.checkpoint("0" * 64) is None


def test_what_a_witness_saw_is_there_after_a_restart(
    tmp_path: Path, allowed: AllowedLogs, log: PaperLog
) -> None:
    for old, new in ((0, 3), (3, 7)):
        memory = Memory(tmp_path / "again")
        witness = Witness((ED25519,), allowed, memory)
        witness.add_checkpoint(log.request(old, new).encode())
        memory.close()


def test_many_at_once_never_get_cosignatures_of_two_histories(
    witness: Witness, log: PaperLog
) -> None:
    """Two forks race from the same size: only one of them goes on."""
    witness.add_checkpoint(log.request(0, 4).encode())
    forks = [log.fork(4).grow(f"fork {n}") for n in range(8)]
    won: list[int] = []
    lost: list[int] = []

    def race(which: int) -> None:
        try:
            witness.add_checkpoint(forks[which].request(4).encode())
        except Refused as refused:
            lost.append(refused.status)
        else:
            won.append(which)

    threads = [threading.Thread(target=race, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert set(lost) <= {409, 422}


def test_a_log_whose_key_is_replaced_is_let_in_by_its_new_file(
    witness: Witness, log: PaperLog, tmp_path: Path
) -> None:
    new = SigningKey(log.key.vkey.name, b"n" * 32)
    after = PaperLog(new, log.leaves)
    witness.add_checkpoint(log.request(0, 3).encode())
    assert refusal(witness, after.request(3).encode()).status == 403
    both = f"{log.key.vkey.encode()}\n{new.vkey.encode()}\n"
    (tmp_path / "logs" / "ward.vkey").write_text(both, encoding="utf-8")
    assert witness.add_checkpoint(after.request(3).encode())


def test_a_file_of_logs_that_breaks_forgets_nobody(
    witness: Witness, log: PaperLog, tmp_path: Path
) -> None:
    (tmp_path / "logs" / "ward.vkey").write_text("half a ke", encoding="utf-8")
    assert witness.add_checkpoint(log.request(0).encode())


def test_two_files_of_one_log_are_refused(tmp_path: Path, log: PaperLog) -> None:
    for name in ("a.vkey", "b.vkey"):
        (tmp_path / name).write_text(log.key.vkey.encode(), encoding="utf-8")
    with pytest.raises(LedgerError, match="another file"):
        AllowedLogs(tmp_path)


def test_evidence_is_bounded_and_its_first_pieces_stay(memory: Memory) -> None:
    for n in range(MAX_EVIDENCE + 20):
        memory.keep_evidence("a", n, b"request")
    memory.keep_evidence("b", 1, b"request")
    assert [time for time, _ in memory.evidence("a")] == list(range(MAX_EVIDENCE))
    assert len(memory.evidence("b")) == 1


def test_a_witness_is_made_once(tmp_path: Path) -> None:
    home = Home(tmp_path / "w")
    (vkey,) = home.make("witness.example/w", post_quantum=False)
    assert [signer.vkey for signer in home.signers()] == [vkey]
    assert (home.directory / "witness.key").stat().st_mode & 0o777 == 0o600
    with pytest.raises(LedgerError, match="never overwritten"):
        home.make("witness.example/w", post_quantum=False)


def test_one_process_serves_a_witness(tmp_path: Path) -> None:
    home = Home(tmp_path / "w")
    home.make("witness.example/w", post_quantum=True)
    with home.opened(), pytest.raises(LedgerError, match="another witness"), home.opened():
        pass


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\n"])
def test_a_name_that_a_note_cannot_bear_makes_no_witness(tmp_path: Path, name: str) -> None:
    with pytest.raises(LedgerError, match="key name"):
        Home(tmp_path / "w").make(name, post_quantum=False)
    assert not (tmp_path / "w").exists()


def test_a_database_of_something_else_is_not_taken_for_a_memory(tmp_path: Path) -> None:
    db = apsw.Connection(str(tmp_path / "witness.db"))
    db.execute("CREATE TABLE other (x)")
    db.close()
    with pytest.raises(LedgerError, match="not a witness's"):
        Memory(tmp_path)


@pytest.mark.parametrize("kind", [COSIGNATURE, ML_DSA_44])
def test_a_cosignature_is_of_one_key_time_and_text(kind: int, log: PaperLog) -> None:
    signer = new_signer("witness.example/w", kind)
    text = parse_note(log.signed()).text
    line = signer.line(text, NOW)
    assert check(signer.vkey, line, text) == NOW
    other_time = line.signature[:7] + bytes([line.signature[7] ^ 1]) + line.signature[8:]
    for signature, said in (
        (other_time, text),
        (line.signature, parse_note(log.signed(3)).text),
        (line.signature[:-1] + bytes([line.signature[-1] ^ 1]), text),
        (line.signature[:8], text),
        (b"\xff" * 8 + line.signature[8:], text),
    ):
        changed = type(line)(line.name, line.key_id, signature)
        with pytest.raises(NoteError):
            check(signer.vkey, changed, said)
    assert parse_signer(signer.encode(), (kind,)).vkey == signer.vkey


def test_the_bytes_of_a_cosignature_are_those_of_the_specification() -> None:
    """The message of tlog-cosignature's own example, whose key is not published."""
    signer = Signer("w", COSIGNATURE, bytes(32))
    text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    line = signer.line(text, 1679315147)
    assert line.signature[:8] == (1679315147).to_bytes(8, "big")
    plain = Signer("w", 1, bytes(32))
    signed = b"cosignature/v1\ntime 1679315147\n" + text.encode()
    assert plain.line(signed.decode()).signature == line.signature[8:]
    assert line.key_id == sha256(b"w\n\x04" + signer.vkey.public_key).digest()[:4]
