"""A secret is made once, whole or not at all, and is its owner's alone."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from gateway import secretfiles
from gateway.secretfiles import SecretExists, SecretFileError, SecretMissing


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys" / "a.key"


def test_a_secret_is_made_once_and_read_ever_after(path: Path) -> None:
    made = secretfiles.read_or_create(path, 32)
    assert len(made) == 32
    assert secretfiles.read_or_create(path, 32) == secretfiles.read(path) == made
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert list(path.parent.iterdir()) == [path]


def test_the_umask_changes_nothing(path: Path) -> None:
    before = os.umask(0)
    try:
        secretfiles.create(path, b"x")
    finally:
        os.umask(before)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_missing_secret_is_missing(path: Path) -> None:
    with pytest.raises(SecretMissing):
        secretfiles.read(path)


def test_a_secret_is_never_overwritten(path: Path) -> None:
    secretfiles.create(path, b"first")
    with pytest.raises(SecretExists):
        secretfiles.create(path, b"second")
    assert secretfiles.read(path) == b"first"
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o610])
def test_a_file_that_others_may_touch_is_refused(path: Path, mode: int) -> None:
    secretfiles.create(path, b"secret")
    path.chmod(mode)
    with pytest.raises(SecretFileError, match="chmod 600"):
        secretfiles.read(path)


@pytest.mark.parametrize("mode", [0o750, 0o705, 0o777])
def test_a_directory_that_others_may_touch_is_refused(path: Path, mode: int) -> None:
    secretfiles.create(path, b"secret")
    path.parent.chmod(mode)
    with pytest.raises(SecretFileError, match="chmod 700"):
        secretfiles.read(path)
    with pytest.raises(SecretFileError, match="chmod 700"):
        secretfiles.create(path.with_name("b.key"), b"secret")


@pytest.mark.parametrize("kind", ["link", "directory", "pipe", "empty", "large"])
def test_what_is_no_small_regular_file_is_refused(path: Path, kind: str) -> None:
    path.parent.mkdir(mode=0o700)
    match kind:
        case "link":
            secretfiles.create(path.with_name("real"), b"secret")
            path.symlink_to("real")
        case "directory":
            path.mkdir(mode=0o700)
        case "pipe":
            os.mkfifo(path, 0o600)
        case "empty":
            path.touch(0o600)
        case _:
            path.write_bytes(bytes(100_000))
            path.chmod(0o600)
    with pytest.raises(SecretFileError):
        secretfiles.read(path)


def test_a_secret_of_another_size_is_refused_and_not_shown(path: Path) -> None:
    secretfiles.create(path, b"hunter2")
    with pytest.raises(SecretFileError, match="32 bytes") as raised:
        secretfiles.read_or_create(path, 32)
    assert "hunter2" not in repr(raised.value)


@pytest.mark.parametrize("step", ["fsync", "link", "write"])
def test_a_failure_half_way_leaves_no_secret_behind(
    path: Path, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, step, fails)
    with pytest.raises(SecretFileError, match="No space left"):
        secretfiles.create(path, b"secret")
    assert list(path.parent.iterdir()) == []


def test_a_directory_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(SecretFileError):
        secretfiles.create(tmp_path / "file" / "a.key", b"secret")
    with pytest.raises(SecretFileError):
        secretfiles.read(tmp_path / "file" / "a.key")


def test_of_many_that_make_it_at_once_all_return_the_same(path: Path) -> None:
    found: list[bytes] = []
    start = threading.Barrier(16)

    def one() -> None:
        start.wait()
        found.append(secretfiles.read_or_create(path, 32))

    threads = [threading.Thread(target=one) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 16
    assert len(set(found)) == 1
    assert list(path.parent.iterdir()) == [path]


def test_a_secret_of_another_user_is_told_with_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def closed(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    tmp_path.chmod(0o700)
    monkeypatch.setattr("gateway.secretfiles.os.open", closed)
    with pytest.raises(SecretFileError, match=r"belongs to another user.*chown -R USER: "):
        secretfiles.read(tmp_path / "hash.key")
