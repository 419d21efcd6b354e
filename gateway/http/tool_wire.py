"""How both of OpenAI's APIs write tools, and a schema for the reply."""

from __future__ import annotations

from typing import Any, Literal

from gateway.http.strict import Concealed, Strict

ToolChoice = Literal["none", "auto", "required"]


class FunctionTool(Strict, frozen=True, kw_only=True):
    """A function that the model may call; `parameters` is a JSON Schema."""

    name: str
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None


class WireTool(Strict, frozen=True, kw_only=True):
    """The same, as a chat has it."""

    type: Literal["function"]
    function: FunctionTool


class ResponsesTool(FunctionTool, frozen=True, kw_only=True):
    """The same, as the Responses API has it."""

    type: Literal["function"]


class ChosenTool(Strict, frozen=True, kw_only=True):
    """The tool that has to be called."""

    name: str


class WireChoice(Strict, frozen=True, kw_only=True):
    """The same, as a chat has it."""

    type: Literal["function"]
    function: ChosenTool


class ResponsesChoice(ChosenTool, frozen=True, kw_only=True):
    """The same, as the Responses API has it."""

    type: Literal["function"]


class JsonSchema(Strict, frozen=True, kw_only=True):
    """What a reply in JSON has to be."""

    name: str
    description: str | None = None
    schema: dict[str, Any] | None = None
    strict: bool | None = None


class CalledFunction(Concealed, frozen=True):
    """The function that a model calls, with its arguments as JSON text."""

    name: str
    arguments: str


class CalledTool(Concealed, frozen=True, kw_only=True):
    """A call in a chat's reply."""

    id: str
    type: Literal["function"] = "function"
    function: CalledFunction


class CalledToolPart(CalledTool, frozen=True, kw_only=True):
    """A call in a chunk, whole: it is shown once it is known what it is."""

    index: int
