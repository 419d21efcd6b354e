r"""Regular expressions of a client: untrusted, so they run in RE2, in time linear in the text.

Python's `re` takes exponential time on some expressions, and a client could stop detection for
everybody. RE2 has neither look-around nor back-references: an expression with one is refused. In
RE2 `\w`, `\d` and `\b` mean ASCII.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

import re2

from gateway.presidio.errors import invalid, unsupported

MAX_LENGTH: Final = 1000
"""Characters of one expression."""
_MEMORY: Final = 2 * 1024 * 1024
"""Bytes that RE2 may take for one expression."""
_LETTERS: Final = {re.IGNORECASE: "i", re.MULTILINE: "m", re.DOTALL: "s"}
_IDLE: Final = re.UNICODE | re.ASCII
"""Flags that change nothing here."""
DEFAULT_FLAGS: Final = int(re.DOTALL | re.MULTILINE | re.IGNORECASE)


class Expression:
    """A compiled expression; its text does not show itself when printed."""

    __slots__ = ("_compiled",)

    def __init__(self, compiled: Any) -> None:  # noqa: ANN401 - re2 has no types
        self._compiled = compiled

    @property
    def cost(self) -> int:
        """Steps for each character at worst: how long its program is."""
        steps: int = self._compiled.programsize
        return steps

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield where the expression matches, without empty matches."""
        for match in self._compiled.finditer(text):
            start, end = match.span()
            if start < end:
                yield start, end

    def matches_in(self, text: str) -> bool:
        """Say whether it matches anywhere in `text`."""
        return self._compiled.search(text) is not None


def expression(pattern: str, flags: int, param: str) -> Expression:
    """Return `pattern` compiled with `flags` of Python's `re`. Raises `ExchangeError`."""
    if len(pattern) > MAX_LENGTH:
        raise invalid(f"{param} is longer than {MAX_LENGTH} characters.", param)
    known = _IDLE
    for flag in _LETTERS:
        known |= flag
    if flags & ~int(known):
        raise unsupported(
            f"{param} has flags besides IGNORECASE, MULTILINE and DOTALL. Leave them out.", param
        )
    letters = "".join(letter for flag, letter in _LETTERS.items() if flags & flag)
    return _compiled(f"(?{letters}){pattern}" if letters else pattern, param)


class Words:
    """Words of a list, in any case, none of them inside of a longer word."""

    __slots__ = ("_any", "_shorter")

    def __init__(self, listed: tuple[str, ...], param: str) -> None:
        longest_first = sorted({_folded(word) for word in listed}, key=len, reverse=True)
        either = "|".join(re2.escape(word) for word in longest_first)
        self._any = _compiled(f"(?i){either}", param)
        self._shorter = {
            word: [other for other in longest_first if word.startswith(other)]
            for word in longest_first
        }

    @property
    def cost(self) -> int:
        """Steps for each character at worst."""
        return self._any.cost

    def spans(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield where one stands. Where several begin alike, the longest that is a whole word."""
        for start, end in self._any.spans(text):
            if start and _inside(text[start - 1]):
                continue
            # Where RE2 takes a letter for another and `_folded` does not, the match stays whole.
            whole = text[start:end]
            for word in self._shorter.get(_folded(whole), (whole,)):
                after = start + len(word)
                if after == len(text) or not _inside(text[after]):
                    yield start, after
                    break


def _folded(text: str) -> str:
    """Return `text` in one case, each character for itself: "İ" in small letters would be two."""
    return "".join(map(_folded_character, text))


def _folded_character(char: str) -> str:
    return next((each for each in (char.casefold(), char.lower()) if len(each) == 1), char)


def _inside(char: str) -> bool:
    return char.isalnum() or char == "_"


def _compiled(pattern: str, param: str) -> Expression:
    options = re2.Options()
    options.log_errors = False  # Its message quotes the expression, and goes to standard error.
    options.max_mem = _MEMORY
    try:
        return Expression(re2.compile(pattern, options))
    except (re2.error, UnicodeEncodeError):
        raise unsupported(
            f"{param} is no regular expression that can be run in linear time: look-around, "
            "back-references and large repetitions are not taken.",
            param,
        ) from None
