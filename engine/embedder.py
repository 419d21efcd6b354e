"""Texts to vectors: WordPiece, a BERT-family encoder, the mean of its states, and length one.

Vectors of two texts compare by their scalar product, which is their cosine.
"""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from engine.ct2 import EncoderReplicas
from engine.decoder import Array
from engine.devices import detect_devices
from engine.encoder import EncoderWorkers, pooled
from engine.errors import InputTooLong, UnsupportedInput
from engine.loading import loading
from engine.store import InstalledModel
from engine.wordpiece import WordPiece

QUEUE: Final = 8192
"""Texts that may wait: four requests of the most that OpenAI's interface takes in one."""


@dataclass(frozen=True, slots=True)
class PreparedTexts:
    """Texts that fit, as ids, and can be run as often as one likes."""

    rows: tuple[list[int], ...]

    @property
    def tokens(self) -> int:
        """How many tokens they have together, the two around each text included."""
        return sum(map(len, self.rows))

    def __repr__(self) -> str:
        return f"<PreparedTexts {len(self.rows)}>"


class Embedder:
    """One model in memory. `prepare` may be called from any thread, `embed` from any event loop."""

    def __init__(
        self,
        model: InstalledModel,
        *,
        replicas: int | None = None,
        threads: int = 1,
        queue: int = QUEUE,
    ) -> None:
        count = replicas or detect_devices().replicas(threads)
        self.model = model
        self.replicas = count
        self.dimensions = model.manifest.hidden
        self._wordpiece = WordPiece.load(model.path)
        with loading(model.name):
            network = EncoderReplicas(model.path, replicas=count, threads=threads)
        self._workers = EncoderWorkers(network, replicas=count, queue=queue)
        # Whoever forgets `close` gets it at the end of the process, or of the embedder.
        self._finalizer = weakref.finalize(self, self._workers.close)

    @property
    def waiting(self) -> int:
        """How many texts wait in the queue."""
        return self._workers.waiting

    @property
    def healthy(self) -> bool:
        """Whether a replica is left that does not stand still."""
        return self._workers.healthy

    def prepare(self, texts: Sequence[str]) -> PreparedTexts:
        """Tokenize. Raises `UnsupportedInput` for an empty text, `InputTooLong` past the limit."""
        limit = self.model.manifest.context_length
        rows = []
        for index, text in enumerate(texts):
            if not text:
                raise UnsupportedInput("A text is empty: send at least one character in each.")
            row = self._wordpiece.framed(self._wordpiece.encode(text)[0])
            if len(row) > limit:
                raise InputTooLong(index, len(row), limit)
            rows.append(row)
        return PreparedTexts(tuple(rows))

    async def embed(self, prepared: PreparedTexts) -> list[Array]:
        """Return a vector of length one for each text, `[dimensions]`, in their order.

        Cancelling the call takes what has not run out of the queue. Raises `Overloaded` at once,
        `EngineFailed` at any point.
        """
        return await asyncio.wrap_future(self._workers.submit(prepared.rows, pooled))

    def close(self) -> None:
        """Fail what is left and join the threads; blocks for one batch."""
        self._finalizer()
