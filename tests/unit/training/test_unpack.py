"""A checkpoint out of the weights that ship says what they say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine import ModelStore
from gateway.weights import DIRECTORY, NAME
from training.unpack import read, unpack

SHIPPED = DIRECTORY / NAME


@pytest.mark.parametrize("damage", [slice(None, 4), slice(None, 400), slice(None, -400)])
def test_weights_that_end_early_are_no_checkpoint(damage: slice) -> None:
    with pytest.raises(ValueError, match="ends early"):
        read((SHIPPED / "model.bin").read_bytes()[damage])


def test_a_row_of_int8_is_as_large_as_its_scale_says() -> None:
    stored = read((SHIPPED / "model.bin").read_bytes())
    words = stored["encoder/embeddings_0/weight"]
    assert words.dtype == np.float32
    whole = words * (127 / np.abs(words).max(axis=1, keepdims=True))
    assert np.abs(whole - np.round(whole)).max() < 0.01


def test_what_ships_comes_out_bit_for_bit_when_it_is_unpacked_and_made_again(
    tmp_path: Path,
) -> None:
    unpack(SHIPPED, tmp_path / "checkpoint")
    made = ModelStore(tmp_path / "store").add(str(tmp_path / "checkpoint"), name=NAME)
    for name in ("model.bin", "tagger.json", "tokenizer.json", "config.json"):
        assert (made.path / name).read_bytes() == (SHIPPED / name).read_bytes(), name
    # How an archive is packed differs between Pythons (3.11.2 and 3.11.4), what it holds does not.
    with np.load(made.path / "head.npz") as head, np.load(SHIPPED / "head.npz") as shipped:
        assert sorted(head) == sorted(shipped)
        assert all(head[name].tobytes() == shipped[name].tobytes() for name in shipped)
