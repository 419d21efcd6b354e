"""Step 7 for calls of tools: restored and scanned as the words of a reply are, and JSON still."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gateway.domain.guard import Encoding, StreamGuard
from gateway.domain.tools import ToolCall


@dataclass(frozen=True, slots=True)
class Calls:
    """Which tools are called, for the client's eyes."""

    calls: tuple[ToolCall[str], ...]

    def __repr__(self) -> str:
        return f"<Calls {len(self.calls)}>"


def said(calls: Sequence[ToolCall[str]]) -> str:
    """Return what calls say, as one text, for what is kept of an exchange."""
    return "".join(f"\n{call.name}({call.arguments})" for call in calls)


def guarded(calls: Sequence[ToolCall[str]], guard: StreamGuard) -> Calls | None:
    """Return the calls as they may leave; `None` if there are none, or the reply is blocked."""
    treated = [
        ToolCall(call.id, guard.aside(call.name), _arguments(call.arguments, guard))
        for call in calls
    ]
    return Calls(tuple(treated)) if treated and not guard.blocked else None


def _arguments(text: str, guard: StreamGuard) -> str:
    """Return the arguments of a call. What was JSON is JSON afterwards."""
    value = _read(text)
    other = guard.beside(Encoding.JSON)
    whole = other.feed(text) + other.finish()
    if value is None or other.blocked or whole == text or _read(whole) is not None:
        guard.count(other)
        return whole
    # A part of a number was what nobody had told: in its place stands a word, which is none in
    # JSON. What was done to the whole does not leave, and so does not count.
    return json.dumps(_leaf(value, guard), ensure_ascii=False)


def _leaf(value: Any, guard: StreamGuard, key: str = "") -> Any:  # noqa: ANN401 - JSON
    """Return a value as it may leave. A number may be known for what it is by its `key` alone."""
    match value:
        case str():
            return guard.aside(value, before=f'{key}"')
        case bool() | None:
            return value
        case int() | float():
            written = json.dumps(value)
            treated = guard.aside(written, before=key)
            return value if treated == written else treated
        case list():
            return [_leaf(each, guard, key) for each in value]
        case _:
            return {
                guard.aside(name): _leaf(each, guard, f'"{name}": ') for name, each in value.items()
            }


def _read(text: str) -> Any | None:  # noqa: ANN401 - JSON
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict | list) else None
