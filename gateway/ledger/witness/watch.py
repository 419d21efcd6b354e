"""Shows each new head to the witnesses, and knows how long ago enough of them agreed.

A thread of its own, off the path of every request. Rules: a head counts when `quorum` witnesses
cosigned the same one; whoever saw another history of this log stops all new work, alone; everything
else that a witness does wrong counts as silence, and silence is an alarm, then a stop.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from gateway import logs
from gateway.domain.errors import Code, ExchangeError, LedgerUnavailable
from gateway.domain.notes import NoteError, NoteSignature, VerifierKey, parse_signatures
from gateway.domain.records import AdminAct
from gateway.domain.witnessing import (
    SIZE_TYPE,
    AddCheckpoint,
    RequestError,
    Standing,
    WitnessPolicy,
    parse_size,
)
from gateway.ledger.errors import LedgerError
from gateway.ledger.signatures import check
from gateway.ledger.witness.asking import Answer, Line, Unreachable
from gateway.ledger.witness.shown import READ_ERRORS, Head, ShownLog, times_of

CLOCK_SECONDS: Final = 60
"""By how much a witness's clock may differ: an older cosignature may be a replay."""
BACK_OFF_SECONDS: Final = 15.0
"""A witness that does not answer is asked this often at least."""
KEEP_SECONDS: Final = 30.0
"""An idle log's cosignatures are written anew this often, for the next start to read."""

RecordAct = Callable[[AdminAct, str], None]
"""Makes something that happened to the log durable in it, or raises."""


class _Refuted(Exception):  # noqa: N818 - reads as a state
    """The witness saw another history of this log."""


@dataclass(slots=True)
class Member:
    """One witness, and what is known of it."""

    name: str
    line: Line
    key: VerifierKey
    size: int = 0
    """Of the last head that it cosigned, as far as is known; it corrects a wrong guess."""
    failures: int = 0
    due: float = 0.0
    """When it is asked again, by the monotonic clock."""
    reason: str | None = field(default="not_asked")
    """Why it does not count now."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """In seconds: between two rounds, and for one answer."""

    interval: float
    timeout: float


class Watch:
    """All witnesses of one log. `start` begins the thread, `close` ends it."""

    def __init__(
        self,
        log: ShownLog,
        members: tuple[Member, ...],
        policy: WitnessPolicy,
        rhythm: Rhythm,
        record: RecordAct,
    ) -> None:
        self._log = log
        self._members = members
        self._policy = policy
        self._rhythm = rhythm
        self._record = record
        self._lock = threading.Lock()
        self._agreed: float | None = None
        self._refuted: set[str] = set()
        self._asked = False
        self._kept: tuple[str, float] = ("", 0.0)
        self._told = Standing.GOOD
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="witnesses", daemon=True)

    def start(self) -> None:
        """Believe what was kept before, and begin to ask."""
        self._believe_kept()
        self._thread.start()

    def ask_once(self) -> None:
        """Believe what was kept before, and ask everybody once: for who does not stay to watch."""
        self._believe_kept()
        asyncio.run(self._round())
        self._asked = True

    def _believe_kept(self) -> None:
        try:
            kept = self._log.witnessed()
        except READ_ERRORS:
            kept = None
        if kept is not None:
            times = times_of(kept, {member.name: member.key for member in self._members})
            since = self._policy.agreed(times)
            if since is not None:
                self._agreed = time.monotonic() - max(0.0, time.time() - since)

    def close(self) -> None:
        """Ask no more. A question that is on its way is left to its time limit."""
        self._closed.set()
        self._thread.join(self._rhythm.timeout + 1)

    def age(self) -> float | None:
        """Return how many seconds ago enough witnesses agreed; `None` if they never did."""
        with self._lock:
            return None if self._agreed is None else max(0.0, time.monotonic() - self._agreed)

    def standing(self) -> Standing:
        """Return how well the log is witnessed now."""
        age = self.age()
        with self._lock:
            refuted, asked = set(self._refuted), self._asked
        standing = self._policy.standing(age, refuted)
        if not asked and self._policy.stop_age is not None and standing is not Standing.REFUTED:
            # A log that was put back while nothing ran is found out before its first exchange.
            return Standing.STOPPED
        return standing

    def check(self) -> None:
        """Raise `ExchangeError` if no new work may begin now."""
        match self.standing():
            case Standing.GOOD | Standing.LATE:
                return
            case Standing.STOPPED:
                raise ExchangeError(
                    Code.AUDIT_UNWITNESSED,
                    "The audit log has not been witnessed for too long, so no new work begins. "
                    "Try again later; the operator can run `intramural doctor`.",
                )
            case Standing.REFUTED:
                raise ExchangeError(
                    Code.AUDIT_UNWITNESSED,
                    "A witness has seen another history of the audit log, so no new work "
                    "begins. The operator has to look: `intramural doctor`.",
                )

    def ready(self) -> bool:
        """Return whether new work may begin."""
        return self.standing() in {Standing.GOOD, Standing.LATE}

    def good(self) -> bool:
        """Return whether there is nothing that a person has to look at."""
        return self.standing() is Standing.GOOD

    # -- the thread

    def _run(self) -> None:
        while not self._closed.is_set():
            started = time.monotonic()
            try:
                asyncio.run(self._round())
            except Exception as error:  # noqa: BLE001 - the thread has to live; age tells the rest
                logs.unexpected(error)
            with self._lock:
                self._asked = True
            self._tell()
            self._closed.wait(max(0.0, started + self._rhythm.interval - time.monotonic()))

    async def _round(self) -> None:
        """Show the newest head to every witness whose turn it is."""
        try:
            head = self._log.head()
        except READ_ERRORS as error:
            logs.alarm("witness_nothing_to_show", error=type(error).__name__)
            return
        started = time.monotonic()
        due = [member for member in self._members if member.due <= started]
        lines: dict[str, NoteSignature] = {}
        for answered in asyncio.as_completed([self._ask(member, head) for member in due]):
            member, line = await answered
            if line is None:
                continue
            lines[member.name] = line
            if len(lines) >= self._policy.quorum:
                with self._lock:
                    self._agreed = started
                self._keep(head, lines)

    async def _ask(self, member: Member, head: Head) -> tuple[Member, NoteSignature | None]:
        """Return a witness's cosignature, or `None`; what was wrong is in the member then."""
        try:
            line = await self._cosignature(member, head)
        except _Refuted:
            self._set_refuted(member, head)
            self._missed(member, "refuted")
        except Unreachable as error:
            self._missed(member, error.reason)
        except (NoteError, RequestError, UnicodeDecodeError):
            self._missed(member, "bad_answer")
        except READ_ERRORS:
            self._missed(member, "log_unreadable")
        else:
            self._came(member, head)
            return member, line
        return member, None

    async def _cosignature(self, member: Member, head: Head) -> NoteSignature:
        size = head.checkpoint.size
        for _ in range(2):
            old = min(member.size, size)
            proof = await asyncio.to_thread(self._log.proof, old, size)
            body = AddCheckpoint(old, proof, head.note.encode()).encode()
            answer = await member.line.add_checkpoint(body, self._rhythm.timeout)
            match answer.status:
                case 200:
                    return _line_of(member, head, answer)
                case 409 if answer.media == SIZE_TYPE:
                    member.size = parse_size(answer.body)
                    # What is committed and not published yet, nobody can have shown it.
                    if member.size > size and member.size > await asyncio.to_thread(self._log.size):
                        raise _Refuted
                    if member.size > size:
                        raise Unreachable("ahead")
                case 422:
                    raise _Refuted
                case 403:
                    raise Unreachable("unknown_key")
                case 404:
                    raise Unreachable("unknown_log")
                case _:
                    raise Unreachable("status")
        raise Unreachable("conflict")

    def _came(self, member: Member, head: Head) -> None:
        with self._lock:
            again = member.failures > 0 or member.name in self._refuted
            self._refuted.discard(member.name)
        member.size, member.failures, member.due, member.reason = head.checkpoint.size, 0, 0.0, None
        if again:
            logs.event("witness_answers_again", witness=member.name)

    def _missed(self, member: Member, reason: str) -> None:
        pause = min(BACK_OFF_SECONDS, self._rhythm.interval * 2 ** min(member.failures, 8))
        member.failures += 1
        member.due = time.monotonic() + pause
        if reason != member.reason:
            logs.alarm("witness_missed", witness=member.name, error=reason)
        member.reason = reason

    def _set_refuted(self, member: Member, head: Head) -> None:
        with self._lock:
            known = member.name in self._refuted
            self._refuted.add(member.name)
        if not known:
            logs.alarm("witness_refutes_log", witness=member.name, size=head.checkpoint.size)
            self._put_on_record(AdminAct.WITNESS_REFUTED, member.name)

    def _keep(self, head: Head, lines: Mapping[str, NoteSignature]) -> None:
        """Keep the cosignatures; an idle log's are the same but for their time."""
        text, when = self._kept
        key, now = f"{len(lines)} {head.note.text}", time.monotonic()
        if key == text and now - when < min(KEEP_SECONDS, self._policy.warn_age / 2):
            return
        try:
            self._log.keep(head, tuple(lines.values()))
        except OSError as error:
            logs.alarm("witness_not_kept", error=type(error).__name__)
        else:
            self._kept = (key, now)

    def _tell(self) -> None:
        """Say once that the standing has changed, in the log of events and in the ledger."""
        standing, before = self.standing(), self._told
        if standing is before:
            return
        self._told = standing
        age = self.age()
        seconds = None if age is None else round(age)
        if standing is Standing.GOOD:
            logs.event("witnesses_agree", seconds=seconds)
        else:
            logs.alarm("witnesses_do_not_agree", standing=str(standing), seconds=seconds)
        if standing is Standing.STOPPED:
            self._put_on_record(AdminAct.WITNESSES_SILENT, "")
        elif before in {Standing.STOPPED, Standing.REFUTED} and standing is not Standing.REFUTED:
            self._put_on_record(AdminAct.WITNESSES_BACK, "")

    def _put_on_record(self, act: AdminAct, target: str) -> None:
        try:
            self._record(act, target)
        except (LedgerError, LedgerUnavailable) as error:
            logs.alarm("witness_not_recorded", error=type(error).__name__)


def _line_of(member: Member, head: Head, answer: Answer) -> NoteSignature:
    """Return the witness's own line out of its answer, which may hold others; or raise."""
    for line in parse_signatures(answer.body.decode()):
        if line.is_by(member.key):
            seconds = check(member.key, line, head.note.text)
            if abs(time.time() - seconds) > CLOCK_SECONDS:
                raise Unreachable("clock")
            return line
    raise Unreachable("other_key")
