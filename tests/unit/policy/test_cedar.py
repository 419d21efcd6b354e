"""Cedar policies are validated before they are asked, and an error in one is an error in all."""

from __future__ import annotations

import json

import cedarpy
import pytest

from gateway.domain.exchange import Action, Purpose
from gateway.policy.cedar import CedarPolicies, EvaluationFailed, Statement
from gateway.policy.problems import PolicyError
from gateway.policy.release import ACCESS, SCHEMA
from tests.fakes.identity import caller

Files = dict[str, bytes]
PERMIT = '@id("a") @profile("p") permit (principal, action, resource);\n'


@pytest.fixture
def schema(files: Files) -> str:
    return files[SCHEMA].decode()


def parse(text: str, schema: str) -> CedarPolicies:
    return CedarPolicies(ACCESS, text, SCHEMA, schema)


def problems(text: str, schema: str) -> list[str]:
    with pytest.raises(PolicyError) as raised:
        parse(text, schema)
    return [str(problem) for problem in raised.value.problems]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "access.cedar: no policies"),
        ("// words only\n", "access.cedar: no policies"),
        ("permit (principal, action, resource);", 'access.cedar:1: needs @id("…")'),
        (PERMIT + "permit (principal, action, resource);", 'access.cedar:2: needs @id("…")'),
        ('@id("A b") forbid (principal, action, resource);', "access.cedar:1: needs @id"),
        ('@id("") forbid (principal, action, resource);', "access.cedar:1: needs @id"),
        ('@id("a") permit (principal, action, resource);', "a permit needs @profile"),
        ('@id("a") @profile("") permit (principal, action, resource);', "a permit needs @profile"),
        (
            '@id("a") @profile("p") forbid (principal, action, resource);',
            "a forbid has no @profile",
        ),
        (
            '@id("a") @profil("p") forbid (principal, action, resource);',
            "@profil is not known",
        ),
        (PERMIT + "\n" + PERMIT, 'access.cedar:3: @id("a") is that of line 1 too'),
        (PERMIT + "\npermt (principal, action, resource);", "access.cedar:3: not Cedar"),
        (PERMIT + "\nforbid (principal, action", "access.cedar:3: not Cedar"),
        (
            '@id("a") @profile("p") permit (principal == ?principal, action, resource);',
            "a template",
        ),
        (
            PERMIT + '@id("b") forbid (principal, action, resource) '
            'when { context.purpose == Purpose::"TREET" };',
            "access.cedar:2: ",
        ),
        (
            PERMIT
            + '@id("b") forbid (principal, action, resource) when { principal.nmae == "x" };',
            "access.cedar:2: ",
        ),
        (
            PERMIT + '@id("b") forbid (principal in Rolle::"x", action, resource);',
            "access.cedar:2: ",
        ),
        (
            PERMIT + '@id("b") forbid (principal, action == Action::"chatt", resource);',
            "access.cedar:2: ",
        ),
        (
            PERMIT + '@id("b") forbid (principal, action, resource) when { context.purpose };',
            "access.cedar:2: ",
        ),
    ],
)
def test_a_policy_that_could_not_mean_what_it_says_is_an_error(
    text: str, expected: str, schema: str
) -> None:
    assert any(expected in message for message in problems(text, schema))


def test_semicolons_in_strings_and_comments_do_not_end_a_statement(schema: str) -> None:
    text = (
        "// one; two\n"
        '@id("a") @profile("p") @description("say \\"; //\\" twice;")\n'
        "permit (principal, action, resource); // three;\n"
        "\n"
        '@id("b") forbid (principal, action, resource) when { principal.client == "x;//" };'
    )
    assert parse(text, schema).statements == (
        Statement("a", 2, permits=True, profile="p", description='say "; //" twice;'),
        Statement("b", 5, permits=False, profile=None, description=""),
    )


def test_a_forbid_whose_evaluation_fails_is_not_skipped(schema: str) -> None:
    # Cedar itself answers Allow here: it ignores a policy that errors.
    text = (
        PERMIT + '@id("b") forbid (principal, action, resource) '
        'when { principal.client == "odd" && 9223372036854775807 + 1 > 0 };'
    )
    policies = parse(text, schema)
    even, odd = caller(), caller(identity="key:odd")
    object.__setattr__(odd, "client", "odd")
    assert policies.ask(even, Action.CHAT, "m", Purpose.TREAT).allowed
    with pytest.raises(EvaluationFailed, match="overflow"):
        policies.ask(odd, Action.CHAT, "m", Purpose.TREAT)


def test_a_forbid_that_always_fails_is_found_when_it_is_loaded(schema: str) -> None:
    text = (
        PERMIT + '@id("b") forbid (principal, action, resource) '
        "when { 9223372036854775807 + 1 > 0 };"
    )
    (message,) = problems(text, schema)
    assert "overflow" in message


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"HMARKT", ', ""),
        ("chat, complete", "chat"),
        ("    purpose: Purpose,\n", "    purpose: Purpose,\n    ward: String,\n"),
        ("  client: String,\n", "  client: Long,\n"),
        ("entity Caller", "entity Person"),
    ],
    ids=["purpose", "action", "context", "attribute", "principal"],
)
def test_a_schema_that_does_not_fit_the_questions_is_an_error(
    old: str, new: str, schema: str
) -> None:
    assert old in schema
    assert problems(PERMIT, schema.replace(old, new, 1))


def test_a_schema_that_is_none_is_an_error() -> None:
    assert problems(PERMIT, "entity;")[0].startswith(f"{SCHEMA}: not a Cedar schema")


def test_the_schema_knows_exactly_the_purposes_of_the_domain(schema: str) -> None:
    words = schema.split("entity Purpose enum [")[1].split("]", maxsplit=1)[0]
    assert set(json.loads(f"[{words}]")) == {purpose.value for purpose in Purpose}


class Answer:
    """What cedarpy might say, if it were wrong."""

    def __init__(self, decision: cedarpy.Decision, *reasons: str, error: str | None = None) -> None:
        self.decision = decision
        self.diagnostics = self
        self.reasons = list(reasons)
        self.errors = [error] if error else []


@pytest.mark.parametrize(
    "answer",
    [
        Answer(cedarpy.Decision.NoDecision),
        Answer(cedarpy.Decision.Allow),
        Answer(cedarpy.Decision.Allow, "policy7"),
        Answer(cedarpy.Decision.Allow, "policy1"),
        Answer(cedarpy.Decision.Deny, "policy0"),
        Answer(cedarpy.Decision.Allow, "policy0", error="one policy was skipped"),
        Answer(cedarpy.Decision.Deny, error="one policy was skipped"),
        None,
    ],
    ids=[
        "no decision",
        "no reason",
        "unknown reason",
        "a forbid permits",
        "a permit forbids",
        "permit with an error",
        "denial with an error",
        "nothing at all",
    ],
)
def test_an_answer_that_makes_no_sense_is_a_failure(
    answer: Answer | None, schema: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    policies = parse(PERMIT + '@id("b") forbid (principal in Role::"x", action, resource);', schema)
    monkeypatch.setattr(cedarpy, "is_authorized", lambda *_: answer)
    with pytest.raises(EvaluationFailed):
        policies.ask(caller(), Action.CHAT, "m", Purpose.TREAT)


def test_a_failure_is_not_remembered(schema: str, monkeypatch: pytest.MonkeyPatch) -> None:
    policies = parse(PERMIT, schema)
    with monkeypatch.context() as broken:
        broken.setattr(cedarpy, "is_authorized", lambda *_: None)
        with pytest.raises(EvaluationFailed):
            policies.ask(caller(), Action.CHAT, "m", Purpose.TREAT)
    assert policies.ask(caller(), Action.CHAT, "m", Purpose.TREAT).allowed


def test_a_callers_new_roles_are_a_new_question(schema: str) -> None:
    policies = parse(
        '@id("a") @profile("p") permit (principal in Role::"x", action, resource);', schema
    )
    with_role, without = caller(roles=frozenset({"x"})), caller(roles=frozenset({"y"}))
    assert policies.ask(with_role, Action.CHAT, "m", Purpose.TREAT).allowed
    assert not policies.ask(without, Action.CHAT, "m", Purpose.TREAT).allowed


@pytest.mark.parametrize("name", ['m"; x', 'Model::"m"', "m\nn", "", "é", "\x00"])
def test_a_models_name_is_a_value_and_never_syntax(name: str, schema: str) -> None:
    policies = parse(
        '@id("a") @profile("p") permit (principal, action, resource == Model::"m");', schema
    )
    assert not policies.ask(caller(), Action.CHAT, name, Purpose.TREAT).allowed
    assert policies.ask(caller(), Action.CHAT, "m", Purpose.TREAT).allowed


def test_rules_may_speak_of_groups_clients_assurance_and_callers(schema: str) -> None:
    for condition in (
        'principal in Group::"icu"',
        'principal.client == "ward"',
        'principal.assurance == "api_key"',
        'principal == Caller::"key:fake"',
    ):
        text = (
            f'@id("a") @profile("p") permit (principal, action, resource) when {{ {condition} }};'
        )
        who = caller()
        object.__setattr__(who, "groups", frozenset({"icu"}))
        assert parse(text, schema).ask(who, Action.COMPLETE, "m", Purpose.TREAT).allowed
