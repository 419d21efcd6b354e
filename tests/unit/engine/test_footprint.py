"""What a model takes of memory is what the formulas say, on real loads and real batches."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from engine import InstalledModel
from engine.ct2 import SpecialTokens, write_model
from engine.decoder import Decoder, Part, Shape
from engine.footprint import REPLICA, TOKENIZER, estimate, footprint

ROOT = Path(__file__).parents[3]
PROBE = Path(__file__).with_name("footprint_probe.py")


@dataclass(frozen=True)
class Wide:
    """A wide, shallow model: another shape than the default model's, 220 MB in int8."""

    name: str = "wide"
    context_length: int = 4096
    layers: int = 4
    heads: int = 16
    heads_kv: int = 8
    head_dim: int = 128
    hidden: int = 2048
    feed_forward: int = 4096
    vocabulary: int = 8192

    def write(self, directory: Path) -> None:
        random = np.random.default_rng(0)
        sizes: dict[Part, tuple[int, int]] = {
            "q": (self.heads * self.head_dim, self.hidden),
            "k": (self.heads_kv * self.head_dim, self.hidden),
            "v": (self.heads_kv * self.head_dim, self.hidden),
            "o": (self.hidden, self.heads * self.head_dim),
            "gate": (self.feed_forward, self.hidden),
            "up": (self.feed_forward, self.hidden),
            "down": (self.hidden, self.feed_forward),
        }

        def matrix(rows: int, columns: int) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
            return (random.random((rows, columns), dtype=np.float32) - 0.5) * 0.05

        norm = np.ones(self.hidden, np.float32)
        shape = Shape(
            self.layers, self.heads, self.heads_kv, self.head_dim, self.hidden, self.feed_forward,
            self.vocabulary, self.context_length, 10_000.0, 1e-5,
        )  # fmt: skip
        decoder = Decoder(
            shape,
            embedding=lambda: matrix(self.vocabulary, self.hidden),
            output=None,
            final_norm=lambda: norm,
            layer=lambda _, part: matrix(*sizes[part]) if part in sizes else norm,
        )
        directory.mkdir()
        tokens = [f"t{index}" for index in range(self.vocabulary)]
        write_model(directory, decoder, tokens, SpecialTokens("t0", "t2", "t1"), "int8")


def probe(
    directory: Path, token: str, *batches: tuple[int, int, int]
) -> tuple[int, int, list[int]]:
    """Return how far loading rose, what stayed, and how far each batch rose above that."""
    ran = subprocess.run(
        [sys.executable, PROBE, directory, token, *(",".join(map(str, each)) for each in batches)],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        timeout=170,
    )
    loading, loaded, *peaks = json.loads(ran.stdout)
    return loading, loaded, peaks


BATCHES = [(1, 64, 4), (1, 1200, 2), (8, 128, 8), (8, 16, 64)]


@pytest.mark.parametrize("which", ["default", "wide"])
def test_a_load_and_its_batches_take_what_is_foreseen_and_not_much_less(
    which: str, tmp_path: Path, model: InstalledModel
) -> None:
    if which == "default":
        sizes, directory, token = footprint(model.manifest), model.path, "a"
    else:
        Wide().write(tmp_path / "wide")
        sizes, directory, token = footprint(Wide()), tmp_path / "wide", "t5"
    loading, loaded, peaks = probe(directory, token, *BATCHES)
    slack = 16 << 20
    # An eighth less was seen on an AMD processor, where oneDNN multiplies and not MKL.
    assert sizes.weights * 0.85 <= loaded <= sizes.weights + slack
    assert loading <= sizes.weights + sizes.loading + slack
    # What an earlier batch took is not all given back, so each is held to the largest so far.
    largest = 0
    for batch, peak in zip(BATCHES, peaks, strict=True):
        largest = max(largest, sizes.batch(*batch))
        assert peak <= REPLICA + largest, f"{batch}: {peak:,} taken"
        assert peak >= sizes.batch(*batch) / 2, f"{batch}: only {peak:,} taken"


@dataclass(frozen=True)
class Sharing(Wide):
    """Eight heads share each head of keys and values, and little else takes memory."""

    layers: int = 6
    heads_kv: int = 2
    head_dim: int = 64
    hidden: int = 256
    feed_forward: int = 256
    vocabulary: int = 512


def test_heads_that_share_keys_and_values_save_none_of_their_memory(tmp_path: Path) -> None:
    Sharing().write(tmp_path / "sharing")
    batch = (16, 16, 160)
    _, _, [peak] = probe(tmp_path / "sharing", "t5", batch)
    foreseen = footprint(Sharing()).batch(*batch)
    assert foreseen / 2 <= peak <= REPLICA + foreseen


def test_the_memory_of_a_long_prompt_grows_with_its_square(model: InstalledModel) -> None:
    sizes = footprint(model.manifest)
    assert sizes.batch(1, 8000, 0) > 2.5 * sizes.batch(1, 4000, 0)
    assert sizes.batch(2, 4000, 0) == 2 * sizes.batch(1, 4000, 0)


def test_replicas_share_weights_and_not_the_rest(model: InstalledModel) -> None:
    one, two, three = (estimate(model.manifest, replicas=n, context=2048) for n in (1, 2, 3))
    assert three - two == two - one == REPLICA + footprint(model.manifest).longest(2048)
    assert one > footprint(model.manifest).weights + TOKENIZER


def test_a_shorter_context_takes_less_and_a_longer_one_than_the_models_does_not_exist(
    model: InstalledModel,
) -> None:
    manifest = model.manifest
    assert estimate(manifest, context=1024) < estimate(manifest, context=2048)
    assert estimate(manifest, context=10**6) == estimate(manifest)


def test_two_bytes_for_each_weight_are_twice_as_much() -> None:
    assert footprint(Wide(), "float16").weights > 1.9 * footprint(Wide(), "int8_float16").weights
    assert footprint(Wide(), "int8_float16").position < footprint(Wide(), "int8").position


def test_a_compute_type_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ValueError, match="int8_float16"):
        footprint(Wide(), "int2")
