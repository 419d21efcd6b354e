"""WordPiece out of a checkpoint's `tokenizer.json`: text to ids and their places, no more.

As with the generating models, control tokens are not part of what text is encoded with: a text that
holds `[SEP]` is a text with brackets in it (docs/adr/0006).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import msgspec
from tokenizers import Tokenizer

from engine.errors import BrokenSource, UnsupportedTokenizer

FILE: Final = "tokenizer.json"
_CLS, _SEP, _UNK = "[CLS]", "[SEP]", "[UNK]"


class WordPiece:
    """Encodes texts. Safe to use from several threads."""

    def __init__(self, raw: bytes) -> None:
        """Take `tokenizer.json`. Raises `BrokenSource` or `UnsupportedTokenizer`."""
        self.raw = raw
        self._tokenizer, vocabulary = _built(raw)
        self.vocabulary = vocabulary
        self.unk = _UNK
        try:
            self._first, self._last = vocabulary.index(_CLS), vocabulary.index(_SEP)
            vocabulary.index(_UNK)
        except ValueError:
            raise UnsupportedTokenizer("the vocabulary has no [CLS], [SEP] and [UNK]") from None

    @classmethod
    def load(cls, directory: Path) -> WordPiece:
        """Return the tokenizer that is kept in the directory of a model."""
        return cls((directory / FILE).read_bytes())

    def framed(self, ids: list[int]) -> list[int]:
        """Return an input of the model: between the tokens of its beginning and its end."""
        return [self._first, *ids, self._last]

    def encode(self, text: str) -> tuple[list[int], list[tuple[int, int]]]:
        """Return the ids of `text`, without the two around it, and the characters each stands for.

        A piece that stands for nothing visible has an empty span.
        """
        encoding = self._tokenizer.encode(text, add_special_tokens=False)
        return encoding.ids, encoding.offsets


def _built(raw: bytes) -> tuple[Tokenizer, list[str]]:
    try:
        data = msgspec.json.decode(raw, type=dict[str, Any])
        steps = [data[key]["type"] for key in ("normalizer", "pre_tokenizer")]
        steps.append(data["model"].get("type", "WordPiece"))
        vocabulary = msgspec.convert(data["model"]["vocab"], dict[str, int])
        data["added_tokens"] = []
        data["post_processor"] = data["truncation"] = data["padding"] = None
        tokenizer = Tokenizer.from_str(msgspec.json.encode(data).decode())
    except Exception as error:  # The library in Rust raises bare exceptions.
        raise BrokenSource("tokenizer.json cannot be read; download it again") from error
    if steps != ["BertNormalizer", "BertPreTokenizer", "WordPiece"]:
        raise UnsupportedTokenizer("only BERT's own WordPiece tokenizers are supported")
    tokens = sorted(vocabulary, key=vocabulary.__getitem__)
    if [vocabulary[token] for token in tokens] != list(range(len(tokens))):
        raise BrokenSource("the vocabulary has gaps")
    return tokenizer, tokens
