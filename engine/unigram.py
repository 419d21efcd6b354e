"""Unigram out of a checkpoint's `tokenizer.json`, as SentencePiece trains it: XLM-R's and E5's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from engine.errors import BrokenSource, UnsupportedTokenizer
from engine.subwords import HIDDEN, Encoded, Subwords, encode_all, forget, rebuilt
from engine.wordpiece import WordPiece

_BOS, _EOS, _UNK = "<s>", "</s>", "<unk>"
_CONTROLS: Final = frozenset({_BOS, _EOS, _UNK, "<pad>", "<mask>"})
_NORMALIZERS: Final = frozenset(
    {"NFC", "NFD", "NFKC", "NFKD", "Nmt", "Precompiled", "Replace", "Lowercase", "StripAccents"}
)
"""What keeps the offsets of what is left. `Strip` and `Prepend` know the ends of a text, which has
none where it is cut into segments."""
_PRE_TOKENIZERS: Final = frozenset({"Metaspace", "WhitespaceSplit"})


class Unigram:
    """Encodes texts. Safe to use from several threads."""

    def __init__(self, raw: bytes) -> None:
        """Take `tokenizer.json`. Raises `BrokenSource` or `UnsupportedTokenizer`."""
        data, self._tokenizer, self.prepared = rebuilt(raw, _hide_controls)
        try:
            normal = {step["type"] for step in _steps(data["normalizer"], "normalizers")}
            split = {step["type"] for step in _steps(data["pre_tokenizer"], "pretokenizers")}
            pieces = msgspec.convert(data["model"]["vocab"], list[tuple[str, float]])
        except (KeyError, TypeError, msgspec.ValidationError) as error:
            raise BrokenSource("tokenizer.json cannot be read; download it again") from error
        if not normal <= _NORMALIZERS or "Metaspace" not in split or not split <= _PRE_TOKENIZERS:
            raise UnsupportedTokenizer(
                "only a Unigram tokenizer that splits at white space (Metaspace) is supported"
            )
        self.vocabulary = [piece.removeprefix(HIDDEN) for piece, _ in pieces]
        self.unk = _UNK
        if len(set(self.vocabulary)) != len(self.vocabulary):
            raise BrokenSource("the vocabulary has a piece twice")
        try:
            self.first, self.last = self.vocabulary.index(_BOS), self.vocabulary.index(_EOS)
            self.vocabulary.index(_UNK)
        except ValueError:
            raise UnsupportedTokenizer("the vocabulary has no <s>, </s> and <unk>") from None
        forget(self._tokenizer)

    def encode_all(self, texts: Sequence[str]) -> list[Encoded]:
        """Return the pieces of each text; see `Subwords`."""
        return encode_all(self._tokenizer, texts)


def _hide_controls(data: dict[str, Any]) -> None:
    """Rename what stands for no text: else a text `</s>` would be that very piece."""
    for entry in data["model"]["vocab"]:
        if entry[0] in _CONTROLS:
            entry[0] = HIDDEN + entry[0]


def _steps(data: Mapping[str, Any] | None, key: str) -> Iterator[Mapping[str, Any]]:
    if data is None:
        return
    if data["type"] != "Sequence":
        yield data
        return
    for step in data[key]:
        yield from _steps(step, key)


def subwords(raw: bytes) -> Subwords:
    """Return the vocabulary of a `tokenizer.json`; raises as `Unigram`."""
    try:
        kind = msgspec.json.decode(raw, type=dict[str, Any])["model"].get("type", "WordPiece")
    except (msgspec.DecodeError, KeyError, AttributeError) as error:
        raise BrokenSource("tokenizer.json cannot be read; download it again") from error
    return Unigram(raw) if kind == "Unigram" else WordPiece(raw)
