"""Telephone and fax numbers in the five languages' countries and elsewhere (§ 164.514(b)(2)(i)(D)-(E)).

Rule: with a label any five digits are a number; without one the grouping must be one that people
write telephone numbers in, and must not be a range, a dose or a row of a table.
"""

# ruff: noqa: E501 - a pattern cut to a hundred columns is read worse than a long one

from __future__ import annotations

import re
from typing import Final, NamedTuple

from gateway.detection import shapes
from gateway.detection.reading import MEASURE, Reading
from gateway.detection.units import Unit, ahead
from gateway.domain.entities import FAX_NUMBER, PHONE_NUMBER, EntityType
from gateway.domain.findings import Finding

_S: Final = r"[ .\-/]?"
_EXTENSION: Final = re.compile(
    r"[ ,;]{0,2}(?:[(]?(?:x|ext\.?|extn\.?|extension|app\.?|apparat|dw|durchwahl|nst\.?|klappe|kl\.|poste|p\.|anexo|int\.?|interno"
    r"|#|转|分机)[ .:\-]{0,2}[0-9]{1,6}[)]?|-DW\b|o\.[ ]?[0-9]{2,6}(?![0-9.]))|-[0-9]{1,5}(?![0-9./\-])",
    re.IGNORECASE,
)
_ABROAD: Final = r"[ ]?[1-9][0-9]{0,3}+(?:[ .\-/]{0,2}(?:[(][0-9]{1,5}[)]|[0-9]{1,12}+)){1,7}"
"""A country and its numbers. Possessive: digits without anything between are grouped in one way."""
_SHUT: Final = r"(?![0-9A-WYZa-wyz]|[.,/\-][0-9])"
_FORMS: Final = tuple(
    (name, re.compile(pattern + _SHUT), least, score)
    for name, pattern, least, score in (
        (
            "international",
            rf"\+{_ABROAD}",
            8,
            0.75,
        ),
        # Behind the noughts eight as well: "00607463" is the number of a medicine.
        ("international", rf"00{_ABROAD}", 10, 0.75),
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
            # Digit by digit, in groups: "6 3 4 - 5 5 0 - 1 7 2".
            "spaced",
            r"[0-9](?:[ ][0-9]){1,3}(?:(?:[ ]?[\-/][ ]?|[ ][.][ ])[0-9](?:[ ][0-9]){1,3}){1,4}",
            9,
            0.6,
        ),
        (
            "national",
            r"(?:[(]0[1-9][0-9]{0,4}[)](?:[0-9]{2,8})?|0[1-9][0-9]{0,4})(?:[ ]?[ .\-/][ ]?[0-9]{2,8}){0,5}",
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
_SPELT: Final = re.compile(
    rf"(?<![0-9A-Za-z])(?:{_WORDS})(?:[ ,\-]{{1,2}}(?:{_WORDS})){{6,19}}(?![0-9A-Za-z])"
)
_FRENCH_TENS: Final = (
    r"(?:quatre[- ]vingts?|zero|un|deux|trois|quatre|cinq|six|sept|huit|neuf|dix|onze|douze|treize|quatorze|quinze|seize|vingt"
    r"|trente|quarante|cinquante|soixante)(?:[- ](?:et[- ])?(?:dix[- ](?:sept|huit|neuf)|un|deux|trois|quatre|cinq|six|sept|huit|neuf|dix|onze|douze|treize"
    r"|quatorze|quinze|seize))?"
)
_SPELT_FRENCH: Final = re.compile(
    rf"(?<![0-9A-Za-z])zero[ -](?:un|deux|trois|quatre|cinq|six|sept|huit|neuf)(?:[ ,]{{1,2}}{_FRENCH_TENS}){{4}}\b"
)
_CHINESE_DIGITS: Final = frozenset("零〇幺一二三五七八九")
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
    "eins",
    "drei",
    "vier",
    "sieben",
    "neun",
    "uno",
    "seis",
    "nueve",
    "cero",
    "one",
    "two",
    "oh ",
    "oh-",
)
_ONE_NUMBER: Final = 15
"""Digits of the longest number in the world: ITU-T E.164 6.1."""
_LONG_ROWS: Final = frozenset(["international", "spaced"])
_LONGEST_ROW: Final = 6
"""Joined numbers: a longer row is of a table."""
_FEW: Final = 2
LEAST: Final = 5
"""Digits of a number after its label: an extension of a house."""
LEAST_EXTENSION: Final = 3
_LEAST_AGAIN: Final = 4
_LEAST_GROUPED: Final = 8
_AND: Final = re.compile(r"[ ]?(?:/|,|;|y|o|u|e|und|oder|or|and|et|ou|bzw\.?)[ ]?")
_LOCAL: Final = re.compile(r"[2-9][0-9]{2}-[0-9]{4}(?![0-9A-Za-z/\-]|[.,][0-9])")
_NEARBY: Final = re.compile(
    r"(?<![a-z])(?:tele|phone|call|cell(?:ular|phone)?(?![a-z])|tel(?![a-z])|mobil|pager|contact|fax|reach|dial|text|number|ruf|movil)|手机|电话"
)
_MAY_BE_MISREAD: Final = re.compile(
    r"[0-9][.\- ]?[OoIlSB][0-9OoIlSB.\- ]|(?<![A-Za-z])[OoIlSB][0-9]|[0-9][OoIlSB](?![A-Za-z])"
)


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
    for start in _openings(text, unit.start, limit):
        found = _formed(text, start, row)
        if found is not None:
            return found
    return None


def _openings(text: str, start: int, limit: int) -> list[int]:
    """Return where the number may begin: a bracket may be its own, or be around it."""
    first = opening(text, start, limit)
    if (
        first == start
        and start - 1 > limit
        and text[start - 1] in ".,-/"
        and text[start - 2].isalnum()
    ):
        return []
    places = [first]
    while first < start and text[first] in "( ":
        first += 1
        places.append(first)
    return places


def _formed(text: str, start: int, row: int) -> Phone | None:
    for name, form, least, score in _FORMS:
        match = form.match(text, start)
        if match is None:
            continue
        digits = sum(map(str.isdigit, match[0]))
        if _HOURS.fullmatch(match[0]):
            continue
        if least <= digits <= _ONE_NUMBER and (row <= _LONGEST_ROW or name in _LONG_ROWS):
            return Phone(start, with_extension(text, match.end()), name, score)
    if row <= _LONGEST_ROW - 1:
        match = _GROUPED.match(text, start)
        if match is not None and _may_be_grouped(match):
            return Phone(start, with_extension(text, match.end()), "grouped", 0.4)
    return None


_HOURS: Final = re.compile(
    r"(?:[01][0-9]|2[0-4])[0-5][0-9][ ]?[-\u2013][ ]?(?:[01][0-9]|2[0-4])[0-5][0-9](?![0-9])"
)
"""From when to when: "0800-2200"."""


def _may_be_grouped(match: re.Match[str]) -> bool:
    groups = re.findall(r"[0-9]+", match[0])
    if len(set(groups)) <= _FEW and match[0][0] != "(":
        return False  # "250-250-250" is a dose.
    return 8 <= sum(map(len, groups)) <= 12  # noqa: PLR2004 - shorter and longer rows are results


def mangled(text: str, unit: Unit, limit: int) -> Phone | None:
    """Return a number in which a scanner read letters for digits: "O1.42.15.93.30"."""
    for start in _openings(text, unit.start, limit):
        match = _MISREAD_ONLY.match(text, start)
        if match is None or not any(map(str.isalpha, match[0])):
            continue
        found = _MANGLED.match(match[0].translate(_MISREAD))
        if found is not None and found[0] != match[0][: found.end()]:
            return Phone(start, start + found.end(), "mangled", 0.6)
    return None


def finding(phone: Phone, name: str, entity: EntityType = PHONE_NUMBER) -> Finding:
    """Return a telephone number as a finding."""
    return Finding(phone.start, phone.end, entity, phone.score, name)


def misread(reading: Reading, index: int) -> Finding | None:
    """Return the number at unit `index` if letters were read for some of its digits."""
    unit, text = reading.units[index], reading.text
    if _MAY_BE_MISREAD.search(text, max(0, unit.start - 1), unit.end + 12) is None:
        return None
    phone = mangled(text, unit, reading.done)
    if phone is None or shapes.every(text, unit) or MEASURE.match(reading.folded, phone.end):
        return None
    return finding(phone, "contact.phone_mangled")


def called(reading: Reading, index: int, entity: EntityType, least: int = LEAST) -> Finding | None:
    """Return the telephone or fax number at unit `index`, whose label was seen."""
    phone = _labelled(reading, index, least)
    name = "contact.fax" if entity == FAX_NUMBER else "contact.phone_labelled"
    return None if phone is None else finding(phone, name, entity)


def unlabelled(reading: Reading, index: int) -> Finding | None:
    """Return the telephone number at unit `index` by its grouping, or as one more after another."""
    unit, text, last = reading.units[index], reading.text, reading.last
    if (
        last is not None
        and last.entity in {PHONE_NUMBER, FAX_NUMBER}
        and unit.digits >= _LEAST_AGAIN
        and _AND.fullmatch(reading.folded, last.end, unit.start)
    ):
        again = called(reading, index, last.entity)
        if again is not None:
            return again
    if unit.shape[0] == "9" and ahead(reading.units, index) >= _LEAST_GROUPED:
        phone = shaped(text, unit, reading.done, reading.rows[index])
        if (
            phone is not None
            and not MEASURE.match(reading.folded, phone.end)
            and shapes.private(reading.folded, phone.start, phone.end)
        ):
            return finding(phone, f"contact.phone_{phone.form}")
    local = _LOCAL.match(text, unit.start)
    if local and _NEARBY.search(reading.folded, max(0, unit.start - 60), unit.start):
        end = with_extension(text, local.end())
        return finding(Phone(unit.start, end, "local", 0.4), "contact.phone_local")
    return None


def _labelled(reading: Reading, index: int, least: int) -> Phone | None:
    units = reading.units
    start = opening(reading.text, units[index].start, reading.done)
    digits, last = 0, index
    for at in range(index, min(len(units), index + 9)):
        unit = units[at]
        letters = any(char in unit.shape for char in "Aa") and "x" not in unit.word
        misread = letters and _MISREAD_ONLY.fullmatch(unit.word) is not None
        if at > index and (
            not unit.joined
            or digits + unit.digits > _ONE_NUMBER
            or _DATE.fullmatch(unit.shape)
            or (letters and not misread and not _GLUED.fullmatch(unit.shape))
        ):
            break
        digits += unit.digits
        last = at
        if letters and not misread:
            break
    if digits < least:
        return None
    return Phone(start, with_extension(reading.text, units[last].end), "labelled", 0.9)


_GLUED: Final = re.compile(r"9{2,4}a{2,12}")
"""The last digits of a number, with no space before the next word."""
_DATE: Final = re.compile(r"9{1,2}([./-])9{1,2}\1(?:99|9999)|9999-99-99")


def spelt(folded: str) -> list[Phone]:
    """Return the numbers written out digit by digit: "five five five oh one four two"."""
    found = []
    if sum(map(folded.__contains__, _SPELT_CUES)) > 1:
        found += [Phone(*match.span(), "spelt", 0.6) for match in _SPELT.finditer(folded)]
    if "zero" in folded:
        found += [Phone(*match.span(), "spelt", 0.6) for match in _SPELT_FRENCH.finditer(folded)]
    if not folded.isascii() and not _CHINESE_DIGITS.isdisjoint(folded):
        found += [Phone(*match.span(), "spelt", 0.6) for match in _SPELT_CHINESE.finditer(folded)]
    return found
