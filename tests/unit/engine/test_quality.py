"""The figures of an import are what they are called, over texts that do not overlap."""

from __future__ import annotations

import math
import tomllib
from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from engine import InstalledModel, QualityTooLow, quality
from engine.ct2 import Replicas
from engine.prompts import Prompts
from engine.quality import Quality, Score, compared, documents, pieces, require

ROOT = Path(__file__).parents[3]
SMALL, LARGE = 10**8, 10**11


def words(text: str) -> list[int]:
    return [len(word) for word in text.split()]


def test_the_texts_are_synthetic_say_so_and_are_shipped() -> None:
    for name in ("calibration", "evaluation"):
        head = (ROOT / "engine" / "texts" / f"{name}.txt").read_text("utf-8").split("\n\n")[0]
        assert "Synthetic" in head
        assert "Apache-2.0" in head
        assert "Synthetic" not in " ".join(documents(name))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert "texts/*.txt" in project["tool"]["setuptools"]["package-data"]["engine"]


def test_what_calibrates_is_not_what_is_evaluated() -> None:
    def runs(name: quality.Name) -> set[tuple[str, ...]]:
        found: set[tuple[str, ...]] = set()
        for document in documents(name):
            split = document.lower().split()
            found |= {tuple(split[start : start + 6]) for start in range(len(split) - 5)}
        return found

    assert not runs("calibration") & runs("evaluation")


def test_pieces_fit_the_context_and_lose_nothing_of_a_small_models_text() -> None:
    found = pieces("evaluation", words, 100, SMALL)
    assert max(map(len, found)) <= 100
    assert sum(map(len, found)) == sum(len(words(document)) for document in documents("evaluation"))


def test_a_large_model_gets_a_quarter_of_the_text() -> None:
    small, large = (
        sum(len(piece) for piece in pieces("evaluation", list, 10**6, size))  # type: ignore[arg-type]
        for size in (SMALL, LARGE)
    )
    assert small == 2560
    assert large == 640


def test_a_score_is_perplexity_and_accuracy_by_the_book() -> None:
    random = np.random.default_rng(1)
    texts = [random.integers(0, 9, length).tolist() for length in (40, 70)]
    logits = [random.normal(0, 3, (len(tokens), 9)).astype(np.float32) for tokens in texts]
    total = quality.score(zip(texts, logits, strict=True))
    loss, hits = 0.0, 0
    for tokens, each in zip(texts, logits, strict=True):
        for position, wanted in enumerate(tokens[1:]):
            odds = [math.exp(value) for value in each[position].tolist()]
            loss -= math.log(odds[wanted] / sum(odds))
            hits += odds[wanted] == max(odds)
    assert total.loss == pytest.approx(loss)
    assert total.hits == hits
    assert total.hits > 5
    assert len(total.likeliest) == 39 + 69


def test_figures_compare_what_two_networks_predicted() -> None:
    float32 = Score(loss=100.0, hits=40, likeliest=[1] * 50 + [2] * 50)
    int8 = Score(loss=102.0, hits=39, likeliest=[1] * 60 + [2] * 40)
    figures = compared(int8, float32, 26, 100)
    assert (figures.tokens, figures.size_ratio) == (100, 0.26)
    assert figures.accuracy_ratio == 0.975
    assert figures.perplexity_ratio == pytest.approx(math.exp(0.02), abs=1e-4)
    assert figures.agreement == 0.9
    require(figures)


def test_a_model_that_predicts_nothing_has_no_accuracy_to_lose() -> None:
    float32 = Score(loss=1e6, hits=1, likeliest=[1] * 100)
    figures = compared(Score(loss=1e6, hits=0, likeliest=[2] * 100), float32, 26, 100)
    assert figures.accuracy_ratio is None
    assert math.isfinite(figures.float32_perplexity)
    require(figures)


@pytest.mark.parametrize(
    ("changes", "words_"),
    [
        ({"accuracy_ratio": 0.94}, "accuracy is 0.940.*at least 0.95"),
        ({"perplexity_ratio": 1.2}, "perplexity is 1.200.*at most 1.1"),
        ({"perplexity_ratio": math.nan}, "perplexity"),
    ],
)
def test_a_model_that_loses_too_much_is_refused_and_told_the_way_out(
    changes: dict[str, float], words_: str
) -> None:
    score = Score(loss=100.0, hits=40, likeliest=[1] * 100)
    good: Quality = compared(score, score, 25, 100)
    with pytest.raises(QualityTooLow, match=rf"{words_}.*--unsafe-quality"):
        require(replace(good, **changes))


def test_the_manifest_of_the_default_model_says_what_it_does_today(
    model: InstalledModel, prompts: Prompts
) -> None:
    figures = model.manifest.quality
    assert figures is not None
    texts = pieces("evaluation", prompts.text, model.manifest.context_length, SMALL)
    network = Replicas(model.path, replicas=1, threads=1)
    total = quality.score((tokens, network.logits(tokens)) for tokens in texts)
    network.close()
    assert len(total.likeliest) == figures.tokens
    # Another processor rounds another way, a little.
    assert total.loss / figures.tokens == pytest.approx(math.log(figures.int8_perplexity), abs=0.01)
