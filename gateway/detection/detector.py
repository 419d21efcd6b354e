"""Step 3 of an exchange: what identifies someone in the texts of one request.

Rule: a failure anywhere in here fails the exchange. There is no partial answer, and no default.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache, partial
from typing import Final, TypeVar

from gateway.detection.allowed import is_harmless
from gateway.detection.chosen import USUAL, Chosen
from gateway.detection.dictionary import Dictionary, SiteDictionary
from gateway.detection.dictionary_file import DictionaryError
from gateway.detection.made_of import digest, recognizer_names
from gateway.detection.merging import merge, without_harmless
from gateway.detection.propagation import propagate
from gateway.detection.readable import Reading, reading_of
from gateway.detection.recognizers import rules_analyzer, tags_analyzer, topics
from gateway.detection.remembered import Remembered
from gateway.detection.spans import grow
from gateway.detection.tagging import Tag, Tagger
from gateway.detection.windows import SIZE, windows
from gateway.domain.errors import Code, ExchangeError
from gateway.domain.findings import Finding, Findings
from gateway.domain.ports import Detector
from gateway.domain.text import RawText

T = TypeVar("T")
_LEAST: Final = 200
"""Characters that even the shortest text costs: thousands of them are not one step."""
_MOST: Final = 200
"""Tags that are one step: what Presidio does with its results grows with their square."""
_AT_ONCE: Final = 4000
"""Characters of texts that are made readable where they are asked for: a step costs as much."""
_Window = tuple[int, int, int]
"""Index of a text, start and end in its view."""
_Few = tuple[int, Sequence[Tag]]
"""Index of a text, and some of its tags."""
_FAILED: Final = (
    "Detection failed, so nothing was sent to a model. Try again; if it fails again, ask the "
    "operator to run `intramural doctor`."
)
_NO_DICTIONARY: Final = (
    "The site's dictionary cannot be used, so nothing was sent to a model. Ask the operator to run "
    "`intramural detect dictionary list`."
)


class PresidioDetector:
    """presidio-analyzer with our rules, in `workers` threads, and a tagger in threads of its own.

    `reference_year` is this year: a full date more than ten years before it counts as a birth date.
    A tagger that has not answered after `timeout` seconds has failed. `chosen` says what a
    hospital's settings choose of what is found. `close` ends all threads.
    """

    def __init__(  # noqa: PLR0913 - what it is made of, each by name
        self,
        *,
        reference_year: int,
        tagger: Tagger,
        workers: int = 1,
        timeout: float = 60.0,
        dictionary: SiteDictionary | None = None,
        chosen: Chosen = USUAL,
    ) -> None:
        self._dictionary = dictionary
        self._tagger = tagger
        self._custom = chosen.custom
        rules = topics(reference_year, other_scripts=chosen.other_scripts)
        self._rules = rules_analyzer(rules)
        self._tags = tags_analyzer()
        self._timeout = timeout
        self._remembered = Remembered()
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="detection")
        self.recognizers = recognizer_names(rules)
        """What detection is made of, by name."""
        self.digest = digest(chosen)
        """SHA-256 of what detection is made of, its dictionary apart, in hexadecimal."""

    @property
    def healthy(self) -> bool:
        """Whether it can answer: its tagger computes."""
        return self._tagger.healthy

    async def detect(self, texts: Sequence[RawText]) -> Sequence[Findings]:
        """Return the findings of each text. See `gateway.domain.ports.Detector`."""
        return await self._detected(texts, None)

    def of(self, caller: str) -> Detector:
        """See `gateway.domain.ports.CallersDetector`."""
        return _OfCaller(partial(self._detected, caller=caller))

    async def _detected(self, texts: Sequence[RawText], caller: str | None) -> Sequence[Findings]:
        try:
            return await self._detect(texts, caller)
        except ExchangeError:
            raise
        except DictionaryError:
            raise ExchangeError(Code.DETECTION_FAILED, _NO_DICTIONARY) from None
        except Exception:  # noqa: BLE001 - whatever it is, it may quote the text: say only that it failed
            raise ExchangeError(Code.DETECTION_FAILED, _FAILED) from None

    async def _detect(self, texts: Sequence[RawText], caller: str | None) -> Sequence[Findings]:
        read = partial(self._read_as, texts, caller)
        short = sum(max(len(text), _LEAST) for text in texts) <= _AT_ONCE
        views, names = read() if short else await self._run(read)
        known = self._remembered
        found = [known.get(name) if name is not None else None for name in names]
        fresh = [index for index, findings in enumerate(found) if findings is None]
        new = [views[index] for index in fresh]
        seen, unread = await self._recognized(new)

        def finish() -> Sequence[Findings]:
            self._read(new, unread, seen)
            for index, findings in zip(fresh, seen, strict=True):
                found[index] = tuple(findings)
                if (name := names[index]) is not None:
                    known.put(name, findings)
            return _finish(views, [findings or () for findings in found], self._site())

        return await self._run(finish)

    def _read_as(
        self, texts: Sequence[RawText], caller: str | None
    ) -> tuple[list[Reading], list[bytes | None]]:
        """Return how each text is read, and what it is remembered by."""
        views = [reading_of(text.reveal(), self._custom) for text in texts]
        if caller is None:
            return views, [None] * len(views)
        return views, [self._remembered.name(caller, view.text) for view in views]

    async def _recognized(
        self, views: Sequence[Reading]
    ) -> tuple[list[list[Finding]], Sequence[_Few]]:
        """Return what the recognizers find in each of `views`, which nothing else decides.

        Of the tags one step is left to be read.
        """
        found: list[list[Finding]] = [[] for _ in views]
        if not views:
            return found, ()
        # The tagger computes without the GIL while the rules run, all texts of all requests in one.
        tagging = asyncio.ensure_future(self._tagged([view.text for view in views]))
        # Where the rules fail first nobody asks how it ended: that must not be said in a log.
        tagging.add_done_callback(lambda done: done.cancelled() or done.exception())
        try:
            # It begins before the rules do: they would keep it waiting for the GIL.
            await asyncio.sleep(0)
            # One step of bounded size at a time: a long text does not keep the others waiting.
            for step in _steps(views):
                if tagging.done():
                    tagging.result()  # Where it has failed, nobody waits for what the rules find.
                for index, findings in await self._run(partial(self._analyze, views, step)):
                    found[index].extend(findings)
            *readings, last = _readings(await tagging)
            for few in readings:
                await self._run(partial(self._read, views, few, found))
        finally:
            tagging.cancel()
        return found, last

    def _site(self) -> Dictionary | None:
        return None if self._dictionary is None else self._dictionary.current()

    async def _tagged(self, texts: Sequence[str]) -> Sequence[Sequence[Tag]]:
        async with asyncio.timeout(self._timeout):
            tags = await self._tagger.tag_soon(texts)
        if len(tags) != len(texts):
            raise ValueError("a tagger answers for each text")
        return tags

    def _read(
        self, views: Sequence[Reading], few: Sequence[_Few], found: Sequence[list[Finding]]
    ) -> None:
        for index, tags in few:
            found[index].extend(self._tags.analyze(views[index].text, tags))

    async def _run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    def _analyze(
        self, views: Sequence[Reading], step: Sequence[_Window]
    ) -> list[tuple[int, list[Finding]]]:
        return [
            (
                index,
                [_moved(each, start) for each in self._rules.analyze(views[index].text[start:end])],
            )
            for index, start, end in step
        ]

    def close(self) -> None:
        """End the threads, the tagger's too; running steps are waited for."""
        self._tagger.close()
        self._pool.shutdown()


@dataclass(frozen=True, slots=True)
class _OfCaller:
    """The same detector, which remembers what it found for one caller."""

    _detected: Callable[[Sequence[RawText]], Awaitable[Sequence[Findings]]]

    async def detect(self, texts: Sequence[RawText]) -> Sequence[Findings]:
        """Return the findings of each text. See `gateway.domain.ports.Detector`."""
        return await self._detected(texts)


def _readings(tagged: Sequence[Sequence[Tag]]) -> list[list[_Few]]:
    """Return all tags of all texts, in groups of at most `_MOST`; one group where there is none."""
    steps: list[list[_Few]] = [[]]
    room = _MOST
    for index, tags in enumerate(tagged):
        start = 0
        while start < len(tags):
            if not room:
                steps.append([])
                room = _MOST
            few = tags[start : start + room]
            steps[-1].append((index, few))
            start += len(few)
            room -= len(few)
    return steps


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
    return finding.at(finding.start + by, finding.end + by)


def _finish(
    views: Sequence[Reading], found: Sequence[Sequence[Finding]], site: Dictionary | None
) -> tuple[Findings, ...]:
    """Return what the recognizers `found`, with what it reveals elsewhere, as disjoint findings."""

    @cache  # Several recognizers find the same, and all of it is asked again when it is merged.
    def harmless(text: str, start: int, end: int) -> bool:
        return is_harmless(text, start, end) or (site is not None and site.allows(text, start, end))

    # What is harmless is not sought elsewhere either.
    grown = [
        without_harmless(
            [
                *view.seeds,
                *(grow(each, view.text) for each in findings),
                *(site.find(view.text) if site else ()),
            ],
            view.text,
            harmless,
        )
        for view, findings in zip(views, found, strict=True)
    ]
    everywhere = propagate([view.text for view in views], grown)
    return tuple(
        view.findings(merge([*own, *more], view.text, harmless))
        for view, own, more in zip(views, grown, everywhere, strict=True)
    )
