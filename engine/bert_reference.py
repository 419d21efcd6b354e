"""The same encoder in NumPy and float32, slow and plain: what an imported model is checked against.

It shares no code with CTranslate2. One text at a time, so there is no padding to get wrong.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np

from engine.bert import Encoder, EncoderActivation
from engine.decoder import Array

_ERF: Final = np.frompyfunc(math.erf, 1, 1)


def states(encoder: Encoder, texts: Sequence[Sequence[int]]) -> list[Array]:
    """Return the last hidden states of each text, `[tokens, hidden]`.

    Each layer's weights are read once for all of them.
    """
    words, positions = encoder.words(), encoder.positions()
    scale, shift = encoder.norm()
    found = [
        _norm(words[np.asarray(text)] + positions[: len(text)], scale, shift, encoder)
        for text in texts
    ]
    for index in range(encoder.shape.layers):
        found = _layer(encoder, index, found)
    return found


def _layer(encoder: Encoder, index: int, found: list[Array]) -> list[Array]:
    q, k, v = (
        encoder.layer(index, "attention.self.query"),
        encoder.layer(index, "attention.self.key"),
        encoder.layer(index, "attention.self.value"),
    )
    out = encoder.layer(index, "attention.output.dense")
    first = encoder.layer(index, "attention.output.LayerNorm")
    inner = encoder.layer(index, "intermediate.dense")
    outer = encoder.layer(index, "output.dense")
    second = encoder.layer(index, "output.LayerNorm")
    active = _ACTIVE[encoder.shape.activation]
    after = []
    for state in found:
        mixed = _attend(_dense(state, *q), _dense(state, *k), _dense(state, *v), encoder)
        attended = _norm(state + _dense(mixed, *out), *first, encoder)
        fed = _dense(active(_dense(attended, *inner)), *outer)
        after.append(_norm(attended + fed, *second, encoder))
    return after


def _dense(state: Array, weight: Array, bias: Array) -> Array:
    result: Array = state @ weight.T + bias
    return result


def _norm(state: Array, scale: Array, shift: Array, encoder: Encoder) -> Array:
    centred = state - state.mean(axis=-1, keepdims=True)
    variance = np.mean(centred * centred, axis=-1, keepdims=True)
    result: Array = centred / np.sqrt(variance + encoder.shape.norm_epsilon) * scale + shift
    return result.astype(np.float32)


def _gelu(state: Array) -> Array:
    curve = _ERF(state / math.sqrt(2)).astype(np.float32)
    result: Array = state * (1 + curve) / 2
    return result


def _relu(state: Array) -> Array:
    result: Array = np.maximum(state, 0)
    return result


_ACTIVE: Final[Mapping[EncoderActivation, Callable[[Array], Array]]] = {
    EncoderActivation.GELU: _gelu,
    EncoderActivation.RELU: _relu,
}


def _attend(query: Array, key: Array, value: Array, encoder: Encoder) -> Array:
    count, heads = len(query), encoder.shape.heads

    def split(state: Array) -> Array:
        return state.reshape(count, heads, -1).swapaxes(0, 1)

    scores = split(query) @ split(key).swapaxes(1, 2) / math.sqrt(query.shape[1] // heads)
    shares = np.exp(scores - scores.max(axis=-1, keepdims=True))
    shares /= shares.sum(axis=-1, keepdims=True)
    result: Array = (shares @ split(value)).swapaxes(0, 1).reshape(count, -1).astype(np.float32)
    return result
