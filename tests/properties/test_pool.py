"""Laws of the choice whom to unload."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.pool import Resident, to_unload


@st.composite
def residents(draw: st.DrawFn) -> list[Resident]:
    sizes = draw(st.lists(st.integers(0, 50), max_size=8))
    uses = draw(st.permutations(range(len(sizes))))
    return [
        Resident(f"m{index}", size, used, draw(st.booleans()))
        for index, (size, used) in enumerate(zip(sizes, uses, strict=True))
    ]


some = residents()
size = st.integers(0, 80)
budget = st.integers(0, 200)


def total(models: list[Resident]) -> int:
    return sum(each.size for each in models)


@given(some, size, budget)
def test_what_has_work_or_is_pinned_stays(models: list[Resident], size: int, budget: int) -> None:
    gone = to_unload(models, size, budget) or ()
    assert not {each.name for each in models if each.keep} & set(gone)


@given(some, size, budget)
def test_what_stays_and_the_new_one_fit(models: list[Resident], size: int, budget: int) -> None:
    gone = to_unload(models, size, budget)
    if gone is not None:
        assert len(set(gone)) == len(gone)
        assert total([each for each in models if each.name not in gone]) + size <= budget


@given(some, size, budget)
def test_it_is_refused_only_where_all_that_may_go_is_not_enough(
    models: list[Resident], size: int, budget: int
) -> None:
    fits = total([each for each in models if each.keep]) + size <= budget
    assert (to_unload(models, size, budget) is not None) == fits


@given(some, size, budget)
def test_nobody_goes_who_could_have_stayed(models: list[Resident], size: int, budget: int) -> None:
    gone = to_unload(models, size, budget) or ()
    rest = total([each for each in models if each.name not in gone])
    for each in models:
        assert each.name not in gone or rest + each.size + size > budget


@given(some, size, budget)
def test_who_stays_although_used_less_recently_was_not_enough_in_their_place(
    models: list[Resident], size: int, budget: int
) -> None:
    gone = to_unload(models, size, budget) or ()
    by_name = {each.name: each for each in models}
    for name in gone:
        older = [
            each
            for each in models
            if each.used < by_name[name].used and not each.keep and each.name not in gone
        ]
        # Even all of the older ones that stay would not have made the room that this one makes.
        newer_gone = [by_name[other] for other in gone if by_name[other].used > by_name[name].used]
        older_all = [each for each in models if each.used < by_name[name].used and not each.keep]
        left = total(models) - total(older_all) - total(newer_gone)
        assert not older or left + size > budget


@given(some, size, budget)
def test_the_order_in_which_models_are_told_never_matters(
    models: list[Resident], size: int, budget: int
) -> None:
    assert to_unload(models[::-1], size, budget) == to_unload(models, size, budget)


def test_of_two_equal_ones_the_one_that_was_used_longer_ago_goes() -> None:
    models = [Resident("new", 5, 2, keep=False), Resident("old", 5, 1, keep=False)]
    assert to_unload(models, 5, 10) == ("old",)


def test_a_small_one_stays_where_a_large_one_has_to_go_anyway() -> None:
    models = [Resident("small", 1, 1, keep=False), Resident("large", 9, 2, keep=False)]
    assert to_unload(models, 9, 10) == ("large",)


def test_where_there_is_room_nobody_goes() -> None:
    assert to_unload([Resident("a", 5, 1, keep=False)], 5, 10) == ()
