"""Replies that are kept, on the real gateway with a real model and the unmodified client.

The policy is the shipped one, but for treatment, which may keep replies too: there, that the second
request hits shows that the same words of the same caller become the same redacted prompt.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import openai
import pytest

from gateway.policy.shipped import shipped_policies
from tests.e2e.process import MODEL, Gateway, Key, chat

NOTE = (
    "Patient: Margaret Thornton, MRN 48210377, phone (617) 555-0142. "
    "Write three sentences about Margaret Thornton's stay at Boston General Hospital."
)


@dataclass(frozen=True)
class Ward:
    gateway: Gateway
    one: Key
    other: Key
    researcher: Key


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    gateway = Gateway(tmp_path_factory.mktemp("cache") / "data")
    policies = gateway.data / "policies"
    shutil.copytree(shipped_policies(), policies)
    treatment = policies / "profiles" / "treatment.yaml"
    text = treatment.read_text()
    assert "cache: false" in text
    treatment.write_text(text.replace("cache: false", "cache: true"))
    gateway.start()
    yield Ward(
        gateway,
        gateway.create_key("one", "clinician"),
        gateway.create_key("other", "clinician"),
        gateway.create_key("cohort", "researcher"),
    )
    assert gateway.stop() == 0, gateway.said()[-2000:]


@dataclass(frozen=True)
class Answer:
    text: str
    usage: openai.types.CompletionUsage | None
    exchange: str
    status: str | None
    seconds: float


def say(ward: Ward, key: Key, *messages: str, purpose: str = "TREAT", tokens: int = 96) -> Answer:
    """Say the messages, of the user and the assistant in turn."""
    client = openai.OpenAI(
        base_url=f"{ward.gateway.url}/v1",
        api_key=key.secret,
        default_headers={"X-Purpose-Of-Use": purpose},
        max_retries=0,
    )
    begun = time.perf_counter()
    raw = client.chat.completions.with_raw_response.create(
        model=MODEL,
        messages=[
            {"role": "assistant" if turn % 2 else "user", "content": each}  # type: ignore[misc]
            for turn, each in enumerate(messages)
        ],
        max_tokens=tokens,
        temperature=0,
    )
    seconds = time.perf_counter() - begun
    reply = raw.parse()
    return Answer(
        reply.choices[0].message.content or "",
        reply.usage,
        raw.headers["x-request-id"],
        raw.headers.get("cache-status"),
        seconds,
    )


@pytest.mark.parametrize("purpose", ["TREAT", "HRESCH"])
def test_a_request_that_is_repeated_is_answered_from_memory_and_recorded_as_that(
    ward: Ward, purpose: str
) -> None:
    key = ward.one if purpose == "TREAT" else ward.researcher
    miss, hit = (say(ward, key, NOTE, purpose=purpose) for _ in range(2))
    assert (miss.status, hit.status) == (None, "intramural; hit")
    assert (hit.text, hit.usage) == (miss.text, miss.usage)
    assert hit.text
    # The quickest of some: whoever else uses this machine does not slow down all of them.
    hits = [hit, *(say(ward, key, NOTE, purpose=purpose) for _ in range(4))]
    assert 3 * min(each.seconds for each in hits) < miss.seconds
    kinds = [
        [record["kind"] for record in ward.gateway.records(each.exchange)] for each in (miss, hit)
    ]
    assert kinds == [["intent", "outcome"]] * 2
    before, after = (ward.gateway.records(each.exchange)[-1] for each in (miss, hit))
    assert "cache" not in before
    assert (after["cache"], after["v"]) == ("hit", 2)
    assert after["restored"] == before["restored"]
    shown = ward.gateway.cli("audit", "list", "--exchange", hit.exchange).stdout
    assert "completed, cache hit" in shown
    ward.gateway.verify()


def test_neither_another_caller_nor_another_conversation_hits(ward: Ward) -> None:
    first = say(ward, ward.one, "Hello.", "Hello. How can I help?", NOTE, tokens=24)
    assert say(ward, ward.other, "Hello.", "Hello. How can I help?", NOTE, tokens=24).status is None
    # Another opening, other pseudonyms: it is another prompt, though the last words are the same.
    assert (
        say(ward, ward.one, "Good day.", "Hello. How can I help?", NOTE, tokens=24).status is None
    )
    assert say(ward, ward.one, "Hello.", "Hello. How can I help?", NOTE, tokens=25).status is None
    again = say(ward, ward.one, "Hello.", "Hello. How can I help?", NOTE, tokens=24)
    assert (again.status, again.text) == ("intramural; hit", first.text)


def test_equal_requests_at_one_time_cost_one_generation(ward: Ward) -> None:
    question = "Count slowly from one to fifty, in words."

    def stream(_: int) -> tuple[str, str | None, str]:
        with ward.gateway.client(ward.one) as client:
            reply = client.post(
                "/v1/chat/completions", json=chat(question, max_tokens=128, stream=True)
            )
        text = [line for line in reply.text.splitlines() if '"content":"' in line]
        return (
            "".join(line.partition('"content":')[2].partition("}")[0] for line in text),
            reply.headers.get("cache-status"),
            reply.headers["x-request-id"],
        )

    with ThreadPoolExecutor(6) as pool:
        replies = list(pool.map(stream, range(6)))
    outcomes = [ward.gateway.records(exchange)[-1] for _, _, exchange in replies]
    assert sorted(each.get("cache", "") for each in outcomes) == ["", *["collapsed"] * 5]
    assert len({(each["completion_tokens"], each["finish_reason"]) for each in outcomes}) == 1
    for (_, status, _), outcome in zip(replies, outcomes, strict=True):
        assert (status is None) == ("cache" not in outcome)
