"""JSON that means one thing: no key twice, no NaN, no depth that ends the process."""

from __future__ import annotations

import json
from typing import Final


def parse_object(data: bytes) -> dict[str, object]:
    """Return the object that `data` holds. Raises `ValueError`, which quotes nothing of it."""
    try:
        value = _DECODER.decode(data.decode("utf-8"))
    except (ValueError, RecursionError):
        raise ValueError("not one strict JSON object") from None
    if not isinstance(value, dict):
        raise ValueError("not one strict JSON object")  # noqa: TRY004 - one kind of error for all
    return value


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    # Who signs may take the first of two, who checks the last: then they speak of two tokens.
    held = dict(pairs)
    if len(held) != len(pairs):
        raise ValueError("a key stands twice")
    return held


def _no_constant(_word: str) -> object:
    raise ValueError("NaN and Infinity are not JSON")


_DECODER: Final = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_no_constant)
