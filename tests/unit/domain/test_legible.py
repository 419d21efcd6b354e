"""Names of tools are read as the words that they join."""

from __future__ import annotations

from gateway.domain.exchange import Conversation, Message, Role
from gateway.domain.legible import legible
from gateway.domain.text import RawText
from gateway.domain.tools import Tool, ToolCall, Tools


def text(words: str) -> RawText:
    return RawText(words)


def test_only_names_of_tools_are_read_with_blanks_and_stay_as_long_as_they_are() -> None:
    call = ToolCall(text("call_a"), text("send_to_Dr_House"), text('{"a_b": 1}'))
    tool = Tool(text("get_ssn_123-45-6789"), text("a_b"), text('{"c_d": 1}'))
    conversation = Conversation(
        (
            Message(Role.USER, (text("get_weather"),), name=text("a_b")),
            Message(Role.ASSISTANT, (), tool_calls=(call,)),
        ),
        (text("stop_it"),),
        Tools((tool,), chosen=text("get_weather")),
    )
    read = [each.reveal() for each in legible(conversation)]
    assert read == [
        "get_weather", "a_b", "call_a", "send to Dr House", '{"a_b": 1}', "stop_it",
        "get ssn 123-45-6789", "a_b", '{"c_d": 1}', "get weather",
    ]  # fmt: skip
    assert list(map(len, read)) == [len(each) for each in conversation.texts()]


def test_without_tools_every_text_is_read_as_it_is() -> None:
    conversation = Conversation((Message(Role.USER, (text("a_b"),)),))
    assert legible(conversation) == list(conversation.texts())
