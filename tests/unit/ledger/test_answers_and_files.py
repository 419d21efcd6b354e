"""Small promises: nobody who left can hurt the writer, and a file is synced before it is named."""

from __future__ import annotations

import os
from concurrent.futures import Future
from pathlib import Path

import pytest

from gateway.domain.errors import LedgerUnavailable
from gateway.domain.ports import Receipt
from gateway.files import create_file, make_directory, replace_file
from gateway.ledger.answers import ThreadWaiter, deliver

RECEIPT = Receipt("x", 0, bytes(32))


@pytest.mark.parametrize("answer", [RECEIPT, LedgerUnavailable()])
def test_an_answer_for_someone_who_left_is_dropped(answer: Receipt | Exception) -> None:
    gone: Future[Receipt] = Future()
    gone.cancel()
    here: Future[Receipt] = Future()
    deliver([(ThreadWaiter(gone), answer), (ThreadWaiter(here), RECEIPT)])
    assert gone.cancelled()
    assert here.result(0) == RECEIPT


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was asked of the operating system, in order."""
    seen: list[str] = []
    fsync, replace, link = os.fsync, Path.replace, os.link

    def see_fsync(descriptor: int) -> None:
        kind = "directory" if os.path.isdir(f"/proc/self/fd/{descriptor}") else "file"  # noqa: PTH112
        seen.append(f"sync {kind}")
        fsync(descriptor)

    def see_replace(self: Path, target: Path) -> Path:
        seen.append("name")
        return replace(self, target)

    def see_link(source: Path, target: Path) -> None:
        seen.append("name")
        link(source, target)

    monkeypatch.setattr(os, "fsync", see_fsync)
    monkeypatch.setattr(Path, "replace", see_replace)
    monkeypatch.setattr(os, "link", see_link)
    return seen


def test_a_replaced_file_is_synced_before_and_after_it_is_named(
    tmp_path: Path, steps: list[str]
) -> None:
    path = tmp_path / "checkpoint"
    replace_file(path, b"one")
    replace_file(path, b"two")
    assert path.read_bytes() == b"two"
    assert steps == ["sync file", "name", "sync directory"] * 2


def test_a_created_file_is_never_overwritten_and_leaves_nothing_behind(
    tmp_path: Path, steps: list[str]
) -> None:
    path = tmp_path / "key"
    create_file(path, b"one", 0o600)
    assert steps == ["sync file", "name", "sync directory"]
    with pytest.raises(FileExistsError):
        create_file(path, b"two", 0o600)
    assert path.read_bytes() == b"one"
    assert [entry.name for entry in tmp_path.iterdir()] == ["key"]


def test_a_directory_and_its_parents_are_made_private_and_durable(
    tmp_path: Path, steps: list[str]
) -> None:
    make_directory(tmp_path / "a" / "b")
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o700
    assert steps == ["sync directory"] * 2
    make_directory(tmp_path / "a" / "b")
    assert len(steps) == 2
