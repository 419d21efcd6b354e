"""Presidio's operators answer as presidio-anonymizer does; what it refuses, they refuse."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway.domain.entities import DATE_TIME, PERSON, EntityType
from gateway.domain.errors import Code, ExchangeError
from gateway.domain.operators import Secrets
from gateway.domain.policy import Invented, Limits, Operator, Profile, Rule
from gateway.encryption import Encryption
from gateway.http.presidio_parse import anonymization, deanonymization
from gateway.presidio.anonymization import Operated, Operating
from gateway.presidio.operators import Decrypt, Encrypt, Hash
from gateway.treatment import CUSTOM
from tests.fakes.detector import FakeDetector

VECTORS = json.loads(
    (Path(__file__).parents[2] / "vectors" / "presidio" / "operators.json").read_text()
)
KEY = "3t6w9z$C&F)J@NcR"


def carried_out(work: Operating) -> Operated:
    return work._operate(work.operators)


def reply(operated: Operated) -> list[dict[str, Any]]:
    return [
        {
            "text": each.text,
            "items": [
                {
                    "start": item.start,
                    "end": item.end,
                    "entity_type": item.entity,
                    "text": item.text,
                    "operator": item.operator,
                    "score": item.score,
                }
                for item in each.items
            ],
        }
        for each in operated.results
    ]


@pytest.mark.parametrize("vector", VECTORS["anonymize"], ids=range(len(VECTORS["anonymize"])))
def test_the_reply_is_that_of_presidio(vector: dict[str, Any]) -> None:
    many, work = anonymization(json.dumps(vector["request"]).encode())
    assert not many
    assert reply(carried_out(work)) == [vector["reply"]]


@pytest.mark.parametrize("vector", VECTORS["deanonymize"], ids=range(len(VECTORS["deanonymize"])))
def test_what_presidio_encrypted_is_decrypted(vector: dict[str, Any]) -> None:
    _, work = deanonymization(json.dumps(vector["request"]).encode())
    assert reply(carried_out(work)) == [vector["reply"]]


def test_what_is_encrypted_here_is_decrypted_here() -> None:
    sealed = Encrypt(KEY).on("Müller", "PERSON")
    assert Decrypt(KEY).on(sealed, "PERSON") == "Müller"
    assert Encrypt(KEY).on("Müller", "PERSON") != sealed


def test_a_hash_without_a_salt_is_another_each_time() -> None:
    assert Hash().on("Müller", "PERSON") != Hash().on("Müller", "PERSON")


def body(**more: object) -> bytes:
    whole = {
        "text": "Ilse came",
        "analyzer_results": [{"start": 0, "end": 4, "entity_type": "PERSON", "score": 1}],
    }
    return json.dumps(whole | more).encode()


@pytest.mark.parametrize(
    ("more", "code", "says"),
    [
        ({"anonymizers": {"DEFAULT": {"type": "custom"}}}, Code.UNSUPPORTED_PARAMETER, "Custom"),
        (
            {"anonymizers": {"DEFAULT": {"type": "encrypt", "key": "short"}}},
            Code.INVALID_REQUEST,
            "128",
        ),
        (
            {"anonymizers": {"DEFAULT": {"type": "hash", "salt": "short"}}},
            Code.INVALID_REQUEST,
            "16 bytes",
        ),
        ({"anonymizers": {"DEFAULT": {"type": "launder"}}}, Code.INVALID_REQUEST, "type"),
        ({"anonymizers": {"DEFAULT": {"type": "mask"}}}, Code.INVALID_REQUEST, "masking_char"),
        ({"anonymizers": {"DEFAULT": {"type": "redact", "also": 1}}}, Code.UNKNOWN_FIELD, "also"),
        ({"analyzer_results": None}, Code.INVALID_REQUEST, "must contain analyzer results"),
        ({"text": ["a", "b"], "analyzer_results": [[]]}, Code.INVALID_REQUEST, "2 text items"),
        ({"text": ["a"]}, Code.INVALID_REQUEST, "list of lists"),
        ({"conflict": "none"}, Code.UNKNOWN_FIELD, "conflict"),
    ],
)
def test_a_request_that_cannot_be_carried_out_is_refused(
    more: dict[str, object], code: Code, says: str
) -> None:
    with pytest.raises(ExchangeError, match=says) as caught:
        anonymization(body(**more))
    assert caught.value.code is code
    assert "launder" not in caught.value.message


@pytest.mark.parametrize(
    "result",
    [
        {"start": 0, "end": 40, "entity_type": "PERSON", "score": 1},
        {"start": 3, "end": 2, "entity_type": "PERSON", "score": 1},
    ],
)
def test_a_stretch_outside_of_the_text_is_refused(result: dict[str, object]) -> None:
    _, work = anonymization(body(analyzer_results=[result]))
    with pytest.raises(ExchangeError) as caught:
        carried_out(work)
    assert caught.value.code is Code.INVALID_REQUEST


def test_stretches_that_would_copy_one_text_a_thousand_times_are_refused() -> None:
    copies = [
        {"start": 0, "end": 100_000 - number, "entity_type": f"T{number}", "score": 1}
        for number in range(1000)
    ]
    backwards = {"start": 9_000_000_000, "end": 0, "entity_type": "T", "score": 1}
    _, work = anonymization(
        body(
            text=["a" * 100_000, "b"],
            analyzer_results=[copies, [backwards]],
            anonymizers={"DEFAULT": {"type": "keep"}},
        )
    )
    with pytest.raises(ExchangeError) as caught:
        carried_out(work)
    assert caught.value.code is Code.LIMIT_EXCEEDED


@pytest.mark.parametrize("text", ["Ilse", "not base64!", "QUJD", "A" * 64])
def test_what_cannot_be_decrypted_is_refused_without_a_word_of_why(text: str) -> None:
    with pytest.raises(ExchangeError, match="cannot be decrypted") as caught:
        Decrypt(KEY).on(text, "PERSON")
    assert caught.value.__cause__ is None


OURS = Encryption([b"k" * 32])
PROFILE = Profile(
    name="sealing",
    strictness=10,
    entities={PERSON: Rule(Operator.ENCRYPT), DATE_TIME: Rule(Operator.KEEP)},
    restore=True,
    invented=Invented.MASK,
    limits=Limits(1000, 1000),
)


def opened(
    text: str,
    profile: Profile = PROFILE,
    cipher: Encryption | None = OURS,
    *,
    said: EntityType = PERSON,
) -> str:
    """Return what `/deanonymize` makes of a text that is one token, asked without a key."""
    request = {
        "text": text,
        "anonymizer_results": [{"start": 0, "end": len(text), "entity_type": said}],
        "deanonymizers": {"DEFAULT": {"type": "decrypt"}},
    }
    _, work = deanonymization(msgspec.json.encode(request))
    secrets = Secrets(bytes(32), bytes(32), cipher)
    done = asyncio.run(work.carry_out(FakeDetector(), profile, secrets, "key:one"))
    assert {item.operator for item in done.results[0].items} == {"decrypt"}
    return done.results[0].text


def test_what_the_profile_sealed_is_opened_without_a_key_of_the_callers() -> None:
    token = OURS.seal("PERSON", "Ilse Quandahl", b"a conversation")
    assert opened(token) == "Ilse Quandahl"
    assert opened(token.upper()) == "Ilse Quandahl"


@pytest.mark.parametrize(
    "changed",
    [
        {"restore": False},
        {"entities": {PERSON: Rule(Operator.PSEUDONYM)}},
        {"entities": {}},
    ],
    ids=["restores-nothing", "encrypts-nothing", "names-nothing"],
)
def test_a_profile_that_does_not_restore_what_it_seals_opens_nothing(
    changed: dict[str, Any],
) -> None:
    token = OURS.seal("PERSON", "Ilse Quandahl", b"a conversation")
    with pytest.raises(ExchangeError) as caught:
        opened(token, replace(PROFILE, **changed))
    assert caught.value.code is Code.POLICY_DENIED
    assert "Ilse" not in str(caught.value)


@pytest.mark.parametrize(
    "granted",
    [
        replace(PROFILE, restore=False),
        replace(PROFILE, entities={PERSON: Rule(Operator.PSEUDONYM)}),
        replace(PROFILE, entities={DATE_TIME: Rule(Operator.ENCRYPT)}),
    ],
    ids=["restores-nothing", "encrypts-nothing", "encrypts-others"],
)
def test_a_stricter_profile_that_a_client_asks_for_opens_nothing_that_policy_does_not(
    granted: Profile,
) -> None:
    token = OURS.seal("PERSON", "Ilse Quandahl", b"a conversation")
    asked = replace(PROFILE, strictness=99)
    assert opened(token, asked) == "Ilse Quandahl"
    with pytest.raises(ExchangeError) as caught:
        opened(token, asked.within(granted))
    assert caught.value.code is Code.POLICY_DENIED


def test_what_is_opened_is_of_the_type_that_the_record_will_count() -> None:
    both = replace(
        PROFILE, entities={PERSON: Rule(Operator.ENCRYPT), DATE_TIME: Rule(Operator.ENCRYPT)}
    )
    token = OURS.seal("PERSON", "Ilse Quandahl", b"a conversation")
    assert opened(token, both) == "Ilse Quandahl"
    for other in (DATE_TIME, EntityType("ANYTHING")):
        with pytest.raises(ExchangeError, match="cannot be decrypted"):
            opened(token, both, said=other)


def test_an_installation_without_a_key_opens_nothing() -> None:
    with pytest.raises(ExchangeError) as caught:
        opened(OURS.seal("PERSON", "Ilse", b""), cipher=None)
    assert caught.value.code is Code.POLICY_DENIED


@pytest.mark.parametrize(
    "token",
    [
        OURS.seal("MRN", "48210377", b""),
        OURS.seal("DATE", "4 March", b""),
        Encryption([b"x" * 32]).seal("PERSON", "Ilse", b""),
        OURS.seal("MRN", "48210377", b"").replace("MRN", "PERSON"),
        OURS.seal("PERSON", "Ilse", b"")[:-3] + "aa]",
        "PERSON",
        "[PERSON:e1:",
        "Ilse Quandahl",
    ],
    ids=["other-type", "kept-type", "other-key", "relabelled", "changed", "word", "cut", "text"],
)
def test_what_was_not_sealed_under_this_profile_is_refused_without_a_word_of_why(
    token: str,
) -> None:
    with pytest.raises(ExchangeError, match="cannot be decrypted") as caught:
        opened(token)
    assert caught.value.code is Code.INVALID_REQUEST


def test_a_type_without_an_operator_is_refused_when_deanonymizing() -> None:
    made = [{"start": 0, "end": 4, "entity_type": "PERSON"}]
    whole = {"text": "Ilse", "anonymizer_results": made, "deanonymizers": {}}
    _, work = deanonymization(json.dumps(whole).encode())
    with pytest.raises(ExchangeError, match="no DEFAULT"):
        carried_out(work)


def test_many_texts_have_a_result_each() -> None:
    results = [[{"start": 0, "end": 4, "entity_type": "PERSON", "score": 1}], []]
    many, work = anonymization(body(text=["Ilse came", "Nobody came"], analyzer_results=results))
    assert many
    assert [each.text for each in carried_out(work).results] == ["<PERSON> came", "Nobody came"]


def test_a_type_that_a_client_made_up_is_counted_and_not_named() -> None:
    results = [{"start": 0, "end": 4, "entity_type": "Ilse Vos' secret", "score": 1}]
    _, work = anonymization(body(analyzer_results=results))
    assert carried_out(work).counts == {CUSTOM: 1}


def test_neither_texts_nor_keys_show_when_printed() -> None:
    _, work = anonymization(body(anonymizers={"DEFAULT": {"type": "encrypt", "key": KEY}}))
    operated = carried_out(work)
    shown = f"{work!r} {operated!r} {msgspec.structs.asdict(Encrypt(KEY)).keys()}"
    assert "Ilse" not in shown
    assert KEY not in shown
