"""A witness: it cosigns a head of a log if that is proved to continue all it has cosigned before.

All decisions are in `Witness.add_checkpoint`, in the order of https://c2sp.org/tlog-witness; the
wire is `gateway/http/witness.py`. Nothing here knows what a log holds: a head is a size and a hash.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from hashlib import sha256
from typing import Final

from gateway import logs
from gateway.domain.merkle import ProofError
from gateway.domain.notes import (
    Checkpoint,
    Note,
    NoteError,
    NoteSignature,
    VerifierKey,
    parse_checkpoint,
    parse_note,
)
from gateway.domain.witnessing import (
    SIZE_TYPE,
    AddCheckpoint,
    RequestError,
    check_continues,
    parse_request,
)
from gateway.ledger.signatures import Signer, signed_by
from gateway.ledger.witness.allowed import AllowedLogs
from gateway.ledger.witness.memory import Memory, Remembered

_LARGEST: Final = 2**63 - 1


class Refused(Exception):  # noqa: N818 - reads as a state
    """A request that is not answered by a cosignature, with the status that says why."""

    def __init__(self, status: int, body: str, media: str = "text/plain") -> None:
        super().__init__(body)
        self.status = status
        self.body = body
        self.media = media


class Witness:
    """One witness. Safe to use from several threads."""

    def __init__(
        self,
        signers: tuple[Signer, ...],
        allowed: AllowedLogs,
        memory: Memory,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._signers = signers
        self._allowed = allowed
        self._memory = memory
        self._now = now

    def add_checkpoint(self, body: bytes) -> str:
        """Return this witness's signature lines for the checkpoint in `body`, or raise `Refused`.

        Raises `MemoryUnavailable` if it cannot be remembered now: then it is not cosigned either.
        """
        # 1. Read it, to the byte.
        request, note, new = _read(body)
        # 2. Whose log is it?
        keys = self._allowed.keys(new.origin)
        if keys is None:
            raise Refused(404, "This witness does not know the log.\n")
        # 3. Did that log sign it?
        signed = _signed(note, keys)
        if not signed:
            raise Refused(403, "No key of the log that this witness knows signed it.\n")
        if request.old > new.size:
            raise Refused(400, "The old size is larger than the checkpoint's.\n")
        with self._memory.turn(new.origin) as turn:
            # 4. Does the log know what was cosigned last?
            last = None if turn.last is None else turn.last.checkpoint
            size = 0 if last is None else last.size
            if request.old != size:
                raise Refused(409, f"{size}\n", SIZE_TYPE)
            # 5. Does it continue that?
            try:
                check_continues(last, new, request.proof)
            except ProofError:
                inconsistent = True
            else:
                # 6. Remember it, durably; only then is the signature worth anything to give.
                inconsistent = False
                now = int(self._now())
                lines = tuple(signer.line(note.text, now) for signer in self._signers)
                kept = Note(note.text, (*signed, *lines)).encode()
                turn.new = Remembered(new, now, kept)
        if inconsistent:
            self._memory.keep_evidence(new.origin, int(self._now()), body)
            logs.alarm("witness_found_inconsistency", size=new.size)
            raise Refused(422, "The checkpoint is not proved to continue the last one.\n")
        logs.detail("witness_cosigned", size=new.size)
        return "".join(line.line() for line in lines)

    def checkpoint(self, origin_hash: str) -> bytes | None:
        """Return the last checkpoint that was cosigned of the log with this origin (SHA-256, hex).

        `None` if there is none, or the log is not known.
        """
        for origin in self._allowed.origins():
            if sha256(origin.encode()).hexdigest() == origin_hash:
                last = self._memory.last(origin)
                return None if last is None else last.note
        return None


def _read(body: bytes) -> tuple[AddCheckpoint, Note, Checkpoint]:
    try:
        request = parse_request(body)
        note = parse_note(request.note)
        checkpoint = parse_checkpoint(note.text, extensions=True)
    except (RequestError, NoteError) as error:
        raise Refused(400, f"{error}\n") from None
    if checkpoint.size > _LARGEST:
        raise Refused(400, "No log is that large.\n")
    return request, note, checkpoint


def _signed(note: Note, keys: tuple[VerifierKey, ...]) -> tuple[NoteSignature, ...]:
    """Return the lines of the log's own keys; none if one of them is false."""
    try:
        signed_by(note, keys)
    except NoteError:
        return ()
    return tuple(line for line in note.signatures if any(line.is_by(key) for key in keys))
