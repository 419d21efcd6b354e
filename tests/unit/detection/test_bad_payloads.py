"""What is broken, huge or hostile takes bounded time, and none of it is let through."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.detection.detector import PresidioDetector
from gateway.detection.readable import Reading, reading_of
from gateway.domain.entities import PERSON
from gateway.domain.exchange import Conversation, Message, Role
from gateway.domain.findings import Finding
from gateway.domain.policy import Operator
from gateway.domain.redaction import Secrets, redact
from gateway.domain.text import RawText
from tests.fakes.policy import profile
from tests.fakes.tagger import FakeTagger

NAME = "Zebedee"
M = 1_000_000


@pytest.fixture(scope="module")
def detector() -> Iterator[PresidioDetector]:
    detector = PresidioDetector(reference_year=2025, tagger=FakeTagger({NAME: "PERSON"}))
    yield detector
    detector.close()


async def through(detector: PresidioDetector, text: str) -> str:
    findings = await detector.detect([RawText(text)])
    conversation = Conversation((Message(Role.USER, (RawText(text),)),))
    by = profile(default=Operator.REPLACE)
    redaction = redact(conversation, findings, by, Secrets(b"p" * 32, b"h" * 32), "caller")
    return redaction.conversation.messages[0].content[0].for_engine()


LEVELS = 10_000
BAD = {
    "cut off in a string": f'{{"resourceType": "Patient", "name": [{{"family": "{NAME}',
    "cut off behind a string": f'{{"resourceType": "Patient", "name": [{{"family": "{NAME}"',
    "a comma too many": f'{{"resourceType": "Patient",, "name": [{{"family": "{NAME}",}},]}}',
    "a comma missing": f'{{"resourceType": "Patient" "name": [{{"family": "{NAME}" "x": []}}]}}',
    "the wrong brackets": f'{{"resourceType": "Patient", "name": [{{"family": "{NAME}"]]}}}}',
    "no quotes": f"{{resourceType: Patient, name: [{{family: {NAME}}}]}}",
    "single quotes": f"{{'resourceType': 'Patient', 'name': [{{'family': '{NAME}'}}]}}",
    "a comment": f'{{"a": 1, /* {NAME} */ "b": "{NAME}"}}',
    "a bare word": f'{{"a": {NAME}, "b": "{NAME}"}}',
    "the wrong type": f'{{"resourceType": "Patient", "name": "{NAME}", "birthDate": "{NAME}"}}',
    "a list for a type": f'{{"resourceType": ["{NAME}"], "id": {{"x": "{NAME}"}}}}',
    "a name twice": f'{{"mrn": "{NAME}", "mrn": "{NAME}", "{NAME}": 1, "{NAME}": 2}}',
    "a name as a key": f'{{"{NAME}": {{"{NAME}": []}}}}',
    "no base64": f'{{"resourceType": "Binary", "data": "{NAME}!!"}}',
    "a bad escape": f'{{"a": "\\q{NAME}\\u00zz {NAME}"}}',
    "a lone surrogate": f'{{"patient": "\\ud800{NAME}"}}',
    "deep": '{"a":' * LEVELS + f'"{NAME}"' + "}" * LEVELS,
    "deep and cut off": '[{"a":' * LEVELS + f'"{NAME}"',
    "deeper than is read": "[" * 50_000 + f'"{NAME}"' + "]" * 50_000,
    "strings in strings": json.dumps(json.dumps(json.dumps(json.dumps(json.dumps({"a": NAME}))))),
    "no separators": f"MSH\rPID {NAME}",
    "one separator": f"MSH|\rPID|1||||{NAME}",
    "other separators": f"MSH|^~\\&|A\rPID#1####{NAME}^X##19540302",
    "separators of two": f"MSH||||||A\rPID|1||||{NAME}^X",
    "letters for separators": f"MSHabcdeA\rPIDa1aaaa{NAME}",
    "a segment of nobody": f"MSH|^~\\&|A\rQQQ|{NAME}\r{NAME}|x\rPID|||||{NAME}",
    "an open escape": f"MSH|^~\\&|A\rNTE|1||\\X{NAME}\\ \\{NAME}",
    "an open quote": f'name,dob\n"{NAME},1954-03-02\nx,y\n',
    "uneven rows": f"name,dob\n{NAME}\n{NAME},1,2,3,4,5,6\n",
    "a table of names": f"name;dob;note\n;;\n;{NAME};{NAME}\n",
    "tags": f'{{"resourceType": "Patient", "text": {{"div": "<div><{NAME}><b {NAME}=1 alt={NAME}>'
    f'<!-- {NAME} <p title=\\"{NAME}\\" {NAME}"}}}}',
}


@pytest.mark.parametrize("text", BAD.values(), ids=BAD)
async def test_nothing_of_a_broken_payload_is_let_through(
    detector: PresidioDetector, text: str
) -> None:
    begun = time.process_time()
    assert NAME not in await through(detector, text)
    assert time.process_time() - begun < 60


UNITS = [
    "a", "1", "{", "[", '{"', '["', '{"a":', '{"a":"', "[1,", '"', '{"\\"', "{" + " " * 190, "PID|",
    "PID|\n", "MSH|^~\\&|a\n", "MSH", "|", "PID|a^b&c~d", "PID#", "Z01|a\r", "a,b\n", "name,dob\n",
    "name\tdob\n", '"a",', "| name | dob |\n", "\\X", "QUFB", "QUFB" * 15 + "\n", "A" * 16 + " ",
    "data:;base64,", '{"data":"QUFB"}', '{"name":"Bob","dob":"1990-01-01"}\n',
    '{"resourceType":"A"}', "Name;A\n", "Surname;A\n", "| Name | A |\n", "| Name | DOB |\n|---|\n",
]  # fmt: skip
WITHIN = ["<", "<a b='", "<!--", "--", "&#x4d;", "\\u0041", "\\\\", "<b>", "<b a=a>"]


@pytest.mark.parametrize("unit", UNITS, ids=repr)
def test_a_hundred_thousand_characters_are_read_in_bounded_time(unit: str) -> None:
    _read_in_time((unit * 100_000)[:100_000], 5)


@pytest.mark.parametrize("unit", WITHIN, ids=repr)
def test_so_is_a_narrative_of_anything(unit: str) -> None:
    div = (unit * 100_000)[:100_000]
    _read_in_time(f'{{"resourceType":"Patient","text":{{"div":"{div}"}}}}', 5)


@pytest.mark.slow
@pytest.mark.parametrize("unit", UNITS, ids=repr)
def test_a_megabyte_is_read_in_bounded_time(unit: str) -> None:
    _read_in_time((unit * M)[:M], 50)


def _read_in_time(text: str, seconds: float) -> Reading:
    begun = time.thread_time()  # What others do on this machine is not meant.
    reading = reading_of(text)
    assert time.thread_time() - begun < seconds
    return reading


PIECES = st.sampled_from([
    "{", "}", "[", "]", '"', ",", ":", "\\", "\n", "\r", "|", "^", "&", "~", "#", ";", "\t", "<b>",
    "</b>", "&amp;", "MSH|^~\\&|", "PID|", "name", '"name": ', '"resourceType": "Patient"', "dob",
    '"div": "', '"data": "', "QUFBQUFBQUFBQUFBQUFB", "1", NAME, f" {NAME} ", "\\u0041", "'", "=",
])  # fmt: skip


def test_a_payload_of_control_characters_alone_fails_nothing() -> None:
    reading = reading_of(json.dumps("\x00"))
    assert reading.findings([Finding(0, len(reading.text), PERSON)]) == ()


@given(st.lists(PIECES, max_size=40).map("".join))
@example(f"QUFBQUFBQUFBQUFBQUFB{NAME}")
def test_every_word_that_a_text_holds_is_read_or_goes_whole(text: str) -> None:
    """The scanner finds the name wherever it is read; what places say goes, too."""
    reading = reading_of(text)
    found = [
        Finding(at, at + len(NAME), PERSON)
        for at in range(len(reading.text))
        if reading.text.startswith(NAME, at)
    ]
    findings = reading.findings((*found, *reading.seeds))
    conversation = Conversation((Message(Role.USER, (RawText(text),)),))
    by = profile(default=Operator.REPLACE)
    redaction = redact(conversation, [findings], by, Secrets(b"p" * 32, b"h" * 32), "caller")
    assert NAME not in redaction.conversation.messages[0].content[0].for_engine()
