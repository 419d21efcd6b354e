"""Letters of other scripts that pass for Latin ones: `Mаrgаret` with two Cyrillic letters.

A word is changed only where it mixes scripts: Russian and Greek stay as they are. The pairs are
those that look alike in common typefaces; what is used by itself in medicine (α, β, γ, µ) is not
among them.
"""

from __future__ import annotations

from typing import Final

_PAIRS: Final = {
    # Cyrillic.
    "А": "A", "В": "B", "Е": "E", "Ѕ": "S", "І": "I", "Ј": "J", "К": "K", "М": "M", "Н": "H",
    "О": "O", "Р": "P", "С": "C", "Т": "T", "У": "Y", "Х": "X", "Ү": "Y", "Ԛ": "Q", "Ԝ": "W",
    "а": "a", "с": "c", "е": "e", "һ": "h", "і": "i", "ј": "j", "к": "k", "ӏ": "l", "м": "m",
    "о": "o", "р": "p", "ѕ": "s", "т": "t", "у": "y", "х": "x", "ԁ": "d", "ԛ": "q", "ԝ": "w",
    "ѵ": "v", "г": "r", "п": "n", "ё": "e", "ї": "i", "Ӏ": "I", "ү": "y", "ԍ": "g", "в": "b",
    "н": "h",
    # Greek.
    "Α": "A", "Β": "B", "Ε": "E", "Ζ": "Z", "Η": "H", "Ι": "I", "Κ": "K", "Μ": "M", "Ν": "N",
    "Ο": "O", "Ρ": "P", "Τ": "T", "Υ": "Y", "Χ": "X", "ο": "o", "ν": "v", "ρ": "p", "ι": "i",
    "κ": "k", "υ": "u", "χ": "x", "τ": "t", "ε": "e", "η": "n", "ϲ": "c", "ϳ": "j", "ω": "w",
}  # fmt: skip
_TABLE: Final = str.maketrans(_PAIRS)
LOOKALIKES: Final = frozenset(_PAIRS)
_LAST_LATIN: Final = "\u024f"


def latin(word: str) -> str:
    """Return `word` in Latin letters where it mixes them with look-alikes, of the same length.

    >>> latin("Mаrgаret") == "Margaret"
    True
    """
    if LOOKALIKES.isdisjoint(word) or not any(each <= _LAST_LATIN for each in word):
        return word
    changed = word.translate(_TABLE)
    return changed if all(each <= _LAST_LATIN for each in changed) else word
