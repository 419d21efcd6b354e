"""A record's proof for an outsider: made from the log, checked with a key and the leaf."""

from __future__ import annotations

from gateway.domain.merkle import ProofError, check_inclusion, leaf_hash
from gateway.domain.notes import NoteError
from gateway.domain.proofs import LogProof, parse_proof
from gateway.ledger.errors import VerificationError
from gateway.ledger.keys import Trusted, open_checkpoint
from gateway.ledger.query import Inclusion, LedgerReader, LoggedRecord


def make_proof(reader: LedgerReader, logged: LoggedRecord) -> LogProof:
    """Return the checked proof of a record; raises `VerificationError` if it is not in the log."""
    inclusion = reader.prove(logged)
    return LogProof(inclusion.index, inclusion.path, reader.signed_checkpoint)


def check_proof(raw: bytes, leaf: bytes, trusted: Trusted) -> Inclusion:
    """Return what the proof in `raw` proves of `leaf`, which a key signed. Takes no log.

    Raises `VerificationError` if it is not a proof, of another key, or of another leaf. It says
    nothing of records that came later, or of whether the log still is what it was.
    """
    try:
        proof = parse_proof(raw)
        checkpoint = open_checkpoint(proof.checkpoint, trusted, ended=True)
        hashed = leaf_hash(leaf)
        check_inclusion(
            index=proof.index,
            size=checkpoint.size,
            leaf=hashed,
            proof=proof.path,
            root=checkpoint.root,
        )
    except (ProofError, NoteError) as error:
        raise VerificationError(str(error)) from None
    return Inclusion(proof.index, hashed, proof.path, checkpoint)
