"""Words that name nobody: `python -m training.everyday --out FILE [--names FILE ...]`.

Taken are those of the written documents and of the templates to learn from that somebody wrote in
small letters, in German also nouns with their capital. Left out is whatever is a name anywhere: in
a mark of these documents, in Faker, in the lists of names and towns here and of the gateway, among
eponyms, and in the files of `--names`, whose lines begin with a name. What is left is still what
somebody rare may be called: the list counts against the tagger's guess only (`doubted.py`).
"""

from __future__ import annotations

import argparse
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from importlib.resources import files
from itertools import chain
from pathlib import Path
from typing import Final

from gateway.detection.first_names import FIRST_NAMES
from gateway.detection.given_names import GIVEN_NAMES
from gateway.detection.vocabulary import EPONYMS
from gateway.detection.word_lists import EPONYMS_ALONE, EPONYMS_SHARED, LIKE_NAMES
from gateway.domain.person_names import fold
from training import lists, templates, written
from training.documents import Document
from training.faker_names import of_faker

_LATIN: Final = ("de", "en", "es", "fr")
_WORD: Final = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_MARKUP: Final = re.compile(r"\{\{[^{}]*\}\}|\[\[|\]\]|\|")
_SHORTEST: Final = 4
"""Letters: shorter ones are initials and signatures."""
_NOUN: Final = 2
"""Documents in which a German noun has to stand with its capital."""
_HEAD: Final = """\
# Words of everyday that nobody of note is called. Made by training/everyday.py out of the documents
# and templates of this project, Apache-2.0.
"""


def main() -> None:
    """Write the list."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--names", type=Path, nargs="*", default=[], help="more lists of names")
    wanted = parser.parse_args()
    more = (
        line.split(maxsplit=1)[0]
        for path in wanted.names
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.strip()
    )
    found = everyday() - {fold(part) for name in more for part in _parts(name)}
    lines = [_HEAD]
    line = ""
    for word in sorted(found):
        if len(line) + len(word) > 98:
            lines.append(line.rstrip() + "\n")
            line = ""
        line += word + " "
    wanted.out.write_text("".join(lines) + line.rstrip() + "\n", encoding="utf-8")


def everyday() -> frozenset[str]:
    """Return the words, folded."""
    small: set[str] = set()
    nouns: Counter[str] = Counter()
    for lang in _LATIN:
        for text in chain(_unmarked(lang), _of_templates(lang)):
            words = set(_WORD.findall(text))
            small.update(fold(word) for word in words if word.islower())
            if lang == "de":
                nouns.update({fold(word) for word in words if not word.islower()})
    found = small | {word for word, documents in nouns.items() if documents >= _NOUN}
    return frozenset(word for word in found - _named() if len(word) >= _SHORTEST and word.isascii())


def _unmarked(lang: str) -> Iterator[str]:
    """Yield the written documents of a language without what is marked in them."""
    for document in _documents(lang):
        end, kept = 0, []
        for span in document.spans:
            kept.append(document.text[end : span.start])
            end = span.end
        yield " 0 ".join([*kept, document.text[end:]])


def _documents(lang: str) -> Iterator[Document]:
    for path in sorted((written.FOLDER / lang / "train").glob("*.txt")):
        yield from written.read(path)


def _of_templates(lang: str) -> Iterator[str]:
    """Yield the words of a language's templates without their slots and signs."""
    for path in sorted((templates.HOME / lang / "train").rglob("*.txt")):
        yield _MARKUP.sub(" 0 ", path.read_text(encoding="utf-8"))


def _named() -> frozenset[str]:
    """Return every part of every name that is known here, folded."""
    called = chain(
        _marked(),
        of_faker(),
        *(_of_lists(folder) for folder in (lists.HOME, Path(str(files("gateway.lists"))))),
        *(GIVEN_NAMES, FIRST_NAMES, EPONYMS, EPONYMS_ALONE, EPONYMS_SHARED, LIKE_NAMES),
    )
    return frozenset(fold(part) for name in called for part in _parts(name))


def _marked() -> Iterator[str]:
    """Yield what is marked in the written documents of every language."""
    for lang in _LATIN:
        for document in _documents(lang):
            for span in document.spans:
                yield document.text[span.start : span.end]


def _of_lists(folder: Path) -> Iterator[str]:
    """Yield the lines of the lists of names and of towns; their headers hold words."""
    for path in (*folder.glob("names/*.txt"), *folder.glob("*.txt")):
        for line in path.read_text(encoding="utf-8").splitlines():
            if not line.startswith("#"):
                yield line


def _parts(name: str) -> Iterable[str]:
    return re.split(r"[\W\d_]+", name)


if __name__ == "__main__":
    main()
