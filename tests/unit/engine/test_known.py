"""The table of common models is right about each: shapes multiply out to what the name says."""

from __future__ import annotations

import pytest

from engine import KNOWN, InstalledModel, known_model, nearest, parse_parameters
from engine.footprint import footprint
from engine.known import Known


def parameters(model: Known, *, tied: bool) -> float:
    inner, inner_kv = model.heads * model.head_dim, model.heads_kv * model.head_dim
    layer = 2 * model.hidden * (inner + inner_kv) + 3 * model.hidden * model.feed_forward
    return (model.layers * layer + (2 - tied) * model.vocabulary * model.hidden) / 1e9


@pytest.mark.parametrize("model", KNOWN, ids=lambda model: model.name)
def test_a_shape_has_as_many_parameters_as_its_name_says(model: Known) -> None:
    counts = [parameters(model, tied=True), parameters(model, tied=False)]
    assert any(abs(count / model.parameters - 1) < 0.05 for count in counts)


def test_the_default_model_has_the_shape_of_its_row(model: InstalledModel) -> None:
    row = known_model(model.name)
    assert row is not None
    assert footprint(row) == footprint(model.manifest)
    assert row.context_length == model.manifest.context_length


def test_a_size_finds_the_model_of_that_size_that_takes_most() -> None:
    assert nearest(1.7).name == "smollm2-1.7b"
    assert nearest(8).name == "llama-3.1-8b"
    with pytest.raises(ValueError, match="qwen3-14b"):
        nearest(70)


@pytest.mark.parametrize(
    ("text", "size"), [("135M", 0.135), ("1.7B", 1.7), ("8b", 8.0), ("600m", 0.6)]
)
def test_sizes_are_written_as_people_write_them(text: str, size: float) -> None:
    assert parse_parameters(text) == pytest.approx(size)


@pytest.mark.parametrize("text", ["", "1.7", "B", "0B", "-1B", "1e9", "1.7T", "1.7B "])
def test_a_size_that_is_not_one_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"135M or 1\.7B"):
        parse_parameters(text)


def test_a_name_that_nobody_knows_is_not_guessed() -> None:
    assert known_model("qwen3-1.7b-instruct") is not None
    assert known_model("qwen3-1") is None
    assert known_model("unheard-of-7b") is None
