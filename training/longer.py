"""Makes longer papers of generated ones: `python -m training.longer IN.jsonl MORE.jsonl --out OUT.jsonl`.

Of `IN` half of what is a line only is left out. Of `MORE` those that name nobody are joined, two or
three at a time, every third time with one that names somebody among them: where most of a paper is
nobody's, the network learns to leave that alone.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

_LINE: Final = 80
"""Characters of what is a line only; a Chinese one has half as many."""
_FORMAL: Final = frozenset({"hl7", "fhir"})
_BETWEEN: Final = ("\n", "\n\n", "\n\n", " ")


def main() -> None:
    """Write the documents."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("plain", type=Path)
    parser.add_argument("more", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=7)
    wanted = parser.parse_args()
    draw = random.Random(wanted.seed)
    with wanted.out.open("w", encoding="utf-8") as file:
        for document in (*_thinned(wanted.plain, draw), *joined(_read(wanted.more), draw)):
            file.write(json.dumps(document, ensure_ascii=False) + "\n")


def _read(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _thinned(path: Path, draw: random.Random) -> Iterator[dict[str, Any]]:
    for document in _read(path):
        line = _LINE // 2 if document["lang"] == "zh" else _LINE
        if len(document["text"]) >= line or draw.random() < 0.5:
            yield document


def joined(documents: Iterator[dict[str, Any]], draw: random.Random) -> Iterator[dict[str, Any]]:
    """Yield papers made of those that name nobody, and now and then one that does."""
    plain = [each for each in documents if each["kind"] not in _FORMAL]
    nobody = [each for each in plain if not each["spans"]]
    somebody = [each for each in plain if each["spans"]]
    draw.shuffle(nobody)
    draw.shuffle(somebody)
    for start in range(0, len(nobody) - 3, 3):
        group = nobody[start : start + draw.choice((2, 3, 3))]
        if somebody and draw.random() < 1 / 3:
            group.insert(draw.randrange(len(group) + 1), somebody.pop())
        yield one(group, draw.choice(_BETWEEN))


def one(group: Sequence[dict[str, Any]], between: str) -> dict[str, Any]:
    """Return one document of several."""
    text, spans = "", []
    for each in group:
        text += between if text else ""
        spans += [
            span | {"start": span["start"] + len(text), "end": span["end"] + len(text)}
            for span in each["spans"]
        ]
        text += each["text"]
    return group[0] | {"text": text, "spans": spans, "kind": "long"}


if __name__ == "__main__":
    main()
