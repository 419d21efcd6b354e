"""Pseudonyms come back however a model wrote them; what only looks like one stays."""

import itertools
import json
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import entities as e
from gateway.domain.findings import Finding
from gateway.domain.guard import Encoding, StreamGuard
from gateway.domain.policy import Invented, Limits, Operator, Profile, Rule
from gateway.domain.pseudonyms import Pseudonyms
from gateway.domain.standins import StandIns
from gateway.domain.written import taken


class Digits:
    """Finds seven digits in a row, or with one mark between."""

    def scan(self, text: str) -> list[Finding]:
        return [
            Finding(*match.span(), e.PHONE_NUMBER)
            for match in re.finditer(r"(?<!\d)\d{3}[- ]?\d{4}(?!\d)", text)
        ]


PROFILE = Profile(
    "test",
    1,
    {entity: Rule(Operator.PSEUDONYM) for entity in e.KNOWN},
    restore=True,
    invented=Invented.REPLACE,
    limits=Limits(1000, 100),
)


class World:
    """One person and one number, and how they are called in this exchange."""

    def __init__(self) -> None:
        self.pseudonyms = Pseudonyms(b"k" * 32)
        self.person = self.pseudonyms.stand_in(e.PERSON, "Anna Berg")
        self.other = self.pseudonyms.stand_in(e.PERSON, "ANNA BERG")
        self.id = self.pseudonyms.stand_in(e.NATIONAL_ID, "943 476 5919")
        self.number = self.person[-3:]
        self.id_number = self.id[-3:]

    def say(self, *pieces: str, encoding: Encoding = Encoding.TEXT) -> str:
        guard = StreamGuard(self.pseudonyms, PROFILE, Digits(), encoding=encoding)
        return "".join([*map(guard.feed, pieces), guard.finish()])

    def written(self, form: str) -> str:
        """`form` with N for the number of the person, I for that of the id."""
        return form.replace("NNN", self.number).replace("III", self.id_number)


BACK = [
    ("PERSON_NNN", "Anna Berg"),
    ("[PERSON_NNN]'s cough", "Anna Berg's cough"),
    ("PERSON_NNN's cough", "Anna Berg's cough"),
    ("PERSON_NNN\u2019s cough", "Anna Berg\u2019s cough"),
    ("person_NNN rests", "Anna Berg rests"),
    ("Person_NNN rests", "Anna Berg rests"),
    ("PERSON NNN rests", "Anna Berg rests"),
    ("Person NNN, who rests", "Anna Berg, who rests"),
    ("PERSON-NNN rests", "Anna Berg rests"),
    ("PERSON\u2011NNN rests", "Anna Berg rests"),
    ("PERSON\\_NNN rests", "Anna Berg rests"),
    ("\\[PERSON\\_NNN\\] rests", "\\[Anna Berg\\] rests"),
    ("PERSON_NNNs Befund", "Anna Bergs Befund"),
    ("Person_NNNs Befund", "Anna Bergs Befund"),
    ("PERSON_NNNa rests", "ANNA BERG rests"),
    ("PERSON_NNNA rests", "ANNA BERG rests"),
    ("PERSON_NNNas cough", "ANNA BERGs cough"),
    ("**PERSON_NNN** rests", "**Anna Berg** rests"),
    ("PERSON_**NNN** rests", "**Anna Berg** rests"),
    ("**PERSON**_NNN rests", "**Anna Berg** rests"),
    ("`PERSON_NNN` rests", "`Anna Berg` rests"),
    ("_PERSON_NNN_ rests", "_Anna Berg_ rests"),
    ("\uff30\uff25\uff32\uff33\uff2f\uff2e\uff3fNNN rests", "Anna Berg rests"),
    ("患者PERSON_NNN说", "患者Anna Berg说"),
    ("NATIONAL_ID_III", "943 476 5919"),
    ("national id III", "943 476 5919"),
    ("National-ID-III", "943 476 5919"),
    ("PERSON_NNN-PERSON_NNN", "Anna Berg-Anna Berg"),
    ("PERSON_NNN.", "Anna Berg."),
]


@pytest.mark.parametrize(("form", "expected"), BACK, ids=[form for form, _ in BACK])
def test_a_pseudonym_comes_back_however_a_model_wrote_it_at_every_split(
    form: str, expected: str
) -> None:
    world = World()
    text = f"So {world.written(form)} and more."
    for place in range(len(text) + 1):
        assert world.say(text[:place], text[place:]) == f"So {expected} and more."


@pytest.mark.parametrize(
    "form",
    [
        "PERSON_000",
        "PERSON_NNN7",
        "PERSON_NNNxyz",
        "PERSONNEL_NNN",
        "MY_PERSON_NNN2",
        "a person, NNN patients",
        "PERSON NNN-0142",
        "PERSON NNN.5",
        "PERSON\nNNN",
        "SUPERPERSON_NNN",
        "NNN",
    ],
)
def test_what_only_looks_like_a_pseudonym_stays_as_it_is(form: str) -> None:
    world = World()
    text = f"So {world.written(form)} and more."
    for place in range(len(text) + 1):
        said = world.say(text[:place], text[place:])
        assert "Anna" not in said
        assert "ANNA" not in said


@given(st.lists(st.integers(0, 3000), max_size=30))
def test_a_reply_of_all_forms_is_the_same_however_it_is_cut(places: list[int]) -> None:
    world = World()
    text = " / ".join(world.written(form) for form, _ in BACK)
    edges = [0, *sorted(place % (len(text) + 1) for place in places), len(text)]
    pieces = [text[one:two] for one, two in itertools.pairwise(edges)]
    assert world.say(*pieces) == " / ".join(expected for _, expected in BACK)


def test_what_the_caller_wrote_in_any_of_these_forms_is_never_issued() -> None:
    forms = ["PERSON_412", "Person 412's", "person-412", "\uff30\uff25\uff32\uff33\uff2f\uff2e 412"]
    for form in forms:
        assert taken([f"See {form} today"]) == {"PERSON_412"}
    assert taken(["NATIONAL ID 412"]) == {"NATIONAL_ID_412", "ID_412"} - {"ID_412"}
    assert taken(["a person of 412 kg, and 555-0142"]) == frozenset()


AWKWARD = 'Anna "Nan" Berg\\x\nsecond line\ttab'


def test_in_the_arguments_of_a_tool_a_restored_value_leaves_json_valid() -> None:
    pseudonyms = Pseudonyms(b"k" * 32)
    name = pseudonyms.stand_in(e.PERSON, AWKWARD)
    sent = json.dumps({"patient": f"{name}'s", "nested": json.dumps({"n": 1})})
    for place in range(len(sent) + 1):
        guard = StreamGuard(pseudonyms, PROFILE, Digits(), encoding=Encoding.JSON)
        back = guard.feed(sent[:place]) + guard.feed(sent[place:]) + guard.finish()
        assert json.loads(back)["patient"] == f"{AWKWARD}'s"


def stand_ins(**pairs: str) -> StandIns:
    made = StandIns()
    for stand_in, original in pairs.items():
        assert made.add(stand_in.replace("_", " "), original)
    return made


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("Helen Ashford rests", "Margaret Thornton rests"),
        ("HELEN ASHFORD rests", "MARGARET THORNTON rests"),
        ("helen ashford rests", "margaret thornton rests"),
        ("Helen  Ashford's cough", "Margaret  Thornton's cough"),
        ("Mrs Ashford rests", "Mrs Thornton rests"),
        ("Ashfords Befund", "Thorntons Befund"),
        ("**Helen** Ashford", "**Margaret** Thornton"),
        ("Helene and Ashfordshire", "Helene and Ashfordshire"),
        ("Helen, and Ashford", "Margaret, and Thornton"),
        ("Helen\nAshford", "Margaret\nThornton"),
        ("an ashford and ashfords", "an ashford and ashfords"),
        ("Осип Кононов", "Иван Петров"),
        ("(Осип Кононова)", "(Осип Кононова)"),
        ("On 3/4 not 3/4/2021 nor 13/4", "On 1/2 not 3/4/2021 nor 13/4"),
        ("患者娄淑华说", "患者王小明说"),
        ("Frau Weiß. Weißs Befund, WEISS", "Frau Groß. Großs Befund, GROSS"),
    ],
)
def test_a_surrogate_comes_back_by_whole_words_the_longest_first(reply: str, expected: str) -> None:
    made = stand_ins(
        Helen_Ashford="Margaret Thornton",
        Helen="Margaret",
        Ashford="Thornton",
        **{"3/4": "1/2", "娄淑华": "王小明", "Weiß": "Groß", "Осип Кононов": "Иван Петров"},
    )
    for place in range(len(reply) + 1):
        guard = StreamGuard(Pseudonyms(b"k"), PROFILE, Digits(), stand_ins=made)
        said = guard.feed(reply[:place]) + guard.feed(reply[place:]) + guard.finish()
        assert said == expected


def test_nothing_is_restored_twice_and_nothing_restored_is_masked() -> None:
    # The original of one is the stand-in of another, and both look like a number to the scanner.
    made = stand_ins(Ashford="Brook", Brook="555-0142", **{"555-0143": "555-0144"})
    guard = StreamGuard(Pseudonyms(b"k"), PROFILE, Digits(), stand_ins=made)
    said = guard.feed("Ashford, Brook, 555-0143 and 555-9999 ") + guard.finish()
    assert said == "Brook, 555-0142, 555-0144 and [PHONE] "
    assert (guard.restored, guard.invented) == (3, 1)


def test_an_identifier_that_the_model_read_in_the_prompt_is_no_invention() -> None:
    guard = StreamGuard(Pseudonyms(b"k"), PROFILE, Digits(), says=lambda value: value == "555-0199")
    said = guard.feed("Call 555-0199 or 555-0198 ") + guard.finish()
    assert said == "Call 555-0199 or [PHONE] "
    assert guard.invented == 1


WORDS = [
    "The",
    "patient",
    "is",
    "well",
    "and",
    "can",
    "go",
    "home",
    "after",
    "the",
    "second",
    "dose",
]


@pytest.mark.parametrize("made", [None, stand_ins(Helen_Ashford="Margaret Thornton")])
def test_the_first_word_comes_one_token_later_and_every_other_too(made: StandIns | None) -> None:
    world = World()
    guard = StreamGuard(world.pseudonyms, PROFILE, Digits(), stand_ins=made)
    released = [guard.feed(token) for token in (f" {word}" for word in WORDS)]
    assert released[0] == " "
    assert [each.strip() for each in released[1:]] == WORDS[:-1]


@pytest.mark.parametrize("run", ["PERSON ", "Helen ", "Helen Ashford", "National ", "[", "12 "])
def test_what_keeps_beginning_like_a_stand_in_is_not_held_for_ever(run: str) -> None:
    world = World()
    made = stand_ins(Helen_Ashford="Margaret Thornton")
    guard = StreamGuard(world.pseudonyms, PROFILE, Digits(), stand_ins=made)
    fed = released = 0
    for _ in range(400):
        fed += len(run)
        released += len(guard.feed(run))
        assert fed - released <= 300 or run == "Helen Ashford"
    assert len(guard.finish()) <= 300


def test_what_searching_costs_grows_as_the_reply_does_and_not_with_the_stand_ins() -> None:
    made = StandIns()
    for number in range(5000):
        made.add(f"03/04/{number:04d}", f"original {number}")
    reply = "03/04/9999 and 03/04/0007. " * 2000
    start = time.process_time()
    found = made.find(reply)
    made.pending(reply)
    assert len(found) == 2000
    assert time.process_time() - start < 5


@pytest.mark.parametrize("name", ["Helen Ashford", "Осип Кононов"])
@pytest.mark.parametrize("before", ["", "\n", "\t", "\u201c", "- \n\n", "\\\\ "])
def test_an_escape_in_front_hides_no_stand_in_in_the_arguments_of_a_tool(
    before: str, name: str
) -> None:
    names = Pseudonyms(b"k")
    number = names.stand_in(e.PERSON, "Smith")
    made = stand_ins(**{name: "Margaret Thornton"})
    sent = json.dumps({"note": f"{before}{number}, {before}{name} rests"})
    plain = sent if name.isascii() else sent.replace(json.dumps(name)[1:-1], name)
    for place in range(len(plain) + 1):
        guard = StreamGuard(names, PROFILE, Digits(), stand_ins=made, encoding=Encoding.JSON)
        said = guard.feed(plain[:place]) + guard.feed(plain[place:]) + guard.finish()
        assert json.loads(said)["note"] == f"{before}Smith, {before}Margaret Thornton rests"
