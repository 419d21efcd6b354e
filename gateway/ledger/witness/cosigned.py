"""Who cosigned a log, and by when: what is kept of it, checked with the keys of log and witnesses.

Each head that is shown bears the log's own signature, and the log continues it. The hashes of the
log are believed here; `verify` recomputes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.domain.notes import Checkpoint, LogKeys, NoteError, VerifierKey, parse_note
from gateway.ledger.errors import LedgerError, VerificationError
from gateway.ledger.keys import open_checkpoint
from gateway.ledger.query import read_ledger
from gateway.ledger.signatures import signed_by
from gateway.ledger.witness.kept import cosigned_heads
from gateway.ledger.witness.shown import ShownLog


@dataclass(frozen=True, slots=True)
class Cosigned:
    """A head of the log, and who saw it."""

    size: int
    root: bytes
    file: Path
    times: dict[str, int]
    """When each witness whose key is known cosigned it, by its name, in seconds."""
    unchecked: tuple[str, ...]
    """Names under it of whose keys nobody told: they prove nothing."""


class CosignedLog:
    """The cosigned heads of one log. What is wrong raises `LedgerError`."""

    def __init__(self, directory: Path, keys: LogKeys, witnesses: Sequence[VerifierKey]) -> None:
        self._directory = directory
        self._keys = keys
        self._witnesses = witnesses
        self._log = ShownLog(directory)
        with read_ledger(directory, keys):
            # A key that has ended may have signed what is kept, but not the head that it leads to.
            pass

    def first_with(self, index: int) -> Cosigned:
        """Return the first kept head of a log that had the record of this index."""
        return self._first(index + 1)

    def first_after(self, raw: bytes) -> Cosigned:
        """Return the first kept head that continues the checkpoint `raw`, if the log does."""
        held = self._checked(raw, "the checkpoint that you hold")
        return self._first(held.size)

    def newest(self, limit: int | None) -> tuple[Cosigned, ...]:
        """Return the newest that are kept, or all, the very newest last."""
        files = self._files()
        return tuple(self._read(*each) for each in files[-limit if limit else 0 :])

    def _first(self, size: int) -> Cosigned:
        for there, path in self._files():
            if there >= size:
                return self._read(there, path)
        raise LedgerError(
            f"no head of {size} records or more was cosigned yet: ask again when the witnesses "
            "have seen it, or ask them themselves (docs/witness.md)"
        )

    def _files(self) -> tuple[tuple[int, Path], ...]:
        try:
            return cosigned_heads(self._directory)
        except OSError as error:
            raise LedgerError(f"what was cosigned cannot be read: {error.strerror}") from None

    def _read(self, size: int, path: Path) -> Cosigned:
        name = f"the file {path.relative_to(self._directory)}"
        try:
            raw = path.read_bytes()
        except OSError as error:
            raise LedgerError(f"{name} cannot be read: {error.strerror}") from None
        head = self._checked(raw, name)
        if head.size != size:  # Heads are found by their names.
            raise VerificationError(f"{name} is a head of {head.size} records: it was moved there")
        try:
            note = parse_note(raw)
            found = signed_by(note, self._witnesses)
        except NoteError as error:
            raise VerificationError(f"{name}: {error}") from None
        times: dict[str, int] = {}
        for key, seconds in found.items():  # A witness may have keys of two kinds.
            times[key.name] = min(seconds, times.get(key.name, seconds))
        others = {line.name for line in note.signatures} - {self._keys.name} - times.keys()
        return Cosigned(head.size, head.root, path, times, tuple(sorted(others)))

    def _checked(self, raw: bytes, name: str) -> Checkpoint:
        try:
            head = open_checkpoint(raw, self._keys, ended=True)
        except NoteError as error:
            raise VerificationError(f"{name}: {error}") from None
        if not self._log.holds(head):
            raise VerificationError(
                f"{name} is of {head.size} records that this log does not continue: keep a copy "
                "of everything, and see docs/witness.md"
            )
        return head
