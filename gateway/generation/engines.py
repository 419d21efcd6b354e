"""Several engines as one: a model is prepared and run by the engine that has it."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractContextManager, aclosing
from dataclasses import dataclass, field

from gateway.domain.exchange import Ask, Event, Model, Task
from gateway.domain.policy import Terms
from gateway.domain.ports import Engine, Prompt, Receipt
from gateway.domain.text import RedactedText
from gateway.generation.counting import InFlight


@dataclass(frozen=True, slots=True)
class _Routed:
    """A prompt, and the engine that prepared it."""

    engine: Engine
    prompt: Prompt = field(repr=False)
    task: Task
    partition: str = field(repr=False)
    in_flight: int | None

    @property
    def tokens(self) -> int:
        """How many tokens the prompt has."""
        return self.prompt.tokens


class SameName(Exception):  # noqa: N818 - reads as a state
    """Nobody could tell which of two models is meant; the message says what to do."""


class Engines:
    """One engine for each task, behind one port. No two of their models have one name.

    An engine that generates keeps to what policy lets one caller have in flight; the others know no
    callers, and are kept to it here, all of them together.
    """

    def __init__(self, *engines: Engine) -> None:
        """Raise `SameName` where it would not be clear which engine has a model."""
        self._of = {model.name: engine for engine in engines for model in engine.models()}
        self._in_flight = InFlight()
        self._models = tuple(model for engine in engines for model in engine.models())
        if len(self._of) != len(self._models):
            names = Counter(model.name for model in self._models)
            twice = ", ".join(sorted(name for name, count in names.items() if count > 1))
            raise SameName(
                f"two engines have a model of the same name, {twice}: give the one elsewhere "
                "another name in engine.openai.models, or import the one here under another"
            )

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
        prompt = engine.prepare(model, ask, max_tokens, terms)
        return _Routed(engine, prompt, model.task, terms.partition, terms.in_flight)

    def generate(self, prompt: Prompt, receipt: Receipt) -> AsyncGenerator[Event, None]:
        """Have the engine that prepared it run the prompt."""
        if not isinstance(prompt, _Routed):
            raise TypeError("these engines run only what one of them has prepared")
        if prompt.task is Task.GENERATE:
            return prompt.engine.generate(prompt.prompt, receipt)
        return self._counted(prompt, receipt)

    async def _counted(self, prompt: _Routed, receipt: Receipt) -> AsyncGenerator[Event, None]:
        with self._in_flight.counted(prompt.partition, prompt.in_flight):
            async with aclosing(prompt.engine.generate(prompt.prompt, receipt)) as events:
                async for event in events:
                    yield event
