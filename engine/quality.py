"""int8 against float32 of the same model: how well each predicts a text that is shipped with us.

The text is synthetic clinical and general English prose (`texts/evaluation.txt`). Figures of two
models compare only where the tokenizer is the same; the ratios of one model always do.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
import numpy as np

from engine.decoder import Array
from engine.errors import QualityTooLow

MIN_ACCURACY_RATIO: Final = 0.95
MAX_PERPLEXITY_RATIO: Final = 1.10
MIN_ACCURACY: Final = 0.05
"""Below it a model predicts nothing, and a ratio of its accuracies is one of chance."""
WINDOW: Final = 256
"""Tokens of a piece of text; so much of the logits is in memory at once."""
_TEXTS: Final = Path(__file__).with_name("texts")
_ALL: Final = {"calibration": 768, "evaluation": 2560}
_SMALL: Final = 1_000_000_000
_LEAST: Final = 0.25

Name = Literal["calibration", "evaluation"]
_Sha256 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


class Quality(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What int8 costs, measured at the import. Part of the manifest's format 3."""

    text_sha256: _Sha256
    """Of the text that both predicted."""
    tokens: int
    """How many of its tokens were predicted, each from those before it."""
    int8_bytes: int
    float32_bytes: int
    """Four for each number of the network."""
    size_ratio: float
    int8_perplexity: float
    float32_perplexity: float
    perplexity_ratio: float
    int8_accuracy: float
    """Share of tokens that were the most likely one."""
    float32_accuracy: float
    accuracy_ratio: float | None
    """`None` for a model that predicts nothing, such as one of random weights."""
    agreement: float
    """Share of tokens for which both have the same most likely one."""


def pieces(
    name: Name, encode: Callable[[str], list[int]], context: int, parameters: int
) -> list[list[int]]:
    """Return the documents of a shipped text as tokens, cut into pieces that fit.

    Models over a billion parameters get less of it, but never under a quarter, so that an import
    takes minutes and not hours.
    """
    limit = int(_ALL[name] * min(1.0, max(_LEAST, _SMALL / parameters)))
    size = min(context, WINDOW)
    found: list[list[int]] = []
    for document in documents(name):
        tokens = encode(document)
        for start in range(0, len(tokens), size):
            piece = tokens[start : min(start + size, start + limit)]
            limit -= len(piece)
            if len(piece) > 1:
                found.append(piece)
    return found


def documents(name: Name) -> list[str]:
    """Return the documents of a shipped text, without the remark at its beginning."""
    _, _, text = (_TEXTS / f"{name}.txt").read_text("utf-8").partition("\n\n")
    return text.strip().split("\n\n")


@dataclass(slots=True)
class Score:
    """How well one network predicts, added up piece by piece."""

    loss: float = 0.0
    """Minus the sum of the logarithms of the probabilities."""
    hits: int = 0
    likeliest: list[int] = field(default_factory=list)

    def add(self, tokens: Sequence[int], logits: Array) -> None:
        """Count what `logits`, `[tokens, vocabulary]`, make of each token but the first."""
        logits, wanted = logits[:-1], np.asarray(tokens[1:])
        logits = logits - logits.max(axis=1, keepdims=True)
        chosen = logits[np.arange(len(wanted)), wanted].astype(np.float64)
        self.loss += float((np.log(np.exp(logits).sum(axis=1, dtype=np.float64)) - chosen).sum())
        likeliest = logits.argmax(axis=1)
        self.hits += int((likeliest == wanted).sum())
        self.likeliest += likeliest.tolist()


def score(texts: Iterable[tuple[Sequence[int], Array]]) -> Score:
    """Return the score over pieces of text and their logits."""
    total = Score()
    for tokens, logits in texts:
        total.add(tokens, logits)
    return total


def compared(int8: Score, float32: Score, int8_bytes: int, float32_bytes: int) -> Quality:
    """Return the figures of the manifest."""
    count = len(float32.likeliest)
    same = sum(left == right for left, right in zip(int8.likeliest, float32.likeliest, strict=True))
    predicts = float32.hits / count >= MIN_ACCURACY
    return Quality(
        text_sha256=sha256((_TEXTS / "evaluation.txt").read_bytes()).hexdigest(),
        tokens=count,
        int8_bytes=int8_bytes,
        float32_bytes=float32_bytes,
        size_ratio=round(int8_bytes / float32_bytes, 4),
        int8_perplexity=_perplexity(int8),
        float32_perplexity=_perplexity(float32),
        perplexity_ratio=round(math.exp((int8.loss - float32.loss) / count), 4),
        int8_accuracy=round(int8.hits / count, 4),
        float32_accuracy=round(float32.hits / count, 4),
        accuracy_ratio=round(int8.hits / float32.hits, 4) if predicts else None,
        agreement=round(same / count, 4),
    )


def require(quality: Quality) -> None:
    """Raise `QualityTooLow` for a model that int8 has made worse than it should."""
    accuracy = quality.accuracy_ratio
    if accuracy is not None and not accuracy >= MIN_ACCURACY_RATIO:
        what = f"next-token accuracy is {accuracy:.3f} of float32's (at least {MIN_ACCURACY_RATIO})"
    elif not quality.perplexity_ratio <= MAX_PERPLEXITY_RATIO:  # A NaN fails too.
        what = (
            f"perplexity is {quality.perplexity_ratio:.3f} times float32's "
            f"(at most {MAX_PERPLEXITY_RATIO})"
        )
    else:
        return
    raise QualityTooLow(
        f"in int8 the model loses too much: its {what}; nothing was installed. Take another model, "
        "or install it as it is with --unsafe-quality"
    )


def _perplexity(of: Score) -> float:
    # Bounded, since a manifest is JSON and JSON knows no infinity.
    return round(math.exp(min(of.loss / len(of.likeliest), 100.0)), 4)
