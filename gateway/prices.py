"""Settings of what use costs: the site's own prices, as decimal numbers, never as floats."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Final

import msgspec

_CURRENCY: Final = re.compile(r"[A-Z]{3}\Z")
_Amount = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,9}(?:\.[0-9]{1,9})?$")]
OTHERS: Final = "*"


class Price(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a model costs. Amounts are written in quotes: `"0.15"`."""

    prompt: _Amount = "0"
    """Of 1,000 tokens that were read."""
    completion: _Amount = "0"
    """Of 1,000 tokens that were written."""
    audio_minute: _Amount = "0"
    """Of a minute of sound that was heard."""

    def of(self, prompt_tokens: int, completion_tokens: int, audio_ms: int) -> Decimal:
        """Return the exact cost."""
        return (
            Decimal(self.prompt) * prompt_tokens / 1000
            + Decimal(self.completion) * completion_tokens / 1000
            + Decimal(self.audio_minute) * audio_ms / 60_000
        )


class UsageSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the report of use says of money."""

    currency: str = "EUR"
    """ISO 4217, for the heading alone."""
    prices: dict[str, Price] = {}
    """By the model's name; `"*"` is every other. Without a price nothing is said of cost."""

    def __post_init__(self) -> None:
        """Raise `ValueError`, with what to write instead."""
        if not _CURRENCY.match(self.currency):
            raise ValueError("a currency is three capital letters: EUR")

    def price(self, model: str) -> Price | None:
        """Return what `model` costs, where the site says so."""
        return self.prices.get(model, self.prices.get(OTHERS))
