"""A bounded table of sealed values: kept for a while, and found by exactly their question.

Rule: nothing lies in the table in clear. A value is sealed with AES-256-GCM, a question is known by
its HMAC-SHA-256 alone, and both keys are made with the cache and end with the process.
"""

from __future__ import annotations

import hmac
import os
from collections import OrderedDict
from itertools import count
from typing import Final, NoReturn

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

ENTRY_BYTES: Final = 512
"""What an entry weighs besides its sealed value: its name, its nonce and Python's bookkeeping."""
_NONCE: Final = 12


class SealedCache:
    """The least recently used goes when `max_bytes` are full; nothing is older than `ttl` seconds.

    `name` may be called from any thread; the rest belongs to one. Times are of any one clock.
    """

    def __init__(self, *, max_bytes: int, ttl: float) -> None:
        self._max_bytes = max_bytes
        self._ttl = ttl
        self._naming = os.urandom(32)
        self._sealing = AESGCM(AESGCM.generate_key(256))
        self._nonces = count()
        self._sealed: OrderedDict[bytes, bytes] = OrderedDict()  # The least recently used first.
        self._due: OrderedDict[bytes, float] = OrderedDict()  # The oldest first.
        self._size = 0

    def __repr__(self) -> str:
        return f"<SealedCache {len(self._sealed)} entries, {self._size} bytes>"

    def __len__(self) -> int:
        return len(self._sealed)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a sealed cache is not to be pickled: its key would leave the process")

    @property
    def size(self) -> int:
        """Bytes that the entries weigh, never more than `max_bytes`."""
        return self._size

    def name(self, question: bytes) -> bytes:
        """Return what `question` is known by; nothing in it leads back."""
        return hmac.digest(self._naming, question, "sha256")

    def get(self, name: bytes, now: float) -> bytes | None:
        """Return the value that was put under `name`, if it is still there and young enough."""
        self.expire(now)
        sealed = self._sealed.get(name)
        if sealed is None:
            return None
        self._sealed.move_to_end(name)
        # The name is authenticated too: an entry that got into another's place does not open.
        return self._sealing.decrypt(sealed[:_NONCE], sealed[_NONCE:], name)

    def put(self, name: bytes, value: bytes, now: float) -> None:
        """Keep `value` in the place of what was there; if it is larger than all, keep none."""
        self.expire(now)
        self._drop(name)
        # Counted, not drawn: under one key no nonce may ever come twice (NIST SP 800-38D 8.2.1).
        nonce = next(self._nonces).to_bytes(_NONCE, "big")
        sealed = nonce + self._sealing.encrypt(nonce, value, name)
        weight = _weight(sealed)
        if weight > self._max_bytes:
            return
        while self._size + weight > self._max_bytes:
            self._drop(next(iter(self._sealed)))
        self._sealed[name] = sealed
        self._due[name] = now + self._ttl
        self._size += weight

    def expire(self, now: float) -> float | None:
        """Drop what is too old; return when the next entry will be, if there is one."""
        while self._due:
            name, due = next(iter(self._due.items()))
            if due > now:
                return due
            self._drop(name)
        return None

    def clear(self) -> None:
        """Drop everything."""
        self._sealed.clear()
        self._due.clear()
        self._size = 0

    def _drop(self, name: bytes) -> None:
        sealed = self._sealed.pop(name, None)
        if sealed is not None:
            del self._due[name]
            self._size -= _weight(sealed)


def _weight(sealed: bytes) -> int:
    return len(sealed) + ENTRY_BYTES
