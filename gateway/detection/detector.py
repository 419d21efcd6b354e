"""Step 3 of an exchange: what identifies someone in the texts of one request.

Rule: a failure anywhere in here fails the exchange. There is no partial answer, and no default.
"""

from __future__ import annotations

import asyncio
import queue
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final, TypeVar

from gateway.detection.propagation import propagate
from gateway.detection.reading import Reading, reading_of
from gateway.detection.recognizers import Analyzer
from gateway.detection.spans import grow
from gateway.detection.windows import SIZE, windows
from gateway.domain.errors import Code, ExchangeError
from gateway.domain.findings import Finding, Findings
from gateway.domain.text import RawText

T = TypeVar("T")
_LEAST: Final = 200
"""Characters that even the shortest text costs: thousands of them are not one step."""
_Window = tuple[int, int, int]
"""Index of a text, start and end in its view."""
_FAILED: Final = (
    "Detection failed, so nothing was sent to a model. Try again; if it fails again, ask the "
    "operator to run `intramural doctor`."
)


class PresidioDetector:
    """presidio-analyzer with our recognizers, in `workers` threads, each with a model of its own.

    `reference_year` is this year: a full date more than ten years before it counts as a birth date.
    Construction takes about 0.3 s and 60 MB for each worker. `close` ends the threads.
    """

    def __init__(self, *, reference_year: int, workers: int = 1) -> None:
        self._analyzers: queue.SimpleQueue[Analyzer] = queue.SimpleQueue()
        for _ in range(workers):
            self._analyzers.put(Analyzer(reference_year))
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="detection")

    async def detect(self, texts: Sequence[RawText]) -> Sequence[Findings]:
        """Return the findings of each text. See `gateway.domain.ports.Detector`."""
        try:
            return await self._detect(texts)
        except ExchangeError:
            raise
        except Exception:  # noqa: BLE001 - whatever it is, it may quote the text: say only that it failed
            raise ExchangeError(Code.DETECTION_FAILED, _FAILED) from None

    async def _detect(self, texts: Sequence[RawText]) -> Sequence[Findings]:
        views = await self._run(lambda: [reading_of(text.reveal()) for text in texts])
        found: list[list[Finding]] = [[] for _ in views]
        # One step of bounded size at a time: a long text does not keep the others waiting.
        for step in _steps(views):
            for index, findings in await self._run(partial(self._analyze, views, step)):
                found[index].extend(findings)
        return await self._run(lambda: _finish(views, found))

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    def _analyze(
        self, views: Sequence[Reading], step: Sequence[_Window]
    ) -> list[tuple[int, list[Finding]]]:
        analyzer = self._analyzers.get()
        try:
            return [
                (
                    index,
                    [
                        _moved(each, start)
                        for each in analyzer.analyze(views[index].text[start:end])
                    ],
                )
                for index, start, end in step
            ]
        finally:
            self._analyzers.put(analyzer)

    def close(self) -> None:
        """End the threads; running steps are waited for."""
        self._pool.shutdown()


def _steps(views: Sequence[Reading]) -> list[list[_Window]]:
    """Return all windows of all views, in groups of about one window's size."""
    steps: list[list[_Window]] = []
    room = 0
    for index, view in enumerate(views):
        for start, end in windows(view.text):
            cost = max(end - start, _LEAST)
            if cost > room:
                steps.append([])
                room = SIZE
            steps[-1].append((index, start, end))
            room -= cost
    return steps


def _moved(finding: Finding, by: int) -> Finding:
    if by == 0:
        return finding
    return Finding(
        finding.start + by, finding.end + by, finding.entity, finding.score, finding.recognizer
    )


def _finish(views: Sequence[Reading], found: Sequence[Sequence[Finding]]) -> tuple[Findings, ...]:
    grown = [
        [*view.seeds, *(grow(each, view.text) for each in findings)]
        for view, findings in zip(views, found, strict=True)
    ]
    everywhere = propagate([view.text for view in views], grown)
    return tuple(
        view.findings((*own, *more))
        for view, own, more in zip(views, grown, everywhere, strict=True)
    )
