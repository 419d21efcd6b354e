"""Cores are those that the process may use, not those of the machine."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from engine.devices import Devices, detect_devices


def test_affinity_bounds_the_cores(tmp_path: Path) -> None:
    assert detect_devices(tmp_path).cores == len(os.sched_getaffinity(0))


@pytest.mark.parametrize(
    ("text", "cores"),
    [("100000 100000", 1), ("50000 100000", 1), ("max 100000", None), ("x", None)],
)
def test_a_limit_of_the_cgroup_bounds_the_cores(
    tmp_path: Path, text: str, cores: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)))
    (tmp_path / "cpu.max").write_text(text)
    assert detect_devices(tmp_path).cores == (cores or 8)


def test_the_older_cgroup_bounds_them_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)))
    (tmp_path / "cpu").mkdir()
    (tmp_path / "cpu" / "cpu.cfs_quota_us").write_text("300000")
    (tmp_path / "cpu" / "cpu.cfs_period_us").write_text("100000")
    assert detect_devices(tmp_path).cores == 3


def test_a_limit_of_memory_bounds_the_memory(tmp_path: Path) -> None:
    (tmp_path / "memory.max").write_text("3000000")
    (tmp_path / "memory.current").write_text("1000000")
    assert detect_devices(tmp_path).memory == 2_000_000


def test_there_is_always_one_replica() -> None:
    assert Devices(cores=2, memory=0).replicas(threads=8) == 1
    assert Devices(cores=8, memory=0).replicas(threads=2) == 4
