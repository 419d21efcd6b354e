"""When each token of one job came, was made text and was told, for whoever asks to know.

Only a job that was given a `Timing` pays for it: the others have a plain stream and listener.
"""

from __future__ import annotations

import time

from engine.job import Event, Listener, Text
from engine.stream import TextStream

Interval = tuple[float, float]
"""From, to: seconds of `time.perf_counter`."""


class Timing:
    """Filled on a worker's thread; to be read when the job's batch has been reported."""

    __slots__ = ("callback", "detokenise", "ended")

    def __init__(self) -> None:
        self.detokenise: list[Interval] = []
        """Each token's way to text, and at the end that of what was held back."""
        self.callback: list[Interval] = []
        """Each time that the job's owner was told something."""
        self.ended: float | None = None
        """When it had been told the end; `None` before."""

    def __repr__(self) -> str:
        return f"<Timing of {len(self.detokenise)} steps>"


class TimedStream(TextStream):
    """A stream that notes when it worked; it takes the place of `stream`, which is new."""

    __slots__ = ("_intervals",)

    def __init__(self, stream: TextStream, timing: Timing) -> None:
        for name in TextStream.__slots__:
            setattr(self, name, getattr(stream, name))
        self._intervals = timing.detokenise

    def push(self, token: int) -> str:
        """As `TextStream`."""
        start = time.perf_counter()
        text = super().push(token)
        self._intervals.append((start, time.perf_counter()))
        return text

    def finish(self) -> str:
        """As `TextStream`."""
        start = time.perf_counter()
        text = super().finish()
        self._intervals.append((start, time.perf_counter()))
        return text


def timed(listener: Listener, timing: Timing) -> Listener:
    """Return a listener that notes how long `listener` took, and when the job had ended."""

    def listen(event: Event) -> None:
        start = time.perf_counter()
        try:
            listener(event)
        finally:
            end = time.perf_counter()
            timing.callback.append((start, end))
            if not isinstance(event, Text):
                timing.ended = end

    return listen
