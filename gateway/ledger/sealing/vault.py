"""The port `Vault` over two SQLite databases: opening it, keeping in it, closing it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import apsw

from gateway.domain.errors import ExchangeError
from gateway.domain.payloads import Part, Words
from gateway.domain.subjects import Subjects
from gateway.ledger import store
from gateway.ledger.answers import LoopWaiter
from gateway.ledger.errors import LedgerDamaged, LedgerError
from gateway.ledger.ledger import DEFAULT, Tuning
from gateway.ledger.sealing import envelope, keystore, reading, sealstore
from gateway.ledger.sealing.reading import VaultPlace, VaultReader
from gateway.ledger.sealing.shredding import complete
from gateway.ledger.sealing.sweeping import sweep
from gateway.ledger.sealing.writer import Job, Keeper


class SqliteVault(VaultReader):
    """`ports.Vault`. Open it with `open_for_serving` in the gateway, after its ledger."""

    def __init__(self, place: VaultPlace, keeper: Keeper) -> None:
        super().__init__(place)
        self._keeper = keeper
        self.swept = 0
        """How many exchanges this start found in the vault and in no record, and erased."""

    @classmethod
    def open_for_serving(
        cls, place: VaultPlace, *, now_ms: Callable[[], int], tuning: Tuning = DEFAULT
    ) -> Self:
        """Open both databases, made if they are missing, and erase what no record tells of.

        The ledger has settled before what was lost. Raises `LedgerError` with what to do.
        """
        with _explained(place.directory):
            if place.seals.exists() and not place.keys.exists():
                raise LedgerDamaged(
                    f"{place.keys} is gone, and with it the keys of what is kept: restore it from "
                    "its backup, or remove what nobody can read any more"
                )
            keys = keystore.connect(place.keys, vfs=tuning.vfs)
            try:
                seals = sealstore.connect(place.seals, vfs=tuning.vfs)
            except BaseException:
                keys.close()
                raise
            try:
                master = reading.master_of(place, keys)
                complete(keys, seals, place)
                swept = sweep(keys, seals, place.ledger / store.DATABASE)
            except BaseException:
                keys.close()
                seals.close()
                raise
        keeper = Keeper(keys, seals, master, now_ms, queue=tuning.queue, on_fatal=tuning.on_fatal)
        keeper.start()
        vault = cls(place, keeper)
        vault.swept = swept
        return vault

    async def keep(
        self, exchange: str, part: Part, subjects: Subjects, words: Words | None
    ) -> str | None:
        """Return the digest once `words` and `subjects` are durable (`ports.Vault`)."""
        packed = envelope.pack(words) if words else None
        loop = asyncio.get_running_loop()
        future: asyncio.Future[str | None] = loop.create_future()
        self._keeper.submit(Job(exchange, part, subjects, packed, LoopWaiter(loop, future)))
        return await future

    def ready(self) -> bool:
        """Return whether texts can be kept, as far as the last transaction tells."""
        return self._keeper.ready()

    def close(self) -> None:
        """Keep what is queued, and close. Idempotent."""
        self._keeper.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@contextmanager
def _explained(directory: Path) -> Iterator[None]:
    """Turn what the system says into what an operator can act on."""
    try:
        yield
    except (apsw.CorruptError, apsw.NotADBError) as error:
        raise LedgerDamaged(
            f"the vault in {directory} is damaged ({type(error).__name__}): keep a copy, and "
            "restore it from its backup"
        ) from None
    except apsw.Error as error:
        raise LedgerError(
            f"the vault in {directory} cannot be used now ({type(error).__name__}): look at the "
            "space on its file system, and at who else has it open"
        ) from None
    except ExchangeError as error:
        raise LedgerError(error.message) from None
    except OSError as error:
        # A write that fails does not know its file's name.
        raise LedgerError(
            f"{error.filename or directory} cannot be used: {error.strerror}"
        ) from None
