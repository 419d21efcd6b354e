"""The log as its witnesses are shown it: what is published, read beside whoever writes it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import apsw

from gateway.domain.merkle import consistency_proof
from gateway.domain.notes import Checkpoint, Note, NoteError, NoteSignature, VerifierKey, parse_note
from gateway.domain.tiles import range_root_of
from gateway.files import replace_file
from gateway.ledger import store
from gateway.ledger.errors import LedgerError
from gateway.ledger.keys import open_checkpoint
from gateway.ledger.publickeys import vkey_beside
from gateway.ledger.published import Published, merged
from gateway.ledger.readonly import open_snapshot
from gateway.ledger.recovery import CHECKPOINT_FILE, WITNESSED_FILE
from gateway.ledger.signatures import signed_by
from gateway.ledger.tiles import StoredHashes, TileDirectory
from gateway.ledger.witness.kept import keep_last_of_hour


@dataclass(frozen=True, slots=True)
class Head:
    """A published head of the log, as it was signed, and read."""

    note: Note
    checkpoint: Checkpoint


class ShownLog:
    """One log's directory. What reading may raise is `READ_ERRORS`."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._published = Published(directory)

    def head(self) -> Head:
        """Return the newest published head."""
        return self._read(CHECKPOINT_FILE)

    def witnessed(self) -> Head | None:
        """Return the newest head that enough witnesses cosigned, if there was one."""
        if not (self._directory / WITNESSED_FILE).exists():
            return None
        return self._read(WITNESSED_FILE)

    def proof(self, old: int, new: int) -> tuple[bytes, ...]:
        """Return the proof that the head of `new` leaves continues that of `old`."""
        if old in {0, new}:
            return ()
        with open_snapshot(self._directory) as db:
            hashes = StoredHashes(db, TileDirectory(self._directory))
            return consistency_proof(old, new, range_root_of(hashes.read))

    def size(self) -> int:
        """Return how many records are committed, published or not."""
        with open_snapshot(self._directory) as db:
            return store.read_head(db).size

    def holds(self, seen: Checkpoint) -> bool:
        """Return whether this log is that of a head that somebody has seen, or continues it."""
        with open_snapshot(self._directory) as db:
            if seen.size > store.read_head(db).size:
                return False
            hashes = StoredHashes(db, TileDirectory(self._directory))
            return range_root_of(hashes.read)(0, seen.size) == seen.root

    def keep(self, head: Head, lines: tuple[NoteSignature, ...]) -> None:
        """Keep the cosignatures that enough witnesses gave for a head, durably. Or `OSError`."""
        note = merged(head.note, lines)
        try:
            keep_last_of_hour(self._directory)
        finally:  # What is newest is kept, whatever becomes of the one before it.
            replace_file(self._directory / WITNESSED_FILE, note.encode())
            self._published.add(note.text, lines)

    def _read(self, file: str) -> Head:
        raw = (self._directory / file).read_bytes()
        try:
            keys = vkey_beside(self._directory)
            return Head(parse_note(raw), open_checkpoint(raw, keys, ended=True))
        except NoteError as error:
            raise LedgerError(f"the file {file}: {error}") from None


def times_of(head: Head, witnesses: dict[str, VerifierKey]) -> dict[str, int]:
    """Return when each witness cosigned a head, by name, in seconds. A false line is none."""
    times: dict[str, int] = {}
    for name, key in witnesses.items():
        try:
            found = signed_by(head.note, (key,))
        except NoteError:
            continue
        if key in found:
            times[name] = found[key]
    return times


READ_ERRORS = (LedgerError, OSError, apsw.Error, ValueError)
"""What reading a log beside its writer may raise; the next round tries again."""
