"""Blends two checkpoints of one run: `python -m training.blend EARLIER LATER --share 0.6 --out DIR`.

Each weight becomes (1 - share) of the earlier's and share of the later's. A checkpoint that was
trained on from another lies in the same valley, so what is between them works, and forgets less of
what the earlier one had learnt (Wortsman et al., Model soups, ICML 2022).
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from safetensors.numpy import load_file, save_file

WEIGHTS = "model.safetensors"


def main() -> None:
    """Write the blend."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("earlier", type=Path)
    parser.add_argument("later", type=Path, help="its other files are the blend's, too")
    parser.add_argument("--share", type=float, default=0.6, help="of the later's weights, 0 to 1")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    blend(arguments.earlier, arguments.later, arguments.share, arguments.out)


def blend(earlier: Path, later: Path, share: float, out: Path) -> None:
    """Write `out`. Raises `ValueError` for checkpoints that are not of one network."""
    if not 0 <= share <= 1:
        raise ValueError("a share is between 0 and 1")
    one, two = load_file(earlier / WEIGHTS), load_file(later / WEIGHTS)
    if {name: each.shape for name, each in one.items()} != {n: e.shape for n, e in two.items()}:
        raise ValueError("the two checkpoints are of different networks")
    shutil.copytree(later, out, dirs_exist_ok=True)
    save_file(
        {name: (1 - share) * one[name] + share * two[name] for name in one},
        out / WEIGHTS,
        {"format": "pt"},
    )


if __name__ == "__main__":
    main()
