"""Long texts cut into overlapping windows, so that memory and the cost of one step are bounded."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

SIZE: Final = 10_000
"""Characters of one window."""
OVERLAP: Final = 500
"""Characters that two windows share: more than the longest finding, so one has it whole."""
_SLACK: Final = 200
_SPACE: Final = re.compile(r"\s")


def windows(text: str) -> Iterator[tuple[int, int]]:
    """Yield `(start, end)` of windows that cover `text`, cut at white space if there is some."""
    start = 0
    while len(text) - start > SIZE:
        end = start + SIZE
        yield start, end
        space = _SPACE.search(text, end - OVERLAP, end - OVERLAP + _SLACK)
        start = space.end() if space else end - OVERLAP
    if start < len(text):
        yield start, len(text)
