"""The profiles of 8, 16 and 32 GB are settings that load, and plans that hold on such a box."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine import Devices, known_model, make_plan
from engine.plan import GATEWAY
from gateway.generation.local import wish_of
from gateway.settings import Settings, load, parse_bytes

PROFILES = Path(__file__).parents[3] / "deploy" / "profiles"
BOXES = {"8gb": (8, 4), "16gb": (16, 8), "32gb": (32, 16)}
COMMAND = re.compile(r"engine plan --memory (\S+) --cores (\d+)`")
ROW = re.compile(r"^# {2,}(\S+) +(\d+) x (\d+)$", re.MULTILINE)


def profile(name: str, tmp_path: Path) -> Settings:
    return load(tmp_path, PROFILES / f"{name}.toml")


def box(name: str) -> Devices:
    gigabytes, cores = BOXES[name]
    return Devices.box(cores, gigabytes << 30)


def test_every_profile_is_tested() -> None:
    assert {path.stem for path in PROFILES.iterdir()} == BOXES.keys()


@pytest.mark.parametrize("name", BOXES)
def test_a_profile_loads_strictly_and_leaves_the_gateway_and_the_system_their_part(
    name: str, tmp_path: Path
) -> None:
    settings = profile(name, tmp_path)
    assert settings.engine.memory_bytes is not None
    assert settings.engine.memory_bytes <= box(name).memory - GATEWAY
    # Who is let in has a place in the queue or in a batch, or is told at once.
    assert settings.engine.queue <= settings.server.max_exchanges


@pytest.mark.parametrize("name", BOXES)
def test_what_a_profile_says_of_models_is_what_the_plan_of_that_box_says(
    name: str, tmp_path: Path
) -> None:
    settings = profile(name, tmp_path)
    rows = ROW.findall((PROFILES / f"{name}.toml").read_text(encoding="utf-8"))
    assert len(rows) >= 3
    planned = {}
    for model, _, _ in rows:
        shape = known_model(model)
        assert shape is not None, model
        plan = make_plan(box(name), [shape], wish_of(settings.engine))
        [made] = plan.models
        assert made.context == settings.engine.context
        assert plan.memory <= (settings.engine.memory_bytes or 0)
        planned[model] = (str(made.replicas), str(made.threads))
    assert planned == {model: (replicas, threads) for model, replicas, threads in rows}


@pytest.mark.parametrize("name", BOXES)
def test_the_command_of_a_profile_plans_with_the_memory_that_its_settings_name(
    name: str, tmp_path: Path
) -> None:
    settings = profile(name, tmp_path)
    [(memory, cores)] = COMMAND.findall((PROFILES / f"{name}.toml").read_text(encoding="utf-8"))
    named = Devices.box(int(cores), parse_bytes(memory))
    assert named.cores == box(name).cores
    assert named.memory - GATEWAY == settings.engine.memory_bytes
