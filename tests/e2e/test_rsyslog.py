"""The syslog feed against a real rsyslog: TLS, both certificates, octet framing, and its death."""

from __future__ import annotations

import re
import shutil
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.domain.canonical import decode
from gateway.feeds import SyslogFeed
from gateway.ledger import Place, SqliteLedger
from gateway.ledger.exports.collector import Collector
from gateway.ledger.exports.elements import Origin
from gateway.ledger.exports.feed import Feed, as_messages
from gateway.ledger.exports.spool import Spool
from gateway.ledger.exports.targets import tls_of
from gateway.ledger.query import Query, read_ledger
from tests.fakes.every_record import every_kind, write_log
from tests.fakes.ledger import admin
from tests.fakes.tls import certificate

RSYSLOG = shutil.which("rsyslogd") or shutil.which("rsyslogd", path="/usr/sbin")
DRIVER = any(Path("/usr/lib").glob("*/rsyslog/lmnsd_ossl.so"))
pytestmark = pytest.mark.skipif(
    RSYSLOG is None or not DRIVER,
    reason="rsyslog with its OpenSSL driver is not installed (Debian: rsyslog rsyslog-openssl)",
)
CONFIG = """
global(workDirectory="{folder}" maxMessageSize="8k" defaultNetstreamDriver="ossl"
  defaultNetstreamDriverCAFile="{ca}" defaultNetstreamDriverCertFile="{cert}"
  defaultNetstreamDriverKeyFile="{key}")
module(load="imtcp" streamDriver.name="ossl" streamDriver.mode="1"
  streamDriver.authMode="x509/certvalid")
template(name="whole" type="string"
  string="%pri%|%hostname%|%app-name%|%msgid%|%structured-data%|%timereported:::date-rfc3339%|%msg%\\n")
ruleset(name="audit") {{ action(type="omfile" file="{folder}/audit.log" template="whole") }}
input(type="imtcp" port="{port}" address="127.0.0.1" ruleset="audit"
  listenPortFileName="{folder}/port")
"""


@dataclass
class Rsyslog:
    folder: Path
    port: int = 0

    @property
    def lines(self) -> list[str]:
        path = self.folder / "audit.log"
        return path.read_text().splitlines() if path.exists() else []

    def wait_for(self, count: int) -> list[str]:
        deadline = time.monotonic() + 20
        while len(self.lines) < count and time.monotonic() < deadline:
            time.sleep(0.05)
        return self.lines


@contextmanager
def running(
    rsyslog: Rsyslog, ca: Path, both: Path, stop: int = signal.SIGTERM
) -> Iterator[Rsyslog]:
    folder = rsyslog.folder
    config, port = folder / "rsyslog.conf", folder / "port"
    for left in (port, folder / "pid"):
        left.unlink(missing_ok=True)
    config.write_text(CONFIG.format(folder=folder, ca=ca, cert=both, key=both, port=rsyslog.port))
    process = subprocess.Popen(
        [str(RSYSLOG), "-n", "-f", str(config), "-i", str(folder / "pid")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    try:
        deadline = time.monotonic() + 20
        while not _listens(rsyslog, port):
            assert process.poll() is None, process.stderr and process.stderr.read()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield rsyslog
    finally:
        process.send_signal(stop)
        process.wait(20)
        assert process.stderr is not None
        process.stderr.close()


def _listens(rsyslog: Rsyslog, port: Path) -> bool:
    """Whether it does. The port that it chose is in a file; one that it was given is not."""
    if not rsyslog.port:
        text = port.read_text().strip() if port.exists() else ""
        rsyslog.port = int(text or 0)
        return bool(text)
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", rsyslog.port)) == 0


@dataclass
class Certificates:
    folder: Path

    def __post_init__(self) -> None:
        _, self.server_ca = certificate(self.folder, "collector.test")
        _, self.client_ca = certificate(self.folder, "gateway.test")
        _, self.stranger = certificate(self.folder, "stranger.test")
        self.server = self.folder / "collector.test.both"
        for name in ("gateway.test", "stranger.test"):
            (self.folder / f"{name}.both").chmod(0o600)

    def tls(self, shown: str | None = "gateway.test", ca: str = "collector.test") -> ssl.SSLContext:
        both = None if shown is None else f"{shown}.both"
        return tls_of(self.folder, f"{ca}.pem", both, both)


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    return Certificates(tmp_path)


def feed_to(rsyslog: Rsyslog, place: Place, tls: ssl.SSLContext) -> Feed:
    settings = SyslogFeed(
        host="collector.test", address="127.0.0.1", port=rsyslog.port, ca_file="x"
    )
    target = Collector(settings.endpoint, tls, 10)
    spool = Spool(rsyslog.folder / "state")
    origin = Origin("ward-1")
    return Feed("syslog", place.directory, origin, spool, target, as_messages(origin))


def position(rsyslog: Rsyslog) -> int:
    return Spool(rsyslog.folder / "state").standing("syslog").position


def test_rsyslog_has_every_leaf_to_the_byte(tmp_path: Path, certificates: Certificates) -> None:
    place = write_log(tmp_path, every_kind())
    with read_ledger(place.directory) as reader:
        logged = list(reader.search(Query(limit=None)))
    rsyslog = Rsyslog(tmp_path)
    with running(rsyslog, certificates.client_ca, certificates.server):
        feed = feed_to(rsyslog, place, certificates.tls())
        feed.step()
        lines = rsyslog.wait_for(len(logged))
        feed.stop()
    assert len(lines) == len(logged)
    assert position(rsyslog) == len(logged)
    for line, each in zip(lines, logged, strict=True):
        priority, host, name, kind, data, reported, message = line.split("|", 6)
        assert message.strip().encode() == each.leaf
        assert decode(message.strip().encode()) == each.record
        assert (host, name) == ("ward-1", "intramural")
        assert int(priority) // 8 == 13
        assert f'sequenceId="{each.index + 1}"' in data
        assert re.fullmatch(r"\[meta [^]]*\]\[origin [^]]*\]", data)
        assert f'"kind":"{kind}"' in message
        assert reported.startswith("2026-05-28T20:26:40")


def test_a_record_of_any_characters_arrives_as_it_is(
    tmp_path: Path, certificates: Certificates
) -> None:
    from tests.fakes.every_record import random_records

    place = write_log(tmp_path, random_records(11, 100))
    with read_ledger(place.directory) as reader:
        leaves = [each.leaf for each in reader.search(Query(limit=None))]
    rsyslog = Rsyslog(tmp_path)
    with running(rsyslog, certificates.client_ca, certificates.server):
        feed = feed_to(rsyslog, place, certificates.tls())
        while feed.step() == 0.0:
            pass
        lines = rsyslog.wait_for(len(leaves))
    assert [line.split("|", 6)[6].strip().encode() for line in lines] == leaves


@pytest.mark.parametrize("shown", [None, "stranger.test"])
def test_a_certificate_that_rsyslog_does_not_know_delivers_nothing_and_loses_nothing(
    tmp_path: Path, certificates: Certificates, shown: str | None
) -> None:
    place = write_log(tmp_path, (admin(f"a{n}") for n in range(5)))
    rsyslog = Rsyslog(tmp_path)
    with running(rsyslog, certificates.client_ca, certificates.server):
        assert feed_to(rsyslog, place, certificates.tls(shown)).step() > 0
        assert position(rsyslog) == 0
        assert rsyslog.lines == []
        feed_to(rsyslog, place, certificates.tls()).step()
        assert len(rsyslog.wait_for(5)) == 5


def test_a_collector_that_another_authority_vouches_for_gets_nothing(
    tmp_path: Path, certificates: Certificates
) -> None:
    place = write_log(tmp_path, (admin(f"a{n}") for n in range(5)))
    rsyslog = Rsyslog(tmp_path)
    with running(rsyslog, certificates.client_ca, certificates.server):
        assert feed_to(rsyslog, place, certificates.tls(ca="stranger.test")).step() > 0
    assert Spool(tmp_path / "state").standing("syslog").reason == "tls"
    assert rsyslog.lines == []


def test_rsyslog_that_is_killed_in_between_has_every_record_in_the_end(
    tmp_path: Path, certificates: Certificates
) -> None:
    place = write_log(tmp_path, (admin(f"a{n}") for n in range(200)))
    rsyslog = Rsyslog(tmp_path)
    with running(rsyslog, certificates.client_ca, certificates.server, signal.SIGKILL):
        feed = feed_to(rsyslog, place, certificates.tls())
        feed.step()
    # It is dead, perhaps with some of the 128 in its memory; then it is down for a while.
    with SqliteLedger.open_for_recording(place) as ledger:
        ledger.append_blocking(admin("meanwhile"))
    assert feed.step() > 0
    assert feed.step() > 0
    with running(rsyslog, certificates.client_ca, certificates.server):
        while feed.step() == 0.0:
            pass
        rsyslog.wait_for(201)
    arrived = [int(found[1]) for line in rsyslog.lines if (found := re.search(r'Id="(\d+)"', line))]
    assert set(range(1, 202)) - set(arrived) <= set(range(1, 129 - 64))
    assert set(range(129 - 64, 202)) <= set(arrived)
    assert position(rsyslog) == 201
