"""Telephone and fax numbers by their form, in the five languages' countries and elsewhere.

Rule: with a label any five digits are a number; without one the grouping must be one that people
write telephone numbers in, and must not be a range, a dose or a row of a table.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from gateway.detection.units import Unit

_S: Final = r"[ .\-/]?"
_EXTENSION: Final = re.compile(
    r"[ ,;]{0,2}(?:[(]?(?:x|ext\.?|extn\.?|extension|app\.?|apparat|dw|durchwahl|nst\.?|klappe|kl\.|poste|p\.|anexo|int\.?|interno"
    r"|#|转|分机)[ .:\-]{0,2}[0-9]{1,6}[)]?|-DW\b|o\.[ ]?[0-9]{2,6}(?![0-9.]))|-[0-9]{1,5}(?![0-9./\-])",
    re.IGNORECASE,
)
_SHUT: Final = r"(?![0-9A-WYZa-wyz]|[.,/\-][0-9])"
_FORMS: Final = tuple(
    (name, re.compile(pattern + _SHUT), least, score)
    for name, pattern, least, score in (
        (
            "international",
            r"(?:\+|00)[ ]?[1-9][0-9]{0,3}(?:[ .\-/]{0,2}(?:[(][0-9]{1,5}[)]|[0-9]{1,12})){1,7}",
            8,
            0.75,
        ),
        (
            "nanp",
            r"(?:(?:\+|00)?1[ .\-]?)?(?:[(][2-9][0-9]{2}[)][ .\-]{0,2}|[0-9]{3}[.\-/ ][ ]?)[0-9]{3}[ .\-]{1,2}[0-9]{4}",
            10,
            0.8,
        ),
        ("nanp", r"[(][0-9]{3}[)][ .\-]{0,2}[0-9]{3}[ .\-]?[0-9]{4}", 10, 0.8),
        ("french", rf"0[ ]?[1-9](?:{_S}[0-9]{{2}}){{4}}", 10, 0.8),
        ("french", r"0[ ]?[89][0-9]{2}(?:[ .\-][0-9]{3}){2}", 10, 0.7),
        ("chinese", r"1[3-9][0-9][ -]?[0-9]{4}[ -]?[0-9]{4}", 11, 0.8),
        ("chinese", r"[48]00[ -][0-9]{3}[ -][0-9]{4}", 10, 0.7),
        ("spanish", r"[6789][0-9]{2}([ .\-])[0-9]{3}\1[0-9]{3}", 9, 0.7),
        ("spanish", r"[89][0-9]([ .\-])[0-9]{3}\1[0-9]{2}\1[0-9]{2}", 9, 0.75),
        ("spanish", r"[6789][0-9]{2}([ .\-])[0-9]{2}\1[0-9]{2}\1[0-9]{2}", 9, 0.75),
        ("spanish", r"(?:9[0-9]{2}|6[0-9]{2}|7[0-9]{2})[ \-.][0-9]{6}", 9, 0.5),
        ("spanish", r"9[13][ \-.][0-9]{7}", 9, 0.5),
        (
            "national",
            r"(?:[(]0[0-9]{1,5}[)]|0[0-9]{1,5})(?:[ ]?[ .\-/][ ]?[0-9]{2,8}){1,5}",
            8,
            0.6,
        ),
        ("national", r"0[1-9][0-9]{8,10}", 10, 0.6),
    )
)  # fmt: skip
_GROUPED: Final = re.compile(
    r"(?:[(][0-9]{1,5}[)][ ]?[0-9]{2,4}(?:[ \-][0-9]{2,4}){1,4}|[0-9]{2,4}(?:([ \-])[0-9]{2,4}(?:\1[0-9]{2,4}){1,3}))"
    + _SHUT
)
_MISREAD: Final = str.maketrans("OoQDlI|SsBZ", "00001115582")
_MISREAD_ONLY: Final = re.compile(r"[0-9OoQDlI|SsBZ ().\-/+]{8,24}")
_MANGLED: Final = re.compile(
    rf"0[ ]?[1-9](?:{_S}[0-9]{{2}}){{4}}(?![0-9A-Za-z])|[2-9][0-9]{{2}}[.\- ][0-9]{{3}}[.\- ][0-9]{{4}}(?![0-9A-Za-z])"
    r"|[(][0-9]{3}[)][ ]?[0-9]{3}[.\- ][0-9]{4}(?![0-9A-Za-z])|[6789][0-9]{2}[ .\-][0-9]{3}[ .\-][0-9]{3}(?![0-9A-Za-z])"
    r"|0[0-9]{2,4}[ /\-][0-9]{5,8}(?![0-9A-Za-z])|\+[0-9]{2}[ .\-/][0-9][0-9 .\-/()]{7,14}[0-9](?![0-9A-Za-z])|1[3-9][0-9]{9}(?![0-9A-Za-z])"
)
_WORDS: Final = (
    "zero|oh|one|two|three|four|five|six|seven|eight|nine|double|triple|null|eins|zwei|zwo|drei|vier|funf|sechs|sieben|acht|neun"
    "|un|deux|trois|quatre|cinq|sept|huit|neuf|cero|uno|dos|tres|cuatro|cinco|seis|siete|ocho|nueve"
)
_SPELT: Final = re.compile(rf"\b(?:{_WORDS})(?:[ ,\-]{{1,2}}(?:{_WORDS})){{6,19}}\b")
_FRENCH_TENS: Final = (
    r"(?:zero|un|deux|trois|quatre|cinq|six|sept|huit|neuf|dix|onze|douze|treize|quatorze|quinze|seize|vingt|trente|quarante"
    r"|cinquante|soixante|quatre[- ]vingts?)(?:[- ](?:et[- ])?(?:un|deux|trois|quatre|cinq|six|sept|huit|neuf|dix|onze|douze|treize"
    r"|quatorze|quinze|seize))?"
)
_SPELT_FRENCH: Final = re.compile(
    rf"\bzero[ -](?:un|deux|trois|quatre|cinq|six|sept|huit|neuf)(?:[ ,]{{1,2}}{_FRENCH_TENS}){{4}}\b"
)
_SPELT_CHINESE: Final = re.compile(r"[零〇一二三四五六七八九幺]{7,12}")
_SPELT_CUES: Final = (
    "five",
    "seven",
    "eight",
    "nine",
    "three",
    "four",
    "six",
    "zero",
    "null",
    "zwei",
    "cinco",
    "siete",
    "ocho",
    "tres",
)
_ONE_NUMBER: Final = 15
"""Digits of the longest number in the world: ITU-T E.164 6.1."""
_LONGEST_ROW: Final = 6
"""Joined numbers: a longer row is of a table."""
_FEW: Final = 2


class Phone(NamedTuple):
    """A telephone number: `text[start:end]`, by which form."""

    start: int
    end: int
    form: str
    score: float


def opening(text: str, start: int, limit: int) -> int:
    """Return where a number begins whose first digit is at `start`: at its "+" or "("."""
    while start > limit and text[start - 1] in "+(":
        start -= 1
    if start - 1 > limit and text[start - 1] == " " and text[start - 2] == "+":
        start -= 2
    return start


def with_extension(text: str, end: int) -> int:
    """Return the end of the number that ends at `end`, its extension included."""
    match = _EXTENSION.match(text, end)
    return match.end() if match else end


def shaped(text: str, unit: Unit, limit: int, row: int) -> Phone | None:
    """Return the telephone number that begins at `unit` by its form alone, or None.

    `limit` is where the text before the unit is already spoken for; `row` is how many numbers stand
    side by side here.
    """
    start = opening(text, unit.start, limit)
    if (
        unit.start
        and text[unit.start - 1] in ".,-/"
        and unit.start - 1 > limit
        and start == unit.start
    ):
        before = text[unit.start - 2]
        if before.isalnum():
            return None
    for name, form, least, score in _FORMS:
        match = form.match(text, start)
        if match is None:
            continue
        digits = sum(map(str.isdigit, match[0]))
        if least <= digits <= _ONE_NUMBER and (row <= _LONGEST_ROW or name == "international"):
            return Phone(start, with_extension(text, match.end()), name, score)
    if row <= _LONGEST_ROW - 1:
        match = _GROUPED.match(text, start)
        if match is not None and _may_be_grouped(match):
            return Phone(start, with_extension(text, match.end()), "grouped", 0.4)
    return None


def _may_be_grouped(match: re.Match[str]) -> bool:
    groups = re.findall(r"[0-9]+", match[0])
    if len(set(groups)) <= _FEW and match[0][0] != "(":
        return False  # "250-250-250" is a dose.
    return 8 <= sum(map(len, groups)) <= 12  # noqa: PLR2004 - shorter and longer rows are results


def mangled(text: str, unit: Unit, limit: int) -> Phone | None:
    """Return a number in which a scanner read letters for digits: "O1.42.15.93.30"."""
    start = opening(text, unit.start, limit)
    match = _MISREAD_ONLY.match(text, start)
    if match is None or not any(map(str.isalpha, match[0])):
        return None
    plain = match[0].translate(_MISREAD)
    found = _MANGLED.match(plain)
    if found is None or found[0] == match[0][: found.end()]:
        return None
    return Phone(start, start + found.end(), "mangled", 0.6)


def labelled(
    text: str, units: list[Unit], index: int, limit: int, least: int
) -> tuple[Phone, int] | None:
    """Return the number at unit `index`, whose label was seen, and the index after it."""
    start = opening(text, units[index].start, limit)
    digits, last = 0, index
    for at in range(index, min(len(units), index + 9)):
        unit = units[at]
        letters = unit.shape.replace("9", "").strip("-./_:,") if "x" not in unit.word else ""
        if (
            letters
            and at > index
            and not (_MISREAD_ONLY.fullmatch(unit.word) or _GLUED.fullmatch(unit.shape))
        ):
            break
        if at > index and (not unit.joined or digits + unit.digits > _ONE_NUMBER or _other(unit)):
            break
        digits += unit.digits
        last = at
        if letters and not _MISREAD_ONLY.fullmatch(unit.word):
            break
    if digits < least:
        return None
    return Phone(start, with_extension(text, units[last].end), "labelled", 0.9), last + 1


_GLUED: Final = re.compile(r"9{2,4}a{2,12}")
"""The last digits of a number, with no space before the next word."""
_DATE: Final = re.compile(r"9{1,2}([./-])9{1,2}\1(?:99|9999)|9999-99-99")


def _other(unit: Unit) -> bool:
    return _DATE.fullmatch(unit.shape) is not None


def spelt(folded: str) -> list[Phone]:
    """Return the numbers written out digit by digit: "five five five oh one four two"."""
    found = []
    if sum(cue in folded for cue in _SPELT_CUES) > 1:
        found += [Phone(*match.span(), "spelt", 0.6) for match in _SPELT.finditer(folded)]
    if "zero" in folded:
        found += [Phone(*match.span(), "spelt", 0.6) for match in _SPELT_FRENCH.finditer(folded)]
    if "零" in folded or "幺" in folded or "八" in folded:
        found += [Phone(*match.span(), "spelt", 0.6) for match in _SPELT_CHINESE.finditer(folded)]
    return found
