"""Whether a head is what this log's key signed, and whose a head is that is not."""

from __future__ import annotations

from gateway.domain.merkle import Frontier
from gateway.domain.notes import NoteError, VerifierKey, parse_note
from gateway.ledger.errors import LedgerDamaged, LedgerForeign
from gateway.ledger.keys import SigningKey, open_checkpoint
from gateway.ledger.store import Head


def empty_head(key: SigningKey) -> Head:
    """Return the signed head of a log without records."""
    root = Frontier().root()
    return Head(size=0, frontier=b"", root=root, checkpoint=key.checkpoint(0, root))


def check_head(head: Head, vkey: VerifierKey) -> None:
    """Raise `LedgerDamaged` unless frontier, root and size are those that `vkey` signed."""
    try:
        checkpoint = open_checkpoint(head.checkpoint, vkey)
        frontier = Frontier.from_bytes(head.size, head.frontier)
    except (NoteError, ValueError) as error:
        raise LedgerDamaged(
            f"the head of the log is not what was signed: {error}; restore it from its backup"
        ) from None
    root = frontier.root()
    if (head.size, head.root, root) != (checkpoint.size, checkpoint.root, checkpoint.root):
        raise LedgerDamaged(
            "the head of the log is not what was signed; restore the ledger from its backup"
        )


def check_owner(head: Head, vkey: VerifierKey) -> None:
    """Raise `LedgerForeign` if another node, or another key, signed the head."""
    try:
        signatures = parse_note(head.checkpoint).signatures
    except NoteError:
        return  # Damaged, not foreign: `check_head` says so.
    names = {signature.name for signature in signatures}
    if vkey.name not in names:
        raise LedgerForeign(
            f"this is the log of {', '.join(sorted(names))}, not of {vkey.name}: "
            "each node has a ledger directory of its own"
        )
    if vkey.key_id not in {s.key_id for s in signatures if s.name == vkey.name}:
        raise LedgerForeign(
            f"the log of {vkey.name} was signed with another key: restore that key from its backup"
        )
