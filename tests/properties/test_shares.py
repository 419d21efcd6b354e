"""Laws of plans for models that take turns in memory."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from engine.errors import DoesNotFit
from engine.footprint import footprint
from engine.plan import GATEWAY, Wish, make_plan
from engine.shares import COMFORT, Shares, share_out

GIB = 1 << 30


@dataclass(frozen=True)
class Shape:
    name: str
    context_length: int
    layers: int
    heads: int
    heads_kv: int
    head_dim: int
    hidden: int
    feed_forward: int
    vocabulary: int


@dataclass(frozen=True)
class Machine:
    memory: int
    cores: int = 4
    compute_types: frozenset[str] = frozenset({"int8", "float32"})
    cuda: tuple[()] = ()

    def replicas(self, threads: int = 1) -> int:
        return max(1, self.cores // threads)


def shape(name: str, width: int, layers: int, context: int) -> Shape:
    return Shape(
        name, context, layers, width, max(1, width // 3), 64, 64 * width, 170 * width, 32_000
    )


@st.composite
def scenes(draw: st.DrawFn) -> tuple[Machine, list[Shape], list[str], Wish]:
    count = draw(st.integers(1, 5))
    models = [
        shape(
            f"m{n}",
            draw(st.integers(3, 48)),
            draw(st.integers(2, 32)),
            draw(st.sampled_from([512, 2048, 8192, 32768])),
        )
        for n in range(count)
    ]
    names = [model.name for model in models]
    pinned = draw(st.lists(st.sampled_from(names), unique=True, max_size=2))
    machine = Machine(GATEWAY + draw(st.integers(1, 40)) * GIB // 2, draw(st.integers(1, 16)))
    return machine, models, pinned, Wish(context=draw(st.sampled_from([None, 1024])))


def shared(scene: tuple[Machine, list[Shape], list[str], Wish]) -> Shares:
    try:
        return share_out(*scene)
    except DoesNotFit:
        reject()


@given(scenes())
def test_the_pinned_ones_and_any_one_of_the_others_fit(
    scene: tuple[Machine, list[Shape], list[str], Wish],
) -> None:
    shares = shared(scene)
    _, models, pinned, _ = scene
    held = sum(shares.sizes[name] for name in pinned)
    assert held <= shares.budget
    for model in models:
        if model.name not in pinned:
            assert held + shares.sizes[model.name] <= shares.budget


@given(scenes())
def test_each_model_has_a_plan_of_its_own_name_and_a_size_that_covers_it(
    scene: tuple[Machine, list[Shape], list[str], Wish],
) -> None:
    shares = shared(scene)
    _, models, _, _ = scene
    assert shares.plans.keys() == shares.sizes.keys() == {model.name for model in models}
    for model in models:
        plan = shares.plans[model.name]
        assert plan.model == model.name
        assert shares.sizes[model.name] >= plan.weights + plan.working
        assert shares.sizes[model.name] >= plan.weights + footprint(model).loading


@given(scenes())
def test_it_is_refused_only_where_one_model_would_not_fit_beside_the_pinned_ones(
    scene: tuple[Machine, list[Shape], list[str], Wish],
) -> None:
    machine, models, pinned, wish = scene
    try:
        share_out(*scene)
    except DoesNotFit:
        # Twice the memory would do for each of the groups, or one of them fails by itself.
        held = [model for model in models if model.name in pinned]
        generous = Machine(machine.memory * 2, machine.cores)
        for model in models:
            group = [*held, *([] if model.name in pinned else [model])]
            try:
                make_plan(machine, group, wish)
            except DoesNotFit:
                return
        assert share_out(generous, models, pinned, wish)


def test_models_that_fit_together_are_all_in_memory_together() -> None:
    models = [shape(f"m{n}", 9, 12, 8192) for n in range(3)]
    shares = share_out(Machine(64 * GIB), models, (), Wish())
    assert sum(shares.sizes.values()) <= shares.budget
    assert {plan.context for plan in shares.plans.values()} == {8192}


def test_a_useful_context_is_worth_more_than_one_more_model_in_memory() -> None:
    models = [shape(f"m{n}", 48, 32, 32_768) for n in range(4)]
    machine = Machine(GATEWAY + 28 * GIB)
    shares = share_out(machine, models, (), Wish())
    assert min(plan.context for plan in shares.plans.values()) >= COMFORT
    together = [
        size
        for size in range(1, 5)
        if any(sum(group) <= shares.budget for group in combinations(shares.sizes.values(), size))
    ]
    assert max(together) < 4
    try:
        squeezed = make_plan(machine, models, Wish())
    except DoesNotFit:
        return
    assert min(plan.context for plan in squeezed.models) < COMFORT


def test_what_the_settings_name_is_never_changed() -> None:
    models = [shape(f"m{n}", 9, 12, 8192) for n in range(3)]
    wish = Wish(replicas=2, context=1024, memory=4 * GIB)
    shares = share_out(Machine(16 * GIB), models, ("m1",), wish)
    assert {(plan.replicas, plan.context) for plan in shares.plans.values()} == {(2, 1024)}
    assert shares.budget == 4 * GIB


def test_one_that_never_fits_is_refused() -> None:
    models = [shape("small", 9, 12, 8192), shape("huge", 128, 128, 8192)]
    with pytest.raises(DoesNotFit, match="huge"):
        share_out(Machine(4 * GIB), models, (), Wish())
