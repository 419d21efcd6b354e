"""All that a client can get wrong: its own code, one refusal, no text in a log, never a 5xx."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass, field

import httpx
import pytest

from gateway.domain.errors import Code
from tests.e2e.conftest import Keys
from tests.e2e.process import MODEL, Gateway, Record, chat, headers_of

CANARY = "Quillfeather-99317"
"""Must be in no log line, whatever becomes of the request that holds it."""
JSON = {"content-type": "application/json"}


@dataclass(frozen=True)
class Bad:
    """A request, and what has to come of it."""

    status: int
    code: Code
    body: object = field(default_factory=lambda: chat(CANARY))
    """Bytes as they are; anything else as JSON."""
    headers: Mapping[str, str] = field(default_factory=dict)
    key: str | None = "clinician"
    method: str = "POST"
    path: str = "/v1/chat/completions"
    recorded: bool = True
    """Whether a caller was known, in an exchange that had begun."""
    param: str | None = None
    """The start of the field's name, where there is one to tell."""

    @property
    def content(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


def bad(code: Code, status: int = 400, **more: object) -> Bad:
    return Bad(status, code, **more)  # type: ignore[arg-type]


def messages(*turns: object) -> dict[str, object]:
    return {**chat(CANARY), "messages": list(turns)}


def turn(role: str, content: object = CANARY, **more: object) -> dict[str, object]:
    return {"role": role, "content": content, **more}


def raw(text: str) -> bytes:
    """Return a chat request whose message's content is the JSON `text`."""
    return b'{"model":"%s","messages":[{"role":"user","content":%s}]}' % (
        MODEL.encode(),
        text.encode(),
    )


def unknown(name: str, **more: object) -> Bad:
    return bad(Code.UNKNOWN_FIELD, param=name, **more)


def unsupported(**field: object) -> Bad:
    [name] = field
    return bad(Code.UNSUPPORTED_PARAMETER, body=chat(CANARY, **field), param=name)


def invalid(param: str | None = None, /, **field: object) -> Bad:
    return bad(Code.INVALID_REQUEST, body=chat(CANARY, **field), param=param or next(iter(field)))


def misplaced(*turns: object, at: int | None = None) -> Bad:
    param = "messages" if at is None else f"messages[{at}]"
    return bad(Code.INVALID_MESSAGES, body=messages(*turns), param=param)


CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": CANARY}}
IMAGE = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{CANARY}"}}
COMPLETIONS = "/v1/completions"
PROMPT = {"model": MODEL, "prompt": CANARY, "max_tokens": 4}

BAD: dict[str, Bad] = {
    # Bytes.
    "malformed JSON": bad(Code.INVALID_JSON, body=b'{"model": "' + CANARY.encode()),
    "an empty body": bad(Code.INVALID_JSON, body=b""),
    "two documents": bad(Code.INVALID_JSON, body=raw(f'"{CANARY}"') * 2),
    "NaN": bad(Code.INVALID_JSON, body=chat(CANARY, temperature=float("nan"))),
    "duplicate keys": bad(
        Code.INVALID_JSON, body=raw(f'"{CANARY}"')[:-1] + b',"model":"' + MODEL.encode() + b'"}'
    ),
    "a nested duplicate key": bad(
        Code.INVALID_JSON, body=raw(f'"{CANARY}","content":"{CANARY} again"')
    ),
    "a lone surrogate": bad(Code.INVALID_JSON, body=raw(f'"{CANARY} \\ud800"')),
    "half a surrogate pair": bad(Code.INVALID_JSON, body=raw(f'"{CANARY} \\ud83d\\u0041"')),
    "invalid UTF-8": bad(
        Code.INVALID_ENCODING, body=raw(f'"{CANARY} @"').replace(b"@", b"\xff\xfe")
    ),
    "UTF-16": bad(Code.INVALID_ENCODING, body=json.dumps(chat(CANARY)).encode("utf-16")),
    "an encoded surrogate": bad(
        Code.INVALID_ENCODING, body=raw(f'"{CANARY} @"').replace(b"@", b"\xed\xa0\x80")
    ),
    "nested too deeply": bad(
        Code.INVALID_JSON, body=b'{"functions":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    ),
    "a bare string": bad(Code.INVALID_REQUEST, body=CANARY),
    "a list": bad(Code.INVALID_REQUEST, body=[CANARY]),
    "null": bad(Code.INVALID_REQUEST, body=None),
    "gzip": bad(
        Code.UNSUPPORTED_MEDIA_TYPE,
        415,
        body=gzip.compress(json.dumps(chat(CANARY)).encode()),
        headers={"content-encoding": "gzip"},
    ),
    "text/plain": bad(Code.UNSUPPORTED_MEDIA_TYPE, 415, headers={"content-type": "text/plain"}),
    "a form": bad(
        Code.UNSUPPORTED_MEDIA_TYPE,
        415,
        headers={"content-type": "application/x-www-form-urlencoded"},
    ),
    "a body of 10 MB": bad(Code.BODY_TOO_LARGE, 413, body=chat(CANARY * 600_000)),
    # Fields.
    "an unknown field": unknown("prmopt", body=chat(CANARY, prmopt=CANARY)),
    "an unknown field of a message": unknown(
        "messages[0].contents", body=messages({"role": "user", "content": "Hi", "contents": CANARY})
    ),
    "an unknown field of a content part": unknown(
        "messages[0].content[0].note",
        body=messages(turn("user", [{"type": "text", "text": "Hi", "note": CANARY}])),
    ),
    "an unknown field of stream_options": unknown(
        "stream_options.include", body=chat(CANARY, stream=True, stream_options={"include": CANARY})
    ),
    "an unknown field with a name as long as a text": unknown(
        "x", body=chat("", **{"x" * 5000: 1})
    ),
    "an unknown field of a completion": unknown(
        "messages", path=COMPLETIONS, body={**PROMPT, "messages": []}
    ),
    "no model": bad(Code.INVALID_REQUEST, body={"messages": [turn("user")]}),
    "no messages": bad(Code.INVALID_REQUEST, body={"model": MODEL}),
    "a model of another type": invalid(model=7),
    "an empty model": invalid(model=""),
    "an unknown model": bad(
        Code.MODEL_NOT_FOUND, 404, body=chat(CANARY, model=f"gpt-{CANARY}"), param="model"
    ),
    "a model of 5 KB": invalid(model=CANARY * 300),
    "a model in another case": bad(
        Code.MODEL_NOT_FOUND, 404, body=chat(CANARY, model=MODEL.upper()), param="model"
    ),
    "a temperature of 3": invalid(temperature=3),
    "a temperature below 0": invalid(temperature=-0.1),
    "a temperature in words": invalid(temperature="hot"),
    "a temperature without end": bad(
        Code.INVALID_REQUEST, body=raw(f'"{CANARY}"')[:-1] + b',"temperature":1e999}'
    ),
    "top_p of 0": invalid(top_p=0),
    "max_tokens of 0": invalid(max_tokens=0),
    "max_tokens below 0": invalid(max_tokens=-1),
    "max_tokens past all bounds": invalid(max_tokens=10**30),
    "both lengths": invalid("max_tokens", max_completion_tokens=5),
    "five stops": invalid(stop=list("abcde")),
    "an empty stop": invalid(stop=[""]),
    "stream as a word": invalid(stream="yes"),
    "stream_options without stream": invalid(stream_options={"include_usage": True}),
    "a user of 5 KB": invalid(user=CANARY * 300),
    "n of 2": unsupported(n=2),
    "logprobs": unsupported(logprobs=True),
    "tools": unsupported(tools=[{"type": "function", "function": {"name": CANARY}}]),
    "a tool choice": unsupported(tool_choice={"type": "function", "function": {"name": CANARY}}),
    "a logit bias": unsupported(logit_bias={"50256": -100}),
    "a presence penalty": unsupported(presence_penalty=0.5),
    "a JSON schema": unsupported(response_format={"type": "json_object"}),
    "metadata": unsupported(metadata={"who": CANARY}),
    "a seed with a temperature": bad(
        Code.UNSUPPORTED_PARAMETER, body=chat(CANARY, seed=7, temperature=1), param="seed"
    ),
    "best_of": bad(
        Code.UNSUPPORTED_PARAMETER,
        path=COMPLETIONS,
        body={**PROMPT, "best_of": 3},
        param="best_of",
    ),
    "two prompts": bad(
        Code.UNSUPPORTED_PARAMETER,
        path=COMPLETIONS,
        body={**PROMPT, "prompt": [CANARY, "b"]},
        param="prompt",
    ),
    "an empty prompt": bad(
        Code.INVALID_REQUEST, path=COMPLETIONS, body={**PROMPT, "prompt": ""}, param="prompt"
    ),
    "a prompt of numbers": bad(
        Code.INVALID_REQUEST, path=COMPLETIONS, body={**PROMPT, "prompt": [1, 2]}, param="prompt"
    ),
    # Messages.
    "empty messages": misplaced(),
    "empty content": misplaced(turn("user", ""), at=0),
    "no content": misplaced({"role": "user"}, at=0),
    "no parts": misplaced(turn("user", []), at=0),
    "an unknown role": bad(Code.INVALID_REQUEST, body=messages(turn(CANARY)), param="messages["),
    "an assistant first": misplaced(turn("assistant"), turn("user"), at=0),
    "an assistant last": misplaced(turn("user"), turn("assistant"), at=1),
    "an assistant twice": misplaced(
        turn("user"), turn("assistant"), turn("assistant"), turn("user"), at=2
    ),
    "a system message last": misplaced(turn("user"), turn("system"), at=1),
    "a system message alone": misplaced(turn("system"), at=0),
    "a tool's answer to nothing": misplaced(turn("user"), turn("tool", tool_call_id="c1"), at=1),
    "a tool's answer to another call": misplaced(
        turn("user"), turn("assistant", tool_calls=[CALL]), turn("tool", tool_call_id="c2"), at=2
    ),
    "a tool's answer without its call's id": misplaced(turn("user"), turn("tool"), at=1),
    "a call that nobody answered": misplaced(
        turn("user"), turn("assistant", tool_calls=[CALL]), turn("user"), at=2
    ),
    "a user who calls tools": misplaced(turn("user", tool_calls=[CALL]), at=0),
    "an image": bad(Code.INVALID_REQUEST, body=messages(turn("user", [IMAGE])), param="messages["),
    "content as an object": bad(
        Code.INVALID_REQUEST, body=messages(turn("user", {"text": CANARY})), param="messages["
    ),
    "a prompt longer than the context": bad(
        Code.CONTEXT_LENGTH_EXCEEDED, body=chat("The ward is quiet. " * 3000), param="messages"
    ),
    "max_tokens past the context": bad(
        Code.CONTEXT_LENGTH_EXCEEDED,
        body=chat("The ward is quiet. " * 1000, max_tokens=4096),
        param="messages",
    ),
    "more text than the profile lets through": bad(
        Code.LIMIT_EXCEEDED, body=chat("quiet " * 35_000)
    ),
    "ten thousand messages": bad(
        Code.CONTEXT_LENGTH_EXCEEDED, body=messages(*[turn("user", "Hi")] * 10_000)
    ),
    # Who and what for.
    "no key": bad(Code.MISSING_CREDENTIALS, 401, key=None, recorded=False),
    "a wrong key": bad(
        Code.INVALID_CREDENTIALS,
        401,
        key=None,
        headers={"authorization": f"Bearer imk_{CANARY}"},
        recorded=False,
    ),
    "another scheme": bad(
        Code.INVALID_CREDENTIALS,
        401,
        key=None,
        headers={"authorization": "Basic dXNlcjpwYXNz"},
        recorded=False,
    ),
    "a revoked key": bad(Code.REVOKED_CREDENTIALS, 401, key="revoked"),
    "an expired key": bad(Code.EXPIRED_CREDENTIALS, 401, key="expired"),
    "a key from another network": bad(Code.NETWORK_NOT_ALLOWED, 403, key="elsewhere"),
    "a forged address": bad(
        Code.NETWORK_NOT_ALLOWED,
        403,
        key="elsewhere",
        headers={"x-forwarded-for": "10.20.0.1", "forwarded": "for=10.20.0.1"},
    ),
    "no purpose": bad(Code.PURPOSE_REQUIRED, headers={"x-purpose-of-use": ""}),
    "an unknown purpose": bad(Code.UNKNOWN_PURPOSE, headers={"x-purpose-of-use": CANARY}),
    "a purpose in lower case": bad(Code.UNKNOWN_PURPOSE, headers={"x-purpose-of-use": "treat"}),
    "a purpose of 5 KB": bad(Code.UNKNOWN_PURPOSE, headers={"x-purpose-of-use": CANARY * 300}),
    "a purpose that policy denies": bad(
        Code.POLICY_DENIED, 403, headers={"x-purpose-of-use": "HRESCH"}
    ),
    "a purpose that a rule forbids": bad(
        Code.POLICY_DENIED, 403, headers={"x-purpose-of-use": "HMARKT"}
    ),
    "a role that opens nothing": bad(Code.POLICY_DENIED, 403, key="roleless"),
    "another purpose than the key is bound to": bad(
        Code.PURPOSE_NOT_ALLOWED, 403, key="bound", headers={"x-purpose-of-use": "ETREAT"}
    ),
    "a looser profile": bad(
        Code.PROFILE_NOT_STRICTER,
        403,
        key="researcher",
        headers={"x-purpose-of-use": "HRESCH", "x-redaction-profile": "treatment"},
    ),
    "an unknown profile": bad(Code.UNKNOWN_PROFILE, headers={"x-redaction-profile": CANARY}),
    # Where.
    "GET where POST belongs": bad(Code.METHOD_NOT_ALLOWED, 405, method="GET", recorded=False),
    "HEAD": bad(Code.METHOD_NOT_ALLOWED, 405, method="HEAD", recorded=False),
    "an unknown route": bad(Code.NOT_FOUND, 404, path=f"/v1/{CANARY}", recorded=False),
    "a route that is not built yet": bad(Code.NOT_FOUND, 404, path="/v1/files", recorded=False),
    "a target of percent signs": bad(
        Code.NOT_FOUND, 404, path="/v1/%ff%00%2e%2e/%2e%2e/etc", recorded=False
    ),
    "a long header": bad(
        Code.HEADERS_TOO_LARGE, 431, headers={"x-note": CANARY * 2000}, recorded=False
    ),
}


def send(gateway: Gateway, keys: Keys, case: Bad, content: object) -> httpx.Response:
    key = None if case.key is None else getattr(keys, case.key)
    with httpx.Client(base_url=gateway.url, timeout=60, trust_env=False) as client:
        more = {name: value for name, value in {**JSON, **case.headers}.items() if value}
        headers = headers_of(key)
        if case.headers.get("x-purpose-of-use") == "":
            del headers["x-purpose-of-use"]
        return client.request(
            case.method,
            case.path,
            content=content,
            headers=headers | more,  # type: ignore[arg-type]
        )


def of_exchanges(gateway: Gateway) -> list[Record]:
    """What requests left: an alert about so many refusals comes in its own time."""
    return [each for each in gateway.records() if each["kind"] not in {"alert", "admin"}]


def check(gateway: Gateway, keys: Keys, case: Bad, content: object) -> None:
    said = len(gateway.said().encode("utf-8", "surrogateescape"))
    before = len(of_exchanges(gateway))
    reply = send(gateway, keys, case, content)
    assert reply.status_code == case.status, reply.text
    assert reply.status_code < 500
    if case.method != "HEAD":
        check_error(reply, case)
    after = of_exchanges(gateway)
    if case.recorded:
        [record] = gateway.records(reply.headers["x-request-id"])
        assert record["kind"] == "refusal"
        assert record["code"] == case.code
        assert case.key is not None
        assert record["actor"] == getattr(keys, case.key).actor
        assert CANARY not in json.dumps(record)
        assert len(after) == before + 1
    else:
        assert len(after) == before
    assert CANARY not in gateway.said(said)
    assert CANARY not in reply.text


def check_error(reply: httpx.Response, case: Bad) -> None:
    assert reply.headers["content-type"] == "application/json"
    assert reply.json().keys() == {"error"}
    error = reply.json()["error"]
    assert error.keys() == {"message", "type", "param", "code"}
    assert error["code"] == case.code
    assert error["message"].endswith(".")
    assert len(reply.content) < 1000
    if case.param is not None:
        assert error["param"].startswith(case.param)
    if case.status == 401:
        assert reply.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_refused_by_its_own_code(gateway: Gateway, keys: Keys, name: str) -> None:
    check(gateway, keys, BAD[name], BAD[name].content)


def test_a_body_of_10_mb_in_chunks_is_refused_too(gateway: Gateway, keys: Keys) -> None:
    chunk = CANARY.encode() * 5000
    check(gateway, keys, BAD["a body of 10 MB"], (chunk for _ in range(120)))


@pytest.mark.parametrize(
    "content",
    ["\x00", "a\x00b\x1b[31m", "\ufeff", "\U0001f469\u200d\u2695\ufe0f", "\u202e", "[PERSON_001]"],
    ids=["NUL", "control characters", "BOM", "emoji", "right to left", "a pseudonym"],
)
def test_odd_characters_are_no_error(gateway: Gateway, keys: Keys, content: str) -> None:
    with gateway.client(keys.clinician) as client:
        reply = client.post("/v1/chat/completions", json=chat(content, max_tokens=2))
    assert reply.status_code == 200, reply.text
    kinds = [record["kind"] for record in gateway.records(reply.headers["x-request-id"])]
    assert kinds == ["intent", "outcome"]
