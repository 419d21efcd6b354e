"""What a verifier asks for besides the log's signature: cosignatures, and the second signature.

A witness may have keys of two kinds (Ed25519, ML-DSA-44); it counts once, by any of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.domain.cosignatures import COSIGNING
from gateway.domain.notes import LogKeys, NoteError, VerifierKey, parse_note, parse_vkey
from gateway.ledger.errors import LedgerError, VerificationError
from gateway.ledger.recovery import CHECKPOINT_FILE, WITNESSED_FILE
from gateway.ledger.signatures import signed_by


@dataclass(frozen=True, slots=True)
class Witnessed:
    """That enough witnesses cosigned a checkpoint, and since when they have all seen it."""

    by: tuple[str, ...]
    time: int
    """Seconds since the epoch: the earliest time by which `quorum` of them had."""


@dataclass(frozen=True, slots=True)
class Quorum:
    """Witnesses, each with its keys, and how many of them have to agree."""

    witnesses: tuple[tuple[VerifierKey, ...], ...]
    needed: int

    def __post_init__(self) -> None:
        """Raise `LedgerError` if it can never be reached, or by one witness alone."""
        keys = [key.public_key for keys in self.witnesses for key in keys]
        if len(set(keys)) < len(keys):
            raise LedgerError("a witness is named twice, and counts once")
        if not 0 < self.needed <= len(self.witnesses):
            raise LedgerError(
                f"{self.needed} of {len(self.witnesses)} witnesses cannot agree: "
                "name more of them with --witness, or give another --quorum"
            )

    def check(self, raw: bytes, name: str) -> Witnessed:
        """Return who cosigned the checkpoint `raw`; `VerificationError` if they are too few."""
        try:
            note = parse_note(raw)
            found = signed_by(note, [key for keys in self.witnesses for key in keys])
        except NoteError as error:
            raise VerificationError(f"{name}: {error}") from None
        times = {
            keys[0].name: min(found[key] for key in keys if key in found)
            for keys in self.witnesses
            if any(key in found for key in keys)
        }
        if len(times) < self.needed:
            raise VerificationError(
                f"{name} was cosigned by {len(times)} of the witnesses, and {self.needed} have to: "
                "ask them for the last checkpoint that they saw (docs/witness.md)"
            )
        return Witnessed(tuple(sorted(times)), sorted(times.values())[self.needed - 1])


def parse_witness(text: str) -> tuple[VerifierKey, ...]:
    """Return the keys of one witness: a vkey, or a file with one to a line. Or `LedgerError`."""
    lines = [text]
    if "+" not in text or Path(text).is_file():
        try:
            lines = Path(text).read_text(encoding="utf-8").split()
        except (OSError, ValueError):
            raise LedgerError(f"{text} is neither a vkey nor a file with one") from None
    try:
        keys = tuple(parse_vkey(line, COSIGNING) for line in lines)
    except NoteError as error:
        raise LedgerError(f"a witness: {error}") from None
    if len({key.name for key in keys}) != 1:
        raise LedgerError(f"{text} does not hold the keys of one witness")
    return keys


def read_witnessed(directory: Path) -> tuple[bytes, str]:
    """Return the newest checkpoint with cosignatures beside a log, and what it is called."""
    for file in (WITNESSED_FILE, CHECKPOINT_FILE):
        try:
            return (directory / file).read_bytes(), f"the file {file}"
        except FileNotFoundError:
            continue
        except OSError as error:
            raise LedgerError(f"{directory / file} cannot be read: {error.strerror}") from None
    raise VerificationError(f"no checkpoint was published in {directory}, witnessed or not")


def quorum_of(witnesses: Sequence[str], needed: int | None) -> Quorum | None:
    """Return what the command line asks for: `needed` of `witnesses`, all of them if `None`."""
    if not witnesses:
        if needed is not None:
            raise LedgerError("--quorum counts witnesses: name them with --witness")
        return None
    parsed = tuple(parse_witness(text) for text in witnesses)
    return Quorum(parsed, len(parsed) if needed is None else needed)


def check_second(directory: Path, keys: LogKeys) -> bool:
    """Return whether there is a second signature to ask for; `VerificationError` if it is wrong.

    Whoever could forge the first one would leave the second out.
    """
    if not keys.second:
        return False
    try:
        found = signed_by(parse_note((directory / CHECKPOINT_FILE).read_bytes()), keys.second)
    except FileNotFoundError:
        found = {}
    except NoteError as error:
        raise VerificationError(f"the file {CHECKPOINT_FILE}: {error}") from None
    if not found:
        raise VerificationError(
            f"the file {CHECKPOINT_FILE} does not bear the second signature, with ML-DSA-44"
        )
    return True
