"""Presidio's REST API over real sockets: its shapes, who is let in, and what is recorded."""

from __future__ import annotations

import base64
from itertools import pairwise
from typing import Any

import httpx
import pytest

from gateway.domain.entities import PERSON
from gateway.domain.errors import Code
from gateway.domain.exchange import Action, Purpose
from gateway.domain.records import Intent, Kind, Outcome, Refusal, Status
from gateway.identity.bare import NetworkAuthenticator
from gateway.identity.networks import parse_networks
from gateway.treatment import DETECTION
from tests.unit.http.conftest import NAME, Serving, World

TEXT = f"Seen: {NAME}."
FOUND = {
    "analysis_explanation": None,
    "end": 13,
    "entity_type": "PERSON",
    "score": 1.0,
    "start": 6,
}


async def send(world: World, path: str, body: Any, **headers: str) -> httpx.Response:
    async with world.client() as client:
        return await client.post(path, json=body, headers=headers)


def bare(world: World, **headers: str) -> httpx.AsyncClient:
    """A client that sends no credentials and no purpose, as Presidio's do."""
    return httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{world.port}", headers=headers, timeout=20, trust_env=False
    )


def admitting(*networks: str) -> World:
    """A gateway whose settings admit `networks` without credentials."""
    world = World()
    world.authenticator = NetworkAuthenticator(  # type: ignore[assignment]
        world.authenticator, parse_networks(networks), "clinician", Purpose.TREAT
    )
    return world


async def test_an_analysis_has_presidios_shape(serving: Serving) -> None:
    async with serving() as world:
        reply = await send(world, "/analyze", {"text": TEXT, "language": "en"})
    assert reply.status_code == 200
    assert reply.headers["content-type"].startswith("application/json")
    assert reply.json() == [FOUND]
    assert list(reply.json()[0]) == sorted(FOUND)


async def test_many_texts_have_a_list_each(serving: Serving) -> None:
    async with serving() as world:
        reply = await send(world, "/analyze", {"text": [TEXT, "Nobody."], "language": "de"})
    assert reply.json() == [[FOUND], []]


async def test_a_decision_is_explained_where_it_is_asked_for(serving: Serving) -> None:
    body = {"text": TEXT, "language": "en", "return_decision_process": True, "correlation_id": "x"}
    async with serving() as world:
        reply = await send(world, "/analyze", body)
    explanation = reply.json()[0]["analysis_explanation"]
    assert explanation["recognizer"] == "fake"
    assert explanation["original_score"] == 1.0


async def test_what_was_analyzed_is_anonymized(serving: Serving) -> None:
    async with serving() as world:
        found = (await send(world, "/analyze", {"text": TEXT, "language": "en"})).json()
        reply = await send(world, "/anonymize", {"text": TEXT, "analyzer_results": found})
    assert reply.json() == {
        "text": "Seen: <PERSON>.",
        "items": [
            {
                "start": 6,
                "end": 14,
                "entity_type": "PERSON",
                "text": "<PERSON>",
                "operator": "replace",
                "score": 1.0,
            }
        ],
    }


async def test_what_was_encrypted_comes_back(serving: Serving) -> None:
    key = "WmZq4t7w!z%C&F)J"
    encrypt = {"DEFAULT": {"type": "encrypt", "key": key}}
    decrypt = {"DEFAULT": {"type": "decrypt", "key": key}}
    async with serving() as world:
        sealed = await send(
            world,
            "/anonymize",
            {"text": TEXT, "analyzer_results": [FOUND], "anonymizers": encrypt},
        )
        assert NAME not in sealed.text
        made = sealed.json()
        reply = await send(
            world,
            "/deanonymize",
            {"text": made["text"], "anonymizer_results": made["items"], "deanonymizers": decrypt},
        )
    assert reply.json()["text"] == TEXT


@pytest.mark.parametrize(
    ("path", "body", "action"),
    [
        ("/analyze", {"text": TEXT, "language": "en"}, Action.ANALYZE),
        ("/anonymize", {"text": TEXT, "analyzer_results": [FOUND]}, Action.ANONYMIZE),
        (
            "/deanonymize",
            {
                "text": TEXT,
                "anonymizer_results": [FOUND | {"operator": "keep"}],
                "deanonymizers": {"DEFAULT": {"type": "deanonymize_keep"}},
            },
            Action.DEANONYMIZE,
        ),
        ("/v1/redact", {"text": TEXT}, Action.REDACT),
    ],
)
async def test_each_call_leaves_one_intent_and_one_outcome(
    serving: Serving, path: str, body: dict[str, Any], action: Action
) -> None:
    body = {
        name: [{k: v for k, v in each.items() if k != "analysis_explanation"} for each in value]
        if name == "anonymizer_results"
        else value
        for name, value in body.items()
    }
    async with serving() as world:
        reply = await send(world, path, body)
        assert reply.status_code == 200, reply.text
        intent, outcome = world.exchanges()
        assert world.engine.seen == []
    assert isinstance(intent, Intent)
    assert isinstance(outcome, Outcome)
    assert intent.exchange == outcome.exchange == reply.headers["x-request-id"]
    assert (intent.action, intent.model, intent.prompt_tokens) == (action, DETECTION.name, 0)
    assert intent.findings == {"PERSON": 1}
    assert outcome.status is Status.COMPLETED


@pytest.mark.parametrize("kind", [Kind.INTENT, Kind.OUTCOME])
async def test_nothing_leaves_before_both_records_are_durable(serving: Serving, kind: Kind) -> None:
    async with serving() as world:
        world.ledger.fail_kinds = {kind}
        reply = await send(world, "/analyze", {"text": TEXT, "language": "en"})
    assert reply.status_code == 503
    assert reply.json()["code"] == "audit_unavailable"
    assert "PERSON" not in reply.text


async def test_a_failure_of_detection_fails_the_call_and_is_recorded(serving: Serving) -> None:
    async with serving() as world:
        world.detector.break_down()
        reply = await send(world, "/analyze", {"text": TEXT, "language": "en"})
        (refusal,) = world.exchanges()
    assert reply.status_code == 503
    assert isinstance(refusal, Refusal)
    assert refusal.code is Code.DETECTION_FAILED


async def test_a_detector_that_leaves_out_a_text_fails_the_call(serving: Serving) -> None:
    async with serving() as world:
        world.detector.missing = 1
        reply = await send(world, "/analyze", {"text": [TEXT, TEXT], "language": "en"})
    assert (reply.status_code, reply.json()["code"]) == (503, "detection_failed")


async def test_who_may_not_is_refused_and_the_body_is_not_looked_at(serving: Serving) -> None:
    async with serving() as world:
        reply = await send(
            world, "/analyze", {"text": TEXT, "language": "en"}, **{"x-purpose-of-use": "HMARKT"}
        )
        calls = world.detector.calls
    assert reply.status_code == 403
    assert reply.json()["code"] == "policy_denied"
    assert "policy explain" in reply.json()["error"]
    assert calls == 0


async def test_a_text_beyond_the_limit_of_the_profile_is_refused(serving: Serving) -> None:
    async with serving() as world:
        reply = await send(world, "/analyze", {"text": "x" * 200_001, "language": "en"})
    assert (reply.status_code, reply.json()["code"]) == (400, "limit_exceeded")


@pytest.mark.parametrize(
    ("path", "body", "status", "says"),
    [
        ("/analyze", {"language": "en"}, 400, "No text provided"),
        ("/analyze", {"text": TEXT}, 400, "No language provided"),
        ("/analyze", {"text": TEXT, "language": "en", "trace": 1}, 400, "Unknown field trace"),
        ("/anonymize", {"text": TEXT}, 422, "must contain analyzer results"),
        (
            "/anonymize",
            {"text": TEXT, "analyzer_results": [], "anonymizers": {"X": {"type": "custom"}}},
            400,
            "Custom type anonymizer is not supported",
        ),
        ("/deanonymize", {"text": TEXT, "anonymizer_results": [{"start": 0}]}, 422, "end"),
    ],
)
async def test_errors_have_presidios_shape(
    serving: Serving, path: str, body: dict[str, Any], status: int, says: str
) -> None:
    async with serving() as world:
        reply = await send(world, path, body)
    assert reply.status_code == status
    assert says in reply.json()["error"]
    assert NAME not in reply.text


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": "Bearer good"},
        {"x-api-key": "good"},
        {"authorization": "Basic " + base64.b64encode(b"key:good").decode()},
    ],
)
async def test_a_key_comes_in_any_of_three_ways(serving: Serving, headers: dict[str, str]) -> None:
    async with (
        serving() as world,
        bare(world, **headers, **{"x-purpose-of-use": "TREAT"}) as client,
    ):
        reply = await client.post("/analyze", json={"text": TEXT, "language": "en"})
        assert reply.json() == [FOUND]
        assert (await client.get("/supportedentities?language=en")).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": "Basic " + base64.b64encode(b"key:wrong").decode()},
        {"authorization": "Basic ???"},
        {"x-api-key": ""},
        {"x-api-key": "wrong"},
    ],
)
async def test_without_a_key_nobody_is_let_in(serving: Serving, headers: dict[str, str]) -> None:
    async with serving() as world, bare(world, **headers) as client:
        for path in ("/recognizers", "/supportedentities", "/anonymizers", "/deanonymizers"):
            assert (await client.get(path)).status_code == 401
        for path in ("/analyze", "/anonymize", "/deanonymize"):
            reply = await client.post(path, json={"text": TEXT, "language": "en"})
            assert reply.status_code == 401
            assert reply.json()["error"]
        assert world.exchanges() == []


async def test_a_network_of_the_settings_is_let_in_without_a_key(serving: Serving) -> None:
    async with serving(admitting("127.0.0.0/8")) as world, bare(world) as client:
        reply = await client.post("/analyze", json={"text": TEXT, "language": "en"})
        assert reply.json() == [FOUND]
        intent = world.exchanges()[0]
        assert isinstance(intent, Intent)
        assert (intent.actor, intent.client) == ("network:127.0.0.1", "presidio")
        assert intent.purpose is Purpose.TREAT


async def test_another_network_is_not(serving: Serving) -> None:
    async with serving(admitting("10.9.8.0/24")) as world, bare(world) as client:
        reply = await client.post("/analyze", json={"text": TEXT, "language": "en"})
        assert reply.status_code == 401


async def test_a_network_opens_no_other_route_and_excuses_no_wrong_key(serving: Serving) -> None:
    async with serving(admitting("127.0.0.0/8")) as world:
        async with bare(world) as client:
            chat = {"model": "fake-model", "messages": [{"role": "user", "content": "Hello"}]}
            assert (await client.post("/v1/chat/completions", json=chat)).status_code == 401
            assert (await client.get("/v1/models")).status_code == 401
            assert (await client.post("/v1/redact", json={"text": TEXT})).status_code == 401
        async with bare(world, authorization="Bearer wrong") as client:
            reply = await client.post("/analyze", json={"text": TEXT, "language": "en"})
            assert reply.status_code == 401


async def test_a_network_cannot_state_another_purpose(serving: Serving) -> None:
    async with (
        serving(admitting("127.0.0.0/8")) as world,
        bare(world, **{"x-purpose-of-use": "HRESCH"}) as client,
    ):
        reply = await client.post("/analyze", json={"text": TEXT, "language": "en"})
        assert reply.json()["code"] == "purpose_not_allowed"


async def test_the_lists_are_presidios(serving: Serving) -> None:
    async with serving() as world, world.client() as client:
        assert str(PERSON) in (await client.get("/supportedentities")).json()
        assert (await client.get("/supportedentities?language=xx")).status_code == 400
        assert isinstance((await client.get("/recognizers?language=en")).json(), list)
        assert "replace" in (await client.get("/anonymizers")).json()
        assert "decrypt" in (await client.get("/deanonymizers")).json()


async def test_health_is_said_to_anybody(serving: Serving) -> None:
    async with serving() as world, bare(world) as client:
        reply = await client.get("/health")
    assert (reply.status_code, reply.text) == (200, "Presidio Analyzer service is up")


@pytest.mark.parametrize("output_parse_pii", [False, True])
async def test_what_litellms_guardrail_sends_is_understood(
    serving: Serving, *, output_parse_pii: bool
) -> None:
    """Its requests, byte for byte in their fields: litellm 1.106, guardrail_hooks/presidio.py."""
    accept = {"Accept": "application/json"}
    async with serving(admitting("127.0.0.0/8")) as world, bare(world, **accept) as client:
        analyzed = await client.post(
            "/analyze",
            json={
                "text": TEXT,
                "language": "en",
                "ad_hoc_recognizers": [
                    {
                        "name": "Zip code Recognizer",
                        "supported_language": "en",
                        "patterns": [
                            {
                                "name": "zip code (weak)",
                                "regex": "(\\b\\d{5}(?:\\-\\d{4})?\\b)",
                                "score": 0.01,
                            }
                        ],
                        "context": ["zip", "code"],
                        "supported_entity": "ZIP",
                    }
                ],
                "entities": ["PERSON", "EMAIL_ADDRESS", "US_DRIVER_LICENSE", "ZIP"],
            },
        )
        assert analyzed.headers["content-type"].split(";")[0] == "application/json"
        results = analyzed.json()
        if output_parse_pii:
            # It replaces from the last to the first by itself: no two may overlap.
            assert all(a["end"] <= b["start"] for a, b in pairwise(results))
            return
        anonymized = await client.post(
            "/anonymize", json={"text": TEXT, "analyzer_results": results}
        )
        assert anonymized.headers["content-type"].split(";")[0] == "application/json"
        assert anonymized.json()["text"] == "Seen: <PERSON>."
        assert [item["entity_type"] for item in anonymized.json()["items"]] == ["PERSON"]


async def test_of_two_keys_none_is_chosen(serving: Serving) -> None:
    async with serving() as world:
        url = f"http://127.0.0.1:{world.port}"
        keys = [("X-API-Key", "good"), ("X-API-Key", "other"), ("X-Purpose-Of-Use", "TREAT")]
        async with httpx.AsyncClient(base_url=url, timeout=20, trust_env=False) as client:
            reply = await client.post("/analyze", json={"text": "a"}, headers=keys)
    assert (reply.status_code, reply.json()["code"]) == (401, Code.INVALID_CREDENTIALS)
