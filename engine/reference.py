"""The same network in NumPy and float32, slow and plain: what an imported model is checked against.

It shares no code with CTranslate2. Each layer's weights are read, used once and dropped.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.decoder import Activation, Array, Decoder, Shape


def logits(decoder: Decoder, tokens: Sequence[int]) -> Array:
    """Return the logits after each of `tokens`, `[tokens, vocabulary]`."""
    shape = decoder.shape
    embedding = decoder.embedding()
    state = embedding[np.asarray(tokens)].astype(np.float32)
    if shape.scale_embeddings:
        state *= np.float32(np.sqrt(shape.hidden))
    for index in range(shape.layers):
        normed = _norm(state, decoder.layer(index, "attn_norm"), shape)
        attended = _attention(decoder, index, normed)
        if shape.post_norms:
            attended = _norm(attended, decoder.layer(index, "post_attn_norm"), shape)
        state += attended
        normed = _norm(state, decoder.layer(index, "ffn_norm"), shape)
        gate = _activate(normed @ decoder.layer(index, "gate").T, shape.activation)
        fed = (gate * (normed @ decoder.layer(index, "up").T)) @ decoder.layer(index, "down").T
        if shape.post_norms:
            fed = _norm(fed, decoder.layer(index, "post_ffn_norm"), shape)
        state += fed
    state = _norm(state, decoder.final_norm(), shape)
    output = embedding if decoder.output is None else decoder.output()
    result: Array = state @ output.T
    return result


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


def _attention(decoder: Decoder, index: int, normed: Array) -> Array:
    shape = decoder.shape
    count = len(normed)
    query = normed @ decoder.layer(index, "q").T
    key = normed @ decoder.layer(index, "k").T
    value = normed @ decoder.layer(index, "v").T
    if shape.qkv_bias:
        query = query + decoder.layer(index, "q_bias")
        key = key + decoder.layer(index, "k_bias")
        value = value + decoder.layer(index, "v_bias")
    query = query.reshape(count, shape.heads, shape.head_dim)
    key = key.reshape(count, shape.heads_kv, shape.head_dim)
    value = value.reshape(count, shape.heads_kv, shape.head_dim)
    if shape.qk_norm:
        query = _norm(query, decoder.layer(index, "q_norm"), shape)
        key = _norm(key, decoder.layer(index, "k_norm"), shape)
    angles = _angles(shape, index, count)
    query, key = _rotate(query, angles, shape), _rotate(key, angles, shape)
    group = shape.heads // shape.heads_kv
    key, value = np.repeat(key, group, axis=1), np.repeat(value, group, axis=1)
    scores = np.einsum("qhd,khd->hqk", query, key) / np.float32(np.sqrt(shape.head_dim))
    scores = np.where(np.tri(count, dtype=bool), scores, np.float32(-np.inf))
    scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
    scores /= scores.sum(axis=-1, keepdims=True)
    mixed = np.einsum("hqk,khd->qhd", scores, value).reshape(count, -1)
    result: Array = mixed @ decoder.layer(index, "o").T
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
