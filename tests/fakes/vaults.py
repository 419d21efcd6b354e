"""A real vault beside a real log, some exchanges in it, and a look at every byte of its files."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import apsw

from gateway.domain.payloads import Part, Words
from gateway.domain.records import Record
from gateway.domain.subjects import Subjects, named, patient
from gateway.domain.text import RawText
from gateway.ledger import Place, SqliteLedger
from gateway.ledger.ledger import DEFAULT, Tuning
from gateway.ledger.sealing import Shredder, SqliteVault, VaultPlace
from gateway.secretfiles import create
from gateway.settings import Settings, load
from tests.fakes.ledger import intent, outcome
from tests.fakes.vault import FakeHolds

SUBJECT_KEY = b"k" * 32
NOW = 1_790_000_000_000
"""In 2026Q3."""


def patient_of(number: str) -> bytes:
    return patient(SUBJECT_KEY, number)


def about(*numbers: str, names: Sequence[str] = ()) -> Subjects:
    return Subjects(
        tuple(sorted(map(patient_of, numbers))),
        tuple(sorted(named(SUBJECT_KEY, name) for name in names)),
    )


def words(text: str) -> Words:
    return Words(
        redacted=(RawText(f"redacted {text}"),),
        plain=(RawText(f"plain {text}"),),
        pseudonyms={"PERSON_042": RawText(f"Thornton {text}")},
    )


def exchange_name(number: int) -> str:
    """Return an id like the gateway's, a UUIDv7 of 2026Q3."""
    return f"019a0000-0000-7000-8000-{number:012x}"


@dataclass
class Node:
    """Everything of one node, open or closed."""

    root: Path
    now: int = NOW

    @property
    def place(self) -> Place:
        return Place(self.root / "ledger" / "ward-1", self.root / "keys", "ward-1")

    @property
    def vault_place(self) -> VaultPlace:
        return VaultPlace(
            self.root / "state", self.place.directory, self.root / "keys" / "vault.key"
        )

    @contextmanager
    def serving(self, tuning: Tuning = DEFAULT) -> Iterator[tuple[SqliteLedger, SqliteVault]]:
        with (
            SqliteLedger.open_for_serving(self.place, now_ms=lambda: self.now) as ledger,
            SqliteVault.open_for_serving(
                self.vault_place, now_ms=lambda: self.now, tuning=tuning
            ) as vault,
        ):
            yield ledger, vault

    def shredder(self, holds: FakeHolds | None = None, vfs: str | None = None) -> Shredder:
        return Shredder(self.vault_place, holds or FakeHolds(), vfs=vfs)

    def record(self, record: Record) -> None:
        with SqliteLedger.open_for_recording(self.place) as ledger:
            ledger.append_blocking(record)

    def settings(self) -> Settings:
        """Return the settings of a data directory that is this node's."""
        file = self.root / "intramural.toml"
        if not file.exists():
            file.write_text('node = "ward-1"\n', encoding="utf-8")
            create(self.root / "keys" / "subject.key", SUBJECT_KEY)
        return load(self.root)

    def keys(self) -> apsw.Connection:
        return apsw.Connection(str(self.vault_place.keys))

    def wrapped(self) -> set[bytes]:
        """Return every wrapped key that is not erased."""
        db = self.keys()
        rows = [
            row[0]
            for table in ("epochs", "patient_keys", "parts")
            for row in db.execute(f"SELECT wrapped FROM {table}")  # noqa: S608 - three names
        ]
        db.close()
        return {each for each in rows if any(each)}

    def holding(self, value: bytes) -> list[str]:
        """Return the files in which `value` is, whatever kind of file."""
        return [
            path.name
            for path in sorted(self.root.rglob("*"))
            if path.is_file() and value in path.read_bytes()
        ]


async def exchanged(
    ledger: SqliteLedger, vault: SqliteVault, name: str, subjects: Subjects, text: str | None = None
) -> None:
    """Keep and record one exchange, as the pipeline does."""
    kept = None if text is None else words(text)
    sealed = await vault.keep(name, Part.REQUEST, subjects, kept)
    await ledger.append(replace(intent(name), sealed=sealed))
    sealed = await vault.keep(name, Part.REPLY, subjects, kept)
    await ledger.append(replace(outcome(name), sealed=sealed))


def fill(node: Node, subjects: Sequence[Subjects], *, first: int = 0) -> list[str]:
    """Keep an exchange about each, and return their ids; text number n holds `canary-n`."""
    names = [exchange_name(first + n) for n in range(len(subjects))]

    async def run(ledger: SqliteLedger, vault: SqliteVault) -> None:
        await asyncio.gather(
            *(
                exchanged(ledger, vault, name, whom, f"canary-{first + n}")
                for n, (name, whom) in enumerate(zip(names, subjects, strict=True))
            )
        )

    with node.serving() as (ledger, vault):
        asyncio.run(run(ledger, vault))
    return names
