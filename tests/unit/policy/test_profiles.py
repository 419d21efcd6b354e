"""Profiles are strict YAML: what is not understood is not loaded."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.domain.entities import (
    AGE,
    AGE_OVER_89,
    DATE_OF_BIRTH,
    DATE_TIME,
    KNOWN,
    LOCATION,
    PERSON,
    PHONE_NUMBER,
    POSTCODE,
    URL,
    EntityType,
)
from gateway.domain.policy import Invented, Limits, Operator, Priority, Rule
from gateway.policy.problems import PolicyError
from gateway.policy.profiles import read_profile
from gateway.policy.release import load
from gateway.policy.shipped import shipped_policies

GOOD = b"""name: p
strictness: 7
description: A profile
entities:
  PERSON: replace
  AGE: keep
  PHONE_NUMBER: {mask: {keep_last: 4}}
restore: true
output:
  invented: block
limits:
  max_input_characters: 1000
  max_output_tokens: 100
"""
BAD = sorted((Path(__file__).parents[2] / "vectors/policy/bad-profiles").glob("*.yaml"))


def test_a_good_profile_is_read_as_it_is_written() -> None:
    read = read_profile("profiles/p.yaml", "p", GOOD)
    profile = read.profile
    assert (profile.name, profile.strictness, read.description) == ("p", 7, "A profile")
    assert profile.rule(PERSON) == Rule(Operator.REPLACE)
    assert profile.rule(AGE) == Rule(Operator.KEEP)
    assert profile.rule(PHONE_NUMBER) == Rule(Operator.MASK, keep_last=4)
    assert profile.restore
    assert profile.invented is Invented.BLOCK
    assert profile.limits == Limits(1000, 100)


def test_a_type_that_no_profile_names_is_blocked() -> None:
    assert read_profile("p", "p", GOOD).profile.rule(URL) == Rule(Operator.BLOCK)


def test_what_a_profile_leaves_out_of_serving_widens_nothing() -> None:
    profile = read_profile("p", "p", GOOD).profile
    assert profile.priority is Priority.INTERACTIVE
    assert not profile.cache
    assert profile.limits.max_in_flight is None


def test_a_profile_may_say_how_it_is_to_be_served() -> None:
    data = GOOD + b"  max_in_flight: 3\npriority: batch\ncache: true\n"
    profile = read_profile("p", "p", data).profile
    assert (profile.priority, profile.cache) == (Priority.BATCH, True)
    assert profile.limits == Limits(1000, 100, 3)


def test_a_profile_cannot_be_changed_after_it_was_read() -> None:
    entities = read_profile("p", "p", GOOD).profile.entities
    with pytest.raises(TypeError):
        entities[PERSON] = Rule(Operator.KEEP)  # type: ignore[index]


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_a_bad_profile_is_an_error_with_its_line(path: Path) -> None:
    data = path.read_bytes()
    line, words = data.split(b"\n")[0].decode().removeprefix("# ").split(": ", 1)
    with pytest.raises(PolicyError) as raised:
        read_profile("profiles/p.yaml", "p", data)
    (problem,) = raised.value.problems
    assert words in problem.message
    assert str(problem).startswith(f"profiles/p.yaml:{line}: ")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "the file is empty"),
        (b"# nothing\n", "the file is empty"),
        (GOOD.replace(b"A profile", b"caf\xe9"), "profiles/p.yaml:3: not UTF-8"),
        (b"\xff\xfe" + GOOD, "not UTF-8"),
        (b"#" * 300_000, "larger than"),
    ],
    ids=["empty", "comment only", "latin-1", "utf-16", "too large"],
)
def test_what_is_no_text_in_utf_8_is_an_error(data: bytes, words: str) -> None:
    with pytest.raises(PolicyError, match=words):
        read_profile("profiles/p.yaml", "p", data)


def test_a_file_name_that_cannot_stand_in_a_record_is_an_error() -> None:
    with pytest.raises(PolicyError, match="file name"):
        read_profile("profiles/Ä.yaml", "Ä", GOOD.replace(b"name: p", "name: Ä".encode()))


def test_every_shipped_profile_names_every_known_entity_type() -> None:
    for each in load(shipped_policies()).profiles.values():
        assert set(each.profile.entities) == KNOWN, each.file


def test_every_operator_can_be_named_with_its_parameters() -> None:
    operators = {
        "PERSON: surrogate": Rule(Operator.SURROGATE),
        "PERSON: encrypt": Rule(Operator.ENCRYPT),
        "PERSON: generalise": Rule(Operator.GENERALISE),
        "DATE_TIME: date_shift": Rule(Operator.DATE_SHIFT, days=365),
        "DATE_TIME: {date_shift: {days: 30}}": Rule(Operator.DATE_SHIFT, days=30),
    }
    for line, rule in operators.items():
        profile = read_profile("p", "p", GOOD.replace(b"PERSON: replace", line.encode())).profile
        assert profile.rule(EntityType(line.partition(":")[0])) == rule


def test_research_restores_nothing_and_keeps_nothing_but_what_safe_harbor_lets_stand() -> None:
    research = load(shipped_policies()).profile("research")
    assert research is not None
    assert not research.restore
    some = {AGE, AGE_OVER_89, DATE_TIME, DATE_OF_BIRTH, LOCATION, POSTCODE}
    assert all(research.rule(entity) == Rule(Operator.GENERALISE) for entity in some)
    assert all(research.rule(entity) == Rule(Operator.REPLACE) for entity in KNOWN - some)


def test_a_trial_restores_nothing_and_keeps_nothing() -> None:
    trial = load(shipped_policies()).profile("trial")
    assert trial is not None
    assert not trial.restore
    assert not any(trial.rule(entity).operator is Operator.KEEP for entity in KNOWN)
