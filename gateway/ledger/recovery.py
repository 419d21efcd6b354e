"""What happens between two runs: the log is checked against what was signed before anyone appends.

Fast, because it runs at every start: hashes only. `verifier.py` asks more, and trusts less.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import apsw

from gateway.domain.merkle import Frontier, Levels, leaf_hash
from gateway.domain.notes import Checkpoint, NoteError
from gateway.domain.tiles import WIDTH, Tiles, trees_of
from gateway.ledger import store
from gateway.ledger.dropped import first_record, kept_hashes, said_to_be_dropped
from gateway.ledger.errors import LedgerDamaged
from gateway.ledger.head import check_head
from gateway.ledger.keys import Trusted, open_checkpoint
from gateway.ledger.leaves import IntentLeaf, read_leaf
from gateway.ledger.store import Head
from gateway.ledger.tiles import TileCheck, TileDirectory

CHECKPOINT_FILE = "checkpoint"
WITNESSED_FILE = "witnessed"
"""The newest checkpoint that enough witnesses cosigned."""

Progress = Callable[[int, int], None]
"""Called with the leaves that are done and the leaves there are."""

_NEXT = "run `intramural audit verify`, keep a copy of the directory, and restore its backup"


@dataclass(frozen=True, slots=True)
class Recovered:
    """What a start found: `head` covers the log, and `tiles` is the edge of what is published."""

    open_exchanges: tuple[str, ...]
    """Those that have an intent and no outcome, oldest first."""
    head: Head
    tiles: Tiles


def recover(
    db: apsw.Connection, directory: Path, trusted: Trusted, progress: Progress | None = None
) -> Recovered:
    """Check the log, and compare its tiles. Nothing is written: what is missing is told.

    Raises `LedgerDamaged` if the leaves do not give the signed head, or not the published
    checkpoint: rows were removed or changed, or a backup older than the checkpoint was restored.
    """
    published = read_checkpoint_file(directory, trusted)
    witnessed = read_checkpoint_file(directory, trusted, WITNESSED_FILE)
    directory_of_tiles = TileDirectory(directory)
    directory_of_tiles.clear_asides()
    tiles = TileCheck(directory_of_tiles, None)
    with store.snapshot(db):  # Another process may append meanwhile.
        head = store.read_head(db)
        check_head(head, trusted)
        wanted = {head.size: head.root}
        for known, file in ((published, CHECKPOINT_FILE), (witnessed, WITNESSED_FILE)):
            if known is None:
                continue
            if known.size > head.size:
                raise LedgerDamaged(
                    f"the log has {head.size} records and the file {file} proves that it "
                    f"had {known.size}: {_NEXT}"
                )
            if wanted.setdefault(known.size, known.root) != known.root:
                raise LedgerDamaged(f"the file {file} is of another history: {_NEXT}")
        replay(db, head.size, wanted, tiles, progress)
        problem = tiles.finish()
        if problem is not None:
            raise LedgerDamaged(f"{problem}: {_NEXT}")
        return Recovered(_open_exchanges(db), head, tiles.whole)


def read_checkpoint_file(
    directory: Path, trusted: Trusted, file: str = CHECKPOINT_FILE
) -> Checkpoint | None:
    """Return the published checkpoint, `None` if there is none; `LedgerDamaged` if it is forged.

    A key that has ended is believed: the file may be from the day before it did.
    """
    try:
        raw = (directory / file).read_bytes()
    except FileNotFoundError:
        return None
    try:
        return open_checkpoint(raw, trusted, ended=True)
    except NoteError as error:
        raise LedgerDamaged(f"the file {file}: {error}; {_NEXT}") from None


def replay(
    db: apsw.Connection,
    size: int,
    wanted: Mapping[int, bytes],
    tiles: TileCheck,
    progress: Progress | None,
) -> None:
    """Hash all leaves again; `LedgerDamaged` unless the tree has each wanted root at its size.

    Of records that were dropped the hashes are in the tiles.
    """
    frontier = Frontier()
    stops = sorted(wanted)
    if stops[0] == 0 and frontier.root() != wanted[0]:
        raise LedgerDamaged(f"the empty log has another root than was signed: {_NEXT}")
    stops = [stop for stop in stops if stop]
    first = first_record(db)
    if first > said_to_be_dropped(db):
        raise LedgerDamaged(f"records are missing from number 0 on: {_NEXT}")
    for some in kept_hashes(tiles.directory, first):
        while stops and stops[0] < frontier.size + len(some):
            # Of a head that was published when most of what is gone was there: an old backup.
            part = frontier.copy()
            part.extend(some[: stops[0] - frontier.size])
            _check_root(part, wanted[stops.pop(0)])
        frontier.extend(some)
        tiles.skip(some)
    for chunk in store.read_leaves(db):
        start = frontier.size
        if chunk[0][0] != start or chunk[-1][0] != start + len(chunk) - 1:
            raise LedgerDamaged(f"records are missing from number {start} on: {_NEXT}")
        hashes = [leaf_hash(leaf) for _, leaf in chunk]
        trees = trees_of(hashes)
        done = 0
        while stops and stops[0] <= start + len(chunk):
            stop = stops.pop(0)
            frontier.extend(hashes[done : stop - start])
            done = stop - start
            _check_root(frontier, wanted[stop])
        # As nearly always from the chunk's begin: then what the tiles need is not hashed again.
        done = done or _plant(frontier, trees)
        frontier.extend(hashes[done:])
        tiles.take([leaf for _, leaf in chunk], hashes, [tree[-1][0] for tree in trees])
        if progress is not None:
            progress(frontier.size, size)
    if frontier.size != size:
        raise LedgerDamaged(f"the log has {frontier.size} records and {size} were signed: {_NEXT}")


def _plant(frontier: Frontier, trees: Sequence[Levels]) -> int:
    for tree in trees:
        frontier.plant(tree, WIDTH)
    return len(trees) * WIDTH


def _check_root(frontier: Frontier, root: bytes) -> None:
    if frontier.root() != root:
        raise LedgerDamaged(
            f"a record before number {frontier.size} is not what was signed: {_NEXT}"
        )


def _open_exchanges(db: apsw.Connection) -> tuple[str, ...]:
    found = []
    for exchange, leaf in db.execute(
        "SELECT exchange, leaf FROM open_exchanges LEFT JOIN entries USING (idx) ORDER BY idx"
    ):
        intent = read_leaf(leaf) if isinstance(leaf, bytes) else None
        if not isinstance(intent, IntentLeaf) or intent.exchange != exchange:
            raise LedgerDamaged(f"the list of open exchanges is not that of the log: {_NEXT}")
        found.append(exchange)
    return tuple(found)
