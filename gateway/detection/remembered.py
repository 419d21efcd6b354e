"""What recognizers found in texts that were just looked at: the turns of a chat come again.

Rule: an answer is used for exactly the text, of exactly the caller, that it was found for: how long
detection takes must not tell one caller what another has sent. It holds offsets, types and scores;
a text is known by a digest under a key that ends with the process, and nothing leads back.
"""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Sequence
from hashlib import blake2b
from typing import Final, NoReturn

from gateway.domain.findings import Finding

MOST: Final = 20_000
"""Findings that are kept: some 4 MB, and the last 250 notes of 1,500 characters."""
LEAST: Final = 100
"""Characters of a text that is worth it."""
_ENTRY: Final = 4
"""Findings that an entry weighs as much as, besides its own."""


class Remembered:
    """The least recently used goes where `most` findings are kept. Threads may share it."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._key = os.urandom(32)
        self._lock = threading.Lock()
        self._found: OrderedDict[bytes, tuple[Finding, ...]] = OrderedDict()
        self._size = 0

    def __repr__(self) -> str:
        return f"<Remembered {len(self._found)} texts>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("what is remembered is not to be pickled: its key would leave the process")

    def __len__(self) -> int:
        """Return of how many texts the findings are kept."""
        return len(self._found)

    def name(self, caller: str, text: str) -> bytes | None:
        """Return what `text` of `caller` is known by; None for one that is too short to keep."""
        if len(text) < LEAST:
            return None
        whose = caller.encode("utf-8", "surrogatepass")
        digest = blake2b(len(whose).to_bytes(8, "big"), key=self._key, digest_size=32)
        digest.update(whose)
        digest.update(text.encode("utf-8", "surrogatepass"))
        return digest.digest()

    def get(self, name: bytes) -> tuple[Finding, ...] | None:
        """Return what was found in the text of this name, or None if that is not kept."""
        with self._lock:
            found = self._found.get(name)
            if found is not None:
                self._found.move_to_end(name)
            return found

    def put(self, name: bytes, findings: Sequence[Finding]) -> None:
        """Keep all that was found in the text of this name."""
        found = tuple(findings)
        with self._lock:
            self._drop(name)
            if _weight(found) > self._most:
                return
            while self._size + _weight(found) > self._most:
                self._drop(next(iter(self._found)))
            self._found[name] = found
            self._size += _weight(found)

    def _drop(self, name: bytes) -> None:
        found = self._found.pop(name, None)
        if found is not None:
            self._size -= _weight(found)


def _weight(found: Sequence[Finding]) -> int:
    return len(found) + _ENTRY
