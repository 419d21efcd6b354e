"""Phrases as the site's dictionary compares them: words folded, and a keyed fingerprint of them.

DURABLE, version 1: how a phrase is folded and fingerprinted is what dictionaries were made with.
Whoever changes it has to raise the version in `dictionary_file.py`; older files are then refused.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from hashlib import blake2b
from typing import Final, NamedTuple

KEY_SIZE: Final = 32
MOST_WORDS: Final = 8
"""Words of a phrase; hyphens and apostrophes part words, and each Chinese character is one."""
_FINGERPRINT: Final = 8
"""Bytes: with a million phrases, a word that is none meets one once in 10^13 times."""
_WORD: Final = re.compile(
    r"[\u3400-\u9fff\U00020000-\U0003ffff]|[^\W_\u3400-\u9fff\U00020000-\U0003ffff]+"
)
_LETTERS: Final = str.maketrans({"ø": "o", "đ": "d", "ł": "l", "æ": "ae", "œ": "oe", "ß": "ss"})


class Word(NamedTuple):
    """A word of a text: where it is, and how it is compared."""

    start: int
    end: int
    folded: str


def words_of(text: str) -> Iterator[Word]:
    """Yield the words of `text`."""
    for match in _WORD.finditer(text):
        written = match[0]
        folded = written.lower() if written.isascii() else fold(written)
        yield Word(match.start(), match.end(), folded)


def fold(word: str) -> str:
    """Return `word` without case, width and accents."""
    low = unicodedata.normalize("NFKC", word).casefold().translate(_LETTERS)
    return "".join(
        char for char in unicodedata.normalize("NFKD", low) if not unicodedata.combining(char)
    )


def fingerprint(key: bytes, phrase: str) -> int:
    """Return the fingerprint of folded words with a space between them: 64 bits of keyed BLAKE2b.

    Without the key it says nothing about the phrase; with it a guess can be tested (RFC 7693 2.5).
    """
    digest = blake2b(phrase.encode("utf-8", "surrogatepass"), digest_size=_FINGERPRINT, key=key)
    return int.from_bytes(digest.digest(), "little")
