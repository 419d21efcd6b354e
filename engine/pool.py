"""Which models are in memory: several under one budget, loaded on demand, idle ones unloaded.

A model that has work is never unloaded, and the budget holds at every moment: one thread unloads
and loads, in that order. The choice whom to unload is `to_unload`, which is pure.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from itertools import count
from typing import Final, Generic, Protocol, TypeVar

from engine.errors import DoesNotFit, EngineClosed, EngineError, LoadFailed, NoRoom

PATIENCE: Final = 10.0
"""Seconds for which a model that could not be loaded is not tried again: each try reads it all."""


@dataclass(frozen=True, slots=True)
class Resident:
    """A model in memory, as far as the choice cares. `used` orders models by their last use."""

    name: str
    size: int
    used: int
    keep: bool
    """It has work, or is pinned."""


def to_unload(residents: Iterable[Resident], size: int, budget: int) -> tuple[str, ...] | None:
    """Return whose memory makes room for `size` bytes more, the least recently used first.

    None more than that takes; empty if there is room. `None` if there is not even room without all
    that may go.
    """
    residents = tuple(residents)
    excess = sum(each.size for each in residents) + size - budget
    chosen: list[Resident] = []
    for each in sorted((each for each in residents if not each.keep), key=lambda each: each.used):
        if excess <= 0:
            break
        chosen.append(each)
        excess -= each.size
    if excess > 0:
        return None
    # A small model that was chosen before a large one may not be in the way after all.
    for each in reversed(tuple(chosen)):
        if excess + each.size <= 0:
            chosen.remove(each)
            excess += each.size
    return tuple(each.name for each in chosen)


class Closable(Protocol):
    """What a pool holds (`Generator`)."""

    def close(self) -> bool:
        """Free the memory before it returns; `False` where that cannot be done."""
        ...


T = TypeVar("T", bound=Closable)
Opened = Callable[[], T]
"""Puts into memory what was verified."""


class _Entry(Generic[T]):
    """A model that is in memory, or on its way there while `loaded` is not done."""

    __slots__ = ("leases", "loaded", "name", "size", "used")

    def __init__(self, name: str, size: int) -> None:
        self.name = name
        self.size = size
        self.loaded: Future[T | EngineError] = Future()
        # From here on nobody can cancel it: a caller who leaves takes nothing from the others.
        self.loaded.set_running_or_notify_cancel()
        self.leases = 0
        self.used = 0

    @property
    def there(self) -> bool:
        return self.loaded.done() and not isinstance(self.loaded.result(), EngineError)

    def model(self) -> T:
        """Return the model, or raise why there is none, once `loaded` is done."""
        result = self.loaded.result()
        if isinstance(result, EngineError):
            raise _again(result)
        return result


class Pool(Generic[T]):
    """Lends models. `lease` may be called in any event loop, the rest from any thread.

    `open_` verifies a model and returns what loads it; both run on the pool's thread. `sizes` says
    what each model takes, in bytes; `unloaded` is told of each that went to make room. Raises
    `DoesNotFit` for one that could never be loaded.
    """

    def __init__(  # noqa: PLR0913 - what it manages, within which bounds, and who watches
        self,
        open_: Callable[[str], Opened[T]],
        sizes: Mapping[str, int],
        *,
        budget: int,
        pinned: Collection[str] = (),
        unloaded: Callable[[str], None] = lambda _: None,
        patience: float = PATIENCE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        held = sum(sizes[name] for name in pinned)
        for name, size in sorted(sizes.items()):
            if held + (0 if name in pinned else size) > budget:
                raise DoesNotFit(
                    f"{name} and the pinned models do not fit into memory together: give the "
                    "engine more (engine.memory), or pin fewer (engine.pinned)"
                )
        self._open = open_
        self._sizes = dict(sizes)
        self._budget = budget
        self._pinned = frozenset(pinned)
        self._unloaded = unloaded
        self._patience = patience
        self._clock = clock
        self._lock = threading.Lock()
        self._entries: dict[str, _Entry[T]] = {}
        self._failures: dict[str, tuple[float, EngineError]] = {}
        self._uses = count(1)
        self._closed = False
        self._loader = ThreadPoolExecutor(1, thread_name_prefix="engine-loader")

    @property
    def loaded(self) -> tuple[str, ...]:
        """Names of the models in memory, in order."""
        with self._lock:
            return tuple(sorted(name for name, entry in self._entries.items() if entry.there))

    def peek(self, name: str) -> T | None:
        """Return a model if it is in memory now; without a lease it may go at any moment."""
        with self._lock:
            entry = self._entries.get(name)
            return entry.model() if entry is not None and entry.there else None

    @asynccontextmanager
    async def lease(self, name: str) -> AsyncIterator[T]:
        """Lend a model, which is loaded first if it has to be; until the end it stays in memory.

        Raises `NoRoom` at once where models with work fill the budget, or what `open_` and its
        result raise.
        """
        entry = self._enter(name)
        try:
            if not entry.loaded.done():
                await asyncio.wrap_future(entry.loaded)
            yield entry.model()
        finally:
            self._leave(entry)

    def preload(self, name: str) -> bool:
        """Load a model unless another would have to go; wait, and return whether it is there.

        Raises as `lease`.
        """
        with self._lock:
            entry = self._entries.get(name)
            others = to_unload(self._residents(), self._sizes[name], self._budget)
        if entry is None and others != ():
            return False
        entry = self._enter(name)
        try:
            entry.model()
        finally:
            self._leave(entry)
        return True

    def ask_for(self, name: str) -> None:
        """Begin to load a model and wait for nothing; why it fails is told to who leases it."""
        with suppress(EngineError):
            self._leave(self._enter(name))

    def close(self) -> None:
        """Fail who waits, unload everything and join the thread; waits for a load that runs."""
        with self._lock:
            self._closed = True
            entries = list(self._entries.values())
        for entry in entries:
            if entry.there:
                entry.model().close()
        self._loader.shutdown(wait=True, cancel_futures=True)
        for entry in entries:
            if not entry.loaded.done():
                entry.loaded.set_result(EngineClosed())

    def _enter(self, name: str) -> _Entry[T]:
        with self._lock:
            if self._closed:
                raise EngineClosed
            entry = self._entries.get(name) or self._begin(name)
            entry.leases += 1
            entry.used = next(self._uses)
            return entry

    def _leave(self, entry: _Entry[T]) -> None:
        with self._lock:
            entry.leases -= 1
            entry.used = next(self._uses)

    def _begin(self, name: str) -> _Entry[T]:
        """Queue a load, or raise at once: for what failed lately, or for want of room."""
        until, failure = self._failures.get(name, (0.0, None))
        if failure is not None and self._clock() < until:
            raise _again(failure)
        if to_unload(self._residents(), self._sizes[name], self._budget) is None:
            raise NoRoom
        entry = self._entries[name] = _Entry(name, self._sizes[name])
        self._loader.submit(self._load, entry)
        return entry

    def _load(self, entry: _Entry[T]) -> None:
        try:
            self._put(entry)
        except BaseException as error:  # noqa: BLE001 - told to everybody who waits for the model
            failure = _again(error) if isinstance(error, EngineError) else LoadFailed(entry.name)
            with self._lock:
                del self._entries[entry.name]
                if not isinstance(failure, NoRoom | EngineClosed):
                    self._failures[entry.name] = (self._clock() + self._patience, failure)
            entry.loaded.set_result(failure)

    def _put(self, entry: _Entry[T]) -> None:
        # Verified before anybody has to go: a broken model puts no other out of memory.
        load = self._open(entry.name)
        stuck = 0
        for other in self._make_room(entry):
            if other.model().close() is False:
                stuck += other.size
            self._unloaded(other.name)
        if stuck:
            # What stands still occupies its memory for as long as the process lives.
            with self._lock:
                self._budget -= stuck
            raise NoRoom
        loaded = load()
        with self._lock:
            # In one step with the question, so that `close` finds every model that is there.
            if not self._closed:
                self._failures.pop(entry.name, None)
                entry.loaded.set_result(loaded)
                return
        loaded.close()
        raise EngineClosed

    def _make_room(self, entry: _Entry[T]) -> list[_Entry[T]]:
        """Take out of the table who has to go, by who has work now and not when this was asked."""
        with self._lock:
            if self._closed:
                raise EngineClosed
            # What waits to be loaded after this one occupies nothing yet.
            there = [each for each in self._residents() if self._entries[each.name].there]
            names = to_unload(there, entry.size, self._budget)
            if names is None:
                raise NoRoom
            return [self._entries.pop(name) for name in names]

    def _residents(self) -> list[Resident]:
        return [
            Resident(
                entry.name,
                entry.size,
                entry.used,
                keep=entry.leases > 0 or entry.name in self._pinned or not entry.there,
            )
            for entry in self._entries.values()
        ]


def _again(error: EngineError) -> EngineError:
    """Return a copy without a past: an error that is kept would keep its callers' variables too."""
    kind = type(error)
    copy = kind.__new__(kind, *error.args)
    copy.__dict__.update(error.__dict__)
    return copy
