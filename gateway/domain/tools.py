"""Tools that a model may call, how it did, and a form that its reply is to have.

Generic in their text as `exchange.Conversation` is, so that every string of them goes through
redaction with the rest. What is JSON stays one text: what a key says counts for its value.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

T = TypeVar("T")
U = TypeVar("U")


@dataclass(frozen=True, slots=True)
class ToolCall(Generic[T]):
    """A model's call of a tool. `arguments` is JSON, if the model wrote it well."""

    id: T
    name: T
    arguments: T

    def __repr__(self) -> str:
        return "<ToolCall>"


@dataclass(frozen=True, slots=True)
class Tool(Generic[T]):
    """A function that a model may call. `parameters` is a JSON Schema, as text."""

    name: T
    description: T | None = None
    parameters: T | None = None
    strict: bool | None = None


class Choice(StrEnum):
    """Whether a tool is to be called, in OpenAI's words."""

    AUTO = "auto"
    NONE = "none"
    REQUIRED = "required"


@dataclass(frozen=True, slots=True)
class Tools(Generic[T]):
    """What a model may call, and whether it has to."""

    offered: tuple[Tool[T], ...]
    choice: Choice | None = None
    chosen: T | None = None
    """The name of the one that has to be called."""
    parallel: bool | None = None
    """Whether several may be called at once."""

    def texts(self) -> Iterator[T]:
        """Yield every text, in the order in which `rebuild` takes them back."""
        for tool in self.offered:
            yield tool.name
            if tool.description is not None:
                yield tool.description
            if tool.parameters is not None:
                yield tool.parameters
        if self.chosen is not None:
            yield self.chosen

    def rebuild(self, rest: Iterator[U]) -> Tools[U]:
        """Return the same over the next texts of `rest`."""
        offered = tuple(
            Tool(
                next(rest),
                None if tool.description is None else next(rest),
                None if tool.parameters is None else next(rest),
                tool.strict,
            )
            for tool in self.offered
        )
        chosen = None if self.chosen is None else next(rest)
        return Tools(offered, self.choice, chosen, self.parallel)


@dataclass(frozen=True, slots=True)
class Form(Generic[T]):
    """A reply in JSON: any, or what `schema` says, which is a JSON Schema, as text."""

    name: T | None = None
    description: T | None = None
    schema: T | None = None
    strict: bool | None = None

    def texts(self) -> Iterator[T]:
        """Yield every text, in the order in which `rebuild` takes them back."""
        for text in (self.name, self.description, self.schema):
            if text is not None:
                yield text

    def rebuild(self, rest: Iterator[U]) -> Form[U]:
        """Return the same over the next texts of `rest`."""
        return Form(
            None if self.name is None else next(rest),
            None if self.description is None else next(rest),
            None if self.schema is None else next(rest),
            self.strict,
        )
