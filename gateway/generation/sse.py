"""Server-sent events out of bytes as they come, wherever they are cut. Pure, and bounded.

Of the format (WHATWG HTML, 9.2.6) as much as OpenAI-compatible servers use: `data` lines, comments
that keep a connection alive, and events of one or several lines.
"""

from __future__ import annotations

from typing import Final

MAX_EVENT: Final = 1024 * 1024
"""Bytes of one event. A token and its counts take a few hundred."""


class EventParser:
    """One stream. `feed` returns the data of each event that is now complete."""

    __slots__ = ("_data", "_rest", "_size")

    def __init__(self) -> None:
        self._rest = b""
        self._data: list[bytes] = []
        self._size = 0

    def feed(self, chunk: bytes) -> list[bytes]:
        """Take some bytes. Raises `ValueError` if an event is larger than `MAX_EVENT`."""
        events: list[bytes] = []
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for line in lines:
            self._take(line.removesuffix(b"\r"), events)
        if len(self._rest) + self._size > MAX_EVENT:
            raise ValueError("an event is too large")
        return events

    def _take(self, line: bytes, events: list[bytes]) -> None:
        if not line:
            if self._data:
                events.append(b"\n".join(self._data))
            self._data = []
            self._size = 0
            return
        field, _, value = line.partition(b":")
        if field == b"data":
            self._data.append(value.removeprefix(b" "))
            self._size += len(value) + 1  # Empty lines take room too.
            if self._size > MAX_EVENT:
                raise ValueError("an event is too large")
