"""Whatever fails, the request fails: closed, with its code, recorded, and nothing half told."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from gateway.domain.entities import entity_type
from gateway.domain.errors import Code, ExchangeError
from gateway.domain.records import Kind, Outcome, Refusal, Status
from tests.unit.http.conftest import NAME, Serving, World, chat, events, request, text_of

SECRET = "Canary-7731"


def check_error(reply: httpx.Response, status: int, code: Code) -> None:
    assert reply.status_code == status
    assert reply.headers["content-type"] == "application/json"
    error = reply.json()["error"]
    assert error.keys() == {"message", "type", "param", "code"}
    assert error["code"] == code
    assert SECRET not in reply.text


def refusals(world: World) -> list[Code]:
    return [each.code for each in world.exchanges() if isinstance(each, Refusal)]


def outcomes(world: World) -> list[tuple[Status, Code | None]]:
    return [(each.status, each.code) for each in world.exchanges() if isinstance(each, Outcome)]


async def test_when_detection_fails_the_engine_sees_nothing(serving: Serving) -> None:
    world = World()
    world.detector.break_down()
    async with serving(world) as world:
        reply = await world.post(chat(SECRET))
    check_error(reply, 503, Code.DETECTION_FAILED)
    assert refusals(world) == [Code.DETECTION_FAILED]
    assert world.kinds() == ["refusal"]
    assert world.engine.prepared == []


async def test_a_detector_that_answers_in_part_has_not_answered(serving: Serving) -> None:
    world = World()
    world.detector.missing = 1
    async with serving(world) as world:
        reply = await world.post(chat(SECRET))
    check_error(reply, 503, Code.DETECTION_FAILED)
    assert refusals(world) == [Code.DETECTION_FAILED]
    assert world.engine.prepared == []


@pytest.mark.parametrize("part", ["detector", "decider", "engine"])
async def test_an_unforeseen_error_before_the_intent_is_a_refusal_and_says_nothing(
    serving: Serving, part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World()

    def explode(*_: object) -> None:
        raise RuntimeError(SECRET)

    method = {"detector": "detect", "decider": "decide", "engine": "prepare"}[part]
    monkeypatch.setattr(getattr(world, part), method, explode)
    async with serving(world) as world:
        reply = await world.post(chat(SECRET))
    check_error(reply, 500, Code.INTERNAL_ERROR)
    assert refusals(world) == [Code.INTERNAL_ERROR]
    assert world.engine.seen == []


async def test_when_policy_cannot_decide_nothing_is_permitted(serving: Serving) -> None:
    world = World()
    world.decider.fail = True
    async with serving(world) as world:
        reply = await world.post(chat(SECRET))
    check_error(reply, 503, Code.POLICY_UNAVAILABLE)
    assert refusals(world) == [Code.POLICY_UNAVAILABLE]
    assert world.engine.prepared == []
    assert world.detector.calls == 0


async def test_when_nobody_can_be_authenticated_nobody_is_let_in(serving: Serving) -> None:
    world = World()
    world.authenticator.fail = True
    async with serving(world) as world:
        reply = await world.post(chat(SECRET))
    check_error(reply, 503, Code.IDENTITY_UNAVAILABLE)
    assert reply.headers["retry-after"] == "1"
    assert world.exchanges() == []


async def test_without_a_durable_intent_no_engine_runs(serving: Serving) -> None:
    world = World()
    world.ledger.fail_kinds = {Kind.INTENT}
    async with serving(world) as world:
        reply = await world.post(chat(SECRET))
        streaming = await world.post(chat(SECRET, stream=True))
    for each in (reply, streaming):
        check_error(each, 503, Code.AUDIT_UNAVAILABLE)
        assert each.headers["retry-after"] == "5"
    assert world.engine.seen == []
    assert world.exchanges() == []


async def test_a_refusal_that_cannot_be_recorded_is_audit_unavailable(serving: Serving) -> None:
    world = World()
    world.ledger.fail_kinds = {Kind.REFUSAL}
    async with serving(world) as world:
        reply = await world.post(chat(SECRET), x_purpose_of_use="HMARKT")
    check_error(reply, 503, Code.AUDIT_UNAVAILABLE)


async def test_a_stream_whose_outcome_is_not_durable_ends_with_an_error_and_without_done(
    serving: Serving,
) -> None:
    world = World()
    world.ledger.fail_kinds = {Kind.OUTCOME}
    async with serving(world, shutdown_grace=0.1) as world:
        streaming = await world.post(chat(stream=True))
        whole = await world.post(chat())
        world.ledger.fail_kinds = set()
        await world.until(lambda: world.kinds().count("outcome") == 2)
    data = events(streaming.text)
    assert data[-1]["error"]["code"] == Code.AUDIT_UNAVAILABLE
    assert "[DONE]" not in data
    assert not any(each["choices"][0]["finish_reason"] for each in data[:-1])
    check_error(whole, 503, Code.AUDIT_UNAVAILABLE)
    # The records that were offered again say what the clients were told.
    assert outcomes(world) == [(Status.FAILED, Code.AUDIT_UNAVAILABLE)] * 2


async def test_nobody_is_told_the_end_before_the_outcome_is_durable(serving: Serving) -> None:
    world = World()
    world.ledger.hold = Kind.OUTCOME
    async with serving(world) as world, world.stream(chat(stream=True)) as reply:
        body = reply.aiter_text()
        received = await anext(body)
        await asyncio.wait_for(world.ledger.reached.wait(), 5)
        rest = asyncio.ensure_future(_join(body))
        await asyncio.sleep(0.2)
        assert not rest.done()
        assert world.kinds() == ["intent"]
        world.ledger.released.set()
        received += await rest
    data = events(received)
    assert data[-1] == "[DONE]"
    assert data[-2]["choices"][0]["finish_reason"] == "stop"
    assert world.kinds() == ["intent", "outcome"]


async def test_the_last_words_wait_for_the_outcome(serving: Serving) -> None:
    world = World()
    world.ledger.hold = Kind.OUTCOME
    async with serving(world) as world:
        reader, writer = await world.connect()
        writer.write(request(chat(stream=True)))
        await world.ledger.reached.wait()
        await asyncio.sleep(0.1)
        before = await reader.read(2**20)
        assert b"world." not in before
        assert b'finish_reason":"stop' not in before
        world.ledger.released.set()
        after = await reader.readuntil(b"[DONE]")
        assert b"world." in after
        writer.close()


async def test_a_whole_reply_waits_for_the_outcome(serving: Serving) -> None:
    world = World()
    world.ledger.hold = Kind.OUTCOME
    async with serving(world) as world:
        reply = asyncio.ensure_future(world.post(chat()))
        await asyncio.wait_for(world.ledger.reached.wait(), 5)
        await asyncio.sleep(0.1)
        assert not reply.done()
        world.ledger.released.set()
        assert (await reply).status_code == 200


async def test_an_overloaded_engine_is_said_at_once_and_recorded(serving: Serving) -> None:
    world = World()
    world.engine.overloaded = True
    async with serving(world) as world:
        reply = await world.post(chat(stream=True))
    check_error(reply, 503, Code.OVERLOADED)
    assert reply.headers["retry-after"] == "1"
    assert world.kinds() == ["intent", "outcome"]
    assert outcomes(world) == [(Status.FAILED, Code.OVERLOADED)]


@pytest.mark.parametrize("stream", [False, True])
async def test_a_clean_request_whose_engine_fails_leaves_both_records(
    serving: Serving, *, stream: bool
) -> None:
    world = World()
    world.engine.fail_at = 0
    async with serving(world) as world:
        reply = await world.post(chat(stream=stream))
    check_error(reply, 502, Code.ENGINE_FAILED)
    assert world.kinds() == ["intent", "outcome"]
    assert outcomes(world) == [(Status.FAILED, Code.ENGINE_FAILED)]


@pytest.mark.parametrize("failure", [ExchangeError(Code.ENGINE_FAILED, "No."), OSError(SECRET)])
async def test_an_engine_that_fails_in_mid_reply_ends_the_stream_with_an_error(
    serving: Serving, failure: Exception
) -> None:
    code = failure.code if isinstance(failure, ExchangeError) else Code.INTERNAL_ERROR
    world = World()
    world.engine.fail_at = 3
    world.engine.failure = failure
    async with serving(world) as world:
        reply = await world.post(chat(stream=True))
    data = events(reply.text)
    assert text_of(data) == "Hello, "
    assert data[-1]["error"]["code"] == code
    assert "[DONE]" not in data
    assert SECRET not in reply.text
    assert outcomes(world) == [(Status.FAILED, code)]
    assert world.exchanges()[-1].completion_tokens == 3  # type: ignore[union-attr]


async def test_a_scanner_that_fails_ends_the_stream_before_the_unscanned_text(
    serving: Serving,
) -> None:
    world = World()
    world.engine.pieces = ("Call ", "her ", "at ", "555-0142 ", "now")
    world.scanner.error = RuntimeError(SECRET)
    async with serving(world) as world:
        reply = await world.post(chat(stream=True))
    data = events(reply.text)
    assert data[-1]["error"]["code"] == Code.INTERNAL_ERROR
    assert "555" not in reply.text
    assert SECRET not in reply.text
    assert outcomes(world) == [(Status.FAILED, Code.INTERNAL_ERROR)]
    assert world.engine.seen[0].closed


async def test_a_key_that_was_revoked_is_refused_by_name_and_an_unknown_one_without_a_record(
    serving: Serving,
) -> None:
    async with serving() as world:
        revoked = await world.post(chat(), key="revoked")
        unknown = await world.post(chat(), key="unknown")
    check_error(revoked, 401, Code.REVOKED_CREDENTIALS)
    check_error(unknown, 401, Code.INVALID_CREDENTIALS)
    assert revoked.headers["www-authenticate"].startswith("Bearer")
    [refusal] = world.exchanges()
    assert isinstance(refusal, Refusal)
    assert (refusal.actor, refusal.code) == ("key:revoked", Code.REVOKED_CREDENTIALS)


async def test_a_blocked_entity_is_a_refusal_that_names_its_type_only(serving: Serving) -> None:
    world = World()
    world.detector.script = {SECRET: entity_type("SITE_BADGE")}
    async with serving(world) as world:
        reply = await world.post(chat(f"{SECRET} and {NAME}"))
    check_error(reply, 403, Code.ENTITY_BLOCKED)
    assert refusals(world) == [Code.ENTITY_BLOCKED]
    assert world.engine.prepared == []


async def _join(body: object) -> str:
    return "".join([each async for each in body])  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("name", "values", "code"),
    [
        ("X-Purpose-Of-Use", ("HRESCH", "TREAT"), Code.UNKNOWN_PURPOSE),
        ("X-Purpose-Of-Use", ("TREAT", "TREAT"), Code.UNKNOWN_PURPOSE),
        ("X-Redaction-Profile", ("treatment", "treatment"), Code.UNKNOWN_PROFILE),
        ("X-Patient", ("4711", "4712"), Code.INVALID_REQUEST),
    ],
)
async def test_of_two_headers_of_one_name_none_is_chosen(
    serving: Serving, name: str, values: tuple[str, str], code: Code
) -> None:
    headers = [("Authorization", "Bearer good"), *((name, value) for value in values)]
    if name != "X-Purpose-Of-Use":
        headers.append(("X-Purpose-Of-Use", "TREAT"))
    async with serving() as world:
        url = f"http://127.0.0.1:{world.port}"
        async with httpx.AsyncClient(base_url=url, timeout=20, trust_env=False) as client:
            for path, body in (
                ("/v1/chat/completions", chat()),
                ("/analyze", {"text": "a", "language": "en"}),
            ):
                reply = await client.post(path, json=body, headers=headers)
                assert (reply.status_code, reply.json().get("code", code)) == (400, code)
    assert refusals(world) == [code, code]
    assert world.engine.prepared == []
