"""The shipped policy is found, and copied whole or not at all."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from gateway.policy import shipped
from gateway.policy.problems import PolicyError
from gateway.policy.release import load
from gateway.policy.shipped import install_default, shipped_policies


def test_the_checkout_has_the_shipped_policy() -> None:
    assert (shipped_policies() / "access.cedar").is_file()


def test_an_installed_wheel_finds_it_under_its_prefix(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = tmp_path / "share" / "intramural" / "policies"
    install_default(installed)
    monkeypatch.setattr(shipped, "__file__", str(tmp_path / "lib" / "a" / "b" / "shipped.py"))
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    assert shipped_policies() == installed
    (installed / "access.cedar").unlink()
    with pytest.raises(PolicyError, match="install intramural again"):
        shipped_policies()


def test_a_missing_directory_gets_a_copy_with_the_same_digest(tmp_path: Path) -> None:
    target = tmp_path / "data" / "policies"
    assert install_default(target)
    assert load(target).digest == load(shipped_policies()).digest
    assert (target / "README.md").is_file()
    assert [path.name for path in target.parent.iterdir()] == ["policies"]


def test_a_directory_that_is_there_is_left_alone(tmp_path: Path) -> None:
    target = tmp_path / "policies"
    target.mkdir()
    assert not install_default(target)
    assert list(target.iterdir()) == []


def test_a_copy_that_fails_half_way_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, left = Path.write_bytes, [3]

    def fails(self: Path, data: bytes) -> int:
        left[0] -= 1
        if left[0] < 0:
            raise OSError(28, "no space left on device")
        return write(self, data)

    monkeypatch.setattr(Path, "write_bytes", fails)
    with pytest.raises(OSError, match="no space"):
        install_default(tmp_path / "policies")
    assert list(tmp_path.iterdir()) == []


def test_of_two_that_copy_at_once_one_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target, build = tmp_path / "policies", shipped.build

    def slow(files: dict[str, bytes]) -> object:
        monkeypatch.setattr(shipped, "build", build)
        assert install_default(target)
        return build(files)

    monkeypatch.setattr(shipped, "build", slow)
    assert not install_default(target)
    assert [path.name for path in tmp_path.iterdir()] == ["policies"]
