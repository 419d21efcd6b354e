"""The file `checkpoint`: the newest head, and every signature under it that anybody gave.

The head is signed once by the log's own keys, where it was committed. Here, off the path of an
acknowledgement, the second signature is added, and what witnesses say of it when they answer.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from gateway.domain.notes import (
    Checkpoint,
    Note,
    NoteError,
    NoteSignature,
    parse_checkpoint,
    parse_note,
)
from gateway.files import replace_file
from gateway.ledger.keys import Trusted, open_checkpoint
from gateway.ledger.recovery import CHECKPOINT_FILE
from gateway.ledger.signatures import Signer


class Published:
    """One log's published checkpoint. Threads and processes take turns."""

    def __init__(self, directory: Path, second: Signer | None = None) -> None:
        self._directory = directory
        self._path = directory / CHECKPOINT_FILE
        self._second = second

    def put(self, signed: bytes, trusted: Trusted) -> None:
        """Publish a signed head durably. What others signed of the same head stays under it.

        A command beside the gateway may be a moment late: a larger head that stands there stays.
        """
        with self._turn():
            note = parse_note(signed)
            if self._is_behind(parse_checkpoint(note.text), trusted):
                return
            more = self._cosignatures(note)
            if self._second is not None and not any(x.is_by(self._second.vkey) for x in more):
                more = (self._second.line(note.text, int(time.time())), *more)
            replace_file(self._path, Note(note.text, (*note.signatures, *more)).encode())

    def _is_behind(self, new: Checkpoint, trusted: Trusted) -> bool:
        try:
            there = open_checkpoint(self._path.read_bytes(), trusted)
        except (FileNotFoundError, NoteError):
            return False
        return there.size > new.size

    def add(self, text: str, lines: Sequence[NoteSignature]) -> None:
        """Put cosignatures under the head, if `text` is still the newest one."""
        with self._turn():
            try:
                note = parse_note(self._path.read_bytes())
            except (FileNotFoundError, NoteError):
                return
            if note.text == text:
                replace_file(self._path, merged(note, lines).encode())

    def _cosignatures(self, note: Note) -> tuple[NoteSignature, ...]:
        try:
            before = parse_note(self._path.read_bytes())
        except (FileNotFoundError, NoteError):
            return ()
        if before.text != note.text:
            return ()
        ours = {(line.name, line.key_id) for line in note.signatures}
        return tuple(line for line in before.signatures if (line.name, line.key_id) not in ours)

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Hold the file against the gateway's other threads, and commands beside it."""
        lock = os.open(self._directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)


def merged(note: Note, lines: Sequence[NoteSignature]) -> Note:
    """Return `note` with `lines`, each in place of an older one by the same key."""
    new = {(line.name, line.key_id) for line in lines}
    kept = [line for line in note.signatures if (line.name, line.key_id) not in new]
    return Note(note.text, (*kept, *lines))
