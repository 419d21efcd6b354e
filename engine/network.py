"""What the workers ask of a model that runs batches (`ct2.Replicas`), and nothing more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol


class Step(Protocol):
    """One new token of one row."""

    batch_id: int
    """Row of the batch, counted as the rows were given."""
    token_id: int
    is_last: bool
    """Whether the model itself ends the row here: an end token, or `max_length` reached."""


OnStep = Callable[[Step], bool]
"""Called for each row at each step; `True` ends that row and no other."""


class Network(Protocol):
    """Runs batches, one for each thread that calls it."""

    def generate(  # noqa: PLR0913 - the options of a batch, each meaningful alone
        self,
        prompts: list[list[str]],
        *,
        max_length: int,
        end_tokens: list[int],
        temperature: float,
        top_p: float,
        on_step: OnStep,
        beginning: Sequence[str] = (),
        keep: bool = False,
    ) -> None:
        """Call `on_step` for each new token of each row; `True` ends that row.

        Every row begins with `beginning`, which is not part of `prompts`; empty for none. With
        `keep` its state stays in memory for as long as the model does.
        """
        ...

    def close(self) -> None:
        """Free the memory. Nothing runs, and nothing will."""
        ...
