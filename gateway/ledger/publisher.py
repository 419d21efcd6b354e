"""What outsiders may copy: tiles and, once those are durable, the checkpoint that covers them.

Off the path of an acknowledgement: a thread of its own reads what was committed and writes it about
once a second. What it cannot write now (a full disk) it writes later; the old checkpoint stays,
which is still true. A failed fsync ends the process, as everywhere.
"""

from __future__ import annotations

import errno
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

import apsw

from gateway import logs
from gateway.domain.tiles import WIDTH, Tile, TileName, Tiles
from gateway.ledger import store
from gateway.ledger.errors import LedgerDamaged
from gateway.ledger.keys import Trusted
from gateway.ledger.published import Published
from gateway.ledger.recovery import Progress, read_checkpoint_file
from gateway.ledger.signatures import Signer
from gateway.ledger.store import Head
from gateway.ledger.tiles import TileDiffers, TileDirectory

PUBLISH_SECONDS: Final = 1.0
"""A checkpoint is published about this often."""
_STEP: Final = 16 * WIDTH
"""Leaves whose tiles are written at a time."""
_READ: Final = 4 * WIDTH
"""Leaves that are read and hashed at a time."""

OnFatal = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Site:
    """Which log: where, whose, and by which SQLite VFS (for tests of faults) it is read."""

    directory: Path
    trusted: Trusted
    vfs: str | None = None
    second: Signer | None = None
    """What signs the published checkpoint too."""


class Publication:
    """The published part of one log, and how it grows. For one thread at a time."""

    def __init__(self, site: Site, tiles: Tiles | None) -> None:
        """`tiles` is the edge up to which every tile is there; `None`: find it on the disk."""
        self._site = site
        self._directory = TileDirectory(site.directory)
        self._checkpoint = Published(site.directory, site.second)
        self._tiles = tiles
        self._db: apsw.Connection | None = None

    def publish(self, head: Head, progress: Progress | None = None) -> None:
        """Make the tiles of `head` durable, then its checkpoint. A smaller head is passed over.

        Raises `LedgerDamaged` if leaves or tiles are not what was signed, `TileDiffers`, `OSError`
        or `apsw.Error` if it cannot be done now: then the checkpoint is the old one.
        """
        tiles = self._tiles or self._resume()
        if head.size < tiles.size:
            return
        filled: list[TileName] = []
        while tiles.size < head.size:
            self._tiles = tiles = self._grow(tiles, head.size, filled)
            if progress is not None:
                progress(tiles.size, head.size)
        if tiles.root() != head.root:
            raise LedgerDamaged("the records that were written are not what was signed")
        self._directory.put(tiles.partial())
        self._checkpoint.put(head.checkpoint, self._site.trusted)
        self._directory.clear_partials(filled)

    def _grow(self, tiles: Tiles, size: int, filled: list[TileName]) -> Tiles:
        """Return the edge some leaves further on, when all that this filled is durable.

        Some bundles at a time: whoever computes for long beside the writer makes its groups wait
        for Python's lock, and so does whoever gives it back and takes it again too often.
        """
        grown, full = tiles.copy(), list[Tile]()
        start = tiles.size
        end = min(size, start - start % WIDTH + _STEP)
        while start < end:
            stop = min(end, start - start % WIDTH + _READ)
            leaves = store.read_span(self._connection(), start, stop)
            full += grown.extend(leaves, [sha256(b"\x00" + leaf).digest() for leaf in leaves])
            start = stop
        self._directory.put(full)
        filled += (tile.name for tile in full)
        return grown

    def close(self) -> None:
        """Close the connection."""
        if self._db is not None:
            self._db.close()
            self._db = None

    def _connection(self) -> apsw.Connection:
        if self._db is None:
            path = str(self._site.directory / store.DATABASE)
            flags = apsw.SQLITE_OPEN_READONLY
            self._db = apsw.Connection(path, flags=flags, vfs=self._site.vfs)
            self._db.set_busy_timeout(store.BUSY_MS)
        return self._db

    def _resume(self) -> Tiles:
        """Take up the tiles of the published checkpoint, beside the gateway that wrote them."""
        published = read_checkpoint_file(self._site.directory, self._site.trusted)
        size = 0 if published is None else published.size

        def hashes(level: int, first: int, count: int) -> bytes:
            found = self._directory.hashes(level, first, count)
            if found is None:
                raise FileNotFoundError(errno.ENOENT, "a tile is not there", str(level))
            return found

        last = store.read_span(self._connection(), size - size % WIDTH, size)
        tiles = Tiles.resume(size, hashes, last)
        if published is not None and tiles.root() != published.root:
            raise TileDiffers("tile/")
        return tiles


class Publisher:
    """The thread that publishes the newest head it was offered."""

    def __init__(self, publication: Publication, on_fatal: OnFatal) -> None:
        self._publication = publication
        self._on_fatal = on_fatal
        self._wake = threading.Condition()
        self._wanted: Head | None = None
        self._closed = False
        self._delayed = False
        self.damaged = False
        """Whether the records that were committed are not what was signed: nothing may be added."""
        self._thread = threading.Thread(target=self._run, name="ledger-publisher", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def offer(self, head: Head) -> None:
        """Have `head`, which was committed, published within about a second."""
        with self._wake:
            idle = self._wanted is None
            self._wanted = head
            if idle:
                self._wake.notify()

    def close(self, head: Head | None) -> None:
        """Publish `head`, or nothing any more, and end the thread."""
        with self._wake:
            self._wanted = head
            self._closed = True
            self._wake.notify()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join()

    def _run(self) -> None:
        try:
            last = -PUBLISH_SECONDS
            while True:
                with self._wake:
                    self._wake.wait_for(lambda: self._closed or self._wanted is not None)
                    rest = last + PUBLISH_SECONDS - time.monotonic()
                    self._wake.wait_for(lambda: self._closed, max(0, rest))
                    head, closed = self._wanted, self._closed
                    self._wanted = None
                last = time.monotonic()
                if head is not None and not self._publish(head) and not closed:
                    self._try_again(head)
                if closed:
                    return
        except BaseException as error:  # noqa: BLE001 - nobody publishes any more
            synced = not isinstance(error, OSError)
            self._on_fatal(type(error).__name__ if synced else "a published file cannot be synced")
        finally:
            self._publication.close()

    def _try_again(self, head: Head) -> None:
        with self._wake:
            if self._wanted is None:
                self._wanted = head

    def _publish(self, head: Head) -> bool:
        """Return whether it was done. Raises only what must end the process."""
        try:
            self._publication.publish(head)
        except (OSError, ValueError, LedgerDamaged, TileDiffers, apsw.Error) as error:
            if isinstance(error, OSError) and error.errno == errno.EIO:
                raise
            self.damaged = self.damaged or isinstance(error, LedgerDamaged)
            if not self._delayed:
                self._delayed = True
                logs.alarm("checkpoint_delayed", error=type(error).__name__, size=head.size)
            return False
        self._delayed = False
        return True
