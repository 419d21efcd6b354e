"""Files that must be whole after a power cut: written aside, synced, moved into place, synced."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from secrets import token_hex

PRIVATE_DIRECTORY = 0o700


def make_directory(path: Path) -> None:
    """Create `path` and its parents, 0700, so that they are there after a power cut."""
    missing = []
    while not path.is_dir():
        missing.append(path)
        path = path.parent
    for directory in reversed(missing):
        directory.mkdir(mode=PRIVATE_DIRECTORY, exist_ok=True)
        sync_directory(directory.parent)


def sync_directory(path: Path) -> None:
    """Make the names in a directory durable."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace_file(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Give `path` new content: a reader, or a crash, sees the old or the new, never a part."""
    aside = _write_aside(path, content, mode)
    try:
        aside.replace(path)
    except OSError:
        aside.unlink(missing_ok=True)
        raise
    sync_directory(path.parent)


def replace_files(files: Sequence[tuple[str, bytes, int]]) -> None:
    """Do as `replace_file` for many, `(path, content, mode)` each, with fewer waits for the disk.

    All are durable when this returns. If it raises, each is old or new, and nothing is left beside.
    Paths are strings, and calls are few: this runs beside a writer that wants Python's lock.
    """
    parents = {os.path.dirname(path) for path, _, _ in files}  # noqa: PTH120 - many, and strings
    for parent in parents:
        make_directory(Path(parent))
    suffix = f".{token_hex(8)}"
    asides: list[tuple[str, str]] = []
    descriptors: list[int] = []
    try:
        for path, content, mode in files:
            folder, name = os.path.split(path)
            asides.append((f"{folder}/.{name}{suffix}", path))
            descriptors.append(_write_new(asides[-1][0], content, mode))
        # After all of them are written, so that one commit of the file system serves many.
        for descriptor in descriptors:
            os.fsync(descriptor)
        for aside, path in asides:
            os.replace(aside, path)  # noqa: PTH105 - as above
    except OSError:
        for aside, _ in asides:
            with suppress(OSError):
                os.unlink(aside)  # noqa: PTH108 - as above
        raise
    finally:
        for descriptor in descriptors:
            os.close(descriptor)
    for parent in parents:
        sync_directory(Path(parent))


def create_file(path: Path, content: bytes, mode: int) -> None:
    """Create `path` whole; raise `FileExistsError`, and touch nothing, if it is there already."""
    aside = _write_aside(path, content, mode)
    try:
        os.link(aside, path)
    finally:
        aside.unlink(missing_ok=True)
    sync_directory(path.parent)


def _write_aside(path: Path, content: bytes, mode: int) -> Path:
    aside = path.with_name(f".{path.name}.{token_hex(8)}")
    try:
        descriptor = _write_new(str(aside), content, mode)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError:
        aside.unlink(missing_ok=True)
        raise
    return aside


def _write_new(path: str, content: bytes, mode: int) -> int:
    """Write a file that was not there, and return it open: not durable yet."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(path, flags, mode)
    try:
        if mode & 0o077:
            os.fchmod(descriptor, mode)  # Whatever the umask is.
        rest = memoryview(content)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor
