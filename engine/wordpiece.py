"""WordPiece out of a checkpoint's `tokenizer.json`: text to ids and their places, no more."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from engine.errors import BrokenSource, UnsupportedTokenizer
from engine.subwords import FILE, Encoded, encode_all, rebuilt

_CLS, _SEP, _UNK = "[CLS]", "[SEP]", "[UNK]"


class WordPiece:
    """Encodes texts. Safe to use from several threads."""

    def __init__(self, raw: bytes) -> None:
        """Take `tokenizer.json`. Raises `BrokenSource` or `UnsupportedTokenizer`."""
        self.raw = raw
        data, self._tokenizer, self.prepared = rebuilt(raw)
        try:
            steps = [data[key]["type"] for key in ("normalizer", "pre_tokenizer")]
            steps.append(data["model"].get("type", "WordPiece"))
            ids = msgspec.convert(data["model"]["vocab"], dict[str, int])
        except (KeyError, TypeError, AttributeError, msgspec.ValidationError) as error:
            raise BrokenSource("tokenizer.json cannot be read; download it again") from error
        if steps != ["BertNormalizer", "BertPreTokenizer", "WordPiece"]:
            raise UnsupportedTokenizer("only BERT's own WordPiece tokenizers are supported")
        self.vocabulary = sorted(ids, key=ids.__getitem__)
        if [ids[token] for token in self.vocabulary] != list(range(len(ids))):
            raise BrokenSource("the vocabulary has gaps")
        self.unk = _UNK
        try:
            self.first, self.last = ids[_CLS], ids[_SEP]
            ids[_UNK]
        except KeyError:
            raise UnsupportedTokenizer("the vocabulary has no [CLS], [SEP] and [UNK]") from None

    @classmethod
    def load(cls, directory: Path) -> WordPiece:
        """Return the tokenizer that is kept in the directory of a model."""
        return cls((directory / FILE).read_bytes())

    def framed(self, ids: list[int]) -> list[int]:
        """Return an input of the model: between the tokens of its beginning and its end."""
        return [self.first, *ids, self.last]

    def encode(self, text: str) -> tuple[list[int], list[tuple[int, int]]]:
        """Return the ids of `text`, without the two around it, and the characters each stands for.

        A piece that stands for nothing visible has an empty span.
        """
        encoding = self._tokenizer.encode(text, add_special_tokens=False)
        return encoding.ids, encoding.offsets

    def encode_all(self, texts: Sequence[str]) -> list[Encoded]:
        """Return the pieces of each text; see `Subwords`."""
        return encode_all(self._tokenizer, texts)
