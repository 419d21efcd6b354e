"""Gives labelled texts other names and numbers each time, so that none is learnt by heart."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Final

from faker import Faker

from training.examples import Example, Span

_LOCALES: Final = {
    "en": (
        "en_US en_GB en_IN en_NZ de_DE fr_FR es_ES it_IT pl_PL tr_TR vi_VN pt_BR nl_NL sv_SE en_NG "
        "zu_ZA cs_CZ hu_HU fi_FI ro_RO"
    ),
    "de": "de_DE de_AT de_CH tr_TR pl_PL it_IT hr_HR es_ES",
    "fr": "fr_FR fr_CA fr_BE fr_CH pt_PT it_IT en_US",
    "es": "es_ES es_MX es_CO es_AR es_CL pt_BR ro_RO",
    "zh": "zh_CN zh_TW",
}
_HOME: Final = 4
"""How many of a language's locales give it places."""
_KEPT: Final = frozenset(
    (
        "de",
        "del",
        "la",
        "von",
        "van",
        "der",
        "al",
        "el",
        "bin",
        "di",
        "du",
        "le",
        "und",
        "y",
        "zu",
        "zur",
    )
)
_SHORT: Final = 2
_HAN: Final = re.compile(r"([老小阿]?)([\u4e00-\u9fff]{1,4})")
_DATE: Final = re.compile(r"\d{1,2}([./-])\d{1,2}\1\d{2,4}")


def swapped(example: Example, draw: random.Random) -> Example:
    """Return `example` with most of what its spans cover replaced by others of the kind.

    A value that occurs twice is replaced twice by the same.
    """
    pieces: list[str] = []
    spans: list[Span] = []
    moved: list[tuple[int, int]] = []
    known: dict[tuple[str, str], str] = {}
    place = length = 0
    for span in example.spans:
        old = example.text[span.start : span.end]
        new = known.setdefault((span.kind, old), _other(span.kind, old, example.lang, draw))
        before = example.text[place : span.start]
        start = length + len(before)
        length = start + len(new)
        pieces += [before, new]
        spans.append(Span(start, length, span.kind))
        moved.append((span.end, length - span.end))
        place = span.end
    pieces.append(example.text[place:])

    def at(offset: int) -> int:
        return offset + next((by for end, by in reversed(moved) if end <= offset), 0)

    return replace(
        example,
        text="".join(pieces),
        spans=tuple(spans),
        unjudged=tuple((at(start), at(end)) for start, end in example.unjudged),
    )


def _other(kind: str, old: str, lang: str, draw: random.Random) -> str:
    match kind:
        case "PERSON":
            return _person(old, lang, draw)
        case "LOCATION" if old[:1].isalpha() and draw.random() < 0.5:
            return _cased(old, draw.choice(_pool(lang, "city")))
        case "STREET_ADDRESS" if _mixed(old) and draw.random() < 0.4:
            return draw.choice(_pool(lang, "street"))
        case "ID" | "CONTACT" if "@" not in old:
            return _number(old, draw)
        case "DATE_TIME" if _DATE.fullmatch(old) and draw.random() < 0.5:
            return re.sub(r"\d+", lambda part: _date_part(part[0], draw), old)
    return old


def _mixed(text: str) -> bool:
    return any(map(str.isdigit, text)) and any(map(str.isalpha, text))


def _date_part(old: str, draw: random.Random) -> str:
    if len(old) <= _SHORT:
        return str(draw.randint(1, 12)).zfill(len(old))
    return str(draw.randint(1930, 2060))


def _number(old: str, draw: random.Random) -> str:
    return "".join(
        str(draw.randint(0, 9))
        if char.isdigit() and char != "0"
        else draw.choice("ABCDEFGHJKLMNPRSTUVWXYZ")
        if char.isascii() and char.isupper()
        else char
        for char in old
    )


def _person(old: str, lang: str, draw: random.Random) -> str:
    if han := _HAN.fullmatch(old):
        return han[1] + _han(len(han[2]), draw)
    words = re.split(r"(\s+)", old)
    names = [index for index, word in enumerate(words) if word.strip()]
    for order, index in enumerate(names):
        word = words[index]
        if len(word) <= _SHORT or word.endswith(".") or word.lower() in _KEPT:
            continue
        given = order == 0 and (len(names) > 1 or draw.random() < 0.4)
        new = _cased(word, draw.choice(_pool(lang, "given" if given else "family")))
        words[index] = new + ("," if word.endswith(",") else "")
    return "".join(words)


def _han(length: int, draw: random.Random) -> str:
    """Return a Chinese name of as many characters: a family name where there is only one."""
    family, given = (draw.choice(_pool("zh", what)) for what in ("family", "given"))
    return (family + given + draw.choice(_pool("zh", "given")))[:length]


def _cased(old: str, new: str) -> str:
    if old.isupper() and len(old) > _SHORT:
        return new.upper()
    return new.lower() if old.islower() else new


@cache
def _pool(lang: str, what: str) -> tuple[str, ...]:
    draw = random.Random(5)
    makers = [Faker(locale) for locale in _LOCALES[lang].split()]
    for maker in makers:
        maker.seed_instance(7)
    made: dict[str, Callable[[], str]] = {
        "given": lambda: str(draw.choice(makers).first_name()),
        "family": lambda: str(draw.choice(makers).last_name()),
        "city": lambda: str(draw.choice(makers[:_HOME]).city()),
        "street": lambda: str(draw.choice(makers[:_HOME]).street_address()).replace("\n", ", "),
    }
    return tuple(made[what]() for _ in range(3000))
