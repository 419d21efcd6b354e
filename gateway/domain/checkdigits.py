"""What a kind of number with check digits is: how one is recognised, completed and made.

All values are bare: no separators, letters in capitals (`bare`). Rule: a value is valid exactly if
completing it changes nothing, so what is made here is what is recognised elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

Choose = Callable[[int], int]
"""Returns a number from 0 to one less than its argument: chance belongs to the caller."""

_NOT_ALNUM: Final = re.compile(r"[^0-9A-Za-z]")
_TRIES: Final = 1000
"""The strictest kind refuses 96 bodies of 100: a thousand in a row are a broken `choose`."""


def bare(value: str) -> str:
    """Return `value` without separators, in capitals."""
    return _NOT_ALNUM.sub("", value).upper()


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of number with check digits."""

    name: str
    shape: re.Pattern[str]
    """What every value of the kind looks like, right or wrong."""
    parts: tuple[Sequence[str], ...] = ()
    """What a value can be made of, part by part; where check digits go, any character stands."""
    checked: Callable[[str], str | None] = lambda value: value
    """Returns a value of the right shape with its check digits set; None if no such is issued."""

    def valid(self, value: str) -> bool:
        """Say whether `value` has the shape and the check digits of its kind."""
        return self.shape.fullmatch(value) is not None and self.checked(value) == value

    def complete(self, value: str) -> str | None:
        """Return `value` with its check digits made right, wherever in it they stand.

        None if its shape is another, or if its kind issues no such number. A surrogate is a real
        value's form with other digits, completed.
        """
        return self.checked(value) if self.shape.fullmatch(value) else None

    def make(self, choose: Choose) -> str:
        """Return a valid value, as `choose` leads."""
        for _ in range(_TRIES):
            value = "".join(part[choose(len(part))] for part in self.parts)
            if (completed := self.complete(value)) is not None:
                return completed
        raise ValueError("this choice never comes to a number that can be issued")
