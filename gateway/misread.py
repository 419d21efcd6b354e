"""What was not understood in a settings file, in words: line, key, and what may stand there.

msgspec says what was wrong and at which path; where in the file that is, and which key was meant,
is worked out here from the text and the types. A line that is not certain is not named.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterator
from typing import Any, Final

import msgspec
from msgspec import inspect

_AT: Final = re.compile(r"(?s)(.*?)(?: - at `\$(.*)`)?\Z")
_STEP: Final = re.compile(r"\.([^.\[]+)|\[(\d+)\]|(\[\.\.\.\])")
_SYNTAX: Final = re.compile(r"(.*) \(at (line \d+, column \d+|end of document)\)\Z")
_UNKNOWN: Final = re.compile(r"Object contains unknown field `(.*)`\Z")
_MISSING: Final = re.compile(r"Object missing required field `(.*)`\Z")
_TYPES: Final = {
    "array": "a list in brackets",
    "bool": "true or false",
    "float": "a number",
    "int": "a whole number",
    "object": "a table",
    "str": "text in quotes",
}
"""What msgspec calls the types of TOML, and what to write."""
_SLIP: Final = 0.85
"""From this likeness on a key is one of its table, mistyped, and not one of another table."""
_FEW: Final = 3
"""Tables to name where a key is right and stands under the wrong one."""
_NAME: Final = r"""(?:[\w-]+|"[^"]*"|'[^']*')"""
_ASSIGNMENT: Final = re.compile(rf"\s*({_NAME}(?:\s*\.\s*{_NAME})*)\s*=")

_Step = str | int | None
"""A name, the place in a list, or the name of a table that msgspec does not tell."""
_Type = inspect.Type | None


def explain(text: str, error: msgspec.DecodeError, root: type[msgspec.Struct]) -> str:
    """Return `line N: KEY: what is wrong, and what may stand there`; what is not known is left out.

    >>> class File(msgspec.Struct, forbid_unknown_fields=True):
    ...     port: int = 0
    >>> try:
    ...     msgspec.toml.decode("prot = 1", type=File)
    ... except msgspec.DecodeError as error:
    ...     print(explain("prot = 1", error, File))
    line 1: prot: there is no such key; did you mean `port`?
    """
    if syntax := _SYNTAX.match(str(error)):
        what = syntax[1].replace("Cannot overwrite a value", "this key stands there twice")
        return f"{syntax[2]}: {what}"
    found = _AT.match(str(error))
    message, place = (str(error), None) if found is None else found.groups()
    steps = _steps(place or "")
    if unknown := _UNKNOWN.match(message):
        message = "there is no such key" + _meant(unknown[1], steps, root)
        steps = [*steps, unknown[1]]
    elif missing := _MISSING.match(message):
        message = f"the key `{missing[1]}` is missing"
    else:
        message = _wanted(message, _type_at(root, steps))
    line = _line_of(text, steps)
    words = [] if line is None else [f"line {line}"]
    words += [_spoken(steps)] if steps else []
    return ": ".join([*words, message])


def _steps(place: str) -> list[_Step]:
    return [name or (int(index) if index else None) for name, index, _ in _STEP.findall(place)]


def _spoken(steps: list[_Step]) -> str:
    """Return a path as a person writes it; of what msgspec does not tell, an ellipsis."""
    words = ""
    for step in steps:
        match step:
            case int():
                words += f"[{step + 1}]"  # People count from one.
            case None:
                words += ".…"
            case _:
                words += f".{step}"
    return words.removeprefix(".")


def _meant(word: str, steps: list[_Step], root: type[msgspec.Struct]) -> str:
    """Return the key of this table that `word` is like, or the table where it belongs."""
    match _type_at(root, steps):
        case inspect.StructType(fields=fields):
            here = [field.encode_name for field in fields]
        case _:
            here = []
    if slip := difflib.get_close_matches(word, here, n=1, cutoff=_SLIP):
        return f"; did you mean `{slip[0]}`?"
    tables = [name for name, names in _tables(inspect.type_info(root)) if word in names]
    if 0 < len(tables) <= _FEW:
        return f"; it belongs under {' or '.join(f'[{name}]' for name in tables)}"
    near = difflib.get_close_matches(word, here, n=1)
    return f"; did you mean `{near[0]}`?" if near else ""


def _tables(kind: _Type, name: str = "") -> Iterator[tuple[str, set[str]]]:
    """Yield each table that is no list's or map's, with its keys."""
    match kind:
        case inspect.StructType(fields=fields):
            if name:
                yield name, {field.encode_name for field in fields}
            for field in fields:
                yield from _tables(field.type, f"{name}.{field.encode_name}".removeprefix("."))
        case inspect.UnionType(types=types):
            for each in types:
                yield from _tables(each, name)
        case _:
            return


def _type_at(root: type[msgspec.Struct], steps: list[_Step]) -> _Type:
    """Return the type at a path, or `None` if the path leads nowhere."""
    kinds: list[Any] = [inspect.type_info(root)]
    for step in steps:
        kinds = [inner for kind in kinds for inner in _inside(kind, step)]
    return kinds[0] if len(kinds) == 1 else _structured(kinds)


def _structured(kinds: list[Any]) -> _Type:
    structs = [kind for kind in kinds if isinstance(kind, inspect.StructType)]
    if structs:
        return structs[0]
    return inspect.UnionType(types=tuple(kinds)) if kinds else None


def _inside(kind: _Type, step: _Step) -> Iterator[Any]:
    match kind:
        case inspect.StructType(fields=fields):
            for field in fields:
                if field.encode_name == step:
                    yield from _alternatives(field.type)
        case inspect.DictType(value_type=inner):
            yield from _alternatives(inner)
        case inspect.VarTupleType(item_type=inner) | inspect.ListType(item_type=inner):
            yield from _alternatives(inner)
        case _:
            return


def _alternatives(kind: Any) -> Iterator[Any]:  # noqa: ANN401 - msgspec.inspect's own union
    if isinstance(kind, inspect.UnionType):
        for each in kind.types:
            yield from _alternatives(each)
    elif not isinstance(kind, inspect.NoneType):
        yield kind


def _wanted(message: str, kind: _Type) -> str:
    """Return msgspec's message in words: what may stand there, and not which pattern it has."""
    for each in _alternatives(kind):
        match each:
            case inspect.Metadata(extra_json_schema={"description": str(words)}):
                return f"write {words}"
            case inspect.LiteralType(values=values) if message.startswith("Invalid enum value"):
                return f"write one of {', '.join(map(str, values))}"
            case _:
                continue
    message = re.sub(r", got `\w+`", "", message).replace(" | null`", "`")
    message = re.sub(r"`(\w+)`", lambda found: _TYPES.get(found[1], found[0]), message)
    return re.sub(r"\AExpected ", "write ", message)


def _line_of(text: str, steps: list[_Step]) -> int | None:
    """Return the line where a path is written, if there is one that it must be."""
    if not steps:
        return None
    exact: list[int] = []
    around: list[int] = []
    for number, table, path in _written(text):
        if _begins(path, steps):
            exact.append(number)
        elif len(path) > len(table) and _begins(steps, path):
            around.append(number)  # The value is a table, or a list, that begins here.
    if None in steps and len(exact) > 1:
        return None  # It is one of them, and msgspec does not say which.
    return next(iter(exact or around), None)


def _written(text: str) -> Iterator[tuple[int, list[_Step], list[_Step]]]:
    """Yield each line that names something: its number, the table it is in, and the whole path."""
    table: list[_Step] = []
    counts: dict[tuple[_Step, ...], int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("["):
            if (names := _header(line)) is None:
                continue
            if line.lstrip().startswith("[["):
                counts[names] = counts.get(names, -1) + 1
            table = _numbered(names, counts)
            yield number, table, table
        elif (assigned := _ASSIGNMENT.match(line)) and (key := _key(assigned[1])):
            yield number, table, [*table, *key]


def _begins(longer: list[_Step], shorter: list[_Step]) -> bool:
    return len(longer) >= len(shorter) and all(
        one == other or one is None or other is None
        for one, other in zip(longer, shorter, strict=False)
    )


def _header(line: str) -> tuple[str, ...] | None:
    try:
        value: Any = tomllib.loads(line)
    except tomllib.TOMLDecodeError:
        return None
    names: list[str] = []
    while isinstance(value, (dict, list)) and value:
        if isinstance(value, list):
            value = value[0]
            continue
        ((name, value),) = value.items()
        names.append(name)
    return tuple(names)


def _numbered(names: tuple[str, ...], counts: dict[tuple[_Step, ...], int]) -> list[_Step]:
    """Return the path of a table's header, with the number of each list's entry that it is in."""
    path: list[_Step] = []
    for length, name in enumerate(names, 1):
        path.append(name)
        if (count := counts.get(names[:length])) is not None:
            path.append(count)
    return path


def _key(written: str) -> list[str] | None:
    try:
        value: Any = tomllib.loads(f"{written} = 0")
    except tomllib.TOMLDecodeError:
        return None
    names: list[str] = []
    while isinstance(value, dict):
        ((name, value),) = value.items()
        names.append(name)
    return names
