"""The site's rules for what a person should look at, and watching a log by them: pure.

A rule is a saved question with a number: so many records that answer it, of one actor, within a
time. `Watch` is fed every record once, in the order of the log, and says which set off which rule.
What it says depends on the records alone, not on when it was asked: who feeds it the same records
gets the same alerts, so a watch that begins again loses none and doubles none.

Time is the log's own: `LogClock` follows the times in the records and never goes back, so a clock
that somebody sets back hides nobody.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

from gateway.domain.questions import Question
from gateway.domain.records import Kind

DISORDER_MS: Final = 5 * 60_000
"""Records of one moment are written a little out of order; more than this is a clock set back."""
ALERT_TERM: Final = f"kind={Kind.ALERT}"
NOBODY: Final = "gateway"
"""Who an alert is about whose record has no actor."""


@dataclass(frozen=True, slots=True)
class Hours:
    """Minutes of the day, local time, in which nothing is unusual; and on which days (0: Monday).

    `start` after `end` goes over midnight.
    """

    start: int
    end: int
    days: frozenset[int]

    def hold(self, minute: int, day: int) -> bool:
        """Say whether a minute of a day is within them."""
        if self.start <= self.end:
            return day in self.days and self.start <= minute < self.end
        if minute >= self.start:
            return day in self.days
        return minute < self.end and (day - 1) % 7 in self.days


@dataclass(frozen=True, slots=True)
class Rule:
    """One saved alert. `id` is what the record of an alert names."""

    id: str
    says: str
    """What it means, for a person."""
    when: Question
    count: int = 1
    """How many it takes within `within`."""
    of_patients: bool = False
    """Count patients that were not touched before, as the records say, and not records."""
    within: int = 0
    """Milliseconds."""
    outside: Hours | None = None
    """Only records outside of these hours count."""
    quiet: int = 0
    """Milliseconds in which the same actor does not set it off again."""

    @property
    def reach(self) -> int:
        """How far back a record can matter, in milliseconds."""
        return max(self.within, self.quiet)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a rule needs to know of a record."""

    index: int
    time: int
    actor: str
    terms: AbstractSet[str]
    patients: int = 0


@dataclass(frozen=True, slots=True)
class Raised:
    """A rule was set off by a record."""

    rule: str
    record: int
    actor: str
    count: int
    at: int
    """On the log's clock."""


@dataclass(slots=True)
class LogClock:
    """Time as the records tell it: it stands still while they go back, and then goes on."""

    offset: int = 0
    highest: int = 0

    def at(self, time: int) -> int:
        """Return the log's time at a record that says `time`."""
        if time < self.highest - DISORDER_MS:
            self.offset += self.highest - time
            self.highest = time
        self.highest = max(self.highest, time)
        return self.offset + self.highest


Local = Callable[[int], tuple[int, int]]
"""Of Unix milliseconds: the minute of the day and the day of the week (0: Monday), local time."""


class _Window:
    """When one actor did what one rule counts: no more of it than can still matter."""

    __slots__ = ("_done", "total")

    def __init__(self) -> None:
        self._done: deque[tuple[int, int]] = deque()
        self.total = 0

    @property
    def latest(self) -> int:
        """When something was done last."""
        return self._done[-1][0] if self._done else 0

    def add(self, now: int, amount: int, rule: Rule) -> int:
        """Return how much was done within the window that ends now, as far as the rule counts."""
        done = self._done
        done.append((now, amount))
        self.total += amount
        while done[0][0] <= now - rule.within or self.total - done[0][1] >= rule.count:
            self.total -= done.popleft()[1]
        return self.total


class Watch:
    """Watches by `rules`. Memory is bounded by actors and rules, not by records."""

    def __init__(self, rules: Sequence[Rule], local: Local, clock: LogClock | None = None) -> None:
        self._rules = rules
        self._local = local
        self.clock = clock or LogClock()
        self._windows: dict[tuple[str, str], _Window] = defaultdict(_Window)
        self._fired: dict[tuple[str, str], int] = {}

    def replace_fired(self, fired: Iterable[Raised]) -> None:
        """Take up what was raised before, and when: the rest of each quiet time."""
        self._fired = {(each.rule, each.actor): each.at for each in fired}

    def feed(self, seen: Seen) -> list[Raised]:
        """Return which rules the next record of the log sets off."""
        if ALERT_TERM in seen.terms:
            # An alert about alerts would never end; and its time is when somebody noticed.
            return []
        now = self.clock.at(seen.time)
        raised = []
        for rule in self._rules:
            amount = seen.patients if rule.of_patients else 1
            if not amount or not rule.when.holds(seen.terms, seen.time):
                continue
            if rule.outside is not None and rule.outside.hold(*self._local(seen.time)):
                continue
            total = self._counted(rule, seen.actor, now, amount)
            last = self._fired.get((rule.id, seen.actor))
            if total < rule.count or (last is not None and now - last < rule.quiet):
                continue
            self._fired[rule.id, seen.actor] = now
            raised.append(Raised(rule.id, seen.index, seen.actor, total, now))
        return raised

    def forget(self) -> None:
        """Drop the windows of actors that have done nothing for as long as any rule counts."""
        now = self.clock.offset + self.clock.highest
        reach = max((rule.reach for rule in self._rules), default=0)
        for key in [key for key, at in self._fired.items() if now - at > reach]:
            del self._fired[key]
        idle = [key for key, window in self._windows.items() if now - window.latest > reach]
        for key in idle:
            del self._windows[key]

    def _counted(self, rule: Rule, actor: str, now: int, amount: int) -> int:
        if rule.count == 1:
            return amount
        return self._windows[rule.id, actor].add(now, amount, rule)
