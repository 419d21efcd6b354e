"""The fast check of a leaf gives the answer of `domain.canonical.decode`, whatever the bytes."""

from __future__ import annotations

import random
from dataclasses import fields, replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.domain.canonical import decode, encode
from gateway.domain.entities import KNOWN
from gateway.domain.errors import Code
from gateway.domain.exchange import Action, CacheStatus, FinishReason, Purpose
from gateway.domain.records import (
    CLASSES,
    Access,
    AccessAct,
    Admin,
    AdminAct,
    Alert,
    Difference,
    Intent,
    Kind,
    Outcome,
    Record,
    Refusal,
    Review,
    ReviewState,
    Status,
    kind_of,
)
from gateway.ledger.leaves import STRUCTS, read_leaf, read_leaves
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

texts = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20)
ids = texts.filter(bool)
numbers = st.integers(0, 2**53 - 1)
rules = st.lists(texts, max_size=3).map(tuple)
records = st.one_of(
    st.builds(
        Intent,
        exchange=ids,
        time=numbers,
        actor=texts,
        client=texts,
        action=st.sampled_from(Action),
        purpose=st.sampled_from(Purpose),
        model=texts,
        model_digest=texts,
        profile=texts,
        release=texts,
        rules=rules,
        findings=st.dictionaries(st.sampled_from(sorted(KNOWN)), numbers, max_size=4),
        prompt_tokens=numbers,
        sealed=st.none() | texts,
        department=st.none() | texts,
        patients=st.none() | numbers,
        reserved=st.none() | numbers,
    ),
    st.builds(
        Outcome,
        exchange=ids,
        time=numbers,
        status=st.sampled_from(Status),
        code=st.none() | st.sampled_from(Code),
        finish_reason=st.none() | st.sampled_from(FinishReason),
        prompt_tokens=numbers,
        completion_tokens=numbers,
        restored=numbers,
        invented=numbers,
        cache=st.none() | st.sampled_from(CacheStatus),
        findings=st.none() | st.dictionaries(st.sampled_from(sorted(KNOWN)), numbers, max_size=4),
        sealed=st.none() | texts,
    ),
    st.builds(
        Refusal,
        exchange=ids,
        time=numbers,
        actor=texts,
        client=texts,
        action=st.sampled_from(Action),
        code=st.sampled_from(Code),
        purpose=st.none() | st.sampled_from(Purpose),
        model=st.none() | texts,
        profile=st.none() | texts,
        release=st.none() | texts,
        rules=rules,
        department=st.none() | texts,
    ),
    st.builds(
        Admin,
        exchange=ids,
        time=numbers,
        actor=texts,
        act=st.sampled_from(AdminAct),
        target=texts,
        purpose=st.none() | st.sampled_from(Purpose),
        until=st.none() | numbers,
        sealed=st.none() | texts,
    ),
    st.builds(
        Access,
        exchange=ids,
        time=numbers,
        actor=texts,
        client=texts,
        access=st.sampled_from(AccessAct),
        target=texts,
        grant=st.none() | texts,
        purpose=st.none() | st.sampled_from(Purpose),
        code=st.none() | st.sampled_from(Code),
    ),
    st.builds(
        Review,
        exchange=ids,
        time=numbers,
        actor=texts,
        record=numbers,
        state=st.none() | st.sampled_from(ReviewState),
        sealed=st.none() | texts,
    ),
    st.builds(
        Alert,
        exchange=ids,
        time=numbers,
        rule=texts,
        record=numbers,
        actor=texts,
        count=numbers,
    ),
    st.builds(
        Difference,
        exchange=ids,
        time=numbers,
        release=texts,
        rules=rules,
        profile=st.none() | texts,
        code=st.none() | st.sampled_from(Code),
    ),
)


@given(records)
def test_every_record_is_read_as_what_it_is(record: Record) -> None:
    leaf = encode(record)
    assert decode(leaf) == record
    read = read_leaf(leaf)
    assert (read.kind, read.exchange) == (kind_of(record), record.exchange)


@pytest.mark.parametrize("kind", Kind)
def test_a_struct_has_the_fields_of_its_record(kind: Kind) -> None:
    record = {each.name for each in fields(CLASSES[kind])}
    struct = set(STRUCTS[kind].__struct_fields__)
    assert struct == record | {"kind", "v"}


def agree(leaf: bytes) -> None:
    try:
        decode(leaf)
    except ValueError:
        with pytest.raises(ValueError, match=r"."):
            read_leaf(leaf)
    else:
        read_leaf(leaf)


@given(records, st.data())
def test_a_damaged_leaf_is_judged_alike(record: Record, data: st.DataObject) -> None:
    leaf = bytearray(encode(record))
    at = data.draw(st.integers(0, len(leaf) - 1))
    match data.draw(st.sampled_from(["flip", "insert", "delete"])):
        case "flip":
            leaf[at] ^= data.draw(st.integers(1, 255))
        case "insert":
            leaf[at:at] = data.draw(st.binary(min_size=1, max_size=8))
        case _:
            del leaf[at : at + data.draw(st.integers(1, 8))]
    agree(bytes(leaf))


@given(st.binary(max_size=40))
@example(b'{"kind":"admin"')
def test_any_bytes_are_judged_alike(leaf: bytes) -> None:
    agree(leaf)


def judged_together(leaves: list[bytes]) -> None:
    try:
        alone = [read_leaf(leaf) for leaf in leaves]
    except ValueError:
        with pytest.raises(ValueError, match=r"."):
            read_leaves(leaves)
    else:
        assert read_leaves(leaves) == alone


@given(st.lists(records, max_size=6), st.data())
def test_leaves_that_are_read_together_are_judged_as_each_alone(
    several: list[Record], data: st.DataObject
) -> None:
    leaves = [encode(record) for record in several]
    judged_together(leaves)
    if leaves:
        at = data.draw(st.integers(0, len(leaves) - 1))
        leaf = bytearray(leaves[at])
        leaf[data.draw(st.integers(0, len(leaf) - 1))] ^= data.draw(st.integers(1, 255))
        leaves[at] = bytes(leaf)
        judged_together(leaves)


def test_two_leaves_in_one_and_none_in_the_next_are_not_two_leaves() -> None:
    first, second = encode(admin("a")), encode(admin("b"))
    for leaves in (
        [first + b"\n" + second, b""],
        [first + b"\n", second],
        [first, b"\n" + second],
        [first[:20], first[20:]],
        [first + b"\n" + second],
        [first, b"", second],
    ):
        with pytest.raises(ValueError, match=r"."):
            read_leaves(leaves)
        judged_together(leaves)


def test_an_empty_list_of_leaves_is_read() -> None:
    assert read_leaves([]) == []


def kept(exchange: str) -> Outcome:
    return replace(outcome(exchange), cache=CacheStatus.HIT)


def sealed_intent(exchange: str) -> Intent:
    return replace(intent(exchange), sealed="ab" * 32)


def grant_made(exchange: str) -> Admin:
    return replace(admin(exchange), purpose=Purpose.BTG, until=1_780_000_900_000)


NEW = [sealed_intent, grant_made, access, review, alert, difference]


@pytest.mark.parametrize("make", [intent, outcome, kept, refusal, admin, *NEW])
def test_every_single_bit_is_judged_alike(make) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    leaf = encode(make("x"))
    for at in range(len(leaf)):
        for bit in range(8):
            agree(leaf[:at] + bytes([leaf[at] ^ (1 << bit)]) + leaf[at + 1 :])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("x1", "x" * 128),
        ("x1", "x" * 129),
        ("x1", ""),
        ("x1", '\\"kind\\":\\"admin\\"'),
        ("x1", "\\\\u0041"),
        ("x1", "a\x7fb"),
        ("x1", "\\/"),
        ("213", "0213"),
        ("213", "213.0"),
        ("213", "-0"),
        ("213", str(2**53)),
        ("213", str(2**64)),
        ("PERSON", "Person"),
        ("PERSON", "P" * 41),
        ('"kind":"intent"', '"kind":"intent","kind":"intent"'),
        ('"rules":["treatment-clinicians"]', '"rules":[]'),
        ('"rules":["treatment-clinicians"]', '"rules":null'),
    ],
)
def test_the_corner_cases_are_judged_alike(old: str, new: str) -> None:
    agree(encode(intent("x1")).decode().replace(old, new, 1).encode())


@pytest.mark.parametrize("make", [intent, outcome, kept, admin, *NEW])
@pytest.mark.parametrize("version", [0, 1, 2, 3, 4])
def test_a_leaf_is_of_the_version_that_its_fields_make(make, version: int) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    leaf, _, _ = encode(make("x")).rpartition(b'"v":')
    leaf += f'"v":{version}}}'.encode()
    agree(leaf)
    if leaf != encode(make("x")):
        with pytest.raises(ValueError, match="a leaf"):
            read_leaf(leaf)


@pytest.mark.parametrize("struct", STRUCTS.values())
def test_the_fields_of_a_leaf_are_declared_in_their_order(struct: type) -> None:
    names = struct.__struct_fields__  # type: ignore[attr-defined]
    assert list(names) == sorted(names)


def test_a_leaf_that_is_too_long_is_refused_by_both() -> None:
    rng = random.Random(1)  # noqa: S311 - not a secret
    rule = "".join(rng.choice("abc") for _ in range(128))
    long = (
        encode(intent("x1"))
        .decode()
        .replace('"treatment-clinicians"', ",".join(f'"{rule}"' for _ in range(70)))
    )
    agree(long.encode())
