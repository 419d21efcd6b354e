"""What the model was given to read: whether a value of its reply was in it, and so is no invention.

Asked at each step of a reply that holds an identifier, so the texts are made bare once.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from gateway.domain.text import RedactedText

_MARKS: Final = re.compile(r"[\W_]+")


class Prompted:
    """The texts of one prompt. It does not show them when it is printed."""

    __slots__ = ("_bare", "_texts")

    def __init__(self, texts: Sequence[RedactedText]) -> None:
        self._texts = texts
        self._bare: list[str] | None = None

    def __repr__(self) -> str:
        return f"<Prompted {len(self._texts)} texts>"

    def says(self, value: str) -> bool:
        """Say whether the model read `value`, whatever the marks and the case.

        Linear in the texts.
        """
        if any(value in text.for_engine() for text in self._texts):
            return True
        bare = _bare(value)
        if not bare:
            return False
        if self._bare is None:
            self._bare = [_bare(text.for_engine()) for text in self._texts]
        return any(bare in text for text in self._bare)


def _bare(text: str) -> str:
    return _MARKS.sub("", text).casefold()
