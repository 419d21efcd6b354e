"""Which failures of SQLite leave the disk as it was, and which leave nobody to know what it holds.

After a failed fsync the kernel may have dropped what it could not write, and a later one may
succeed without it (docs/adr/0007): the process has to end.
"""

from __future__ import annotations

from typing import Final

import apsw

_FSYNC: Final = frozenset({apsw.SQLITE_IOERR_FSYNC, apsw.SQLITE_IOERR_DIR_FSYNC})
# A COMMIT that fails in one of these ways has not reached the fsync that makes it durable, and the
# next transaction overwrites its frames. Any other failure leaves durability unknown.
_COMMIT_RETRIES: Final = frozenset(
    {apsw.SQLITE_FULL, apsw.SQLITE_BUSY, apsw.SQLITE_NOMEM, apsw.SQLITE_READONLY}
)
_COMMIT_RETRIES_EXTENDED: Final = frozenset({apsw.SQLITE_IOERR_WRITE, apsw.SQLITE_IOERR_NOMEM})


class FatalError(Exception):
    """Durability is unknown; the process must end."""


def is_fsync(error: Exception) -> bool:
    """Say whether `error` is that of an fsync."""
    return _code(error) in _FSYNC


def is_retryable(error: apsw.Error) -> bool:
    """Say whether a COMMIT that failed with `error` has certainly not become durable."""
    code = _code(error)
    return code in _COMMIT_RETRIES_EXTENDED or code & 0xFF in _COMMIT_RETRIES


def name_of(error: apsw.Error) -> str:
    """Return SQLite's name of `error`."""
    return str(apsw.mapping_extended_result_codes.get(_code(error), type(error).__name__))


def _code(error: Exception) -> int:
    """Return SQLite's extended result code; apsw's own errors have none."""
    return int(getattr(error, "extendedresult", -1))
