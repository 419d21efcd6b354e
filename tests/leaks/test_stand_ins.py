"""Invariant 6, for what stands in and what brings it back: nothing of it shows a value or a key."""

from __future__ import annotations

import copy
import gc
import logging
import pickle
from collections.abc import Iterator
from dataclasses import replace

import pytest

from gateway.domain import entities as e
from gateway.domain.canonical import encode
from gateway.domain.exchange import Conversation, Message, Role
from gateway.domain.findings import Finding
from gateway.domain.operators import Operators, StandIn
from gateway.domain.policy import Operator
from gateway.domain.redaction import Redaction, Secrets, redact
from gateway.domain.standins import StandIns
from gateway.domain.text import RawText
from gateway.encryption import Encryption
from gateway.lists import shipped_stock
from tests.fakes.exchange import NAME, World, ask, read, submission
from tests.fakes.policy import profile

CANARY = "Quillon Vexworthy"
TEXT = f"{CANARY} was seen on 3 March 2021."
SECRETS = Secrets(
    pseudonym=b"pseudonymcanary".ljust(32, b"p"),
    hash=b"hashcanary".ljust(32, b"h"),
    cipher=Encryption([b"ciphercanary".ljust(32, b"c")]),
    stock=shipped_stock(),
    year=2026,
)
OPERATORS = [Operator.SURROGATE, Operator.ENCRYPT, Operator.GENERALISE]


def treated(operator: Operator) -> Redaction:
    rules = profile(default=operator)
    found = (Finding(0, len(CANARY), e.PERSON),)
    conversation = Conversation((Message(Role.USER, (RawText(TEXT),)),))
    return redact(conversation, [found], rules, SECRETS, "key:a")


def shown(thing: object) -> str:
    return f"{thing!r} {thing} {thing:}" if not isinstance(thing, str) else ""


def ours() -> Iterator[object]:
    kinds = (StandIns, StandIn, Secrets, Encryption, Operators, Redaction)
    for thing in gc.get_objects():
        if isinstance(thing, kinds):
            yield thing


@pytest.mark.parametrize("operator", OPERATORS)
def test_nothing_that_redaction_leaves_shows_a_value_or_a_key(operator: Operator) -> None:
    done = treated(operator)
    for thing in (done, done.stand_ins, done.pseudonyms, SECRETS, SECRETS.cipher, *ours()):
        assert "Quillon" not in shown(thing)
        assert "canary" not in shown(thing)


def test_the_way_back_is_not_to_be_pickled_or_copied() -> None:
    stand_ins = treated(Operator.SURROGATE).stand_ins
    assert len(stand_ins) > 0
    with pytest.raises(TypeError, match="not to be pickled"):
        pickle.dumps(stand_ins)
    with pytest.raises(TypeError, match="not to be pickled"):
        copy.deepcopy(stand_ins)


@pytest.mark.parametrize("operator", OPERATORS)
async def test_a_name_stays_in_no_log_record_or_error_and_comes_back_where_it_may(
    operator: Operator, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    world = World()
    world.decider.profiles = {"treatment": profile(default=operator)}
    world.engine.echo = 3
    pipeline = world.pipeline()
    pipeline._parts = replace(pipeline._parts, secrets=SECRETS)
    said = f"{NAME} rests."
    reply = await read(pipeline.start(submission(ask(said))))
    assert reply.done is not None
    assert all(NAME not in seen.text for seen in world.engine.seen)
    assert (reply.text == said) is (operator is not Operator.GENERALISE)
    assert not any(NAME.encode() in encode(record) for record in world.ledger.records)
    assert NAME not in caplog.text
