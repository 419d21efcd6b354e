"""The witnesses of the settings, ready to be asked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from gateway.domain.ports import Clock
from gateway.domain.records import Admin, AdminAct
from gateway.evidence import WitnessSettings
from gateway.ledger.ledger import SqliteLedger
from gateway.ledger.witness.asking import open_line
from gateway.ledger.witness.shown import ShownLog
from gateway.ledger.witness.watch import Member, RecordAct, Rhythm, Watch


def open_watch(
    settings: WitnessSettings, directory: Path, data: Path, record: RecordAct
) -> tuple[Watch, Callable[[], None]]:
    """Return a watch that has begun over the log in `directory`, and what ends it.

    Witnesses that do not answer stop nothing at a start: what is refused then is new work, if the
    settings say so. Raises `LedgerError` for a `ca_file` that cannot be used.
    """
    watch = _watch(settings, directory, data, record)
    watch.start()
    return watch, watch.close


def gate_once(
    settings: WitnessSettings, directory: Path, data: Path, record: RecordAct
) -> Callable[[], None]:
    """Return a gate for a command: it asks the witnesses once, when it is come to.

    Raises `LedgerError` as `open_watch`. Without witnesses it is open.
    """
    if not settings.peers:
        return lambda: None
    watch = _watch(settings, directory, data, record)
    asked = False

    def gate() -> None:
        nonlocal asked
        if not asked:
            watch.ask_once()
            asked = True
        watch.check()

    return gate


def _watch(settings: WitnessSettings, directory: Path, data: Path, record: RecordAct) -> Watch:
    members = tuple(Member(peer.name, open_line(peer, data), peer.key) for peer in settings.peers)
    rhythm = Rhythm(settings.interval, settings.timeout)
    return Watch(ShownLog(directory), members, settings.policy, rhythm, record)


def recorder(ledger: SqliteLedger, clock: Clock) -> RecordAct:
    """Return what puts on record that witnesses fell silent, came back, or refuted the log."""

    def record(act: AdminAct, target: str) -> None:
        ledger.append_blocking(
            Admin(
                exchange=clock.new_id(),
                time=clock.now_ms(),
                actor="gateway",
                act=act,
                target=target,
            )
        )

    return record
