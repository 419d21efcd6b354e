"""The part of YAML in which nothing means more than it says.

No anchors, aliases, merge keys, tags, directives, second documents, duplicate keys or empty
collections, and no guessing: where a word is wanted, an unquoted `no` or `1` is an error.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Final, TypeVar

import yaml

from gateway.policy.problems import PolicyError, problem

E = TypeVar("E", bound=Enum)

_MAX_SIZE: Final = 256 * 1024
_MAX_DEPTH: Final = 8
_STRING: Final = "tag:yaml.org,2002:str"
_INTEGER: Final = "tag:yaml.org,2002:int"
_NULL: Final = "tag:yaml.org,2002:null"
_RESOLVER: Final = yaml.SafeLoader("")


@dataclass(frozen=True, slots=True)
class _Node:
    file: str
    line: int

    def wrong(self, message: str) -> PolicyError:
        """Return the error that says `message` about this place."""
        return problem(self.file, self.line, message)


@dataclass(frozen=True, slots=True)
class Scalar(_Node):
    """A word or a number. `tag` is what YAML 1.1 would make of it."""

    value: str
    tag: str


@dataclass(frozen=True, slots=True)
class Sequence(_Node):
    """A list, never empty."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Mapping(_Node):
    """Names and their values, never empty, each name once, in the order of the file."""

    entries: tuple[tuple[Scalar, Node], ...]

    def fields(self, required: Collection[str], optional: Collection[str] = ()) -> dict[str, Node]:
        """Return the values by name; `PolicyError` if one is missing or is not known."""
        known = [*required, *optional]
        found: dict[str, Node] = {}
        for key, value in self.entries:
            if key.value not in known:
                raise key.wrong(f"unknown key `{key.value}`{meant(key.value, known)}")
            found[key.value] = value
        if missing := [name for name in required if name not in found]:
            raise self.wrong(f"missing key `{missing[0]}`: add it, there is no default")
        return found


Node = Scalar | Sequence | Mapping


def parse(file: str, data: bytes) -> Mapping:
    """Return the one document in `data`, which is a mapping; `PolicyError` for anything else."""
    if len(data) > _MAX_SIZE:
        raise problem(file, None, f"larger than {_MAX_SIZE} bytes: split it")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise problem(file, line, "not UTF-8: save the file as UTF-8") from None
    try:
        root = _document(file, iter(yaml.parse(text, Loader=yaml.SafeLoader)))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise problem(
            file, mark.line + 1 if mark else None, f"not YAML: {error.problem or error.context}"
        ) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise problem(file, line, "holds a character that YAML forbids: remove it") from None
    except (ValueError, OverflowError):
        raise problem(file, None, "a `\\U` escape of no character: write the character") from None
    if not isinstance(root, Mapping):
        raise root.wrong("the file is to be a mapping: `key: value` lines")
    return root


def mapping(node: Node) -> Mapping:
    """Return `node` if it is a mapping; `PolicyError` otherwise."""
    if not isinstance(node, Mapping):
        raise node.wrong("a mapping is wanted here: `key: value` lines, indented")
    return node


def sequence(node: Node) -> Sequence:
    """Return `node` if it is a list; `PolicyError` otherwise."""
    if not isinstance(node, Sequence):
        raise node.wrong("a list is wanted here: `[a, b]`, or one `- item` a line")
    return node


def text(node: Node) -> str:
    """Return a word; `PolicyError` for anything that YAML takes for something else."""
    if not isinstance(node, Scalar):
        raise node.wrong("a single word or sentence is wanted here")
    if node.tag == _NULL:
        raise node.wrong("a value is missing here")
    if node.tag != _STRING:
        kind = node.tag.rpartition(":")[2]
        raise node.wrong(f'YAML reads `{node.value}` as {kind}: write "{node.value}" in quotes')
    return node.value


def integer(node: Node, low: int, high: int) -> int:
    """Return a decimal whole number from `low` to `high`; `PolicyError` otherwise."""
    digits = node.value if isinstance(node, Scalar) and node.tag == _INTEGER else ""
    # Not int(): YAML 1.1 reads 010 as eight, 1:30 as ninety, and 1_000 as a thousand.
    if not digits.isascii() or not digits.isdigit() or (digits[0] == "0" and digits != "0"):
        raise node.wrong(f"a whole number from {low} to {high} is wanted here, in plain digits")
    if len(digits) > len(str(high)) or not low <= int(digits) <= high:
        raise node.wrong(f"out of range: a whole number from {low} to {high} is wanted here")
    return int(digits)


def boolean(node: Node) -> bool:
    """Return `true` or `false`; `PolicyError` for `yes`, `no`, `on`, `off` and all else."""
    if isinstance(node, Scalar) and node.tag == "tag:yaml.org,2002:bool":
        if node.value == "true":
            return True
        if node.value == "false":
            return False
    raise node.wrong("write `true` or `false` here, in lower case and without quotes")


def choice(node: Node, kind: type[E]) -> E:
    """Return the member of `kind` whose value the node names; `PolicyError` otherwise."""
    word = text(node)
    members = {str(member.value): member for member in kind}
    if word not in members:
        shown = ", ".join(members) if len(members) < 10 else "see the documentation"  # noqa: PLR2004
        raise node.wrong(f"`{word}` is not known here{meant(word, members)} ({shown})")
    return members[word]


def meant(word: str, known: Collection[str]) -> str:
    """Return a question that names the nearest known word, or nothing."""
    near = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean `{near[0]}`?" if near else ""


def _document(file: str, events: Iterator[yaml.Event]) -> Node:
    root: Node | None = None
    for event in events:
        line = _line(event)
        if isinstance(event, yaml.DocumentStartEvent):
            if root is not None:
                raise problem(file, line, "a second document: one `---` at most, at the top")
            if event.version or event.tags:
                raise problem(file, line, "a `%` directive: remove it")
            root = _node(file, next(events), events, 0)
    if root is None:
        raise problem(file, None, "the file is empty")
    return root


def _node(file: str, event: yaml.Event, events: Iterator[yaml.Event], depth: int) -> Node:
    line = _line(event)
    if depth > _MAX_DEPTH:
        raise problem(file, line, f"nested deeper than {_MAX_DEPTH} levels")
    if isinstance(event, yaml.AliasEvent):
        raise problem(file, line, f"the alias `*{event.anchor}`: write out what it stands for")
    if isinstance(event, yaml.NodeEvent) and event.anchor:
        raise problem(file, line, f"the anchor `&{event.anchor}`: write things out instead")
    tag = getattr(event, "tag", None)
    if tag is not None:
        raise problem(file, line, f"the tag `{tag}`: remove it")
    match event:
        case yaml.ScalarEvent():
            if not event.value.isprintable() and any(
                "\ud800" <= c <= "\udfff" for c in event.value
            ):
                raise problem(file, line, "half a character (a surrogate): write the character")
            return Scalar(file, line, event.value, _tag(event))
        case yaml.SequenceStartEvent():
            items = tuple(_items(file, events, depth))
            if not items:
                raise problem(file, line, "an empty list: fill it, or remove its key")
            return Sequence(file, line, items)
        case yaml.MappingStartEvent():
            return _mapping(file, line, tuple(_items(file, events, depth)))
        case _:
            raise problem(file, line, "not a value")


def _items(file: str, events: Iterator[yaml.Event], depth: int) -> Iterator[Node]:
    for event in events:
        if isinstance(event, yaml.SequenceEndEvent | yaml.MappingEndEvent):
            return
        yield _node(file, event, events, depth + 1)


def _mapping(file: str, line: int, flat: tuple[Node, ...]) -> Mapping:
    if not flat:
        raise problem(file, line, "an empty mapping: fill it, or remove its key")
    entries: dict[str, tuple[Scalar, Node]] = {}
    for key, value in zip(flat[::2], flat[1::2], strict=True):
        if isinstance(key, Scalar) and key.tag == "tag:yaml.org,2002:merge":
            raise key.wrong("the merge key `<<`: write things out instead")
        name = text(key)
        if name in entries:
            raise key.wrong(f"`{name}` a second time; the first is in line {entries[name][0].line}")
        if isinstance(key, Scalar):
            entries[name] = (key, value)
    return Mapping(file, line, tuple(entries.values()))


def _tag(event: yaml.ScalarEvent) -> str:
    if event.style is not None:  # Quoted, or a block: text, whatever it looks like.
        return _STRING
    plain = (True, False)
    return str(_RESOLVER.resolve(yaml.ScalarNode, event.value, plain))  # type: ignore[no-untyped-call]


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1
