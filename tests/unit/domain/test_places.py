"""What stands in for a value is written as its place asks, and can be read there again."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.entities import DATE_OF_BIRTH, MEDICAL_RECORD_NUMBER, OTHER_ID, PERSON
from gateway.domain.exchange import Conversation, Message, Role
from gateway.domain.findings import Finding
from gateway.domain.guard import StreamGuard
from gateway.domain.places import (
    Layer,
    Place,
    Writing,
    dated,
    decode_base64,
    read,
    stand_ins,
    unescape_hl7,
    write,
)
from gateway.domain.policy import Operator, Profile
from gateway.domain.redaction import Redaction, Secrets, redact
from gateway.domain.text import RawText
from tests.fakes.detector import FakeScanner
from tests.fakes.policy import profile

JSON = Layer(Writing.JSON)
HL7 = Layer(Writing.HL7, "|^~\\&")
ESCAPING = [(JSON,), (HL7,), (Layer(Writing.QUOTED),), (JSON, JSON), (JSON, HL7), ()]


@pytest.mark.parametrize("place", ESCAPING, ids=str)
@given(value=st.text(st.characters(exclude_categories=["Cs", "Cc"])))
def test_what_is_written_at_a_place_is_read_there(place: Place, value: str) -> None:
    assert read(write(value, place), place) == value


@given(st.text())
def test_whatever_stands_in_a_json_string_is_valid(value: str) -> None:
    assert json.loads(f'"{write(value, (JSON,))}"') == value


@given(st.text())
def test_what_stands_in_a_field_of_hl7_has_no_separator(value: str) -> None:
    written = write(value, (HL7,))
    assert not set("|^~&\r\n") & set(written)


@given(st.text())
def test_what_stands_in_a_bare_cell_needs_no_quotes(value: str) -> None:
    assert not set(';"\r\n') & set(write(value, (Layer(Writing.CELL, ";"),)))


@pytest.mark.parametrize(
    ("value", "writing", "written"),
    [
        ("[DOB]", Writing.DATE, "0001-01-01"),
        ("DOB_123", Writing.DATE, "0123-01-02"),
        ("DOB_000b", Writing.DATE, "1000-01-04"),
        ("1954", Writing.DATE, "1954"),
        ("1954-03-02", Writing.DATE, "1954-03-02"),
        ("****-**-**", Writing.DATE, "0001-01-01"),
        ("1954", Writing.INSTANT, "1954-01-01T00:00:00Z"),
        ("[DATE]", Writing.INSTANT, "0001-01-01T00:00:00Z"),
        ("2024-03-01T10:00:00.000+01:00", Writing.INSTANT, "2024-03-01T10:00:00.000+01:00"),
        ("[DATE]", Writing.COMPACT, "00010101"),
        ("1954-03", Writing.COMPACT, "195403"),
        ("19540302", Writing.COMPACT, "19540302"),
        ("[ID]", Writing.ID, "ID"),
        ("ID_123", Writing.ID, "ID-123"),
        ("****", Writing.ID, "ID"),
        ("[ID:00ff]", Writing.ID, "ID-00ff"),
        ("[SSN]", Writing.NUMBER, "1"),
        ("[MRN]", Writing.LITERAL, '"[MRN]"'),
        ('a "b" <c>', Writing.XML, "a &quot;b&quot; &lt;c&gt;"),
    ],
)
def test_what_a_place_cannot_hold_becomes_its_neutral_value(
    value: str, writing: Writing, written: str
) -> None:
    assert write(value, (Layer(writing),)) == written


@pytest.mark.parametrize("name", ["DOB_001", "DOB_999z", "DATE_000", "MRN_040a", "PERSON_123"])
@pytest.mark.parametrize("writing", [Writing.DATE, Writing.INSTANT, Writing.COMPACT, Writing.ID])
def test_a_pseudonym_is_recognised_at_the_place_of_a_date_and_of_an_id(
    name: str, writing: Writing
) -> None:
    written = write(name, (Layer(writing),))
    text = f'"{written}"'
    assert [(text[start:end], found) for start, end, found in stand_ins(text)] == [(written, name)]


def test_a_date_of_a_patient_is_no_pseudonym() -> None:
    assert not list(stand_ins("born 1954-03-02, seen 2024-11-30T10:00:00Z, 20241130"))
    assert dated("Margaret") == "0001-01-01"


def redacted(text: str, *findings: Finding, by: Profile | None = None) -> Redaction:
    conversation = Conversation((Message(Role.USER, (RawText(text),)),))
    secrets = Secrets(b"p" * 32, b"h" * 32)
    return redact(conversation, [findings], by or profile(), secrets, "caller")


def text_of(redaction: Redaction) -> str:
    return redaction.conversation.messages[0].content[0].for_engine()


def test_a_name_has_one_pseudonym_however_it_is_written() -> None:
    text = r'{"a": "Ren\u00e9"} René'
    redaction = redacted(text, Finding(7, 16, PERSON, place=(JSON,)), Finding(19, 23, PERSON))
    assert len(redaction.pseudonyms) == 1
    assert json.loads(text_of(redaction).split("}")[0] + "}")["a"] == text_of(redaction)[-10:]


def test_a_date_and_an_id_come_back_from_their_places() -> None:
    text = '{"birthDate": "1954-03-02", "id": "p.17", "on": "2024-03-01T10:00:00Z"}'
    redaction = redacted(
        text,
        Finding(15, 25, DATE_OF_BIRTH, place=(JSON, Layer(Writing.DATE))),
        Finding(35, 39, OTHER_ID, place=(JSON, Layer(Writing.ID))),
        Finding(49, 69, DATE_OF_BIRTH, place=(JSON, Layer(Writing.INSTANT))),
    )
    seen = text_of(redaction)
    assert json.loads(seen).keys() == {"birthDate", "id", "on"}
    assert not set(json.loads(text).values()) & set(json.loads(seen).values())
    for cut in range(len(seen)):
        guard = StreamGuard(redaction.pseudonyms, redaction.profile, FakeScanner())
        assert guard.feed(seen[:cut]) + guard.feed(seen[cut:]) + guard.finish() == text


def test_what_the_caller_wrote_like_a_pseudonym_is_not_restored() -> None:
    first = redacted("p17", Finding(0, 3, OTHER_ID, place=(Layer(Writing.ID),)))
    name = text_of(first)
    text = f"{name} p17"
    again = redacted(text, Finding(7, 10, OTHER_ID, place=(Layer(Writing.ID),)))
    assert text_of(again) != f"{name} {name}"


def test_an_attachment_is_opened_treated_and_closed_again() -> None:
    note = base64.b64encode(b"Seen: Margaret Thornton").decode()
    text = f'{{"data": "{note}"}}'
    place = (JSON, Layer(Writing.BASE64))
    inner = Finding(6, 23, PERSON)
    redaction = redacted(text, Finding(10, 10 + len(note), OTHER_ID, place=place, within=(inner,)))
    decoded = base64.b64decode(json.loads(text_of(redaction))["data"]).decode()
    assert decoded.startswith("Seen: PERSON_")
    assert redaction.counts == {"PERSON": 1}


def test_a_number_becomes_a_string_of_json() -> None:
    redaction = redacted(
        '{"mrn": 48210377}',
        Finding(8, 16, MEDICAL_RECORD_NUMBER, place=(Layer(Writing.LITERAL),)),
        by=profile(default=Operator.REPLACE),
    )
    assert json.loads(text_of(redaction)) == {"mrn": "[MRN]"}


@pytest.mark.parametrize(
    ("text", "encoded"),
    [
        ("Margaret Thornton, née Weiß", "utf-8"),
        ("Margaret Thornton", "utf-16"),
        ("Jürgen Weißmüller wurde am Montag entlassen", "latin-1"),
    ],
)
def test_text_in_base64_is_read_in_the_encodings_that_hospitals_have(
    text: str, encoded: str
) -> None:
    packed = base64.b64encode(text.encode(encoded)).decode()
    assert decode_base64(packed) == text
    assert decode_base64(packed.rstrip("=").replace("+", "-").replace("/", "_")) == text


@pytest.mark.parametrize(
    "data", [b"\x89PNG\r\n\x1a\n" + bytes(range(200, 256)), b"\x00\x01\x02 and text", b""]
)
def test_what_is_no_text_in_base64_is_none(data: bytes) -> None:
    assert decode_base64(base64.b64encode(data).decode()) is None


@pytest.mark.parametrize("text", ["abcde", "????", "aaa=aaaa"])
def test_what_is_no_base64_is_none(text: str) -> None:
    assert decode_base64(text) is None


@pytest.mark.parametrize(
    ("escaped", "shown"),
    [
        (r"Thornton\T\Hale", "Thornton&Hale"),
        (r"a\F\b\S\c\R\d\E\e", "a|b^c~d\\e"),
        (r"one\.br\two", "one\ntwo"),
        (r"M\X6172\garet", "Margaret"),
        (r"\H\loud\N\ ", "loud "),
        (r"no escape at all", "no escape at all"),
    ],
)
def test_an_escape_of_hl7_shows_what_it_stands_for(escaped: str, shown: str) -> None:
    assert unescape_hl7(escaped, "|^~\\&") == shown


def test_without_an_escape_character_separators_become_spaces() -> None:
    assert write("a|b^c\nd", (Layer(Writing.HL7, "|^~"),)) == "a b c d"
