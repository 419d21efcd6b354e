"""Alerts reach somebody: in order, without a patient, however long the webhook was down."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gateway import doctor
from gateway.domain.records import Alert, Record
from gateway.feeds import Alerts, Export, Webhook
from gateway.installation import feeds_of
from gateway.ledger import Place, SqliteLedger
from gateway.ledger.exports import feed as feed_module
from gateway.ledger.exports.elements import Origin
from gateway.ledger.exports.feed import LONGEST_WAIT, Feed, alerts_alone, as_alerts
from gateway.ledger.exports.feeding import (
    ALERTS,
    Site,
    arrived_everywhere,
    open_feeds,
    status_of,
)
from gateway.ledger.exports.hook import Hook, message_of
from gateway.ledger.exports.spool import Spool
from gateway.ledger.exports.targets import TargetError, tls_of
from gateway.ledger.query import LoggedRecord
from gateway.settings import SettingsError, load
from tests.fakes.every_record import every_kind, write_log
from tests.fakes.ledger import admin
from tests.fakes.repository import FakeRepository, serving
from tests.fakes.tls import certificate, hospital

ORIGIN = Origin("ward-1")


@dataclass
class Pager(FakeRepository):
    """A service that takes messages; `statuses` are answered first."""

    said: list[dict[str, Any]] = field(default_factory=list)

    def take(self, path: str, headers: dict[str, str], body: bytes) -> int:
        self.requests.append((path, headers))
        if self.statuses:
            return self.statuses.pop(0)
        self.said.append(json.loads(body))
        return 204

    @property
    def told(self) -> list[int]:
        return [message["alert"] for message in self.said]


def alert(number: int) -> Alert:
    return Alert(f"x{number}", 1_780_000_000_000 + number, "break-glass", number, "key:6m4f", 1)


def append(place: Place, *records: Record) -> None:
    with SqliteLedger.open_for_recording(place) as ledger:
        for record in records:
            ledger.append_blocking(record)


def feed_of(place: Place, tmp_path: Path, port: int) -> Feed:
    webhook = Webhook(url=f"http://127.0.0.1:{port}/hooks/1")
    return Feed(
        ALERTS,
        place.directory,
        ORIGIN,
        Spool(tmp_path / "state"),
        Hook(webhook.endpoint, None, 5.0, None),
        as_alerts(ORIGIN),
        alerts_alone,
        from_now=True,
    )


def empty(feed: Feed) -> None:
    while feed.step() == 0.0:
        pass


def test_each_alert_is_told_once_and_no_other_record_is(tmp_path: Path) -> None:
    place = write_log(tmp_path, [admin("a0")])
    with serving(Pager()) as pager:
        feed = feed_of(place, tmp_path, pager.port)
        empty(feed)
        append(place, *(admin(f"b{n}") for n in range(300)), alert(7), admin("c"), alert(9))
        empty(feed)
        empty(feed_of(place, tmp_path, pager.port))
    assert pager.told == [301, 303]
    first = pager.said[0]
    assert (first["id"], first["rule"], first["actor"]) == ("ward-1.301", "break-glass", "key:6m4f")
    assert (first["record"], first["time"]) == (7, "2026-05-28T20:26:40.007Z")
    assert {path for path, _ in pager.requests} == {"/hooks/1"}
    assert [headers["Idempotency-Key"] for _, headers in pager.requests] == [
        "ward-1.301",
        "ward-1.303",
    ]
    assert arrived_everywhere(
        Export(), Site(tmp_path, tmp_path / "state", tmp_path, "x", Alerts(_webhook(1)))
    ) == len([*range(304)])


def test_a_webhook_that_is_down_for_a_day_loses_no_alert(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_module.random, "uniform", lambda _low, high: high)
    place = write_log(tmp_path, [admin("a0")])
    with serving(Pager()) as pager:
        feed = feed_of(place, tmp_path, pager.port)
        empty(feed)
    port, waited, waits = pager.port, 0.0, []
    append(place, *(alert(n) for n in range(200)))
    while waited < 86_400:
        waits.append(feed.step())
        waited += waits[-1]
    assert max(waits) == LONGEST_WAIT
    standing = Spool(tmp_path / "state").standing(ALERTS)
    assert (standing.position, standing.reason) == (1, "unreachable")
    # It comes back, refuses at first, and this process ends meanwhile.
    with serving(Pager(statuses=[500, 503]), port=port) as back:
        assert feed.step() > 0
        assert feed.step() >= 7
        again = feed_of(place, tmp_path, port)
        again.step()
        append(place, alert(200))
        empty(feed_of(place, tmp_path, port))
    assert back.told == list(range(1, 202))
    assert Spool(tmp_path / "state").standing(ALERTS).failing is None


def test_alerts_from_before_it_was_switched_on_wake_nobody(tmp_path: Path) -> None:
    place = write_log(tmp_path, [alert(0), alert(1)])
    with serving(Pager()) as pager:
        feed = feed_of(place, tmp_path, pager.port)
        empty(feed)
        append(place, alert(2))
        empty(feed)
        assert pager.told == [2]
        # Nor is one passed over that comes right behind what was looked through.
        append(place, admin("a3"))
        empty(feed)
        append(place, alert(4))
        empty(feed)
    assert pager.told == [2, 4]


def test_a_redirect_is_not_followed(tmp_path: Path) -> None:
    place = write_log(tmp_path, [admin("a0")])
    with serving(Pager(statuses=[307])) as pager:
        feed = feed_of(place, tmp_path, pager.port)
        empty(feed)
        append(place, alert(1))
        assert feed.step() > 0
        assert Spool(tmp_path / "state").standing(ALERTS).reason == "status_307"
        feed.step()
    assert pager.told == [1]


@pytest.mark.parametrize("record", list(every_kind()), ids=lambda record: type(record).__name__)
def test_a_message_holds_nothing_but_the_alert(record: Record) -> None:
    said = message_of(LoggedRecord(5, b"", record), ORIGIN)
    if not isinstance(record, Alert):
        assert said == b""
        return
    assert json.loads(said).keys() == {
        *("v", "id", "node", "time", "rule", "actor", "record", "count", "alert", "text"),
    }
    other = message_of(LoggedRecord(5, b"", replace(record, exchange="another")), ORIGIN)
    assert other == said


def test_a_certificate_that_is_named_alone_is_believed_and_no_other(tmp_path: Path) -> None:
    place = write_log(tmp_path, [admin("a0")])
    _, pinned = certificate(tmp_path, "pager.test")
    (tmp_path / "before.pem").write_bytes(pinned.read_bytes())
    server, _ = certificate(tmp_path, "pager.test")
    with serving(Pager(), server) as pager:
        webhook = Webhook(
            url=f"https://pager.test:{pager.port}/", address="127.0.0.1", ca_file="pager.test.pem"
        )
        for name, arrives in (("before.pem", False), ("pager.test.pem", True)):
            tls = tls_of(tmp_path, name, None, None)
            feed = Feed(
                ALERTS,
                place.directory,
                ORIGIN,
                Spool(tmp_path / "state"),
                Hook(webhook.endpoint, tls, 5.0, "secret"),
                as_alerts(ORIGIN),
                alerts_alone,
                from_now=True,
            )
            empty(feed)
            append(place, alert(1))
            feed.step()
            assert bool(pager.told) is arrives
    assert pager.requests[-1][1]["Authorization"] == "Bearer secret"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('url = "https://8.8.8.8/x"\nca_file = "a"', "outside of the networks"),
        ('url = "http://8.8.8.8/x"', "alerts.webhook.networks"),
        ('url = "http://10.0.0.9/x"\nnetworks = ["10.20.0.0/16"]', "outside of the networks"),
        ('url = "http://10.0.0.9/x"\nnetworks = ["0.0.0.0/0"]', "all addresses is none"),
        ('url = "http://[::ffff:10.0.0.9]/x"', "as the IPv4 address"),
        ('url = "https://pager.test/x"', "names are not looked up"),
        ('url = "https://10.0.0.9/x"', "name the ca_file"),
        ('url = "http://10.0.0.9/x"\ntoken_file = "a"', "over https alone"),
        ('url = "https://u:p@10.0.0.9/x"\nca_file = "a"', "without a user"),
    ],
)
def test_an_address_that_is_not_inside_is_refused_at_the_start(
    tmp_path: Path, text: str, says: str
) -> None:
    (tmp_path / "intramural.toml").write_text(f"[alerts.webhook]\n{text}\n")
    with pytest.raises(SettingsError, match=says):
        load(tmp_path)


def test_over_http_it_may_be_anywhere_inside_and_is_a_peer_by_being_named(tmp_path: Path) -> None:
    (tmp_path / "intramural.toml").write_text('[alerts.webhook]\nurl = "http://10.0.0.9/x"\n')
    assert load(tmp_path).peers == ("10.0.0.9:80",)


def test_a_token_that_others_can_read_stops_the_start(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("abc")
    (tmp_path / "token").chmod(0o644)
    certificate(tmp_path, "ca")
    webhook = Webhook(url="https://10.0.0.9/", ca_file="ca.pem", token_file="token")
    with pytest.raises(TargetError, match=r"alerts\.webhook\.token_file"):
        open_feeds(Export(), Site(tmp_path, tmp_path, tmp_path, "ward-1", Alerts(webhook)))


@pytest.mark.parametrize("content", [None, "", "no certificate", "\u00e9"])
def test_an_authority_that_is_none_stops_the_start_and_the_doctor_says_so(
    tmp_path: Path, content: str | None
) -> None:
    (tmp_path / "intramural.toml").write_text(
        '[alerts.webhook]\nurl = "https://10.0.0.9/x"\nca_file = "keys/pager-ca.pem"\n'
    )
    if content is not None:
        (tmp_path / "keys").mkdir(mode=0o700)
        (tmp_path / "keys" / "pager-ca.pem").write_text(content, encoding="utf-8")
    settings = load(tmp_path)
    says = r"alerts\.webhook: ca_file .*pager-ca\.pem does not hold certificates"
    with pytest.raises(TargetError, match=says):
        open_feeds(settings.export, feeds_of(settings))
    found = {each.check: each for each in doctor.examine(settings)}["exports"]
    assert found.verdict is doctor.Verdict.FAILED
    assert re.match(says, found.found)


def test_a_service_under_the_hospitals_own_authority_is_believed(tmp_path: Path) -> None:
    server, authority = hospital(tmp_path, "pager.test")
    place = write_log(tmp_path, [admin("a0")])
    with serving(Pager(), server) as pager:
        webhook = Webhook(
            url=f"https://pager.test:{pager.port}/", address="127.0.0.1", ca_file=authority.name
        )
        other = msgspec.structs.replace(webhook, url=f"https://other.test:{pager.port}/")
        for named, arrives in ((other, False), (webhook, True)):
            tls = tls_of(tmp_path, authority.name, None, None)
            spool, hook = Spool(tmp_path / "state"), Hook(named.endpoint, tls, 5.0, None)
            told = as_alerts(ORIGIN)
            feed = Feed(
                ALERTS, place.directory, ORIGIN, spool, hook, told, alerts_alone, from_now=True
            )
            empty(feed)
            append(place, alert(1))
            feed.step()
            assert bool(pager.told) is arrives


def test_how_far_it_is_behind_is_said(tmp_path: Path) -> None:
    (tmp_path / "intramural.toml").write_text(
        'node = "ward-1"\n[alerts.webhook]\nurl = "http://127.0.0.1:9/"\n'
    )
    write_log(tmp_path, [admin("a"), alert(0)])
    settings = load(tmp_path)
    Spool(settings.state).failed(ALERTS, "timeout", 1)
    site = Site(tmp_path, settings.state, settings.ledger, "ward-1", settings.alerts)
    assert [each.name for each in status_of(settings.export, site)] == [ALERTS]
    found = {each.check: each for each in doctor.examine(settings)}["exports"]
    assert found.verdict is doctor.Verdict.FAILED
    assert "alerts to 127.0.0.1:9" in found.found


def _webhook(port: int) -> Webhook:
    return Webhook(url=f"http://127.0.0.1:{port}/")
