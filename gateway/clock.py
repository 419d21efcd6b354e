"""Wall-clock time and UUIDv7 ids (RFC 9562 5.7), monotonic within the process."""

from __future__ import annotations

import secrets
import threading
import time
import uuid
from typing import Final

_COUNTER_BITS: Final = 12
_RANDOM_BITS: Final = 62


class SystemClock:
    """The `Clock` port over the system's clock and random source."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0

    def now_ms(self) -> int:
        """Return milliseconds since the Unix epoch."""
        return time.time_ns() // 1_000_000

    def new_id(self) -> str:
        """Return a fresh UUIDv7; its first 60 bits never go back, even if the clock does."""
        with self._lock:
            moment = (self.now_ms() << _COUNTER_BITS) | secrets.randbits(_COUNTER_BITS - 1)
            self._last = moment = max(moment, self._last + 1)
        milliseconds, counter = divmod(moment, 1 << _COUNTER_BITS)
        value = milliseconds << 80 | 0x7 << 76 | counter << 64
        value |= 0b10 << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS)
        return str(uuid.UUID(int=value))
