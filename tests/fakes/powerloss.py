"""A disk that remembers what was promised: every write, every sync, every name, in their order.

The real operating system does the work, in a directory of the test's own; what a program asks of it
is recorded on the way. `Crash` then says what a power cut could have left at any moment: what was
synced, and any part of the rest, torn at sectors of 512 bytes, in any order, names and data apart.
That is more than a file system does. What survives this survives it.

`tests/fakes/recording.py` says what a program asks of it.
"""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

SECTOR = 512
DIRECTORY = 0


@dataclass(frozen=True, slots=True)
class Write:
    file: int
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Truncate:
    file: int
    size: int


@dataclass(frozen=True, slots=True)
class Sync:
    """A file is synced. Where that failed, its pages are clean now: no later one writes them."""

    file: int
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Name:
    """From now on `path` is this file, a directory (0), or nothing."""

    path: str
    file: int | None


@dataclass(frozen=True, slots=True)
class SyncNames:
    """What happened to the names in a directory is durable."""

    directory: str


@dataclass(frozen=True, slots=True)
class Note:
    """What the world was told. A crash takes none of it back."""

    what: object


Event = Write | Truncate | Sync | Name | SyncNames | Note


@dataclass(frozen=True, slots=True)
class Image:
    """What is on a disk: the files by their paths below the root, and the directories."""

    files: Mapping[str, bytes] = field(default_factory=dict)
    directories: frozenset[str] = frozenset()

    def restore(self, root: Path) -> None:
        """Write it below `root`."""
        root.mkdir(exist_ok=True)
        for directory in sorted(self.directories):
            (root / directory).mkdir(mode=0o700, exist_ok=True)
        for path, content in self.files.items():
            (root / path).write_bytes(content)
            (root / path).chmod(0o600)


class Medium:
    """Records what happens below `root`, which begins as `image`, all of it durable."""

    def __init__(self, root: Path, image: Image | None = None) -> None:
        self.root = root
        self.base = Image() if image is None else image
        self.base.restore(root)
        self.events: list[Event] = []
        self.ask: Callable[[str, str], Fault | None] = lambda _kind, _path: None
        """Asked before each operation what is to fail: its kind, and the file's path."""
        self._lock = threading.RLock()
        self._files = count(1)
        self._now: dict[str, int | None] = dict.fromkeys(self.base.directories, DIRECTORY)
        self.numbers = {path: next(self._files) for path in self.base.files}
        """The number of each file that was there at first."""
        self._now |= self.numbers

    def note(self, what: object) -> None:
        """Record that the world was told something."""
        with self._lock:
            self.events.append(Note(what))

    def relative(self, path: str | bytes | os.PathLike[str]) -> str | None:
        """Return `path` below the root, `None` if it is elsewhere."""
        text, root = os.fsdecode(os.fspath(path)), str(self.root)
        if text == root:
            return ""
        return text.removeprefix(f"{root}/") if text.startswith(f"{root}/") else None

    def add(self, event: Event) -> None:
        """Record an event."""
        with self._lock:
            self.events.append(event)
            if isinstance(event, Name):
                self._now[event.path] = event.file

    def number(self, path: str) -> int:
        """Return the number of the file at `path`; a new one gets its name."""
        with self._lock:
            found = self._now.get(path)
            if found is None:
                found = next(self._files)
                self.add(Name(path, found))
            return found

    def knows(self, path: str) -> bool:
        """Return whether there is something of this name now."""
        return self._now.get(path) is not None


@dataclass(frozen=True, slots=True)
class Fault:
    """How an operation fails: with which error, and how much of it is done all the same."""

    errno: int
    code: int
    """SQLite's own code for it."""
    done: float = 0.0


class Crash:
    """Walks the events forward; `image` may be asked at any of them."""

    def __init__(self, medium: Medium) -> None:
        self._events = medium.events
        self._at = 0
        self._durable = {
            medium.numbers[path]: bytearray(content) for path, content in medium.base.files.items()
        }
        self._pending: dict[int, list[Write | Truncate]] = {}
        self._doubtful: dict[int, int] = {}
        """How many of those no sync will make durable any more."""
        self._names: dict[str, int | None] = dict.fromkeys(medium.base.directories, DIRECTORY)
        self._names |= medium.numbers
        self._renamed: dict[str, list[int | None]] = {}
        self.notes: list[object] = []
        """What the world had been told by then."""

    def advance(self, to: int) -> None:
        """Go on until `to` events have happened."""
        for event in self._events[self._at : to]:
            match event:
                case Write() | Truncate():
                    self._pending.setdefault(event.file, []).append(event)
                case Sync(file, failed=True):
                    self._doubtful[file] = len(self._pending.get(file, []))
                case Sync(file):
                    content = self._durable.setdefault(file, bytearray())
                    pending, doubtful = self._pending.pop(file, []), self._doubtful.get(file, 0)
                    for each in pending[doubtful:]:
                        _apply(content, each)
                    if doubtful:
                        self._pending[file] = pending[:doubtful]
                case Name(path, file):
                    self._renamed.setdefault(path, []).append(file)
                case SyncNames(directory):
                    for path in [p for p in self._renamed if parent(p) == directory]:
                        self._names[path] = self._renamed.pop(path)[-1]
                case Note(what):
                    self.notes.append(what)
        self._at = max(self._at, to)

    def image(self, chance: random.Random) -> Image:
        """Return something that a power cut may leave now."""
        keep = chance.choice([0.0, 1.0, 0.5, 0.1, 0.9, chance.random()])
        whole = chance.random() < 0.25
        """Whether operations are kept or lost as wholes."""
        names = dict(self._names)
        for path, history in self._renamed.items():
            states = [self._names.get(path), *history]
            names[path] = states[-1] if chance.random() < keep else chance.choice(states[:-1])
        directories = {path for path, file in names.items() if file == DIRECTORY}
        directories = {path for path in directories if _reachable(path, directories)}
        files = {
            path: self._content(file, chance, keep, whole=whole)
            for path, file in names.items()
            if file and _reachable(parent(path), directories)
        }
        return Image(files, frozenset(directories))

    def _content(self, file: int, chance: random.Random, keep: float, *, whole: bool) -> bytes:
        content = bytearray(self._durable.get(file, b""))
        for event in self._pending.get(file, ()):
            if isinstance(event, Truncate) or whole:
                if chance.random() < keep:
                    _apply(content, event)
                continue
            start, end = event.offset, event.offset + len(event.data)
            while start < end:
                stop = min(end, start - start % SECTOR + SECTOR)
                if chance.random() < keep:
                    data = event.data[start - event.offset : stop - event.offset]
                    _apply(content, Write(file, start, data))
                elif len(content) < stop and chance.random() < 0.1:
                    content.extend(bytes(stop - len(content)))  # The size was kept, not the data.
                start = stop
        return bytes(content)


def parent(path: str) -> str:
    """Return the directory that a path below the root is in; the root's own is the empty one."""
    return path.rpartition("/")[0]


def _reachable(path: str, directories: set[str]) -> bool:
    while path:
        if path not in directories:
            return False
        path = parent(path)
    return True


def _apply(content: bytearray, event: Write | Truncate) -> None:
    match event:
        case Write(_, offset, data):
            if len(content) < offset:
                content.extend(bytes(offset - len(content)))
            content[offset : offset + len(data)] = data
        case Truncate(_, size):
            if size < len(content):
                del content[size:]
            else:
                content.extend(bytes(size - len(content)))
