"""Laws of a decision, whatever the policies are, and whoever asks for whatever."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.exchange import Action, Assurance, Caller, Model, Purpose
from gateway.domain.policy import Deny, Permit
from gateway.policy.decider import CedarDecider
from gateway.policy.release import ACCESS, build, read
from gateway.policy.shipped import shipped_policies

FILES = dict(read(shipped_policies()))
STRICTNESS = {"treatment": 100, "coding": 200, "research": 300}
ROLES = ("clinician", "coder", "researcher")
PURPOSES = (Purpose.TREAT, Purpose.HPAYMT, Purpose.HRESCH)
MODEL = Model("m", "0" * 64, 2048, 0)


@dataclass(frozen=True)
class Policy:
    """`None` leaves a part of the rule open. A policy without a profile is a forbid.

    `under` is what a forbid says of the profile that the permits lead to: it is one of these, or
    (`spared`) none of these.
    """

    role: str | None
    action: Action | None
    purpose: Purpose | None
    profile: str | None
    under: frozenset[str] = frozenset()
    spared: bool = False

    def source(self, number: int) -> str:
        principal = f'principal in Role::"{self.role}"' if self.role else "principal"
        action = f'action == Action::"{self.action}"' if self.action else "action"
        when = f' when {{ context.purpose == Purpose::"{self.purpose}" }}' if self.purpose else ""
        effect = f'@profile("{self.profile}") permit' if self.profile else "forbid"
        if self.under:
            names = ", ".join(f'Profile::"{name}"' for name in sorted(self.under))
            kind = "unless" if self.spared else "when"
            when += f" {kind} {{ context has profile && context.profile in [{names}] }}"
        return f'@id("rule-{number}") {effect} ({principal}, {action}, resource){when};'

    def applies(self, caller: Caller, action: Action, purpose: Purpose) -> bool:
        return (
            (self.role is None or self.role in caller.roles)
            and self.action in {None, action}
            and self.purpose in {None, purpose}
        )

    def objects(self, profile: str) -> bool:
        """Say whether what it says of the profile, if it says anything, holds for this one."""
        return not self.under or (profile in self.under) is not self.spared


def maybe(values: object) -> st.SearchStrategy[object]:
    return st.none() | st.sampled_from(values)  # type: ignore[arg-type]


def policies(
    profiles: st.SearchStrategy[object], *more: st.SearchStrategy[object]
) -> st.SearchStrategy[Policy]:
    return st.builds(Policy, maybe(ROLES), maybe(list(Action)), maybe(PURPOSES), profiles, *more)  # type: ignore[arg-type]


FORBIDS = policies(st.none()) | policies(
    st.none(), st.frozensets(st.sampled_from(list(STRICTNESS)), max_size=2), st.booleans()
)
SETS = st.lists(policies(st.sampled_from(list(STRICTNESS))) | FORBIDS, min_size=1, max_size=6)
CALLERS = [
    Caller("key:a", "n", frozenset(roles), frozenset(), "c", Assurance.API_KEY)
    for count in range(len(ROLES) + 1)
    for roles in itertools.combinations(ROLES, count)
]


def questions() -> Iterator[tuple[Caller, Action, Purpose]]:
    """To build a release takes as long as a thousand answers: each is asked everything."""
    return itertools.product(CALLERS, Action, PURPOSES)


def decider(numbered: list[tuple[int, Policy]]) -> CedarDecider:
    text = "\n".join(policy.source(number) for number, policy in numbered)
    return CedarDecider(build({**FILES, ACCESS: text.encode()}))


@settings(max_examples=20, deadline=None)
@given(rules=SETS, seed=st.integers())
def test_the_order_of_policies_never_matters(rules: list[Policy], seed: int) -> None:
    numbered = list(enumerate(rules))
    shuffled = random.Random(seed).sample(numbered, len(numbered))  # noqa: S311 - no secret
    one, other = decider(numbered), decider(shuffled)
    for caller, action, purpose in questions():
        match (
            one.decide(caller, action, MODEL, purpose),
            other.decide(caller, action, MODEL, purpose),
        ):
            case Permit() as first, Permit() as second:
                assert (first.profile, first.rules) == (second.profile, second.rules)
            case Deny() as first, Deny() as second:
                assert first.rules == second.rules
            case _:
                raise AssertionError("the order decided")


@settings(max_examples=20, deadline=None)
@given(rules=SETS, forbid=FORBIDS)
def test_one_more_forbid_never_allows_more(rules: list[Policy], forbid: Policy) -> None:
    numbered = list(enumerate(rules))
    one, other = decider(numbered), decider([*numbered, (len(rules), forbid)])
    for caller, action, purpose in questions():
        before = one.decide(caller, action, MODEL, purpose)
        after = other.decide(caller, action, MODEL, purpose)
        if isinstance(before, Deny):
            assert isinstance(after, Deny)
        elif forbid.applies(caller, action, purpose) and forbid.objects(before.profile.name):
            assert isinstance(after, Deny)
            assert after.rules == (f"rule-{len(rules)}",)
        else:
            assert isinstance(after, Permit)
            assert after.profile == before.profile


@settings(max_examples=20, deadline=None)
@given(rules=SETS)
def test_a_permit_has_the_strictest_profile_of_the_permits_that_apply(rules: list[Policy]) -> None:
    one = decider(list(enumerate(rules)))
    for caller, action, purpose in questions():
        answer = one.decide(caller, action, MODEL, purpose)
        apply = [
            (number, rule)
            for number, rule in enumerate(rules)
            if rule.applies(caller, action, purpose)
        ]
        forbids = {f"rule-{n}" for n, rule in apply if rule.profile is None and not rule.under}
        permits = {f"rule-{number}": rule.profile for number, rule in apply if rule.profile}
        if not forbids and permits:
            strictest = max(permits.values(), key=STRICTNESS.__getitem__)
            forbids = {f"rule-{n}" for n, rule in apply if rule.under and rule.objects(strictest)}
        if forbids or not permits:
            assert isinstance(answer, Deny)
            assert set(answer.rules) == forbids
        else:
            assert isinstance(answer, Permit)
            assert set(answer.rules) == set(permits)
            assert answer.profile.name == strictest
