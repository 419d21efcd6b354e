"""The real model, loaded once; its absence is a failure, not a skip."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine import DEFAULT_NAME, Generator, InstalledModel, ModelNotFound, ModelStore
from engine.prompts import Prompts

STORE = Path(__file__).parents[3] / ".local" / "models"


@pytest.fixture(scope="session")
def model() -> InstalledModel:
    try:
        return ModelStore(STORE).open(DEFAULT_NAME)
    except ModelNotFound:
        pytest.fail("the default model is not in .local/models: `make test` sets it up")


@pytest.fixture(scope="session")
def prompts(model: InstalledModel) -> Prompts:
    return Prompts.load(model.path)


@pytest.fixture(scope="session")
def generator(model: InstalledModel) -> Iterator[Generator]:
    generator = Generator(model, replicas=2)
    yield generator
    generator.close()
