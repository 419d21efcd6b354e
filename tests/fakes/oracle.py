"""What a set of policies means, in plain Python and apart from Cedar: an oracle to compare with.

Policies are values here, from which both their Cedar text and their meaning are made. Nothing of
`gateway.policy` decides here; the semantics are those of docs.cedarpolicy.com: a forbid outweighs
every permit, tests are asked from left to right, and an error is told. A forbid that speaks of the
profile is asked once the permits have led to one, and about that one.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from gateway.domain.exchange import Action, Caller, Purpose

ROLES = ("clinician", "coder", "researcher")
GROUPS = ("icu", "lab")
CLIENTS = ("ward", "odd")
PURPOSES = (Purpose.TREAT, Purpose.HPAYMT, Purpose.HRESCH, Purpose.BTG)
MODELS = ("small", "large")
IDS = ("key:a", "key:b")
STRICTNESS = {"treatment": 100, "coding": 200, "trial": 250, "research": 300}
"""Of the shipped profiles."""


class Failed(Exception):  # noqa: N818 - what Cedar calls an evaluation error
    """A test could not be evaluated."""


@dataclass(frozen=True)
class Question:
    caller: Caller
    action: Action
    model: str
    purpose: Purpose
    profile: str | None = None
    """What the permits lead to: known to none but the forbids that speak of it."""


Test = tuple  # type: ignore[type-arg]
"""`("role", names)`, `("not", test)`, `("and", test, test)`, …: see `meaning` and `text`."""


def meaning(test: Test, asked: Question) -> bool:  # noqa: PLR0911, PLR0912 - a line for each form
    match test:
        case ("true",):
            return True
        case ("false",):
            return False
        case ("role", names):
            return any(name in asked.caller.roles for name in names)
        case ("group", names):
            return any(name in asked.caller.groups for name in names)
        case ("caller", name):
            return bool(asked.caller.id == name)
        case ("client", name):
            return bool(asked.caller.client == name)
        case ("purpose", names):
            return asked.purpose in names
        case ("model", name):
            return bool(asked.model == name)
        case ("profile", names):
            return asked.profile is not None and asked.profile in names
        case ("overflow",):
            raise Failed
        case ("not", inner):
            return not meaning(inner, asked)
        case ("and", left, right):
            return meaning(left, asked) and meaning(right, asked)
        case ("or", left, right):
            return meaning(left, asked) or meaning(right, asked)
        case ("if", condition, yes, no):
            return meaning(yes if meaning(condition, asked) else no, asked)
    raise ValueError(test)


def speaks(test: Test) -> bool:
    """Say whether the test is about the profile, also where that changes nothing."""
    return test[0] == "profile" or any(speaks(each) for each in test if isinstance(each, tuple))


def text(test: Test) -> str:  # noqa: PLR0911, PLR0912 - as above
    match test:
        case ("true" | "false" as word,):
            return str(word)
        case ("role" | "group" as kind, names):
            return f"principal in {listed(kind.capitalize(), names)}"
        case ("caller", name):
            return f'principal == Caller::"{name}"'
        case ("client", name):
            return f'principal.client == "{name}"'
        case ("purpose", names):
            if len(names) == 1:
                return f'context.purpose == Purpose::"{names[0]}"'
            return f"context.purpose in {listed('Purpose', names)}"
        case ("model", name):
            return f'resource == Model::"{name}"'
        case ("profile", names):
            return f"context has profile && context.profile in {listed('Profile', names)}"
        case ("overflow",):
            return "9223372036854775807 + 1 > 0"
        case ("not", inner):
            return f"!({text(inner)})"
        case ("and", left, right):
            return f"({text(left)}) && ({text(right)})"
        case ("or", left, right):
            return f"({text(left)}) || ({text(right)})"
        case ("if", condition, yes, no):
            return f"if {text(condition)} then {text(yes)} else {text(no)}"
    raise ValueError(test)


def listed(kind: str, names: Sequence[str]) -> str:
    words = [f'{kind}::"{name}"' for name in names]
    return words[0] if len(words) == 1 else f"[{', '.join(words)}]"


@dataclass(frozen=True)
class Policy:
    """`None` leaves a part of the scope open. Without a profile it forbids."""

    id: str
    profile: str | None
    principal: Test | None
    actions: tuple[Action, ...] | None
    model: str | None
    conditions: tuple[tuple[bool, Test], ...]
    """`True` is a when, `False` an unless."""

    @property
    def speaks(self) -> bool:
        return any(speaks(test) for _, test in self.conditions)

    def applies(self, asked: Question) -> bool:
        return (
            (self.principal is None or meaning(self.principal, asked))
            and (self.actions is None or asked.action in self.actions)
            and (self.model is None or asked.model == self.model)
            and all(meaning(test, asked) is wanted for wanted, test in self.conditions)
        )

    def source(self) -> str:
        effect = f'@profile("{self.profile}")\npermit' if self.profile else "forbid"
        principal = "principal" if self.principal is None else text(self.principal)
        if self.actions is None:
            action = "action"
        elif len(self.actions) == 1:
            action = f'action == Action::"{self.actions[0]}"'
        else:
            action = f"action in {listed('Action', self.actions)}"
        resource = f'resource == Model::"{self.model}"' if self.model else "resource"
        conditions = "".join(
            f"\n{'when' if wanted else 'unless'} {{ {text(test)} }}"
            for wanted, test in self.conditions
        )
        return f'@id("{self.id}")\n{effect} ({principal}, {action}, {resource}){conditions};\n'


def decide(policies: Sequence[Policy], asked: Question) -> tuple[str | None, frozenset[str]] | None:
    """Return profile and rules of a permit, `None` and rules of a denial; nothing for an error."""
    try:
        holding = [each for each in policies if not each.speaks and each.applies(asked)]
        forbids = frozenset(policy.id for policy in holding if policy.profile is None)
        permits = {policy.id: policy.profile for policy in holding if policy.profile is not None}
        if forbids or not permits:
            return None, forbids
        profile = max(permits.values(), key=STRICTNESS.__getitem__)
    except Failed:
        return None
    objecting = against(policies, asked, profile)
    if objecting is None:
        return None
    return (None, objecting) if objecting else (profile, frozenset(permits))


def against(policies: Sequence[Policy], asked: Question, profile: str) -> frozenset[str] | None:
    """Return the rules that forbid a profile, and `None` for an error."""
    under = replace(asked, profile=profile)
    try:
        return frozenset(each.id for each in policies if each.speaks and each.applies(under))
    except Failed:
        return None


def some(chance: random.Random, words: Sequence[str]) -> tuple[str, ...]:
    return tuple(chance.sample(words, chance.randint(1, min(2, len(words)))))


def a_test(  # noqa: PLR0911, PLR0912 - as above
    chance: random.Random, depth: int = 3, *, spoken: bool = False
) -> Test:
    kinds = ["role", "group", "caller", "client", "purpose", "purpose", "model", "role"]
    if depth:
        kinds += ["not", "and", "and", "and", "or", "if", "odd"]
    if spoken:
        kinds += ["profile"] * 3
    match kind := chance.choice(kinds):
        case "role":
            return (kind, some(chance, ROLES))
        case "group":
            return (kind, some(chance, GROUPS))
        case "caller":
            return (kind, chance.choice(IDS))
        case "client":
            return (kind, chance.choice(CLIENTS))
        case "purpose":
            return (kind, some(chance, PURPOSES))
        case "model":
            return (kind, chance.choice(MODELS))
        case "profile":
            return (kind, some(chance, list(STRICTNESS)))
        case "odd":  # An error that only some questions meet.
            return ("and", ("client", "odd"), ("overflow",))
        case "not":
            return (kind, a_test(chance, depth - 1, spoken=spoken))
        case "if":
            return (kind, *(a_test(chance, depth - 1, spoken=spoken) for _ in range(3)))
        case _:
            return (kind, *(a_test(chance, depth - 1, spoken=spoken) for _ in range(2)))


def failing_first(chance: random.Random) -> Test:
    """A test that may fail in front of one that cannot: leaving the policy out would hide it."""
    odd: Test = ("or", ("and", ("client", "odd"), ("overflow",)), ("true",))
    return ("and", odd, ("purpose", some(chance, PURPOSES)))


def a_policy(chance: random.Random, number: int) -> Policy:
    principal: Test | None = None
    match chance.randint(0, 4):
        case 0 | 1:
            principal = ("role", (chance.choice(ROLES),))
        case 2:
            principal = ("group", (chance.choice(GROUPS),))
        case 3:
            principal = ("caller", chance.choice(IDS))
    actions = tuple(chance.sample(list(Action), chance.randint(1, 3)))
    profile = chance.choice([*STRICTNESS, *STRICTNESS, None, None])
    spoken = profile is None and chance.random() < 0.6
    return Policy(
        id=f"rule-{number}",
        profile=profile,
        principal=principal,
        actions=chance.choice([None, actions]),
        model=chance.choice([None, None, *MODELS]),
        conditions=tuple(
            (chance.random() < 0.75, a_test(chance, spoken=spoken))
            for _ in range(chance.randint(0, 2))
        ),
    )
