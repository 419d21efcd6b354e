"""A person's name as written, taken apart: title, given names, initials, family name.

Reads the forms that clinical texts use: "Mrs Thornton", "Thornton, Margaret", "THORNTON Margaret",
"M. Thornton", "M.T.", "Margaret Thornton-Hale MD", "Müllers", "王小明". Rule: a name's words are
folded (case, width, accents), so that two names can be compared, and are shown to nobody.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from gateway.domain import given_gender

_BLANKS: Final = " \t\n"
_BEFORE: Final = 32
"""Characters before a name in which its titles stand."""
_AFTER: Final = 4


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


class Gender(StrEnum):
    """What a title or a given name says; nothing is inferred from anything else."""

    FEMALE = "f"
    MALE = "m"


class Part(StrEnum):
    """What a word of a written name is."""

    GIVEN = "given"
    FAMILY = "family"
    GIVEN_INITIAL = "given_initial"
    FAMILY_INITIAL = "family_initial"
    PARTICLE = "particle"
    OTHER = "other"
    """A title, a degree or a suffix ("Jr") that the finding took in."""


_FEMALE: Final = (
    r"mrs|ms|miss|madam|madame|mme|mlle|mademoiselle|frau|fr|fräulein|señora|señorita|sra|srta|"
    r"doña|dña|dra|signora|mevrouw|mevr|mw|lady|dame|sister|mother|aunt|grandma|ärztin|patientin|mutter|"
    r"schwester"
)
_MALE: Final = (
    r"mr|mister|sir|herrn?|hr|monsieur|señor|sr|signor|meneer|dhr|lord|father|"
    r"uncle|grandpa|vater|bruder"
)
_DOCTOR: Final = (
    r"drs?|dra|doctor|doktor|docteur|doctora|dott|prof|professor|professeur|profesora?|pd|"
    r"priv\.-?doz|oberarzt|oberärztin|chefarzt|chefärztin|oa|surgeon|consultant"
)
_TITLE: Final = re.compile(
    rf"(?<![^\W_])(?:(?P<f>{_FEMALE})|(?P<m>{_MALE})|(?P<d>{_DOCTOR})|med|h\.?c)\.?[ \t\n]{{0,3}}",
    re.IGNORECASE,
)
_TITLES_BEFORE: Final = re.compile(
    rf"(?<![^\W_])(?:(?:{_FEMALE}|{_MALE}|{_DOCTOR}|med|h\.?c)\.?[ \t\n]{{1,3}}){{1,5}}\Z",
    re.IGNORECASE,
)
_TITLES_FIRST: Final = re.compile(
    rf"\W{{0,2}}(?:(?:{_FEMALE}|{_MALE}|{_DOCTOR}|med|h\.?c)"
    r"(?:\.[ \t\n]{0,3}|[ \t\n]{1,3})){1,5}(?=\w)",
    re.IGNORECASE,
)
_TITLES_ALONE: Final = re.compile(
    rf"\W{{0,2}}(?:(?:{_FEMALE}|{_MALE}|{_DOCTOR}|med|h\.?c)(?:[. \t\n]{{1,3}}|\Z)){{1,5}}\Z",
    re.IGNORECASE,
)
_TITLE_FIRST: Final = re.compile(
    rf"\W{{0,2}}(?:{_FEMALE}|{_MALE}|{_DOCTOR}|med|h\.?c)(?:[. \t\n]|\Z)", re.IGNORECASE
)
"""How both begin: most names do not, and are asked once."""
_DEGREES: Final = (
    r"M\.?D|D\.?O|R\.?N|N\.?P|P\.?A(?:-C)?|P[hH]\.?D|PharmD|DDS|DMD|FACS|FACP|FACC|MBBS|MBChB|"
    r"FRCP|FRCS|MRCP|Esq|MSc|BSc|MPH|DPhil"
)
_DEGREES_LAST: Final = re.compile(rf"(?:,?[ ](?:{_DEGREES})\.?){{1,4}}\W{{0,2}}\Z")
_POSSESSIVE: Final = re.compile(r"['\u2019](?:s|S)?\W?\Z")
_SUFFIXES: Final = frozenset({"jr", "sr", "ii", "iii", "iv"})
_PARTICLES: Final = _words(
    "van von der den de del della di da dos das do du la las los le el al bin ibn bint ben ter ten"
    " af av zu zum zur vom y"
)
_WORD: Final = re.compile(r"[^\W_]+(?:['\u2019\u02bc][^\W_]+)*")
_HAN: Final = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]+\Z")
_HAN_FEMALE: Final = re.compile(r"(?:女士|太太|夫人|小姐|阿姨|奶奶)")
_HAN_MALE: Final = re.compile(r"(?:先生|叔叔|爷爷)")
_HAN_DOCTOR: Final = re.compile(r"(?:医生|医师|大夫|主任|教授)")
_COMPOUND: Final = _words(
    "欧阳 司马 上官 诸葛 东方 皇甫 尉迟 公孙 慕容 令狐 司徒 长孙 宇文 夏侯 端木 南宫"
)
"""Chinese family names of two characters."""
_FAMILIES: Final = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢"
    "姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
)
"""Chinese family names of one character: the hundred that most people bear."""
_LONGEST_HAN: Final = 4
_UMLAUTS: Final = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa", "æ": "ae", "œ": "oe"}
)
_LETTERS: Final = str.maketrans({"ø": "o", "đ": "d", "ł": "l", "æ": "ae", "œ": "oe", "\u0131": "i"})


@dataclass(frozen=True, slots=True)
class Mention:
    """A finding of a person: what it covers, and the few characters around it (for titles)."""

    surface: str = field(repr=False)
    before: str = field(default="", repr=False)
    after: str = field(default="", repr=False)


def mention(text: str, start: int, end: int) -> Mention:
    """Return the person found at `text[start:end]` as a mention."""
    return Mention(text[start:end], text[max(0, start - _BEFORE) : start], text[end : end + _AFTER])


@dataclass(frozen=True, slots=True, repr=False)
class Name:
    """A name's words in natural order, given names first. One letter is an initial."""

    words: tuple[str, ...]
    spelt: tuple[str, ...]
    """The same words with German and Nordic letters spelt out: "mueller" for "muller"."""
    suffix: str = ""
    gender: Gender | None = None
    """By title, never by the given name."""
    doctor: bool = False


def fold(word: str) -> str:
    """Return `word` without case, width, accents, apostrophes."""
    if word.isascii():
        low = word.lower()
        return low if low.isalnum() else "".join(filter(str.isalnum, low))
    low = unicodedata.normalize("NFKC", word).casefold().translate(_LETTERS)
    parts = unicodedata.normalize("NFKD", low)
    return "".join(char for char in parts if char.isalnum())


def spelt_out(word: str) -> str:
    """Return `word` folded, with its umlauts as two letters."""
    return fold(unicodedata.normalize("NFKC", word).casefold().translate(_UMLAUTS))


def given_gender_of(word: str) -> Gender | None:
    """Return the gender of a folded given name, where it is of one."""
    if word in given_gender.FEMALE:
        return Gender.FEMALE
    return Gender.MALE if word in given_gender.MALE else None


def is_given(word: str) -> bool:
    """Say whether a folded word is a common given name."""
    return word in given_gender.FEMALE or word in given_gender.MALE


def bare(surface: str) -> tuple[int, int]:
    """Return where in `surface` the name is: without titles before it and degrees behind it.

    Nowhere, if there is nothing but titles.
    """
    start = 0
    if _TITLE_FIRST.match(surface):
        if _TITLES_ALONE.match(surface):
            return len(surface), len(surface)
        titles = _TITLES_FIRST.match(surface)
        start = titles.end() if titles else 0
    degrees = _DEGREES_LAST.search(surface, start)
    return start, degrees.start() if degrees and degrees.start() > start else len(surface)


def parse(said: Mention) -> Name:
    """Return what `said` says of a person. Linear, and never fails: a name may have no words."""
    surface = unicodedata.normalize("NFKC", said.surface)
    titles = _titles_before(said.before)
    if (first := _TITLES_FIRST.match(surface)) and first.end() < len(surface):
        titles += surface[: first.end()]
        surface = surface[first.end() :]
    degrees = _DEGREES_LAST.search(surface)
    if degrees and degrees.start() > 0:
        surface = surface[: degrees.start()]
    surface = _POSSESSIVE.sub("", surface)
    female, male, doctor = _said_by(titles, said.after)
    written = [word for word in _natural(surface) if word]
    suffix = fold(written[-1]) if written and fold(written[-1]) in _SUFFIXES else ""
    if suffix and len(written) > 1:
        written.pop()
    kept = [word for word in written if word not in _PARTICLES] or written
    return Name(
        words=tuple(folded for word in kept if (folded := fold(word))),
        spelt=tuple(folded for word in kept if (folded := spelt_out(word))),
        suffix=suffix,
        gender=None if female == male else (Gender.FEMALE if female else Gender.MALE),
        doctor=doctor or degrees is not None,
    )


def _titles_before(before: str) -> str:
    """Return the titles at the end of `before`."""
    # No title has a blank in it: where the last word ends in none, as most do, nothing does.
    last = len(before.rstrip(_BLANKS).rpartition(" ")[0])
    if _TITLES_BEFORE.search(before, last) is None:
        return ""
    found = _TITLES_BEFORE.search(before)
    return found[0] if found else ""


def _said_by(titles: str, after: str) -> tuple[bool, bool, bool]:
    female = male = doctor = False
    for title in _TITLE.finditer(titles):
        female |= title["f"] is not None or title[0].lower().startswith("dra")
        male |= title["m"] is not None
        doctor |= title["d"] is not None or title[0].lower().startswith("dra")
    female |= _HAN_FEMALE.match(after) is not None
    male |= _HAN_MALE.match(after) is not None
    doctor |= _HAN_DOCTOR.match(after) is not None
    return female, male, doctor


def _natural(surface: str) -> list[str]:
    """Return the words of a name with the family name last."""
    if _HAN.match(compact := surface.strip()):
        cut = _family_of(compact)
        return [compact[cut:], compact[:cut]]
    family, comma, given = surface.partition(",")
    words = _WORD.findall(surface)
    if comma and _WORD.search(given) and _WORD.search(family):
        behind = _WORD.findall(given)
        if fold(behind[0]) in _SUFFIXES:
            return words
        return [*behind, *_WORD.findall(family)]
    # "THORNTON Margaret": capitals mark the family name, also where it stands first.
    loud = 0
    while loud < len(words) and len(words[loud]) > 1 and words[loud].isupper():
        loud += 1
    if 0 < loud < len(words) and all(
        not word.isupper() and word not in _PARTICLES for word in words[loud:]
    ):
        return [*words[loud:], *words[:loud]]
    return words


def is_han(name: str) -> bool:
    """Say whether a name is written in Chinese characters, which no spaces part."""
    return _HAN.match(name) is not None


def _family_of(name: str) -> int:
    """Return how many characters of a Chinese name are the family's; none of a given name alone."""
    if len(name) > _LONGEST_HAN:
        return 0
    if name[:2] in _COMPOUND:
        return 2
    return int(name[0] in _FAMILIES or len(name) > 2)  # noqa: PLR2004 - 小明 is a given name


def parts(
    surface: str, given: frozenset[str], family: frozenset[str]
) -> list[tuple[int, int, Part]]:
    """Return `(start, end, part)` of each word of `surface`, so that others can take its form.

    `given` and `family` are the folded words of the person, as far as they are known.
    """
    if _HAN.match(surface):
        cut = _family_of(surface)
        whole = [(0, cut, Part.FAMILY), (cut, len(surface), Part.GIVEN)]
        return [each for each in whole if each[0] < each[1]]
    found: list[tuple[int, int, Part]] = []
    titles = _TITLES_FIRST.match(surface)
    begin = titles.end() if titles else 0
    found += [(*word.span(), Part.OTHER) for word in _WORD.finditer(surface, 0, begin)]
    comma = surface.find(",")
    words = list(_WORD.finditer(surface, begin))
    for index, word in enumerate(words):
        folded = fold(word[0])
        stem = folded.removesuffix("s")
        first = word.start() > comma if comma >= 0 else index < len(words) - 1
        if word[0] in _PARTICLES and len(words) > 1:
            part = Part.PARTICLE
        elif folded in _SUFFIXES and index > 0:
            part = Part.OTHER
        elif len(folded) == 1:
            part = Part.GIVEN_INITIAL if first or len(words) == 1 else Part.FAMILY_INITIAL
        elif {folded, stem} & family:
            part = Part.FAMILY
        elif {folded, stem} & given:
            part = Part.GIVEN
        elif len(words) == 1:
            part = Part.GIVEN if is_given(folded) else Part.FAMILY
        else:
            part = Part.GIVEN if first else Part.FAMILY
        found.append((word.start(), word.end(), part))
    return found
