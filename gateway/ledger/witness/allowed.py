"""The logs that a witness cosigns: one file of public keys for each, in one directory.

A file is what the log publishes as `ledger.vkey`: to let a log in, copy its file there; when its
key is replaced, copy it again. A change takes effect with the next request.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path

from gateway import logs
from gateway.domain.notes import VerifierKey
from gateway.ledger.errors import LedgerError
from gateway.ledger.publickeys import read_vkey

Stamps = tuple[tuple[str, int, int, int], ...]


class AllowedLogs:
    """The directory, read again when it changes. Safe to use from several threads."""

    def __init__(self, directory: Path) -> None:
        """Read it; raises `LedgerError` for a file that holds no keys."""
        self._directory = directory
        self._lock = threading.Lock()
        self._stamps = self._look()
        self._logs = read_logs(directory)

    def keys(self, origin: str) -> tuple[VerifierKey, ...] | None:
        """Return the keys that may sign for a log, or `None` if it is none of ours."""
        return self._current().get(origin)

    def origins(self) -> tuple[str, ...]:
        """Return the logs, in the order of their names."""
        return tuple(sorted(self._current()))

    def _current(self) -> Mapping[str, tuple[VerifierKey, ...]]:
        with self._lock:
            try:
                stamps = self._look()
                if stamps != self._stamps:
                    self._logs = read_logs(self._directory)
                    self._stamps = stamps
                    logs.event("witness_logs_read", count=len(self._logs))
            except (LedgerError, OSError) as error:
                # Half a file is no reason to forget whom we know.
                logs.alarm("witness_logs_unreadable", error=type(error).__name__)
            return self._logs

    def _look(self) -> Stamps:
        found = ((path.name, path.stat()) for path in sorted(self._directory.glob("*.vkey")))
        return tuple((name, at.st_ino, at.st_mtime_ns, at.st_size) for name, at in found)


def read_logs(directory: Path) -> dict[str, tuple[VerifierKey, ...]]:
    """Return the keys of each log whose file is in `directory`; raises `LedgerError`."""
    found: dict[str, tuple[VerifierKey, ...]] = {}
    for path in sorted(directory.glob("*.vkey")):
        keys = read_vkey(path)
        if keys.name in found:
            raise LedgerError(f"{path} is of {keys.name}, and so is another file beside it")
        found[keys.name] = (*keys.active, *keys.second)
    return found
