"""The bytes of a leaf are a durable format: these examples may never change."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from gateway.domain.canonical import MAX_LEAF, decode, encode
from gateway.domain.errors import Code
from gateway.domain.exchange import Action, CacheStatus
from gateway.domain.records import Outcome, Record, Refusal, Status
from tests.fakes.ledger import admin, intent, outcome, refusal

GOLDEN = {
    intent: (
        '{"action":"chat","actor":"key-4f2a91c0","client":"discharge-letters","exchange":"x",'
        '"findings":{"DATE_OF_BIRTH":1,"PERSON":2},"kind":"intent","model":"smollm2-135m-instruct",'
        f'"model_digest":"{"d" * 64}","profile":"treatment","prompt_tokens":213,"purpose":"TREAT",'
        f'"release":"{"e" * 64}","rules":["treatment-clinicians"],"time":1780000000000,"v":1}}'
    ),
    outcome: (
        '{"completion_tokens":64,"exchange":"x","finish_reason":"stop","invented":0,'
        '"kind":"outcome","prompt_tokens":213,"restored":2,"status":"completed",'
        '"time":1780000001000,"v":1}'
    ),
    refusal: (
        '{"action":"chat","actor":"key-77aa01ff","client":"cohort-finder","code":"policy_denied",'
        '"exchange":"x","kind":"refusal","model":"smollm2-135m-instruct","purpose":"HRESCH",'
        '"rules":["no-research-on-weekends"],"time":1780000000500,"v":1}'
    ),
    admin: (
        '{"act":"key_created","actor":"os:root","exchange":"x","kind":"admin",'
        '"target":"key:4f2a91c0","time":1780000000000,"v":1}'
    ),
}


@pytest.mark.parametrize("make", GOLDEN)
def test_version_1_of_the_format_stays_as_it_is(make: Callable[[str], Record]) -> None:
    assert encode(make("x")).decode("ascii") == GOLDEN[make]


def test_an_outcome_with_what_was_heard_is_of_version_2() -> None:
    heard = replace(outcome("x"), findings={"PERSON": 2})
    assert encode(heard) == (
        b'{"completion_tokens":64,"exchange":"x","findings":{"PERSON":2},"finish_reason":"stop",'
        + encode(outcome("x")).split(b'"finish_reason":"stop",')[1].replace(b'"v":1', b'"v":2')
    )
    assert decode(encode(heard)) == heard
    for wrong in (b'"v":1', b'"v":3'):
        with pytest.raises(ValueError, match="canonical"):
            decode(encode(heard).replace(b'"v":2', wrong))


def test_an_outcome_out_of_the_cache_is_of_version_2() -> None:
    kept = replace(outcome("x"), cache=CacheStatus.HIT)
    assert encode(kept).decode("ascii") == (
        '{"cache":"hit","completion_tokens":64,"exchange":"x","finish_reason":"stop","invented":0,'
        '"kind":"outcome","prompt_tokens":213,"restored":2,"status":"completed",'
        '"time":1780000001000,"v":2}'
    )
    assert decode(encode(kept)) == kept


@pytest.mark.parametrize("make", GOLDEN)
def test_decoding_gives_back_the_record(make: Callable[[str], Record]) -> None:
    assert decode(encode(make("x"))) == make("x")


def test_the_smallest_records_come_back_too() -> None:
    lost = Outcome("x", 0, Status.LOST)
    assert decode(encode(lost)) == lost
    bare = Refusal("x", 0, "", "", Action.CHAT, Code.INVALID_JSON)
    assert decode(encode(bare)) == bare


@pytest.mark.parametrize(
    "changed",
    [
        {"exchange": ""},
        {"exchange": "x" * 129},
        {"actor": "Jürgen"},
        {"actor": "two\nlines"},
        {"client": None},
        {"time": -1},
        {"time": 2**53},
        {"time": 1.5},
        {"time": True},
        {"prompt_tokens": "7"},
        {"action": "chat"},
        {"purpose": Action.CHAT},
        {"rules": ["a list"]},
        {"rules": ("ok", "nöt")},
        {"findings": {"Jane Doe": 1}},
        {"findings": {"PERSON": -1}},
        {"findings": [("PERSON", 1)]},
        {"rules": tuple("r" * 128 for _ in range(70))},
    ],
    ids=str,
)
def test_a_value_that_no_leaf_may_hold_is_an_error(changed: dict) -> None:  # type: ignore[type-arg]
    with pytest.raises(ValueError, match=r".") as error:
        encode(replace(intent("x"), **changed))
    assert "Jane" not in str(error.value)


@pytest.mark.parametrize(
    "leaf",
    [
        b"",
        b"{}",
        b"[]",
        b"null",
        b"\xff",
        b"[" * 5000,
        GOLDEN[admin].replace('"v":1', '"v":2').encode(),
        GOLDEN[admin].replace('"v":1', '"v":1.0').encode(),
        GOLDEN[admin].replace(',"v":1', "").encode(),
        GOLDEN[admin].replace('"v":1', '"v":1,"w":1').encode(),
        GOLDEN[admin].replace(":", ": ", 1).encode(),
        GOLDEN[admin].replace("key_created", "key_lost").encode(),
        GOLDEN[admin].replace("os:root", "os:\\u0072oot").encode(),
        GOLDEN[admin].replace('"actor":"os:root",', "").encode(),
        GOLDEN[admin].replace('"exchange":"x"', '"exchange":"y","exchange":"x"').encode(),
        GOLDEN[admin].replace("1780000000000", "1e3").encode(),
        GOLDEN[admin].replace("1780000000000", "NaN").encode(),
        GOLDEN[admin].replace("1780000000000", "null").encode(),
        GOLDEN[outcome].replace('"restored":2,', "").encode(),
        GOLDEN[outcome].replace('"v":1', '"v":2').encode(),
        GOLDEN[outcome].replace('{"c', '{"cache":"hit","c').encode(),
        GOLDEN[outcome].replace('{"c', '{"cache":"miss","c').replace('"v":1', '"v":2').encode(),
        GOLDEN[outcome].replace('{"c', '{"code":null,"c').encode(),
        GOLDEN[intent].replace('"DATE_OF_BIRTH":1,"PERSON":2', '"PERSON":2,"A_B":1').encode(),
        json.dumps(json.loads(GOLDEN[intent])).encode(),
    ],
)
def test_bytes_that_encode_would_not_write_do_not_decode(leaf: bytes) -> None:
    with pytest.raises(ValueError, match="a leaf"):
        decode(leaf)


def test_the_fullest_intent_of_this_gateway_fits() -> None:
    from gateway.domain.entities import KNOWN
    from gateway.policy.decider import MAX_RULES

    full = replace(
        intent("0" * 36),
        findings=dict.fromkeys(KNOWN, 10**6),
        rules=("r" * 40,) * MAX_RULES,
        **dict.fromkeys(("actor", "client", "model", "profile"), "n" * 64),
    )
    assert len(encode(full)) < MAX_LEAF
