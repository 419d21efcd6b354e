r"""Pseudonyms as models write them: inflected, in another case, with other marks between the parts.

"PERSON_412's", "person_412", "Person 412", "PERSON-412", "PERSON\\_412", "PERSON_**412**" and
full-width letters are one pseudonym. Read from the digits backwards, because three digits are rare
in a text and words are not. A number that goes on ("PHONE 555-0142") is no pseudonym.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from gateway.domain.entities import KNOWN, tag

_MARKS: Final = "\\*`_~ \u00a0-"
_MARK: Final = r"[\\*`_~ \u00a0\-]"
_MOST_MARKS: Final = 6
_LONGEST: Final = 64
"""Characters of a pseudonym with everything that may stand in it; tags have 40 at most."""
_NUMBER: Final = re.compile(r"(?<![0-9])[0-9]{3}(?P<tail>[A-Za-z]{0,3})(?![A-Za-z0-9])")
_GOES_ON: Final = re.compile(r"[.,:/\-][0-9]|_[A-Za-z0-9]")
_WORD_GOES_ON: Final = re.compile(r"_[A-Za-z0-9]")
_EMPHASIS: Final = re.compile(r"\*{1,3}|~~|`")
_ENDINGS: Final = frozenset({"s", "es", "e", "n", "en", "er", "ns"})
"""What German and English put behind a name without an apostrophe."""
ALIKE: Final = str.maketrans(
    dict(zip(range(0xFF01, 0xFF5F), range(0x21, 0x7F), strict=True))
    | dict.fromkeys((0x2010, 0x2011, 0x2012, 0x2013), "-")
)
"""Full-width forms and hyphens; never changes the length of a text."""
KNOWN_TAGS: Final = frozenset(tag(known) for known in KNOWN)


@dataclass(frozen=True, slots=True)
class Written:
    """`text[start:end]` may be a pseudonym; `emphasis` stood in it, `tail` behind it."""

    start: int
    end: int
    stem: str
    """`TAG_nnn`, as pseudonyms are issued."""
    tail: str
    """Letters behind the digits, in small letters."""
    written_tail: str
    emphasis: str

    def names(self) -> Iterator[tuple[str, str]]:
        """Yield what it can be, the likeliest first: a name that was issued, and an ending."""
        if len(self.tail) <= 1:
            yield self.stem + self.tail, ""
        for cut in (0, 1):
            letter, ending = self.tail[:cut], self.tail[cut:]
            if ending in _ENDINGS:
                yield self.stem + letter, self.written_tail[cut:]


def find(text: str, tags: Collection[str]) -> Iterator[Written]:
    """Yield what may be a pseudonym with one of `tags`; `text` is translated by `ALIKE`."""
    for number in _NUMBER.finditer(text):
        end = number.start()
        while end > max(0, number.start() - _MOST_MARKS) and text[end - 1] in _MARKS:
            end -= 1
        # With the underscore it is a pseudonym, whatever follows; without, it may be any number.
        sure = "_" in text[end : number.start()]
        match = None
        if (_WORD_GOES_ON if sure else _GOES_ON).match(text, number.end()):
            continue
        if end > 0 and text[end - 1].isalpha():
            match = _before(tags).search(text, max(0, end - _LONGEST), end)
        if match is None or not match.lastgroup:
            continue
        yield _whole(text, match.start(), number, match.lastgroup, text[end : number.start()])


def _whole(text: str, start: int, number: re.Match[str], group: str, marks: str) -> Written:
    end = number.end()
    emphasis = ""
    if runs := _EMPHASIS.findall(marks):
        # One of a pair stands inside: the other one is right behind, or right before.
        emphasis = runs[0] if len(runs) == 1 else ""
        if emphasis and text.startswith(emphasis, end):
            end += len(emphasis)
        elif emphasis and text.endswith(emphasis, 0, start):
            start -= len(emphasis)
        else:
            emphasis = ""
    if text[start - 1 : start] == "[" and text[end : end + 1] == "]":
        start, end = start - 1, end + 1
    tail = number["tail"]
    return Written(start, end, f"{group}_{number[0][:3]}", tail.lower(), tail, emphasis)


def taken(texts: Iterable[str]) -> frozenset[str]:
    """Return the pseudonyms that could be meant by what `texts` say: they are not to be issued."""
    return frozenset(
        written.stem for text in texts for written in find(text.translate(ALIKE), KNOWN_TAGS)
    )


def pending(text: str, tags: Collection[str]) -> int:
    """Return from where on the end of `text` may still become a pseudonym; its length if not."""
    match = _unfinished(tags).search(text, max(0, len(text) - _LONGEST))
    return len(text) if match is None else match.start()


def _before(tags: Collection[str]) -> re.Pattern[str]:
    return _compiled(frozenset(tags))[0]


def _unfinished(tags: Collection[str]) -> re.Pattern[str]:
    return _compiled(frozenset(tags))[1]


@lru_cache(maxsize=64)
def _compiled(tags: frozenset[str]) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return the patterns of a tag that ends a text, and of a pseudonym that may go on."""
    between = rf"{_MARK}{{1,4}}"
    longest_first = sorted(tags, key=lambda each: (-len(each), each))
    ends = "|".join(f"(?P<{each}>{between.join(each.split('_'))})" for each in longest_first)
    begun = "|".join(_begun(each.split("_"), between) for each in longest_first)
    left = r"(?<![A-Za-z0-9])(?<![A-Za-z0-9]_)"
    return (
        re.compile(rf"{left}(?:{ends})\Z", re.IGNORECASE),
        re.compile(
            rf"\[?[*~`]{{0,3}}{left}(?:{begun})(?:{_MARK}{{0,{_MOST_MARKS}}}(?:[0-9]{{1,3}}[A-Za-z]{{0,3}}[*~`]{{0,3}})?)?\Z",
            re.IGNORECASE,
        ),
    )


def _begun(parts: list[str], between: str) -> str:
    """Return a pattern for the first part and as many letters of the others as there are."""
    rest = ""
    for part in reversed(parts[1:]):
        for letter in reversed(part):
            rest = f"(?:{letter}{rest})?"
        rest = f"(?:{between}{rest})?"
    return parts[0] + rest
