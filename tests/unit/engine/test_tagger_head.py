"""The head: one linear layer, in products that stay on the thread that asked for them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import tagger_head
from engine.decoder import Array
from engine.tagger_head import Head, Tagging

TYPES = ("PERSON", "LOCATION", "ORGANIZATION", "STREET", "DATE", "AGE", "CONTACT", "ID")
LABELS = ("O", *(f"{prefix}-{kind}" for kind in TYPES for prefix in "BIES"))
WIDTH = 384
SHARED = 1 << 18
"""Multiplications from which OpenBLAS gives parts of a product to other threads."""


def head(labels: tuple[str, ...] = LABELS, width: int = WIDTH) -> Head:
    chance = np.random.default_rng(7)
    return Head.of(
        chance.normal(size=(len(labels), width)).astype(np.float32),
        chance.normal(size=len(labels)).astype(np.float32),
        Tagging(2, labels, 112, 24),
    )


def states(tokens: int, width: int = WIDTH) -> Array:
    return np.random.default_rng(tokens).normal(size=(tokens + 2, width)).astype(np.float32)


@given(tokens=st.integers(0, 300))
def test_in_parts_the_scores_are_those_of_one_product(tokens: int) -> None:
    one, rows = head(), states(tokens)
    expected = rows[1:-1].astype(np.float64) @ one.weight.T + one.bias
    found = one.scores(rows)
    assert found.shape == (tokens, len(LABELS))
    assert found.dtype == np.float32
    assert np.allclose(found, expected, atol=1e-4)


@pytest.mark.parametrize("tokens", [1, 20, 110, 510])
@pytest.mark.parametrize("width", [32, 384, 1024])
def test_no_product_is_so_large_that_the_library_shares_it_with_threads_of_its_own(
    monkeypatch: pytest.MonkeyPatch, tokens: int, width: int
) -> None:
    class Numpy:
        """Notes the products, and is NumPy in all else; `@` is not seen, so it must not be used."""

        def __init__(self) -> None:
            self.rows = 0

        def __getattr__(self, name: str) -> Any:
            return getattr(np, name)

        def matmul(self, one: Array, two: Array, *, out: Array) -> Array:
            # Of a stack each product is one of its own (NumPy's generalised ufuncs).
            assert one.shape[-2] * one.shape[-1] * two.shape[1] <= SHARED
            self.rows += one.size // one.shape[-1]
            return np.matmul(one, two, out=out)

    seen = Numpy()
    monkeypatch.setattr(tagger_head, "np", seen)
    head(width=width).scores(states(tokens, width))
    assert seen.rows == tokens
