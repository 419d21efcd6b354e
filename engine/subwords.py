"""Texts to ids of pieces and the characters that each stands for, through the tokenizers library.

What WordPiece and Unigram vocabularies have in common. Control tokens are not part of what text is
encoded with: a text that holds `[SEP]` or `</s>` is a text with brackets in it (docs/adr/0006).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Any, Final, Protocol

import msgspec
import numpy as np
import numpy.typing as npt
from tokenizers import Encoding, Tokenizer, models

from engine.environ import tell_tokenizers
from engine.errors import BrokenSource

tell_tokenizers()

FILE: Final = "tokenizer.json"
SEGMENT: Final = 4096
"""Characters that are encoded as one: what a step of the library costs is then bounded, whatever
the text. A longer text is cut before white space, where no piece goes on."""
HIDDEN: Final = " "
"""Metaspace leaves no blank in what is compared with pieces, so one that begins with it is safe."""
_SPACE: Final = re.compile(r"\s")
_LONE: Final = re.compile("[\ud800-\udfff]")
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Encoded:
    """The pieces of one text."""

    ids: Ints
    """`[pieces]`."""
    places: Ints
    """`[pieces, 2]`, first character and one past the last, white space before or after included.
    Every character of a text that has a piece is in one."""

    def __repr__(self) -> str:
        return f"<Encoded {len(self.ids)}>"


class Subwords(Protocol):
    """A vocabulary of pieces. Safe to use from several threads."""

    prepared: bytes
    """What `engine.prepared` loads."""
    vocabulary: list[str]
    unk: str
    first: int
    last: int
    """The ids around an input."""

    def encode_all(self, texts: Sequence[str]) -> list[Encoded]:
        """Return the pieces of each text, without the two around it. Mostly without the GIL."""
        ...


def forget(tokenizer: Tokenizer) -> None:
    """Turn off the library's cache: it would hold words of texts that went through, and names."""
    if isinstance(tokenizer.model, models.Unigram):
        tokenizer.model._resize_cache(0)  # noqa: SLF001 - there is no other way


def encode_all(tokenizer: Tokenizer, texts: Sequence[str]) -> list[Encoded]:
    """Do as `Subwords.encode_all`: one call of the library for all `texts`. Linear in them."""
    return in_segments(texts, lambda parts: map(_offsets, _batch(tokenizer, parts)))


def in_segments(
    texts: Sequence[str], encode: Callable[[list[str]], Iterable[tuple[Ints, Ints]]]
) -> list[Encoded]:
    """Return the pieces of each text, out of those of its segments.

    `encode` gets the segments of all texts, without half a character, and says of each the ids and
    where each piece is in it, `[pieces, 2]`, in their order.
    """
    cuts = [_segments(text) for text in texts]
    segments = [
        _whole(text[start:end])
        for text, ends in zip(texts, cuts, strict=True)
        for start, end in pairwise(ends)
    ]
    encoded = iter(encode(segments))
    found = []
    for ends in cuts:
        parts = [_part(*next(encoded), start, end) for start, end in pairwise(ends)]
        match parts:
            case []:
                found.append(Encoded(np.zeros(0, np.int64), np.zeros((0, 2), np.int64)))
            case [part]:
                found.append(part)
            case _:
                found.append(
                    Encoded(
                        np.concatenate([part.ids for part in parts]),
                        np.concatenate([part.places for part in parts]),
                    )
                )
    return found


def _segments(text: str) -> list[int]:
    """Return where segments begin, and the length of `text`."""
    cuts = [0] if text else []
    while cuts and len(text) - cuts[-1] > SEGMENT:
        end = cuts[-1] + SEGMENT
        space = _SPACE.search(text, end - SEGMENT // 8, end)
        cuts.append(space.start() if space else end)
    return [*cuts, len(text)]


def _whole(text: str) -> str:
    """Return `text` with halves of characters replaced: they have no UTF-8."""
    return text if text.isascii() else _LONE.sub("\ufffd", text)


def _batch(tokenizer: Tokenizer, texts: list[str]) -> list[Encoding]:
    # Alone among the library's ways to encode, the one for batches lets other threads run.
    return tokenizer.encode_batch(texts, add_special_tokens=False)


def _offsets(encoding: Encoding) -> tuple[Ints, Ints]:
    ids = np.array(encoding.ids, np.int64)
    flat = np.fromiter(chain.from_iterable(encoding.offsets), np.int64, 2 * len(ids))
    return ids, flat.reshape(-1, 2)


def _part(ids: Ints, offsets: Ints, start: int, end: int) -> Encoded:
    places = offsets + start
    if len(places):
        # What normalising has merged or dropped, a mark over a letter or a second blank, has no
        # piece: it belongs to the one before it.
        places[0, 0] = start
        places[:-1, 1] = np.maximum(places[:-1, 1], places[1:, 0])
        places[-1, 1] = end
    return Encoded(ids, places)


def rebuilt(
    raw: bytes, change: Callable[[dict[str, Any]], None] = lambda _: None
) -> tuple[dict[str, Any], Tokenizer, bytes]:
    """Return `tokenizer.json` as data, as a tokenizer that encodes text as text, and as its file.

    `change` alters the data before. Raises `BrokenSource`.
    """
    try:
        data = msgspec.json.decode(raw, type=dict[str, Any])
        data["added_tokens"] = []
        data["post_processor"] = data["truncation"] = data["padding"] = None
        change(data)
        prepared = msgspec.json.encode(data)
        tokenizer = Tokenizer.from_str(prepared.decode())
    except Exception as error:  # The library in Rust raises bare exceptions.
        raise BrokenSource("tokenizer.json cannot be read; download it again") from error
    return data, tokenizer, prepared
