"""What a program asks of a disk, recorded: SQLite's files by a VFS, others by a shim around `os`.

The operating system does the work; `Medium.ask` may make any operation fail, before or after it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any
from unittest import mock

import apsw

from tests.fakes.powerloss import (
    DIRECTORY,
    Fault,
    Medium,
    Name,
    Sync,
    SyncNames,
    Truncate,
    Write,
    parent,
)

_names = count()
_BASE = apsw.vfs_names()[0]
"""Named, because the default may come to be the recording one."""
_NAMED_BY_SYNC = apsw.SQLITE_OPEN_WAL | apsw.SQLITE_OPEN_MAIN_JOURNAL


@contextmanager
def recording(medium: Medium, *, default: bool = False) -> Iterator[str]:
    """Record what happens below the medium's root; yield the name of the VFS for SQLite.

    With `default`, all of SQLite uses it.
    """
    vfs, shim = RecordingVFS(medium, default=default), _Shim(medium)
    with mock.patch.multiple(os, **shim.calls()), mock.patch("shutil.rmtree", shim.rmtree):
        yield vfs.name
    vfs.unregister()


class RecordingFile(apsw.VFSFile):
    _number = 0
    """Also of one that the garbage collector emptied before SQLite closed it."""

    def __init__(self, medium: Medium, name: Any, flags: list[int]) -> None:
        path = (
            None
            if name is None
            else medium.relative(name.filename() if isinstance(name, apsw.URIFilename) else name)
        )
        self._medium, self._path = medium, path or ""
        created = path is not None and not medium.knows(path)
        if created and (fault := medium.ask("open", self._path)):
            raise _coded(fault.code)
        super().__init__(_BASE, name, flags)
        self._number = 0 if path is None else medium.number(path)
        # As SQLite's own: the first sync of a journal that it created is one of its name too.
        self._unnamed = created and bool(flags[0] & _NAMED_BY_SYNC)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 - SQLite's name
        fault = self._number and self._medium.ask("write", self._path)
        if fault:
            data = data[: int(len(data) * fault.done)]
        if data:
            super().xWrite(data, offset)
            if self._number:
                self._medium.add(Write(self._number, offset, bytes(data)))
        if fault:
            raise _coded(fault.code)

    def xTruncate(self, newsize: int) -> None:  # noqa: N802 - SQLite's name
        fault = self._number and self._medium.ask("truncate", self._path)
        if not fault or fault.done:
            super().xTruncate(newsize)
            if self._number:
                self._medium.add(Truncate(self._number, newsize))
        if fault:
            raise _coded(fault.code)

    def xSync(self, flags: int) -> None:  # noqa: N802 - SQLite's name
        fault = self._number and self._medium.ask("sync", self._path)
        if self._number and (not fault or fault.done):
            self._medium.add(Sync(self._number))
            if self._unnamed:
                self._medium.add(SyncNames(parent(self._path)))
                self._unnamed = False
        if fault:
            if not fault.done:
                self._medium.add(Sync(self._number, failed=True))
            raise _coded(fault.code)


class RecordingVFS(apsw.VFS):
    _medium: Medium | None = None
    """None once the garbage collector emptied it: a connection that a test let fall closes late."""

    def __init__(self, medium: Medium, *, default: bool = False) -> None:
        self.name = f"recording-{next(_names)}"
        self._medium = medium
        super().__init__(self.name, _BASE, makedefault=default)

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:  # noqa: N802 - SQLite's name
        if self._medium is None:
            return apsw.VFSFile(_BASE, name, flags)
        return RecordingFile(self._medium, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: FBT001, N802 - SQLite's
        medium = self._medium
        if medium is None:
            super().xDelete(filename, syncdir)
            return
        path = medium.relative(filename)
        fault = path is not None and medium.ask("delete", path)
        if not fault or fault.done:
            super().xDelete(filename, syncdir)
            if path is not None:
                medium.add(Name(path, None))
                if syncdir:
                    medium.add(SyncNames(parent(path)))
        if fault:
            raise _coded(fault.code)


def _coded(code: int) -> Exception:
    return apsw.exception_for(code)


# -- all other files


class _Shim:
    """`os`, as far as programs write files with it."""

    def __init__(self, medium: Medium) -> None:
        self._medium = medium
        self._os = {name: getattr(os, name) for name in self.calls()}
        self._rmtree = shutil.rmtree
        self._open: dict[int, tuple[int | None, str, int]] = {}
        """Open descriptors: the file or `None` for a directory, its path, where it is written."""

    def calls(self) -> dict[str, Any]:
        """Return what stands in for which function."""
        names = ("open", "close", "write", "fsync", "replace", "link", "unlink", "mkdir")
        return {name: getattr(self, name) for name in names}

    def _fail(self, kind: str, path: str) -> Fault | None:
        return self._medium.ask(kind, path)

    def open(self, path: Any, flags: int, *more: Any, **named: Any) -> int:
        relative = None if isinstance(path, int) else self._medium.relative(path)
        if relative is None or named.get("dir_fd") is not None:
            found: int = self._os["open"](path, flags, *more, **named)
            return found
        writes = flags & (os.O_WRONLY | os.O_RDWR)
        if writes and (fault := self._fail("open", relative)):
            raise OSError(fault.errno, os.strerror(fault.errno), os.fspath(path))
        descriptor: int = self._os["open"](path, flags, *more, **named)
        if writes:
            self._open[descriptor] = (self._medium.number(relative), relative, 0)
        elif flags & os.O_DIRECTORY:
            self._open[descriptor] = (None, relative, 0)
        return descriptor

    def close(self, descriptor: int) -> None:
        self._open.pop(descriptor, None)
        self._os["close"](descriptor)

    def write(self, descriptor: int, data: Any) -> int:
        file, path, offset = self._open.get(descriptor, (None, "", 0))
        if file is None:
            written: int = self._os["write"](descriptor, data)
            return written
        fault = self._fail("write", path)
        done = bytes(data)
        if fault:
            done = done[: int(len(done) * fault.done)]
        if done:
            self._os["write"](descriptor, done)
            self._medium.add(Write(file, offset, done))
            self._open[descriptor] = (file, path, offset + len(done))
        # A short write is no error yet: the next one is, as on a disk that is full.
        if fault and not done:
            raise OSError(fault.errno, os.strerror(fault.errno), path)
        return len(done)

    def fsync(self, descriptor: int) -> None:
        found = self._open.get(descriptor)
        if found is None:
            self._os["fsync"](descriptor)
            return
        file, path, _ = found
        fault = self._fail("sync", path)
        if not fault or fault.done:
            self._medium.add(SyncNames(path) if file is None else Sync(file))
        if fault:
            if file is not None and not fault.done:
                self._medium.add(Sync(file, failed=True))
            raise OSError(fault.errno, os.strerror(fault.errno), path)

    def replace(self, source: Any, target: Any, **named: Any) -> None:
        self._two("replace", source, target, named, keep=False)

    def link(self, source: Any, target: Any, **named: Any) -> None:
        self._two("link", source, target, named, keep=True)

    def _two(
        self, call: str, source: Any, target: Any, named: dict[str, Any], *, keep: bool
    ) -> None:
        old, new = self._medium.relative(source), self._medium.relative(target)
        if old is None or new is None:
            self._os[call](source, target, **named)
            return
        fault = self._fail(call, new)
        if not fault or fault.done:
            number = self._medium.number(old)
            self._os[call](source, target, **named)
            self._medium.add(Name(new, number))
            if not keep:
                self._medium.add(Name(old, None))
        if fault:
            raise OSError(fault.errno, os.strerror(fault.errno), os.fspath(target))

    def unlink(self, path: Any, **named: Any) -> None:
        relative = None if named.get("dir_fd") is not None else self._medium.relative(path)
        self._os["unlink"](path, **named)
        if relative is not None:
            self._medium.add(Name(relative, None))

    def mkdir(self, path: Any, *more: Any, **named: Any) -> None:
        relative = self._medium.relative(path)
        if relative is not None and (fault := self._fail("mkdir", relative)):
            raise OSError(fault.errno, os.strerror(fault.errno), os.fspath(path))
        self._os["mkdir"](path, *more, **named)
        if relative is not None:
            self._medium.add(Name(relative, DIRECTORY))

    def rmtree(self, path: Any, *more: Any, **named: Any) -> None:
        relative = self._medium.relative(path)
        below = []
        if relative is not None:
            below = [self._medium.relative(each) for each in sorted(Path(path).rglob("*"))]
        self._rmtree(path, *more, **named)
        if relative is not None and not Path(path).exists():
            for each in [*reversed(below), relative]:
                assert each is not None
                self._medium.add(Name(each, None))
