"""Each record that sets off a rule gets one alert, whatever breaks off in between."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import apsw
import pytest

from gateway.alertrules import SHIPPED, install, load, read_rule
from gateway.clock import SystemClock
from gateway.domain.alerting import Rule, Seen, Watch
from gateway.domain.errors import LedgerUnavailable
from gateway.domain.ports import Receipt
from gateway.domain.questions import ask
from gateway.domain.records import Alert, Kind, Record
from gateway.ledger import LedgerError, Place, Query, SqliteLedger, read_ledger, store
from gateway.ledger.alerts import STEP, Watcher, Watching, local_time
from gateway.ledger.follower import Follower
from gateway.ledger.pace import Breathe
from gateway.policy.problems import PolicyError
from tests.fakes.ledger import access, admin, intent, refusal
from tests.fakes.logs import append_all, some_records

HOUR = 3_600_000
RULES = (
    Rule("busy", "", ask(["kind=intent"], 0), 20, within=HOUR, quiet=HOUR),
    Rule("refused", "", ask(["kind=refusal", "actor=key:bb", "actor=key:cc"], 0)),
    Rule("btg", "", ask(["purpose=BTG", "kind=outcome"], 0), 3, within=3 * HOUR),
)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path / "ledger", tmp_path / "keys", "ward-1")


class Breaking:
    """A ledger whose append fails now and then, before it wrote the record or after."""

    def __init__(self, ledger: SqliteLedger, chance: random.Random) -> None:
        self._ledger = ledger
        self._chance = chance

    def append_blocking(self, record: Record) -> Receipt:
        draw = self._chance.random()
        if draw < 0.1:
            raise LedgerUnavailable
        receipt = self._ledger.append_blocking(record)
        if draw < 0.2:
            raise LedgerUnavailable
        return receipt


@contextmanager
def watching(
    place: Place,
    ledger: object,
    rules: tuple[Rule, ...] = RULES,
    digest: str = "d1",
    **more: object,
) -> Iterator[tuple[Watcher, apsw.Connection]]:
    db = apsw.Connection(str(place.directory / store.DATABASE), flags=apsw.SQLITE_OPEN_READONLY)
    asked = Watching(
        place.directory.parent / "alerts.db",
        "o",
        rules,
        digest,
        ledger,
        SystemClock(),
        **more,  # type: ignore[arg-type]
    )
    try:
        watcher = Watcher(db, asked)
        try:
            yield watcher, db
        finally:
            watcher.close()
    finally:
        db.close()


def watch(place: Place, ledger: object, **more: object) -> None:
    with watching(place, ledger, **more) as (watcher, db):  # type: ignore[arg-type]
        while watcher.step(store.read_head(db).size):
            pass


def alerts(place: Place) -> list[Alert]:
    with read_ledger(place.directory) as reader:
        found = reader.search(Query(kind=Kind.ALERT, limit=None))
        return [each.record for each in found if isinstance(each.record, Alert)]


def expected(records: list[Record], rules: tuple[Rule, ...] = RULES) -> list[tuple[str, int, str]]:
    """What a watch from the first record to the last says, all at once."""
    actors = {each.exchange: each for each in records if hasattr(each, "purpose")}
    watch = Watch(rules, local_time)
    found = []
    for index, record in enumerate(records):
        terms = {f"kind={kind_name(record)}"}
        actor = getattr(record, "actor", None)
        whole = [record]
        if kind_name(record) == "outcome":
            whole.append(actors[record.exchange])
            actor = actors[record.exchange].actor  # type: ignore[union-attr]
        for each in whole:
            terms |= {
                f"actor={getattr(each, 'actor', '')}",
                f"purpose={getattr(each, 'purpose', '')}",
            }
        found += watch.feed(Seen(index, record.time, actor or "gateway", frozenset(terms)))
    return sorted((each.rule, each.record, each.actor) for each in found)


def kind_name(record: Record) -> str:
    return type(record).__name__.lower()


WEEK = [each for each in some_records(3, 2600) if not isinstance(each, Alert)]


def test_each_record_that_sets_off_a_rule_gets_one_alert_though_everything_breaks_off(
    place: Place,
) -> None:
    wanted = expected(WEEK)
    assert {rule for rule, _, _ in wanted} == {"busy", "refused", "btg"}
    chance = random.Random(5)  # noqa: S311 - chance that has to repeat
    rest = [WEEK[start : start + 400] for start in range(300, len(WEEK), 400)]
    append_all(place, WEEK[:300])
    with SqliteLedger.open_for_recording(place) as ledger:
        while not quiet(place, Breaking(ledger, chance), chance) or rest:
            if rest:
                append_more(ledger, rest.pop(0))
    # Alerts are records between the others: name each by what set it off, and not by its place.
    with read_ledger(place.directory) as reader:
        by_index = {each.index: each.record for each in reader.search(Query(limit=None))}
    numbers = {(each.exchange, kind_name(each)): n for n, each in enumerate(WEEK)}
    found = []
    for each in alerts(place):
        about = by_index[each.record]
        found.append((each.rule, numbers[about.exchange, kind_name(about)], each.actor))
    assert sorted(found) == wanted


def quiet(place: Place, ledger: Breaking, chance: random.Random) -> bool:
    """Watch for some steps, as until a crash; return whether there was nothing more to do.

    Whoever begins again knows only what is on the disk.
    """
    try:
        with watching(place, ledger) as (watcher, db):
            return not all(
                watcher.step(store.read_head(db).size) for _ in range(chance.randrange(1, 4))
            )
    except LedgerUnavailable:
        return False


def append_more(ledger: SqliteLedger, records: list[Record]) -> None:
    async def run() -> None:
        await asyncio.gather(*(ledger.append(record) for record in records))

    asyncio.run(run())


def test_a_log_that_is_new_to_the_rules_is_watched_from_then_on(place: Place) -> None:
    append_all(place, [refusal(f"r{n}") for n in range(STEP + 1)])
    each = (Rule("refused", "", ask(["kind=refusal"], 0)),)
    with SqliteLedger.open_for_recording(place) as ledger:
        watch(place, ledger, rules=each)
        assert alerts(place) == []
        ledger.append_blocking(refusal("later"))
        watch(place, ledger, rules=each)
    (found,) = alerts(place)
    assert (found.rule, found.record, found.actor) == ("refused", STEP + 1, "key-77aa01ff")


def test_other_rules_are_told_of_once_and_hold_from_then_on(place: Place) -> None:
    append_all(place, [refusal("r0")])
    told: list[str] = []
    with SqliteLedger.open_for_recording(place) as ledger:
        for digest in ("d1", "d1", "d2", "d2"):
            watch(place, ledger, digest=digest, new_rules=told.append)
    assert told == ["d1", "d2"]


def test_a_watch_of_a_later_version_is_not_touched(place: Place) -> None:
    append_all(place, [refusal("r0")])
    with SqliteLedger.open_for_recording(place) as ledger:
        watch(place, ledger)
        with apsw.Connection(str(place.directory.parent / "alerts.db")) as db:
            db.pragma("user_version", 9)
        with pytest.raises(LedgerError, match="later version"):
            watch(place, ledger)


def until(what: Callable[[], object], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_follower_raises_alerts_as_records_arrive_and_goes_on_after_a_failure(
    place: Place,
) -> None:
    append_all(place, [admin("a0")])
    rules = (Rule("looked", "", ask(["kind=access"], 0)),)
    failures = [KeyError("of nobody's"), LedgerError("not now")]
    with SqliteLedger.open_for_recording(place) as ledger:

        def begin(db: apsw.Connection, breathe: Breathe) -> Watcher:
            if failures:
                raise failures.pop()
            path = place.directory.parent / "alerts.db"
            return Watcher(db, Watching(path, "o", rules, "d", ledger, SystemClock()), breathe)

        follower = Follower(place.directory, [begin])
        follower.start()
        try:
            ledger.append_blocking(access("l1"))
            until(lambda: len(alerts(place)) == 1)
            ledger.append_blocking(intent("x1"))
            ledger.append_blocking(access("l2"))
            until(lambda: len(alerts(place)) == 2)
        finally:
            follower.close()
    assert [each.record for each in alerts(place)] == [1, 4]


# -- rules in files


def test_a_new_data_directory_gets_the_shipped_rules_and_an_edited_one_keeps_its_own(
    tmp_path: Path,
) -> None:
    install(tmp_path)
    rules, digest = load(tmp_path)
    assert {rule.id for rule in rules} == SHIPPED.keys()
    (tmp_path / "alerts" / "bulk-use.yaml").unlink()
    install(tmp_path)
    fewer, other = load(tmp_path)
    assert {rule.id for rule in fewer} == SHIPPED.keys() - {"bulk-use"}
    assert digest != other
    assert load(tmp_path / "nowhere")[0] == ()


def test_a_rule_says_all_that_it_can() -> None:
    text = b"""
says: Too much.
when: [kind=intent, actor=key:aa, actor=key:bb]
count: 30
of: patients
within: 90m
quiet: 2d
outside: {from: "22:00", to: "05:30", days: [sat, sun]}
"""
    rule = read_rule("too-much", text)
    assert replace(rule, when=ask([], 0), outside=None) == Rule(
        "too-much",
        "Too much.",
        ask([], 0),
        30,
        of_patients=True,
        within=90 * 60_000,
        quiet=48 * HOUR,
    )
    assert rule.when.wanted == (("kind=intent",), ("actor=key:aa", "actor=key:bb"))
    assert rule.outside is not None
    assert (rule.outside.start, rule.outside.end, rule.outside.days) == (1320, 330, {5, 6})


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("says: x", "missing key `when`"),
        ("when: [kind=intent]", "missing key `says`"),
        (
            "says: x\nwhen: [kind=intents]",
            "kind: not one that there is; did you mean intent?",
        ),
        ("says: x\nwhen: [knd=intent]", "did you mean kind?"),
        (
            "says: x\nwhen:\n  - kind=intent\n  - since=2h",
            ":4: a rule sees records as they arrive",
        ),
        ("says: x\nwhen: [kind=alert]", "would never end"),
        ("says: x\nwhen: [kind=intent]\ncount: 5", "missing key `within`"),
        ("says: x\nwhen: [kind=intent]\nwithin: 1h", "missing key `count`"),
        ("says: x\nwhen: [kind=intent]\ncount: 5\nwithin: 8d", "7d at most"),
        ("says: x\nwhen: [kind=intent]\nquiet: soon", "such as 10m"),
        ("says: x\nwhen: [kind=intent]\nof: people", "records` or `patients"),
        ("says: x\nwhen: [kind=intent]\nlevel: 5", "unknown key `level`"),
        ("says: x\nsays: y\nwhen: [kind=intent]", "a second time"),
        ('says: x\nwhen: [kind=intent]\noutside: {from: "6:00", to: "20:00"}', "a time of day"),
        ('says: x\nwhen: [kind=intent]\noutside: {from: "06:00", to: "06:00"}', "no time at all"),
        (
            'says: x\nwhen: [kind=intent]\noutside: {from: "06:00", to: "20:00", days: [son]}',
            "a day is one of",
        ),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_with_its_line(text: str, says: str) -> None:
    with pytest.raises(PolicyError) as wrong:
        read_rule("odd", text.encode())
    assert says in str(wrong.value)
    assert "alerts/odd.yaml" in str(wrong.value)
