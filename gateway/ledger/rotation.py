"""The log's key replaced by another, in two steps that may lie weeks apart.

`add_key`: from the next record on, each head bears the signatures of both keys, so that whoever has
only the old public key, and whoever has only the new one, can verify. `end_key`: the old private
key is destroyed. Both are records first: that of the new key stands in the log under the old one's
signature, so a verifier that trusts the old key can come to trust the new one.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from gateway.domain.notes import ED25519, VerifierKey
from gateway.domain.records import AdminAct
from gateway.files import replace_file
from gateway.ledger.errors import LedgerError
from gateway.ledger.keys import (
    KEY_FILE,
    MAX_KEYS,
    SigningKeys,
    encode_signers,
    load_key,
    origin_of,
)
from gateway.ledger.ledger import Place
from gateway.ledger.publickeys import ended_beside, publish_ended, publish_keys
from gateway.ledger.signatures import new_signer

RecordAct = Callable[[AdminAct, str], None]
"""Makes an administrative act durable in the log, or raises."""


def add_key(place: Place, record: RecordAct) -> VerifierKey:
    """Begin to sign with one more key, and return its public half.

    Raises `LedgerError` if there are two already. Works beside a running gateway.
    """
    with _turn(place.keys):
        keys = _load(place)
        if len(keys.signers) == MAX_KEYS:
            raise LedgerError(
                "the log is signed with two keys already: when all that verify it know the newer "
                "one, run `intramural audit rotate-key --end`"
            )
        signer = new_signer(origin_of(place.node), ED25519)
        record(AdminAct.LOG_KEY_ADDED, signer.vkey.encode())
        _replace(place, replace(keys, signers=(*keys.signers, signer)))
    return signer.vkey


def end_key(place: Place, record: RecordAct) -> VerifierKey:
    """Stop to sign with the older of two keys, destroy it, and return its public half.

    Raises `LedgerError` if there is only one.
    """
    with _turn(place.keys):
        keys = _load(place)
        if len(keys.signers) != MAX_KEYS:
            raise LedgerError(
                "the log is signed with one key: `intramural audit rotate-key` adds the next one"
            )
        old = keys.vkey
        # This record's head bears both signatures: without the old key, the log still opens.
        record(AdminAct.LOG_KEY_ENDED, old.encode())
        publish_ended(place.directory, old)
        ended = ended_beside(place.directory)
        _replace(place, replace(keys, signers=keys.signers[1:], ended=ended))
    return old


def _load(place: Place) -> SigningKeys:
    return replace(load_key(place.keys, place.node), ended=ended_beside(place.directory))


def _replace(place: Place, keys: SigningKeys) -> None:
    """Write the secret first: what `ledger.vkey` lacks, the next start adds."""
    try:
        replace_file(place.keys / KEY_FILE, encode_signers(keys.signers), 0o600)
    except OSError as error:
        raise LedgerError(
            f"{place.keys / KEY_FILE} cannot be written: {error.strerror}; nothing has changed"
        ) from None
    publish_keys(place.directory, keys.trusted)


@contextmanager
def _turn(keys: Path) -> Iterator[None]:
    """Let one command at a time change the keys."""
    try:
        lock = os.open(keys, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise LedgerError(f"{keys} cannot be used: {error.strerror}") from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)
