"""Tools and forms of a reply, out of either API, and calls of tools into both.

Whether an engine can honour them only it can say; here they become texts that are redacted.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from gateway.domain.errors import Code, ExchangeError
from gateway.domain.text import RawText
from gateway.domain.tools import Choice, Form, Tool, Tools
from gateway.http.tool_wire import ChosenTool, FunctionTool, JsonSchema, ToolChoice

MOST: Final = 128
"""Tools in one request, as OpenAI."""
_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}\Z")
_DIALECT: Final = re.compile(r"https?://json-schema\.org/(draft/)?[0-9a-z-]{1,16}/schema#?\Z")
_LETTERS: Final = str.maketrans("0123456789abcdef", "ghijklmnopabcdef")


def tools_of(
    offered: Sequence[FunctionTool] | None,
    choice: ToolChoice | ChosenTool | None,
    parallel: bool | None,  # noqa: FBT001 - a field of the request
) -> Tools[RawText] | None:
    """Return what a model may call, or raise `ExchangeError`."""
    if not offered:
        if choice not in (None, "none", "auto"):
            raise ExchangeError(
                Code.UNSUPPORTED_PARAMETER,
                "There are no tools to choose from: send tools, or leave tool_choice out.",
                param="tool_choice",
            )
        return None
    if len(offered) > MOST:
        raise ExchangeError(Code.INVALID_REQUEST, f"Give at most {MOST} tools.", param="tools")
    names = [tool.name for tool in offered]
    chosen = choice.name if isinstance(choice, ChosenTool) else None
    for index, name in enumerate(names):
        if not _NAME.match(name) or name in names[:index]:
            raise ExchangeError(
                Code.INVALID_REQUEST,
                "A tool's name is 1 to 64 letters, digits, dots, dashes or underscores, and no "
                "two are the same.",
                param=f"tools[{index}]",
            )
    if chosen is not None and chosen not in names:
        raise ExchangeError(
            Code.INVALID_REQUEST, "tool_choice names none of the tools.", param="tool_choice"
        )
    return Tools(
        tuple(
            Tool(
                RawText(tool.name),
                None if tool.description is None else RawText(tool.description),
                None if tool.parameters is None else _json(tool.parameters),
                tool.strict,
            )
            for tool in offered
        ),
        Choice(choice) if isinstance(choice, str) else None,
        None if chosen is None else RawText(chosen),
        parallel,
    )


def form_of(schema: JsonSchema | None) -> Form[RawText]:
    """Return the form of a reply in JSON: any, or what `schema` says."""
    if schema is None:
        return Form()
    return Form(
        RawText(schema.name),
        None if schema.description is None else RawText(schema.description),
        _json({} if schema.schema is None else schema.schema),
        schema.strict,
    )


def call_id(exchange: str, index: int) -> str:
    """Return an id for a call, of letters alone: what looks like a number might be a patient's."""
    return f"call_{exchange[-12:]}{index:02x}".replace("-", "").translate(_LETTERS)


def _json(value: dict[str, Any]) -> RawText:
    # The dialect is the same for all, and says nothing to a model; as an address it would be
    # taken out, and an engine might not know what stands there instead.
    if isinstance(value.get("$schema"), str) and _DIALECT.match(value["$schema"]):
        value = {name: each for name, each in value.items() if name != "$schema"}
    return RawText(msgspec.json.encode(value).decode())
