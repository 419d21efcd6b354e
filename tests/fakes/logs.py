"""Logs with something to find: records of every kind, of invented people, written in order."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator, Sequence

from gateway.domain.errors import Code
from gateway.domain.exchange import Action, FinishReason, Purpose
from gateway.domain.records import (
    Access,
    AccessAct,
    Admin,
    AdminAct,
    Alert,
    Difference,
    Intent,
    Outcome,
    Record,
    Refusal,
    Review,
    ReviewState,
    Status,
)
from gateway.ledger import Place, SqliteLedger

START = 1_780_000_000_000
ACTORS = ("key:aa", "key:bb", "key:cc", "oidc:dr-novak", "key:rare")
WEIGHTS = (50, 30, 15, 4, 1)
PURPOSES = (Purpose.TREAT, Purpose.TREAT, Purpose.TREAT, Purpose.HRESCH, Purpose.BTG)
ENTITIES = ("PERSON", "DATE_OF_BIRTH", "PHONE_NUMBER", "US_SSN")


def append_all(place: Place, records: Sequence[Record]) -> None:
    """Write `records` in their order, many to a transaction."""

    async def run() -> None:
        with SqliteLedger.open_for_recording(place) as ledger:
            for start in range(0, len(records), 2000):
                group = records[start : start + 2000]
                await asyncio.gather(*(ledger.append(record) for record in group))

    asyncio.run(run())


def some_records(seed: int, count: int) -> list[Record]:
    """Return `count` records as a week of a hospital leaves them, the clock jumping back once."""
    chance = random.Random(seed)  # noqa: S311 - an invented week
    made = _records(chance)
    return [next(made) for _ in range(count)]


def _records(chance: random.Random) -> Iterator[Record]:
    time, number, index = START, 0, 0
    waiting: list[Intent] = []
    while True:
        time += chance.randrange(0, 120_000)
        if index == 3000:
            time -= 40_000_000  # Somebody set the clock back by half a day.
        number += 1
        exchange = f"x{number:06d}"
        actor = chance.choices(ACTORS, WEIGHTS)[0]
        draw = chance.random()
        if waiting and draw < 0.4:
            yield _outcome(waiting.pop(chance.randrange(len(waiting))), time, chance)
        elif draw < 0.8:
            waiting.append(intent := _intent(exchange, time, actor, chance))
            yield intent
        else:
            yield _other(exchange, time, actor, index, chance)
        index += 1


def _intent(exchange: str, time: int, actor: str, chance: random.Random) -> Intent:
    found = {name: chance.randrange(0, 3) for name in ENTITIES if chance.random() < 0.5}
    return Intent(
        exchange=exchange,
        time=time,
        actor=actor,
        client=f"client-{actor[-2:]}",
        action=chance.choice((Action.CHAT, Action.EMBED)),
        purpose=chance.choice(PURPOSES),
        model=chance.choice(("small", "large")),
        model_digest="d" * 64,
        profile=chance.choice(("treatment", "research")),
        release=chance.choice(("e" * 64, "f" * 64)),
        rules=tuple(chance.sample(("ward", "night", "research-only"), chance.randrange(0, 3))),
        findings=found,
        prompt_tokens=chance.randrange(1, 500),
    )


def _outcome(intent: Intent, time: int, chance: random.Random) -> Outcome:
    status = chance.choice(tuple(Status))
    return Outcome(
        exchange=intent.exchange,
        time=time,
        status=status,
        code=Code.ENGINE_FAILED if status is Status.FAILED else None,
        finish_reason=FinishReason.STOP if status is Status.COMPLETED else None,
        findings={"PERSON": 1} if chance.random() < 0.05 else None,
    )


def _other(exchange: str, time: int, actor: str, index: int, chance: random.Random) -> Record:
    match chance.randrange(6):
        case 0:
            return Refusal(
                exchange=exchange,
                time=time,
                actor=actor,
                client=f"client-{actor[-2:]}",
                action=Action.CHAT,
                code=chance.choice((Code.POLICY_DENIED, Code.ENTITY_BLOCKED)),
                purpose=chance.choice((None, Purpose.HRESCH)),
                rules=("research-only",) if chance.random() < 0.5 else (),
            )
        case 1:
            act = chance.choice((AdminAct.KEY_CREATED, AdminAct.POLICY_ACTIVATED))
            return Admin(exchange=exchange, time=time, actor="os:root", act=act, target="key:aa")
        case 2:
            return Access(
                exchange=exchange,
                time=time,
                actor=actor,
                client="audit-desk",
                access=chance.choice(tuple(AccessAct)),
                target=chance.choice(("", "patient")),
                grant=chance.choice((None, "grant-1")),
            )
        case 3:
            return Alert(
                exchange=exchange,
                time=time,
                rule=chance.choice(("bulk-access", "night")),
                record=chance.randrange(max(1, index)),
                actor=actor,
            )
        case 4:
            return Review(
                exchange=exchange,
                time=time,
                actor="key:auditor",
                record=chance.randrange(max(1, index)),
                state=chance.choice((None, *ReviewState)),
            )
        case _:
            return Difference(
                exchange=exchange, time=time, release="c" * 64, rules=("ward",), code=None
            )
