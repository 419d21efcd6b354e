"""The tokens of a Whisper model, and the words that they make: pure but for reading a tokenizer."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tokenizers import Tokenizer

_APPENDED: Final = frozenset("\"'.,!?:)]}\u3002\uff0c\uff01\uff1f\uff1a\u201d\u3001")
_PREPENDED: Final = frozenset("\"'([{-\u201c\u00bf")


class Vocabulary:
    """The tokens of a Whisper model."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self.start = self._id("<|startoftranscript|>")
        self.previous = self._id("<|startofprev|>")
        self.transcribe = self._id("<|transcribe|>")
        self.end = self._id("<|endoftext|>")
        self.zero = self._id("<|notimestamps|>") + 1
        """The timestamp 0.00; all above are later, all from `end` up to it are no text."""

    @classmethod
    def load(cls, directory: Path) -> Vocabulary:
        """Read `tokenizer.json`."""
        return cls(Tokenizer.from_file(str(directory / "tokenizer.json")))

    def _id(self, token: str) -> int:
        index = self._tokenizer.token_to_id(token)
        if index is None:
            raise ValueError(f"the tokenizer has no token {token}: this is no Whisper model")
        return int(index)

    def language(self, code: str) -> int | None:
        """Return the token of a language, or `None` for one that the model does not know."""
        index = self._tokenizer.token_to_id(f"<|{code}|>")
        return None if index is None or not self.start < index < self.transcribe else int(index)

    def encode(self, text: str) -> list[int]:
        """Return the tokens of a text; what looks like a control token in it is left out."""
        ids: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        return [index for index in ids if index < self.end]

    def decode(self, tokens: Sequence[int]) -> str:
        """Return the text of tokens; those that are none are left out."""
        return str(self._tokenizer.decode([token for token in tokens if token < self.end]))

    def words(self, tokens: Sequence[int]) -> list[tuple[str, int]]:
        """Return the words of a text, white space before them, and how many tokens each has."""
        words: list[tuple[str, int]] = []
        held: list[int] = []
        for place, token in enumerate(tokens):
            held.append(token)
            text = self.decode(held)
            if "\ufffd" in text and place + 1 < len(tokens):
                continue  # Half a character: the rest is in the next token.
            alone = not words or text.startswith(" ") or text.strip() in _APPENDED | _PREPENDED
            if alone:
                words.append((text, len(held)))
            else:
                before, count = words.pop()
                words.append((before + text, count + len(held)))
            held = []
        return words


def joined(words: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """Put punctuation to the word that it belongs to."""
    result: list[tuple[str, int]] = []
    opening: tuple[str, int] | None = None
    for word in words:
        text, count = word
        if opening is not None:
            text, count = opening[0] + text, opening[1] + count
            opening = None
        if text.startswith(" ") and text.strip() in _PREPENDED:
            opening = (text, count)
        elif result and text in _APPENDED:
            before, tokens = result.pop()
            result.append((before + text, tokens + count))
        else:
            result.append((text, count))
    return result if opening is None else [*result, opening]
