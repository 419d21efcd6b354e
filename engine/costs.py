"""What a batch costs: a model of CTranslate2's decoder, fitted to this machine. Pure.

CTranslate2 forwards at once as many prompt tokens of each row as the shortest prompt of the batch
has. From there every step gives one token to each row that is left: the rest of its prompt first,
then its reply. A step reads all weights once, and copies the keys and values of each row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

_LEAST: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a batch: tokens that it begins with, and tokens that it is expected to add."""

    prompt: int
    reply: int


@dataclass(frozen=True, slots=True)
class Costs:
    """Seconds. The defaults are of a model of 135M parameters on one core of a server of 2023."""

    start: float = 0.004
    """Of a batch, whatever is in it."""
    prefill: float = 0.0007
    """Of one prompt token of one row, forwarded together with others."""
    step: float = 0.008
    """Of one step, however many rows it has: the weights are read once."""
    row: float = 0.0011
    """Of one row in one step."""
    position: float = 0.000_006
    """Of one earlier position of one row in one step: its keys and values are copied and read."""

    def seconds(self, rows: Sequence[Row], shared: int = 0) -> float:
        """Return what a batch of `rows` takes, from its start to its last token; 0 for none.

        The first `shared` tokens of every prompt are the same, and forwarded for all rows at once.
        """
        if not rows:
            return 0.0
        shortest = min(row.prompt for row in rows)
        steps = [row.prompt - shortest + row.reply for row in rows]
        return self.prefill * shared + self.summed(
            len(rows),
            shortest - shared,
            shared,
            max(steps),
            sum(steps),
            sum(count * count for count in steps),
        )

    def summed(  # noqa: PLR0913, PLR0917 - six sums, so that a batch that grows is priced at once
        self, rows: int, shortest: int, shared: int, longest: int, total: int, squares: int
    ) -> float:
        """Return the same without the shared part, from sums over the steps past the shortest.

        `shortest` is the shortest prompt without its shared part. A batch that grows row by row is
        priced in constant time by this.
        """
        return (
            self.start
            + self.prefill * rows * shortest
            + self.step * longest
            + self.row * total
            + self.position * ((shared + shortest) * total + squares / 2)
        )

    def remaining(self, rows: Sequence[Row]) -> float:
        """Return what a batch that runs still takes: `prompt` is what each row holds by now."""
        if not rows:
            return 0.0
        longest = max(row.reply for row in rows)
        total = sum(row.reply for row in rows)
        held = sum(row.prompt * row.reply + row.reply * row.reply / 2 for row in rows)
        return self.step * longest + self.row * total + self.position * held


@dataclass(frozen=True, slots=True)
class Trial:
    """One measured batch of equal rows: seconds to its first token, and of a step after it."""

    rows: int
    prompt: int
    first: float
    step: float


def fit(single: Trial, several: Trial, long: Trial) -> Costs:
    """Return the costs that explain three trials; whatever noise they hold, none is below zero.

    `single` has one row and `several` more, both with a short prompt; `long` has a long one.
    """
    row = (several.step - single.step) / (several.rows - single.rows)
    row = min(max(_LEAST, row), single.step)
    step = max(_LEAST, single.step - row)
    held = long.step - step - row * long.rows
    position = max(_LEAST, held / (long.rows * long.prompt))
    prefill = max(_LEAST, long.first / (long.rows * long.prompt))
    start = max(0.0, single.first - prefill * single.prompt)
    return Costs(start, prefill, step, row, position)
