"""A forbid can speak of the profile that the permits lead to; a permit cannot."""

from __future__ import annotations

import re

import pytest

from gateway.allowance import tightened
from gateway.domain.errors import Code, ExchangeError
from gateway.domain.exchange import Action, Assurance, Caller, Model, Purpose
from gateway.domain.policy import Deny, Permit
from gateway.domain.standing import Standing
from gateway.policy.cedar import CedarPolicies
from gateway.policy.check import check_release
from gateway.policy.decider import CedarDecider
from gateway.policy.explain import Question, explain
from gateway.policy.powers import changes, models, powers, subjects
from gateway.policy.problems import PolicyError
from gateway.policy.release import ACCESS, SCHEMA, Release, build
from gateway.policy.simulation.sides import Asked, Side
from gateway.policy.speaking import of_profiles
from tests.fakes.identity import caller

Files = dict[str, bytes]
PERMITS = """\
@id("treating") @profile("treatment") permit (principal in Role::"clinician", action, resource);
@id("research") @profile("research") permit (principal in Role::"researcher", action, resource);
"""
ASKED = "context has profile && context.profile"


def forbid(condition: str, scope: str = "principal, action, resource") -> str:
    return f'@id("speaking") forbid ({scope}) {condition};\n'


def release(files: Files, text: str) -> Release:
    return build({**files, ACCESS: text.encode()})


def decide(made: Release, *roles: str) -> Permit | Deny:
    asking = caller(roles=frozenset(roles))
    return CedarDecider(made).decide(asking, Action.CHAT, Model("m", "", 0, 0), Purpose.TREAT)


def problems(files: Files, text: str) -> list[str]:
    with pytest.raises(PolicyError) as raised:
        release(files, text)
    return [str(each) for each in raised.value.problems]


@pytest.mark.parametrize(
    "condition",
    [
        f'when {{ {ASKED} == Profile::"treatment" }}',
        f'unless {{ {ASKED} == Profile::"research" }}',
        f'when {{ {ASKED} in [Profile::"treatment", Profile::"coding"] }}',
        'when { context has "profile" && context["profile"] == Profile::"treatment" }',
        'when { if context has profile then context.profile == Profile::"treatment" else false }',
    ],
)
def test_a_forbid_applies_to_the_profile_that_it_speaks_of_and_to_no_other(
    condition: str, files: Files
) -> None:
    made = release(files, PERMITS + forbid(condition))
    denied, permitted = decide(made, "clinician"), decide(made, "researcher")
    assert isinstance(denied, Deny)
    assert denied.rules == ("speaking",)
    assert isinstance(permitted, Permit)
    assert permitted.rules == ("research",)


def test_it_is_asked_about_the_strictest_profile_of_the_permits(files: Files) -> None:
    made = release(files, PERMITS + forbid(f'when {{ {ASKED} == Profile::"treatment" }}'))
    both = decide(made, "clinician", "researcher")
    assert isinstance(both, Permit)
    assert both.profile.name == "research"


def test_a_client_cannot_ask_for_a_profile_that_a_forbid_rules_out(files: Files) -> None:
    made = release(files, PERMITS + forbid(f'when {{ {ASKED} == Profile::"coding" }}'))
    permit = decide(made, "clinician")
    assert isinstance(permit, Permit)
    decider = CedarDecider(made)
    denied = tightened(permit, "coding", decider)
    assert denied == Deny(Code.POLICY_DENIED, ("speaking",), made.digest)
    stricter = tightened(permit, "research", decider)
    assert isinstance(stricter, Permit)
    assert stricter.profile.name == "research"


def test_a_forbid_that_fails_for_another_profile_fails_who_asks_for_that_one(files: Files) -> None:
    fails = f'if {ASKED} == Profile::"coding" then 9223372036854775807 + 1 > 0 else false'
    made = release(files, PERMITS + forbid(f"when {{ {fails} }}"))
    permit = decide(made, "clinician")
    assert isinstance(permit, Permit)
    assert permit.profile.name == "treatment"
    decider = CedarDecider(made)
    with pytest.raises(ExchangeError) as refused:
        tightened(permit, "coding", decider)
    assert refused.value.code is Code.POLICY_UNAVAILABLE
    stricter = tightened(permit, "research", decider)
    assert isinstance(stricter, Permit)
    assert stricter.profile.name == "research"


def test_with_unless_it_can_ask_for_the_listed_ones_alone(files: Files) -> None:
    made = release(
        files,
        PERMITS + forbid(f'unless {{ {ASKED} in [Profile::"treatment", Profile::"research"] }}'),
    )
    permit = decide(made, "clinician")
    assert isinstance(permit, Permit)
    others = {name: permit.against(name) for name in made.profiles}
    assert {name for name, found in others.items() if found == ("speaking",)} == {"coding", "trial"}
    assert {found for found in others.values() if found != ("speaking",)} == {()}


def test_a_simulation_denies_what_a_client_cannot_ask_for(files: Files) -> None:
    made = release(files, PERMITS + forbid(f'when {{ {ASKED} == Profile::"coding" }}'))
    who = Standing(frozenset({"clinician"}), frozenset(), Assurance.API_KEY)
    asked = Asked("key:a", "a", who, Action.CHAT, Purpose.TREAT, "m")
    answer = Side(made).answer(asked, "coding")
    assert (answer.profile, answer.code, answer.rules) == (None, Code.POLICY_DENIED, ("speaking",))
    assert Side(made).answer(asked, "research").code is None


def test_where_nothing_permits_no_forbid_is_asked_about_a_profile(files: Files) -> None:
    made = release(files, PERMITS + forbid(f'unless {{ {ASKED} == Profile::"research" }}'))
    nobody = decide(made, "porter")
    assert isinstance(nobody, Deny)
    assert nobody.rules == ()


@pytest.mark.parametrize(
    "condition",
    [
        f'when {{ {ASKED} == Profile::"treatment" }}',
        "when { context has profile }",
        'unless { Profile::"treatment" == Profile::"research" }',
        'when { {all: context}.all.purpose == Purpose::"TREAT" }',
    ],
)
def test_a_permit_cannot_justify_itself_by_the_profile(condition: str, files: Files) -> None:
    permit = '@id("circle") @profile("research") permit (principal, action, resource) '
    (message,) = problems(files, PERMITS + f"{permit}{condition};")
    assert message.startswith("access.cedar:3: a permit speaks of the profile")
    assert "in a forbid" in message


def test_a_profile_that_no_file_defines_is_found_with_the_one_that_was_meant(files: Files) -> None:
    (message,) = problems(files, PERMITS + forbid(f'when {{ {ASKED} == Profile::"treatmnet" }}'))
    assert 'Profile::"treatmnet" names no file in profiles/' in message
    assert "`treatment`" in message


def test_a_profile_is_looked_for_before_it_is_compared(files: Files) -> None:
    found = problems(files, PERMITS + forbid('when { context.profile == Profile::"coding" }'))
    assert all("optional attribute `profile`" in message for message in found)


def test_a_forbid_whose_evaluation_fails_under_some_profile_refuses(files: Files) -> None:
    made = release(
        files,
        PERMITS
        + forbid(f'when {{ {ASKED} == Profile::"treatment" && 9223372036854775807 + 1 > 0 }}'),
    )
    assert isinstance(decide(made, "researcher"), Permit)
    with pytest.raises(Exception, match="could not be evaluated"):
        decide(made, "clinician")


def test_what_speaks_of_no_profile_is_asked_once(
    files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    cedar = CedarPolicies._cedar

    def counting(self: CedarPolicies, *question: object) -> object:
        asked.append(str(question[3]))
        return cedar(self, *question)  # type: ignore[arg-type]

    made = release(files, PERMITS), release(files, PERMITS + forbid("when { context has profile }"))
    monkeypatch.setattr(CedarPolicies, "_cedar", counting)
    assert isinstance(decide(made[0], "clinician"), Permit)
    assert [("profile" in each) for each in asked] == [False]
    assert isinstance(decide(made[1], "clinician"), Deny)
    assert [("profile" in each) for each in asked] == [False, False, True]


def test_a_schema_of_before_still_loads_policies_of_before(files: Files) -> None:
    older = re.sub(rb"entity Profile;", b"", files[SCHEMA])
    older = re.sub(rb"profile\?: Profile,", b"", older)
    made = build({**files, SCHEMA: older})
    assert isinstance(decide(made, "clinician"), Permit)
    access = PERMITS + forbid(f'when {{ {ASKED} == Profile::"coding" }}')
    with pytest.raises(PolicyError, match="copy that"):
        build({**files, SCHEMA: older, ACCESS: access.encode()})
    with pytest.raises(
        PolicyError,
        match=r"Compare the schema with the shipped one \(/.*/policies/intramural\.cedarschema\)",
    ):
        build(
            {
                **files,
                SCHEMA: older,
                ACCESS: (PERMITS + forbid("when { context has profile }")).encode(),
            }
        )


def test_the_shipped_example_does_what_it_says_once_its_slashes_are_gone(files: Files) -> None:
    text = files[ACCESS].decode()
    at = text.index('// @id("shared-machine-without-pseudonyms")')
    made = release(files, text[:at] + re.sub(r"(?m)^// ", "", text[at:]))
    assert check_release(made).ok

    def asked(role: str, purpose: Purpose, model: str) -> Permit | Deny:
        question = Question(frozenset({role}), purpose, Action.CHAT, model)
        return explain(made, question).decision

    denied = asked("clinician", Purpose.TREAT, "shared")
    assert isinstance(denied, Deny)
    assert denied.rules == ("shared-machine-without-pseudonyms",)
    assert isinstance(asked("clinician", Purpose.TREAT, "ours"), Permit)
    assert isinstance(asked("researcher", Purpose.HRESCH, "shared"), Permit)
    assert isinstance(asked("investigator", Purpose.CLINTRCH, "shared"), Permit)
    assert isinstance(asked("coder", Purpose.HPAYMT, "shared"), Deny)


def test_the_enumeration_and_what_changes_go_by_it(files: Files) -> None:
    before = release(files, PERMITS)
    after = release(files, PERMITS + forbid(f'unless {{ {ASKED} == Profile::"research" }}'))
    lost = changes(before, after).lost
    assert lost
    assert {(who.name, profile) for (who, *_), profile in lost.items()} == {
        ("clinician", "treatment")
    }
    left = powers(after, subjects([after]), models([after]))
    assert set(left.values()) == {"research"}


def test_an_explanation_names_the_forbid(files: Files) -> None:
    made = release(files, PERMITS + forbid(f'when {{ {ASKED} == Profile::"treatment" }}'))
    question = Question(frozenset({"clinician"}), Purpose.TREAT, Action.CHAT, "m")
    assert [rule.id for rule in explain(made, question).rules] == ["speaking"]


def test_a_caller_is_all_that_it_was(files: Files) -> None:
    # Beside the profile the second question holds all that the first one held.
    condition = f'when {{ {ASKED} == Profile::"treatment" && principal.client == "odd" }}'
    decider = CedarDecider(release(files, PERMITS + forbid(condition)))
    model = Model("m", "", 0, 0)

    def asked(client: str) -> Permit | Deny:
        who: Caller = caller(roles=frozenset({"clinician"}))
        object.__setattr__(who, "client", client)
        return decider.decide(who, Action.CHAT, model, Purpose.TREAT)

    assert isinstance(asked("even"), Permit)
    assert isinstance(asked("odd"), Deny)


def test_only_the_purpose_is_asked_of_the_context_without_speaking_of_a_profile() -> None:
    context = {"Var": "context"}
    bodies = {
        "purpose": {".": {"left": context, "attr": "purpose"}},
        "profile": {".": {"left": context, "attr": "profile"}},
        "has": {"has": {"left": context, "attr": "profile"}},
        "whole": {"==": {"left": context, "right": {"Record": {}}}},
        "named": {"Set": [{"Value": {"__entity": {"type": "Profile", "id": "coding"}}}]},
        "kind": {"is": {"left": {"Var": "principal"}, "entity_type": "Profile"}},
        "role": {"Value": {"__entity": {"type": "Role", "id": "coder"}}},
    }
    policies = {name: {"conditions": [{"body": body}]} for name, body in bodies.items()}
    assert of_profiles(policies) == {"profile", "has", "whole", "named", "kind"}
