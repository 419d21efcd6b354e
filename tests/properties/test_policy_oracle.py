"""Cedar, asked about what can apply, answers as Cedar asked about all, and as an oracle."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.errors import ExchangeError
from gateway.domain.exchange import Action, Assurance, Caller, Model, Purpose
from gateway.domain.policy import Deny, Permit
from gateway.policy.cedar import CedarPolicies, EvaluationFailed, Statement
from gateway.policy.decider import CedarDecider
from gateway.policy.narrowing import Narrowing
from gateway.policy.problems import PolicyError
from gateway.policy.release import ACCESS, SCHEMA, build, read
from gateway.policy.shipped import shipped_policies
from tests.fakes import oracle
from tests.fakes.oracle import Question

FILES = dict(read(shipped_policies()))
_ROLES = [frozenset(each) for n in range(3) for each in itertools.combinations(oracle.ROLES, n)]
_GROUPS = [frozenset(each) for n in range(2) for each in itertools.combinations(oracle.GROUPS, n)]


def callers() -> Iterator[Caller]:
    for identity, roles, groups, client in itertools.product(
        oracle.IDS, _ROLES, _GROUPS, oracle.CLIENTS
    ):
        yield Caller(identity, "n", roles, groups, client, Assurance.API_KEY)


def questions() -> Iterator[Question]:
    """Every combination: callers x actions x models x purposes."""
    for caller, action, model, purpose in itertools.product(
        callers(), Action, oracle.MODELS, oracle.PURPOSES
    ):
        yield Question(caller, action, model, purpose)


def sets(seed: int) -> Iterator[tuple[list[oracle.Policy], CedarDecider]]:
    """Generated sets of policies that load, for ever."""
    chance = random.Random(seed)  # noqa: S311 - no secret
    while True:
        policies = [oracle.a_policy(chance, number) for number in range(chance.randint(1, 8))]
        source = "".join(policy.source() for policy in policies)
        try:
            release = build({**FILES, ACCESS: source.encode()})
        except PolicyError as error:
            # Cedar's validator refuses what can never hold, and the probe what fails for everybody.
            assert "not Cedar" not in str(error), source  # noqa: PT017 - it need not be raised
            continue
        yield policies, CedarDecider(release)


def decided(decider: CedarDecider, asked: Question) -> Permit | Deny | None:
    model = Model(asked.model, "0" * 64, 2048, 0)
    try:
        return decider.decide(asked.caller, asked.action, model, asked.purpose)
    except ExchangeError:
        return None


def answer(decider: CedarDecider, asked: Question) -> tuple[str | None, frozenset[str]] | None:
    decision = decided(decider, asked)
    if decision is None:
        return None
    profile = decision.profile.name if isinstance(decision, Permit) else None
    return profile, frozenset(decision.rules)


def test_what_forbids_a_profile_that_a_client_asks_for_is_the_oracles() -> None:
    chance = random.Random(34)  # noqa: S311 - no secret
    asked_all = list(questions())
    forbidden = free = 0
    for policies, decider in itertools.islice(sets(34), 40):
        if not any(policy.speaks for policy in policies):
            continue
        for asked in chance.sample(asked_all, 200):
            decision = decided(decider, asked)
            if not isinstance(decision, Permit):
                continue
            for name in oracle.STRICTNESS:
                found, expected = decision.against(name), oracle.against(policies, asked, name)
                assert (None if found is None else frozenset(found)) == expected
                forbidden += bool(expected)
                free += expected == frozenset()
    assert min(forbidden, free) > 20


def agree(seed: int, tuples: int) -> None:
    asked_all = list(questions())
    chance = random.Random(seed)  # noqa: S311 - no secret
    compared = errors = permits = objections = 0
    for policies, decider in sets(seed):
        few = asked_all if tuples > len(asked_all) * 4 else chance.sample(asked_all, 1000)
        spoken = {policy.id for policy in policies if policy.speaks}
        for asked in few:
            found, expected = answer(decider, asked), oracle.decide(policies, asked)
            assert found == expected, (asked, "".join(each.source() for each in policies))
            objections += bool(expected and expected[1] & spoken)
            errors += expected is None
            permits += expected is not None and expected[0] is not None
        compared += len(few)
        if compared >= tuples:
            break
    # The comparison would mean nothing if all answers were alike.
    assert permits > compared // 50
    assert errors > 0
    assert objections > compared // 5000
    assert compared - permits - errors > compared // 50


def test_every_answer_is_the_oracles_in_a_sample() -> None:
    agree(seed=20_26, tuples=20_000)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_every_answer_of_a_million_is_the_oracles() -> None:
    agree(seed=1, tuples=1_000_000)


class Whole(CedarPolicies):
    """Asks Cedar about every policy of the step."""

    def _applicable(self, policies: Narrowing, *_: object) -> frozenset[str]:
        every = set(self._sources["staticPolicies"])
        return frozenset(self._speaking if policies is self._then else every - self._speaking)


def verdict(
    policies: CedarPolicies, asked: Question
) -> tuple[bool, frozenset[Statement], frozenset[Statement]] | None:
    question = (asked.caller, asked.action, asked.model, asked.purpose)
    try:
        found = policies.ask(*question)
        against = policies.objections(*question, asked.profile or "treatment")
    except EvaluationFailed:
        return None
    return found.allowed, frozenset(found.because), frozenset(against)


ASKED = st.builds(
    Question,
    caller=st.sampled_from(list(callers())),
    action=st.sampled_from(list(Action)),
    model=st.sampled_from(oracle.MODELS),
    purpose=st.sampled_from(list(Purpose)),
    profile=st.sampled_from(list(oracle.STRICTNESS)),
)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32), asked=st.lists(ASKED, min_size=1, max_size=40))
def test_leaving_out_what_cannot_apply_changes_no_answer_no_reason_and_no_error(
    seed: int, asked: list[Question]
) -> None:
    policies, decider = next(sets(seed))
    source = "".join(policy.source() for policy in policies)
    narrow = decider._release.policies
    whole = Whole(ACCESS, source, SCHEMA, FILES[SCHEMA].decode())
    for each in asked:
        assert verdict(narrow, each) == verdict(whole, each), (each, source)


def test_no_permit_without_a_profile_and_only_of_a_permit() -> None:
    for policies, decider in itertools.islice(sets(7), 15):
        by_id = {policy.id: policy for policy in policies}
        for asked in random.Random(7).sample(list(questions()), 100):  # noqa: S311 - no secret
            found = answer(decider, asked)
            if found is not None and found[0] is not None:
                assert found[0] in {by_id[rule].profile for rule in found[1]}
                assert all(by_id[rule].profile for rule in found[1])
