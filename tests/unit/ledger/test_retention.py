"""Quarters whose time is over go, in an order that can stop anywhere; the rest proves itself."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import apsw
import pytest

from gateway.domain.epochs import epoch_span
from gateway.domain.questions import ask
from gateway.domain.records import Admin, AdminAct, Record
from gateway.ledger import Place, SqliteLedger, VerificationError
from gateway.ledger.errors import LedgerDamaged
from gateway.ledger.exports.elements import Origin
from gateway.ledger.exports.feed import Feed, as_messages
from gateway.ledger.exports.proofs import verify_lines
from gateway.ledger.exports.spool import Spool
from gateway.ledger.holds import LegalHolds, new_hold
from gateway.ledger.publickeys import read_vkey
from gateway.ledger.query import Query, read_ledger
from gateway.ledger.retention import Retention, RetentionError, Standing, Terms
from gateway.ledger.search.gathering import Gatherer
from gateway.ledger.search.index import SearchIndex
from gateway.ledger.search.search import Search
from gateway.ledger.verifier import verify
from tests.fakes.every_record import write_log
from tests.fakes.ledger import admin, intent, outcome
from tests.unit.ledger.exports.test_feeds import ListTarget

OLD, NEXT = epoch_span("2020Q1"), epoch_span("2020Q2")
NOW = epoch_span("2026Q4")[0] + 1
"""2020Q1 and 2020Q2 were over 25 quarters ago; 2020Q3 was not."""


def quarter(name: str, count: int) -> Iterator[Record]:
    start = epoch_span(name)[0]
    for n in range(count):
        yield intent(f"{name}-{n}", time=start + 2 * n)
        yield outcome(f"{name}-{n}", time=start + 2 * n + 1)


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Place:
    folder = tmp_path_factory.mktemp("log")
    records = [*quarter("2020Q1", 400), *quarter("2020Q2", 500), *quarter("2026Q3", 300)]
    return write_log(folder, iter(records))


@pytest.fixture
def place(log: Place, tmp_path: Path) -> Place:
    copy = tmp_path / "ledger"
    shutil.copytree(log.directory, copy)
    shutil.copytree(log.keys, tmp_path / "keys")
    return replace(log, directory=copy, keys=tmp_path / "keys")


def retention(
    place: Place, holds: LegalHolds | None = None, terms: Terms | None = None, now: int = NOW
) -> Retention:
    holds = holds or LegalHolds(place.directory.parent / "state")
    return Retention(place.directory, holds, terms or Terms(25), now)


class Recorder:
    """Records acts as the commands do; raises at the one that it is told to stop at."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.acts: list[tuple[AdminAct, str]] = []

    def __call__(self, act: AdminAct, target: str) -> None:
        self.acts.append((act, target))
        with SqliteLedger.open_for_recording(self.place) as ledger:
            ledger.append_blocking(
                Admin(exchange=f"r{len(self.acts)}", time=NOW, actor="os:x", act=act, target=target)
            )


def verified(place: Place) -> int:
    """Verify with the key, start a gateway on it, and return how many records were dropped."""
    key = read_vkey(place.directory / "ledger.vkey")
    report = verify(place.directory, key)
    with SqliteLedger.open_for_serving(place, now_ms=lambda: NOW) as ledger:
        assert ledger.lost == 0
        ledger.append_blocking(admin(f"again-{report.size}", time=NOW))
    again = verify(place.directory, key, report.checkpoint)
    assert again.size == report.size + 1
    assert again.dropped == report.dropped
    return again.dropped


def test_the_log_without_its_old_quarters_verifies_and_grows(place: Place) -> None:
    recorder = Recorder(place)
    before = retention(place).drop(recorder)
    # 800 and 1,000 records: 1,800, of which whole bundles go.
    assert recorder.acts == [(AdminAct.RECORDS_DROPPED, "2020Q2:1792")]
    assert before.may_go == ("2020Q1", "2020Q2")
    assert verified(place) == 1792
    with read_ledger(place.directory) as reader:
        records = list(reader.search(Query(limit=None)))
        assert records[0].index == reader.first == 1792
        for logged in (records[0], records[7], records[-1]):
            reader.prove(logged)
    bundles = sorted(path.name for path in (place.directory / "tile" / "entries").glob("*[0-9]"))
    assert bundles[0] == "007"
    assert len(list((place.directory / "tile" / "0").glob("*[0-9]"))) >= 9


def test_dropping_again_drops_nothing_more(place: Place) -> None:
    recorder = Recorder(place)
    retention(place).drop(recorder)
    retention(place).drop(recorder)
    assert len(recorder.acts) == 1


def test_nothing_goes_before_its_time(place: Place) -> None:
    recorder = Recorder(place)
    end = epoch_span("2026Q3")[1]
    retention(place, now=end - 1).drop(recorder)
    assert recorder.acts == [(AdminAct.RECORDS_DROPPED, "2020Q1:768")]
    retention(place, now=end).drop(recorder)
    assert recorder.acts[1:] == [(AdminAct.RECORDS_DROPPED, "2020Q2:1792")]


@pytest.mark.parametrize("held", ["2020Q1", "2019Q4", "016fa3c4-7bf3-7105-bfa9-51e21af9fa71"])
def test_a_hold_keeps_its_quarter_and_all_after_it(place: Place, held: str) -> None:
    holds = LegalHolds(place.directory.parent / "state")
    holds.place(new_hold("h", held, "key:a", "an inspection", NOW))
    recorder = Recorder(place)
    standing = retention(place, holds).drop(recorder)
    assert standing.may_go == ()
    assert standing.because is not None
    assert "is held" in standing.because
    assert recorder.acts == []
    holds.lift("h", "key:a", NOW)
    assert retention(place, holds).standing().may_go == ("2020Q1", "2020Q2")


def test_a_hold_on_a_later_quarter_lets_the_earlier_go(place: Place) -> None:
    holds = LegalHolds(place.directory.parent / "state")
    holds.place(new_hold("h", "2020Q2", "key:a", "an inspection", NOW))
    assert retention(place, holds).standing().may_go == ("2020Q1",)


def test_nothing_goes_that_was_not_published_or_witnessed_or_delivered(place: Place) -> None:
    def why(terms: Terms) -> str:
        standing = retention(place, terms=terms).standing()
        assert standing.may_go == ()
        return str(standing.because)

    assert "not witnessed" in why(Terms(25, witnessed=True))
    assert "has not arrived" in why(Terms(25, delivered=799))
    assert retention(place, terms=Terms(25, delivered=800)).standing().may_go == ("2020Q1",)
    (place.directory / "checkpoint").unlink()
    assert "not published" in why(Terms(25))


def test_a_kill_anywhere_leaves_a_log_that_verifies_and_goes_on(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.ledger.retention._STEP", 256)

    class KilledError(BaseException):
        """Nothing catches it, as nothing catches SIGKILL."""

    for step in range(9):
        copy = replace(place, directory=tmp_path / f"l{step}")
        shutil.copytree(place.directory, copy.directory)
        recorder = Recorder(copy)
        left = step

        def progress(_: int) -> None:
            nonlocal left
            left -= 1
            if left < 0:
                raise KilledError

        try:
            retention(copy).drop(recorder, progress)
        except KilledError:
            assert verified(copy) == (step + 1) * 256
            retention(copy).drop(recorder)
        assert verified(copy) == 1792
        assert [act for act, _ in recorder.acts] == [AdminAct.RECORDS_DROPPED]


def test_a_kill_between_the_record_and_the_rows_loses_nothing(place: Place) -> None:
    recorder = Recorder(place)
    recorder(AdminAct.RECORDS_DROPPED, "2020Q2:1792")
    assert verified(place) == 0
    retention(place).drop(recorder)
    assert len(recorder.acts) == 1
    assert verified(place) == 1792


def test_a_hold_that_came_after_the_record_still_keeps_the_rows(place: Place) -> None:
    recorder = Recorder(place)
    recorder(AdminAct.RECORDS_DROPPED, "2020Q2:1792")
    holds = LegalHolds(place.directory.parent / "state")
    holds.place(new_hold("h", "2020Q2", "key:a", "just in time", NOW))
    retention(place, holds).drop(recorder)
    assert verified(place) == 768


def remove(place: Place, end: int) -> None:
    with apsw.Connection(str(place.directory / "ledger.db")) as db:
        db.execute("DELETE FROM entries WHERE idx < ?", (end,))
        db.execute("DELETE FROM facts WHERE idx < ?", (end,))


def refused(place: Place) -> None:
    with pytest.raises(VerificationError):
        verify(place.directory, read_vkey(place.directory / "ledger.vkey"))
    with pytest.raises(LedgerDamaged):
        SqliteLedger.open_for_serving(place, now_ms=lambda: NOW)


def test_records_that_are_gone_without_a_record_of_it_are_damage(place: Place) -> None:
    remove(place, 768)
    refused(place)


def test_more_than_was_said_is_damage(place: Place) -> None:
    Recorder(place)(AdminAct.RECORDS_DROPPED, "2020Q1:768")
    remove(place, 1024)
    refused(place)


def test_a_part_of_a_bundle_is_damage(place: Place) -> None:
    Recorder(place)(AdminAct.RECORDS_DROPPED, "2020Q2:1792")
    remove(place, 1790)
    refused(place)


@pytest.mark.parametrize("change", ["missing", "flipped"])
def test_what_was_dropped_is_proved_by_its_hashes_or_not_at_all(place: Place, change: str) -> None:
    retention(place).drop(Recorder(place))
    tile = place.directory / "tile" / "0" / "003"
    content = bytearray(tile.read_bytes())
    tile.unlink()
    if change == "flipped":
        content[100] ^= 1
        tile.write_bytes(content)
    refused(place)


def test_a_record_of_another_act_does_not_excuse_an_absence(place: Place) -> None:
    Recorder(place)(AdminAct.QUARTER_SEALED, "2020Q2:1792")
    remove(place, 768)
    refused(place)


def test_an_exchange_is_not_torn_apart(tmp_path: Path) -> None:
    start = epoch_span("2020Q1")[0]
    records: list[Record] = [admin(f"a{n}", time=start) for n in range(255)]
    records += [intent("long", time=start), *(admin(f"b{n}", time=start) for n in range(300))]
    records += [outcome("long", time=start), *(admin(f"c{n}", time=start) for n in range(300))]
    place = write_log(tmp_path, iter([*records, admin("new", time=NOW)]))
    standing = retention(place).standing()
    # 256 and 512 are inside of it.
    assert standing.cuts == (0, 768)


def test_a_clock_that_ran_ahead_keeps_more_and_never_less(tmp_path: Path) -> None:
    start = epoch_span("2020Q1")[0]
    records = [admin(f"a{n}", time=start) for n in range(300)]
    records += [admin("ahead", time=epoch_span("2031Q1")[0])]
    records += [admin(f"b{n}", time=start) for n in range(600)]
    place = write_log(tmp_path, iter(records))
    assert retention(place).standing().cuts == (0, 256)


def test_a_clock_that_stood_past_the_calendar_is_no_crash(tmp_path: Path) -> None:
    place = write_log(tmp_path, iter([admin("a", time=2**53 - 1), admin("b", time=5)]))
    standing: Standing = retention(place).standing()
    assert [each.name for each in standing.quarters] == ["9999Q4"]
    assert standing.may_go == ()


def test_a_quarter_is_sealed_off_into_a_copy_that_is_verified_without_the_log(
    place: Place,
) -> None:
    recorder = Recorder(place)
    path = retention(place).seal("2020Q2", recorder)
    assert path.stat().st_mode & 0o777 == 0o400
    assert recorder.acts == [(AdminAct.QUARTER_SEALED, "2020Q2:800-1800")]
    with path.open("rb") as lines:
        found = verify_lines(lines, read_vkey(place.directory / "ledger.vkey"))
    assert (found.first, found.last, found.records) == (800, 1799, 1000)
    with pytest.raises(RetentionError, match="is there already"):
        retention(place).seal("2020Q2", recorder)
    retention(place).drop(recorder)
    assert not path.exists()


@pytest.mark.parametrize(("name", "says"), [("2026Q4", "is not over"), ("2001Q1", "no records")])
def test_only_a_quarter_that_is_over_is_sealed_off(place: Place, name: str, says: str) -> None:
    recorder = Recorder(place)
    recorder(AdminAct.HOLD_LIFTED, "2020Q1")
    with pytest.raises(RetentionError, match=says):
        retention(place).seal(name, recorder)
    assert not list(place.directory.glob("shards/*"))


def test_a_feed_that_is_set_up_later_begins_with_what_is_there(
    place: Place, tmp_path: Path
) -> None:
    retention(place).drop(Recorder(place))
    target = ListTarget()
    origin = Origin("ward-1")
    spool = Spool(tmp_path / "spool")
    feed = Feed("new", place.directory, origin, spool, target, as_messages(origin))
    feed.step()
    assert target.got[0] == 1792


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_search_finds_what_is_left_with_an_index_from_before_and_from_after(
    place: Place, tmp_path: Path, when: str
) -> None:
    def follow() -> SearchIndex:
        index = SearchIndex.open(tmp_path / "search.db", "intramural/ward-1")
        with apsw.Connection(str(place.directory / "ledger.db")) as db:
            gatherer = Gatherer(db, index)
            size = db.execute("SELECT size FROM head").get
            while gatherer.step(int(size)):
                pass
        return index

    if when == "before":
        follow().close()
    retention(place).drop(Recorder(place))
    index = follow()
    assert index.blocks
    with read_ledger(place.directory) as reader:
        search = Search(reader, index)
        all_of_it = [each.index for each in search.pages(ask([], NOW))]
        assert all_of_it == list(range(reader.checkpoint.size - 1, 1791, -1))
        found = list(search.pages(ask(["actor=key-4f2a91c0", "kind=intent"], NOW)))
        assert [each.record.exchange for each in found[-5:]] == [
            *(f"2026Q3-{n}" for n in (0,)),
            *(f"2020Q2-{n}" for n in (499, 498, 497, 496)),
        ]
    index.close()
