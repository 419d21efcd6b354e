"""What a tagger has besides its encoder: labels, one linear layer, and how texts are cut."""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
import numpy as np

from engine.decoder import Array
from engine.errors import EngineFailed
from engine.tags import Scheme

Threshold = Annotated[float, msgspec.Meta(gt=0, lt=1)]


class Tagging(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """DURABLE FORMATS 1 and 2: `tagger.json` beside a model's weights and `head.npz`.

    `head.npz` holds `weight`, `[labels, hidden]`, and `bias`, `[labels]`, in float32.
    """

    format: Literal[1, 2]
    labels: tuple[str, ...]
    window: int
    """Tokens of a window, the two around it included."""
    overlap: int
    """Tokens that neighbouring windows share at least."""
    thresholds: dict[str, Threshold] = {}
    """Since format 2: from which probability on a type is preferred to `O`; 0.5 where none is
    named. Below that more is found, above it less."""


TAGGING: Final = "tagger.json"
HEAD: Final = "head.npz"
_ALONE: Final = 1 << 18
"""Multiplications up to which NumPy's BLAS computes a product in the thread that asks for it. It
shares a larger one with threads of its own, one on each core, and waits for them; where replicas
keep the cores busy that took 8 ms instead of 0.03, four times in a note of 1,500 characters
(OpenBLAS: `SMP_THRESHOLD_MIN * GEMM_MULTITHREAD_THRESHOLD`).
"""


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """From states to scores of labels."""

    scheme: Scheme
    weight: Array
    bias: Array
    tagging: Tagging
    shift: Array
    """`[labels]`: added to the scores of a type's labels, its threshold is where it equals `O`."""

    @classmethod
    def load(cls, directory: Path) -> Head:
        """Read it from a model's directory; `ValueError` unless all fits together."""
        tagging = msgspec.json.decode((directory / TAGGING).read_bytes(), type=Tagging)
        with np.load(directory / HEAD, allow_pickle=False) as arrays:
            weight, bias = arrays["weight"], arrays["bias"]
        labels = len(tagging.labels)
        if weight.ndim != 2 or weight.shape[0] != labels or bias.shape != (labels,):  # noqa: PLR2004
            raise ValueError("a tagger's head does not fit its labels")
        return cls.of(weight, bias, tagging)

    @classmethod
    def of(cls, weight: Array, bias: Array, tagging: Tagging) -> Head:
        """Return the head of these parts; `ValueError` for labels or thresholds of no type."""
        scheme = Scheme(tagging.labels)
        if not tagging.thresholds.keys() <= set(scheme.types):
            raise ValueError("a threshold is of no type that the labels name")
        odds = [
            0.0 if kind < 0 else log((1 - limit) / limit)
            for kind in scheme.type_of
            for limit in [tagging.thresholds.get(scheme.types[kind], 0.5)]
        ]
        return cls(scheme, weight, bias, tagging, np.array(odds, np.float32))

    def scores(self, states: Array) -> Array:
        """Return the scores of the labels, `[tokens, labels]`, without the two tokens around.

        `EngineFailed` where one is no number: the best of such labels would be `O`, and nothing
        would be found.
        """
        rows = states[1:-1]
        result: Array = np.empty((len(rows), len(self.bias)), np.float32)
        step = max(1, _ALONE // self.weight.size)
        whole = len(rows) - len(rows) % step
        # A stack of products is computed one by one, without a call for each.
        stacked = rows[:whole].reshape(-1, step, rows.shape[1])
        np.matmul(stacked, self.weight.T, out=result[:whole].reshape(-1, step, result.shape[1]))
        np.matmul(rows[whole:], self.weight.T, out=result[whole:])
        result += self.bias
        if not np.isfinite(result).all():
            raise EngineFailed
        return result
