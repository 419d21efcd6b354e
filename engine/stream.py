"""From token ids to text while they come: whole characters only, and stop strings.

Pure. What is emitted, put together, is the decoded reply up to the first stop string; a tail that
could still become a stop string, or half a character, is held back until it is decided.
"""

from __future__ import annotations

import codecs
from collections.abc import Sequence


class TextStream:
    """One reply. `stopped` says that a stop string was found; nothing may be pushed after that."""

    __slots__ = ("_bytes_of", "_decoder", "_held", "_stops", "_strip", "stopped")

    def __init__(
        self, bytes_of: Sequence[bytes], stops: Sequence[str], *, strip_space: bool = False
    ) -> None:
        self._bytes_of = bytes_of
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._stops = tuple(stops)
        self._held = ""
        self._strip = strip_space
        self.stopped = False

    def __repr__(self) -> str:
        return "<TextStream>"

    def push(self, token: int) -> str:
        """Take one token and return the text that is now certain; often none."""
        return self._sift(self._decoder.decode(self._bytes_of[token]))

    def finish(self) -> str:
        """Return what was held back: the reply ended without a stop string.

        Bytes that never became a character come out as one U+FFFD.
        """
        text = self._sift(self._decoder.decode(b"", final=True))
        held, self._held = self._held, ""
        return text if self.stopped else text + held

    def _sift(self, text: str) -> str:
        if self._strip and text:
            self._strip = False
            text = text.removeprefix(" ")
        if not self._stops or not text:
            return text
        held = self._held + text
        found = [index for stop in self._stops if (index := held.find(stop)) >= 0]
        if found:
            self.stopped = True
            self._held = ""
            return held[: min(found)]
        keep = max(_overlap(held, stop) for stop in self._stops)
        self._held = held[len(held) - keep :]
        return held[: len(held) - keep]


def _overlap(text: str, stop: str) -> int:
    """Return the length of the longest end of `text` that `stop` begins with, short of whole."""
    for length in range(min(len(text), len(stop) - 1), 0, -1):
        if text.endswith(stop[:length]):
            return length
    return 0
