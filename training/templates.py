"""The little language of the templates, and the folders that they lie in.

    Dear {{doctor.formal}}, [[thank you for seeing|I would be grateful if you saw|]] {{patient.full}}

`{{slot}}` is filled by the language's fillers; `{{slot:key}}` comes out alike wherever the key
stands in one document. `[[a|b|]]` is one of its alternatives, and they nest. `{{>history}}` is one
template of `parts/history.txt`; `{{>history 2-5}}` are two to five different ones with a space
between, `{{>history 2-5 lines}}` with line breaks, `{{>history 2-5 blocks}}` with blank lines.

A file holds templates with a line `---` between them, or one a line where its first line is
`#lines`. The folder decides between training and evaluation, and nothing crosses over.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from training.documents import Draft, Piece, Pieces

HOME: Final = Path(__file__).parent / "templates"
PARTS: Final = "parts"
_JOINERS: Final = {"": " ", "lines": "\n", "blocks": "\n\n", "joined": "", "commas": ", "}
_TOKEN: Final = re.compile(r"\{\{[^{}]*\}\}|\[\[|\]\]|\|")
_INCLUDE: Final = re.compile(
    r">\s*(?P<name>\w+)(?:\s+(?P<low>\d+)-(?P<high>\d+))?(?:\s+(?P<how>\w+))?"
)
_SLOT: Final = re.compile(r"(?P<name>\w+(?:\.\w+)*)(?::(?P<key>\w+))?")
_DEEPEST: Final = 8


class TemplateError(ValueError):
    """A template that cannot be read; the message says where and what to change."""


class Scene(Protocol):
    """One document in the making: its chance, its people, and what has been used in it."""

    rng: random.Random
    used: set[str]

    def fill(self, slot: str, key: str | None) -> Pieces:
        """Return what stands in a slot."""
        ...


@dataclass(frozen=True, slots=True)
class Text:
    """Words that stand as they are."""

    text: str


@dataclass(frozen=True, slots=True)
class Slot:
    """A place for a filler."""

    name: str
    key: str | None


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several continuations."""

    options: tuple[Sequenced, ...]


@dataclass(frozen=True, slots=True)
class Include:
    """Some templates of a part, all different within one document as long as they last."""

    name: str
    low: int
    high: int
    joiner: str


@dataclass(frozen=True, slots=True)
class Sequenced:
    """Nodes one after another."""

    nodes: tuple[Text | Slot | Choice | Include, ...]

    def walk(self) -> Iterator[Text | Slot | Choice | Include]:
        """Yield every node, those inside alternatives too."""
        for node in self.nodes:
            yield node
            if isinstance(node, Choice):
                for option in node.options:
                    yield from option.walk()


@dataclass(frozen=True, slots=True)
class Template:
    """One template, with the file and the number that name it in messages."""

    name: str
    source: str
    body: Sequenced


def parse(source: str, name: str = "template") -> Template:
    """Return `source` as a template; `TemplateError` where brackets or slots are wrong."""
    tokens = [token for token in _cut(source) if token]
    body, rest = _sequence(tokens, 0, inside=False, name=name)
    if rest != len(tokens):
        raise TemplateError(f"{name}: ']]' without its '[['")
    return Template(name, source, body)


def _cut(source: str) -> Iterator[str]:
    last = 0
    for match in _TOKEN.finditer(source):
        yield source[last : match.start()]
        yield match.group()
        last = match.end()
    yield source[last:]


def _sequence(tokens: list[str], at: int, *, inside: bool, name: str) -> tuple[Sequenced, int]:
    nodes: list[Text | Slot | Choice | Include] = []
    while at < len(tokens):
        piece = tokens[at]
        if piece == "]]" or (inside and piece == "|"):
            break
        if piece == "[[":
            options: list[Sequenced] = []
            while piece != "]]":
                option, at = _sequence(tokens, at + 1, inside=True, name=name)
                options.append(option)
                if at >= len(tokens):
                    raise TemplateError(f"{name}: '[[' without its ']]'")
                piece = tokens[at]
            nodes.append(Choice(tuple(options)))
        elif piece.startswith("{{"):
            nodes.append(_hole(piece[2:-2].strip(), name))
        else:
            nodes.append(Text(piece))
        at += 1
    return Sequenced(tuple(nodes)), at


def _hole(inner: str, name: str) -> Slot | Include:
    if include := _INCLUDE.fullmatch(inner):
        how = include["how"] or ""
        if how not in _JOINERS:
            raise TemplateError(f"{name}: parts are joined by one of {sorted(_JOINERS)}")
        low = int(include["low"] or 1)
        return Include(include["name"], low, int(include["high"] or low), _JOINERS[how])
    if slot := _SLOT.fullmatch(inner):
        return Slot(slot["name"], slot["key"])
    raise TemplateError(
        f"{name}: a slot is {{{{name}}}} or {{{{name:key}}}}, a part {{{{>name 2-5}}}}"
    )


@dataclass(frozen=True, slots=True)
class Library:
    """The templates of one language and split: whole documents by kind, and parts by name."""

    kinds: Mapping[str, tuple[Template, ...]]
    parts: Mapping[str, tuple[Template, ...]]

    def write(self, template: Template, scene: Scene, draft: Draft) -> None:
        """Fill `template` into `draft`."""
        self._write(template.body, scene, draft, 0)

    def _write(self, body: Sequenced, scene: Scene, draft: Draft, depth: int) -> None:
        for node in body.nodes:
            match node:
                case Text(text):
                    draft.write((Piece(text),))
                case Slot(name, key):
                    draft.write(scene.fill(name, key))
                case Choice(options):
                    self._write(scene.rng.choice(options), scene, draft, depth)
                case Include():
                    self._include(node, scene, draft, depth)

    def _include(self, node: Include, scene: Scene, draft: Draft, depth: int) -> None:
        if depth >= _DEEPEST:
            raise TemplateError(f"part {node.name} includes itself")
        count = scene.rng.randint(node.low, node.high)
        chosen = _fresh(self.parts[node.name], count, scene)
        for number, template in enumerate(chosen):
            if number:
                draft.write((Piece(node.joiner),))
            self._write(template.body, scene, draft, depth + 1)


def _fresh(templates: Sequence[Template], count: int, scene: Scene) -> list[Template]:
    """Return up to `count` templates that this document has not used, or used ones if none is left."""
    chosen: list[Template] = []
    for _ in range(count):
        template = scene.rng.choice(templates)
        for _ in range(4):  # A few tries suffice; exactness is not worth a shuffle of hundreds.
            if template.name not in scene.used:
                break
            template = scene.rng.choice(templates)
        if template.name in scene.used and chosen:
            continue
        scene.used.add(template.name)
        chosen.append(template)
    return chosen


def read(lang: str, split: str, home: Path = HOME) -> Library:
    """Return the templates under `<home>/<lang>/<split>`; `TemplateError` for one that is wrong."""
    root = home / lang / split
    kinds: dict[str, tuple[Template, ...]] = {}
    for folder in sorted(path for path in root.iterdir() if path.is_dir() and path.name != PARTS):
        found = tuple(template for path in sorted(folder.glob("*.txt")) for template in _file(path))
        if found:
            kinds[folder.name] = found
    parts = {path.stem: tuple(_file(path)) for path in sorted((root / PARTS).glob("*.txt"))}
    library = Library(kinds, {name: templates for name, templates in parts.items() if templates})
    _check_includes(library)
    return library


def _file(path: Path) -> Iterator[Template]:
    text = path.read_text(encoding="utf-8")
    split: Callable[[str], list[str]] = _documents
    if text.startswith("#lines"):
        split = _lines
    for number, source in enumerate(split(text), start=1):
        yield parse(source, f"{path.parent.name}/{path.name}#{number}")


def _documents(text: str) -> list[str]:
    return [part.strip("\n") for part in re.split(r"(?m)^---[ ]*$", text) if part.strip()]


def _lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]


def _check_includes(library: Library) -> None:
    for template in (
        t for group in (library.kinds, library.parts) for ts in group.values() for t in ts
    ):
        for node in template.body.walk():
            if isinstance(node, Include) and node.name not in library.parts:
                raise TemplateError(f"{template.name}: there is no part {node.name!r}")
