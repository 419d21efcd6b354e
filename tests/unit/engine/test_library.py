"""Several models under one budget, on real ones: tiny, random, and each with its own answers."""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from engine import (
    Change,
    DoesNotFit,
    EngineFailed,
    Finished,
    GenerateOptions,
    Generator,
    InstalledModel,
    Library,
    LoadFailed,
    ModelChanged,
    ModelNotFound,
    ModelPlan,
    ModelStore,
    NoRoom,
    Notice,
    Prompts,
    ServedModel,
    Shares,
    Text,
    Wish,
    detect_devices,
    make_plan,
)
from engine.warmup import warm_up
from tests.unit.engine.tiny import Tiny

NAMES = ("first", "second", "third")
ONE = 100


@pytest.fixture(scope="module")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of three models, made once."""
    root = tmp_path_factory.mktemp("store")
    gguf = Tiny("llama").write(root / "tiny.gguf")
    for name in NAMES:
        ModelStore(root / "models").add(str(gguf), name=name)
    return root / "models"


@dataclass
class Desk:
    """A library of a test's own, and what it was told."""

    root: Path
    notices: list[Notice] = field(default_factory=list)
    made: list[str] = field(default_factory=list)
    spoil: dict[str, Exception] = field(default_factory=dict)
    """What loading raises, by name."""
    libraries: list[Library] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)
    """Closed, it holds every load back; `reached` says that one is there."""
    reached: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.gate.set()

    def load(self, model: InstalledModel, plan: ModelPlan, prompts: Prompts) -> Generator:
        if model.name in self.spoil:
            raise self.spoil[model.name]
        if not self.gate.is_set():
            self.reached.set()
            assert self.gate.wait(20)
        self.made.append(model.name)
        return Generator(model, plan=plan, prompts=prompts)

    def library(
        self,
        *names: str,
        room_for: int = 1,
        pinned: tuple[str, ...] = (),
        fill: bool = False,
        patience: float = 10,
    ) -> Library:
        store = ModelStore(self.root)
        models = [store.open(name) for name in names or NAMES]
        plans = make_plan(
            detect_devices(), [model.manifest for model in models], Wish(replicas=1)
        ).models
        library = Library(
            store,
            models,
            Shares(
                {plan.model: plan for plan in plans},
                dict.fromkeys(names or NAMES, ONE),
                room_for * ONE,
            ),
            load=self.load,
            pinned=pinned,
            notify=self.notices.append,
            fill=fill,
            patience=patience,
        )
        self.libraries.append(library)
        return library

    def told(self, change: Change) -> list[str]:
        return [notice.model for notice in self.notices if notice.change is change]


@pytest.fixture
def desk(stocked: Path, tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(Path(shutil.copytree(stocked, tmp_path / "models")))
    yield desk
    desk.gate.set()
    for library in desk.libraries:
        library.close()


async def reply(model: ServedModel, tokens: int = 5) -> Finished:
    prompt = model.prepare_text("Once", GenerateOptions(max_tokens=tokens, temperature=0))
    async with aclosing(model.generate(prompt)) as events:
        async for event in events:
            if isinstance(event, Finished):
                return event
    raise AssertionError("a reply ends")


async def test_preparing_a_prompt_needs_no_weights(desk: Desk) -> None:
    library = desk.library()
    prompt = library.models["first"].prepare_text("Once", GenerateOptions(max_tokens=3))
    assert prompt.tokens > 0
    assert library.loaded == ()
    assert desk.made == []


async def test_a_model_is_loaded_for_who_asks_and_the_idle_one_goes(desk: Desk) -> None:
    library = desk.library()
    for name in ("first", "second", "second"):
        assert (await reply(library.models[name])).prompt_tokens > 0
    assert library.loaded == ("second",)
    assert desk.told(Change.LOADED) == ["first", "second"]
    assert desk.told(Change.UNLOADED) == ["first"]


async def test_many_at_once_load_it_once_and_each_gets_a_reply(desk: Desk) -> None:
    library = desk.library(room_for=2)
    asks = [reply(library.models[NAMES[n % 2]]) for n in range(12)]
    replies = await asyncio.gather(*asks)
    assert len(replies) == 12
    assert sorted(desk.made) == ["first", "second"]


async def test_while_a_model_is_loaded_the_others_generate(desk: Desk) -> None:
    library = desk.library(room_for=2)
    await reply(library.models["first"])
    desk.gate.clear()
    waiting = asyncio.create_task(reply(library.models["second"]))
    assert await asyncio.to_thread(desk.reached.wait, 10)
    for _ in range(3):
        assert await asyncio.wait_for(reply(library.models["first"]), 10)
    assert not waiting.done()
    desk.gate.set()
    assert await waiting


async def test_a_model_that_generates_is_not_unloaded(desk: Desk) -> None:
    library = desk.library()
    first = library.models["first"]
    prompt = first.prepare_text("Once", GenerateOptions(max_tokens=150, temperature=0))
    async with aclosing(first.generate(prompt)) as events:
        assert isinstance(await anext(events), Text)
        with pytest.raises(NoRoom):
            await reply(library.models["second"])
        rest = [event async for event in events]
    assert isinstance(rest[-1], Finished)
    await reply(library.models["second"])
    assert library.loaded == ("second",)


async def test_a_reader_that_leaves_gives_the_model_back(desk: Desk) -> None:
    library = desk.library()
    first = library.models["first"]
    prompt = first.prepare_text("Once", GenerateOptions(max_tokens=150, temperature=0))
    async with aclosing(first.generate(prompt)) as events:
        await anext(events)
    await reply(library.models["second"])
    assert library.loaded == ("second",)


def change_a_byte(root: Path) -> None:
    path = root / "second" / "model.bin"
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def remove(root: Path) -> None:
    ModelStore(root).remove("second")


def replace(root: Path) -> None:
    remove(root)
    gguf = Tiny("qwen2").write(root.parent / "other.gguf")
    ModelStore(root).add(str(gguf), name="second")


@pytest.mark.parametrize(
    ("happens", "error"),
    [(change_a_byte, ModelChanged), (remove, ModelNotFound), (replace, ModelChanged)],
)
async def test_what_is_no_longer_what_the_start_has_seen_is_refused_and_the_others_go_on(
    desk: Desk, happens: Callable[[Path], None], error: type[Exception]
) -> None:
    library = desk.library(fill=True)
    assert library.loaded == ("first",)
    happens(desk.root)
    for _ in range(2):
        with pytest.raises(error):
            await reply(library.models["second"])
    assert library.loaded == ("first",)
    await reply(library.models["first"])
    await reply(library.models["third"])
    assert desk.told(Change.FAILED) == ["second"]
    assert desk.made == ["first", "third"]


def test_a_start_refuses_what_was_changed_before_it(desk: Desk) -> None:
    change_a_byte(desk.root)
    with pytest.raises(ModelChanged, match="second"):
        desk.library()


def test_a_start_loads_the_pinned_ones_and_then_as_many_as_fit(desk: Desk) -> None:
    library = desk.library(room_for=2, pinned=("third",), fill=True)
    assert library.loaded == ("first", "third")
    assert library.ready
    assert desk.told(Change.UNLOADED) == []


async def test_a_pinned_model_stays(desk: Desk) -> None:
    library = desk.library(room_for=2, pinned=("third",), fill=True)
    for name in ("first", "second", "first"):
        await reply(library.models[name])
    assert library.loaded == ("first", "third")


def test_a_pinned_model_that_cannot_be_loaded_is_not_ready_and_the_others_are_served(
    desk: Desk,
) -> None:
    desk.spoil["third"] = MemoryError()
    library = desk.library(room_for=2, pinned=("third",), patience=0, fill=True)
    assert library.loaded == ("first", "second")
    assert not library.ready
    assert asyncio.run(reply(library.models["first"]))
    desk.spoil.clear()
    assert not library.ready  # It asks again, and does not wait.
    asyncio.run(reply(library.models["third"]))
    assert library.ready
    assert library.loaded == ("first", "third")


def test_a_start_that_can_load_none_is_refused(desk: Desk) -> None:
    desk.spoil = {name: RuntimeError("unknown compute type") for name in NAMES}
    with pytest.raises(LoadFailed, match="first"):
        desk.library(fill=True)


def test_a_model_that_does_not_compute_is_not_served(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise EngineFailed

    monkeypatch.setattr(Generator, "submit", fails)
    with pytest.raises(EngineFailed):
        desk.library(fill=True)
    assert desk.told(Change.LOADED) == []


def test_more_than_can_ever_fit_is_refused_from_the_first(desk: Desk) -> None:
    with pytest.raises(DoesNotFit):
        desk.library(room_for=0)
    with pytest.raises(DoesNotFit):
        desk.library(room_for=1, pinned=("first",))


def test_a_warm_up_reaches_a_generator_with_a_short_queue(desk: Desk) -> None:
    model = ModelStore(desk.root).open("first")
    generator = Generator(model, replicas=2, queue=1)
    try:
        warm_up(generator)
        assert (generator.waiting, generator.running) == (0, 0) or generator.running
    finally:
        generator.close()
