"""What every `ports.Decider` keeps, the fake too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import cedarpy
import pytest

from gateway.domain.errors import Code, ExchangeError
from gateway.domain.exchange import Action, Model, Purpose
from gateway.domain.policy import Deny, Permit
from gateway.domain.ports import Decider
from gateway.policy.decider import CedarDecider
from gateway.policy.release import build, read
from gateway.policy.shipped import shipped_policies
from tests.fakes.identity import caller
from tests.fakes.policy import FakeDecider, FakeRule, profile

MODEL = Model("small", "0" * 64, 2048, 0)
EXTRA = b"""
@id("strict-treatment") @profile("research")
permit (principal in Role::"trainee", action, resource)
when { context.purpose == Purpose::"TREAT" };
@id("no-visitors")
forbid (principal in Role::"visitor", action, resource);
"""


@dataclass
class Scenario:
    """Clinicians treat; trainees treat under a stricter profile; visitors may do nothing."""

    decider: Decider
    broken: Decider


def real(monkeypatch: pytest.MonkeyPatch) -> Scenario:
    files = dict(read(shipped_policies()))
    files["access.cedar"] += EXTRA
    files["models.yaml"] = b"aliases:\n  default: small\n"
    working, broken = CedarDecider(build(files)), CedarDecider(build(files))
    ask = cedarpy.is_authorized

    def is_authorized(request: object, policies: object, *rest: object) -> object:
        # Each release has its own schema; its policies are asked about in parts.
        if broken._release.policies._schema in rest:
            raise RuntimeError("cedar is broken")
        return ask(request, policies, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(cedarpy, "is_authorized", is_authorized)
    return Scenario(working, broken)


def fake() -> Scenario:
    treat = frozenset({Purpose.TREAT})
    rules = (
        FakeRule("treatment-by-clinicians", "clinician", treat, "treatment"),
        FakeRule("strict-treatment", "trainee", treat, "research"),
        FakeRule("no-visitors", "visitor", treat, None),
    )
    profiles: Mapping[str, object] = {
        "treatment": profile("treatment", 100),
        "research": profile("research", 300, restore=False),
    }
    return Scenario(
        FakeDecider(rules, profiles, aliases={"default": "small"}),  # type: ignore[arg-type]
        FakeDecider(rules, profiles, fail=True),  # type: ignore[arg-type]
    )


@pytest.fixture(params=["cedar", "fake"])
def scenario(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Scenario:
    return real(monkeypatch) if request.param == "cedar" else fake()


def decide(decider: Decider, *roles: str, purpose: Purpose = Purpose.TREAT) -> Permit | Deny:
    return decider.decide(caller(roles=frozenset(roles)), Action.CHAT, MODEL, purpose)


def test_a_permit_carries_its_profile_its_rules_and_the_release(scenario: Scenario) -> None:
    answer = decide(scenario.decider, "clinician")
    assert isinstance(answer, Permit)
    assert answer.profile == scenario.decider.profile("treatment")
    assert answer.rules == ("treatment-by-clinicians",)
    assert answer.release == scenario.decider.release


def test_the_release_is_a_sha256_in_hexadecimal(scenario: Scenario) -> None:
    assert len(bytes.fromhex(scenario.decider.release)) == 32


def test_what_nothing_permits_is_denied_without_a_rule(scenario: Scenario) -> None:
    answer = decide(scenario.decider, "clinician", purpose=Purpose.HRESCH)
    assert answer == Deny(Code.POLICY_DENIED, (), scenario.decider.release)


def test_a_caller_without_roles_is_denied(scenario: Scenario) -> None:
    assert isinstance(decide(scenario.decider), Deny)


def test_a_forbid_outweighs_a_permit_and_is_named(scenario: Scenario) -> None:
    answer = decide(scenario.decider, "clinician", "visitor")
    assert answer == Deny(Code.POLICY_DENIED, ("no-visitors",), scenario.decider.release)


def test_of_several_permits_the_strictest_profile_wins_and_its_rule_comes_first(
    scenario: Scenario,
) -> None:
    answer = decide(scenario.decider, "clinician", "trainee")
    assert isinstance(answer, Permit)
    assert answer.profile.name == "research"
    assert answer.rules == ("strict-treatment", "treatment-by-clinicians")


def test_the_same_question_gets_the_same_answer(scenario: Scenario) -> None:
    assert decide(scenario.decider, "clinician") == decide(scenario.decider, "clinician")


def test_aliases_lead_to_models_in_one_step(scenario: Scenario) -> None:
    aliases = scenario.decider.aliases
    assert aliases == {"default": "small"}
    assert not set(aliases.values()) & set(aliases)


def test_a_profile_that_does_not_exist_is_none(scenario: Scenario) -> None:
    assert scenario.decider.profile("nothing") is None


def test_a_decider_that_cannot_answer_says_policy_unavailable(scenario: Scenario) -> None:
    with pytest.raises(ExchangeError) as raised:
        decide(scenario.broken, "clinician")
    assert raised.value.code is Code.POLICY_UNAVAILABLE
