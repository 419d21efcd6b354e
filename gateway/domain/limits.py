"""How much a caller, and the department that it belongs to, may use in a span of time.

Policy says it (`policies/limits.yaml`), a permit carries what holds for its caller, and the limiter
counts. Of all lines that fit a caller the lowest number holds, so that one line more never allows
more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from gateway.domain.exchange import Caller

DEPARTMENT: Final = "department:"
"""Before a department's name: the id of no caller begins so."""


class Measure(StrEnum):
    """What is counted."""

    REQUESTS = "requests"
    TOKENS = "tokens"
    """Of prompt and reply together, as the engine counts them."""
    PATIENTS = "patients"
    """Different patients that requests are about."""


class Span(StrEnum):
    """For how long. A minute and an hour are the last one; a day and a month are the calendar's."""

    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"
    MONTH = "month"

    @property
    def is_quota(self) -> bool:
        """Say whether this is a quota of the calendar, in UTC, and no rate."""
        return self in {Span.DAY, Span.MONTH}


@dataclass(frozen=True, slots=True)
class Rate:
    """A measure and a span: what a number in the file is about."""

    measure: Measure
    span: Span

    def __str__(self) -> str:
        return f"{self.measure}_per_{self.span}"


RATES: Final[Mapping[str, Rate]] = MappingProxyType(
    {
        str(rate): rate
        for rate in (
            *(Rate(Measure.REQUESTS, span) for span in Span),
            *(Rate(Measure.TOKENS, span) for span in Span),
            # Who they were is in memory alone, so a longer span would forget them at a restart.
            Rate(Measure.PATIENTS, Span.HOUR),
        )
    }
)
"""Every limit that there is, by the name that it has in the file."""
Numbers = Mapping[Rate, int]


@dataclass(frozen=True, slots=True)
class Bound:
    """One number that holds now, and for whom it is counted: a caller's id, or a department."""

    holder: str
    rate: Rate
    most: int

    @property
    def whose(self) -> str:
        """Return whose limit it is, for a sentence."""
        return "your department's" if self.holder.startswith(DEPARTMENT) else "your"


@dataclass(frozen=True, slots=True)
class LimitTable:
    """The file of limits, whole. Empty: nothing is limited but by the profiles."""

    everyone: Numbers = field(default_factory=dict)
    """Of each caller, by itself; as are the next three."""
    roles: Mapping[str, Numbers] = field(default_factory=dict)
    groups: Mapping[str, Numbers] = field(default_factory=dict)
    callers: Mapping[str, Numbers] = field(default_factory=dict)
    departments: Mapping[str, Numbers] = field(default_factory=dict)
    """Of all callers of a department together."""

    def bounds(self, caller: Caller) -> tuple[Bound, ...]:
        """Return what holds for `caller`, the lowest number of each kind, in a fixed order."""
        lowest: dict[Rate, int] = {}
        for numbers in self._lines(caller):
            for rate, most in numbers.items():
                lowest[rate] = min(most, lowest.get(rate, most))
        own = [Bound(caller.id, rate, most) for rate, most in lowest.items()]
        department = caller.department
        shared = self.departments.get(department, {}) if department else {}
        both = (*own, *(Bound(DEPARTMENT + str(department), *item) for item in shared.items()))
        return tuple(sorted(both, key=lambda bound: (bound.holder, str(bound.rate))))

    def _lines(self, caller: Caller) -> Iterator[Numbers]:
        yield self.everyone
        for role in caller.roles:
            yield self.roles.get(role, {})
        for group in caller.groups:
            yield self.groups.get(group, {})
        yield self.callers.get(caller.id, {})


NO_LIMITS: Final = LimitTable()
