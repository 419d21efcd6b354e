"""What a rereading counts of texts, and that it holds nothing of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

import pytest

from gateway.domain import entities as e
from gateway.domain.entities import EntityType
from gateway.domain.exchange import Action
from gateway.domain.findings import Finding, Findings
from gateway.domain.policy import Limits, Operator, Profile, Rule
from gateway.domain.text import RawText
from gateway.policy.simulation.replay import Past
from gateway.policy.simulation.text_views import texts_as_json, texts_as_rows
from gateway.policy.simulation.texts import Change, Refusal, Rereading, Unopened
from tests.fakes.policy import profile

TEXT = "Margaret Thornton, MRN 48210377, was seen on 3 March 2021 by Margaret Thornton."
BEFORE = profile("treatment")
PLACES = {"Margaret Thornton": e.PERSON, "48210377": e.MEDICAL_RECORD_NUMBER}


def seen(texts: Sequence[str], places: dict[str, EntityType]) -> list[Findings]:
    found = []
    for text in texts:
        spans = [
            Finding(at, at + len(value), kind)
            for value, kind in places.items()
            for at in range(len(text))
            if text.startswith(value, at)
        ]
        found.append(tuple(sorted(spans)))
    return found


def past(index: int, after: Profile, findings: dict[str, int], before: Profile = BEFORE) -> Past:
    return Past(index, "e", Action.CHAT, findings, True, before, after)  # noqa: FBT003 - it is kept


def reread(
    after: Profile,
    findings: dict[str, int] | None = None,
    places: dict[str, EntityType] | None = None,
    before: Profile = BEFORE,
    text: str = TEXT,
) -> Rereading:
    rereading = Rereading(2026)
    then = {"PERSON": 2, "MEDICAL_RECORD_NUMBER": 1} if findings is None else findings
    found = seen([text], PLACES if places is None else places)
    rereading.compare(past(7, after, then, before), [RawText(text)], found)
    return rereading


def test_releases_that_treat_alike_give_the_same_text() -> None:
    found = reread(profile("treatment")).found
    assert (found.opened, found.same) == (1, 1)
    assert texts_as_json(found)["operators"] == []


def test_an_operator_that_changes_is_counted_by_findings_and_the_text_differs() -> None:
    after = profile("treatment", PERSON=Rule(Operator.REPLACE))
    found = reread(after).found
    ((row, tally),) = found.operators
    assert (row.entity, row.before.operator, row.after.operator) == (
        *("PERSON", Operator.PSEUDONYM, Operator.REPLACE),
    )
    assert (tally.findings, tally.records, tally.examples) == (2, 1, [7])
    assert [(key, tally.records) for key, tally in found.differ] == [(("treatment",) * 2, 1)]
    assert found.same == 0
    assert list(found.untreated) == []


def test_what_would_reach_a_model_as_it_stands_is_told_first() -> None:
    after = profile("treatment", MEDICAL_RECORD_NUMBER=Rule(Operator.KEEP))
    ((each, findings),) = reread(after).found.untreated
    assert (each.entity, findings) == ("MEDICAL_RECORD_NUMBER", 1)


def test_what_detection_finds_today_and_did_not_is_told_and_the_other_way_round() -> None:
    found = reread(profile("treatment"), {"PERSON": 1, "AGE": 2}).found
    assert {key: tally.findings for key, tally in found.types} == {
        Change(e.MEDICAL_RECORD_NUMBER, more=True): 1,
        Change(e.PERSON, more=True): 1,
        Change(e.AGE, more=False): 2,
    }
    assert found.same == 0
    assert len(found.differ) == 0


def test_a_type_found_today_that_the_candidate_blocks_is_a_refusal() -> None:
    after = profile("strict", 200, MEDICAL_RECORD_NUMBER=Rule(Operator.BLOCK))
    found = reread(after, {"PERSON": 2}).found
    ((told, tally),) = found.refused
    assert told == Refusal("treatment", "treated", "strict", "entity_blocked")
    assert tally.examples == [7]
    assert len(found.differ) == 0


def test_a_text_that_is_longer_than_the_candidate_lets_through_is_a_refusal() -> None:
    after = profile("treatment", limits=Limits(len(TEXT) - 1, 4096))
    ((told, _),) = reread(after).found.refused
    assert told.after == "limit_exceeded"


def test_what_both_refuse_is_no_change_of_theirs() -> None:
    blocks = profile("treatment", PERSON=Rule(Operator.BLOCK))
    found = reread(blocks, before=blocks).found
    assert (found.opened, found.same, len(found.refused), len(found.differ)) == (1, 1, 0, 0)


def test_findings_that_hold_others_are_counted_as_redaction_counts_them() -> None:
    inner = Finding(0, 17, e.PERSON)
    outer = Finding(0, 31, e.ORGANIZATION, within=(inner,))
    rereading = Rereading(2026)
    after = profile("treatment", PERSON=Rule(Operator.REPLACE))
    rereading.compare(past(1, after, {"PERSON": 1}), [RawText(TEXT)], [(outer,)])
    assert [row.entity for row, _ in rereading.found.operators] == ["PERSON"]
    assert len(rereading.found.types) == 0


def test_an_exchange_without_two_profiles_is_not_compared() -> None:
    with pytest.raises(ValueError, match="two profiles"):
        Rereading(2026).compare(replace(past(1, BEFORE, {}), after=None), [], [])


def test_nothing_of_a_text_is_in_what_was_found_or_in_the_object() -> None:
    rereading = reread(profile("treatment", PERSON=Rule(Operator.SURROGATE)), {"AGE": 1})
    rereading.leave(past(8, BEFORE, {}), Unopened.SHREDDED)
    told = json.dumps(texts_as_json(rereading.found)) + str(list(texts_as_rows(rereading.found)))
    held = repr(rereading.found) + repr(vars(rereading))
    for word in ("Margaret", "Thornton", "48210377", "March"):
        assert word not in told
        assert word not in held
    assert "texts_unopened" in told


def test_the_same_texts_give_the_same_report() -> None:
    after = profile("treatment", default=Operator.SURROGATE)
    first, second = (texts_as_json(reread(after).found) for _ in range(2))
    assert first == second
    assert first["differ"]
