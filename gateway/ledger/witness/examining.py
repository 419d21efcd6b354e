"""What `doctor` wants to know of the witnesses: do they answer, and have they seen this log?"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

from gateway.domain.notes import NoteError, parse_checkpoint, parse_note
from gateway.domain.witnessing import Standing
from gateway.evidence import WitnessPeer, WitnessSettings
from gateway.ledger.signatures import signed_by
from gateway.ledger.witness.asking import Unreachable, open_line
from gateway.ledger.witness.shown import ShownLog, times_of

_OK: Final = 200
_NOT_FOUND: Final = 404


@dataclass(frozen=True, slots=True)
class Examination:
    """How the log is witnessed, as far as its directory and the witnesses say."""

    standing: Standing
    age: float | None
    """Seconds since enough of them agreed."""
    silent: Mapping[str, str]
    """Who does not answer as they should, and why: a word of ours."""
    refuted: Mapping[str, int]
    """Who has seen another history, and how many records that has."""


def examine(settings: WitnessSettings, directory: Path, data: Path) -> Examination:
    """Ask every witness for the last head that it cosigned, and compare it with the log.

    Raises `LedgerError`, `OSError` or `apsw.Error` if the log or a `ca_file` cannot be read.
    """
    log = ShownLog(directory)
    kept = log.witnessed()
    since = None
    if kept is not None:
        times = times_of(kept, {peer.name: peer.key for peer in settings.peers})
        since = settings.policy.agreed(times)
    age = None if since is None else max(0.0, time.time() - since)
    silent: dict[str, str] = {}
    refuted: dict[str, int] = {}
    origin = log.head().checkpoint.origin
    for peer in settings.peers:
        try:
            size = _compare(peer, log, origin, data, settings.timeout)
        except Unreachable as error:
            silent[peer.name] = error.reason
        except NoteError:
            silent[peer.name] = "bad_answer"
        else:
            if size is not None:
                refuted[peer.name] = size
    return Examination(settings.policy.standing(age, refuted), age, silent, refuted)


def _compare(
    peer: WitnessPeer, log: ShownLog, origin: str, data: Path, timeout: float
) -> int | None:
    """Return the size of the head that a witness has seen and this log has not, if there is one."""
    name = sha256(origin.encode()).hexdigest()
    answer = asyncio.run(open_line(peer, data).checkpoint(name, timeout))
    if answer.status == _NOT_FOUND:
        raise Unreachable("nothing_seen")
    if answer.status != _OK:
        raise Unreachable("status")
    note = parse_note(answer.body)
    if peer.key not in signed_by(note, (peer.key,)):
        raise Unreachable("other_key")
    seen = parse_checkpoint(note.text)
    if seen.origin != origin:
        raise Unreachable("bad_answer")
    return None if log.holds(seen) else seen.size
