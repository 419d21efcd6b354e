"""What a record adds to the counts. Pure: records in their order in, sums out.

An exchange counts when its outcome is known, at the hour of its outcome; what it was asked as
stands in its intent. Of a lost exchange nobody knows what it took: under limits it counts as what
was set aside for it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from gateway.domain.errors import Code
from gateway.domain.limits import DEPARTMENT
from gateway.domain.records import Intent, Outcome, Record, Refusal, Status

HOUR_MS: Final = 3_600_000
MINUTE_MS: Final = 60_000
_NOT_COUNTED: Final = frozenset({Code.RATE_LIMITED, Code.QUOTA_EXCEEDED})
NOBODY: Final = ""
"""The department of a caller that has none, and the model of a refusal that names none."""


class Row(NamedTuple):
    """What one sum is of."""

    hour: int
    department: str
    client: str
    actor: str
    model: str


class Minute(NamedTuple):
    """What one sum of the last hour is of: a caller's id, or a department."""

    minute: int
    holder: str


@dataclass(slots=True)
class Sums:
    """Amounts of one `Row`, in the order of the columns."""

    requests: int = 0
    """Exchanges that ended, whichever way."""
    failures: int = 0
    """Of these, those that did not complete."""
    refusals: int = 0
    counted: int = 0
    """What counts as a request under limits."""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    charged: int = 0
    """What counts as tokens under limits."""
    audio_ms: int = 0
    hits: int = 0


@dataclass(slots=True)
class Recent:
    """Amounts of one `Minute`, in the order of the columns."""

    counted: int = 0
    charged: int = 0
    patients: int = 0


@dataclass(frozen=True, slots=True)
class Opened:
    """What is kept of an intent until its outcome."""

    department: str
    client: str
    actor: str
    model: str
    most: int
    """Tokens that it counts as if it is lost."""


@dataclass(slots=True)
class Counts:
    """What some records add. `opened` are the intents without an outcome so far."""

    opened: dict[str, Opened]
    closed: set[str] = field(default_factory=set)
    rows: dict[Row, Sums] = field(default_factory=lambda: defaultdict(Sums))
    minutes: dict[Minute, Recent] = field(default_factory=lambda: defaultdict(Recent))
    seen: dict[str, int] = field(default_factory=dict)
    """When each caller was last there: milliseconds since the Unix epoch."""

    def add(self, record: Record) -> None:
        """Count one more record."""
        match record:
            case Intent():
                self._intent(record)
            case Outcome():
                self._outcome(record)
            case Refusal():
                self._refusal(record)
            case _:
                pass  # Acts, looks and reviews use no model.

    def _intent(self, record: Intent) -> None:
        opened = Opened(
            record.department or NOBODY,
            record.client,
            record.actor,
            record.model,
            record.reserved or record.prompt_tokens,
        )
        self.opened[record.exchange] = opened
        self._see(record.actor, record.time)
        self._row(opened, record.time).counted += 1
        for recent in self._recent(opened, record.time):
            recent.counted += 1
            recent.patients += record.patients or 0

    def _outcome(self, record: Outcome) -> None:
        opened = self.opened.pop(record.exchange, None)
        if opened is None:
            return  # Its intent was dropped when its time was over.
        self.closed.add(record.exchange)
        used = record.prompt_tokens + record.completion_tokens
        lost = record.status is Status.LOST
        charged = max(used, opened.most) if lost else used
        row = self._row(opened, record.time)
        row.requests += 1
        row.failures += record.status is not Status.COMPLETED
        row.prompt_tokens += record.prompt_tokens
        row.completion_tokens += record.completion_tokens
        row.charged += charged
        row.audio_ms += record.audio_ms or 0
        row.hits += record.cache is not None
        for recent in self._recent(opened, record.time):
            recent.charged += charged

    def _refusal(self, record: Refusal) -> None:
        refused = Opened(
            record.department or NOBODY, record.client, record.actor, record.model or NOBODY, 0
        )
        self._see(record.actor, record.time)
        row = self._row(refused, record.time)
        row.refusals += 1
        # As the limiter counts: who was let in by policy, and not turned away by a limit.
        if record.profile is None or record.code in _NOT_COUNTED:
            return
        row.counted += 1
        for recent in self._recent(refused, record.time):
            recent.counted += 1

    def _row(self, who: Opened, time: int) -> Sums:
        return self.rows[Row(time // HOUR_MS, who.department, who.client, who.actor, who.model)]

    def _recent(self, who: Opened, time: int) -> Iterator[Recent]:
        yield self.minutes[Minute(time // MINUTE_MS, who.actor)]
        if who.department:
            yield self.minutes[Minute(time // MINUTE_MS, DEPARTMENT + who.department)]

    def _see(self, actor: str, time: int) -> None:
        self.seen[actor] = max(time, self.seen.get(actor, 0))
