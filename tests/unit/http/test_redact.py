"""`POST /v1/redact`: whole documents under the caller's permit, in every type that is read."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.domain.entities import PERSON
from gateway.domain.policy import Operator, Rule
from gateway.domain.records import Intent, Refusal
from tests.fakes.policy import profile
from tests.unit.http.conftest import NAME, Serving

TEXT = f"Seen: {NAME}, again {NAME}."


async def test_a_text_comes_back_redacted_with_what_was_found(serving: Serving) -> None:
    async with serving() as world, world.client() as client:
        reply = (await client.post("/v1/redact", json={"text": TEXT})).json()
    (document,) = reply["documents"]
    assert NAME not in document["text"]
    assert document["counts"] == reply["counts"] == {"PERSON": 2}
    assert document["findings"][0] == {"start": 6, "end": 13, "type": "PERSON", "score": 1.0}
    assert (reply["object"], reply["profile"]) == ("redaction", "treatment")


async def test_a_person_has_one_stand_in_in_all_documents(serving: Serving) -> None:
    documents = [{"id": "a", "text": NAME}, {"id": "b", "text": f"And {NAME}"}]
    async with serving() as world, world.client() as client:
        reply = (await client.post("/v1/redact", json={"documents": documents})).json()
    first, second = reply["documents"]
    assert (first["id"], second["id"]) == ("a", "b")
    assert second["text"] == f"And {first['text']}"


async def test_a_stricter_profile_can_be_asked_for_and_a_looser_cannot(serving: Serving) -> None:
    async with serving() as world, world.client() as client:
        world.decider.profiles = {
            "loose": profile("loose", 50),
            "treatment": profile(),
            "strict": profile("strict", 200, default=Operator.REPLACE),
        }
        replies = {
            name: await client.post(
                "/v1/redact", json={"text": TEXT}, headers={"x-redaction-profile": name}
            )
            for name in ("strict", "loose", "absent")
        }
    assert replies["strict"].json()["profile"] == "strict"
    assert replies["strict"].json()["documents"][0]["text"] == "Seen: [PERSON], again [PERSON]."
    assert replies["loose"].json()["error"]["code"] == "profile_not_stricter"
    assert replies["absent"].json()["error"]["code"] == "unknown_profile"
    for name in ("loose", "absent"):
        assert replies[name].json()["error"]["param"] == "X-Redaction-Profile"


async def test_a_stricter_profile_that_a_forbid_rules_out_cannot_be_asked_for(
    serving: Serving,
) -> None:
    async with serving() as world, world.client() as client:
        world.decider.profiles = {"treatment": profile(), "strict": profile("strict", 200)}
        world.decider.against = {"strict": ("never-strict",)}
        reply = await client.post(
            "/v1/redact", json={"text": TEXT}, headers={"x-redaction-profile": "strict"}
        )
        [refusal] = world.exchanges()
    assert reply.status_code == 403
    assert reply.json()["error"]["code"] == "policy_denied"
    assert isinstance(refusal, Refusal)
    assert refusal.rules == ("never-strict",)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text/plain", TEXT),
        ("text/csv", f"name,age\n{NAME},40\n"),
        ("application/fhir+json", f'{{"resourceType":"Patient","name":[{{"family":"{NAME}"}}]}}'),
        ("x-application/hl7-v2+er7", f"MSH|^~\\&|A|B\rPID|1||1||{NAME}\r"),
        ("application/x-ndjson", f'{{"text":"{NAME}"}}\n'),
    ],
)
async def test_a_document_can_be_the_body_and_comes_back_as_it_was_sent(
    serving: Serving, kind: str, body: str
) -> None:
    headers = {"content-type": f"{kind}; charset=utf-8", "accept": kind}
    async with serving() as world, world.client() as client:
        reply = await client.post("/v1/redact", content=body.encode(), headers=headers)
        told = await client.post(
            "/v1/redact", content=body.encode(), headers=headers | {"accept": "*/*"}
        )
    assert reply.headers["content-type"].startswith(kind)
    assert reply.headers["x-redaction-profile"] == "treatment"
    assert NAME not in reply.text
    assert told.json()["documents"][0]["text"] == reply.content.decode()


@pytest.mark.parametrize(
    ("body", "kind", "code"),
    [
        ({"text": TEXT, "documents": []}, None, "invalid_request"),
        ({}, None, "invalid_request"),
        ({"documents": []}, None, "invalid_request"),
        ({"text": TEXT, "profile": "none"}, None, "unknown_field"),
        ({"text": TEXT, "content_type": "text/html"}, None, "unsupported_media_type"),
        ({"text": NAME, "content_type": "application/json"}, None, "invalid_json"),
        (b"\xff", "text/plain", "invalid_encoding"),
        (b"{", "application/fhir+json", "invalid_json"),
        (b"x", "image/png", "unsupported_media_type"),
        (b"[" * 100_000, "application/fhir+json", "invalid_json"),
    ],
)
async def test_what_cannot_be_read_is_refused_in_openais_shape(
    serving: Serving, body: Any, kind: str | None, code: str
) -> None:
    async with serving() as world, world.client() as client:
        if kind is None:
            reply = await client.post("/v1/redact", json=body)
        else:
            reply = await client.post("/v1/redact", content=body, headers={"content-type": kind})
        (refusal,) = world.exchanges()
    assert reply.json()["error"]["code"] == code
    assert isinstance(refusal, Refusal)
    assert NAME not in reply.text


@pytest.mark.parametrize("charset", ["ISO-2022-JP", '"hz-gb-2312"', "utf-16le", ""])
async def test_a_body_in_another_charset_is_refused_and_not_taken_for_utf_8(
    serving: Serving, charset: str
) -> None:
    async with serving() as world, world.client() as client:
        reply = await client.post(
            "/v1/redact",
            content="\u5c71\u7530\u592a\u90ce".encode("iso-2022-jp"),
            headers={"Content-Type": f"text/plain; Charset={charset}"},
        )
    assert reply.status_code == 415
    assert any(isinstance(record, Refusal) for record in world.ledger.records)


async def test_what_is_blocked_is_refused_and_says_which_type(serving: Serving) -> None:
    async with serving() as world, world.client() as client:
        world.decider.profiles = {"treatment": profile(PERSON=Rule(Operator.BLOCK))}
        reply = await client.post("/v1/redact", json={"text": TEXT})
    assert (reply.status_code, reply.json()["error"]["code"]) == (403, "entity_blocked")


async def test_json_that_would_come_back_broken_does_not_come_back(serving: Serving) -> None:
    async with serving() as world, world.client() as client:
        world.detector.script = {"4711": PERSON}
        reply = await client.post(
            "/v1/redact",
            content=b'{"mrn": 4711}',
            headers={"content-type": "application/fhir+json"},
        )
        kinds = world.kinds()
    assert reply.json()["error"]["code"] == "detection_failed"
    assert kinds == ["refusal"]


async def test_the_record_names_the_profile_and_the_counts(serving: Serving) -> None:
    async with serving() as world, world.client() as client:
        reply = await client.post("/v1/redact", json={"text": TEXT})
        intent = world.exchanges()[0]
    assert isinstance(intent, Intent)
    assert (intent.profile, intent.findings) == ("treatment", {"PERSON": 2})
    assert reply.json()["id"] == intent.exchange


async def test_a_body_beyond_the_limit_is_refused(serving: Serving) -> None:
    async with serving(body_limit=2000) as world, world.client() as client:
        reply = await client.post("/v1/redact", json={"text": "x" * 3000})
    assert reply.status_code == 413
