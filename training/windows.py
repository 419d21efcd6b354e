"""Examples as rows of pieces and labels, in windows of many lengths, as the tagger sees them."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from tokenizers import Encoding, Tokenizer

from training.examples import Example
from training.labels import INDEX, OUTSIDE

UNJUDGED: Final = -100
"""The label from which nothing is learnt, as PyTorch's cross entropy has it."""
SHORTEST: Final = 40
LONGEST: Final = 150
_SHARED: Final = 12
"""Pieces that neighbouring windows share."""
_CHUNK: Final = 500


@dataclass(frozen=True, slots=True)
class Row:
    """Pieces and the label of each, of one window."""

    pieces: list[int]
    labels: list[int]


def rows(tokenizer: Tokenizer, examples: Sequence[Example], draw: random.Random) -> Iterator[Row]:
    """Yield the windows of all `examples`, their lengths drawn anew each time."""
    for start in range(0, len(examples), _CHUNK):
        chunk = examples[start : start + _CHUNK]
        encoded = tokenizer.encode_batch([each.text for each in chunk], add_special_tokens=False)
        for each, encoding in zip(chunk, encoded, strict=True):
            whole = Row(encoding.ids, labelled(encoding, each))
            if whole.pieces:
                yield from _windows(whole, draw)


def labelled(encoding: Encoding, example: Example) -> list[int]:
    """Return the label of each piece: it belongs to a span that it shares a character with."""
    places = [_trimmed(example.text, *offsets) for offsets in encoding.offsets]
    labels = [INDEX[OUTSIDE]] * len(places)
    place = 0
    for span in example.spans:
        while place < len(places) and places[place][1] <= span.start:
            place += 1
        inside = []
        ahead = place
        while ahead < len(places) and places[ahead][0] < span.end:
            if places[ahead][0] < places[ahead][1] and places[ahead][1] > span.start:
                inside.append(ahead)
            ahead += 1
        for order, piece in enumerate(inside):
            prefix = _prefix(order, len(inside))
            labels[piece] = INDEX[f"{prefix}-{span.kind}"]
        if inside:
            place = inside[-1]
    for start, end in example.unjudged:
        for piece, (first, last) in enumerate(places):
            if last > start and first < end and labels[piece] == INDEX[OUTSIDE]:
                labels[piece] = UNJUDGED
    return labels


def _prefix(order: int, count: int) -> str:
    if count == 1:
        return "S"
    return "B" if order == 0 else "E" if order == count - 1 else "I"


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    # A piece that begins a word may hold the space before it.
    while start < end and text[start].isspace():
        start += 1
    return start, end


def _windows(whole: Row, draw: random.Random) -> Iterator[Row]:
    if len(whole.pieces) <= LONGEST:
        yield whole
        return
    place = 0
    while True:
        end = place + draw.randint(SHORTEST, LONGEST)
        yield Row(whole.pieces[place:end], whole.labels[place:end])
        if end >= len(whole.pieces):
            return
        place = end - _SHARED


def batches(found: list[Row], size: int, draw: random.Random) -> list[list[Row]]:
    """Return all rows in batches of at most `size` pieces with padding, in random order."""
    draw.shuffle(found)
    made: list[list[Row]] = []
    for start in range(0, len(found), 2000):
        batch: list[Row] = []
        for row in sorted(found[start : start + 2000], key=lambda each: len(each.pieces)):
            if batch and (len(batch) + 1) * (len(row.pieces) + 2) > size:
                made.append(batch)
                batch = []
            batch.append(row)
        made.append(batch)
    draw.shuffle(made)
    return made
