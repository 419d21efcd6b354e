"""Redacted, echoed by a model and restored, every document is what it was: at every split.

The documents are other people's and lie outside of this repository; without them these tests are
skipped, and say so. What a profile replaces for good cannot come back, so these profiles do not.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import entities as e
from gateway.domain.exchange import Conversation, Message, Role
from gateway.domain.findings import Finding, Findings
from gateway.domain.guard import StreamGuard
from gateway.domain.policy import Invented, Limits, Operator, Profile, Rule
from gateway.domain.redaction import Redaction, Secrets, redact
from gateway.domain.text import RawText
from gateway.encryption import Encryption
from gateway.lists import shipped_stock
from tests.fakes.documents import DATA, WHY_NOT, documents

SECRETS = Secrets(
    pseudonym=b"p" * 32,
    hash=b"h" * 32,
    cipher=Encryption([b"k" * 32]),
    stock=shipped_stock(),
    year=2026,
)
COMES_BACK = [Operator.PSEUDONYM, Operator.SURROGATE, Operator.ENCRYPT]
without_data = pytest.mark.skipif(not (DATA / "dev").is_dir(), reason=WHY_NOT)


class NoScanner:
    def scan(self, text: str) -> Findings:
        return ()


def restoring(operator: Operator) -> Profile:
    return Profile(
        "test",
        1,
        {entity: Rule(operator) for entity in e.KNOWN},
        restore=True,
        invented=Invented.REPLACE,
        limits=Limits(10_000_000, 1000),
    )


def treated(text: str, findings: Findings, operator: Operator) -> tuple[Redaction, str]:
    conversation = Conversation((Message(Role.USER, (RawText(text),)),))
    redaction = redact(conversation, [findings], restoring(operator), SECRETS, "key:a")
    return redaction, next(redaction.conversation.texts()).for_engine()


def echoed(redaction: Redaction, pieces: Iterator[str]) -> str:
    guard = StreamGuard(
        redaction.pseudonyms, redaction.profile, NoScanner(), stand_ins=redaction.stand_ins
    )
    return "".join([*map(guard.feed, pieces), guard.finish()])


def cuts(text: str, longest: int, seed: int) -> Iterator[str]:
    dice = random.Random(seed)  # noqa: S311 - where a stream is cut is no secret
    place = 0
    while place < len(text):
        size = dice.randint(1, longest)
        yield text[place : place + size]
        place += size


def check(every: int) -> None:
    seen = 0
    for document in documents(every):
        for operator in COMES_BACK:
            redaction, said = treated(document.text, document.findings, operator)
            for longest in (6, 60):
                back = echoed(redaction, cuts(said, longest, seen))
                # Not the texts themselves: a failure is printed, and these are not ours to print.
                assert back == document.text, f"{document.id} does not come back from {operator}"
        seen += 1
    assert seen


@without_data
def test_a_sample_of_documents_comes_back_exactly_from_every_operator_that_restores() -> None:
    check(every=40)


@pytest.mark.slow
@pytest.mark.timeout(3600)
@without_data
def test_every_document_comes_back_exactly_from_every_operator_that_restores() -> None:
    check(every=1)


NOTE = (
    "Margaret Thornton (Mrs Thornton; THORNTON, M.) came on March 3rd, 2021, 3/10/2021 from "
    "Boston, MA 02118. Margaret's MRN 00482103, phone (617) 555-0142. 患者王小明于2021年3月5日"
    "入院。"
    "Zoë Müller. Müllers Tel. 030 1234567, mail m.thornton@partners.org."
)
WORDS = {
    "Margaret Thornton": e.PERSON,
    "Mrs Thornton": e.PERSON,
    "THORNTON, M.": e.PERSON,
    "Margaret's": e.PERSON,
    "March 3rd, 2021": e.DATE_TIME,
    "3/10/2021": e.DATE_TIME,
    "Boston, MA 02118": e.LOCATION,
    "00482103": e.MEDICAL_RECORD_NUMBER,
    "(617) 555-0142": e.PHONE_NUMBER,
    "王小明": e.PERSON,
    "2021年3月5日": e.DATE_TIME,
    "Zoë Müller": e.PERSON,
    "Müllers": e.PERSON,
    "030 1234567": e.PHONE_NUMBER,
    "m.thornton@partners.org": e.EMAIL_ADDRESS,
}
FOUND = tuple(
    sorted(
        Finding(NOTE.index(word), NOTE.index(word) + len(word), kind)
        for word, kind in WORDS.items()
    )
)


@pytest.mark.parametrize("operator", COMES_BACK)
def test_at_every_single_split_the_reply_is_restored_alike(operator: Operator) -> None:
    redaction, said = treated(NOTE, FOUND, operator)
    assert all(word not in said for word in WORDS)
    for place in range(len(said) + 1):
        assert echoed(redaction, iter([said[:place], said[place:]])) == NOTE


@given(st.sampled_from(COMES_BACK), st.lists(st.integers(0, 2000), max_size=40))
def test_however_a_stream_is_cut_the_reply_is_restored_alike(
    operator: Operator, places: list[int]
) -> None:
    redaction, said = treated(NOTE, FOUND, operator)
    edges = [0, *sorted(place % (len(said) + 1) for place in places), len(said)]
    assert echoed(redaction, (said[a:b] for a, b in itertools.pairwise(edges))) == NOTE


def told(text: str, *values: tuple[str, e.EntityType]) -> Findings:
    found, place = [], 0
    for value, entity in values:
        start = text.index(value, place)
        place = start + len(value)
        found.append(Finding(start, place, entity))
    return tuple(found)


AWKWARD = [
    # The caller's own brackets are not those of a pseudonym.
    ("see [Thornton](x)", [("Thornton", e.PERSON)]),
    ("[123-45-6789]Thornton", [("123-45-6789", e.US_SSN), ("Thornton", e.PERSON)]),
    # A letter of any script beside it hides a stand-in that has no shape.
    ("Thorntoné, 0301234567ß", [("Thornton", e.PERSON), ("0301234567", e.PHONE_NUMBER)]),
    # Scripts that the guard does not hold back by the word.
    ("-Иван Петров) и Петров", [("Иван Петров", e.PERSON), ("Петров", e.PERSON)]),
    ("Γιώργος Παππάς.", [("Γιώργος Παππάς", e.PERSON)]),
    # One name found on one line, and in two parts on two.
    (
        "Margaret Thornton, Margaret\nThornton",
        [("Margaret Thornton", e.PERSON), ("Margaret", e.PERSON), ("Thornton", e.PERSON)],
    ),
    ("TX and Do", [("TX", e.LOCATION), ("Do", e.PERSON)]),
]


@pytest.mark.parametrize("operator", COMES_BACK)
@pytest.mark.parametrize(("text", "values"), AWKWARD)
def test_awkward_neighbours_come_back_at_every_split(
    text: str, values: list[tuple[str, e.EntityType]], operator: Operator
) -> None:
    redaction, sent = treated(text, told(text, *values), operator)
    for place in range(len(sent) + 1):
        assert echoed(redaction, iter([sent[:place], sent[place:]])) == text
    assert echoed(redaction, iter(sent)) == text
