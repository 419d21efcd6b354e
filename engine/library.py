"""The models that one process serves: known from the start, in memory as far as they fit.

A prompt is prepared without the weights, so only generating loads a model. What is loaded is, byte
by byte, what the start has seen: a record that names a model's digest stays true.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable, Collection, Iterator, Mapping, Sequence
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from engine.errors import EngineError, ModelChanged, ModelNotFound
from engine.generator import Generator, PreparedPrompt, Preparer
from engine.pool import PATIENCE, Pool
from engine.prompts import Prompts
from engine.store import InstalledModel, ModelStore
from engine.warmup import warm_up
from engine.worker import Finished, Text

Load = Callable[[InstalledModel, Prompts], Generator]
"""Makes the generator of a verified model, with the prompts that are there already."""


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

    def __init__(self, model: InstalledModel, pool: Pool[Generator]) -> None:
        super().__init__(model)
        self._pool = pool

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

    Every model is verified when this is made, and again at each later load. With `fill`, the pinned
    models are loaded at once, then the others in their order, as far as there is room; this blocks.
    Raises a `ModelError` for a model that is not what was imported or could never be loaded, and
    the error of the first where none can be; then nothing stays loaded.
    """

    def __init__(  # noqa: PLR0913 - each says another thing about the same models
        self,
        store: ModelStore,
        names: Sequence[str],
        *,
        load: Load,
        size_of: Callable[[InstalledModel], int],
        budget: int,
        pinned: Collection[str] = (),
        notify: Callable[[Notice], None] = lambda _: None,
        fill: bool = True,
        patience: float = PATIENCE,
    ) -> None:
        if unknown := sorted(set(pinned) - set(names)):
            raise ModelNotFound(f"engine.pinned names {unknown[0]}, which is not served")
        self._store = store
        self._load = load
        self._notify = notify
        self._names = tuple(dict.fromkeys([*pinned, *names]))
        self._pinned = frozenset(pinned)
        models = {name: store.open(name) for name in self._names}
        self._fresh = dict(models) if fill else {}
        self._pool = Pool(
            self._open,
            {name: size_of(model) for name, model in models.items()},
            budget=budget,
            pinned=pinned,
            unloaded=lambda name: notify(Notice(name, Change.UNLOADED)),
            patience=patience,
        )
        self.models: Mapping[str, ServedModel] = MappingProxyType(
            {name: ServedModel(model, self._pool) for name, model in sorted(models.items())}
        )
        if fill:
            try:
                self._fill()
            except BaseException:
                self.close()
                raise

    @property
    def loaded(self) -> tuple[str, ...]:
        """Names of the models in memory, in order."""
        return self._pool.loaded

    @property
    def ready(self) -> bool:
        """Whether every pinned model is in memory. One that is not is tried again."""
        missing = self._pinned.difference(self._pool.loaded)
        for name in sorted(missing):
            self._pool.ask_for(name)
        return not missing

    def close(self) -> None:
        """Unload everything and join the threads; blocks for one step of what runs."""
        self._pool.close()

    def _fill(self) -> None:
        failure: EngineError | None = None
        for name in self._names:
            try:
                self._pool.preload(name)
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
                generator = self._load(model, self.models[name].prompts)
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
