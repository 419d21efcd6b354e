"""Choices that look like chance and are none: keyed, so that the same value chooses alike again."""

from __future__ import annotations

import hmac
from typing import Final

_BLOCK: Final = 32


class Keyed:
    """Choices under the key of one conversation."""

    __slots__ = ("_key",)

    def __init__(self, key: bytes) -> None:
        self._key = key

    def __repr__(self) -> str:
        return "<Keyed>"

    def number(self, purpose: str, value: str) -> int:
        """Return 64 bits for `value`; another purpose gives others."""
        whole = f"{purpose}\0{value}".encode("utf-8", "surrogatepass")
        return int.from_bytes(hmac.digest(self._key, whole, "sha256")[:8], "big")

    def dice(self, purpose: str, value: str) -> Dice:
        """Return dice for as many choices as it takes."""
        whole = f"{purpose}\0{value}".encode("utf-8", "surrogatepass")
        return Dice(hmac.digest(self._key, whole, "sha256"))


class Dice:
    """A row of choices out of one seed."""

    __slots__ = ("_block", "_left", "_seed")

    def __init__(self, seed: bytes) -> None:
        self._seed = seed
        self._left = 0
        self._block = 0

    def __call__(self, sides: int) -> int:
        """Return a number from 0 to `sides` - 1; the bias is below one in 2^40 for small ones."""
        if self._left < 1 << 40:
            self._block += 1
            block = hmac.digest(self._seed, self._block.to_bytes(8, "big"), "sha256")
            self._left = int.from_bytes(block, "big")
        self._left, chosen = divmod(self._left, sides)
        return chosen
