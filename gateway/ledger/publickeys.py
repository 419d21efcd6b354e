"""The public keys of a log as files: what its directory publishes, and what an auditor brings.

`ledger.vkey` has the keys that are active, one to a line; `ledger-ended.vkey` those that were, and
`ledger-mldsa44.vkey` that of the second signature. An auditor's own file may have them all.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Final

from gateway.domain.notes import ED25519, ML_DSA_44, LogKeys, NoteError, VerifierKey, parse_vkey
from gateway.files import create_file, replace_file
from gateway.ledger import store
from gateway.ledger.errors import LedgerError, LedgerForeign
from gateway.ledger.keys import Trusted

VKEY_FILE: Final = "ledger.vkey"
ENDED_FILE: Final = "ledger-ended.vkey"
SECOND_FILE: Final = "ledger-mldsa44.vkey"
_MAX_LINES: Final = 64


def vkey_beside(directory: Path) -> LogKeys:
    """Return the public keys that a log publishes about itself; raises `LedgerError`.

    Whoever can replace the log can replace these too: an auditor brings their own copy.
    """
    if not (directory / store.DATABASE).exists():
        raise LedgerError(f"there is no log in {directory}")
    keys = read_vkey(directory / VKEY_FILE)
    ended = (*keys.ended, *ended_beside(directory))
    second = (*keys.second, *_read_if_there(directory / SECOND_FILE, (ML_DSA_44,)))
    try:
        return LogKeys(keys.active, ended, second)
    except NoteError as error:
        raise LedgerError(f"the public keys in {directory}: {error}") from None


def ended_beside(directory: Path) -> tuple[VerifierKey, ...]:
    """Return the keys that the log in `directory` was signed with before; raises `LedgerError`."""
    return _read_if_there(directory / ENDED_FILE, (ED25519,))


def with_beside(directory: Path, trusted: Trusted) -> LogKeys:
    """Return `trusted` and, as keys that vouch for no head, whatever others the log names.

    What a log says of itself is not believed. But a key that is not active can only add to what is
    demanded: whatever it signed is compared with the head that a trusted key signed. Without it,
    who knows the newest key alone could not read what was kept before it.
    """
    keys = trusted if isinstance(trusted, LogKeys) else LogKeys((trusted,))
    named = (*_read_if_there(directory / VKEY_FILE, (ED25519,)), *ended_beside(directory))
    known = {*keys.active, *keys.ended}
    more = tuple(key for key in named if key.name == keys.name and key not in known)
    return LogKeys(keys.active, (*keys.ended, *more), keys.second)


def read_vkey(path: Path) -> LogKeys:
    """Return the public keys of one log in a file of one to a line; raises `LedgerError`."""
    keys = _read(path, (ED25519, ML_DSA_44))
    try:
        return LogKeys(
            active=tuple(key for key in keys if key.kind == ED25519),
            second=tuple(key for key in keys if key.kind == ML_DSA_44),
        )
    except NoteError as error:
        raise LedgerError(f"{path}: {error}") from None


def publish_keys(directory: Path, keys: LogKeys) -> None:
    """Make `ledger.vkey` say which keys are active.

    Raises `LedgerForeign` if it names one that never was: somebody changed it.
    """
    path = directory / VKEY_FILE
    content = _lines(keys.active)
    try:
        create_file(path, content, 0o644)
    except FileExistsError:
        if path.read_bytes() == content:
            return
    else:
        return
    try:
        found = _read(path, (ED25519,))
    except LedgerError:
        found = ()
    ours = {*keys.active, *keys.ended}
    if not found or not ours.issuperset(found):
        raise LedgerForeign(
            f"{path} names another key than the one that signs this log: find out who changed "
            "it, then remove it and start again"
        )
    replace_file(path, content)


def publish_ended(directory: Path, ended: VerifierKey) -> None:
    """Add a key to those that have ended."""
    before = ended_beside(directory)
    if ended not in before:
        replace_file(directory / ENDED_FILE, _lines((*before, ended)))


def publish_second(directory: Path, key: VerifierKey | None) -> None:
    """Make the file say which key makes the second signature; no file if none does."""
    path = directory / SECOND_FILE
    if key is None:
        path.unlink(missing_ok=True)
        return
    content = _lines((key,))
    if not path.exists() or path.read_bytes() != content:
        replace_file(path, content)


def _lines(keys: Collection[VerifierKey]) -> bytes:
    return "".join(f"{key.encode()}\n" for key in keys).encode()


def _read_if_there(path: Path, kinds: Collection[int]) -> tuple[VerifierKey, ...]:
    return _read(path, kinds) if path.exists() else ()


def _read(path: Path, kinds: Collection[int]) -> tuple[VerifierKey, ...]:
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except OSError as error:
        raise LedgerError(f"{path} cannot be read: {error.strerror}") from None
    except ValueError:
        raise LedgerError(f"{path} does not hold public keys") from None
    try:
        keys = tuple(parse_vkey(line.strip(), kinds) for line in lines if line.strip())
    except NoteError as error:
        raise LedgerError(f"{path}: {error}") from None
    if not 0 < len(keys) <= _MAX_LINES:
        raise LedgerError(f"{path} has no public key, or too many")
    return keys
