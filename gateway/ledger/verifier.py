"""Is the log whole? Recomputes everything from the leaves and trusts nothing but a public key.

What this finds, from a copy of the directory and the vkey alone: any change to a leaf, any leaf
that is missing, added, doubled or moved, before or at the end, as long as the head that was signed
over it is still there; a head, a kept checkpoint or a published checkpoint that this key did not
sign, or that is of another history; an exchange with a record too many or in the wrong order; a
search index that hides or invents a record; a tile that is not what the leaves say.

What it cannot find without help: an earlier state of the log in place of the present one, and a log
rewritten by someone who has the private key. Every signature in an earlier state is true, and it
takes no key to make one: a backup will do, or cutting the log back to one of its kept checkpoints.
The file `checkpoint` gives that away unless it was put back too. What always does is a checkpoint
that was saved elsewhere, by `intramural audit checkpoint` or by a witness: give it as `older`.
Records since the last one that was saved elsewhere are covered by nothing but this directory.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Final

import apsw

from gateway.domain.merkle import Frontier, Levels
from gateway.domain.notes import Checkpoint, NoteError, VerifierKey
from gateway.domain.records import Kind
from gateway.domain.tiles import WIDTH, trees_of
from gateway.ledger import store
from gateway.ledger.crew import Crew
from gateway.ledger.dropped import first_record, kept_hashes, said_to_be_dropped
from gateway.ledger.errors import LedgerDamaged, LedgerError, VerificationError
from gateway.ledger.head import check_head
from gateway.ledger.indexed import IndexCheck
from gateway.ledger.keys import Trusted, first_of, open_checkpoint
from gateway.ledger.leaves import Leaf, read_leaf, read_leaves
from gateway.ledger.lives import Lives
from gateway.ledger.publickeys import with_beside
from gateway.ledger.readonly import open_shared
from gateway.ledger.recovery import CHECKPOINT_FILE, WITNESSED_FILE, Progress
from gateway.ledger.stretches import Examination, Stretch
from gateway.ledger.tiles import TileCheck, TileDirectory
from gateway.ledger.witnessed import Quorum, Witnessed, check_second, read_witnessed


@dataclass(frozen=True, slots=True)
class Derived:
    """What is compared with the leaves, where it is there."""

    index: bool = True
    tiles: bool = True


ALL: Final = Derived()
_DAMAGE: Final = (
    apsw.CorruptError,
    apsw.NotADBError,
    apsw.SchemaChangeError,
    apsw.SQLError,
    UnicodeDecodeError,
)


@dataclass(frozen=True, slots=True)
class VerificationReport:
    """What was found to hold. `root` covers `size` records; `checkpoint` is signed over both."""

    key: VerifierKey
    size: int
    root: bytes
    checkpoint: bytes
    counts: Mapping[str, int]
    open: int
    """Intents without an outcome: exchanges that run now, or that the next start settles."""
    lost: int
    """Outcomes that a start wrote because the process had ended before."""
    history: int
    """Signed checkpoints that were kept, each of a prefix of this log."""
    published: int | None
    """Size in the file `checkpoint`, if the directory has one."""
    older: int | None
    """Size in the checkpoint that was given to compare with."""
    tiles: bool
    """Whether the tiles were there, and compared with the leaves."""
    second: bool = False
    """Whether the published checkpoint had to bear an ML-DSA-44 signature, and does."""
    witnessed: int | None = None
    """Size in the newest witnessed checkpoint that is known, if there is one."""
    witnesses: Witnessed | None = None
    """Who cosigned that, if it was asked for."""
    dropped: int = 0
    """Records at the beginning whose time was over: of them the hashes were checked."""


def verify(  # noqa: PLR0913 - what to believe, and what to compare with
    directory: Path,
    vkey: Trusted,
    older: bytes | None = None,
    *,
    derived: Derived = ALL,
    quorum: Quorum | None = None,
    jobs: int | None = 1,
    progress: Progress | None = None,
) -> VerificationReport:
    """Verify the log in `directory`, read-only, beside a running gateway or from a copy.

    `older` is a signed checkpoint of this log from elsewhere, which the log must continue. What is
    `derived` is compared with the leaves, which are the truth. A `quorum` of witnesses has to have
    cosigned `older`, or else the newest witnessed checkpoint in the directory. With two `jobs` or
    more, so many processes examine the leaves, and the verdict is the same; `None` is as many as
    the log is worth. Raises `VerificationError`, which names the first thing wrong, or
    `LedgerError` if there is no log.
    """
    try:
        keys = with_beside(directory, vkey)
        # Read before the snapshot is taken: a published checkpoint is never ahead of the database.
        published = _read_published(directory, keys)
        witnessed = _read_published(directory, keys, WITNESSED_FILE)
        known = None if older is None else _open(older, keys, "the checkpoint to compare with")
        witnesses = None
        if quorum is not None and older is not None:
            witnesses = quorum.check(older, "the checkpoint to compare with")
            witnessed = known
        elif quorum is not None:
            raw, name = read_witnessed(directory)
            witnesses, witnessed = quorum.check(raw, name), _open(raw, keys, name)
        second = check_second(directory, keys)
        size = 0 if published is None else published.size
        check = TileCheck(TileDirectory(directory), size) if derived.tiles else None
        tiled = check is not None and check.found
        what = Examination(directory, index=derived.index, tiles=tiled, published=size)
        with open_shared(directory) as (db, uri):
            verification = _Verification(
                db,
                keys,
                IndexCheck(db) if derived.index else None,
                check,
                progress,
                TileDirectory(directory),
                Crew(uri, what, jobs),
            )
            whole = verification.run(published, known, witnessed)
        return replace(whole, second=second, witnesses=witnesses)
    except LedgerDamaged as error:
        raise VerificationError(str(error)) from None
    except _DAMAGE as error:
        raise VerificationError(
            f"the database cannot be read ({type(error).__name__}): restore it from its backup"
        ) from None
    except apsw.Error as error:
        raise LedgerError(f"the database cannot be read now ({type(error).__name__})") from None


class _Verification:
    """One pass over the leaves."""

    def __init__(  # noqa: PLR0913, PLR0917 - what one pass needs
        self,
        db: apsw.Connection,
        vkey: Trusted,
        index: IndexCheck | None,
        tiles: TileCheck | None,
        progress: Progress | None,
        kept: TileDirectory,
        crew: Crew,
    ) -> None:
        self._db = db
        self._vkey = vkey
        self._progress = progress
        self._index = index
        self._tiles = tiles if tiles is not None and tiles.found else None
        self._frontier = Frontier()
        self._history = 0
        self._lives = Lives()
        self._kept = kept
        self._crew = crew
        self._first = 0

    def run(
        self,
        published: Checkpoint | None,
        older: Checkpoint | None,
        witnessed: Checkpoint | None,
    ) -> VerificationReport:
        """Check in the order in which a mistake is best explained."""
        head = store.read_head(self._db)
        check_head(head, self._vkey)
        known = [
            (checkpoint, name)
            for checkpoint, name in (
                (published, "published"),
                (older, "older"),
                (witnessed, "witnessed"),
            )
            if checkpoint is not None
        ]
        for checkpoint, name in known:
            if checkpoint.size > head.size:
                raise VerificationError(
                    f"the {name} checkpoint proves {checkpoint.size} records, and the log has "
                    f"{head.size}: records were removed from its end"
                )
        stops = self._stops(known, Checkpoint(self._vkey.name, head.size, head.root))
        self._walk(stops, head.size)
        self._lives.check_starts(self._db)
        if self._index is not None:
            self._index.finish()
        self._finish_tiles()
        return VerificationReport(
            key=first_of(self._vkey),
            size=head.size,
            root=head.root,
            checkpoint=head.checkpoint,
            counts={kind.value: self._lives.counts[kind] for kind in Kind},
            open=len(self._lives.open),
            lost=self._lives.lost,
            history=self._history,
            published=None if published is None else published.size,
            older=None if older is None else older.size,
            tiles=self._tiles is not None,
            witnessed=None if witnessed is None else witnessed.size,
            dropped=self._first,
        )

    def _finish_tiles(self) -> None:
        if self._tiles is None:
            return
        problem = self._tiles.finish()
        if problem is None and self._tiles.missing is not None:
            problem = (
                f"{self._tiles.missing} is missing or torn: start the gateway, which writes it "
                "again. Of the log itself, every record is as it was signed"
            )
        if problem is not None:
            raise VerificationError(problem)

    def _stops(
        self, known: list[tuple[Checkpoint, str]], head: Checkpoint
    ) -> Iterator[tuple[Checkpoint, str]]:
        """Yield every checkpoint to compare with, by size, and its name. The head is last."""
        others = sorted(known, key=lambda item: item[0].size)
        for size, raw in self._db.execute("SELECT size, checkpoint FROM checkpoints ORDER BY size"):
            if not isinstance(raw, bytes):
                raise VerificationError(f"the kept checkpoint of size {size} is not there")
            kept = _open(raw, self._vkey, f"the kept checkpoint of size {size}")
            if kept.size != size or size > head.size:
                raise VerificationError(f"the kept checkpoint of size {size} is of another log")
            while others and others[0][0].size < size:
                yield others.pop(0)
            self._history += 1
            yield kept, "kept"
        yield from others
        yield head, "signed"

    def _walk(self, stops: Iterator[tuple[Checkpoint, str]], size: int) -> None:
        stop, name = next(stops)
        frontier = self._frontier
        for trees, others in self._hashes(size):
            end = frontier.size + len(trees) * WIDTH + len(others)
            for tree in trees:
                while stop.size < frontier.size + WIDTH:
                    reached = frontier.copy()
                    reached.plant(tree, stop.size - frontier.size)
                    _compare(reached, stop, name)
                    stop, name = next(stops)
                frontier.plant(tree, WIDTH)
            rest = others
            while stop.size < end:
                before, rest = rest[: stop.size - frontier.size], rest[stop.size - frontier.size :]
                frontier.extend(before)
                _compare(frontier, stop, name)
                stop, name = next(stops)
            frontier.extend(rest)
            if self._progress is not None:
                self._progress(frontier.size, size)
        _compare(frontier, stop, name)
        for stop, name in stops:
            _compare(frontier, stop, name)
        if self._first > self._lives.dropped:
            raise VerificationError("it is missing, and no record says why", index=0)

    def _hashes(self, size: int) -> Iterator[tuple[Sequence[Levels], Sequence[bytes]]]:
        """Yield the leaf hashes: of what was dropped out of the tiles, and else of the leaves.

        Whole tiles as trees, so that what is above them is hashed once, and at the end the rest.
        """
        first = first_record(self._db)
        if first > said_to_be_dropped(self._db):
            raise VerificationError("it is missing", index=0)
        for hashes in kept_hashes(self._kept, first):
            if self._tiles is not None:
                self._tiles.skip(hashes)
            yield trees_of(hashes), ()
        self._first = first
        if self._index is not None:
            self._index.skip(first)
        with self._crew.examined(self._db, first, size) as stretches:
            for stretch in stretches:
                if stretch is None or not self._holds(stretch):
                    break  # What is wrong, and where, is found here, and in the usual order.
                self._take(stretch)
                yield stretch.trees, ()
        for chunk in self._chunks(size):
            yield self._read(chunk, self._frontier.size)

    def _holds(self, stretch: Stretch) -> bool:
        """Return whether a stretch that is good for itself is good after all that was before."""
        return self._lives.holds(stretch.lives) and (
            self._index is None or self._index.holds(stretch.asked)
        )

    def _take(self, stretch: Stretch) -> None:
        self._lives.take(stretch.lives)
        if self._index is not None:
            self._index.take(stretch.end, stretch.asked, stretch.open)
        if self._tiles is not None:
            self._tiles.take_trees(stretch.trees)

    def _chunks(self, size: int) -> Iterator[list[tuple[int, bytes]]]:
        """Yield the leaves that nobody has examined. If that is all: also one before number 0."""
        done = self._frontier.size
        chunks = store.read_leaves(self._db, done) if done else store.read_leaves(self._db)
        for chunk in chunks:
            if chunk[-1][0] >= size:
                raise VerificationError("it is not covered by the signed head", index=size)
            yield chunk

    def _read(
        self, chunk: list[tuple[int, bytes]], expected: int
    ) -> tuple[Sequence[Levels], Sequence[bytes]]:
        """Check each leaf for itself and in its exchange; return the trees, and what is no tree."""
        if chunk[0][0] != expected or chunk[-1][0] != expected + len(chunk) - 1:
            missing = next(at for at, (index, _) in enumerate(chunk, expected) if at != index)
            raise VerificationError("it is missing", index=missing)
        raws = [raw for _, raw in chunk]
        leaves = self._parse(raws, expected)
        self._lives.follow(leaves, expected)
        hashes = [sha256(b"\x00" + raw).digest() for raw in raws]
        trees = trees_of(hashes)
        if self._index is not None:
            self._index.compare(leaves)
        if self._tiles is not None:
            self._tiles.take(raws, hashes, [tree[-1][0] for tree in trees])
        return trees, hashes[len(trees) * WIDTH :]

    def _parse(self, raws: Sequence[bytes], start: int) -> Sequence[Leaf]:
        try:
            return read_leaves(raws)
        except ValueError:
            # One of them is at fault: each alone, to say which.
            for number, raw in enumerate(raws, start):
                try:
                    read_leaf(raw)
                except ValueError as error:
                    raise VerificationError(str(error), index=number) from None
            raise


def _compare(frontier: Frontier, checkpoint: Checkpoint, name: str) -> None:
    if frontier.size < checkpoint.size:
        raise VerificationError("it is missing", index=frontier.size)
    if frontier.root() != checkpoint.root:
        raise VerificationError(
            f"the {name} checkpoint of size {checkpoint.size} has another root: "
            "a record before that was changed, removed, added or moved"
        )


def _read_published(
    directory: Path, vkey: Trusted, file: str = CHECKPOINT_FILE
) -> Checkpoint | None:
    try:
        raw = (directory / file).read_bytes()
    except FileNotFoundError:
        return None
    return _open(raw, vkey, f"the file {file}")


def _open(raw: bytes, vkey: Trusted, name: str) -> Checkpoint:
    try:
        # A key that has ended vouches for what it signed while it was active. Whatever it says is
        # one demand more on the log, whose head an active key signed.
        return open_checkpoint(raw, vkey, ended=True)
    except NoteError as error:
        raise VerificationError(f"{name}: {error}") from None
