"""A real gateway, asked as Presidio's clients ask it: real detection, and a key in an address."""

from __future__ import annotations

import json

import aiohttp
import pytest

from tests.e2e.process import Gateway, Key

NOTE = "Patient: Ilse Quandahl, MRN 4471902, phone (260) 555-0142."


@pytest.fixture(scope="module")
def redactor(gateway: Gateway) -> Key:
    return gateway.create_key("litellm", "redactor", "--purpose", "TREAT")


def address(gateway: Gateway, key: Key) -> str:
    """An address with a key in it: all that LiteLLM's guardrail can be given."""
    return gateway.url.replace("://", f"://key:{key.secret}@")


async def test_a_client_that_knows_no_credentials_analyzes_and_anonymizes(
    gateway: Gateway, redactor: Key
) -> None:
    base, accept = address(gateway, redactor), {"Accept": "application/json"}
    async with aiohttp.ClientSession() as session:
        body = {"text": NOTE, "language": "en"}
        async with session.post(f"{base}/analyze", json=body, headers=accept) as reply:
            assert reply.status == 200
            assert reply.content_type == "application/json"
            found = await reply.json()
        assert {each["entity_type"] for each in found} >= {"PERSON", "MEDICAL_RECORD_NUMBER"}
        body = {"text": NOTE, "analyzer_results": found}
        async with session.post(f"{base}/anonymize", json=body, headers=accept) as reply:
            redacted = (await reply.json())["text"]
            exchange = reply.headers["x-request-id"]
    assert redacted.startswith("Patient: <PERSON>, MRN <MEDICAL_RECORD_NUMBER>, phone <PHONE")
    shown = gateway.cli("audit", "show", exchange)
    assert shown.returncode == 0
    assert "anonymize" in shown.stdout
    assert "Quandahl" not in gateway.said() + shown.stdout


async def test_a_document_is_redacted_by_the_callers_profile(
    gateway: Gateway, redactor: Key
) -> None:
    headers = {"Authorization": f"Bearer {redactor.secret}", "Content-Type": "text/plain"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(f"{gateway.url}/v1/redact", data=NOTE.encode()) as reply,
    ):
        answered = json.loads(await reply.text())
    assert answered["profile"] == "treatment"
    assert answered["counts"]["PERSON"] == 1
    assert "Quandahl" not in answered["documents"][0]["text"]


async def test_a_service_that_redacts_asks_no_model(gateway: Gateway, redactor: Key) -> None:
    body = {"model": "smollm2-135m-instruct", "messages": [{"role": "user", "content": "Hello"}]}
    headers = {"Authorization": f"Bearer {redactor.secret}"}
    async with (
        aiohttp.ClientSession(headers=headers) as session,
        session.post(f"{gateway.url}/v1/chat/completions", json=body) as reply,
    ):
        assert reply.status == 403
