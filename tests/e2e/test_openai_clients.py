"""The unmodified clients of OpenAI, for Python and Node: a service changes its address, no more."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import openai
import pytest

from tests.e2e.conftest import Keys
from tests.e2e.process import MODEL, Gateway, Key, environment, key_of

NOTE = "Repeat: Margaret Thornton is well."
MESSAGES: list[openai.types.chat.ChatCompletionMessageParam] = [{"role": "user", "content": NOTE}]
CLIENTS = Path(__file__).parents[1] / "clients"
HEADERS = {"X-Purpose-Of-Use": "TREAT"}


@pytest.fixture
def client(gateway: Gateway, keys: Keys) -> openai.OpenAI:
    return client_of(gateway, keys.clinician)


def client_of(gateway: Gateway, key: Key, purpose: str | None = "TREAT") -> openai.OpenAI:
    return openai.OpenAI(
        base_url=f"{gateway.url}/v1",
        api_key=key.secret,
        default_headers=None if purpose is None else {"X-Purpose-Of-Use": purpose},
        max_retries=0,
    )


def test_a_chat_comes_back_whole_with_exact_usage_and_its_exchanges_id(
    gateway: Gateway, client: openai.OpenAI
) -> None:
    raw = client.chat.completions.with_raw_response.create(
        model=MODEL, messages=MESSAGES, max_tokens=24, temperature=0
    )
    reply = raw.parse()
    exchange = raw.headers["x-request-id"]
    assert reply.id == f"chatcmpl-{exchange}"
    assert reply.model == MODEL
    assert reply.choices[0].message.role == "assistant"
    assert "Margaret Thornton" in (reply.choices[0].message.content or "")
    intent, outcome = gateway.records(exchange)
    assert intent["findings"] == {"PERSON": 1}
    assert reply.usage is not None
    assert reply.usage.prompt_tokens == intent["prompt_tokens"] == outcome["prompt_tokens"]
    assert reply.usage.completion_tokens == outcome["completion_tokens"]
    assert reply.usage.total_tokens == outcome["prompt_tokens"] + outcome["completion_tokens"]
    assert outcome["finish_reason"] == reply.choices[0].finish_reason


def test_a_stream_says_the_same_as_the_whole_reply(client: openai.OpenAI) -> None:
    whole = client.chat.completions.create(
        model=MODEL, messages=MESSAGES, max_tokens=24, temperature=0
    )
    stream = client.chat.completions.create(
        model=MODEL,
        messages=MESSAGES,
        max_tokens=24,
        temperature=0,
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = list(stream)
    text = "".join(each.delta.content or "" for chunk in chunks for each in chunk.choices)
    assert text == whole.choices[0].message.content
    assert len({chunk.id for chunk in chunks}) == 1
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[-2].choices[0].finish_reason == whole.choices[0].finish_reason
    assert chunks[-1].usage == whole.usage
    assert len(chunks) > 4


def test_exactly_max_tokens_are_counted_when_the_length_ends_it(client: openai.OpenAI) -> None:
    reply = client.completions.create(
        model=MODEL, prompt="The ward is quiet. The ward is", max_tokens=7, temperature=0
    )
    assert reply.choices[0].finish_reason == "length"
    assert reply.usage is not None
    assert reply.usage.completion_tokens == 7


def test_a_stop_ends_the_reply_and_is_not_in_it(client: openai.OpenAI) -> None:
    reply = client.completions.create(
        model=MODEL,
        prompt="The ward is quiet. The ward is quiet. The ward is",
        max_tokens=40,
        temperature=0,
        stop=[". The"],
    )
    assert reply.choices[0].finish_reason == "stop"
    assert reply.choices[0].text == " quiet"


def test_a_completion_streams(client: openai.OpenAI) -> None:
    prompt = "The ward is quiet. The ward is quiet. The ward is quiet. The ward is"
    stream = client.completions.create(
        model=MODEL, prompt=prompt, max_tokens=8, temperature=0, stream=True
    )
    text = "".join(choice.text for event in stream for choice in event.choices)
    assert text == " quiet. The ward is quiet. The"


def test_a_later_turn_restores_a_name_of_an_earlier_one(client: openai.OpenAI) -> None:
    first = client.chat.completions.create(
        model=MODEL, messages=MESSAGES, max_tokens=24, temperature=0
    )
    reply = client.chat.completions.create(
        model=MODEL,
        messages=[
            *MESSAGES,
            {"role": "assistant", "content": first.choices[0].message.content},
            {"role": "user", "content": "Repeat that sentence."},
        ],
        max_tokens=24,
        temperature=0,
    )
    assert "Margaret Thornton" in (reply.choices[0].message.content or "")


def test_models_are_listed_and_described(client: openai.OpenAI) -> None:
    models = list(client.models.list())
    assert [model.id for model in models] == [MODEL, "default"]
    assert [model.model_extra and model.model_extra["root"] for model in models] == [MODEL, MODEL]
    assert client.models.retrieve(MODEL) == models[0]
    with pytest.raises(openai.NotFoundError) as caught:
        client.models.retrieve("gpt-4o")
    assert caught.value.code == "model_not_found"


def test_a_response_says_the_same_as_a_chat_and_leaves_the_same_records(
    gateway: Gateway, client: openai.OpenAI
) -> None:
    chat = client.chat.completions.create(
        model=MODEL, messages=MESSAGES, max_tokens=24, temperature=0
    )
    raw = client.responses.with_raw_response.create(
        model=MODEL, input=NOTE, max_output_tokens=24, temperature=0
    )
    reply = raw.parse()
    events = list(
        client.responses.create(
            model=MODEL,
            input=[{"role": "user", "content": NOTE}],
            max_output_tokens=24,
            temperature=0,
            stream=True,
        )
    )
    said = "".join(event.delta for event in events if event.type == "response.output_text.delta")
    assert reply.output_text == said == chat.choices[0].message.content
    assert "Margaret Thornton" in said
    intent, outcome = gateway.records(raw.headers["x-request-id"])
    assert (intent["action"], intent["findings"]) == ("chat", {"PERSON": 1})
    assert reply.usage is not None
    assert reply.usage.output_tokens == outcome["completion_tokens"]
    assert events[-1].type in {"response.completed", "response.incomplete"}


def test_the_engine_of_the_process_says_that_it_knows_no_tools(client: openai.OpenAI) -> None:
    function = {"name": "find", "parameters": {"type": "object", "properties": {}}}
    with pytest.raises(openai.BadRequestError) as tools:
        client.chat.completions.create(
            model=MODEL,
            messages=MESSAGES,
            tools=[{"type": "function", "function": function}],  # type: ignore[list-item]
        )
    assert (tools.value.code, tools.value.param) == ("unsupported_parameter", "tools")
    with pytest.raises(openai.BadRequestError) as form:
        client.responses.create(model=MODEL, input=NOTE, text={"format": {"type": "json_object"}})
    assert (form.value.code, form.value.param) == ("unsupported_parameter", "response_format")


async def test_the_asynchronous_client_streams_and_does_not(gateway: Gateway, keys: Keys) -> None:
    async with openai.AsyncOpenAI(
        base_url=f"{gateway.url}/v1",
        api_key=keys.clinician.secret,
        default_headers=HEADERS,
        max_retries=0,
    ) as client:
        whole = await client.chat.completions.create(
            model=MODEL, messages=MESSAGES, max_tokens=24, temperature=0
        )
        stream = await client.chat.completions.create(
            model=MODEL, messages=MESSAGES, max_tokens=24, temperature=0, stream=True
        )
        text = "".join(
            [each.delta.content or "" async for chunk in stream for each in chunk.choices]
        )
        with pytest.raises(openai.BadRequestError):
            await client.chat.completions.create(model=MODEL, messages=[], max_tokens=1)
    assert text == whole.choices[0].message.content


def test_a_key_that_is_bound_to_a_purpose_needs_no_header(gateway: Gateway, keys: Keys) -> None:
    client = client_of(gateway, keys.bound, purpose=None)
    raw = client.chat.completions.with_raw_response.create(
        model=MODEL, messages=MESSAGES, max_tokens=4, temperature=0
    )
    intent = gateway.records(raw.headers["x-request-id"])[0]
    assert (intent["purpose"], intent["profile"]) == ("TREAT", "treatment")


def test_research_gets_no_names_back(gateway: Gateway, keys: Keys) -> None:
    client = client_of(gateway, keys.researcher, "HRESCH")
    raw = client.chat.completions.with_raw_response.create(
        model=MODEL, messages=MESSAGES, max_tokens=24, temperature=0
    )
    assert "Thornton" not in (raw.parse().choices[0].message.content or "")
    intent, outcome = gateway.records(raw.headers["x-request-id"])
    assert (intent["profile"], intent["rules"]) == ("research", ["research-by-researchers"])
    assert outcome["restored"] == 0


def test_a_client_may_ask_for_a_stricter_profile(gateway: Gateway, client: openai.OpenAI) -> None:
    raw = client.chat.completions.with_raw_response.create(
        model=MODEL,
        messages=MESSAGES,
        max_tokens=24,
        temperature=0,
        extra_headers={"X-Redaction-Profile": "research"},
    )
    assert "Thornton" not in (raw.parse().choices[0].message.content or "")
    assert gateway.records(raw.headers["x-request-id"])[0]["profile"] == "research"


def test_errors_are_the_classes_that_openais_client_knows(gateway: Gateway, keys: Keys) -> None:
    good = client_of(gateway, keys.clinician)

    def ask(client: openai.OpenAI = good, **more: object) -> None:
        request = {"model": MODEL, "messages": MESSAGES, "max_tokens": 2, **more}
        client.chat.completions.create(**request)  # type: ignore[call-overload]

    with pytest.raises(openai.AuthenticationError) as authentication:
        ask(client_of(gateway, Key("", "imk_wrong")))
    assert authentication.value.code == "invalid_credentials"
    with pytest.raises(openai.AuthenticationError) as revoked:
        ask(client_of(gateway, keys.revoked))
    assert revoked.value.code == "revoked_credentials"
    with pytest.raises(openai.PermissionDeniedError) as denied:
        ask(client_of(gateway, keys.clinician, "HRESCH"))
    assert denied.value.code == "policy_denied"
    with pytest.raises(openai.BadRequestError) as purpose:
        ask(client_of(gateway, keys.clinician, None))
    assert purpose.value.code == "purpose_required"
    with pytest.raises(openai.NotFoundError) as model:
        ask(model="gpt-4o")
    assert (model.value.code, model.value.param) == ("model_not_found", "model")
    with pytest.raises(openai.BadRequestError) as field:
        ask(extra_body={"prmopt": "x"})
    assert (field.value.code, field.value.param) == ("unknown_field", "prmopt")
    with pytest.raises(openai.BadRequestError) as stream:
        ask(stream=True, n=2)
    assert stream.value.code == "unsupported_parameter"


def test_a_key_works_as_soon_as_it_is_made_and_no_longer_than_until_it_is_revoked(
    gateway: Gateway, keys: Keys
) -> None:
    made = gateway.cli(
        "keys", "create", "--name", "brief", "--role", "clinician", "--network", "127.0.0.0/8",
        "--expires", "1h", "--json",
    )  # fmt: skip
    key = key_of(made)
    client = client_of(gateway, key)
    client.completions.create(model=MODEL, prompt="One", max_tokens=1)
    assert gateway.cli("keys", "revoke", key.id).returncode == 0
    with pytest.raises(openai.AuthenticationError) as caught:
        client.completions.create(model=MODEL, prompt="One", max_tokens=1)
    assert caught.value.code == "revoked_credentials"
    refusal = gateway.audit("--actor", key.actor, "--kind", "refusal")
    assert [record["code"] for record in refusal] == ["revoked_credentials"]


def test_the_node_client_streams_completes_and_knows_the_errors(
    gateway: Gateway, keys: Keys
) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node.js is not installed: its client was not tried")
    ran = subprocess.run(
        [node, "chat.mjs", f"{gateway.url}/v1", MODEL],
        cwd=CLIENTS,
        env=environment() | {"OPENAI_API_KEY": keys.clinician.secret},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    said = json.loads(ran.stdout)
    assert said["id"] == f"chatcmpl-{said['requestId']}"
    assert said["stream"]["text"] == said["whole"]
    assert said["stream"]["role"] == "assistant"
    assert said["stream"]["usage"] == said["wholeUsage"]
    assert said["stream"]["reason"] in {"stop", "length"}
    assert said["stream"]["chunks"] > 3
    assert "quiet" in said["completion"]
    assert said["response"] == said["responseStream"] == said["whole"]
    assert said["models"] == [MODEL, "default"]
    assert said["errors"] == {
        "unknownModel": {
            "name": "NotFoundError", "status": 404, "code": "model_not_found", "param": "model",
        },
        "unknownField": {
            "name": "BadRequestError", "status": 400, "code": "unknown_field", "param": "prmopt",
        },
        "wrongKey": {
            "name": "AuthenticationError", "status": 401, "code": "invalid_credentials",
            "param": None,
        },
        "deniedPurpose": {
            "name": "PermissionDeniedError", "status": 403, "code": "policy_denied", "param": None,
        },
    }  # fmt: skip
    assert [each["kind"] for each in gateway.records(said["requestId"])] == ["intent", "outcome"]
