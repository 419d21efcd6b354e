"""A witness on a disk that fails: what it cannot remember, it has not cosigned."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.domain.notes import COSIGNATURE
from gateway.ledger.signatures import new_signer
from gateway.ledger.witness.allowed import AllowedLogs
from gateway.ledger.witness.memory import Memory, MemoryUnavailable
from gateway.ledger.witness.witness import Refused, Witness
from tests.fakes.witnesses import PaperLog
from tests.faults.test_ledger_disk import Disk, FaultyVFS, full, sync_error, write_error

SIGNER = new_signer("witness.example/w", COSIGNATURE)


class DiedError(Exception):
    pass


def die(_: str) -> None:
    raise DiedError


def witness_on(tmp_path: Path, log: PaperLog, vfs: str | None) -> tuple[Witness, Memory]:
    (tmp_path / "logs").mkdir(exist_ok=True)
    (tmp_path / "logs" / "log.vkey").write_text(log.key.vkey.encode(), encoding="utf-8")
    memory = Memory(tmp_path / "witness", on_fatal=die, vfs=vfs)
    return Witness((SIGNER,), AllowedLogs(tmp_path / "logs"), memory), memory


@pytest.mark.parametrize("persist", [False, True])
@pytest.mark.parametrize("skip", range(4))
@pytest.mark.parametrize("error", [full, write_error])
def test_a_write_that_fails_gives_no_cosignature_and_no_smaller_memory(
    tmp_path: Path, *, error: Callable[[], Exception], skip: int, persist: bool
) -> None:
    log, disk = PaperLog().grow(*"abcdefg"), Disk()
    vfs = FaultyVFS(disk)
    witness, memory = witness_on(tmp_path, log, vfs.name)
    witness.add_checkpoint(log.request(0, 3).encode())
    disk.write_error, disk.skip, disk.persist = error, skip, persist
    given = 3
    try:
        witness.add_checkpoint(log.request(3, 5).encode())
        given = 5
    except (MemoryUnavailable, DiedError):
        pass
    disk.repair()
    memory.close()
    del vfs
    again, memory = witness_on(tmp_path, log, None)
    last = memory.last(log.key.vkey.name)
    assert last is not None
    assert last.checkpoint.size >= given
    fork = log.fork(given - 1).grow("x")
    with pytest.raises(Refused) as refused:
        again.add_checkpoint(fork.request(given).encode())
    assert refused.value.status in {409, 422}
    memory.close()


def test_after_a_full_disk_the_witness_goes_on(tmp_path: Path) -> None:
    log, disk = PaperLog().grow(*"abcdefg"), Disk()
    vfs = FaultyVFS(disk)
    witness, memory = witness_on(tmp_path, log, vfs.name)
    disk.write_error = full
    with pytest.raises(MemoryUnavailable):
        witness.add_checkpoint(log.request(0, 3).encode())
    assert disk.hits
    disk.repair()
    assert witness.add_checkpoint(log.request(0, 3).encode())
    memory.close()


@pytest.mark.parametrize("persist", [False, True])
def test_a_failed_fsync_ends_the_witness_before_it_answers(
    tmp_path: Path, *, persist: bool
) -> None:
    log, disk = PaperLog().grow(*"abcdefg"), Disk()
    vfs = FaultyVFS(disk)
    witness, memory = witness_on(tmp_path, log, vfs.name)
    disk.sync_error, disk.persist = sync_error, persist
    with pytest.raises(DiedError):
        witness.add_checkpoint(log.request(0, 3).encode())
    assert disk.hits
    disk.repair()
    memory.close()
