"""The log's tiles on disk: written once, compared with what the leaves say, read for proofs.

Everything here is derived. A file that is missing, or that a power cut tore, is written again; one
that says something else than the leaves is somebody's doing, and an error.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import apsw

from gateway.domain.merkle import HASH_SIZE, Levels, leaf_hash, root_of
from gateway.domain.tiles import TILES, WIDTH, Tile, TileName, Tiles, parse_path
from gateway.files import replace_files
from gateway.ledger import store

_MODE: Final = 0o600  # As the database: a bundle says who asked for what.


class TileDiffers(Exception):  # noqa: N818 - reads as a state
    """A tile is not what the leaves say."""

    def __init__(self, path: str) -> None:
        super().__init__(
            f"{path} is not what the log says: keep a copy of the directory, find out who changed "
            f"it, then remove {path.partition('.p/')[0]}* and start the gateway, which writes it "
            "again"
        )


class TileMissing(Exception):  # noqa: N818 - as above
    """A tile is not there, or only a part of it is."""


class TileDirectory:
    """The directory `tile` of one log."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def put(self, tiles: Iterable[Tile]) -> None:
        """Make these tiles durable where they are not there already.

        Raises `TileDiffers` if one of them is there and says something else, and `OSError`.
        """
        files: list[tuple[str, bytes, int]] = []
        there: dict[str, set[str]] = {}  # Listed once: a call for each file costs the writer more.
        for tile in tiles:
            path, content = tile.name.path, tile.content()
            folder, _, file = path.rpartition("/")
            if folder not in there:
                there[folder] = self._list(folder)
            if file in there[folder]:
                with suppress(TileMissing):
                    self.check(path, content)
                    continue
            files.append((f"{self._directory}/{path}", content, _MODE))
        replace_files(files)

    def check(self, path: str, content: bytes) -> None:
        """Return if the file is there and is `content`; `TileMissing` or `TileDiffers` if not.

        What a crash leaves of a file is its beginning, or that and zeros: missing, not different.
        """
        found = self.read(path)
        if found == content:
            return
        if found is None or (
            len(found) <= len(content) and content.startswith(found.rstrip(b"\0"))
        ):
            raise TileMissing(path)
        raise TileDiffers(path)

    def read(self, path: str) -> bytes | None:
        """Return the bytes of a file, or `None` if there is none."""
        try:
            descriptor = os.open(f"{self._directory}/{path}", os.O_RDONLY | os.O_CLOEXEC)
        except (FileNotFoundError, NotADirectoryError):
            return None
        with os.fdopen(descriptor, "rb", buffering=0) as file:
            return file.readall()

    def widths(self, name: TileName) -> list[int]:
        """Return how wide the partial tiles are that are there of a tile."""
        folder = name.partials_path
        names = (parse_path(f"{folder}/{file}") for file in self._list(folder))
        return sorted(found.width for found in names if found is not None)

    def _list(self, folder: str) -> set[str]:
        try:
            with os.scandir(f"{self._directory}/{folder}") as entries:
                return {entry.name for entry in entries}
        except (FileNotFoundError, NotADirectoryError):
            return set()

    def names(self) -> Iterator[TileName]:
        """Yield the name of every tile that is there, in no order. Other files are passed over."""
        top = self._directory / TILES
        for folder, _, files in os.walk(top):
            relative = Path(folder).relative_to(self._directory).as_posix()
            for file in files:
                name = parse_path(f"{relative}/{file}")
                if name is not None:
                    yield name

    def largest(self) -> TileName | None:
        """Return the tile that takes the largest log, or `None` if there are no tiles."""
        return max(self.names(), key=lambda name: name.end, default=None)

    def clear_partials(self, full: Iterable[TileName]) -> None:
        """Remove the partial tiles of tiles that are there in full."""
        for name in full:
            shutil.rmtree(self._directory / name.partials_path, ignore_errors=True)

    def clear_asides(self) -> None:
        """Remove what a process that was killed was writing. Only at a start, by who serves."""
        for folder, _, files in os.walk(self._directory / TILES):
            for file in files:
                if file.startswith("."):
                    (Path(folder) / file).unlink(missing_ok=True)

    def hashes(self, level: int, first: int, count: int) -> bytes | None:
        """Return `count` hashes of a level, of one tile, or `None` if no tile there has them."""
        index, offset = divmod(first, WIDTH)
        name = TileName(level, index)
        names = [name]
        names += [
            TileName(level, index, width)
            for width in self.widths(name)
            if offset + count <= width < WIDTH
        ]
        for each in names:
            raw = self.read(each.path)
            if raw is not None and len(raw) == each.width * HASH_SIZE:
                return raw[offset * HASH_SIZE : (offset + count) * HASH_SIZE]
        return None


class StoredHashes:
    """Hashes of any level: from the tiles where they are there, from the leaves where not."""

    def __init__(self, db: apsw.Connection, tiles: TileDirectory | None) -> None:
        self._db = db
        self._tiles = tiles

    def read(self, level: int, first: int, count: int) -> bytes:
        """Return so many hashes, one after the other. Nobody has checked the tiles."""
        stored = None if self._tiles is None else self._tiles.hashes(level, first, count)
        if stored is not None:
            return stored
        if level == 0:
            return b"".join(map(leaf_hash, store.read_span(self._db, first, first + count)))
        return b"".join(
            root_of(split(self.read(level - 1, at * WIDTH, WIDTH)))
            for at in range(first, first + count)
        )


def split(raw: bytes) -> list[bytes]:
    """Return the hashes that stand one after the other in a tile."""
    return [raw[at : at + HASH_SIZE] for at in range(0, len(raw), HASH_SIZE)]


class TileComparison:
    """Compares one tile after another with what the leaves say. Writes nothing."""

    def __init__(self, tiles: TileDirectory, published: int | None) -> None:
        """Tiles of a checkpoint of size `published` have to be there; `None`: every full one."""
        self.directory = tiles
        self._published = published
        self.differs: TileDiffers | None = None
        """The first that says something else."""
        self.missing: str | None = None
        """The first tile that has to be there and is not."""

    @property
    def good(self) -> bool:
        """Whether every tile so far was there, and is what the leaves say."""
        return self.differs is None and self.missing is None

    def compare(self, tile: Tile) -> None:
        """Compare a tile, and the narrower ones of it that are there."""
        name = tile.name
        widths = [width for width in self.directory.widths(name) if width <= name.width]
        if name.width == WIDTH:
            widths.append(WIDTH)
        good = {width for width in widths if self._is_good(tile, width)}
        published = name.end if self._published is None else self._published
        needed = TileName(name.level, name.index).width_at(published)
        if needed and not good & {needed, WIDTH}:
            self.missing = self.missing or TileName(name.level, name.index, needed).path

    def _is_good(self, tile: Tile, width: int) -> bool:
        try:
            name = TileName(tile.name.level, tile.name.index, width)
            self.directory.check(name.path, tile.content(width))
        except TileMissing:
            return False
        except TileDiffers as differs:
            self.differs = self.differs or differs
            return False
        return True


class TileCheck(TileComparison):
    """Compares the tiles with the leaves, which are given in their order. Writes nothing."""

    def __init__(self, tiles: TileDirectory, published: int | None) -> None:
        """Tiles of a checkpoint of size `published` have to be there; `None`: every full one."""
        super().__init__(tiles, published)
        # Listed before anyone looks at the database, which is never behind its tiles.
        self._largest = tiles.largest()
        self._edge = Tiles()
        self.whole = Tiles()
        """The edge of the log up to which every tile was there."""

    @property
    def found(self) -> bool:
        """Whether there are any tiles."""
        return self._largest is not None

    def take(
        self, leaves: Sequence[bytes], hashes: Sequence[bytes], roots: Sequence[bytes] = ()
    ) -> None:
        """Compare the tiles that these leaves fill, whose `roots` are given if they are known."""
        for tile in self._edge.extend(leaves, hashes, roots):
            self.compare(tile)
        if self.missing is None:
            self.whole = self._edge.copy()

    def skip(self, hashes: Sequence[bytes]) -> None:
        """Compare the tiles over leaves that were dropped: those above level 0, in fact."""
        for tile in self._edge.skip(hashes):
            self.compare(tile)
        if self.missing is None:
            self.whole = self._edge.copy()

    def take_trees(self, trees: Sequence[Levels]) -> None:
        """Compare the tiles above those of these trees, which somebody else has compared."""
        for tree in trees:
            for tile in self._edge.skip(tree[0], tree[-1]):
                if tile.name.level:
                    self.compare(tile)
        if self.missing is None:
            self.whole = self._edge.copy()

    def finish(self) -> str | None:
        """Compare what is not full; return what a tile says that the leaves do not, if any does."""
        for tile in self._edge.partial():
            self.compare(tile)
        size, largest = self._edge.size, self._largest
        if self.differs is not None:
            return f"{self.differs}. Of the log itself, every record is as it was signed"
        if largest is not None and largest.end > size:
            return (
                f"{largest.path} is of a log of {largest.end} records, and this one has {size}: "
                "records were removed from its end, or an older backup was restored"
            )
        return None
