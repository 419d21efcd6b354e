"""A candidate release that decides beside the one in force, and changes nothing.

It reads what was recorded, after it was recorded: so it cannot change an answer, nor delay one, and
its own failures end in a counter. Only what it would have decided otherwise is recorded, at a
bounded rate. The candidate is a file of its own; a running gateway follows it within a second.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import msgspec

from gateway import logs
from gateway.domain.errors import Code
from gateway.domain.exchange import Action, Caller, Model, Purpose
from gateway.domain.policy import Deny, Permit, Profile
from gateway.domain.ports import Clock, Decider, Ledger, Receipt
from gateway.domain.records import Difference, Intent, Record, Refusal
from gateway.domain.standing import Standing, standing_of
from gateway.files import replace_file
from gateway.policy.problems import PolicyError
from gateway.policy.release import build
from gateway.policy.releases.archive import unpack
from gateway.policy.simulation.sides import Answer, Asked, Side
from gateway.policy.standings import Standings, StandingsError

CANDIDATE: Final = "shadow.tar"
"""In the state directory. It is there, or there is no shadow."""
STATUS: Final = "shadow.json"
_INTERVAL: Final = 1.0
"""Seconds between two looks for another candidate."""
_WAITING: Final = 4096
"""Decisions that may wait; one more is counted and forgotten."""
_AT_ONCE: Final = 64
_PER_SECOND: Final = 10.0
_BURST: Final = 50.0
"""Differences that are recorded: a candidate that differs in everything must not fill the log."""
_DRAIN: Final = 5.0
"""Seconds that a stop waits for what is left."""


class Status(msgspec.Struct, kw_only=True):
    """What a shadow has done since the gateway began to follow it, for `policy shadow status`."""

    release: str | None = None
    problem: str | None = None
    """Why the candidate decides nothing: a code, no text."""
    since: int = 0
    seen: int = 0
    """Decisions that were made again."""
    differences: int = 0
    recorded: int = 0
    missed: int = 0
    """Not decided again, because too many waited."""
    unknown: int = 0
    """Not decided again, because the policy in force had changed meanwhile."""
    errors: int = 0


@dataclass(slots=True)
class _Pace:
    left: float = _BURST
    at: float = field(default=0.0)

    def take(self, now: float) -> bool:
        self.left = min(_BURST, self.left + max(0.0, now - self.at) * _PER_SECOND)
        self.at = now
        if self.left < 1.0:
            return False
        self.left -= 1.0
        return True


class Beside:
    """What happens beside exchanges: callers' standings are noted, and a candidate decides."""

    def __init__(
        self, state: Path, standings: Standings, decider: Decider, ledger: Ledger, clock: Clock
    ) -> None:
        self._state = state
        self._standings = standings
        self._decider = decider
        self._ledger = ledger
        self._clock = clock
        self._callers: deque[Standing] = deque(maxlen=_WAITING)
        self._records: deque[Intent | Refusal] = deque()
        self._wake = asyncio.Event()
        self._side: Side | None = None
        self._file: tuple[int, int, int] | None = None
        self._pace = _Pace()
        self._broken = False
        self._stopping = False
        self.status = Status()

    @property
    def decider(self) -> Decider:
        """The decider, which notes what callers are."""
        return _Noting(self._decider, self)

    @property
    def ledger(self) -> Ledger:
        """The ledger, of which the candidate hears what became durable."""
        return _Heard(self._ledger, self)

    def note(self, caller: Caller) -> None:
        """Remember what a caller is, if nobody has yet. Returns at once."""
        standing = standing_of(caller)
        if not self._standings.knows(standing.digest):
            self._callers.append(standing)
            self._wake.set()

    def heard(self, record: Record) -> None:
        """Let the candidate decide again what was recorded, some time. Returns at once."""
        if self._side is None or not isinstance(record, Intent | Refusal):
            return
        if record.release is None or record.model is None or record.purpose is None:
            return
        if len(self._records) >= _WAITING:
            self.status.missed += 1
            return
        self._records.append(record)
        self._wake.set()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Follow the candidate while the context lasts; what is left is done before it ends."""
        await asyncio.to_thread(self._look)
        task = asyncio.create_task(self._work(), name="shadow")
        try:
            yield
        finally:
            # Cancelled in mid-round it would lose what it had taken.
            self._stopping = True
            self._wake.set()
            with contextlib.suppress(TimeoutError, asyncio.CancelledError):
                await asyncio.wait_for(task, _DRAIN)
            self._stopping = False
            await asyncio.to_thread(self._tell)

    async def _work(self) -> None:
        looked = 0.0
        loop = asyncio.get_running_loop()
        while not self._stopping or self._waits():
            if not self._waits():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), _INTERVAL)
                self._wake.clear()
            try:
                # Also where there is always something to decide again.
                if loop.time() - looked >= _INTERVAL:
                    looked = loop.time()
                    await asyncio.to_thread(self._look)
                if self._waits():
                    await self._round()
            except Exception as error:  # noqa: BLE001 - nothing here may harm anybody
                self.status.errors += 1
                logs.unexpected(error)

    def _waits(self) -> bool:
        return bool(self._callers or self._records)

    async def _round(self) -> None:
        callers = [self._callers.popleft() for _ in range(len(self._callers))]
        records = [self._records.popleft() for _ in range(min(_AT_ONCE, len(self._records)))]
        found = await asyncio.to_thread(self._decide, callers, records)
        for difference in found:
            self.status.differences += 1
            if not self._pace.take(asyncio.get_running_loop().time()):
                continue
            try:
                await self._ledger.append(difference)
                self.status.recorded += 1
            except Exception as error:  # noqa: BLE001 - the exchange has long been answered
                self.status.errors += 1
                logs.unexpected(error, exchange=difference.exchange)

    # -- in a thread

    def _decide(self, callers: list[Standing], records: list[Intent | Refusal]) -> list[Difference]:
        for standing in callers:
            try:
                self._standings.note(standing)
            except StandingsError as error:
                if not self._broken:
                    logs.unexpected(error)
                self._broken = True
        found = []
        side = self._side
        for record in records if side is not None else ():
            try:
                if (difference := self._difference(side, record)) is not None:
                    found.append(difference)
            except Exception as error:  # noqa: BLE001 - a candidate that fails changes nothing
                self.status.errors += 1
                logs.unexpected(error, exchange=record.exchange)
        return found

    def _difference(self, side: Side | None, record: Intent | Refusal) -> Difference | None:
        standing = None if record.standing is None else self._standings.find(record.standing)
        if side is None or standing is None or record.purpose is None or record.model is None:
            self.status.unknown += 1
            return None
        asked = Asked(
            *(record.actor, record.client, standing),
            *(record.action, record.purpose, record.model),
        )
        before = self._in_force(asked)
        if before is None or before.release != record.release:
            self.status.unknown += 1
            return None
        self.status.seen += 1
        named, profile = None, None
        if isinstance(before, Permit):
            profile = before.profile
            if record.profile not in {None, profile.name}:
                named = record.profile
                stricter = self._decider.profile(named or "")
                profile = profile if stricter is None else stricter.within(profile)
        after = side.answer(asked, named)
        if _alike(profile, after):
            return None
        return Difference(
            exchange=record.exchange,
            time=self._clock.now_ms(),
            release=side.digest,
            rules=after.rules,
            profile=None if after.profile is None else after.profile.name,
            code=after.code,
        )

    def _in_force(self, asked: Asked) -> Permit | Deny | None:
        who = asked.standing
        caller = Caller(
            asked.actor, asked.client, who.roles, who.groups, asked.client, who.assurance
        )
        return self._decider.decide(
            caller, asked.action, Model(asked.model, "", 0, 0), asked.purpose
        )

    def _look(self) -> None:
        """Follow the file: another candidate, or none any more."""
        try:
            status = (self._state / CANDIDATE).stat()
            file = (status.st_ino, status.st_mtime_ns, status.st_size)
        except OSError:
            file = None
        if file != self._file:
            self._file = file
            self._load(there=file is not None)
        self._tell()

    def _load(self, *, there: bool) -> None:
        self._side = None
        self._records.clear()
        self.status = Status(since=self._clock.now_ms())
        if not there:
            logs.event("shadow_stopped")
            return
        try:
            archive = (self._state / CANDIDATE).read_bytes()
            side = Side(build(unpack(archive)))
        except (OSError, PolicyError) as error:
            self.status.problem = str(Code.POLICY_UNAVAILABLE)
            logs.alarm("shadow_unavailable", error=type(error).__name__)
            return
        self.status.release = side.digest
        self._side = side
        logs.event("shadow_started", release=side.digest)

    def _tell(self) -> None:
        if self._file is None:
            return
        with contextlib.suppress(OSError):
            replace_file(self._state / STATUS, msgspec.json.encode(self.status), 0o600)


class _Noting:
    """A `ports.Decider` that says what another one says, and notes who asked."""

    def __init__(self, inner: Decider, beside: Beside) -> None:
        self._inner = inner
        self._beside = beside

    @property
    def release(self) -> str:
        return self._inner.release

    @property
    def aliases(self) -> Mapping[str, str]:
        return self._inner.aliases

    def profile(self, name: str) -> Profile | None:
        return self._inner.profile(name)

    def decide(
        self, caller: Caller, action: Action, model: Model, purpose: Purpose
    ) -> Permit | Deny:
        self._beside.note(caller)
        return self._inner.decide(caller, action, model, purpose)


class _Heard:
    """A `ports.Ledger` that appends to another one, and says what became durable."""

    def __init__(self, inner: Ledger, beside: Beside) -> None:
        self._inner = inner
        self._beside = beside

    async def append(self, record: Record) -> Receipt:
        receipt = await self._inner.append(record)
        self._beside.heard(record)
        return receipt


def _alike(before: Profile | None, after: Answer) -> bool:
    if before is None or after.profile is None:
        return before is None and after.profile is None
    return before.digest == after.profile.digest
