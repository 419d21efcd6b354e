"""What services sent, beside what their purposes need."""

from __future__ import annotations

from collections import Counter

from gateway.domain.exchange import Action, Purpose
from gateway.domain.records import Intent, Record
from gateway.policy.release import Release, build, read
from gateway.policy.shipped import shipped_policies
from gateway.policy.simulation.necessary import Line, Need, Sent, lines, unused
from tests.fakes.ledger import intent, outcome
from tests.fakes.traffic import traffic

SHIPPED = dict(read(shipped_policies()))


def sent(records: list[Record]) -> Sent:
    found = Sent()
    for index, record in enumerate(records):
        found.take(index, record)
    return found


def reported(records: list[Record], release: Release | None = None) -> dict[str, Line]:
    return {line.entity: line for line in lines(sent(records), release or build(SHIPPED))}


def test_a_type_that_the_purpose_does_not_need_is_told_with_its_share_and_a_way_out() -> None:
    records: list[Record] = [
        intent(str(number), findings={"LICENSE_NUMBER": 2} if number % 4 == 0 else {"PERSON": 1})
        for number in range(100)
    ]
    line = reported(records)["LICENSE_NUMBER"]
    assert (line.need, line.exchanges, line.of, line.findings) == (Need.NOT_NEEDED, 25, 100, 50)
    assert line.sentence() == (
        "discharge-letters sent LICENSE_NUMBER in 25 % of 100 exchanges for TREAT, which does not "
        "need it; operator today: pseudonym (treatment)"
    )
    assert "LICENSE_NUMBER: replace" in line.suggestion
    assert line.examples == (0, 4, 8, 12, 16)


def test_what_no_model_reads_is_the_services_to_leave_out() -> None:
    line = reported([intent("x", findings={"US_SSN": 1})])["US_SSN"]
    assert line.need is Need.NOT_NEEDED
    assert line.suggestion == "no model reads it (replace): ask the service not to send it"


def test_a_purpose_about_which_nobody_said_anything_is_not_judged() -> None:
    files = {name: data for name, data in SHIPPED.items() if name != "purposes.yaml"}
    line = reported([intent("x", findings={"US_SSN": 1})], build(files))["US_SSN"]
    assert line.need is Need.UNSTATED
    assert "purposes.yaml" in line.suggestion


def test_needs_that_nobody_had_are_told() -> None:
    found = sent([intent("x", findings={"PERSON": 1})])
    idle = {each.entity for each in unused(found, build(SHIPPED)) if each.purpose is Purpose.TREAT}
    assert "AGE" in idle
    assert "PERSON" not in idle


def test_what_was_heard_in_a_dictation_counts_too() -> None:
    asked = Intent(**{**_values(intent("x", findings={})), "action": Action.TRANSCRIBE})
    heard = outcome("x")
    heard = type(heard)(**{**_values(heard), "findings": {"PASSPORT": 3}})
    line = reported([asked, heard])["PASSPORT"]
    assert (line.exchanges, line.findings, line.examples) == (1, 3, (0,))


def test_the_counts_are_those_of_a_reader_who_counts_by_hand() -> None:
    release = build(SHIPPED)
    records = list(traffic(release, 9, 300))
    by_hand: Counter[tuple[str, Purpose, str]] = Counter()
    for record in records:
        if isinstance(record, Intent):
            for entity, count in record.findings.items():
                by_hand[record.client, record.purpose, entity] += count > 0
    told = {
        (line.client, line.purpose, str(line.entity)): line.exchanges
        for line in lines(sent(records), release)
    }
    assert told == dict(+by_hand)


def test_a_profile_that_is_gone_is_said_to_be_gone() -> None:
    record = Intent(**{**_values(intent("x", findings={"US_SSN": 1})), "profile": "older"})
    line = reported([record])["US_SSN"]
    assert line.operator == "no such profile any more"


def _values(record: Record) -> dict[str, object]:
    return {name: getattr(record, name) for name in record.__dataclass_fields__}
