"""Word lists: one entry a line after a header that names the list's origin and licence."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final, TypeVar

HOME: Final = Path(__file__).parent
SPLITS: Final = ("train", "eval")
LONG: Final = 40
_EVAL_SHARE: Final = 5  # One entry in five is kept for evaluation.

Entry = TypeVar("Entry")


@cache
def words(name: str) -> tuple[str, ...]:
    """Return the entries of `<name>.txt`, e.g. `en/neg.drug`; lines after `#` are its header."""
    lines = (HOME / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return tuple(dict.fromkeys(line for line in lines if line.strip() and line[0] != "#"))


def share(entries: Sequence[Entry], split: str) -> tuple[Entry, ...]:
    """Return the split's own entries of a long list, chosen by hash; a short list serves both."""
    if split not in SPLITS:
        raise ValueError(f"a split is one of {SPLITS}")
    if len(entries) < LONG:
        return tuple(entries)
    evaluation = split == "eval"
    return tuple(
        entry
        for entry in entries
        if (zlib.crc32(str(entry).casefold().encode()) % _EVAL_SHARE == 0) is evaluation
    )
