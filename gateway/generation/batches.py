"""What the log says of each batch that ran: numbers, at level `debug`."""

from __future__ import annotations

import engine
from gateway import logs


def logged(model: str) -> engine.Observer:
    """Return an observer for a generator of `model`."""

    def observe(report: engine.BatchReport) -> None:
        logs.detail(
            "batch_ran",
            model=model,
            replica=report.replica + 1,
            rows=report.rows,
            prompt_tokens=report.prompt_tokens,
            completion_tokens=report.tokens,
            milliseconds=_ms(report.seconds),
            predicted_milliseconds=_ms(report.predicted),
            waited_milliseconds=_ms(max(report.waited, default=0.0)),
        )

    return observe


def _ms(seconds: float) -> int:
    return round(1000 * seconds)
