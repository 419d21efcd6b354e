"""One number for a person, and yet every form of the name comes back as it was."""

from __future__ import annotations

import re

import pytest

from gateway.domain import entities as e
from gateway.domain.exchange import Conversation, Message, Role
from gateway.domain.findings import Finding
from gateway.domain.guard import StreamGuard
from gateway.domain.policy import Invented, Limits, Operator, Profile, Rule
from gateway.domain.redaction import Redaction, Secrets, redact
from gateway.domain.text import RawText

PROFILE = Profile(
    name="test",
    strictness=1,
    entities={e.PERSON: Rule(Operator.PSEUDONYM)},
    restore=True,
    invented=Invented.REPLACE,
    limits=Limits(9000, 100),
)
NAMES = re.compile(
    r"Margaret Thornton|Thornton, Margaret|M\. Thornton|M\.T\.|John Thornton|THORNTONS?|Thorntons?"
    r"|Margaret|王小明|小明|王(?=先生)"
)
TURNS = (
    "Patient: Margaret Thornton. Vater: John Thornton.",
    "Mrs Thornton's chart; THORNTON, Mr Thornton, Frau Thorntons Befund, Thornton, Margaret",
    "M. Thornton (M.T.) slept. Margaret said so. 王小明来了,王先生说小明很好。",
)


class Nothing:
    def scan(self, text: str) -> list[Finding]:
        return []


def treated(*turns: str) -> Redaction:
    findings = [
        tuple(Finding(*match.span(), e.PERSON) for match in NAMES.finditer(turn)) for turn in turns
    ]
    conversation = Conversation(tuple(Message(Role.USER, (RawText(turn),)) for turn in turns))
    return redact(conversation, findings, PROFILE, Secrets(b"p" * 32, b"h" * 32), "key:a")


def texts(done: Redaction) -> list[str]:
    return [text.for_engine() for text in done.conversation.texts()]


@pytest.mark.parametrize("turn", range(len(TURNS)))
def test_every_form_comes_back_at_every_split_of_the_stream(turn: int) -> None:
    done = treated(*TURNS)
    reply = texts(done)[turn]
    assert "ornton" not in reply
    for place in range(len(reply) + 1):
        guard = StreamGuard(done.pseudonyms, PROFILE, Nothing())
        said = guard.feed(reply[:place]) + guard.feed(reply[place:]) + guard.finish()
        assert said == TURNS[turn]


def test_a_longer_conversation_keeps_every_pseudonym_that_went_before() -> None:
    whole = texts(treated(*TURNS))
    for length in range(1, len(TURNS)):
        assert texts(treated(*TURNS[:length])) == whole[:length]


def test_a_history_shortened_in_its_middle_keeps_who_is_named_in_the_opening() -> None:
    whole, short = texts(treated(*TURNS)), texts(treated(TURNS[0], TURNS[2]))
    assert short[0] == whole[0]
    numbers = [re.findall(r"PERSON_\d{3}", text) for text in (whole[2], short[1])]
    assert numbers[0] == numbers[1]


def test_no_two_people_share_a_number() -> None:
    done = treated(*TURNS)
    first = re.findall(r"PERSON_\d{3}", texts(done)[0])
    assert len(set(first)) == 2
    hers, his = first
    second = re.findall(r"PERSON_\d{3}", texts(done)[1])
    assert second[0] == hers
    assert second[2] == his
