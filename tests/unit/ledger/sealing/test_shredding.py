"""What was shredded is in no byte of any file, nobody can open it, and every proof still holds."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import apsw
import pytest

from gateway.domain.errors import Code, ExchangeError
from gateway.domain.records import Admin, AdminAct, Kind
from gateway.domain.subjects import Subjects
from gateway.ledger import Query, read_ledger, verify
from gateway.ledger.holds import LegalHolds, new_hold
from gateway.ledger.quarters import epoch_of_id
from gateway.ledger.query import vkey_beside
from gateway.ledger.sealing import Order, Shredder, erasing, keystore, reading
from gateway.ledger.sealing.envelope import ERASED
from tests.fakes.vault import FakeHolds
from tests.fakes.vaults import Node, about, fill, patient_of

THORNTON, BECKER, CHEN = "48210377", "99120455", "73310099"
WHOM = [
    about(THORNTON, names=["Margaret Thornton"]),
    about(BECKER, names=["Anna Becker"]),
    about(BECKER, THORNTON, names=["Anna Becker", "Ruth Okafor"]),
    about(CHEN),
    Subjects(),
]


@pytest.fixture
def node(tmp_path: Path) -> Node:
    return Node(tmp_path / "data")


@pytest.fixture
def names(node: Node) -> list[str]:
    return fill(node, WHOM)


def shred(node: Node, order: Callable[[Shredder], Order]) -> Order:
    shredder = node.shredder()
    written = order(shredder)
    node.record(written.record("key-77aa01bb", 5))
    shredder.carry_out(written)
    return written


def state(node: Node, name: str) -> Code | None:
    """Return why an exchange cannot be opened, or `None` where it can."""
    try:
        reading.open_payload(node.vault_place, name)
    except ExchangeError as error:
        return error.code
    return None


def check_gone(node: Node, before: set[bytes], digests: set[bytes] = frozenset()) -> None:  # type: ignore[assignment]
    """Assert that no wrapped key that was erased, and no other value, is in any byte."""
    erased = before - node.wrapped()
    assert erased
    for value in (*erased, *digests):
        assert node.holding(value) == []


def test_of_a_patient_every_text_goes_also_where_it_is_about_somebody_else_too(
    node: Node, names: list[str]
) -> None:
    before = node.wrapped()
    order = shred(node, lambda s: s.of_patient("order-1", patient_of(THORNTON)))
    assert (order.exchanges, order.texts) == (2, 4)
    gone = Code.PAYLOAD_SHREDDED
    assert [state(node, name) for name in names] == [gone, None, gone, None, None]
    check_gone(node, before, {patient_of(THORNTON)})
    verify(node.place.directory, vkey_beside(node.place.directory))


def test_of_a_patient_the_index_forgets_every_exchange(node: Node, names: list[str]) -> None:
    shred(node, lambda s: s.of_patient("order-1", patient_of(THORNTON)))
    found = reading.exchanges_about
    assert list(found(node.vault_place, patient_of(THORNTON), None, 10)) == []
    assert list(found(node.vault_place, patient_of(BECKER), None, 10)) == [names[1]]
    # Who was in none but these is not known any more either; who is in another one is.
    (becker,), (okafor,) = about(names=["Anna Becker"]).names, about(names=["Ruth Okafor"]).names
    assert list(found(node.vault_place, becker, None, 10)) == [names[1]]
    assert node.holding(okafor) == []
    assert node.holding(about(names=["Margaret Thornton"]).names[0]) == []
    assert reading.subjects_of(node.vault_place, names[2]) == Subjects()


def test_of_a_record_both_parts_go_and_the_index_still_finds_it(
    node: Node, names: list[str]
) -> None:
    before = node.wrapped()
    order = shred(node, lambda s: s.of_record("order-1", names[0]))
    assert (order.exchanges, order.texts) == (1, 2)
    assert [state(node, name) for name in names] == [Code.PAYLOAD_SHREDDED, *[None] * 4]
    check_gone(node, before)
    assert names[0] in reading.exchanges_about(node.vault_place, patient_of(THORNTON), None, 10)


def test_of_an_epoch_all_goes_and_other_epochs_stay(node: Node, names: list[str]) -> None:
    node.now += 100 * 86_400_000
    later = fill(node, [about(THORNTON)], first=100)
    before = node.wrapped()
    order = shred(node, lambda s: s.of_epoch("order-1", "2026Q3"))
    assert (order.exchanges, order.texts) == (5, 10)
    assert {state(node, name) for name in names} == {Code.PAYLOAD_SHREDDED}
    assert state(node, later[0]) is None
    check_gone(node, before)


def test_the_seals_are_gone_too(node: Node, names: list[str]) -> None:
    seals = apsw.Connection(str(node.vault_place.seals))
    sealed = [row[0] for row in seals.execute("SELECT sealed FROM seals")]
    seals.close()
    shred(node, lambda s: s.of_epoch("order-1", "2026Q3"))
    assert len(sealed) == 10
    assert [node.holding(each) for each in sealed] == [[]] * 10


def test_what_comes_after_is_kept_under_new_keys(node: Node, names: list[str]) -> None:
    shred(node, lambda s: s.of_patient("order-1", patient_of(THORNTON)))
    shred(node, lambda s: s.of_epoch("order-2", "2026Q3"))
    (later,) = fill(node, [about(THORNTON)], first=50)
    assert state(node, later) is None
    assert state(node, names[0]) is Code.PAYLOAD_SHREDDED
    found = reading.exchanges_about(node.vault_place, patient_of(THORNTON), None, 10)
    assert list(found) == [later]


@pytest.mark.usefixtures("names")
def test_what_is_recorded_names_no_patient(node: Node) -> None:
    shred(node, lambda s: s.of_patient("order-1", patient_of(THORNTON)))
    with read_ledger(node.place.directory) as ledger:
        (logged,) = ledger.search(Query(kind=Kind.ADMIN))
    assert isinstance(logged.record, Admin)
    assert (logged.record.act, logged.record.target) == (AdminAct.PATIENT_SHREDDED, "patient")
    assert THORNTON.encode() not in logged.leaf


@pytest.mark.parametrize(
    ("order", "code"),
    [
        (lambda s: s.of_record("o", "nobody"), Code.PAYLOAD_NOT_KEPT),
        (lambda s: s.of_patient("o", patient_of("1234567")), Code.NOT_FOUND),
        (lambda s: s.of_epoch("o", "2020Q1"), Code.NOT_FOUND),
        (lambda s: s.of_epoch("o", "last year"), Code.INVALID_REQUEST),
    ],
)
@pytest.mark.usefixtures("names")
def test_nothing_is_shredded_where_there_is_nothing(
    node: Node, order: Callable[[Shredder], Order], code: Code
) -> None:
    with pytest.raises(ExchangeError) as error:
        order(node.shredder())
    assert error.value.code is code
    assert node.shredder().complete() == 0


def test_what_is_shredded_is_not_shredded_again(node: Node, names: list[str]) -> None:
    shred(node, lambda s: s.of_record("order-1", names[0]))
    with pytest.raises(ExchangeError) as error:
        node.shredder().of_record("order-2", names[0])
    assert error.value.code is Code.PAYLOAD_SHREDDED


@pytest.mark.parametrize("held", ["record", "2026Q3"])
def test_what_is_held_is_not_shredded(node: Node, names: list[str], held: str) -> None:
    what = names[2] if held == "record" else held
    shredder = node.shredder(FakeHolds({what}))
    orders: list[Callable[[], Order]] = [
        lambda: shredder.of_record("o", what),
        lambda: shredder.of_patient("o", patient_of(THORNTON)),
    ]
    if held != "record":
        orders = [lambda: shredder.of_epoch("o", what)]
    for order in orders:
        with pytest.raises(ExchangeError) as error:
            order()
        assert error.value.code is Code.PAYLOAD_HELD
    assert [state(node, name) for name in names] == [None] * 5


def test_an_exchange_that_is_kept_in_the_next_epoch_is_held_by_itself_and_with_that_epoch(
    node: Node, names: list[str]
) -> None:
    assert epoch_of_id(names[0]) == "2025Q4"
    orders: list[tuple[str, Callable[[Shredder], Order]]] = [
        (names[0], lambda s: s.of_epoch("o", "2026Q3")),
        ("2026Q3", lambda s: s.of_record("o", names[0])),
        ("2026Q3", lambda s: s.of_patient("o", patient_of(THORNTON))),
    ]
    for held, order in orders:
        with pytest.raises(ExchangeError) as error:
            order(node.shredder(FakeHolds({held})))
        assert error.value.code is Code.PAYLOAD_HELD


def test_a_hold_that_came_while_somebody_thought_it_over_still_holds(
    node: Node, names: list[str]
) -> None:
    holds = FakeHolds()
    shredder = node.shredder(holds)
    order = shredder.of_record("o", names[0])
    holds.names.add(names[0])
    with pytest.raises(ExchangeError) as error:
        shredder.confirm(order)
    assert error.value.code is Code.PAYLOAD_HELD
    assert node.keys().execute("SELECT count(*) FROM shreddings").get == 0


@pytest.mark.parametrize("lost", ["gone", "older", "changed"])
def test_a_hold_that_the_log_tells_of_and_its_table_forgot_stops_every_shredding(
    node: Node, names: list[str], tmp_path: Path, lost: str
) -> None:
    holds = LegalHolds(tmp_path)
    made = new_hold("h1", names[4], "key:a", "case 4711", 1)
    if lost != "gone":
        holds.place(made if lost == "changed" else replace(made, id="h0"))
    if lost == "changed":
        holds.lift("h1", "key:a", 2)
    node.record(
        Admin(exchange="h1", time=1, actor="key:a", act=AdminAct.HOLD_PLACED, target=names[4])
    )
    shredder = Shredder(node.vault_place, holds)
    orders: tuple[Callable[[], Order], ...] = (
        lambda: shredder.of_record("o", names[0]),
        lambda: shredder.of_patient("o", patient_of(THORNTON)),
        lambda: shredder.of_epoch("o", "2026Q3"),
    )
    for order in orders:
        with pytest.raises(ExchangeError, match=r"restore that file from its backup") as error:
            order()
        assert error.value.code is Code.AUDIT_UNAVAILABLE
    node.record(
        Admin(exchange="h1", time=2, actor="key:a", act=AdminAct.HOLD_LIFTED, target=names[4])
    )
    assert orders[0]().texts == 2


def test_an_order_that_was_never_recorded_is_dropped(node: Node, names: list[str]) -> None:
    node.shredder().of_patient("order-1", patient_of(THORNTON))
    with node.serving():
        pass
    assert state(node, names[0]) is None
    assert node.keys().execute("SELECT count(*) FROM shreddings").get == 0


def test_an_order_that_was_recorded_is_completed_at_the_next_start(
    node: Node, names: list[str]
) -> None:
    before = node.wrapped()
    order = node.shredder().of_patient("order-1", patient_of(THORNTON))
    node.record(order.record("key-77aa01bb", 5))
    with node.serving():
        pass
    assert state(node, names[0]) is Code.PAYLOAD_SHREDDED
    check_gone(node, before, {patient_of(THORNTON)})
    assert node.shredder().complete() == 0


@pytest.mark.parametrize("kind", ["record", "patient", "epoch"])
def test_a_shredding_that_fails_anywhere_is_completed(
    node: Node, names: list[str], kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = ["remove_seals", "truncate"]
    if kind == "patient":
        steps += ["forget", "erase_subject", "clear_copies"]
    before = node.wrapped()
    shredder = node.shredder()
    order = {
        "record": lambda: shredder.of_record("order-1", names[0]),
        "patient": lambda: shredder.of_patient("order-1", patient_of(THORNTON)),
        "epoch": lambda: shredder.of_epoch("order-1", "2026Q3"),
    }[kind]()
    node.record(order.record("key-77aa01bb", 5))
    for step in steps:
        with monkeypatch.context() as patched:

            def fails(*_: object, **__: object) -> None:
                raise apsw.FullError

            patched.setattr(erasing, step, fails)
            with pytest.raises(ExchangeError) as error:
                shredder.carry_out(order)
            assert error.value.code is Code.AUDIT_UNAVAILABLE
    assert shredder.complete() == 1
    assert state(node, names[0]) is Code.PAYLOAD_SHREDDED
    check_gone(node, before, {patient_of(THORNTON)} if kind == "patient" else set())


def test_an_order_that_somebody_thinks_better_of_is_struck_out(
    node: Node, names: list[str]
) -> None:
    shredder = node.shredder()
    order = shredder.of_record("order-1", names[0])
    shredder.drop(order)
    node.record(order.record("key-77aa01bb", 5))
    assert shredder.complete() == 0
    assert state(node, names[0]) is None


def test_a_running_gateway_uses_no_key_that_another_process_shredded(node: Node) -> None:
    import asyncio

    from tests.fakes.vaults import exchange_name, exchanged

    with node.serving() as (ledger, vault):
        asyncio.run(exchanged(ledger, vault, exchange_name(1), about(THORNTON), "one"))
        shred(node, lambda s: s.of_patient("order-1", patient_of(THORNTON)))
        shred_epoch = node.wrapped()
        asyncio.run(exchanged(ledger, vault, exchange_name(2), about(THORNTON), "two"))
        assert shred_epoch < node.wrapped()
        assert vault.open(exchange_name(2)).request is not None
        shred(node, lambda s: s.of_epoch("order-2", "2026Q3"))
        asyncio.run(exchanged(ledger, vault, exchange_name(3), about(THORNTON), "three"))
        assert vault.open(exchange_name(3)).request is not None
    assert state(node, exchange_name(1)) is Code.PAYLOAD_SHREDDED
    assert state(node, exchange_name(2)) is Code.PAYLOAD_SHREDDED


def leave_copies(path: Path, seed: int) -> tuple[apsw.Connection, list[bytes]]:
    """Delete thousands of rows of an index, and return those of which a copy is still there."""
    keys = keystore.connect(path)
    keys.pragma("synchronous", 0)
    keys.execute("CREATE TABLE moving (v BLOB, more TEXT, PRIMARY KEY (v, more)) WITHOUT ROWID")
    chance = random.Random(seed)  # noqa: S311 - it has to repeat
    values = [chance.randbytes(32) for _ in range(6000)]
    gone = chance.sample(values, 3000)
    with keys:
        keys.executemany("INSERT INTO moving VALUES (?, ?)", [(each, "y" * 36) for each in values])
    with keys:
        for each in gone:
            keys.execute("DELETE FROM moving WHERE v = ?", (each,))
            if chance.random() < 0.5:
                more = (chance.randbytes(32), "x" * chance.randint(1, 200))
                keys.execute("INSERT INTO moving VALUES (?, ?)", more)
    erasing.truncate(keys)
    data = path.read_bytes()
    return keys, [each for each in gone if each in data]


def test_a_copy_that_sqlite_left_behind_is_found_and_removed(tmp_path: Path) -> None:
    """Where pages split and merge, an old copy of a row may stay, `secure_delete` or not."""
    for seed in range(4, 24):  # Which seed leaves one depends on the release of SQLite.
        path = tmp_path / f"{seed}.db"
        keys, left = leave_copies(path, seed)
        if left:
            assert erasing.clear_copies(keys, path, left)
            data = path.read_bytes()
            assert not any(each in data for each in left)
            assert not erasing.clear_copies(keys, path, left)
            return
    pytest.skip("this SQLite leaves no copy behind")


def test_keys_never_move_so_that_zeros_reach_every_copy(tmp_path: Path) -> None:
    """The design of the tables, tried: thousands of keys, written and erased in any order."""
    path = tmp_path / "keys.db"
    keys = keystore.connect(path)
    keys.pragma("synchronous", 0)
    chance = random.Random(7)  # noqa: S311 - it has to repeat
    wrapped = {n: chance.randbytes(40) for n in range(1, 6001)}
    for start in range(1, 6001, 7):
        with keys:
            for n in range(start, min(start + 7, 6001)):
                keystore.add_part(keys, n, 1, [n] * chance.randint(0, 3), wrapped[n])
        if chance.random() < 0.3:
            with keys:
                erasing.erase_parts(keys, [chance.randint(1, start)])
    gone = chance.sample(range(1, 6001), 3000)
    for n in gone:
        erasing.erase_parts(keys, [n])
    erasing.truncate(keys)
    data = path.read_bytes()
    erased = [n for (n,) in keys.execute("SELECT id FROM parts WHERE wrapped = ?", (ERASED,))]
    assert set(gone) <= set(erased)
    assert not [n for n in erased if wrapped[int(str(n))] in data]
    assert all(wrapped[n] in data for n in list(set(wrapped) - set(erased))[:100])
