"""The shape of a decoder-only transformer and its weights: plain data between source and writer.

`gguf.py` fills it, `ct2` writes it for CTranslate2, `reference.py` computes it in NumPy. None of
them knows of another.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]


class Activation(StrEnum):
    """The gate of the feed-forward network."""

    SILU = "silu"
    GELU_TANH = "gelu_tanh"


@dataclass(frozen=True, slots=True)
class Shape:
    """Hyperparameters. Sizes are in elements, `rope_base` and the epsilon as in the source."""

    layers: int
    heads: int
    heads_kv: int
    head_dim: int
    hidden: int
    feed_forward: int
    vocabulary: int
    context: int
    rope_base: float
    norm_epsilon: float
    activation: Activation = Activation.SILU
    rope_interleaved: bool = False
    """Whether a pair that rotates together is (0, 1), (2, 3), …, or one half with the other."""
    rope_linear: float = 1.0
    """Positions are divided by this in every layer that is not local."""
    rope_factors: tuple[float, ...] = ()
    """One divisor for each rotary frequency (Llama 3.1's scaling, worked out); empty means none."""
    qkv_bias: bool = False
    qk_norm: bool = False
    post_norms: bool = False
    """Whether each sublayer's output is normalised too (Gemma)."""
    scale_embeddings: bool = False
    """Whether embeddings are multiplied by the square root of `hidden` (Gemma)."""
    local_layers: tuple[bool, ...] = ()
    """For each layer, whether its rotary base is `local_rope_base`; empty means none."""
    local_rope_base: float = 0.0


Part = Literal[
    "attn_norm",
    "q",
    "k",
    "v",
    "q_bias",
    "k_bias",
    "v_bias",
    "q_norm",
    "k_norm",
    "o",
    "post_attn_norm",
    "ffn_norm",
    "gate",
    "up",
    "down",
    "post_ffn_norm",
]
"""The weights of one layer. Matrices are `[output, input]`."""


def sizes_of(shape: Shape) -> dict[Part, tuple[int, ...]]:
    """Return the size of each weight of a layer."""
    query, pair = shape.heads * shape.head_dim, shape.heads_kv * shape.head_dim
    sizes: dict[Part, tuple[int, ...]] = {
        "attn_norm": (shape.hidden,),
        "q": (query, shape.hidden),
        "k": (pair, shape.hidden),
        "v": (pair, shape.hidden),
        "o": (shape.hidden, query),
        "ffn_norm": (shape.hidden,),
        "gate": (shape.feed_forward, shape.hidden),
        "up": (shape.feed_forward, shape.hidden),
        "down": (shape.hidden, shape.feed_forward),
    }
    if shape.qkv_bias:
        sizes |= {"q_bias": (query,), "k_bias": (pair,), "v_bias": (pair,)}
    if shape.qk_norm:
        sizes |= {"q_norm": (shape.head_dim,), "k_norm": (shape.head_dim,)}
    if shape.post_norms:
        sizes |= {"post_attn_norm": (shape.hidden,), "post_ffn_norm": (shape.hidden,)}
    return sizes


@dataclass(frozen=True, slots=True)
class Decoder:
    """A shape, and functions that read one weight at a time as float32: few are in memory."""

    shape: Shape
    embedding: Callable[[], Array]
    """`[vocabulary, hidden]`."""
    output: Callable[[], Array] | None
    """`[vocabulary, hidden]`, or `None` where it is the embedding."""
    final_norm: Callable[[], Array]
    layer: Callable[[int, Part], Array]

    @property
    def parameters(self) -> int:
        """How many numbers the network has; the embedding counts once where it is the output."""
        shape = self.shape
        matrix = shape.vocabulary * shape.hidden
        layer = sum(math.prod(size) for size in sizes_of(shape).values())
        return matrix * (1 if self.output is None else 2) + shape.hidden + shape.layers * layer
