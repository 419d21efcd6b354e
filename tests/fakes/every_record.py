"""A log with every kind of record in it, and random ones."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from dataclasses import MISSING, fields, replace
from enum import StrEnum
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_type_hints

from gateway.domain.exchange import Action, Purpose
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
    Status,
)
from gateway.ledger import Place, SqliteLedger
from tests.fakes.ledger import (
    access,
    admin,
    alert,
    difference,
    intent,
    outcome,
    refusal,
    review,
)

START = 1_780_000_000_000


def every_kind() -> Iterator[Record]:
    """Yield records of every kind, act and status, in an order that a ledger takes."""
    for number, status in enumerate(Status):
        yield intent(f"s{number}", time=START + number)
        yield replace(outcome(f"s{number}", time=START + number), status=status)
    yield intent("open")
    yield refusal("r")
    for number, act in enumerate(AdminAct):
        yield replace(admin(f"a{number}"), act=act)
    for number, look in enumerate(AccessAct):
        yield replace(access(f"l{number}"), access=look)
    yield replace(access("no-grant"), grant=None, access=AccessAct.READ_PAYLOAD, target="s0")
    yield review("v")
    yield replace(review("w"), state=None)
    yield alert("z")
    yield difference("open")


def random_records(seed: int, count: int) -> Iterator[Record]:
    """Yield records whose fields are whatever a leaf can hold."""
    chance = random.Random(seed)  # noqa: S311 - chance that has to repeat
    classes = (Intent, Refusal, Admin, Access, Review, Alert, Difference)
    for number in range(count):
        made = _made(chance.choice(classes), chance, f"x{seed}-{number}")
        yield made
        if isinstance(made, Intent) and chance.random() < 0.9:
            yield _made(Outcome, chance, made.exchange)


def _made(kind: type[Any], chance: random.Random, exchange: str) -> Any:
    hints = get_type_hints(kind)
    values: dict[str, object] = {}
    for field in fields(kind):
        if field.default is not MISSING and chance.random() < 0.5:
            continue
        values[field.name] = _value(hints[field.name], field.name, chance)
    return kind(**{**values, "exchange": exchange})


def _value(hint: Any, name: str, chance: random.Random) -> object:
    if isinstance(hint, UnionType):
        hint = next(each for each in get_args(hint) if each is not type(None))
    if name == "findings":
        return {
            key: chance.randrange(9) for key in ("PERSON", "DATE", "US_SSN")[: chance.randrange(4)]
        }
    if name == "rules":
        return tuple(_text(chance) for _ in range(chance.randrange(3)))
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return chance.choice(list(hint))
    if hint is int:
        return (
            chance.choice([0, 1, START, 2**53 - 1])
            if name != "time"
            else START + chance.randrange(10**10)
        )
    return _text(chance)


def _text(chance: random.Random) -> str:
    letters = "".join(map(chr, range(0x20, 0x7F)))
    return "".join(chance.choice(letters) for _ in range(chance.choice([0, 1, 7, 40])))


def write_log(folder: Path, records: Iterator[Record], node: str = "ward-1") -> Place:
    """Write records to a log of their own."""
    place = Place(folder / "ledger" / node, folder / "keys", node)
    with SqliteLedger.open_for_serving(place, now_ms=lambda: START) as ledger:
        asyncio.run(_append(ledger, list(records)))
    return place


async def _append(ledger: SqliteLedger, records: list[Record]) -> None:
    """In groups: an fsync for each record would be most of what these tests do."""
    for start in range(0, len(records), 512):
        await asyncio.gather(*(ledger.append(each) for each in records[start : start + 512]))


__all__ = ["START", "Action", "Purpose", "every_kind", "random_records", "write_log"]
