"""The same network in NumPy and float32, slow and plain: what an imported model is checked against.

It shares no code with CTranslate2. Each layer's weights are read, used once and dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Literal

import numpy as np

from engine.decoder import Activation, Array, Decoder, Part, Shape

Place = Literal["attention", "mixed", "feed_forward", "gated"]
"""Where matrices take their input: q, k and v; o; gate and up; down."""
Observe = Callable[[int, Place, Array], None]
"""Called with a layer, a place and what all matrices there multiply, `[tokens, channels]`."""


def logits(decoder: Decoder, tokens: Sequence[int]) -> Array:
    """Return the logits after each of `tokens`, `[tokens, vocabulary]`."""
    return next(logits_of(decoder, [tokens]))


def logits_of(
    decoder: Decoder,
    texts: Sequence[Sequence[int]],
    observe: Observe = lambda _layer, _place, _state: None,
    progress: Callable[[float], None] = lambda _: None,
) -> Iterator[Array]:
    """Yield the logits after each token of each text, `[tokens, vocabulary]`.

    Every weight is read once for all texts, and no more than one layer is in memory. The logits,
    which are large, are computed when they are asked for. `progress` gets 0 to 1 of the layers.
    """
    shape = decoder.shape
    embedding = decoder.embedding()
    state = embedding[np.concatenate([np.asarray(tokens) for tokens in texts])]
    output = embedding
    if decoder.output is not None:
        del embedding, output  # It is large, and the output is read where it is needed.
    if shape.scale_embeddings:
        state *= np.float32(np.sqrt(shape.hidden))
    lengths = [len(tokens) for tokens in texts]
    for index in range(shape.layers):
        layer = _Layer(decoder, index, observe)
        state += layer.attention(state, lengths)
        state += layer.feed_forward(state)
        progress((index + 1) / shape.layers)
    state = _norm(state, decoder.final_norm(), shape)
    if decoder.output is not None:
        output = decoder.output()
    for part in np.split(state, np.cumsum(lengths)[:-1]):
        yield part @ output.T


class _Layer:
    """One layer of the network; its weights are read where they are used, and dropped."""

    def __init__(self, decoder: Decoder, index: int, observe: Observe) -> None:
        self._shape = decoder.shape
        self._index = index
        self._read: Callable[[Part], Array] = lambda part: decoder.layer(index, part)
        self._observe = observe

    def attention(self, state: Array, lengths: Sequence[int]) -> Array:
        shape, read = self._shape, self._read
        normed = _norm(state, read("attn_norm"), shape)
        self._observe(self._index, "attention", normed)
        query = self._heads(normed, "q", shape.heads)
        key = self._heads(normed, "k", shape.heads_kv)
        value = self._heads(normed, "v", shape.heads_kv)
        if shape.qk_norm:
            query = _norm(query, read("q_norm"), shape)
            key = _norm(key, read("k_norm"), shape)
        ends = np.cumsum(lengths)[:-1]
        mixed = np.concatenate(
            [
                self._mixed(*part)
                for part in zip(
                    np.split(query, ends), np.split(key, ends), np.split(value, ends), strict=True
                )
            ]
        )
        self._observe(self._index, "mixed", mixed)
        attended: Array = mixed @ read("o").T
        return _norm(attended, read("post_attn_norm"), shape) if shape.post_norms else attended

    def feed_forward(self, state: Array) -> Array:
        shape, read = self._shape, self._read
        normed = _norm(state, read("ffn_norm"), shape)
        self._observe(self._index, "feed_forward", normed)
        gated = _activate(normed @ read("gate").T, shape.activation) * (normed @ read("up").T)
        self._observe(self._index, "gated", gated)
        fed: Array = gated @ read("down").T
        return _norm(fed, read("post_ffn_norm"), shape) if shape.post_norms else fed

    def _heads(self, normed: Array, part: Literal["q", "k", "v"], heads: int) -> Array:
        projected: Array = normed @ self._read(part).T
        if self._shape.qkv_bias:
            biases: dict[str, Part] = {"q": "q_bias", "k": "k_bias", "v": "v_bias"}
            projected += self._read(biases[part])
        return projected.reshape(len(normed), heads, self._shape.head_dim)

    def _mixed(self, query: Array, key: Array, value: Array) -> Array:
        shape, count = self._shape, len(query)
        angles = _angles(shape, self._index, count)
        group = shape.heads // shape.heads_kv
        # [heads_kv, group, tokens, head_dim]: the heads of a group share their keys and values.
        query = _rotate(query, angles, shape).transpose(1, 0, 2)
        query = query.reshape(shape.heads_kv, group, count, shape.head_dim)
        key = _rotate(key, angles, shape).transpose(1, 2, 0)[:, None]
        value = value.transpose(1, 0, 2)[:, None]
        scores = query @ key / np.float32(np.sqrt(shape.head_dim))
        scores = np.where(np.tri(count, dtype=bool), scores, np.float32(-np.inf))
        scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
        scores /= scores.sum(axis=-1, keepdims=True)
        mixed: Array = (scores @ value).reshape(shape.heads, count, shape.head_dim)
        return mixed.transpose(1, 0, 2).reshape(count, -1)


def _norm(state: Array, gain: Array, shape: Shape) -> Array:
    mean = np.mean(state * state, axis=-1, keepdims=True)
    normed: Array = state / np.sqrt(mean + np.float32(shape.norm_epsilon)) * gain
    return normed


def _activate(state: Array, activation: Activation) -> Array:
    result: Array
    match activation:
        case Activation.SILU:
            result = state / (1 + np.exp(-state))
        case Activation.GELU_TANH:
            inner = np.float32(np.sqrt(2 / np.pi)) * (state + np.float32(0.044715) * state**3)
            result = np.float32(0.5) * state * (1 + np.tanh(inner))
    return result


def _angles(shape: Shape, index: int, count: int) -> Array:
    local = bool(shape.local_layers) and shape.local_layers[index]
    base = shape.local_rope_base if local else shape.rope_base
    exponents = np.arange(0, shape.head_dim, 2) / shape.head_dim
    frequencies = 1.0 / base**exponents
    if shape.rope_factors:
        frequencies = frequencies / np.asarray(shape.rope_factors)
    positions = np.arange(count) / (1.0 if local else shape.rope_linear)
    return np.outer(positions, frequencies).astype(np.float32)


def _rotate(state: Array, angles: Array, shape: Shape) -> Array:
    cosine, sine = np.cos(angles)[:, None, :], np.sin(angles)[:, None, :]
    half = shape.head_dim // 2
    if shape.rope_interleaved:
        first, second = state[..., 0::2], state[..., 1::2]
    else:
        first, second = state[..., :half], state[..., half:]
    turned = np.empty_like(state)
    if shape.rope_interleaved:
        turned[..., 0::2] = first * cosine - second * sine
        turned[..., 1::2] = first * sine + second * cosine
    else:
        turned[..., :half] = first * cosine - second * sine
        turned[..., half:] = first * sine + second * cosine
    return turned
