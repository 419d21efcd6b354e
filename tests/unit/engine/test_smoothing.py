"""Smoothing changes what int8 loses, and nothing that is computed in float32."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import gguf, reference, smoothing
from engine.decoder import Array, Part, Shape
from engine.reference import Place
from engine.smoothing import Scales, scales_of, smoothed
from tests.unit.engine.test_gguf import PROMPT, SHOWN
from tests.unit.engine.tiny import Tiny


def observed(source: gguf.Source) -> dict[tuple[int, Place], Array]:
    states: dict[tuple[int, Place], Array] = {}

    def observe(index: int, place: Place, state: Array) -> None:
        states[index, place] = state

    for _ in reference.logits_of(source.decoder, [PROMPT], observe):
        pass
    return states


@pytest.mark.parametrize("tiny", list(SHOWN.values()), ids=list(SHOWN))
def test_any_scales_leave_the_network_as_it_is(tiny: Tiny, tmp_path: Path) -> None:
    decoder = gguf.read(tiny.write(tmp_path / "m.gguf")).decoder
    shape = decoder.shape
    random = np.random.default_rng(5)
    scales: Scales = {}
    for index in range(shape.layers):
        shared = random.integers(-4, 5, (shape.heads_kv, 1, shape.head_dim))
        heads = np.broadcast_to(
            shared, (shape.heads_kv, shape.heads // shape.heads_kv, *shared[0, 0].shape)
        )
        steps: dict[Place, Array] = {
            "attention": random.integers(-4, 5, shape.hidden),
            "mixed": heads.reshape(-1),
            "feed_forward": random.integers(-4, 5, shape.hidden),
            "gated": random.integers(-4, 5, shape.feed_forward),
        }
        for place, each in steps.items():
            scales[index, place] = np.exp2(each).astype(np.float32)
    changed = smoothed(decoder, scales)
    assert (changed.layer(0, "o") != decoder.layer(0, "o")).any()
    np.testing.assert_allclose(
        reference.logits(changed, PROMPT), tiny.logits(PROMPT), rtol=2e-3, atol=2e-3
    )


def test_scales_are_powers_of_two_that_the_heads_of_a_group_share(tmp_path: Path) -> None:
    source = gguf.read(Tiny("llama").write(tmp_path / "m.gguf"))
    shape = source.decoder.shape
    for (index, place), state in observed(source).items():
        skewed = state * np.exp2(np.arange(state.shape[1]) % 7).astype(np.float32)
        scales = scales_of(
            lambda part, index=index: source.decoder.layer(index, part), shape, place, skewed
        )
        assert (np.frexp(scales)[0] == 0.5).all()
        assert len(set(scales.tolist())) > 1
        if place == "mixed":
            heads = scales.reshape(shape.heads_kv, -1, shape.head_dim)
            assert (heads == heads[:, :1]).all()


SHAPE = Shape(1, 2, 1, 4, 8, 16, 32, 64, 1e4, 1e-5)


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 10**6), channel=st.integers(0, 7), size=st.floats(-30, 30))
def test_what_int8_loses_of_the_calibration_is_never_more(
    seed: int, channel: int, size: float
) -> None:
    random = np.random.default_rng(seed)
    weights: dict[Part, Array] = {
        part: random.normal(0, 1, (16, 8)).astype(np.float32) for part in ("gate", "up")
    }
    state = random.normal(0, 1, (40, 8)).astype(np.float32)
    state[:, channel] *= np.float32(2.0**size)
    scales = scales_of(weights.__getitem__, SHAPE, "feed_forward", state)
    assert np.isfinite(scales).all()
    matrices = np.concatenate([weights["gate"], weights["up"]])
    wanted = state @ matrices.T
    plain = smoothing._loss(state, matrices, wanted)
    assert smoothing._loss(state / scales, matrices * scales, wanted) <= plain


def test_an_outlying_channel_costs_a_quarter_of_what_it_did() -> None:
    random = np.random.default_rng(3)
    weights: dict[Part, Array] = {
        part: random.normal(0, 1, (16, 8)).astype(np.float32) for part in ("gate", "up")
    }
    state = random.normal(0, 1, (200, 8)).astype(np.float32)
    state[:, 5] *= 200
    weights["gate"][:, 5] /= 50
    weights["up"][:, 5] /= 50
    scales = scales_of(weights.__getitem__, SHAPE, "feed_forward", state)
    matrices = np.concatenate([weights["gate"], weights["up"]])
    wanted = state @ matrices.T
    after = smoothing._loss(state / scales, matrices * scales, wanted)
    assert after < smoothing._loss(state, matrices, wanted) / 4


def test_a_dead_channel_and_an_empty_column_are_no_trouble() -> None:
    weights: dict[Part, Array] = {part: np.ones((16, 8), np.float32) for part in ("gate", "up")}
    weights["up"][:, 2] = weights["gate"][:, 2] = 0
    state = np.ones((4, 8), np.float32)
    state[:, 3] = 0
    scales = scales_of(weights.__getitem__, SHAPE, "feed_forward", state)
    assert (scales > 0).all()
    assert np.isfinite(scales).all()
