"""FHIR, HL7 v2, JSON and tables: found by place, treated by place, and valid afterwards."""

# ruff: noqa: E501 - a table of texts is read better with one on each line

from __future__ import annotations

import base64
import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hl7
import pytest
from fhir.resources.R4B import get_fhir_model_class
from hypothesis import given
from hypothesis import strategies as st

from gateway.detection.detector import PresidioDetector
from gateway.detection.readable import reading_of
from gateway.detection.structured import regions
from gateway.detection.structured.hl7 import STANDARD, Custom
from gateway.domain import entities
from gateway.domain.exchange import Conversation, Message, Role
from gateway.domain.findings import Finding, Findings
from gateway.domain.places import read
from gateway.domain.policy import Operator, Profile
from gateway.domain.redaction import Secrets, redact
from gateway.domain.text import RawText
from gateway.policy.profiles import read_profile
from tests.fakes.policy import profile
from tests.fakes.tagger import FakeTagger

ROOT = Path(__file__).parents[3]
VECTORS = ROOT / "tests" / "vectors" / "structured"
BUNDLE = (VECTORS / "bundle.json").read_text()
ORU = (VECTORS / "oru.hl7").read_text().replace("\n", "\r")
IDENTIFYING = [
    "Thornton", "Margaret", "Pickering", "Quigley", "48210377", "410-555", "thornton@",
    "1954-03-02", "19540302", "Elm Street", "Springfield", "62704", "pat-4711", "078-05-1120",
]  # fmt: skip


@pytest.fixture(scope="module")
def detector() -> Iterator[PresidioDetector]:
    # What stands by itself in prose is the tagger's; here it knows the names of the vectors.
    tagger = FakeTagger(
        dict.fromkeys(["Thornton", "Margaret", "Pickering", "Bob Quigley"], "PERSON")
    )
    detector = PresidioDetector(reference_year=2025, tagger=tagger)
    yield detector
    detector.close()


def shipped() -> list[Profile]:
    files = sorted((ROOT / "policies/profiles").glob("*.yaml"))
    return [read_profile(each.name, each.stem, each.read_bytes()).profile for each in files]


def treated(text: str, findings: Findings, by: Profile) -> str:
    conversation = Conversation((Message(Role.USER, (RawText(text),)),))
    secrets = Secrets(b"p" * 32, b"h" * 32)
    redaction = redact(conversation, [findings], by, secrets, "caller")
    return redaction.conversation.messages[0].content[0].for_engine()


async def through(detector: PresidioDetector, text: str, by: Profile | None = None) -> str:
    [findings] = await detector.detect([RawText(text)])
    return treated(text, findings, by or profile(default=Operator.REPLACE))


def places(text: str, custom: Custom = STANDARD) -> dict[str, str]:
    """What the places alone say: each value and its type."""
    reading = reading_of(text, custom)
    found = reading.findings(reading.seeds)
    return {read(text[each.start : each.end], each.place): each.entity for each in found}


def decoded(text: str) -> str:
    """A FHIR text with what its attachments say."""
    found = []

    def walk(node: Any) -> None:
        if isinstance(node, dict):
            if isinstance(node.get("data"), str):
                found.append(base64.b64decode(node["data"]).decode("latin-1"))
            for each in node.values():
                walk(each)
        elif isinstance(node, list):
            for each in node:
                walk(each)

    walk(json.loads(text))
    return "\n".join([text, *found])


@pytest.mark.parametrize("by", shipped(), ids=lambda by: by.name)
async def test_a_bundle_validates_under_every_profile_and_says_of_nobody_who_they_are(
    detector: PresidioDetector, by: Profile
) -> None:
    out = await through(detector, BUNDLE, by)
    get_fhir_model_class("Bundle").model_validate_json(out)
    kept = [value for value in IDENTIFYING if value in decoded(out)]
    assert not kept
    for code in (
        "http://loinc.org",
        "29463-7",
        "kg",
        "Patient",
        "final",
        "http://unitsofmeasure.org",
    ):
        assert f'"{code}"' in out


@pytest.mark.parametrize(
    "default", [Operator.PSEUDONYM, Operator.HASH, Operator.MASK, Operator.REPLACE]
)
async def test_a_bundle_validates_whatever_becomes_of_every_type(
    detector: PresidioDetector, default: Operator
) -> None:
    out = await through(detector, BUNDLE, profile(default=default))
    get_fhir_model_class("Bundle").model_validate_json(out)
    assert not [value for value in IDENTIFYING if value in decoded(out)]


async def test_references_still_lead_to_their_resource(detector: PresidioDetector) -> None:
    out = json.loads(await through(detector, BUNDLE, profile()))
    patient = out["entry"][0]["resource"]
    assert out["entry"][1]["resource"]["subject"]["reference"] == f"Patient/{patient['id']}"


@pytest.mark.parametrize(
    "text",
    [
        f"Summarise this.\n```json\n{BUNDLE}\n```\nMrs Thornton waits.",
        f"Patient record: {BUNDLE} Thanks, Margaret",
        json.dumps({"role": "tool", "content": BUNDLE}),
        json.dumps(json.dumps({"content": BUNDLE})),
        BUNDLE[: BUNDLE.index('"gender"')],
        BUNDLE.replace('"resourceType": "Patient",', '"resourceType": "Patient",,', 1),
    ],
    ids=["fenced", "among prose", "in a string", "in a string in a string", "cut off", "comma"],
)
async def test_fhir_is_found_wherever_it_stands(detector: PresidioDetector, text: str) -> None:
    out = await through(detector, text)
    assert not [value for value in IDENTIFYING if value in out]


def test_the_elements_of_fhir_say_what_they_hold() -> None:
    said = places(BUNDLE)
    assert said["Thornton"] == entities.PERSON
    assert said["48210377"] == entities.MEDICAL_RECORD_NUMBER
    assert said["(410) 555-0199"] == entities.PHONE_NUMBER
    assert said["m.thornton@example.org"] == entities.EMAIL_ADDRESS
    assert said["1954-03-02"] == entities.DATE_OF_BIRTH
    assert said["12 Elm Street"] == entities.STREET_ADDRESS
    assert said["62704"] == entities.POSTCODE
    assert said["Quigley"] == entities.PERSON
    assert said["pat-4711"] == entities.OTHER_ID
    assert said["Sisters of St. Clare"] == entities.ORGANIZATION
    assert said["2024-03-01T10:00:00.000+01:00"] == entities.DATE_TIME


def test_codes_systems_and_units_are_left_alone() -> None:
    text = json.dumps({
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]},
        "valueQuantity": {"value": 72.5, "unit": "kg/m2", "system": "http://unitsofmeasure.org"},
    })  # fmt: skip
    assert reading_of(text).text.strip() == ""


def test_a_link_and_a_position_say_where_somebody_is() -> None:
    text = json.dumps({
        "resourceType": "Patient",
        "link": [{"url": "https://fhir.example.org/Patient/77"}],
        "address": [{"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/geolocation",
            "extension": [{"url": "latitude", "valueDecimal": 42.123456}]}]}],
        "multipleBirthInteger": 2,
    })  # fmt: skip
    assert places(text) == {
        "https://fhir.example.org/Patient/77": entities.URL,
        "42.123456": entities.LOCATION,
    }


def test_what_only_stands_where_a_code_should_is_read() -> None:
    text = json.dumps({"resourceType": "Patient", "gender": "Margaret Thornton",
                       "language": "see Mr. Quigley", "x": "y z"})  # fmt: skip
    for value in ("Margaret Thornton", "see Mr. Quigley", "y z"):
        assert value in reading_of(text).text


def test_a_narrative_keeps_its_tags() -> None:
    div = '<div xmlns=\\"http://www.w3.org/1999/xhtml\\"><b class=\\"x\\">Ann &amp; Bob</b><!-- Cy --></div>'
    text = f'{{"resourceType": "Patient", "text": {{"status": "generated", "div": "{div}"}}}}'
    reading = reading_of(text)
    assert reading.text.split() == ["Ann", "&", "Bob", "Cy"]
    start = reading.text.index("Ann")
    found = reading.findings([Finding(start, start + 9, entities.PERSON)])
    out = treated(text, found, profile(default=Operator.REPLACE))
    assert json.loads(out)["text"]["div"] == json.loads(text)["text"]["div"].replace(
        "Ann &amp; Bob", "[PERSON]"
    )


async def test_an_attachment_of_text_is_treated_and_one_of_bytes_goes(
    detector: PresidioDetector,
) -> None:
    note = base64.b64encode("Frau Thornton (geb. 02.03.1954) ist müde.".encode()).decode()
    scan = base64.b64encode(bytes(range(256))).decode()
    text = json.dumps({
        "resourceType": "DocumentReference",
        "content": [
            {"attachment": {"contentType": "text/plain", "data": note}},
            {"attachment": {"contentType": "application/pdf", "data": scan}},
        ],
    })  # fmt: skip
    out = json.loads(await through(detector, text))
    first, second = (each["attachment"]["data"] for each in out["content"])
    assert base64.b64decode(first).decode().endswith("[PERSON] (geb. [DOB]) ist müde.")
    assert base64.b64decode(second) == b"[ID]"


async def test_hl7_keeps_its_form_and_says_of_nobody_who_they_are(
    detector: PresidioDetector,
) -> None:
    for text in (ORU, ORU.replace("\r", "\n"), f"\x0b{ORU}\x1c\r", json.dumps({"msg": ORU})):
        out = await through(detector, text)
        assert not [value for value in IDENTIFYING if value.lower() in out.lower()]
    before, after = hl7.parse(ORU), hl7.parse(await through(detector, ORU))
    assert [str(each[0]) for each in before] == [str(each[0]) for each in after]
    assert [len(each) for each in before] == [len(each) for each in after]
    assert str(after["OBX"][0][5]) == "98"


def test_the_fields_of_hl7_say_what_they_hold() -> None:
    said = places(ORU)
    assert said["THORNTON"] == entities.PERSON
    assert said["48210377"] == entities.MEDICAL_RECORD_NUMBER
    assert said["19540302"] == entities.DATE_OF_BIRTH
    assert said["12 Elm Street"] == entities.STREET_ADDRESS
    assert said["078-05-1120"] == entities.US_SSN
    assert said["Pickering"] == entities.PERSON
    assert said["St. Mary Hospital"] == entities.ORGANIZATION


def test_a_message_has_its_own_separators_and_escapes() -> None:
    text = "MSH#$%!?#LAB#H\rPID#1##4711!T!x$$$HOSP$MR##Thornton$Ann%Quigley$Bo##19540302"
    said = places(text)
    assert said["Thornton"] == said["Bo"] == entities.PERSON
    assert said["4711?x"] == entities.MEDICAL_RECORD_NUMBER


@pytest.mark.parametrize(
    "line",
    ["PID#1##48210377##THORNTON^ANN##19540302", "PID;1;;48210377;;THORNTON^ANN;;19540302"],
)
def test_a_segment_with_other_separators_than_its_message_is_read_with_its_own(line: str) -> None:
    said = places(f"MSH|^~\\&|LAB|H\r{line}")
    assert said["THORNTON"] == entities.PERSON
    assert said["19540302"] == entities.DATE_OF_BIRTH


def test_a_segment_of_which_no_separator_can_be_told_goes_whole() -> None:
    assert places("MSH|^~\\&|LAB|H\rPID\u2016Thornton\u2016Ann") == {
        "H": entities.ORGANIZATION, "\u2016Thornton\u2016Ann": entities.OTHER_ID,
    }  # fmt: skip


def test_a_hospital_names_its_own_fields() -> None:
    text = "MSH|^~\\&|LAB\rZPI|1|Quigley|red"
    assert "Quigley" not in places(text)
    named = Custom.named({"ZPI-2": "PERSON"}, remove_z=False)
    assert places(text, named) == {"Quigley": entities.PERSON}
    assert places(text, Custom(remove_z=True)) == {
        "1": entities.OTHER_ID, "Quigley": entities.OTHER_ID, "red": entities.OTHER_ID,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"patient": {"name": "ann thornton", "mrn": 4821}}', {"ann thornton": "PERSON", "4821": "MEDICAL_RECORD_NUMBER"}),
        ('{"drugs": [{"name": "Metoprolol", "dose": "50 mg"}]}', {}),
        ('{"Vorname": "Jörg", "geb.": "1.2.1950"}', {"Jörg": "PERSON", "1.2.1950": "DATE_OF_BIRTH"}),
        ('{"apellidos": "Garc\\u00eda"}', {"García": "PERSON"}),
        ('{"姓名": "王小明", "身份证号": "110101199003070000"}', {"王小明": "PERSON", "110101199003070000": "NATIONAL_ID"}),
        ('{"dob": null, "phone": "unknown", "mrn": "n/a"}', {}),
        ('{"age": 93}', {"93": "AGE_OVER_89"}),
        ('{"patient_name": "Ann", "heart_rate": 72, "name_of_test": "HbA1c"}', {"Ann": "PERSON"}),
        ("Name\tDOB\nThornton\t1954-03-02\n", {"Thornton": "PERSON", "1954-03-02": "DATE_OF_BIRTH"}),
        ('Nachname;Tel.\n"Lang; Ann";030 123456\n', {"Lang; Ann": "PERSON", "030 123456": "PHONE_NUMBER"}),
        ("| Name | MRN |\n|---|---|\n| Ann Lee | 4821 |\n", {"Ann Lee": "PERSON", "4821": "MEDICAL_RECORD_NUMBER"}),
        ("nom,prénom,diagnostic\nDupont,Élodie,grippe\n", {"Dupont": "PERSON", "Élodie": "PERSON"}),
        ("床,姓名,诊断,主管\n3,索朗,肺炎,明\n", {"索朗": "PERSON", "明": "PERSON"}),
        ("Cama,Nombre,Motivo\n12,Igwe,ICC\n", {"Igwe": "PERSON"}),
        ("床,诊断,主管\n3,肺炎,明\n", {}),
        ("Nr;Vorname\n1;Elfi\n2;Uli\n", {"Elfi": "PERSON", "Uli": "PERSON"}),
        ("Nr;Vorname\n4711;Elfi\n", {"4711": "OTHER_ID", "Elfi": "PERSON"}),
        ("Dear Ann,\nthank you, and see you soon\n", {}),
        ("Drug, dose, route\nMetoprolol, 50 mg, oral\n", {}),
    ],
)  # fmt: skip
def test_a_key_or_a_column_says_what_its_values_are(text: str, expected: dict[str, str]) -> None:
    assert places(text) == expected


async def test_a_table_has_the_same_cells_afterwards(detector: PresidioDetector) -> None:
    text = 'name,dob,note\n"Thornton, Ann",1954-03-02,"said ""no"" to Bob Quigley"\nBo Lee,,ok\n'
    out = await through(detector, text)
    rows = list(csv.reader(io.StringIO(out)))
    assert [len(row) for row in rows] == [3, 3, 3]
    assert rows[0] == ["name", "dob", "note"]
    assert rows[1] == ["[PERSON]", "[DOB]", 'said "no" to [PERSON]']
    assert rows[2] == ["[PERSON]", "", "ok"]


async def test_what_a_field_names_is_found_in_prose(detector: PresidioDetector) -> None:
    out = await through(detector, '{"patient_name": "Oluwaseun Adeyemi"} Then Adeyemi slept.')
    assert "Adeyemi" not in out


async def test_the_name_of_a_field_that_is_one_of_a_person_goes() -> None:
    names = {"Ana_Sato": "PERSON", "ana_sato": "PERSON", "eva lang": "PERSON", "father": "PERSON"}
    detector = PresidioDetector(reference_year=2025, tagger=FakeTagger(names))
    text = '{"ana_sato": 1, "eva lang": 2, "thornton": 3, "heart_rate": 4, "father": 5}'
    try:
        out = await through(detector, f"Mrs. Margaret Thornton slept. {text}")
    finally:
        detector.close()
    assert list(json.loads(out[out.index("{") :]))[-2:] == ["heart_rate", "father"]
    for name in ("ana", "sato", "eva", "lang", "thornton"):
        assert name not in out.lower()


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(),
                    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))  # fmt: skip
def test_every_string_of_any_json_is_read_or_is_a_name_of_a_field(value: object) -> None:
    text = json.dumps([value])
    reading = reading_of(text)
    everything = [Finding(0, len(reading.text), entities.PERSON)] if reading.text else []
    out = treated(text, reading.findings(everything), profile(default=Operator.REPLACE))
    json.loads(out)


@given(st.text())
def test_every_character_that_can_be_seen_is_read_where_nothing_is_structured(text: str) -> None:
    reading = reading_of(text)
    if not reading.leaves:
        assert reading.text == reading.view.text


@pytest.mark.parametrize(
    ("form", "treated"),
    [
        (
            "Name;Achterberg;;\nVorname;Tjorven;;\nGeburtsdatum;19.05.1966;;\nDiagnose;COPD;;\n",
            "Name;[PERSON];;\nVorname;[PERSON];;\nGeburtsdatum;[DOB];;\nDiagnose;COPD;;\n",
        ),
        (
            "Field\tValue\nSurname\tAchebe\nMRN\t5530121\nReason\tcough\n",
            "Field\tValue\nSurname\t[PERSON]\nMRN\t[MRN]\nReason\tcough\n",
        ),
        (
            "| Name | Tjorven Achterberg |\n|---|---|\n| DOB | 17/06/1949 |\n| Dx | COPD |\n",
            "| Name | [PERSON] |\n|---|---|\n| DOB | [DOB] |\n| Dx | COPD |\n",
        ),
        (
            "| Apellidos | Quispe Huamán | Nombre | Thiago |\n| Edad | 93 | Peso | 60 kg |\n",
            "| Apellidos | [PERSON] | Nombre | [PERSON] |\n| Edad | [AGE] | Peso | 60 kg |\n",
        ),
        (
            "Surname,Achebe\nFirst name,Kech\nReason,cough\n",
            "Surname,[PERSON]\nFirst name,[PERSON]\nReason,cough\n",
        ),
    ],
)
async def test_a_form_with_the_field_in_the_first_cell_is_treated_by_field(
    detector: PresidioDetector, form: str, treated: str
) -> None:
    assert await through(detector, form) == treated


async def test_a_line_with_a_value_in_it_is_no_heading(detector: PresidioDetector) -> None:
    out = await through(detector, "Geburtsdatum;19.05.1966;;\nEinsender;Station 3;;\n")
    assert out == "Geburtsdatum;[DOB];;\nEinsender;Station 3;;\n"


async def test_what_nobody_knows_in_a_heading_is_scanned(detector: PresidioDetector) -> None:
    out = await through(detector, "| Surname | Thornton |\n|---|---|\n| Hobby | chess |\n")
    assert "Thornton" not in out


@pytest.mark.parametrize("wrapped", [False, True])
async def test_a_text_in_base64_is_read_where_it_stands(
    detector: PresidioDetector, *, wrapped: bool
) -> None:
    letter = (
        "Mrs Margaret Thornton was seen in the clinic. Her record has the number 48210377.\n" * 3
    )
    packed = (base64.encodebytes if wrapped else base64.b64encode)(letter.encode()).decode().strip()
    out = await through(detector, f"The letter:\n{packed}\nPlease sum up.")
    assert out.startswith("The letter:\n")
    opened = base64.b64decode(out.removeprefix("The letter:\n").removesuffix("\nPlease sum up."))
    assert b"Thornton" not in opened
    assert b"48210377" not in opened
    assert b"was seen in the clinic" in opened


async def test_a_name_alone_in_base64_is_read(detector: PresidioDetector) -> None:
    packed = base64.b64encode(b"Dr. M. Sato").decode()
    assert len(packed.rstrip("=")) < 16
    out = await through(detector, f"Ask {packed}, please.")
    assert b"Sato" not in base64.b64decode(out.removeprefix("Ask ").removesuffix(", please."))


async def test_base64_that_lies_too_deep_goes_as_a_whole(detector: PresidioDetector) -> None:
    packed = "Mrs Margaret Thornton was seen in the clinic."
    for _ in range(regions.DEEPEST + 3):
        packed = base64.b64encode(packed.encode()).decode()
    out = await through(detector, packed)
    for _ in range(regions.DEEPEST):
        out = base64.b64decode(out).decode()
    assert base64.b64decode(out) == b"[ID]"


async def test_a_picture_in_a_text_goes(detector: PresidioDetector) -> None:
    picture = base64.b64encode(bytes(range(256))).decode()
    out = await through(detector, f"![x](data:image/png;base64,{picture})")
    assert base64.b64decode(out.split(",")[1].removesuffix(")")) == b"[PHOTO]"


@pytest.mark.parametrize("run", ["4d61fe", "QUJ/", "a", "7"])
@pytest.mark.parametrize("shown", ["{}", "The scan:\n{}\nWhat is it?", '{{"scan": "{}"}}'])
async def test_a_run_that_nobody_reads_as_words_goes_as_a_whole_and_is_not_read(
    detector: PresidioDetector, run: str, shown: str
) -> None:
    packed = (run * 50_000)[: 50_000 - 3]
    text = shown.format(packed)
    assert len(reading_of(text).text) < 100
    out = await through(detector, text)
    assert out == shown.format("[ID]")


def test_codes_of_hl7s_tables_are_read_by_nobody_and_their_texts_are() -> None:
    message = (
        "MSH|^~\\&|LAB|X|||20250114||ORU^R01|1|P|2.5\rPV1|1|O||||||||CHI||||R\r"
        "NK1|1|Thornton^Jo|SPO^Spouse\rOBX|1|NM|2345-7^GLUCOSE^LN||98|mg/dL|70-99|N\r"
    )
    read_text = reading_of(message).text
    assert not [code for code in ("CHI", "SPO", "2345-7", "LN", "70-99") if code in read_text]
    assert all(word in read_text for word in ("Thornton", "Spouse", "GLUCOSE", "98"))


def test_a_line_of_dashes_is_no_file() -> None:
    assert not reading_of("Plan\n" + "-" * 2000 + "\nRest").leaves


def test_words_and_digests_are_no_base64() -> None:
    text = "Gastroenterologieabteilung 9f86d081884c7d659a2feaa0c55ad015 pneumonoultramicroscopic"
    assert not reading_of(text).leaves
