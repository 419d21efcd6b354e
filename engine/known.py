"""Shapes of common models, for plans of what is not in the store: published configurations.

Only what the importer takes is here. The numbers are those of each model's own `config.json`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from engine.footprint import estimate


@dataclass(frozen=True, slots=True)
class Known:
    """A common model's shape (`footprint.Shaped`) and its size as people name it."""

    name: str
    parameters: float
    """In thousand millions, as its makers count."""
    layers: int
    heads: int
    heads_kv: int
    head_dim: int
    hidden: int
    feed_forward: int
    vocabulary: int
    context_length: int


KNOWN: Final = (
    Known("smollm2-135m", 0.135, 30, 9, 3, 64, 576, 1536, 49_152, 8192),
    Known("smollm2-360m", 0.36, 32, 15, 5, 64, 960, 2560, 49_152, 8192),
    Known("qwen2.5-0.5b", 0.5, 24, 14, 2, 64, 896, 4864, 151_936, 32_768),
    Known("qwen3-0.6b", 0.6, 28, 16, 8, 128, 1024, 3072, 151_936, 40_960),
    Known("gemma-3-1b", 1.0, 26, 4, 1, 256, 1152, 6912, 262_144, 32_768),
    Known("llama-3.2-1b", 1.24, 16, 32, 8, 64, 2048, 8192, 128_256, 131_072),
    Known("qwen2.5-1.5b", 1.54, 28, 12, 2, 128, 1536, 8960, 151_936, 32_768),
    Known("smollm2-1.7b", 1.7, 24, 32, 32, 64, 2048, 8192, 49_152, 8192),
    Known("qwen3-1.7b", 1.7, 28, 16, 8, 128, 2048, 6144, 151_936, 40_960),
    Known("qwen2.5-3b", 3.1, 36, 16, 2, 128, 2048, 11_008, 151_936, 32_768),
    Known("llama-3.2-3b", 3.2, 28, 24, 8, 128, 3072, 8192, 128_256, 131_072),
    Known("qwen3-4b", 4.0, 36, 32, 8, 128, 2560, 9728, 151_936, 40_960),
    Known("qwen2.5-7b", 7.6, 28, 28, 4, 128, 3584, 18_944, 152_064, 32_768),
    Known("llama-3.1-8b", 8.0, 32, 32, 8, 128, 4096, 14_336, 128_256, 131_072),
    Known("qwen3-8b", 8.2, 36, 32, 8, 128, 4096, 12_288, 151_936, 40_960),
    Known("qwen3-14b", 14.8, 40, 40, 8, 128, 5120, 17_408, 151_936, 40_960),
)

_CLOSE: Final = 0.3


def known_model(name: str) -> Known | None:
    """Return the model of that name; what a file adds to it (`-instruct`) does not matter."""
    for each in KNOWN:
        if name == each.name or name.startswith(f"{each.name}-"):
            return each
    return None


def nearest(parameters: float) -> Known:
    """Return the model closest in size; of several as close, the one that takes most memory.

    Raises `ValueError` where none is close: a plan for half the size would mislead.
    """

    def distance(each: Known) -> float:
        return abs(each.parameters - parameters) / parameters

    found = min(KNOWN, key=lambda each: (distance(each), -estimate(each, context=4096)))
    if distance(found) > _CLOSE:
        raise ValueError(
            f"the closest common model is {found.name}: import the model itself, and name it"
        )
    return found


def parse_parameters(text: str) -> float:
    """Return thousand millions of parameters. Raises `ValueError`, with what to write.

    >>> parse_parameters("135M")
    0.135
    """
    found = re.match(r"([0-9]{1,6}(?:\.[0-9]{1,3})?)([mMbB])\Z", text)
    if not found or not float(found[1]):
        raise ValueError("write a number of parameters as 135M or 1.7B")
    return float(found[1]) / (1000 if found[2] in "mM" else 1)
