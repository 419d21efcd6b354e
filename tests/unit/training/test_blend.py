"""A blend lies between two checkpoints."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from training.blend import WEIGHTS, blend


def checkpoint(root: Path, name: str, value: float, width: int = 2) -> Path:
    folder = root / name
    folder.mkdir()
    save_file({"layer": np.full((width,), value, np.float32)}, folder / WEIGHTS)
    (folder / "tagger.json").write_text(name)
    return folder


def test_a_blend_has_its_share_of_each_weight_and_the_later_ones_files(tmp_path: Path) -> None:
    out = tmp_path / "out"
    blend(checkpoint(tmp_path, "one", 1.0), checkpoint(tmp_path, "two", 2.0), 0.25, out)
    found = load_file(out / WEIGHTS)["layer"]
    assert found.dtype == np.float32
    assert found.tolist() == [1.25, 1.25]
    assert (out / "tagger.json").read_text() == "two"


def test_checkpoints_of_different_networks_are_refused(tmp_path: Path) -> None:
    one, two = checkpoint(tmp_path, "one", 1.0), checkpoint(tmp_path, "two", 2.0, width=3)
    with pytest.raises(ValueError, match="different networks"):
        blend(one, two, 0.5, tmp_path / "out")


@pytest.mark.parametrize("share", [-0.1, 1.1])
def test_a_share_is_a_share(tmp_path: Path, share: float) -> None:
    one, two = checkpoint(tmp_path, "one", 1.0), checkpoint(tmp_path, "two", 2.0)
    with pytest.raises(ValueError, match="between 0 and 1"):
        blend(one, two, share, tmp_path / "out")
