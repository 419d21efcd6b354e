"""What can be checked of a stretch of the log without knowing the rest: nearly all of the work.

Nothing here finds fault. A stretch is good or it is not known to be; then whoever reads the log
from its beginning looks at it again, leaf by leaf, and says what is wrong and where.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import apsw

from gateway.domain.merkle import Levels
from gateway.domain.tiles import WIDTH, Tile, TileName, pack, trees_of
from gateway.ledger import store
from gateway.ledger.errors import LedgerError
from gateway.ledger.indexed import Asked, IndexCheck, asked_before
from gateway.ledger.leaves import read_leaves
from gateway.ledger.lives import StretchOfLives, lives_in
from gateway.ledger.tiles import TileComparison, TileDirectory


@dataclass(frozen=True, slots=True)
class Examination:
    """What to compare the leaves with, where it is there."""

    directory: Path
    index: bool
    tiles: bool
    published: int
    """Size of the checkpoint whose tiles have to be there."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Leaves `start` up to but not including `end`, whole tiles, each for itself as it has to be.

    The tiles of these leaves, and the rows of the index, are as they have to be as well, provided
    that the intents that were `asked` before say so.
    """

    start: int
    end: int
    trees: Sequence[Levels]
    lives: StretchOfLives
    asked: Mapping[str, str]
    """By exchange that ends here: what the index says that its intent, before, asked for."""
    open: Mapping[str, Asked]
    """By exchange that is open at the end: where it was asked for what."""


def examine(db: apsw.Connection, what: Examination, start: int, end: int) -> Stretch | None:
    """Check the leaves of whole tiles for all that they, and what is derived, have to be.

    Returns `None` unless everything is good: whoever asked has to look for itself.
    """
    try:
        rows = [row for chunk in store.read_leaves(db, start, end) for row in chunk]
        if [index for index, _ in rows] != [*range(start, end)]:
            return None
        raws = [raw for _, raw in rows]
        leaves = read_leaves(raws)
        lives = lives_in(leaves)
        if lives is None:
            return None
        trees = trees_of([sha256(b"\x00" + raw).digest() for raw in raws])
        asked: Mapping[str, str] = {}
        left: Mapping[str, Asked] = {}
        if what.index:
            asked = asked_before(db, leaves, lives.closed, start)
            check = IndexCheck(db)
            check.skip(start, {exchange: (0, text) for exchange, text in asked.items()})
            check.compare(leaves)
            if not check.good:
                return None
            left = check.open
        if what.tiles and not _tiles_are_good(what, raws, trees, start):
            return None
    except (LedgerError, ValueError, apsw.Error):
        return None
    return Stretch(start, end, trees, lives, asked, left)


def _tiles_are_good(
    what: Examination, raws: Sequence[bytes], trees: Sequence[Levels], start: int
) -> bool:
    comparison = TileComparison(TileDirectory(what.directory), what.published)
    for number, tree in enumerate(trees):
        bundle = raws[number * WIDTH : (number + 1) * WIDTH]
        index = start // WIDTH + number
        comparison.compare(Tile(TileName(None, index), pack(bundle)))
        comparison.compare(Tile(TileName(0, index), tree[0]))
    return comparison.good
