"""Documents that were written one by one: `python -m training.written --out DIRECTORY`.

`written/<lang>/<train|eval>/*.txt` holds them as text, an identifier marked `[[P:Ann Lee]]`, a line
`=== id name` before each. What comes out are the lines of JSON that `training.train` reads; that they
have no `kind` tells it to give them other names each time.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from training.documents import Document, Span
from training.lists import SPLITS

FOLDER: Final = Path(__file__).with_name("written")
MARKS: Final = {
    "P": "PERSON",
    "L": "LOCATION",
    "O": "ORGANIZATION",
    "S": "STREET_ADDRESS",
    "Z": "POSTCODE",
    "D": "DATE_TIME",
    "B": "DATE_OF_BIRTH",
    "A": "AGE",
    "T": "PHONE_NUMBER",
    "F": "FAX_NUMBER",
    "E": "EMAIL_ADDRESS",
    "U": "USERNAME",
    "W": "URL",
    "M": "MEDICAL_RECORD_NUMBER",
    "I": "OTHER_ID",
}
"""What the letters of marks stand for."""
_HEAD: Final = re.compile(r"(?m)^=== (\S+).*\n")
_MARK: Final = re.compile(r"\[\[([A-Z]):([^\[\]]+)\]\]")


def main() -> None:
    """Write one file of JSON lines for each language."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--split", choices=SPLITS, default="train")
    parser.add_argument("--out", type=Path, required=True)
    wanted = parser.parse_args()
    wanted.out.mkdir(parents=True, exist_ok=True)
    for folder in sorted(FOLDER.iterdir()):
        with (wanted.out / f"{folder.name}.jsonl").open("w", encoding="utf-8") as file:
            for path in sorted((folder / wanted.split).glob("*.txt")):
                for each in read(path):
                    file.write(each.as_json() + "\n")


def read(path: Path) -> Iterator[Document]:
    """Yield the documents of a file. Raises `ValueError` for a mark that is none."""
    lang = path.parent.parent.name
    ids, bodies = _parts(path.read_text(encoding="utf-8"))
    for name, body in zip(ids, bodies, strict=True):
        yield document(f"{path.stem}/{name}", lang, body.strip("\n"))


def _parts(text: str) -> tuple[list[str], list[str]]:
    remark, *parts = _HEAD.split(text)
    if any(line and not line.startswith("#") for line in remark.splitlines()):
        raise ValueError("a document begins with a line `=== id name`")
    return parts[::2], parts[1::2]


def document(name: str, lang: str, marked: str) -> Document:
    """Return a document without its marks."""
    text, spans, place = "", [], 0
    for mark in _MARK.finditer(marked):
        text += marked[place : mark.start()]
        start, label = len(text), MARKS.get(mark[1])
        if label is None or mark[2] != mark[2].strip():
            raise ValueError(f"{name}: {mark[0]!r} is no mark")
        text += mark[2]
        spans.append(Span(start, len(text), label))
        place = mark.end()
    text += marked[place:]
    if "[[" in text or "]]" in text:
        raise ValueError(f"{name}: a mark is not closed, or of no letter")
    return Document(name, lang, text, tuple(spans), kind="")


if __name__ == "__main__":
    main()
