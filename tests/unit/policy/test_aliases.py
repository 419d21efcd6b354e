"""Aliases: strict, one step long, part of the release, and never astray where models are known."""

from __future__ import annotations

import pytest

from gateway.domain.exchange import Action, Purpose
from gateway.policy.aliases import Alias, astray, read_aliases
from gateway.policy.check import check_release
from gateway.policy.decider import CedarDecider
from gateway.policy.explain import Question, explain
from gateway.policy.problems import PolicyError
from gateway.policy.release import MODELS, build, load
from gateway.policy.shipped import shipped_policies

Files = dict[str, bytes]
GOOD = b"aliases:\n  default: small\n  clinical: large\n"


def test_each_line_is_an_alias_and_its_model() -> None:
    assert read_aliases("models.yaml", GOOD) == (
        Alias("models.yaml", 2, "default", "small"),
        Alias("models.yaml", 3, "clinical", "large"),
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"default: small\n", "unknown key"),
        (b"aliases: []\n", "an empty list"),
        (b"aliases: {}\n", "an empty mapping"),
        (b"aliases: small\n", "a mapping is wanted"),
        (b"aliases:\n  default: [small]\n", "a single word"),
        (b"aliases:\n  default: 1\n", "in quotes"),
        (b"aliases:\n  default:\n", "missing"),
        (b"aliases:\n  default: a model\n", "no spaces"),
        (b'aliases:\n  default: ""\n', "printable"),
        (b"aliases:\n  The Default: small\n", "an alias is"),
        (b"aliases:\n  ../etc: small\n", "an alias is"),
        (b"aliases:\n  default: small\n  default: large\n", "a second time"),
        (b"aliases:\n  default: clinical\n  clinical: large\n", "an alias itself"),
        (b"aliases:\n  default: default\n", "an alias itself"),
        (b"", "empty"),
    ],
)
def test_what_is_not_understood_is_an_error_with_its_line(text: bytes, words: str) -> None:
    with pytest.raises(PolicyError, match=words) as raised:
        read_aliases("models.yaml", text)
    assert raised.value.problems[0].file == "models.yaml"


def test_the_file_may_be_absent_and_is_part_of_the_digest(files: Files) -> None:
    without = build({name: data for name, data in files.items() if name != MODELS})
    assert without.aliases == ()
    other = build({**files, MODELS: GOOD})
    assert len({build(files).digest, without.digest, other.digest}) == 3


def test_a_bad_file_is_told_with_the_problems_of_the_others(files: Files) -> None:
    files[MODELS] = b"aliases: []\n"
    files["profiles/research.yaml"] = b"name: research\n"
    with pytest.raises(PolicyError) as raised:
        build(files)
    assert [each.file for each in raised.value.problems] == [MODELS, "profiles/research.yaml"]


def test_an_alias_leads_to_a_model_that_is_served_and_hides_none() -> None:
    aliases = read_aliases("models.yaml", GOOD)
    assert list(astray(aliases, ["small", "large"])) == []
    (nowhere,) = astray(aliases, ["large"])
    assert str(nowhere).startswith("models.yaml:2: `default` leads to the model `small`")
    (hidden,) = astray(aliases, ["small", "large", "clinical"])
    assert str(hidden).startswith("models.yaml:3: `clinical` is the name of a model")


def test_a_check_follows_aliases_where_it_knows_the_models(files: Files) -> None:
    release = build(files)
    assert check_release(release, ["smollm2-135m-instruct"]).ok
    assert not check_release(release, ["llama"]).ok
    unknown = check_release(release)
    assert unknown.ok
    assert [note.file for note in unknown.notes] == [MODELS]


def test_policy_decides_on_the_model_and_not_on_the_alias(files: Files) -> None:
    files["access.cedar"] += (
        b'@id("not-the-large-one")\nforbid (principal, action, resource == Model::"large");\n'
    )
    release = build({**files, MODELS: GOOD})

    def rules(model: str) -> tuple[str, ...]:
        question = Question(frozenset({"clinician"}), Purpose.TREAT, Action.CHAT, model)
        return explain(release, question).decision.rules

    assert rules("clinical") == rules("large") == ("not-the-large-one",)
    assert rules("default") == rules("small") == ("treatment-by-clinicians",)


def test_the_decider_tells_the_aliases_of_its_release(files: Files) -> None:
    aliases = CedarDecider(build({**files, MODELS: GOOD})).aliases
    assert dict(aliases) == {"default": "small", "clinical": "large"}
    with pytest.raises(TypeError):
        aliases["default"] = "large"  # type: ignore[index]


def test_the_shipped_alias_leads_to_the_default_model() -> None:
    from engine import DEFAULT_NAME

    assert load(shipped_policies()).model("default") == DEFAULT_NAME
