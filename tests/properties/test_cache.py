"""Laws of the cache: its bounds hold whatever happens, and a hit is exactly what a miss was."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from hypothesis import event, given, settings
from hypothesis import strategies as st

from engine.cache import SealedCache
from gateway.domain.exchange import (
    Ask,
    CacheStatus,
    Conversation,
    End,
    Message,
    Model,
    Options,
    Piece,
    Role,
)
from gateway.domain.policy import Priority, Terms
from gateway.domain.ports import Receipt
from gateway.domain.text import _MAKER, RedactedText
from gateway.domain.tools import ToolCall
from gateway.generation.cached import CachedEngine, _question
from tests.fakes.engine import MODEL, FakeEngine

RECEIPT = Receipt("0190b2c4-0000-7000-8000-000000000000", 0, b"\0" * 32)
TERMS = Terms("key:alice", "1" * 64, Priority.INTERACTIVE, None, cache=True)


OPERATIONS = st.lists(
    st.tuples(
        st.sampled_from(["put", "put", "put", "get", "get", "expire", "clear"]),
        st.integers(0, 12),
        st.integers(0, 900).map(bytes),
        st.floats(0, 3),
    ),
    min_size=5,
    max_size=40,
)


@settings(deadline=None, max_examples=200)
@given(OPERATIONS, st.integers(0, 4000), st.floats(0.5, 20))
def test_its_bounds_hold_whatever_is_put_and_asked(
    operations: list[tuple[str, int, bytes, float]], max_bytes: int, ttl: float
) -> None:
    table = SealedCache(max_bytes=max_bytes, ttl=ttl)
    put: dict[bytes, tuple[bytes, float]] = {}
    now = 0.0
    for what, which, value, later in operations:
        now += later
        name = table.name(bytes([which]))
        match what:
            case "put":
                table.put(name, value, now)
                put[name] = (value, now)
            case "get":
                got = table.get(name, now)
                if got is not None:
                    assert got == put[name][0]
                    assert now < put[name][1] + ttl
            case "expire":
                table.expire(now)
                assert all(now < put[each][1] + ttl for each in table._sealed)
            case _:
                table.clear()
        event("full" if max_bytes - table.size < 512 else "room")
        assert table.size <= max_bytes
        assert table.size == sum(len(sealed) + 512 for sealed in table._sealed.values())
        assert table._sealed.keys() == table._due.keys()
        assert list(table._due.values()) == sorted(table._due.values())


words = st.text(max_size=6)


def text(value: str) -> RedactedText:
    return RedactedText(value, _MAKER)


texts = words.map(text)
messages = st.builds(
    Message,
    role=st.sampled_from(Role),
    content=st.lists(texts, max_size=3).map(tuple),
    name=st.none() | texts,
    tool_calls=st.lists(st.builds(ToolCall, texts, texts, texts), max_size=2).map(tuple),
    tool_call_id=st.none() | texts,
)
asks = st.builds(
    Ask,
    model=st.just(MODEL.name),
    conversation=st.builds(
        Conversation,
        st.lists(messages, max_size=3).map(tuple),
        st.lists(texts, max_size=2).map(tuple),
    ),
    options=st.builds(
        Options,
        max_tokens=st.none() | st.integers(1, 3),
        temperature=st.just(0.0),
        top_p=st.sampled_from([0.5, 1.0]),
        seed=st.none() | st.integers(0, 2),
    ),
    chat=st.booleans(),
    may_wait=st.booleans(),
)
models = st.builds(
    Model,
    st.sampled_from(["a", "b"]),
    st.sampled_from(["0" * 64, "1" * 64]),
    st.just(99),
    st.just(0),
)
terms = st.builds(
    Terms,
    partition=st.sampled_from(["key:a", "key:b", ""]),
    profile=st.sampled_from(["0" * 64, "1" * 64]),
    priority=st.sampled_from(Priority),
    in_flight=st.none() | st.integers(1, 2),
    cache=st.just(True),  # noqa: FBT003 - Hypothesis' own signature
)
questions = st.tuples(models, asks, st.integers(1, 3), terms)


def essence(question: tuple[Model, Ask[RedactedText], int, Terms]) -> tuple[Any, ...]:
    """All that tells two questions apart."""
    model, ask, max_tokens, on = question
    return (
        (model.name, model.digest),
        replace(ask, may_wait=False),
        max_tokens,
        (on.partition, on.profile),
    )


@settings(max_examples=200)
@given(questions, questions)
def test_two_questions_are_one_only_if_all_of_them_is_the_same(
    one: tuple[Model, Ask[RedactedText], int, Terms],
    other: tuple[Model, Ask[RedactedText], int, Terms],
) -> None:
    assert (_question(*one) == _question(*other)) == (essence(one) == essence(other))
    assert _question(*one) == _question(*one)


CHANGES: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    # What changes: the model, the options, the words, the terms.
    "partition": ({}, {}, {}, {"partition": "key:bob"}),
    "profile": ({}, {}, {}, {"profile": "2" * 64}),
    "model": ({"digest": "cd" * 32}, {}, {}, {}),
    "max_tokens": ({}, {"max_tokens": 7}, {}, {}),
    "top_p": ({}, {"top_p": 0.5}, {}, {}),
    "seed": ({}, {"seed": 1}, {}, {}),
    "stop": ({}, {}, {"stop": (text("x"),)}, {}),
    "role": ({}, {}, {"messages": (Message(Role.SYSTEM, (text("Hello"),)),)}, {}),
    "parts": ({}, {}, {"messages": (Message(Role.USER, (text("Hel"), text("lo"))),)}, {}),
    "name": ({}, {}, {"messages": (Message(Role.USER, (text("Hello"),), name=text("n")),)}, {}),
}
HELLO = Ask(
    MODEL.name,
    Conversation((Message(Role.USER, (text("Hello"),)),)),
    Options(temperature=0.0),
)


@settings(deadline=None)
@given(st.sampled_from(sorted(CHANGES)), st.lists(words.filter(bool), min_size=0, max_size=9))
def test_a_hit_is_exactly_what_a_miss_was_and_nothing_else_ever_hits(
    change: str, pieces: list[str]
) -> None:
    async def run() -> None:
        model, options, conversation, on = CHANGES[change]
        other_model = replace(MODEL, **model)
        inner = FakeEngine(pieces=pieces, served=(MODEL, other_model))
        engine = CachedEngine(inner, max_bytes=2**16, ttl=60)

        async def say(model: Model, ask: Ask[RedactedText], terms: Terms) -> Sequence[Piece | End]:
            prompt = engine.prepare(model, ask, 4096, terms)
            async with aclosing(engine.generate(prompt, RECEIPT)) as events:
                return [event async for event in events]

        *missed, miss = await say(MODEL, HELLO, TERMS)
        *hits, hit = await say(MODEL, HELLO, TERMS)
        assert len(inner.seen) == 1
        assert "".join(each.text for each in hits) == "".join(each.text for each in missed)  # type: ignore[union-attr]
        assert hit == replace(miss, cache=CacheStatus.HIT)
        assert {each.cache for each in (*hits, hit)} == {CacheStatus.HIT}
        assert {each.cache for each in (*missed, miss)} == {None}
        changed = replace(
            HELLO,
            options=replace(HELLO.options, **options),
            conversation=replace(HELLO.conversation, **conversation),
        )
        *_, end = await say(other_model, changed, replace(TERMS, **on))
        assert end.cache is None
        assert len(inner.seen) == 2

    asyncio.run(run())
