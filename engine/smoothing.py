"""Activation smoothing, folded into the weights: what makes int8 of activations lose less.

CTranslate2 rounds the input of every matrix to int8 with one scale for each token, so one channel
that is far larger than the rest takes the resolution from all others. Dividing a channel of the
input by `s` and multiplying the matrix's column by `s` computes the same in float32 and moves the
burden to the weights (SmoothQuant, arXiv 2211.10438). The division is free where something before
the matrix scales that channel already: the norms, the rows of v before o, those of up before down.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final

import numpy as np

from engine.decoder import Array, Decoder, Part, Shape
from engine.reference import Place

_MATRICES: Final[dict[Place, tuple[Part, ...]]] = {
    "attention": ("q", "k", "v"),
    "mixed": ("o",),
    "feed_forward": ("gate", "up"),
    "gated": ("down",),
}
_COLUMNS: Final[dict[Part, Place]] = {
    part: place for place, parts in _MATRICES.items() for part in parts
}
_ROWS: Final[dict[Part, Place]] = {
    "attn_norm": "attention",
    "v": "mixed",
    "v_bias": "mixed",
    "ffn_norm": "feed_forward",
    "up": "gated",
}
"""What scales the channels before a place; for a norm they are all that it has."""
_EXPONENTS: Final = (0.5, 0.65, 0.8)
"""Tried for each place of each layer; 0 is to leave it alone."""
_TOKENS: Final = 128
"""So many tokens decide between the exponents; the largest activations are over all of them."""
_LARGEST_STEP: Final = 12
"""Scales stay within 2**-12 and 2**12, so that nothing underflows whatever the activations are."""

Scales = dict[tuple[int, Place], Array]
"""For a layer and a place, what each channel of the input is divided by."""


def scales_of(layer: Callable[[Part], Array], shape: Shape, place: Place, state: Array) -> Array:
    """Return the scales that lose least of what the matrices make of `state`.

    `state` is `[tokens, channels]`. Scales are powers of two: folding them in is exact.
    """
    matrices = np.concatenate([layer(part) for part in _MATRICES[place]])
    peaks = np.maximum(np.abs(state).max(axis=0), 1e-6)
    columns = np.maximum(np.abs(matrices).max(axis=0), 1e-6)
    if place == "mixed":
        peaks, columns = _tied(peaks, shape), _tied(columns, shape)
    sample = state[:: max(1, len(state) // _TOKENS)][:_TOKENS]
    wanted = sample @ matrices.T
    best: Array = np.ones_like(peaks)
    least = _loss(sample, matrices, wanted)
    for exponent in _EXPONENTS:
        steps = np.log2(peaks) * exponent - np.log2(columns) * (1 - exponent)
        steps = np.rint(steps - np.median(steps)).clip(-_LARGEST_STEP, _LARGEST_STEP)
        scales = np.exp2(steps).astype(np.float32)
        loss = _loss(sample / scales, matrices * scales, wanted)
        if loss < least:
            best, least = scales, loss
    return best


def smoothed(decoder: Decoder, scales: Scales) -> Decoder:
    """Return the same network with `scales` folded into its weights."""

    def layer(index: int, part: Part) -> Array:
        weight = decoder.layer(index, part)
        if part in _COLUMNS:
            weight = weight * scales[index, _COLUMNS[part]]
        if part in _ROWS:
            rows = scales[index, _ROWS[part]]
            if _ROWS[part] == "mixed":
                rows = _shared(rows, decoder.shape)
            weight = weight / (rows[:, None] if weight.ndim > 1 else rows)
        return weight

    return replace(decoder, layer=layer)


def _tied(values: Array, shape: Shape) -> Array:
    """The heads of a group share one value vector, and so its scales: the largest of them."""
    heads = values.reshape(shape.heads_kv, -1, shape.head_dim)
    return np.broadcast_to(heads.max(axis=1, keepdims=True), heads.shape).reshape(-1)


def _shared(scales: Array, shape: Shape) -> Array:
    """One scale for each row of v, out of those of o's columns."""
    heads = scales.reshape(shape.heads_kv, -1, shape.head_dim)
    return heads[:, 0].reshape(-1)


def _loss(state: Array, matrices: Array, wanted: Array) -> float:
    """Return the mean over tokens of the squared error of the product in int8.

    Relative to the token's own size, since the first token of a text is hundreds of times larger.
    """
    error = np.square(_rounded(state) @ _rounded(matrices).T - wanted).sum(axis=1)
    return float((error / np.maximum(np.square(wanted).sum(axis=1), 1e-30)).mean())


def _rounded(values: Array) -> Array:
    """To int8 and back, with one scale for each row: what CTranslate2 computes with."""
    scale = 127 / np.maximum(np.abs(values).max(axis=1, keepdims=True), np.float32(1e-30))
    rounded: Array = np.rint(values * scale) / scale
    return rounded
