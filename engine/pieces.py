"""Unigram pieces through SentencePiece, for the vocabularies that `training/vocabulary.py` makes.

The tokenizers library keeps such a vocabulary in tables of 44 MB, SentencePiece in a double array
of a few. Both find the best sequence of pieces; SentencePiece adds scores up in single precision,
so that of two sequences that are equally good it may choose the other one. What comes before,
normalising, is `engine.normal`'s.

Only vocabularies whose normalizer is exactly that one run here; the others are left to the library.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any, Final

import msgspec
import numpy as np
import sentencepiece

from engine.normal import NORMALIZER, WORD, Ints, normal

_CONTROL: Final = " "
"""A piece that begins with a blank stands for no text (`engine.unigram` writes them so)."""
_NORMAL, _UNKNOWN, _CONTROLLING = 1, 2, 3
_TAIL: Final = struct.Struct("<BfBB")
"""Of a piece its score (field 2, a float) and its kind (field 3)."""
_SHORT: Final = 100
_PRE_TOKENIZER: Final = {
    "type": "Metaspace",
    "replacement": WORD,
    "prepend_scheme": "always",
    "split": True,
}


class _Vocabulary(msgspec.Struct, frozen=True):
    """What `tokenizer.json` says of its pieces."""

    type: str
    unk_id: int
    vocab: list[tuple[str, float]]
    byte_fallback: bool = False


class _Kind(msgspec.Struct, frozen=True):
    type: str | None = None


class _File(msgspec.Struct, frozen=True):
    """The parts of `tokenizer.json` that decide which pieces a text has."""

    model: msgspec.Raw
    normalizer: Any = None
    pre_tokenizer: Any = None
    added_tokens: list[Any] = []


class Pieces:
    """Encodes texts. Safe to use from several threads. It keeps no word that it has read."""

    def __init__(self, vocabulary: _Vocabulary) -> None:
        names = [piece for piece, _ in vocabulary.vocab]
        self._unknown = vocabulary.unk_id
        self._lengths = np.array([len(name) for name in names], np.int64)
        self._controls = {name: i for i, name in enumerate(names) if name.startswith(_CONTROL)}
        model = _model(vocabulary, self._controls)
        # One thread, which is ours: the library would start some of its own for several texts.
        self._processor = sentencepiece.SentencePieceProcessor(model_proto=model, num_threads=1)

    @classmethod
    def of(cls, raw: bytes) -> Pieces | None:
        """Return the pieces of a `tokenizer.json`, or None for one that is not for this module.

        Raises `msgspec.DecodeError` or `ValueError` for a file that is none.
        """
        file = msgspec.json.decode(raw, type=_File)
        if (
            file.normalizer != NORMALIZER
            or file.pre_tokenizer != _PRE_TOKENIZER
            or file.added_tokens
            or msgspec.json.decode(file.model, type=_Kind).type != "Unigram"
        ):
            return None
        vocabulary = msgspec.json.decode(file.model, type=_Vocabulary)
        if vocabulary.byte_fallback or not 0 <= vocabulary.unk_id < len(vocabulary.vocab):
            return None
        return cls(vocabulary)

    def token_to_id(self, piece: str) -> int | None:
        """Return the id of a piece that stands for no text; None for all others."""
        return self._controls.get(piece)

    def encode(self, text: str) -> tuple[Ints, Ints]:
        """Return the ids of `text`, and where each piece was in it, `[pieces, 2]`.

        `text` has no half of a character. Linear in it, and without the GIL where it matters.
        """
        seen = normal(text)
        if not seen.text:
            return np.zeros(0, np.int64), np.zeros((0, 2), np.int64)
        ids = self._processor.encode(seen.text, return_type="numpy").astype(np.int64)
        if (ids == self._unknown).any():
            # Of how many characters it stands for, the id of the unknown says nothing.
            found = self._processor.encode(seen.text, return_type="offset_mapping")
            ids, ends = _joined(found["ids"], found["offsets"], self._unknown)
        else:
            ends = np.cumsum(self._lengths[ids])
        starts = np.concatenate([[0], ends[:-1]])
        return ids, np.stack([seen.starts[starts], seen.ends[ends - 1]], axis=1)


def _joined(
    ids: Sequence[int], offsets: Sequence[tuple[int, int]], unknown: int
) -> tuple[Ints, Ints]:
    """Return the ids and where each ends; unknown ones beside each other are one."""
    numbers = np.array(ids, np.int64)
    ends = np.array([end for _, end in offsets], np.int64)
    kept = np.ones(len(numbers), np.bool_)
    kept[:-1] = (numbers[:-1] != unknown) | (numbers[1:] != unknown)
    return numbers[kept], ends[kept]


def _model(vocabulary: _Vocabulary, controls: dict[str, int]) -> bytes:
    """Return SentencePiece's `ModelProto` (sentencepiece_model.proto) for these pieces."""
    made = bytearray()
    for index, (piece, score) in enumerate(vocabulary.vocab):
        kind = _CONTROLLING if piece in controls else _NORMAL
        kind = _UNKNOWN if index == vocabulary.unk_id else kind
        tail = _TAIL.pack(0x15, score, 0x18, kind)
        name = piece.encode()
        # Written out for speed: at each start there are 60,000, nearly all of them short.
        if len(name) < _SHORT:
            made += bytes((0x0A, len(name) + 9, 0x0A, len(name))) + name + tail
        else:
            made += _block(1, _block(1, name) + tail)
    unknown = vocabulary.vocab[vocabulary.unk_id][0].encode()
    # Of the trainer: Unigram, the unknown, and that there are no others of its own.
    trainer = _number(3, 1) + _number(40, vocabulary.unk_id) + _block(45, unknown)
    trainer += b"".join(_number(field, -1) for field in (41, 42, 43))
    made += _block(2, trainer)
    # Of the normalizer: that there is none; no blank before a text, none dropped, none replaced.
    made += _block(3, _block(1, b"identity") + b"".join(_number(field, 0) for field in (3, 4, 5)))
    return bytes(made)


def _varint(value: int) -> bytes:
    value &= (1 << 64) - 1
    made = bytearray()
    while value > 0x7F:  # noqa: PLR2004 - seven bits a byte
        made.append(value & 0x7F | 0x80)
        value >>= 7
    made.append(value)
    return bytes(made)


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _block(field: int, raw: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(raw)) + raw
