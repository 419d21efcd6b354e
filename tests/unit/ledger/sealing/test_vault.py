"""A vault that is open: beside a shredding, after a change of its files, with the wrong key."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import apsw
import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from gateway.domain.errors import Code, ExchangeError
from gateway.domain.payloads import Part
from gateway.domain.records import RecordOrderError
from gateway.ledger import LedgerError
from gateway.ledger.sealing import Order, Shredder, envelope
from gateway.ledger.sealing.reading import open_payload
from tests.fakes.ledger import intent
from tests.fakes.vaults import Node, about, exchange_name, exchanged, fill, patient_of, words

THORNTON = "48210377"


@pytest.fixture
def node(tmp_path: Path) -> Node:
    return Node(tmp_path / "data")


def shred(node: Node, order: Callable[[Shredder], Order]) -> None:
    shredder = node.shredder()
    written = order(shredder)
    node.record(written.record("key-77aa01bb", 5))
    shredder.carry_out(written)


def code_of(node: Node, name: str) -> Code:
    with pytest.raises(ExchangeError) as error:
        open_payload(node.vault_place, name)
    return error.value.code


@pytest.mark.parametrize(
    "order",
    [
        lambda s: s.of_patient("order-1", patient_of(THORNTON)),
        lambda s: s.of_record("order-1", exchange_name(1)),
        lambda s: s.of_epoch("order-1", "2026Q3"),
    ],
    ids=["patient", "record", "epoch"],
)
def test_beside_a_running_gateway_nothing_stays_in_its_write_ahead_logs(
    node: Node, order: Callable[[Shredder], Order]
) -> None:
    with node.serving() as (ledger, vault):
        asyncio.run(exchanged(ledger, vault, exchange_name(1), about(THORNTON), "one"))
        before = node.wrapped()
        assert all("vault-keys.db-wal" in node.holding(each) for each in before)
        shred(node, order)
        erased = before - node.wrapped()
        assert len(erased) >= 2
        assert [node.holding(each) for each in erased] == [[]] * len(erased)


@pytest.mark.parametrize(
    ("order", "keys"),
    [
        (lambda s: s.of_patient("order-1", patient_of(THORNTON)), 3),
        (lambda s: s.of_record("order-1", exchange_name(0)), 2),
        (lambda s: s.of_epoch("order-1", "2026Q3"), 4),
    ],
    ids=["patient", "record", "epoch"],
)
def test_every_key_on_the_way_to_a_text_is_erased(
    node: Node, order: Callable[[Shredder], Order], keys: int
) -> None:
    fill(node, [about(THORNTON)])
    before = node.wrapped()
    shred(node, order)
    assert len(before - node.wrapped()) == keys


async def test_a_reply_whose_request_was_shredded_meanwhile_is_not_kept(node: Node) -> None:
    name = exchange_name(1)
    with node.serving() as (ledger, vault):
        sealed = await vault.keep(name, Part.REQUEST, about(THORNTON), words("a"))
        await ledger.append(replace(intent(name), sealed=sealed))
        await asyncio.to_thread(
            shred, node, lambda s: s.of_patient("order-1", patient_of(THORNTON))
        )
        assert await vault.keep(name, Part.REPLY, about(THORNTON), words("b")) is None
        assert list(vault.find(patient_of(THORNTON), None, 9)) == []


async def test_a_running_gateway_lets_go_of_keys_once_somebody_else_has_written(
    node: Node,
) -> None:
    with node.serving() as (ledger, vault):
        await exchanged(ledger, vault, exchange_name(1), about(THORNTON), "one")
        held = set(vault._keeper._open_keys.values())
        assert held
        await asyncio.to_thread(
            shred, node, lambda s: s.of_patient("order-1", patient_of(THORNTON))
        )
        await exchanged(ledger, vault, exchange_name(2), about("99120455"), "two")
        left = set(vault._keeper._open_keys.values())
        assert len(held & left) == 1  # The epoch's, which was not shredded.


async def test_a_part_is_kept_once(node: Node) -> None:
    with node.serving() as (_, vault):
        await vault.keep("x", Part.REQUEST, about(THORNTON), words("a"))
        with pytest.raises(RecordOrderError):
            await vault.keep("x", Part.REQUEST, about(THORNTON), words("b"))
        assert await vault.keep("y", Part.REQUEST, about(THORNTON), words("c"))


async def test_what_is_not_what_its_record_says_is_not_shown(node: Node) -> None:
    with node.serving() as (ledger, vault):
        for name, sealed in ((exchange_name(1), "00" * 32), (exchange_name(2), None)):
            digest = await vault.keep(name, Part.REQUEST, about(THORNTON), words("a"))
            await ledger.append(replace(intent(name), sealed=sealed))
            assert digest
    assert code_of(node, exchange_name(1)) is Code.PAYLOAD_DAMAGED
    assert code_of(node, exchange_name(2)) is Code.PAYLOAD_NOT_KEPT


@pytest.mark.parametrize(
    ("database", "statement"),
    [
        ("seals", "UPDATE seals SET sealed = zeroblob(40)"),
        ("seals", "DELETE FROM seals"),
        ("keys", "UPDATE parts SET wrapped = randomblob(40)"),
        ("keys", "UPDATE patient_keys SET wrapped = randomblob(40)"),
        ("keys", "UPDATE epochs SET wrapped = randomblob(40)"),
        ("keys", "DELETE FROM parts"),
        ("keys", "DELETE FROM exchanges"),
        ("keys", "UPDATE parts SET patients = x''"),
    ],
)
def test_a_vault_that_was_changed_shows_nothing(node: Node, database: str, statement: str) -> None:
    (name,) = fill(node, [about(THORNTON)])
    db = apsw.Connection(str(getattr(node.vault_place, database)))
    db.execute(statement)
    db.close()
    assert code_of(node, name) is Code.PAYLOAD_DAMAGED


def test_a_file_that_is_no_database_is_damaged_and_stops_the_start(node: Node) -> None:
    (name,) = fill(node, [about(THORNTON)])
    node.vault_place.keys.write_bytes(b"no database" * 1000)
    assert code_of(node, name) is Code.PAYLOAD_DAMAGED
    with pytest.raises(LedgerError, match="NotADBError"), node.serving():
        pass


def test_another_key_or_none_stops_the_start_and_makes_no_new_one(node: Node) -> None:
    (name,) = fill(node, [about(THORNTON)])
    key = node.vault_place.key
    kept = key.read_bytes()
    key.write_bytes(b"x" * 32)
    with pytest.raises(LedgerError, match=r"not the key.*restore"), node.serving():
        pass
    assert code_of(node, name) is Code.PAYLOAD_DAMAGED
    key.unlink()
    with pytest.raises(LedgerError, match=r"gone.*restore"), node.serving():
        pass
    assert not key.exists()
    key.touch(0o600)
    key.write_bytes(kept)
    assert open_payload(node.vault_place, name).request


def test_seals_without_their_keys_stop_the_start(node: Node) -> None:
    fill(node, [about(THORNTON)])
    for path in node.vault_place.directory.glob("vault-keys.db*"):
        path.unlink()
    with pytest.raises(LedgerError, match=r"vault-keys\.db is gone"), node.serving():
        pass


def test_a_vault_of_a_later_version_is_not_touched(node: Node) -> None:
    fill(node, [about(THORNTON)])
    db = node.keys()
    db.pragma("user_version", 2)
    db.close()
    with pytest.raises(LedgerError, match="version 2"), node.serving():
        pass


def test_a_clock_that_jumps_back_opens_what_was_kept_and_keeps_more(node: Node) -> None:
    names = fill(node, [about(THORNTON)])
    node.now -= 200 * 86_400_000
    names += fill(node, [about(THORNTON)], first=10)
    assert all(open_payload(node.vault_place, name).request for name in names)


def test_what_is_kept_is_read_from_a_copy_as_well(node: Node, tmp_path: Path) -> None:
    (name,) = fill(node, [about(THORNTON)])
    shutil.copytree(node.root, tmp_path / "copy")
    assert open_payload(Node(tmp_path / "copy").vault_place, name).reply


def test_a_database_that_is_none_is_called_damaged_and_nobody_looks_at_its_permissions(
    node: Node,
) -> None:
    fill(node, [about(THORNTON)])
    for path in node.root.rglob("vault-keys.db*"):
        path.write_bytes(b"not a database" * 100)
    with pytest.raises(
        LedgerError, match=r"vault-keys\.db is damaged \(NotADBError\): keep a copy"
    ):
        fill(node, [about(THORNTON)], first=10)


@pytest.mark.parametrize("patients", [[], [b"p" * 32], [b"p" * 32, b"q" * 32]])
def test_what_wraps_a_key_is_the_hkdf_of_rfc_5869(patients: list[bytes]) -> None:
    epoch = b"e" * 32
    who = b"patients" if patients else b"epoch"
    context = b"intramural payload key 1\0%b\0exchange\0reply" % who
    library = HKDF(SHA256(), 32, salt=None, info=context).derive(b"".join(patients) or epoch)
    assert envelope.wrapping_key(patients, epoch, "exchange", Part.REPLY) == library
