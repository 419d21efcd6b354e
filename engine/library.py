"""The models that one process serves: known from the start, in memory as far as they fit.

A prompt is prepared without the weights, so only generating loads a model. What is loaded is, byte
by byte, what the start has seen: a record that names a model's digest stays true.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, aclosing, contextmanager, nullcontext
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from engine.errors import EngineError, ModelChanged
from engine.generator import Generator, PreparedPrompt, Preparer
from engine.job import Finished, Text
from engine.plan import ModelPlan
from engine.pool import PATIENCE, Pool
from engine.prompts import Prompts
from engine.shares import Shares
from engine.store import InstalledModel, ModelStore
from engine.warmup import warm_up

Load = Callable[[InstalledModel, ModelPlan, Prompts], Generator]
"""Makes the generator of a verified model as planned, with the prompts that are there already."""


class Change(StrEnum):
    """What became of a model."""

    LOADED = "loaded"
    UNLOADED = "unloaded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Notice:
    """For whoever watches: which model, what became of it, and how long that took."""

    model: str
    change: Change
    milliseconds: int = 0
    error: BaseException | None = None


class ServedModel(Preparer):
    """A model that may be in memory or not: it prepares at once, and generates once it is there."""

    def __init__(self, model: InstalledModel, plan: ModelPlan, pool: Pool[Generator]) -> None:
        super().__init__(model, plan)
        self._pool = pool

    def expecting(self) -> AbstractContextManager[None]:
        """Say that a prompt is on its way; a model that is not in memory need not know."""
        generator = self._pool.peek(self.model.name)
        return nullcontext() if generator is None else generator.expecting()

    async def generate(self, prompt: PreparedPrompt) -> AsyncGenerator[Text | Finished, None]:
        """Stream as `Generator.generate`; until the end the model stays in memory.

        Raises also `NoRoom` at once where models with work leave none, and a `ModelError` where
        the model cannot be loaded. Nothing was computed then.
        """
        async with (
            self._pool.lease(self.model.name) as generator,
            aclosing(generator.generate(prompt)) as events,
        ):
            async for event in events:
                yield event


class Library:
    """Several models of a store under one memory budget.

    `models` were verified just now, and are again at each later load. With `fill`, the pinned ones
    are loaded at once, then the others in their order, as far as there is room; this blocks. Where
    none can be loaded, the error of the first is raised, and nothing stays loaded.
    """

    def __init__(  # noqa: PLR0913 - each says another thing about the same models
        self,
        store: ModelStore,
        models: Sequence[InstalledModel],
        shares: Shares,
        *,
        load: Load,
        pinned: Collection[str] = (),
        notify: Callable[[Notice], None] = lambda _: None,
        fill: bool = True,
        patience: float = PATIENCE,
    ) -> None:
        self._store = store
        self._load = load
        self._notify = notify
        self._pinned = frozenset(pinned)
        self._pool = Pool(
            self._open,
            shares.sizes,
            budget=shares.budget,
            pinned=pinned,
            unloaded=lambda name: notify(Notice(name, Change.UNLOADED)),
            patience=patience,
        )
        self.models: Mapping[str, ServedModel] = MappingProxyType(
            {
                model.name: ServedModel(model, shares.plans[model.name], self._pool)
                for model in sorted(models, key=lambda model: model.name)
            }
        )
        self._fresh: dict[str, InstalledModel] = {}
        if fill:
            try:
                self._fill(models)
            except BaseException:
                self.close()
                raise

    @property
    def loaded(self) -> tuple[str, ...]:
        """Names of the models in memory, in order."""
        return self._pool.loaded

    @property
    def ready(self) -> bool:
        """Whether every pinned model is in memory, and none has replicas that all stand still.

        A pinned model that is not there is tried again.
        """
        missing = self._pinned.difference(self._pool.loaded)
        for name in sorted(missing):
            self._pool.ask_for(name)
        there = [self._pool.peek(name) for name in self._pool.loaded]
        return not missing and all(each is None or each.healthy for each in there)

    def close(self) -> None:
        """Unload everything and join the threads; blocks for one step of what runs."""
        self._pool.close()

    def _fill(self, models: Sequence[InstalledModel]) -> None:
        failure: EngineError | None = None
        self._fresh = {model.name: model for model in models}
        for model in sorted(models, key=lambda model: model.name not in self._pinned):
            try:
                self._pool.preload(model.name)
            except EngineError as error:
                failure = failure or error
        # What was verified a moment ago is not verified twice; any later load is.
        self._fresh.clear()
        if failure is not None and not self._pool.loaded:
            raise failure

    def _open(self, name: str) -> Callable[[], Generator]:
        started = time.monotonic()
        with self._telling(name, started):
            model = self._fresh.pop(name, None) or self._store.open(name)
            if model.digest != self.models[name].model.digest:
                # Whole, and another: prompts were prepared for the one that the start has seen,
                # and a record that was written before would name what did not run.
                raise ModelChanged(
                    f"model {name} was replaced while it was served; start again to serve it"
                )

        def load() -> Generator:
            with self._telling(name, started):
                served = self.models[name]
                generator = self._load(model, served.plan, served.prompts)
                try:
                    warm_up(generator)
                except BaseException:
                    generator.close()
                    raise
            self._notify(Notice(name, Change.LOADED, _since(started)))
            return generator

        return load

    @contextmanager
    def _telling(self, name: str, started: float) -> Iterator[None]:
        try:
            yield
        except BaseException as error:
            self._notify(Notice(name, Change.FAILED, _since(started), error))
            raise


def _since(started: float) -> int:
    return int((time.monotonic() - started) * 1000)
