"""Labelled clinical documents, as many as are wanted: `python -m training.generate --lang en ...`.

A document is one template or a grammar of parts, filled with invented identifiers, and often worn
by what wears text in a hospital: dictation, scanning, capitals, cuts. The same language, split and
seed give the same documents.
"""

from __future__ import annotations

import argparse
import importlib
import random
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final

from training import noise
from training.documents import Document, Draft
from training.fillers.base import Cast, Fillers
from training.lists import SPLITS
from training.templates import HOME, Library, Template, read

# How often each kind is made, of those that a language has templates for. The folders of
# `templates/<lang>/<split>/` are the kinds.
WEIGHTS: Final[Mapping[str, int]] = {
    "composed": 22,  # sections in random order, mostly with few identifiers
    "clinical": 32,  # no identifier at all
    "chat": 18,
    "letter": 8,
    "nursing": 6,
    "form": 8,
    "general": 10,  # far from the clinic: bank, travel, staff, shop
    "email": 5,
    "radiology": 4,
    "pathology": 3,
    "referral": 4,
    "consent": 2,
    "hl7": 3,
    "fhir": 3,
    "table": 4,
    "contacts": 3,
    "header": 3,
}
# Kinds made out of others by what happens to them on the way.
DERIVED: Final[Mapping[str, tuple[int, tuple[str, ...], noise.Change]]] = {
    "dictated": (6, ("letter", "composed", "clinical", "radiology", "referral"), noise.dictated),
    "ocr": (6, ("letter", "form", "header", "composed", "clinical", "referral"), noise.ocr),
    "capitals": (
        4,
        ("radiology", "pathology", "form", "clinical", "header", "composed"),
        noise.upper,
    ),
    "lowercase": (5, ("chat", "clinical", "general", "nursing", "composed", "email"), noise.lower),
}
_LANGUAGES: Final = {
    "de": ("de", "German"),
    "en": ("en", "English"),
    "es": ("es", "Spanish"),
    "fr": ("fr", "French"),
    "zh": ("zh", "Chinese"),
}
# (share of documents, change) applied to every kind; HL7 and JSON keep their form.
_WEAR: Final[Sequence[tuple[float, noise.Change]]] = (
    (0.05, noise.spaced),
    (0.04, noise.wrapped),
    (0.06, noise.typographic),
    (0.04, noise.typos),
    (0.03, noise.one_line),
    (0.02, noise.upper_line),
    (0.015, noise.title),
    (0.06, noise.cut),
)
_FORMAL: Final = frozenset({"hl7", "fhir"})
_JOINED: Final = 0.04


@cache
def fillers(lang: str, split: str) -> Fillers:
    """Return what stands in a language's slots; `ValueError` for a language that has none."""
    if lang not in _LANGUAGES:
        raise ValueError(f"a language is one of {sorted(_LANGUAGES)}")
    module, name = _LANGUAGES[lang]
    found = getattr(importlib.import_module(f"training.fillers.{module}"), name)(split)
    assert isinstance(found, Fillers)
    return found


@cache
def library(lang: str, split: str, home: Path = HOME) -> Library:
    """Return a language's templates of a split."""
    return read(lang, split, home)


def languages() -> tuple[str, ...]:
    """Return the languages that can be generated."""
    return tuple(sorted(_LANGUAGES))


def generate(lang: str, count: int, seed: int, split: str) -> Iterator[Document]:
    """Yield `count` documents; a document depends on its own number and the seed alone."""
    if split not in SPLITS:
        raise ValueError(f"a split is one of {SPLITS}")
    maker = _Maker(lang, split)
    for number in range(count):
        name = f"{lang}-{split}-{seed}-{number}"
        kind, (text, spans) = maker.make(random.Random(name))
        yield Document(name, lang, text, spans, kind)


class _Maker:
    """One language and split, ready to make documents."""

    def __init__(self, lang: str, split: str) -> None:
        self._fillers = fillers(lang, split)
        self._library = library(lang, split)
        weights = {kind: WEIGHTS[kind] for kind in self._library.kinds}
        self._bases = {
            kind: [base for base in bases if base in weights]
            for kind, (_, bases, _) in DERIVED.items()
        }
        weights |= {kind: DERIVED[kind][0] for kind, bases in self._bases.items() if bases}
        self._kinds, self._weights = tuple(weights), tuple(weights.values())

    def make(self, rng: random.Random) -> tuple[str, noise.Labelled]:
        """Return one document's kind, text and spans."""
        kind = rng.choices(self._kinds, self._weights)[0]
        labelled = self._derived(rng, kind) if kind in DERIVED else self._plain(rng, kind)
        if kind in _FORMAL:
            return kind, labelled
        if rng.random() < _JOINED:
            others = [
                self._plain(rng, rng.choice(tuple(self._library.kinds)))
                for _ in range(rng.randint(1, 2))
            ]
            labelled = noise.joined(
                [labelled, *others], rng.choice(("\n", "\n\n", "\n\n---\n\n", " "))
            )
        for rate, change in _WEAR:
            if rng.random() < rate:
                labelled = change(rng, labelled)
        return kind, labelled

    def _derived(self, rng: random.Random, kind: str) -> noise.Labelled:
        change = DERIVED[kind][2]
        plain = self._plain(rng, rng.choice(self._bases[kind]))
        if change is noise.dictated:
            return noise.dictated(rng, plain, self._fillers.lang)
        return change(rng, plain)

    def _plain(self, rng: random.Random, kind: str) -> noise.Labelled:
        template: Template = rng.choice(self._library.kinds[kind])
        draft = Draft()
        self._library.write(template, Cast(self._fillers, rng), draft)
        return draft.text, draft.spans


def main(arguments: Sequence[str] | None = None) -> int:
    """Write documents to a file, one a line."""
    parser = argparse.ArgumentParser(prog="python -m training.generate", description=__doc__)
    parser.add_argument("--lang", choices=languages(), required=True)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--split", choices=SPLITS, default="train")
    parser.add_argument("--out", type=Path, help="a JSONL file; without it, standard output")
    wanted = parser.parse_args(arguments)
    documents = generate(wanted.lang, wanted.count, wanted.seed, wanted.split)
    if wanted.out is None:
        for document in documents:
            sys.stdout.write(document.as_json() + "\n")
        return 0
    with wanted.out.open("w", encoding="utf-8") as file:
        for document in documents:
            file.write(document.as_json() + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
