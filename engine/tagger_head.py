"""What a tagger has besides its encoder: labels, one linear layer, and how texts are cut."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from engine.decoder import Array
from engine.tags import Scheme


class Tagging(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """DURABLE FORMAT 1: `tagger.json` beside a model's weights and `head.npz`.

    `head.npz` holds `weight`, `[labels, hidden]`, and `bias`, `[labels]`, in float32.
    """

    format: int
    labels: tuple[str, ...]
    window: int
    """Tokens of a window, the two around it included."""
    overlap: int
    """Tokens that neighbouring windows share at least."""


TAGGING: Final = "tagger.json"
HEAD: Final = "head.npz"


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """From states to scores of labels."""

    scheme: Scheme
    weight: Array
    bias: Array
    tagging: Tagging

    @classmethod
    def load(cls, directory: Path) -> Head:
        """Read it from a model's directory; `ValueError` unless all fits together."""
        tagging = msgspec.json.decode((directory / TAGGING).read_bytes(), type=Tagging)
        with np.load(directory / HEAD, allow_pickle=False) as arrays:
            weight, bias = arrays["weight"], arrays["bias"]
        labels = len(tagging.labels)
        if tagging.format != 1 or weight.shape[0] != labels or bias.shape != (labels,):
            raise ValueError("a tagger's head does not fit its labels")
        return cls(Scheme(tagging.labels), weight, bias, tagging)

    def scores(self, states: Array) -> Array:
        """Return the scores of the labels, `[tokens, labels]`, without the two tokens around."""
        result: Array = states[1:-1] @ self.weight.T + self.bias
        return result
