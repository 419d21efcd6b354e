"""Names, places and the like in texts: an encoder, a linear layer, the best sequence of labels.

Long texts run in overlapping windows, those of all requests in the same queue. Offsets are of
Python characters.
"""

from __future__ import annotations

import asyncio
import re
import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import msgspec
import numpy as np

from engine.ct2 import EncoderReplicas
from engine.decoder import Array
from engine.devices import detect_devices
from engine.encoder import EncoderWorkers
from engine.errors import ModelChanged
from engine.loading import loading
from engine.prepared import Prepared
from engine.store import InstalledModel
from engine.subwords import FILE, Ints
from engine.tagger_head import Head
from engine.tags import Window, best, certainty, spans, windows

QUEUE: Final = 8192
"""Windows that may wait: some two million characters."""
_AT_ONCE: Final = 4000
"""Characters of texts that are cut into windows, and whose scores are read, where they are asked:
to have a thread do it costs half as much as the work, and the work would hold the GIL there."""
_LEAST: Final = 200
"""Characters that even the shortest text costs: thousands of them are not done at once."""


_ENDS: Final = (
    # A paragraph;
    re.compile(r"\n[ \t\r]{0,64}\n\s{0,64}"),
    # a sentence, told from an abbreviation by the length of its last word, which is asked for
    # behind its mark: a pattern that begins with a rare sign is sought much faster;
    re.compile(
        r"[.!?\u3002\uff01\uff1f](?:(?<=[^\W\d_]{4}[.!?])[\"')\]]?\s{1,64}"
        r"|(?<=[\u3002\uff01\uff1f])\s{0,64})"
    ),
    # a line, which may end in mid-sentence.
    re.compile(r"\n{1,64}"),
)
"""Where a text is cut into windows, best first."""


@dataclass(frozen=True, slots=True, order=True)
class Tag:
    """Something named in a text: where, what it is, and how sure. It holds no text."""

    start: int
    end: int
    label: str
    score: float
    """Mean over its tokens of the probability of the type."""


@dataclass(frozen=True, slots=True)
class _Text:
    """One text on its way: the windows over its tokens, and the characters that each stands for."""

    text: str
    windows: Sequence[Window]
    places: Ints

    def __repr__(self) -> str:
        return f"<_Text {len(self.places)} tokens>"


class Tagger:
    """One model in memory. `tag` may be called from any thread, `tag_soon` from any event loop."""

    def __init__(
        self,
        model: InstalledModel,
        *,
        replicas: int | None = None,
        threads: int = 1,
        queue: int = QUEUE,
    ) -> None:
        """Take a model that was opened for `tag`. Raises `ModelChanged` if its parts do not fit."""
        count = replicas or detect_devices().replicas(threads)
        self.model = model
        self.replicas = count
        self._subwords = Prepared(model.path / FILE)
        try:
            self._head = Head.load(model.path)
        except (ValueError, KeyError, msgspec.DecodeError) as error:
            raise ModelChanged(f"the head of the tagger {model.name} cannot be read") from error
        with loading(model.name):
            network = EncoderReplicas(model.path, replicas=count, threads=threads)
        self._workers = EncoderWorkers(network, replicas=count, queue=queue)
        # Whoever forgets `close` gets it at the end of the process, or of the tagger.
        self._finalizer = weakref.finalize(self, self._workers.close)

    @property
    def types(self) -> tuple[str, ...]:
        """What it can find."""
        return self._head.scheme.types

    @property
    def waiting(self) -> int:
        """How many windows wait in the queue."""
        return self._workers.waiting

    @property
    def healthy(self) -> bool:
        """Whether a replica is left that does not stand still."""
        return self._workers.healthy

    def tag(self, texts: Sequence[str]) -> list[tuple[Tag, ...]]:
        """Return the tags of each text, in their order; disjoint. Blocks, mostly without the GIL.

        Raises `Overloaded` at once, `EngineFailed` or `EngineClosed`: never a part of an answer.
        """
        plan, rows = self._plan(texts)
        return self._tags(plan, self._workers.submit(rows, self._head.scores).result())

    async def tag_soon(self, texts: Sequence[str]) -> list[tuple[Tag, ...]]:
        """Do as `tag`, from an event loop; cancelling it drops what has not run.

        Long texts do not keep the loop from others.
        """
        if sum(max(len(text), _LEAST) for text in texts) <= _AT_ONCE:
            plan, rows = self._plan(texts)
            scores = await asyncio.wrap_future(self._workers.submit(rows, self._head.scores))
            return self._tags(plan, scores)
        plan, rows = await asyncio.to_thread(self._plan, texts)
        scores = await asyncio.wrap_future(self._workers.submit(rows, self._head.scores))
        return await asyncio.to_thread(self._tags, plan, scores)

    def close(self) -> None:
        """Fail what is left and join the threads; blocks for one batch."""
        self._finalizer()

    def _plan(self, texts: Sequence[str]) -> tuple[list[_Text], list[list[int]]]:
        tagging, pieces = self._head.tagging, self._subwords
        plan, rows = [], []
        for text, encoded in zip(texts, pieces.encode_all(texts), strict=True):
            ends = _ends(text, encoded.places[:, 1], tagging.window)
            parts = windows(len(encoded.ids), tagging.window - 2, tagging.overlap, ends)
            plan.append(_Text(text, parts, encoded.places))
            ids = encoded.ids.tolist()
            rows += [[pieces.first, *ids[part.start : part.end], pieces.last] for part in parts]
        return plan, rows

    def _tags(self, plan: list[_Text], scores: list[Array]) -> list[tuple[Tag, ...]]:
        results = iter(scores)
        return [
            self._tagged(
                text,
                [
                    next(results)[part.first - part.start : part.last - part.start]
                    for part in text.windows
                ],
            )
            for text in plan
        ]

    def _tagged(self, text: _Text, kept: list[Array]) -> tuple[Tag, ...]:
        if not kept:
            return ()
        scheme = self._head.scheme
        scores = np.concatenate(kept)
        labels = best(scores + self._head.shift, scheme)
        kinds = scheme.type_of[labels]
        # How sure a type is, is asked of the tokens that have one: of most texts, few.
        (named,) = np.nonzero(kinds >= 0)
        if not len(named):
            return ()
        sure = certainty(scores[named], scheme)[np.arange(len(named)), kinds[named]].tolist()
        places = text.places.tolist()
        tags = []
        done = 0
        for first, end, kind in spans(labels, scheme):
            own = sure[done : done + end - first]
            done += end - first
            score = round(sum(own) / len(own), 4)
            start, stop = places[first][0], places[end - 1][1]
            # A piece may begin with the white space before its word.
            value = text.text[start:stop]
            start += len(value) - len(value.lstrip())
            stop -= len(value) - len(value.rstrip())
            if start < stop:
                tags.append(Tag(start, stop, scheme.types[kind], score))
        return tuple(tags)


def _ends(text: str, stops: Ints, window: int) -> Sequence[Sequence[int]]:
    """Return the tokens before which a text may be cut, by how well; none if it is short.

    `stops` are where tokens end. A token begins with the white space before its word: the first one
    of a sentence is the one that ends behind the sentence's first character, and begins before it.
    """
    if len(stops) <= window - 2:
        return ()
    found = []
    for pattern in _ENDS:
        places = [match.end() for match in pattern.finditer(text)]
        found.append(np.unique(np.searchsorted(stops, places, side="right")).tolist())
    return found
