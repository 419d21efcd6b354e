"""The real model, loaded once; its absence is a failure, not a skip."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine import DEFAULT_NAME, Generator, InstalledModel, ModelNotFound, ModelStore, quality
from engine.prompts import Prompts

STORE = Path(__file__).parents[3] / ".local" / "models"


@pytest.fixture
def short_texts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Imports measure on a tenth of the text, where a test is not about the figures."""
    monkeypatch.setattr(quality, "_ALL", {"calibration": 64, "evaluation": 256})


@pytest.fixture(scope="session")
def model() -> InstalledModel:
    try:
        model = ModelStore(STORE).open(DEFAULT_NAME)
    except ModelNotFound:
        pytest.fail("the default model is not in .local/models: `make test` sets it up")
    if model.manifest.outdated:
        pytest.fail("the default model is of an earlier importer: `make test` imports it again")
    return model


@pytest.fixture(scope="session")
def prompts(model: InstalledModel) -> Prompts:
    return Prompts.load(model.path)


@pytest.fixture(scope="session")
def generator(model: InstalledModel) -> Iterator[Generator]:
    generator = Generator(model, replicas=2)
    yield generator
    generator.close()
