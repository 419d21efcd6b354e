"""A log and its witnesses: real ones, each a process of its own on loopback."""

from __future__ import annotations

import asyncio
import itertools
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import pytest

from gateway.domain.errors import Code, ExchangeError
from gateway.domain.notes import parse_note
from gateway.domain.records import AdminAct
from gateway.domain.witnessing import Standing, WitnessPolicy
from gateway.evidence import WitnessPeer
from gateway.ledger import LedgerDamaged, Place, SqliteLedger, verify
from gateway.ledger.rotation import add_key, end_key
from gateway.ledger.signatures import signed_by
from gateway.ledger.witness.asking import Answer, Unreachable, open_line
from gateway.ledger.witness.shown import ShownLog
from gateway.ledger.witness.watch import Member, Rhythm, Watch
from tests.e2e.process import wait_for
from tests.fakes.ledger import admin
from tests.fakes.tls import certificate
from tests.fakes.witnesses import PaperLog, WitnessProcess

_numbers = itertools.count()


@pytest.fixture(scope="session")
def witnesses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[WitnessProcess]]:
    root = tmp_path_factory.mktemp("witnesses")
    made = [WitnessProcess(root / name, f"witness.example/{name}") for name in ("one", "two")]
    made.append(WitnessProcess(root / "three", "witness.example/three", post_quantum=True))
    for each in made:
        each.start()
    yield made
    for each in made:
        each.kill()


@dataclass
class Site:
    """A log of its own for one test, and what watches it."""

    place: Place
    witnesses: list[WitnessProcess]
    acts: list[tuple[AdminAct, str]] = field(default_factory=list)
    watches: list[Watch] = field(default_factory=list)

    @property
    def origin(self) -> str:
        return f"intramural/{self.place.node}"

    def open(self) -> SqliteLedger:
        return SqliteLedger.open_for_serving(self.place, now_ms=lambda: 1)

    def grow(self, name: str, count: int = 3) -> None:
        with self.open() as ledger:
            for n in range(count):
                ledger.append_blocking(admin(f"{name}{n}"))

    def introduce(self, ledger: SqliteLedger) -> None:
        for each in self.witnesses:
            each.know(self.place.node, ledger.vkey)

    def record(self, act: AdminAct, target: str) -> None:
        self.acts.append((act, target))

    def watch(self, policy: WitnessPolicy, peers: list[WitnessPeer] | None = None) -> Watch:
        if peers is None:
            peers = [
                WitnessPeer(name=f"w{n}", url=each.url, vkey=each.vkeys[-1].encode())
                for n, each in enumerate(self.witnesses)
            ]
        members = tuple(
            Member(peer.name, open_line(peer, self.place.directory), peer.key) for peer in peers
        )
        watch = Watch(
            ShownLog(self.place.directory), members, policy, Rhythm(0.1, 2.0), self.record
        )
        watch.start()
        self.watches.append(watch)
        return watch


@pytest.fixture
def site(tmp_path: Path, witnesses: list[WitnessProcess]) -> Iterator[Site]:
    place = Place(tmp_path / "ledger", tmp_path / "keys", f"ward-{next(_numbers)}")
    site = Site(place, witnesses)
    yield site
    for watch in site.watches:
        watch.close()


LENIENT = WitnessPolicy(quorum=2, warn_age=30, stop_age=60)
STRICT = WitnessPolicy(quorum=2, warn_age=1, stop_age=2)


def refused(watch: Watch) -> Code | None:
    try:
        watch.check()
    except ExchangeError as error:
        return error.code
    return None


def witnessed_size(site: Site) -> int:
    head = ShownLog(site.place.directory).witnessed()
    return 0 if head is None else head.checkpoint.size


def test_a_head_that_all_witnesses_cosigned_is_kept_and_published(site: Site) -> None:
    with site.open() as ledger:
        site.introduce(ledger)
        for n in range(5):
            ledger.append_blocking(admin(f"a{n}"))
        watch = site.watch(WitnessPolicy(3, 30, 60))
        wait_for(lambda: witnessed_size(site) == 5, "five records are witnessed")
        keys = [each.vkeys[-1] for each in site.witnesses]
        kept = parse_note((site.place.directory / "witnessed").read_bytes())
        assert signed_by(kept, keys).keys() == set(keys)
        everyone = (ledger.vkey, *keys)
        published = site.place.directory / "checkpoint"
        wait_for(
            lambda: signed_by(parse_note(published.read_bytes()), everyone).keys() == set(everyone),
            "the published checkpoint bears them too",
        )
        for n in range(300):
            ledger.append_blocking(admin(f"b{n}"))
        wait_for(lambda: witnessed_size(site) == 305, "what came later is witnessed too")
        assert watch.standing() is Standing.GOOD
        assert refused(watch) is None
        age = watch.age()
        assert age is not None
        assert age < 10
        assert verify(site.place.directory, ledger.vkey).size == 305


def test_with_one_of_three_down_the_other_two_are_enough(site: Site) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with site.open() as ledger:
        site.introduce(ledger)
        ledger.append_blocking(admin("a"))
        peers = [
            WitnessPeer(
                name="down", url=f"http://127.0.0.1:{port}", vkey=site.witnesses[0].vkey.encode()
            ),
            *(
                WitnessPeer(name=f"w{n}", url=each.url, vkey=each.vkey.encode())
                for n, each in enumerate(site.witnesses[1:])
            ),
        ]
        watch = site.watch(LENIENT, peers)
        wait_for(lambda: witnessed_size(site) == 1, "two of three")
        assert refused(watch) is None


def test_silent_witnesses_stop_new_work_and_it_goes_on_when_they_are_back(
    site: Site, tmp_path: Path
) -> None:
    alone = WitnessProcess(tmp_path / "alone", "witness.example/alone").start()
    try:
        site.witnesses = [alone]
        with site.open() as ledger:
            site.introduce(ledger)
            watch = site.watch(WitnessPolicy(1, 0.6, 1.5))
            wait_for(lambda: refused(watch) is None, "it begins when the first has answered")
            alone.kill()
            wait_for(lambda: watch.standing() is Standing.LATE, "somebody is told")
            assert refused(watch) is None
            wait_for(lambda: refused(watch) is Code.AUDIT_UNWITNESSED, "new work stops")
            wait_for(lambda: (AdminAct.WITNESSES_SILENT, "") in site.acts, "it is on record")
            alone.start()
            wait_for(lambda: refused(watch) is None, "new work goes on by itself")
            wait_for(lambda: (AdminAct.WITNESSES_BACK, "") in site.acts, "that is on record too")
    finally:
        alone.kill()


def test_without_a_stop_age_silence_is_an_alarm_and_no_more(site: Site) -> None:
    with site.open() as ledger:
        ledger.append_blocking(admin("a"))
        watch = site.watch(WitnessPolicy(2, 0.5, None))  # Nobody has let this log in.
        wait_for(lambda: watch.standing() is Standing.LATE, "late")
        assert refused(watch) is None
        assert watch.age() is None


def test_a_log_that_was_put_back_is_refuted_before_its_first_exchange(
    site: Site, tmp_path: Path
) -> None:
    site.grow("a")
    shutil.copytree(site.place.directory, tmp_path / "backup")
    with site.open() as ledger:
        site.introduce(ledger)
        for n in range(4):
            ledger.append_blocking(admin(f"b{n}"))
        site.watch(LENIENT)
        wait_for(lambda: witnessed_size(site) == 7, "seven records are witnessed")
        site.watches.pop().close()
    shutil.rmtree(site.place.directory)
    shutil.copytree(tmp_path / "backup", site.place.directory)
    with site.open():
        watch = site.watch(LENIENT)
        assert refused(watch) is Code.AUDIT_UNWITNESSED  # Nobody has answered yet.
        wait_for(lambda: watch.standing() is Standing.REFUTED, "the witnesses saw more")
        assert refused(watch) is Code.AUDIT_UNWITNESSED
        wait_for(
            lambda: (
                {target for act, target in site.acts if act is AdminAct.WITNESS_REFUTED}
                == {"w0", "w1", "w2"}
            ),
            "each is on record",
        )


def test_a_log_that_grew_again_after_it_was_put_back_is_refuted_too(
    site: Site, tmp_path: Path
) -> None:
    site.grow("a")
    shutil.copytree(site.place.directory, tmp_path / "backup")
    with site.open() as ledger:
        site.introduce(ledger)
        ledger.append_blocking(admin("b"))
        site.watch(LENIENT)
        wait_for(lambda: witnessed_size(site) == 4, "four records are witnessed")
        site.watches.pop().close()
    shutil.rmtree(site.place.directory)
    shutil.copytree(tmp_path / "backup", site.place.directory)
    site.grow("another history", 9)
    with site.open():
        watch = site.watch(LENIENT)
        wait_for(lambda: watch.standing() is Standing.REFUTED, "no proof leads there")
    line = open_line(
        WitnessPeer(name="w", url=site.witnesses[0].url, vkey=site.witnesses[0].vkey.encode()),
        tmp_path,
    )
    kept = asyncio.run(line.checkpoint(sha256(site.origin.encode()).hexdigest(), 5))
    assert b"\n4\n" in kept.body


def test_one_database_put_back_under_what_was_witnessed_does_not_start(site: Site) -> None:
    site.grow("a")
    before = (site.place.directory / "ledger.db").read_bytes()
    with site.open() as ledger:
        site.introduce(ledger)
        ledger.append_blocking(admin("b"))
        site.watch(LENIENT)
        wait_for(lambda: witnessed_size(site) == 4, "four records are witnessed")
        site.watches.pop().close()
    for path in site.place.directory.glob("ledger.db*"):
        path.unlink()
    (site.place.directory / "ledger.db").write_bytes(before)
    shutil.rmtree(site.place.directory / "tile")
    (site.place.directory / "checkpoint").unlink()
    with pytest.raises(LedgerDamaged, match="the file witnessed proves"):
        site.open()


def test_two_logs_with_one_key_get_no_cosignatures_for_both(site: Site, tmp_path: Path) -> None:
    """A fork: somebody who has the key shows the witness another history of the same length."""
    site.grow("a", 2)
    twin = Place(tmp_path / "twin", site.place.keys, site.place.node)
    shutil.copytree(site.place.directory, twin.directory)
    other = Site(twin, site.witnesses)
    with site.open() as ledger, other.open() as forged:
        site.introduce(ledger)
        ledger.append_blocking(admin("the truth"))
        forged.append_blocking(admin("a lie"))
        site.watch(LENIENT)
        wait_for(lambda: witnessed_size(site) == 3, "the first is witnessed")
        second = other.watch(LENIENT)
        wait_for(lambda: second.standing() is Standing.REFUTED, "the second is not")
        assert witnessed_size(other) == 0
        second.close()


class Liar:
    """A witness that answers with whatever it was told to."""

    def __init__(self, answer: Callable[[bytes], Answer]) -> None:
        self._answer = answer

    async def add_checkpoint(self, body: bytes, seconds: float) -> Answer:
        return self._answer(body)


def bad_answers(truth: WitnessProcess) -> dict[str, Callable[[bytes], Answer]]:
    other = PaperLog().grow("x")
    return {
        "nothing": lambda _: Answer(200, "text/plain", b""),
        "no signature line": lambda _: Answer(200, "text/plain", b"yes\n"),
        "not text": lambda _: Answer(200, "text/plain", b"\xff\xfe\n"),
        "another key's line": lambda _: Answer(
            200, "text/plain", other.key.line("x\n").line().encode()
        ),
        "a false line": lambda _: Answer(
            200,
            "text/plain",
            type(other.key.line("x\n"))(truth.vkey.name, truth.vkey.key_id, bytes(72))
            .line()
            .encode(),
        ),
        "no size": lambda _: Answer(409, "text/x.tlog.size", b"many\n"),
        "a conflict without its type": lambda _: Answer(409, "text/plain", b"1000\n"),
        "a conflict for ever": lambda _: Answer(409, "text/x.tlog.size", b"0\n"),
        "an error": lambda _: Answer(500, "text/plain", b""),
    }


@pytest.mark.parametrize("which", list(bad_answers(None)))  # type: ignore[arg-type]
def test_a_witness_that_lies_counts_as_silent(site: Site, which: str) -> None:
    truth = site.witnesses[0]
    with site.open() as ledger:
        ledger.append_blocking(admin("a"))
        member = Member("liar", Liar(bad_answers(truth)[which]), truth.vkey)  # type: ignore[arg-type]
        watch = Watch(
            ShownLog(site.place.directory),
            (member,),
            WitnessPolicy(1, 0.2, 0.4),
            Rhythm(0.05, 1.0),
            site.record,
        )
        wait_for((site.place.directory / "checkpoint").exists, "published")
        watch.start()
        site.watches.append(watch)
        wait_for(lambda: member.failures > 1, "it was asked twice")
        assert refused(watch) is Code.AUDIT_UNWITNESSED
        assert watch.standing() is Standing.STOPPED
        assert witnessed_size(site) == 0


def test_a_witness_that_claims_to_have_seen_more_stops_new_work_alone(site: Site) -> None:
    with site.open() as ledger:
        site.introduce(ledger)
        ledger.append_blocking(admin("a"))
        watch = site.watch(LENIENT)
        wait_for(lambda: refused(watch) is None, "two agree")
        liar = Liar(lambda _: Answer(409, "text/x.tlog.size", b"1000000\n"))
        watch._members[2].line = liar  # type: ignore[assignment]
        wait_for(lambda: watch.standing() is Standing.REFUTED, "one is enough")
        assert refused(watch) is Code.AUDIT_UNWITNESSED


def test_an_old_cosignature_that_is_played_again_counts_for_nothing(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    with site.open() as ledger:
        site.introduce(ledger)
        ledger.append_blocking(admin("a"))
        watch = site.watch(LENIENT)
        wait_for(lambda: refused(watch) is None, "they agree")
        now = time.time() + 120
        monkeypatch.setattr("gateway.ledger.witness.watch.time.time", lambda: now)
        wait_for(lambda: {m.reason for m in watch._members} == {"clock"}, "two minutes old")


def test_a_replaced_key_of_the_log_goes_by_the_witnesses(site: Site) -> None:
    site.grow("a")

    def record(act: AdminAct, target: str) -> None:
        with SqliteLedger.open_for_recording(site.place) as ledger:
            ledger.append_blocking(admin(f"act-{act}"))

    with site.open() as ledger:
        site.introduce(ledger)
        watch = site.watch(LENIENT)
        wait_for(lambda: witnessed_size(site) == 3, "witnessed under the first key")
        new = add_key(site.place, record)
        ledger.append_blocking(admin("b"))
        wait_for(lambda: witnessed_size(site) == 5, "witnessed under both")
        for each in site.witnesses:
            each.know(site.place.node, ledger.vkey, new)
        end_key(site.place, record)
        ledger.append_blocking(admin("c"))
        wait_for(lambda: witnessed_size(site) == 7, "witnessed under the second")
        assert refused(watch) is None


def test_the_age_that_was_kept_is_believed_after_a_restart(site: Site) -> None:
    with site.open() as ledger:
        site.introduce(ledger)
        ledger.append_blocking(admin("a"))
        site.watch(LENIENT)
        wait_for(lambda: witnessed_size(site) == 1, "witnessed")
        site.watches.pop().close()
        peers = [
            WitnessPeer(name=f"w{n}", url="http://127.0.0.1:1", vkey=each.vkeys[-1].encode())
            for n, each in enumerate(site.witnesses)
        ]
        watch = site.watch(LENIENT, peers)  # Nobody answers any more.
        wait_for(lambda: refused(watch) is None, "what was witnessed a moment ago is good enough")
        age = watch.age()
        assert age is not None
        assert 0 <= age < 30


def test_a_witness_behind_tls_is_believed_by_the_certificate_of_its_ca_alone(
    site: Site, tmp_path: Path
) -> None:
    _, pem = certificate(tmp_path, "witness.hospital.example")
    home = WitnessProcess(tmp_path / "tls", "witness.example/tls")
    both = tmp_path / "witness.hospital.example.both"
    home.start("--tls-certificate", str(both), "--tls-key", str(both))
    try:
        port = home.url.rpartition(":")[2]
        url = f"https://witness.hospital.example:{port}"
        with site.open() as ledger:
            home.know("log", ledger.vkey)
            ledger.append_blocking(admin("a"))
            peer = WitnessPeer(
                name="tls", url=url, address="127.0.0.1", vkey=home.vkey.encode(), ca_file=str(pem)
            )
            site.watch(WitnessPolicy(1, 30, 60), [peer])
            wait_for(lambda: witnessed_size(site) == 1, "witnessed over TLS")
        certificate(tmp_path, "other.example")
        stranger = WitnessPeer(
            name="tls",
            url=url,
            address="127.0.0.1",
            vkey=home.vkey.encode(),
            ca_file=str(tmp_path / "other.example.pem"),
        )
        with pytest.raises(Unreachable, match="tls"):
            asyncio.run(open_line(stranger, tmp_path).checkpoint("0" * 64, 5))
    finally:
        home.kill()


def test_a_witness_on_a_unix_socket_is_asked_there(site: Site, tmp_path: Path) -> None:
    home = WitnessProcess(tmp_path / "unix", "witness.example/unix")
    home.start("--socket", str(tmp_path / "w.sock"))
    try:
        assert home.url == f"unix://{tmp_path / 'w.sock'}"
        with site.open() as ledger:
            home.know("log", ledger.vkey)
            ledger.append_blocking(admin("a"))
            peer = WitnessPeer(name="unix", url=home.url, vkey=home.vkey.encode())
            site.watch(WitnessPolicy(1, 30, 60), [peer])
            wait_for(lambda: witnessed_size(site) == 1, "witnessed")
    finally:
        home.kill()


def test_kill_9_under_load_never_leaves_a_witness_with_less_than_it_gave(tmp_path: Path) -> None:
    """Each cosignature that came out of a witness is remembered by it after kill -9."""
    home = WitnessProcess(tmp_path / "w", "witness.example/w")
    log = PaperLog().grow(*(f"leaf {n}" for n in range(4000)))
    home.know("log", log.key.vkey)
    given = 0
    try:
        for _ in range(4):
            home.start()
            line = open_line(WitnessPeer(name="w", url=home.url, vkey=home.vkey.encode()), tmp_path)
            answer = asyncio.run(line.add_checkpoint(log.request(given, given).encode(), 5))
            seen = given if answer.status == 200 else int(answer.body)
            assert seen >= given
            killer = threading.Timer(0.3, home.kill)
            killer.start()
            size = seen
            with suppress(Unreachable):
                while size < len(log.leaves) - 1:
                    size += 1
                    answer = asyncio.run(
                        line.add_checkpoint(log.request(size - 1, size).encode(), 5)
                    )
                    assert answer.status == 200
                    given = size
            killer.join()
            given = max(given, seen)
        assert given > 10
        home.start()
        fork = log.fork(given - 1).grow("x")
        line = open_line(WitnessPeer(name="w", url=home.url, vkey=home.vkey.encode()), tmp_path)
        answer = asyncio.run(line.add_checkpoint(fork.request(given).encode(), 5))
        assert answer.status in {409, 422}
    finally:
        home.kill()
