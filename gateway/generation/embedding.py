"""The embedder in this process: the domain's `Engine` port over `engine.Embedder`."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field

import engine
from gateway.domain.exchange import Ask, End, FinishReason, Model, Task, Usage, Vectors
from gateway.domain.policy import Terms
from gateway.domain.ports import Prompt, Receipt
from gateway.domain.text import RedactedText
from gateway.generation.local import translated
from gateway.settings import Embeddings


@dataclass(frozen=True, slots=True)
class EmbeddingPrompt:
    """What `LocalEmbedder.prepare` made, and `LocalEmbedder.generate` alone runs."""

    prepared: engine.PreparedTexts = field(repr=False)

    @property
    def tokens(self) -> int:
        """How many tokens the texts have together."""
        return self.prepared.tokens


class LocalEmbedder:
    """One `Embedder`, of the model that the settings name."""

    def __init__(self, embedder: engine.Embedder) -> None:
        self._embedder = embedder
        manifest = embedder.model.manifest
        self._model = Model(
            manifest.name,
            embedder.model.digest,
            manifest.context_length,
            manifest.created,
            Task.EMBED,
        )

    @classmethod
    def load(cls, store: engine.ModelStore, name: str, settings: Embeddings) -> LocalEmbedder:
        """Verify and load the model. Raises `engine.ModelError`."""
        return cls(
            engine.Embedder(
                store.open(name, "embed"),
                replicas=settings.replicas,
                threads=settings.threads,
                queue=settings.queue,
            )
        )

    @property
    def ready(self) -> bool:
        """Whether a replica is left that does not stand still."""
        return self._embedder.healthy

    def models(self) -> Sequence[Model]:
        """Return the one model."""
        return (self._model,)

    def expecting(self, model: Model) -> AbstractContextManager[None]:  # noqa: ARG002 - the port's
        """Do nothing: who is coming changes nothing here."""
        return nullcontext()

    def prepare(
        self,
        model: Model,
        ask: Ask[RedactedText],
        max_tokens: int,  # noqa: ARG002 - nothing is written
        terms: Terms,  # noqa: ARG002 - requests take turns, and no vector is kept
    ) -> EmbeddingPrompt:
        """Tokenize and check, as the port says."""
        if model != self._model:
            raise ValueError("prepare takes one of the engine's own models")
        texts = [text.for_engine() for text in ask.conversation.texts()]
        try:
            return EmbeddingPrompt(self._embedder.prepare(texts))
        except engine.EngineError as error:
            raise translated(error, of="input") from error

    async def generate(
        self, prompt: Prompt, receipt: Receipt
    ) -> AsyncGenerator[Vectors | End, None]:
        """Give the vectors of all texts, then one `End`. No receipt, no run (invariant 2)."""
        if not isinstance(receipt, Receipt):
            raise TypeError("an engine runs nothing without a receipt of the ledger")
        if not isinstance(prompt, EmbeddingPrompt):
            raise TypeError("this engine runs only what it has prepared")
        try:
            vectors = await self._embedder.embed(prompt.prepared)
        except engine.EngineError as error:
            raise translated(error) from error
        yield Vectors(tuple(vector.astype("<f4").tobytes() for vector in vectors))
        yield End(FinishReason.STOP, Usage(prompt.tokens, 0))

    def close(self) -> None:
        """Stop the embedder and join its threads; blocks for one batch."""
        self._embedder.close()
