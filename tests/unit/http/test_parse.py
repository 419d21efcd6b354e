"""Bodies: whatever arrives becomes an `Ask`, or an error with a code that quotes nothing."""

from __future__ import annotations

import codecs
import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.errors import Code, ExchangeError
from gateway.domain.exchange import Ask
from gateway.domain.text import RawText
from gateway.http import parse
from gateway.http.wire import ChatRequest, CompletionRequest

CANARY = "Quillfeather-99317"
CODES = {
    Code.INVALID_ENCODING,
    Code.INVALID_JSON,
    Code.INVALID_REQUEST,
    Code.INVALID_MESSAGES,
    Code.UNKNOWN_FIELD,
    Code.UNSUPPORTED_PARAMETER,
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.just(CANARY),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.sampled_from([*ChatRequest.__struct_fields__, "prompt", "prmopt", "echo"])
MESSAGE = st.fixed_dictionaries(
    {},
    optional={
        "role": st.sampled_from(["system", "developer", "user", "assistant", "tool"]) | JSON,
        "content": st.just(CANARY) | JSON,
        "name": st.just(CANARY) | JSON,
        "tool_call_id": st.just("c1") | JSON,
        "tool_calls": JSON,
    },
)
MESSAGES = st.lists(MESSAGE, max_size=4)


def read(body: bytes) -> Ask[RawText]:
    return parse.chat(parse.decode(body, ChatRequest))


def refusal(body: object) -> ExchangeError:
    encoded = body if isinstance(body, bytes) else json.dumps(body).encode()
    with pytest.raises(ExchangeError) as caught:
        read(encoded)
    return caught.value


def check(error: ExchangeError) -> None:
    assert error.code in CODES
    assert CANARY not in error.message
    assert CANARY not in (error.param or "")
    assert len(error.message) < 400
    assert len(error.param or "") <= parse.MAX_FIELD_NAME + len("messages[00].refusal")
    assert error.__cause__ is None


@given(st.binary())
def test_any_bytes_are_an_error_with_a_code(body: bytes) -> None:
    check(refusal(body))


@given(messages=MESSAGES | JSON, more=st.dictionaries(FIELDS, JSON, max_size=3))
def test_any_fields_are_a_request_or_an_error_that_quotes_none_of_them(
    messages: object, more: dict[str, object]
) -> None:
    body = json.dumps({"model": "m", "messages": messages, **more}).encode()
    try:
        ask = read(body)
    except ExchangeError as error:
        check(error)
    else:
        assert list(ask.conversation.texts())


@given(st.text(min_size=1), st.sampled_from(["", "message", "options"]))
def test_an_unknown_field_is_named_with_its_place_in_printable_words(name: str, at: str) -> None:
    name = "?" + name
    body: dict[str, object] = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}
    match at:
        case "":
            body[name] = 1
        case "message":
            body["messages"] = [{"role": "user", "content": "Hi", name: 1}]
        case _:
            body |= {"stream": True, "stream_options": {name: 1}}
    error = refusal(json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass"))
    if error.code is Code.INVALID_ENCODING:
        return  # The name held half a character.
    assert error.code is Code.UNKNOWN_FIELD
    place = {"": "?", "message": "messages[0].?", "options": "stream_options.?"}[at]
    assert error.param is not None
    assert error.param.startswith(place)
    assert error.param.isprintable()


def test_a_field_of_a_message_is_named_after_its_place() -> None:
    # The place was once taken for a part of the name.
    body = {"model": "m", "messages": [{"role": "user", "content": "Hi", "contents": CANARY}]}
    assert refusal(body).param == "messages[0].contents"


@pytest.mark.parametrize(
    "part", [{"type": "image_url", "image_url": {"url": CANARY}}, {"type": CANARY}]
)
def test_a_part_that_is_no_text_is_told_what_is_taken(part: dict[str, object]) -> None:
    body = json.dumps({"model": "m", "messages": [{"role": "user", "content": [part]}]})
    with pytest.raises(ExchangeError, match="parts of the type `text`: images") as caught:
        parse.decode(body.encode(), ChatRequest)
    assert caught.value.code is Code.INVALID_REQUEST
    assert caught.value.param == "messages[0].content[0].type"
    assert CANARY not in caught.value.message


@pytest.mark.parametrize(
    "body",
    [
        b'{"model":"m","model":"m","messages":[{"role":"user","content":"Hi"}]}',
        b'{"model":"m","messages":[{"role":"user","content":"Hi","content":"Ho"}]}',
        b'{"model":"m","messages":[{"role":"user","content":"Hi"}],"n":1,"\\u006e":1}',
        b'{"model":"m","messages":[{"role":"user","content":"Hi"}],"metadata":{"a":"","a":""}}',
    ],
)
def test_a_field_that_stands_twice_is_refused_and_not_dropped(body: bytes) -> None:
    # msgspec keeps the last of two without a word.
    assert refusal(body).code is Code.INVALID_JSON


@pytest.mark.parametrize(
    "more",
    [
        {"messages": [{"role": CANARY, "content": "Hi"}]},
        {"messages": [{"role": "user", "content": [{"type": CANARY}]}]},
        {"response_format": {"type": CANARY}},
        {"temperature": CANARY},
        {"service_tier": CANARY},
        {"tool_choice": CANARY},
    ],
)
def test_a_value_that_is_refused_is_never_quoted(more: dict[str, object]) -> None:
    check(refusal({"model": "m", "messages": [{"role": "user", "content": "Hi"}], **more}))


@pytest.mark.parametrize("number", ["9" * 5000, "1e999", "-0", "1.0000000000000000000001"])
def test_numbers_of_any_length_are_read_or_refused(number: str) -> None:
    body = f'{{"model":"m","messages":[{{"role":"user","content":"Hi"}}],"seed":{number}}}'
    try:
        read(body.encode())
    except ExchangeError as error:
        check(error)


@given(st.lists(st.sampled_from(["system", "user", "assistant"]), min_size=1, max_size=6))
def test_turns_are_taken_in_the_orders_that_a_template_can_express(roles: list[str]) -> None:
    body = {"model": "m", "messages": [{"role": role, "content": "Hi"} for role in roles]}
    turns = [role for role in roles if role != "system"]
    in_order = (
        roles == ["system"] * roles.count("system") + turns
        and turns[:1] == ["user"]
        and turns[-1] == "user"
        and all(pair != ("assistant",) * 2 for pair in pairwise(turns))
    )
    if in_order:
        assert len(read(json.dumps(body).encode()).conversation.messages) == len(roles)
    else:
        assert refusal(body).code is Code.INVALID_MESSAGES


def test_a_byte_order_mark_is_no_part_of_the_body() -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}
    assert read(codecs.BOM_UTF8 + json.dumps(body).encode()).model == "m"
    assert refusal(codecs.BOM_UTF8 * 2 + json.dumps(body).encode()).code is Code.INVALID_JSON


@pytest.mark.parametrize("content", ["", None, []])
def test_an_assistants_turn_in_which_nothing_was_said_comes_back(content: object) -> None:
    turns = [("user", "Hi"), ("assistant", content), ("user", "And?")]
    body = {"model": "m", "messages": [{"role": who, "content": what} for who, what in turns]}
    assert len(read(json.dumps(body).encode()).conversation.messages) == 3


@pytest.mark.parametrize(
    "field", ["annotations", "audio", "function_call", "refusal", "provider_specific_fields"]
)
def test_a_field_of_an_earlier_turn_that_cannot_be_honoured_is_refused(field: str) -> None:
    turn = {"role": "assistant", "content": "Hi", field: CANARY}
    if field == "annotations":
        turn[field] = [CANARY]  # type: ignore[assignment]
    if field == "provider_specific_fields":
        turn[field] = {"refusal": CANARY}  # type: ignore[assignment]
    body = {"model": "m", "messages": [{"role": "user", "content": "Hi"}, turn]}
    error = refusal(body)
    check(error)
    assert (error.code, error.param) == (Code.UNSUPPORTED_PARAMETER, f"messages[1].{field}")


def test_fields_that_ask_for_nothing_are_taken() -> None:
    body = {
        "model": "m",
        "messages": [{"role": "user", "content": "Hi"}],
        "n": 1, "presence_penalty": 0, "frequency_penalty": 0.0, "logit_bias": {}, "tools": [],
        "logprobs": False, "tool_choice": "auto", "parallel_tool_calls": True, "store": False,
        "response_format": {"type": "text"}, "service_tier": "auto", "modalities": ["text"],
        "metadata": {}, "user": "ward-7", "stop": None, "seed": None,
    }  # fmt: skip
    assert read(json.dumps(body).encode()).model == "m"


@pytest.mark.parametrize(
    ("tier", "may_wait"), [(None, False), ("auto", False), ("default", False), ("flex", True)]
)
def test_a_client_may_let_others_go_first(tier: str | None, *, may_wait: bool) -> None:
    body = {
        "model": "m",
        "messages": [{"role": "user", "content": "Hi"}],
        "service_tier": tier,
    }
    asked = read(json.dumps(body).encode())
    assert asked.may_wait is may_wait
    assert asked.over(asked.conversation).may_wait is may_wait


def test_a_client_cannot_ask_to_go_before_others() -> None:
    body = {
        "model": "m",
        "messages": [{"role": "user", "content": "Hi"}],
        "service_tier": "priority",
    }
    assert refusal(body).code is Code.UNSUPPORTED_PARAMETER


def test_a_completion_takes_one_prompt_alone() -> None:
    def ask(prompt: object) -> Ask[RawText]:
        body = json.dumps({"model": "m", "prompt": prompt}).encode()
        return parse.completion(parse.decode(body, CompletionRequest))

    assert [text.reveal() for text in ask("Hi").conversation.texts()] == ["Hi"]
    assert [text.reveal() for text in ask(["Hi"]).conversation.texts()] == ["Hi"]
    for prompt in ([], ["a", "b"], "", [""], None):
        with pytest.raises(ExchangeError):
            ask(prompt)
    for tokens in ([1], [[1, 2]], ["a", 1]):
        with pytest.raises(ExchangeError, match="array of tokens") as caught:
            ask(tokens)
        assert caught.value.param == "prompt"
