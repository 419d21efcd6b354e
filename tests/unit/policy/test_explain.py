"""An explanation is the decision that a request would get, with its reasons."""

from __future__ import annotations

from gateway.domain.canonical import encode
from gateway.domain.entities import AGE, KNOWN, PERSON
from gateway.domain.exchange import Action, Model, Purpose
from gateway.domain.policy import Deny, Operator, Permit, Rule
from gateway.domain.records import Intent
from gateway.policy.decider import MAX_RULES, CedarDecider
from gateway.policy.explain import Question, explain, spoken
from gateway.policy.release import ACCESS, build
from tests.fakes.identity import caller

Files = dict[str, bytes]


def question(*roles: str, purpose: Purpose = Purpose.TREAT) -> Question:
    return Question(frozenset(roles), purpose, Action.CHAT, "any")


def test_a_permit_is_explained_by_its_rules_and_every_treatment(files: Files) -> None:
    answer = explain(build(files), question("clinician"))
    assert isinstance(answer.decision, Permit)
    assert [rule.id for rule in answer.rules] == ["treatment-by-clinicians"]
    assert {entity for entity, _ in answer.treatments} == KNOWN
    assert dict(answer.treatments)[PERSON] == Rule(Operator.PSEUDONYM)
    assert dict(answer.treatments)[AGE] == Rule(Operator.KEEP)
    assert answer.limits == answer.decision.profile.limits
    assert answer.unknown_roles == ()


def test_a_denial_is_explained_by_its_forbids(files: Files) -> None:
    answer = explain(build(files), question("clinician", purpose=Purpose.HMARKT))
    assert isinstance(answer.decision, Deny)
    assert [rule.id for rule in answer.rules] == ["never-for-marketing"]
    assert answer.treatments == ()
    assert answer.profile is answer.limits is None


def test_a_role_that_no_rule_mentions_is_pointed_out(files: Files) -> None:
    assert explain(build(files), question("clinican")).unknown_roles == ("clinican",)


def test_an_explanation_is_the_decision_of_the_decider(files: Files) -> None:
    release = build(files)
    model = Model("any", "0" * 64, 2048, 0)
    for purpose in Purpose:
        for role in release.policies.roles:
            who = caller(roles=frozenset({role}))
            decided = CedarDecider(release).decide(who, Action.CHAT, model, purpose)
            assert explain(release, question(role, purpose=purpose)).decision == decided


def test_a_treatment_is_spoken_as_an_author_would_write_it() -> None:
    assert spoken(Rule(Operator.KEEP)) == "keep"
    assert spoken(Rule(Operator.MASK, 4)) == "mask (last 4 kept)"


def test_however_many_rules_apply_the_record_of_them_fits_a_leaf(files: Files) -> None:
    files[ACCESS] += b"".join(
        b'@id("%s") @profile("treatment") permit (principal, action, resource);' % name
        for name in (f"rule-{number:03}-{'x' * 31}".encode() for number in range(150))
    )
    model = Model("m" * 128, "0" * 64, 2048, 0)
    permit = CedarDecider(build(files)).decide(caller(), Action.COMPLETE, model, Purpose.TREAT)
    assert isinstance(permit, Permit)
    assert len(permit.rules) == MAX_RULES
    assert permit.rules[-1] == f"+{150 + 1 - (MAX_RULES - 1)}"
    encode(
        Intent(
            exchange="0" * 36,
            time=2**53 - 1,
            actor="key:" + "a" * 10,
            client="c" * 64,
            action=Action.COMPLETE,
            purpose=Purpose.TREAT,
            model=model.name,
            model_digest=model.digest,
            profile=permit.profile.name,
            release=permit.release,
            rules=permit.rules,
            findings=dict.fromkeys(KNOWN, 1000),
            prompt_tokens=100_000,
        )
    )
