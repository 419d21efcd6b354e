r"""Escapes of a text, as what they show: JSON, JavaScript, HTML, percent, mail, RTF, LaTeX, terminals.

"Sch\u006cüter", "M&uuml;ller", "M%C3%BCller", "M=FCller", "M\'fcller", "M{\"u}ller": one name. Rule:
what a character of it is shown by is known to the character; where it cannot be told, nothing is.
"""

# ruff: noqa: E501 - a pattern cut to a hundred columns is read worse than a long one

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import Final

SIGN: Final = re.compile(r"[\\&%={\x1b\u00ad\u00ac]")
"""What every escape begins with: to look for all of them at each character takes far longer."""
ESCAPE: Final = re.compile(
    # Colours of a terminal, also where a program's source or a log has them.
    r"(?P<colour>(?:\x1b|\\(?:033|e|x1[bB]|u001[bB]))\[[0-9;]{0,20}[A-Za-z])"
    r'|\\{1,32}+(?:u(?P<unicode>[0-9a-fA-F]{4})|u\{(?P<braced>[0-9a-fA-F]{1,6})\}|U(?P<long>00[0-9a-fA-F]{6})|x(?P<byte>[0-9a-fA-F]{2})|(?P<short>[nrtbf/]|"(?![a-zA-Z{])))'
    r"|&(?:amp;){0,2}(?P<entity>#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]{2,8});"
    # Latin-1 in old mails, addresses and RTF: one small letter with its accent, inside of a word.
    r"|(?<=[A-Za-z])[%=](?P<latin>[EF][0-9A-F])(?=[a-z])|\\'(?P<rich>[c-f][0-9a-f])"
    r"|%u(?P<percented>[0-9a-fA-F]{4})"
    r"|(?P<percent>(?:%(?:25){0,2}[0-9A-Fa-f]{2}){1,64})"
    r"|(?P<quoted>(?:=[C-F][0-9A-F](?:=[89AB][0-9A-F]){1,3}){1,32}|(?:=[2-7][0-9A-Fa-f]){3}(?:=[2-9A-Fa-f][0-9A-Fa-f]){0,64})"
    r"|(?P<rtf>(?:\\'[2-7][0-9a-f]){3}(?:\\'[2-9a-f][0-9a-f]){0,64})|\\u(?P<decimal>[1-9][0-9]{1,2}|[1-9][0-9]{4})\?"
    # Bytes in base eight, as git and shells print names.
    r"|(?P<octal>(?:\\[0-3][0-7]{2}){2,64})"
    # A word of a mail's head (RFC 2047).
    r"|(?P<word>=\?[A-Za-z0-9-]{2,20}\?[Qq]\?[^\s?]{1,200}\?=)"
    # LaTeX: M{\"u}ller, M\"{u}ller, M\"uller.
    r"|(?P<accent>\{\\[\"'`^~=.cvuHk][ ]?\{?[A-Za-z]\}?\}|\\[\"'`^~]\{[A-Za-z]\}|(?<=[A-Za-z])\\\"[aouAOU](?=[a-z]))"
    # A word that goes on in the next line, by a soft hyphen or what a scanner makes of it.
    r"|(?P<soft>(?<=\w)[\u00ad\u00ac]\r?\n[ \t]{0,8}(?=\w))"
    r'|\\{1,32}+(?P<quote>")'
)
_BREAKS: Final = frozenset("nrbf")
_BYTE: Final = re.compile(
    r"%(?:25){0,2}(?P<a>[0-9A-Fa-f]{2})|=(?P<b>[0-9A-Fa-f]{2})|\\'(?P<c>[0-9a-f]{2})"
)
_OCTAL: Final = re.compile(r"\\([0-3][0-7]{2})")
_QUOTED: Final = re.compile(r"=([0-9A-Fa-f]{2})|(.)", re.DOTALL)
_SINGLE: Final = re.compile(r"(?:iso-8859-[0-9]{1,2}|windows-125[0-9]|us-ascii)\Z", re.IGNORECASE)
_ACCENTS: Final = dict(
    zip(
        "\"'`^~=.cvuHk",
        "\u0308\u0301\u0300\u0302\u0303\u0304\u0307\u0327\u030c\u0306\u030b\u0328",
        strict=True,
    )
)
_LAST: Final = 0x10FFFF
_WESTERN: Final = "cp1252"
Shown = list[tuple[str, int]]
"""The characters that an escape shows, and where each begins in it."""


def shown(escape: re.Match[str]) -> Shown | None:
    """Return what an escape shows; None if it is none."""
    kind = escape.lastgroup or ""
    return _READ[kind](escape[kind])


def _nothing(_value: str) -> Shown | None:
    return []


def _code(digits: str) -> Shown | None:
    code = int(digits, 16)
    return [(chr(code), 0)] if code <= _LAST else None


def _decimal(digits: str) -> Shown | None:
    return [(chr(int(digits)), 0)]


def _short(letter: str) -> Shown | None:
    return [("\n" if letter in _BREAKS else " " if letter == "t" else letter, 0)]


def _latin(digits: str) -> Shown | None:
    return _decoded([(int(digits, 16), 0)], _WESTERN)


def _octal(value: str) -> Shown | None:
    pairs = [(int(byte[1], 8), byte.start()) for byte in _OCTAL.finditer(value)]
    return _decoded(pairs, "utf-8") or _decoded(pairs, _WESTERN)


def _bytes(value: str) -> list[tuple[int, int]]:
    found = ((byte[byte.lastgroup or 0], byte.start()) for byte in _BYTE.finditer(value))
    return [(int(digits, 16), start) for digits, start in found]


def _percent(value: str) -> Shown | None:
    return _decoded(_bytes(value), "utf-8")


def _quoted(value: str) -> Shown | None:
    pairs = _bytes(value)
    return _decoded(pairs, "utf-8") or _decoded(pairs, _WESTERN)


def _entity(name: str) -> Shown | None:
    read = html.unescape(f"&{name};")
    # Of a few entities that show two characters the first is the letter.
    return None if read == f"&{name};" else [(read[0], 0)]


def _accented(value: str) -> Shown | None:
    mark, letter = (each for each in value if each not in "{}\\ ")
    composed = unicodedata.normalize("NFC", letter + _ACCENTS[mark])
    return [(composed, 0)] if len(composed) == 1 else None


def _word(value: str) -> Shown | None:
    _, charset, _, body, _ = value.split("?")
    begin = value.index(body, len(charset) + 4)
    pairs: list[tuple[int, int]] = []
    for part in _QUOTED.finditer(body):
        if part[1]:
            pairs.append((int(part[1], 16), begin + part.start()))
        else:
            char = " " if part[2] == "_" else part[2]
            pairs += [(byte, begin + part.start()) for byte in char.encode("utf-8", "replace")]
    if charset.lower() == "utf-8" or not body.isascii():
        return _decoded(pairs, "utf-8")
    return _decoded(pairs, charset) if _SINGLE.match(charset) else None


def _decoded(pairs: list[tuple[int, int]], charset: str) -> Shown | None:
    """Return what bytes show, each with its place; None if they show nothing."""
    try:
        text = bytes(byte for byte, _ in pairs).decode(charset)
    except (UnicodeDecodeError, LookupError):
        return None
    return list(_placed(text, pairs, charset))


def _placed(text: str, pairs: list[tuple[int, int]], charset: str) -> Iterator[tuple[str, int]]:
    position = 0
    for char in text:
        yield char, pairs[position][1]
        position += len(char.encode(charset))


_READ: Final[dict[str, Callable[[str], Shown | None]]] = {
    **dict.fromkeys(("colour", "soft"), _nothing),
    **dict.fromkeys(("unicode", "braced", "long", "byte", "percented"), _code),
    **dict.fromkeys(("short", "quote"), _short),
    **dict.fromkeys(("latin", "rich"), _latin),
    **dict.fromkeys(("quoted", "rtf"), _quoted),
    "decimal": _decimal,
    "entity": _entity,
    "percent": _percent,
    "octal": _octal,
    "word": _word,
    "accent": _accented,
}
