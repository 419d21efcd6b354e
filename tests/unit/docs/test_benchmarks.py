"""The benchmarks that `make bench-engine` runs print what is asked of them."""

from __future__ import annotations

from pathlib import Path

from benchmarks.engine import PARTS

ROOT = Path(__file__).resolve().parents[3]


def test_each_part_is_a_program_that_prints_its_keys() -> None:
    for part, (keys, _) in PARTS.items():
        source = (ROOT / "benchmarks" / f"{part}.py").read_text()
        assert [key for key in keys if key not in source] == []


def test_each_part_is_in_the_documents() -> None:
    page = (ROOT / "docs" / "benchmarks.md").read_text()
    assert [part for part in PARTS if f"`{part}`" not in page] == []
