"""JSON with the places of its values, also where it is cut off or has a comma too many.

What a strict reader refuses would be plain text, with nothing known of its fields: so a missing or
superfluous comma is passed over, and what was read before a fault stands. No recursion: ten
thousand levels are a list. Linear in the text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

_SPACE: Final = re.compile(r"[\s,\ufeff]*+")
_STRING: Final = re.compile(r'"([^"\\]*+(?:\\.[^"\\]*+)*+)"', re.DOTALL)
_NUMBER: Final = re.compile(r"-?[0-9]++(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?(?![\w.])")
_WORD: Final = re.compile(r"(?:true|false|null|NaN|-?Infinity)(?!\w)")
_COLON: Final = re.compile(r"\s*+:")
_UNCLOSED: Final = re.compile(r'"([^"\\]*+(?:\\.[^"\\]*+)*+)\\?\Z', re.DOTALL)


DEEPEST: Final = 20_000
"""Levels: what is deeper is read as a payload of its own."""


class Kind(StrEnum):
    """What a node is."""

    OBJECT = "object"
    ARRAY = "array"
    STRING = "string"
    NUMBER = "number"
    WORD = "word"
    """true, false or null."""


@dataclass(slots=True)
class Node:
    """One value. `start` and `end` of a string leave its quotes out."""

    kind: Kind
    start: int
    end: int
    members: list[tuple[Node, Node]] | tuple[()] = field(default=(), repr=False)
    """Names and values of an object, in their order, doubles included."""
    items: list[Node] | tuple[()] = field(default=(), repr=False)
    """Elements of an array."""


def parse(text: str, start: int) -> tuple[Node | None, int]:
    """Return the value that begins at `start`, and where reading ended: after it, or at a fault.

    A container that a fault or the end of the text cuts off holds what was read before; None where
    nothing was. A string that is cut off by the end of the text counts up to there.
    """
    root: Node | None = None
    stack: list[Node] = []
    name: Node | None = None
    position = start
    while True:
        position = _SPACE.match(text, position).end()  # type: ignore[union-attr]  # it always matches
        if position >= len(text):
            break
        char = text[position]
        if stack and char in "}]":
            top = stack[-1]
            if (char == "}") != (top.kind is Kind.OBJECT) or name is not None:
                break
            stack.pop()
            position += 1
            top.end = position
            if not stack:
                break
            continue
        node, end = _value(text, position)
        if node is None or len(stack) == DEEPEST:
            break
        if stack and stack[-1].kind is Kind.OBJECT and name is None:
            colon = _COLON.match(text, end)
            if node.kind is not Kind.STRING or colon is None:
                break
            name = node
            position = colon.end()
            continue
        if root is None:
            root = node
        elif name is not None:
            stack[-1].members.append((name, node))  # type: ignore[union-attr]  # it is an object
            name = None
        else:
            stack[-1].items.append(node)  # type: ignore[union-attr]  # it is an array
        position = end
        if node.kind in {Kind.OBJECT, Kind.ARRAY}:
            stack.append(node)
        elif not stack:
            break
    for node in stack:
        node.end = position
    return root, position


def _value(text: str, position: int) -> tuple[Node | None, int]:
    """Return a scalar, or a container that has just been opened, and where it ends."""
    char = text[position]
    if char == "{":
        return Node(Kind.OBJECT, position, position, members=[]), position + 1
    if char == "[":
        return Node(Kind.ARRAY, position, position, items=[]), position + 1
    if char == '"':
        found = _STRING.match(text, position) or _UNCLOSED.match(text, position)
        if found is None:
            return None, position
        return Node(Kind.STRING, found.start(1), found.end(1)), found.end()
    for pattern, kind in ((_NUMBER, Kind.NUMBER), (_WORD, Kind.WORD)):
        found = pattern.match(text, position)
        if found is not None:
            return Node(kind, position, found.end()), found.end()
    return None, position
