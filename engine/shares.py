"""Plans for models of which not all need to be in memory at once. Pure.

One plan for all of them would cut their contexts and batches down to what fits together. Here each
is planned beside the pinned ones and as many others as leave room for prompts of a useful length;
which of them are in memory is for the pool to say, within the same budget.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from engine.errors import DoesNotFit
from engine.footprint import Shaped, footprint
from engine.plan import DevicesLike, ModelPlan, Plan, Wish, make_plan

COMFORT: Final = 4096
"""Positions of context that are worth more than one more model in memory."""
_TRIES: Final = 8


@dataclass(frozen=True, slots=True)
class Shares:
    """How each model runs, and what it takes of `budget` while it is in memory. In bytes."""

    plans: Mapping[str, ModelPlan]
    sizes: Mapping[str, int]
    budget: int


def share_out(
    devices: DevicesLike, models: Sequence[Shaped], pinned: Collection[str], wish: Wish
) -> Shares:
    """Return shares under which the pinned models and any one of the others fit together.

    As many others as possible fit beside it. Raises as `make_plan`.
    """
    held = [model for model in models if model.name in pinned]
    others = [model for model in models if model.name not in pinned]
    for together in range(len(others), 1, -1):
        try:
            shares = _beside(devices, held, others, together, wish)
        except DoesNotFit:
            continue
        if all(_comfortable(shares.plans[model.name], model, wish) for model in models):
            return shares
    return _beside(devices, held, others, 1, wish)


def size_of(plan: ModelPlan, model: Shaped) -> int:
    """Return what a model takes of the machine while it is in memory, or being loaded.

    Nothing on a CUDA device, whose memory CTranslate2 does not tell: there, the load finds out.
    """
    if plan.device == "cuda":
        return 0
    return plan.weights + max(plan.working, footprint(model, plan.compute_type).loading)


def _comfortable(plan: ModelPlan, model: Shaped, wish: Wish) -> bool:
    return plan.context >= min(COMFORT, model.context_length, wish.context or COMFORT)


def _beside(
    devices: DevicesLike,
    held: Sequence[Shaped],
    others: Sequence[Shaped],
    together: int,
    wish: Wish,
) -> Shares:
    """Plan each of `others` as one of `together`, beside the pinned ones and the largest rest."""
    largest = sorted(others, key=lambda model: footprint(model).weights, reverse=True)
    plans: dict[str, ModelPlan] = {}
    budget = 0
    candidates: Sequence[Shaped | None] = others or [None]
    for model in candidates:
        rest = [each for each in largest if each is not model][: together - 1]
        group = [*held, *rest] if model is None else [*held, model, *rest]
        plan = _fitting(devices, group, wish)
        budget = plan.budget
        for each in group:
            mine = plan[each.name]
            known = plans.get(each.name)
            # Pinned models are in every group, and take what the narrowest of them leaves. Of the
            # rest each is planned as itself.
            if each is model or (each in held and (known is None or mine.working < known.working)):
                plans[each.name] = mine
    sizes = {each.name: size_of(plans[each.name], each) for each in [*held, *others]}
    return Shares(plans, sizes, budget)


def _fitting(devices: DevicesLike, group: Sequence[Shaped], wish: Wish) -> Plan:
    """Plan `group` so that one of it can be loaded while the others work.

    Loading a model takes more than it takes afterwards; a plan counts on loading it first.
    """
    whole = make_plan(devices, group, wish)
    plan = whole
    for _ in range(_TRIES):
        excess = sum(size_of(plan[each.name], each) for each in group) - whole.budget
        if excess <= 0:
            return Plan(plan.models, whole.budget)
        plan = make_plan(devices, group, replace(wish, memory=plan.budget - excess))
    names = ", ".join(each.name for each in group)
    raise DoesNotFit(
        f"{names} fit together, but leave no memory in which one of them could be loaded while the "
        "others work: give the engine more (engine.memory), or serve fewer (engine.models)"
    )
