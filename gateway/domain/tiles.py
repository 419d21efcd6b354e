"""A Merkle log cut into files: https://c2sp.org/tlog-tiles. Which there are, and what is in each.

DURABLE FORMAT. A full tile holds 256 hashes of one level, a full bundle 256 leaves; neither changes
once it is full. Only names and contents here; `gateway/ledger/tiles.py` has the disk.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.domain.merkle import HASH_SIZE, Frontier, Levels, RangeRoot, levels_of, root_of

HEIGHT: Final = 8
WIDTH: Final = 1 << HEIGHT
"""Hashes in a full tile, and leaves in a full bundle (tlog-tiles, "Merkle Tree")."""
TILES: Final = "tile"
ENTRIES: Final = "entries"

_PARTIAL: Final = ".p"
_NAME: Final = re.compile(
    r"tile/(?P<level>0|[1-9][0-9]?|entries)/(?P<index>(?:x[0-9]{3}/)*[0-9]{3})"
    r"(?:\.p/(?P<width>[1-9][0-9]{0,2}))?\Z"
)
_LAST_LEVEL: Final = 63
_length: Final = struct.Struct(">H").pack

ReadHashes = Callable[[int, int, int], bytes]
"""`(level, first, count)` to so many hashes of a level, one after the other, all of one tile."""


@dataclass(frozen=True, slots=True)
class TileName:
    """Which tile: of which level (`None` for a bundle of entries), which there, and how wide."""

    level: int | None
    index: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        """The path below the log's directory (tlog-tiles, "Merkle Tree" and "Log entries")."""
        return self.full_path if self.width == WIDTH else f"{self.partials_path}/{self.width}"

    @property
    def full_path(self) -> str:
        """The path of this tile once it is full."""
        digits = f"{self.index:03d}"
        digits = digits.zfill(-(-len(digits) // 3) * 3)
        groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
        level = ENTRIES if self.level is None else self.level
        return f"{TILES}/{level}/{'/'.join([*(f'x{group}' for group in groups[:-1]), groups[-1]])}"

    @property
    def partials_path(self) -> str:
        """The directory that holds this tile while it is partial, by width."""
        return f"{self.full_path}{_PARTIAL}"

    @property
    def end(self) -> int:
        """How many leaves a log has that has all of this tile."""
        return (self.index * WIDTH + self.width) << HEIGHT * (self.level or 0)

    def width_at(self, size: int) -> int:
        """Return how wide this tile is in a log of `size` leaves; 0 if it is not there."""
        there = (size >> HEIGHT * (self.level or 0)) - self.index * WIDTH
        return max(0, min(WIDTH, there))


def parse_path(path: str) -> TileName | None:
    """Return the name that `TileName.path` wrote, or `None` for any other path."""
    matched = _NAME.match(path)
    if matched is None:
        return None
    level = None if matched["level"] == ENTRIES else int(matched["level"])
    index = int(matched["index"].replace("/", "").replace("x", ""))
    name = TileName(level, index, int(matched["width"] or WIDTH))
    return name if name.path == path and (level or 0) <= _LAST_LEVEL else None


@dataclass(frozen=True, slots=True)
class Tile:
    """A tile and what is in it: hashes, or leaves with their lengths before them."""

    name: TileName
    parts: Sequence[bytes]

    def content(self, width: int | None = None) -> bytes:
        """Return the bytes of the file, or of the narrower partial tile that it begins with."""
        return b"".join(self.parts[:width])


def pack(leaves: Sequence[bytes]) -> list[bytes]:
    """Return leaves as a bundle holds them; `ValueError` if one is too long for it."""
    try:
        return [_length(len(leaf)) + leaf for leaf in leaves]
    except struct.error:
        raise ValueError("a leaf is too long for an entry bundle") from None


class Tiles:
    """The right edge of a tiled log: what every tile holds that is not full yet.

    Grows by leaves, and hands out each tile when it is full. At most 256 hashes of each level.
    """

    __slots__ = ("_bundle", "_levels")

    def __init__(self) -> None:
        self._levels: list[list[bytes]] = [[]]
        self._bundle: list[bytes] = []

    @classmethod
    def resume(cls, size: int, hashes: ReadHashes, leaves: Sequence[bytes]) -> Tiles:
        """Take up a log of `size` leaves: `hashes` of each level, and the last bundle's `leaves`.

        `ValueError` if it is not so many. Whoever trusts a root compares it with `root()`.
        """
        tiles = cls()
        level, there = 0, size
        tiles._levels = []
        while there or not level:
            first, width = there - there % WIDTH, there % WIDTH
            raw = hashes(level, first, width) if width else b""
            if len(raw) != width * HASH_SIZE:
                raise ValueError("a partial tile does not have the hashes of its width")
            tiles._levels.append([*_hashes(raw)])
            level, there = level + 1, there >> HEIGHT
        if len(leaves) != size % WIDTH:
            raise ValueError("the last bundle does not have the leaves of its width")
        tiles._bundle = pack(leaves)
        return tiles

    @property
    def size(self) -> int:
        """How many leaves there are."""
        return sum(len(hashes) << HEIGHT * level for level, hashes in enumerate(self._levels))

    def copy(self) -> Tiles:
        """Return an independent edge of the same log."""
        tiles = Tiles()
        tiles._levels = [[*hashes] for hashes in self._levels]
        tiles._bundle = [*self._bundle]
        return tiles

    def extend(
        self, leaves: Sequence[bytes], hashes: Sequence[bytes], roots: Sequence[bytes] = ()
    ) -> list[Tile]:
        """Add leaves and their leaf hashes; return the tiles and bundles that this filled.

        Who has hashed the tiles that this fills before gives their `roots`, one after the other.
        """
        known = iter(roots)
        full: list[Tile] = []
        done = 0
        while done < len(leaves):
            room = WIDTH - len(self._bundle)
            self._bundle += pack(leaves[done : done + room])
            self._levels[0] += hashes[done : done + room]
            done += room
            if len(self._bundle) == WIDTH:
                index = (self.size >> HEIGHT) - 1
                full.append(Tile(TileName(None, index), self._bundle))
                self._bundle = []
                self._fill(index, full, next(known, None))
        return full

    def skip(self, hashes: Sequence[bytes], roots: Sequence[bytes] = ()) -> list[Tile]:
        """Add leaves of which only the hashes are known; return the tiles of hashes this filled.

        They are whole bundles, and come after whole ones: `ValueError` if not. `roots` as in
        `extend`.
        """
        if self._bundle or len(hashes) % WIDTH:
            raise ValueError("what is skipped is whole bundles")
        known = iter(roots)
        full: list[Tile] = []
        for start in range(0, len(hashes), WIDTH):
            self._levels[0] = [*hashes[start : start + WIDTH]]
            self._fill((self.size >> HEIGHT) - 1, full, next(known, None))
        return full

    def partial(self) -> list[Tile]:
        """Return the tiles and the bundle that are not full and not empty."""
        size = self.size
        found = [
            Tile(TileName(level, (size >> HEIGHT * level) // WIDTH, len(hashes)), [*hashes])
            for level, hashes in enumerate(self._levels)
            if hashes
        ]
        if self._bundle:
            name = TileName(None, size // WIDTH, len(self._bundle))
            found.insert(0, Tile(name, [*self._bundle]))
        return found

    def root(self) -> bytes:
        """Return the Merkle tree hash of all leaves."""
        nodes: list[bytes] = []
        for hashes in reversed(self._levels):
            frontier = Frontier()
            frontier.extend(hashes)
            nodes += frontier.nodes
        return Frontier(self.size, nodes).root()

    def _fill(self, index: int, full: list[Tile], root: bytes | None = None) -> None:
        """Hand out the tile `index` of level 0, which is full, and those that it fills above."""
        for level, hashes in enumerate(self._levels):
            if len(hashes) < WIDTH:
                return
            full.append(Tile(TileName(level, index), hashes))
            self._levels[level] = []
            if level + 1 == len(self._levels):
                self._levels.append([])
            self._levels[level + 1].append(root or root_of(hashes))
            root = None
            index //= WIDTH


def trees_of(hashes: Sequence[bytes]) -> list[Levels]:
    """Return the nodes over each whole tile of these leaf hashes, which begin with a tile."""
    ends = range(WIDTH, len(hashes) + 1, WIDTH)
    return [levels_of(hashes[end - WIDTH : end]) for end in ends]


def range_root_of(hashes: ReadHashes) -> RangeRoot:
    """Return a function that gives the root of a range of leaves by reading few hashes.

    The range is one that a proof asks for: it begins at a multiple of the largest power of two that
    it holds, so it is perfect subtrees, the largest first.
    """

    def range_root(start: int, end: int) -> bytes:
        nodes: list[bytes] = []
        at = start
        while at < end:
            power = (end - at).bit_length() - 1
            level, rest = divmod(power, HEIGHT)
            raw = hashes(level, at >> HEIGHT * level, 1 << rest)
            nodes.append(root_of([*_hashes(raw)]))
            at += 1 << power
        return Frontier(end - start, nodes).root()

    return range_root


def _hashes(raw: bytes) -> Iterator[bytes]:
    return (raw[at : at + HASH_SIZE] for at in range(0, len(raw), HASH_SIZE))
