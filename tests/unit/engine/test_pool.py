"""The pool: loaded on demand and once, unloaded when idle, never over its budget."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from engine.errors import DoesNotFit, EngineClosed, LoadFailed, ModelChanged, NoRoom
from engine.pool import PATIENCE, Pool

SIZES = {"a": 4, "b": 4, "c": 4, "large": 9}
BUDGET = 10


@dataclass
class Loaded:
    """A model in memory, as far as a pool can tell."""

    name: str
    shelf: Shelf

    def close(self) -> None:
        self.shelf.memory -= SIZES[self.name]
        self.shelf.closed.append(self.name)


@dataclass
class Shelf:
    """Where models come from. It can hold a load back, or spoil it, and counts the memory."""

    opened: list[str] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)
    memory: int = 0
    peak: int = 0
    broken: dict[str, Exception] = field(default_factory=dict)
    """What verification raises, by name."""
    too_much: dict[str, Exception] = field(default_factory=dict)
    """What loading raises."""
    gate: threading.Event = field(default_factory=threading.Event)
    reached: threading.Event = field(default_factory=threading.Event)
    threads: set[int] = field(default_factory=set)
    now: float = 100.0

    def open(self, name: str):  # noqa: ANN201 - the pool's own type
        self.opened.append(name)
        self.threads.add(threading.get_ident())
        if name in self.broken:
            raise self.broken[name]

        def load() -> Loaded:
            self.reached.set()
            assert self.gate.wait(10)
            if name in self.too_much:
                raise self.too_much[name]
            self.memory += SIZES[name]
            self.peak = max(self.peak, self.memory)
            return Loaded(name, self)

        return load


@pytest.fixture
def shelf() -> Shelf:
    shelf = Shelf()
    shelf.gate.set()
    return shelf


def make(shelf: Shelf, *pinned: str) -> Pool[Loaded]:
    return Pool(shelf.open, SIZES, budget=BUDGET, pinned=pinned, clock=lambda: shelf.now)


@pytest.fixture
def pool(shelf: Shelf) -> Iterator[Pool[Loaded]]:
    pool = make(shelf)
    yield pool
    shelf.gate.set()
    pool.close()
    assert shelf.memory == 0, "something stayed in memory"


async def use(pool: Pool[Loaded], name: str) -> str:
    async with pool.lease(name) as model:
        return model.name


async def test_a_model_that_is_not_loaded_is_loaded_for_who_asks(
    pool: Pool[Loaded], shelf: Shelf
) -> None:
    assert await use(pool, "a") == "a"
    assert await use(pool, "a") == "a"
    assert shelf.opened == ["a"]
    assert pool.loaded == ("a",)
    assert threading.get_ident() not in shelf.threads


async def test_twenty_who_ask_at_once_load_it_once(pool: Pool[Loaded], shelf: Shelf) -> None:
    assert set(await asyncio.gather(*(use(pool, "a") for _ in range(20)))) == {"a"}
    assert shelf.opened == ["a"]


async def test_while_one_loads_the_others_are_used(pool: Pool[Loaded], shelf: Shelf) -> None:
    await use(pool, "a")
    shelf.gate.clear()
    shelf.reached.clear()
    waiting = asyncio.create_task(use(pool, "b"))
    await asyncio.to_thread(shelf.reached.wait, 10)
    assert await use(pool, "a") == "a"
    assert not waiting.done()
    shelf.gate.set()
    assert await waiting == "b"


async def test_the_least_recently_used_goes(pool: Pool[Loaded], shelf: Shelf) -> None:
    for name in ("a", "b", "a", "c"):
        await use(pool, name)
    assert shelf.closed == ["b"]
    assert pool.loaded == ("a", "c")
    assert shelf.peak <= BUDGET


async def test_one_that_is_in_use_never_goes(pool: Pool[Loaded], shelf: Shelf) -> None:
    async with pool.lease("a"):
        await use(pool, "b")
        await use(pool, "c")
        assert shelf.closed == ["b"]
        with pytest.raises(NoRoom):
            await use(pool, "large")
    assert await use(pool, "large") == "large"
    assert shelf.closed == ["b", "c", "a"]
    assert shelf.peak <= BUDGET


async def test_a_pinned_one_never_goes(shelf: Shelf) -> None:
    pool = Pool(shelf.open, {name: SIZES[name] for name in "abc"}, budget=BUDGET, pinned=["a"])
    try:
        for name in ("a", "b", "c", "b", "c"):
            await use(pool, name)
        assert "a" in pool.loaded
        assert "a" not in shelf.closed
    finally:
        pool.close()


def test_one_that_can_never_be_loaded_is_refused_from_the_first(shelf: Shelf) -> None:
    with pytest.raises(DoesNotFit, match="large"):
        Pool(shelf.open, SIZES, budget=8)
    with pytest.raises(DoesNotFit, match="pinned"):
        make(shelf, "a")
    with pytest.raises(DoesNotFit):
        Pool(shelf.open, {"a": 4, "b": 4, "c": 4}, budget=8, pinned=["a", "b", "c"])


async def test_who_goes_away_while_it_loads_takes_it_from_nobody(
    pool: Pool[Loaded], shelf: Shelf
) -> None:
    shelf.gate.clear()
    leaving, staying = (asyncio.create_task(use(pool, "a")) for _ in range(2))
    await asyncio.to_thread(shelf.reached.wait, 10)
    leaving.cancel()
    await asyncio.gather(leaving, return_exceptions=True)
    shelf.gate.set()
    assert await staying == "a"
    # Nobody is left in it: it may go.
    await use(pool, "large")
    assert shelf.closed == ["a"]


async def test_a_broken_one_is_refused_and_puts_nobody_out(
    pool: Pool[Loaded], shelf: Shelf
) -> None:
    await use(pool, "a")
    await use(pool, "b")
    shelf.broken["c"] = ModelChanged("it is another")
    refused = await asyncio.gather(*(use(pool, "c") for _ in range(3)), return_exceptions=True)
    assert [str(error) for error in refused] == ["it is another"] * 3
    assert pool.loaded == ("a", "b")
    assert shelf.closed == []


async def test_a_broken_one_is_looked_at_again_after_a_while_and_not_before(
    pool: Pool[Loaded], shelf: Shelf
) -> None:
    shelf.broken["c"] = ModelChanged("it is another")
    for _ in range(3):
        with pytest.raises(ModelChanged):
            await use(pool, "c")
    assert shelf.opened == ["c"]
    del shelf.broken["c"]
    shelf.now += PATIENCE
    assert await use(pool, "c") == "c"


async def test_a_kept_error_keeps_nothing_of_who_met_it(pool: Pool[Loaded], shelf: Shelf) -> None:
    shelf.broken["c"] = ModelChanged("it is another")
    for _ in range(2):
        with pytest.raises(ModelChanged):
            await use(pool, "c")
    [(_, kept)] = pool._failures.values()
    assert (kept.__traceback__, kept.__context__, kept.__cause__) == (None, None, None)


async def test_what_goes_wrong_in_loading_has_a_name(pool: Pool[Loaded], shelf: Shelf) -> None:
    shelf.too_much["a"] = MemoryError()
    with pytest.raises(LoadFailed, match="a"):
        await use(pool, "a")
    assert await use(pool, "b") == "b"


async def test_room_that_was_taken_before_its_turn_came_is_no_room(
    pool: Pool[Loaded], shelf: Shelf
) -> None:
    await use(pool, "a")
    shelf.gate.clear()
    shelf.reached.clear()
    release = asyncio.Event()

    async def keep(name: str) -> None:
        async with pool.lease(name):
            await release.wait()

    first = asyncio.create_task(keep("b"))
    await asyncio.to_thread(shelf.reached.wait, 10)
    second = asyncio.create_task(use(pool, "c"))  # In the place of `a`, which is idle.
    await asyncio.sleep(0)
    async with pool.lease("a"):
        shelf.gate.set()
        with pytest.raises(NoRoom):
            await second
    release.set()
    await first
    assert shelf.closed == []
    assert shelf.peak <= BUDGET


async def test_no_room_is_not_remembered(pool: Pool[Loaded]) -> None:
    async with pool.lease("a"):
        with pytest.raises(NoRoom):
            await use(pool, "large")
    assert await use(pool, "large") == "large"


def test_a_preload_puts_nobody_out(pool: Pool[Loaded]) -> None:
    assert pool.preload("a")
    assert pool.preload("b")
    assert not pool.preload("c")
    assert pool.preload("a")
    assert pool.loaded == ("a", "b")


async def test_closing_fails_who_waits_and_leaves_nothing_behind(shelf: Shelf) -> None:
    pool = make(shelf)
    await use(pool, "a")
    shelf.gate.clear()
    shelf.reached.clear()
    waiting = [asyncio.create_task(use(pool, name)) for name in ("b", "b", "c")]
    await asyncio.to_thread(shelf.reached.wait, 10)
    closing = asyncio.create_task(asyncio.to_thread(pool.close))
    while "a" not in shelf.closed:  # noqa: ASYNC110 - a list has no event
        await asyncio.sleep(0.001)
    shelf.gate.set()
    await closing
    ended = await asyncio.gather(*waiting, return_exceptions=True)
    assert all(isinstance(error, EngineClosed) for error in ended)
    assert shelf.memory == 0
    with pytest.raises(EngineClosed):
        await use(pool, "a")


async def test_under_any_mixture_the_budget_holds_and_each_gets_its_own(shelf: Shelf) -> None:
    pool = make(shelf)

    async def one(index: int) -> bool:
        name = ("a", "b", "c", "large")[index * 7 % 4]
        try:
            async with pool.lease(name) as model:
                await asyncio.sleep(0.001 * (index % 3))
                return model.name == name
        except NoRoom:
            return True

    rounds = [await asyncio.gather(*(one(n + 8 * turn) for n in range(8))) for turn in range(20)]
    assert all(all(each) for each in rounds)
    assert shelf.peak <= BUDGET
    await asyncio.to_thread(pool.close)
    assert shelf.memory == 0


def test_several_event_loops_share_a_pool(pool: Pool[Loaded], shelf: Shelf) -> None:
    assert {asyncio.run(use(pool, "a")) for _ in range(3)} == {"a"}
    assert shelf.opened == ["a"]
