"""Letters of other scripts that pass for Latin ones, such as two Cyrillic ones in a Latin name.

A word is changed only where it mixes scripts: Russian and Greek stay as they are. The pairs are
those that look alike in common typefaces; what is used by itself in medicine (alpha, beta, gamma,
micro) is not among them.
"""

from __future__ import annotations

from typing import Final

_CYRILLIC: Final = (
    ("\u0410\u0412\u0415\u0405\u0406\u0408\u041a\u041c\u041d\u041e", "ABESIJKMHO"),
    ("\u0420\u0421\u0422\u0423\u0425\u04ae\u051a\u051c\u0430\u0441", "PCTYXYQWac"),
    ("\u0435\u04bb\u0456\u0458\u043a\u04cf\u043c\u043e\u0440\u0455", "ehijklmops"),
    ("\u0442\u0443\u0445\u0501\u051b\u051d\u0475\u0433\u043f\u0451", "tyxdqwvrne"),
    ("\u0457\u04c0\u04af\u050d\u0432\u043d", "iIygbh"),
)
_GREEK: Final = (
    ("\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f", "ABEZHIKMNO"),
    ("\u03a1\u03a4\u03a5\u03a7\u03bf\u03bd\u03c1\u03b9\u03ba\u03c5", "PTYXovpiku"),
    ("\u03c7\u03c4\u03b5\u03b7\u03f2\u03f3\u03c9", "xtencjw"),
)
_PAIRS: Final = {
    other: latin
    for others, latins in (*_CYRILLIC, *_GREEK)
    for other, latin in zip(others, latins, strict=True)
}
_TABLE: Final = str.maketrans(_PAIRS)
LOOKALIKES: Final = frozenset(_PAIRS)
_LAST_LATIN: Final = "\u024f"


def latin(word: str) -> str:
    r"""Return `word` in Latin letters where it mixes them with look-alikes, of the same length.

    >>> latin("M\u0430rg\u0430ret")
    'Margaret'
    """
    if LOOKALIKES.isdisjoint(word) or not any(each <= _LAST_LATIN for each in word):
        return word
    changed = word.translate(_TABLE)
    return changed if all(each <= _LAST_LATIN for each in changed) else word
