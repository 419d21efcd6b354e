"""Feeds: in order, nothing lost, nothing passed over, whatever the target does."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from typer.testing import CliRunner

from gateway import doctor
from gateway.cli.audit import app
from gateway.feeds import Export, FhirFeed
from gateway.ledger import Place, SqliteLedger
from gateway.ledger.exports import feed as feed_module
from gateway.ledger.exports.balp import problems
from gateway.ledger.exports.elements import Origin
from gateway.ledger.exports.feed import LONGEST_WAIT, Feed, as_events, as_messages
from gateway.ledger.exports.feeding import Site, open_feeds, status_of
from gateway.ledger.exports.repository import Repository
from gateway.ledger.exports.spool import Spool, SpoolError
from gateway.ledger.exports.targets import DeliveryError, Item, TargetError, tls_of
from gateway.settings import SettingsError, load
from tests.fakes.every_record import every_kind, write_log
from tests.fakes.ledger import admin, intent, outcome
from tests.fakes.repository import FakeRepository, serving
from tests.fakes.tls import certificate

ORIGIN = Origin("ward-1")


class ListTarget:
    """`targets.Target` over a list, with faults: the next `fail` deliveries break."""

    def __init__(self, overlap: int = 0) -> None:
        self.overlap = overlap
        self.got: list[int] = []
        self.fail = 0
        self.largest = 0

    def deliver(self, items: Sequence[Item]) -> Iterator[int]:
        self.largest = max(self.largest, len(items))
        for item in items:
            if self.fail:
                self.fail -= 1
                raise DeliveryError("unreachable")
            self.got.append(item.index)
            yield item.index

    def close(self) -> None:
        pass


def feed_of(place: Place, tmp_path: Path, target: object) -> Feed:
    spool = Spool(tmp_path / "state")
    return Feed("test", place.directory, ORIGIN, spool, target, as_messages(ORIGIN))  # type: ignore[arg-type]


def empty(feed: Feed) -> None:
    """Step until there is nothing left."""
    while feed.step() == 0.0:
        pass


def log_of(tmp_path: Path, count: int) -> Place:
    return write_log(tmp_path, (admin(f"a{n}") for n in range(count)))


def test_a_feed_delivers_every_record_once_and_in_order(tmp_path: Path) -> None:
    place, target = log_of(tmp_path, 300), ListTarget()
    feed = feed_of(place, tmp_path, target)
    empty(feed)
    assert target.got == list(range(300))
    assert target.largest <= feed_module.BATCH
    with SqliteLedger.open_for_recording(place) as ledger:
        ledger.append_blocking(admin("later"))
    feed.step()
    assert target.got[-1] == 300


def test_a_feed_goes_on_where_it_was_when_its_process_ended(tmp_path: Path) -> None:
    place, target = log_of(tmp_path, 200), ListTarget()
    feed_of(place, tmp_path, target).step()
    assert len(target.got) == 128
    again = ListTarget()
    empty(feed_of(place, tmp_path, again))
    assert again.got == list(range(128, 200))


def test_a_target_that_is_down_for_a_day_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_module.random, "uniform", lambda _low, high: high)
    place, target = log_of(tmp_path, 300), ListTarget()
    feed = feed_of(place, tmp_path, target)
    target.fail = 10**6
    waited, waits = 0.0, []
    while waited < 86_400:
        waits.append(feed.step())
        waited += waits[-1]
    assert waits[:5] == [1, 2, 4, 8, 16]
    assert max(waits) == LONGEST_WAIT
    with SqliteLedger.open_for_recording(place) as ledger:
        for n in range(20):
            ledger.append_blocking(admin(f"b{n}"))
    target.fail = 0
    empty(feed)
    assert target.got == list(range(320))
    assert target.largest <= feed_module.BATCH
    standing = Spool(tmp_path / "state").standing("test")
    assert (standing.position, standing.failing) == (320, None)


def test_after_a_break_a_target_that_cannot_confirm_gets_the_last_ones_again(
    tmp_path: Path,
) -> None:
    place, target = log_of(tmp_path, 200), ListTarget(overlap=64)
    feed = feed_of(place, tmp_path, target)
    feed.step()
    target.fail = 1
    feed.step()
    empty(feed)
    assert target.got == [*range(128), *range(64, 200)]
    assert Spool(tmp_path / "state").standing("test").position == 200


def test_since_when_and_why_a_feed_fails_is_kept(tmp_path: Path) -> None:
    place, target = log_of(tmp_path, 3), ListTarget()
    feed = feed_of(place, tmp_path, target)
    target.fail = 2
    feed.step()
    first = Spool(tmp_path / "state").standing("test")
    feed.step()
    assert first.reason == "unreachable"
    assert Spool(tmp_path / "state").standing("test").failing == first.failing is not None


def test_a_record_that_cannot_be_read_stops_the_feed_where_it_is(tmp_path: Path) -> None:
    import apsw

    place, target = log_of(tmp_path, 5), ListTarget()
    with apsw.Connection(str(place.directory / "ledger.db")) as db:
        db.execute("UPDATE entries SET leaf = CAST('{}' AS BLOB) WHERE idx = 3")
    feed = feed_of(place, tmp_path, target)
    assert feed.step() > 0
    assert target.got == []
    assert Spool(tmp_path / "state").standing("test").reason == "UnknownRecord"


def test_positions_of_a_later_version_are_not_guessed_at(tmp_path: Path) -> None:
    import apsw

    spool = Spool(tmp_path)
    spool.arrived("x", 7, 1)
    spool.close()
    with apsw.Connection(str(tmp_path / "exports.db")) as db:
        db.pragma("user_version", 9)
    with pytest.raises(SpoolError, match="has version 9"):
        Spool(tmp_path).standing("x")


# -- to an audit record repository


def repository_feed(
    place: Place, tmp_path: Path, at: FakeRepository, tls: ssl.SSLContext | None = None
) -> Feed:
    settings = FhirFeed(
        url=f"{'https' if tls else 'http'}://localhost:{at.port}/fhir",
        address="127.0.0.1",
        ca_file="x" if tls else None,
    )
    target = Repository(settings.endpoint, tls, 5.0, "s3cret")
    return Feed(
        "fhir", place.directory, ORIGIN, Spool(tmp_path / "state"), target, as_events(ORIGIN)
    )


def test_events_are_posted_in_order_and_hold_their_profiles(tmp_path: Path) -> None:
    place = write_log(tmp_path, every_kind())
    with serving(FakeRepository()) as repository:
        empty(repository_feed(place, tmp_path, repository))
    assert all(problems(event) == () for event in repository.events)
    positions = [int(code.rpartition(".")[2]) for code in repository.codes]
    assert positions == sorted(set(positions))
    assert {path for path, _ in repository.requests} == {"/fhir/AuditEvent"}
    head = repository.requests[0][1]
    assert head["Content-Type"].startswith("application/fhir+json")
    assert head["Authorization"] == "Bearer s3cret"
    assert head["If-None-Exist"] == "_tag=urn%3Aintramural%3Arecord%7Cward-1.1"


def test_an_exchange_is_posted_when_it_is_settled_and_once(tmp_path: Path) -> None:
    place = write_log(tmp_path, iter([intent("x")]))
    with serving(FakeRepository()) as repository:
        feed = repository_feed(place, tmp_path, repository)
        feed.step()
        assert repository.events == []
        with SqliteLedger.open_for_recording(place) as ledger:
            ledger.append_blocking(outcome("x"))
        feed.step()
        feed.step()
    assert repository.codes == ["ward-1.1"]


def test_an_answer_that_was_lost_makes_no_second_event(tmp_path: Path) -> None:
    place = log_of(tmp_path, 5)
    with serving(FakeRepository(drop_answers=2)) as repository:
        feed = repository_feed(place, tmp_path, repository)
        while len(repository.events) < 5 or feed.step():
            feed.step()
            if len(repository.events) == 5:
                break
    assert repository.codes == [f"ward-1.{n}" for n in range(5)]
    assert len(repository.requests) > 5


@pytest.mark.parametrize("status", [301, 400, 401, 403, 422, 500, 503])
def test_an_event_that_is_refused_is_tried_again_and_nothing_overtakes_it(
    tmp_path: Path, status: int
) -> None:
    place = log_of(tmp_path, 3)
    with serving(FakeRepository(statuses=[status])) as repository:
        feed = repository_feed(place, tmp_path, repository)
        wait = feed.step()
        assert wait >= (7 if status == 503 else 0.5)
        assert Spool(tmp_path / "state").standing("fhir").reason == f"status_{status}"
        feed.step()
    assert repository.codes == ["ward-1.0", "ward-1.1", "ward-1.2"]


def test_a_repository_that_comes_back_on_its_port_is_found_again(tmp_path: Path) -> None:
    place = log_of(tmp_path, 2)
    with serving(FakeRepository()) as repository:
        feed = repository_feed(place, tmp_path, repository)
        empty(feed)
    with SqliteLedger.open_for_recording(place) as ledger:
        ledger.append_blocking(admin("more"))
    assert feed.step() > 0
    assert Spool(tmp_path / "state").standing("fhir").reason == "unreachable"
    with serving(repository, port=repository.port):
        feed.step()
    assert repository.codes == ["ward-1.0", "ward-1.1", "ward-1.2"]


def test_what_does_not_speak_http_is_told_apart(tmp_path: Path) -> None:
    import socket
    import threading

    place = log_of(tmp_path, 1)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            for _ in range(2):
                other, _address = server.accept()
                other.recv(65536)
                other.sendall(b"SSH-2.0-nothing\r\n\r\n")
                other.close()

        threading.Thread(target=answer, daemon=True).start()
        at = FakeRepository(port=server.getsockname()[1])
        repository_feed(place, tmp_path, at).step()
    assert Spool(tmp_path / "state").standing("fhir").reason == "not_http"


def test_mutual_tls_with_a_pinned_authority(tmp_path: Path) -> None:
    place = log_of(tmp_path, 2)
    server, authority = certificate(tmp_path, "localhost")
    _, known = certificate(tmp_path, "gateway.test")
    server.load_verify_locations(known)
    server.verify_mode = ssl.CERT_REQUIRED
    both = tmp_path / "gateway.test.both"
    both.chmod(0o600)
    good = tls_of(tmp_path, authority.name, both.name, both.name)
    bare = tls_of(tmp_path, authority.name, None, None)
    wrong = tls_of(tmp_path, known.name, both.name, both.name)
    with serving(FakeRepository(), server) as repository:
        for refused in (bare, wrong):
            repository_feed(place, tmp_path, repository, refused).step()
            assert Spool(tmp_path / "state").standing("fhir").reason in {"tls", "unreachable"}
            assert repository.events == []
        empty(repository_feed(place, tmp_path, repository, good))
    assert repository.codes == ["ward-1.0", "ward-1.1"]


# -- the settings


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('[export.fhir]\nurl = "http://10.0.0.9/fhir"', "over https"),
        ('[export.fhir]\nurl = "https://arr.test/fhir"', "names are not looked up"),
        ('[export.fhir]\nurl = "https://10.0.0.9/fhir"', "name the ca_file"),
        ('[export.fhir]\nurl = "https://10.0.0.9/fhir?x"\nca_file = "a"', "has no query"),
        ('[export.syslog]\nhost = "10.0.0.9"', "name the ca_file"),
        ('[export.syslog]\nhost = "10.0.0.9"\nca_file = "a"\ncert_file = "b"', "belong together"),
        ('[export.syslog]\nhost = "10.0.0.9"\nca_file = "a"\nudp = true', "udp"),
        ("[retention]\nquarters = 1", "quarters"),
    ],
)
def test_settings_that_would_leak_or_guess_are_refused(
    tmp_path: Path, text: str, says: str
) -> None:
    (tmp_path / "intramural.toml").write_text(text)
    with pytest.raises(SettingsError, match=says):
        load(tmp_path)


def test_the_targets_are_on_the_list_of_egress(tmp_path: Path) -> None:
    (tmp_path / "intramural.toml").write_text(
        '[export.fhir]\nurl = "https://arr.test/fhir"\naddress = "10.0.0.9"\nca_file = "a"\n'
        '[export.syslog]\nhost = "log.test"\naddress = "fd00::1"\nca_file = "a"\n'
    )
    assert load(tmp_path).peers == ("10.0.0.9:443", "[fd00::1]:6514")


def test_certificates_that_are_none_stop_the_start_and_say_so(tmp_path: Path) -> None:
    (tmp_path / "intramural.toml").write_text(
        '[export.fhir]\nurl = "https://10.0.0.9/fhir"\nca_file = "absent.pem"\n'
    )
    settings = load(tmp_path)
    site = Site(settings.data, settings.state, settings.ledger, settings.node)
    with pytest.raises(TargetError, match="name a file that does"):
        open_feeds(settings.export, site)


def test_a_token_that_others_can_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("abc")
    (tmp_path / "token").chmod(0o644)
    export = Export(fhir=FhirFeed(url="http://127.0.0.1:1/fhir", token_file="token"))
    with pytest.raises(TargetError, match="token_file"):
        open_feeds(export, Site(tmp_path, tmp_path, tmp_path, "ward-1"))


# -- how it stands


def test_the_command_and_the_doctor_say_how_far_a_feed_is_behind(tmp_path: Path) -> None:
    (tmp_path / "intramural.toml").write_text(
        'node = "ward-1"\n[export.fhir]\nurl = "http://127.0.0.1:9/fhir"\n'
    )
    write_log(tmp_path, (admin(f"a{n}") for n in range(7)))
    settings = load(tmp_path)
    site = Site(settings.data, settings.state, settings.ledger, settings.node)
    Spool(settings.state).arrived("fhir", 5, 1)
    assert status_of(settings.export, site)[0].behind == 2
    found = {each.check: each for each in doctor.examine(settings)}["exports"]
    assert (found.verdict, found.found) == (
        doctor.Verdict.OK,
        "fhir to 127.0.0.1:9: 2 records behind",
    )
    Spool(settings.state).failed("fhir", "status_422", 1_780_000_000_000)
    found = {each.check: each for each in doctor.examine(settings)}["exports"]
    assert found.verdict is doctor.Verdict.FAILED
    result = CliRunner().invoke(app, ["feeds"], obj=settings)
    assert "fhir  127.0.0.1:9  2 records behind" in result.stdout
    assert "since 2026-05-28T20:26:40.000Z it fails: status_422" in result.stdout
    result = CliRunner().invoke(app, ["feeds", "--json"], obj=settings)
    assert json.loads(result.stdout)["standing"]["reason"] == "status_422"


async def test_feeds_run_beside_the_gateway_and_stop_with_it(tmp_path: Path) -> None:
    import asyncio

    place = await asyncio.to_thread(log_of, tmp_path, 4)
    with serving(FakeRepository()) as repository:
        export = Export(fhir=FhirFeed(url=f"http://127.0.0.1:{repository.port}/fhir"))
        feeds = open_feeds(export, Site(tmp_path, tmp_path / "state", place.directory, "ward-1"))
        async with feeds.serving():
            for _ in range(500):
                if len(repository.events) == 4:
                    break
                await asyncio.sleep(0.02)
    assert repository.codes == [f"ward-1.{n}" for n in range(4)]
