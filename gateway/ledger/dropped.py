"""Records whose time was over: their leaves are gone, and their hashes are kept for ever.

What is dropped is always the beginning of the log, in whole bundles. The tiles of level 0 have the
leaf hashes, so every checkpoint there ever was can be recomputed, and the head still proves the
rest. That it was done on purpose is said by a record that is itself in the log: an absence without
one is damage.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import apsw

from gateway.domain.records import AdminAct
from gateway.domain.tiles import WIDTH
from gateway.ledger.errors import LedgerDamaged
from gateway.ledger.leaves import AdminLeaf, read_leaf
from gateway.ledger.tiles import TileDirectory, split

_TARGET: Final = re.compile(r"[0-9]{4}Q[1-4]:([0-9]{1,16})\Z")


def first_record(db: apsw.Connection) -> int:
    """Return the index of the first record that is there; 0 where there is none at all."""
    first = db.execute("SELECT min(idx) FROM entries").get
    return max(first, 0) if isinstance(first, int) else 0


def dropped_by(leaf: AdminLeaf) -> int:
    """Return up to which record a leaf says that all were dropped; 0 if it does not say so."""
    matched = _TARGET.match(leaf.target) if leaf.act is AdminAct.RECORDS_DROPPED else None
    return 0 if matched is None else int(matched[1])


def said_to_be_dropped(db: apsw.Connection) -> int:
    """Return up to which record the log itself says that all were dropped."""
    rows = db.execute(
        "SELECT leaf FROM facts JOIN entries USING (idx) WHERE kind = 'admin' AND action = ?",
        (AdminAct.RECORDS_DROPPED.value,),
    )
    leaves = (read_leaf(leaf) for (leaf,) in rows if isinstance(leaf, bytes))
    return max((dropped_by(leaf) for leaf in leaves if isinstance(leaf, AdminLeaf)), default=0)


def kept_hashes(tiles: TileDirectory, first: int) -> Iterator[list[bytes]]:
    """Yield the leaf hashes of the records before `first`, a tile at a time.

    Raises `LedgerDamaged` if a tile is missing: then nothing proves what is left. Nobody has
    compared them; the root that was signed does.
    """
    if first % WIDTH:
        raise LedgerDamaged(f"records are missing from number 0 on, up to number {first}")
    for start in range(0, first, WIDTH):
        raw = tiles.hashes(0, start, WIDTH)
        if raw is None:
            raise LedgerDamaged(
                f"the tile with the hashes of the records from number {start} on is missing: those "
                "records were dropped, and it is kept for ever; restore tile/0 from a backup"
            )
        yield split(raw)
