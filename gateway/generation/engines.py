"""Several engines as one: a model is prepared and run by the engine that has it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from gateway.domain.exchange import Ask, Event, Model
from gateway.domain.policy import Terms
from gateway.domain.ports import Engine, Prompt, Receipt
from gateway.domain.text import RedactedText


@dataclass(frozen=True, slots=True)
class _Routed:
    """A prompt, and the engine that prepared it."""

    engine: Engine
    prompt: Prompt = field(repr=False)

    @property
    def tokens(self) -> int:
        """How many tokens the prompt has."""
        return self.prompt.tokens


class Engines:
    """One engine for each task, behind one port. No two of their models have one name."""

    def __init__(self, *engines: Engine) -> None:
        self._of = {model.name: engine for engine in engines for model in engine.models()}
        self._models = tuple(model for engine in engines for model in engine.models())
        if len(self._of) != len(self._models):
            raise ValueError("two engines have a model of the same name")

    def models(self) -> Sequence[Model]:
        """Return what is served, engine by engine."""
        return self._models

    def expecting(self, model: Model) -> AbstractContextManager[None]:
        """Tell the model's own engine."""
        return self._of[model.name].expecting(model)

    def prepare(
        self, model: Model, ask: Ask[RedactedText], max_tokens: int, terms: Terms
    ) -> _Routed:
        """Have the model's own engine tokenize and check."""
        engine = self._of[model.name]
        return _Routed(engine, engine.prepare(model, ask, max_tokens, terms))

    def generate(self, prompt: Prompt, receipt: Receipt) -> AsyncGenerator[Event, None]:
        """Have the engine that prepared it run the prompt."""
        if not isinstance(prompt, _Routed):
            raise TypeError("these engines run only what one of them has prepared")
        return prompt.engine.generate(prompt.prompt, receipt)
