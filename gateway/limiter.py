"""Counts what callers and departments use, against the bounds that come with their permits.

A request counts under all of its bounds or under none, in one step: with however many at once,
none too many passes. Rates look at the last minute or hour, in sixty parts: a part counts until all
of it is over, so no minute and no hour ever holds more than its limit. Quotas are of the calendar,
in UTC.
"""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from gateway.domain.errors import Code, ExchangeError
from gateway.domain.limits import Bound, Measure, Rate, Span

_PARTS: Final = 60
_SECONDS: Final = {Span.MINUTE: 60, Span.HOUR: 3600}
_SWEEP: Final = 1024
"""Tallies are looked through for empty ones whenever so many have been added."""
History = Callable[[str, Rate], Sequence[tuple[int, int]]]
"""What a holder used before this process counted: (second since the epoch, amount), in order."""


class MonotoneWall:
    """The wall clock of the start, carried on by the monotone one: setting it resets nothing."""

    def __init__(
        self,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._monotonic = monotonic
        self._offset = wall() - monotonic()

    def __call__(self) -> float:
        """Return seconds since the Unix epoch; never less than before."""
        return self._monotonic() + self._offset


@dataclass(slots=True)
class _Tally:
    """Amounts of one holder at one rate, by part of the span; a quota has one part, the whole."""

    parts: OrderedDict[int, int] = field(default_factory=OrderedDict)
    total: int = 0
    touched: OrderedDict[bytes, int] = field(default_factory=OrderedDict)
    """Of patients: the part in which each was touched last, the oldest first."""

    def add(self, part: int, amount: int) -> None:
        self.parts[part] = self.parts.get(part, 0) + amount
        self.total += amount

    def drop(self, first: int) -> None:
        """Forget the parts before `first`."""
        while self.parts and next(iter(self.parts)) < first:
            self.total -= self.parts.popitem(last=False)[1]
        while self.touched and next(iter(self.touched.values())) < first:
            self.touched.popitem(last=False)

    @property
    def used(self) -> int:
        return self.total + len(self.touched)

    def ages(self) -> list[tuple[int, int]]:
        """Return (part, how much is over with it), the oldest first."""
        both = [*self.parts.items(), *((part, 1) for part in self.touched.values())]
        return sorted(both)


@dataclass(slots=True)
class _Charge:
    tally: _Tally
    part: int
    amount: int


class Limiter:
    """Implements `ports.Limiter`. Safe to use from several threads."""

    def __init__(
        self, history: History = lambda _holder, _rate: (), now: Callable[[], float] | None = None
    ) -> None:
        self._history = history
        self._now = now or MonotoneWall()
        self._lock = threading.Lock()
        self._tallies: dict[tuple[str, Rate], _Tally] = {}
        self._swept = 0

    def admit(self, bounds: Sequence[Bound]) -> Held:
        """Count one request (`ports.Limiter.admit`)."""
        held = Held(self, bounds)
        if bounds:
            with self._lock:
                held.requests = self._take(bounds, Measure.REQUESTS, 1)
        return held

    def reserve(self, held: Held, tokens: int, patients: Sequence[bytes]) -> None:
        """Set aside for `held`, or take back its request and raise."""
        with self._lock:
            try:
                self._touch(held, patients, dry=True)
                held.tokens = self._take(held.bounds, Measure.TOKENS, tokens)
                self._touch(held, patients, dry=False)
            except ExchangeError:
                self._give(held.requests)
                raise

    def give(self, charges: Sequence[_Charge], used: int) -> None:
        """Give back what each of `charges` has more than `used`, or add what it has less."""
        with self._lock:
            self._give(charges, used)

    def _give(self, charges: Sequence[_Charge], used: int = 0) -> None:
        for charge in charges:
            # What is over is no longer counted, and owes nothing.
            if charge.part in charge.tally.parts:
                charge.tally.add(charge.part, used - charge.amount)

    def _take(self, bounds: Sequence[Bound], measure: Measure, amount: int) -> list[_Charge]:
        now = self._now()
        charges = []
        for bound in bounds:
            if bound.rate.measure is measure:
                tally = self._tally(bound, now)
                _check(bound, tally, amount, now)
                charges.append(_Charge(tally, _part(bound.rate.span, now), amount))
        for charge in charges:
            charge.tally.add(charge.part, charge.amount)
        return charges

    def _touch(self, held: Held, patients: Sequence[bytes], *, dry: bool) -> None:
        now = self._now()
        for bound in held.bounds:
            if bound.rate.measure is not Measure.PATIENTS:
                continue
            tally = self._tally(bound, now)
            new = [each for each in patients if each not in tally.touched]
            if dry:
                _check(bound, tally, len(new), now)
                continue
            for each in patients:
                tally.touched[each] = _part(bound.rate.span, now)
                tally.touched.move_to_end(each)
            held.patients = max(held.patients, len(new))

    def _tally(self, bound: Bound, now: float) -> _Tally:
        key = (bound.holder, bound.rate)
        tally = self._tallies.get(key)
        first = _part(bound.rate.span, now) - (0 if bound.rate.span.is_quota else _PARTS)
        if tally is None:
            self._sweep(now)
            # First what was used before: where it cannot be looked up, the next one asks again.
            history = self._history(bound.holder, bound.rate)
            tally = self._tallies[key] = _Tally()
            for second, amount in history:
                tally.add(_part(bound.rate.span, min(second, now)), amount)
        tally.drop(first)
        return tally

    def _sweep(self, now: float) -> None:
        """Forget holders of whom nothing counts any more: there is no end of them."""
        if len(self._tallies) < self._swept + _SWEEP:
            return
        for key, tally in list(self._tallies.items()):
            span = key[1].span
            tally.drop(_part(span, now) - (0 if span.is_quota else _PARTS))
            # One that was seeded must not be seeded again: only a whole span without use is over.
            if not tally.used and not tally.parts:
                del self._tallies[key]
        self._swept = len(self._tallies)


class Held:
    """Implements `ports.Hold`."""

    __slots__ = ("_limiter", "bounds", "patients", "requests", "tokens")

    def __init__(self, limiter: Limiter, bounds: Sequence[Bound]) -> None:
        self._limiter = limiter
        self.bounds = bounds
        self.requests: list[_Charge] = []
        self.tokens: list[_Charge] = []
        self.patients = 0

    @property
    def reserved(self) -> int:
        """Tokens that are set aside."""
        return self.tokens[0].amount if self.tokens else 0

    def reserve(self, tokens: int, patients: Sequence[bytes]) -> None:
        """Set aside (`ports.Hold.reserve`)."""
        if self.bounds:
            self._limiter.reserve(self, tokens, patients)

    def settle(self, tokens: int) -> None:
        """Give back (`ports.Hold.settle`)."""
        charges, self.tokens = self.tokens, []
        if charges:
            self._limiter.give(charges, tokens)


def _check(bound: Bound, tally: _Tally, amount: int, now: float) -> None:
    if tally.used + amount <= bound.most:
        return
    if amount > bound.most:
        raise ExchangeError(
            Code.LIMIT_EXCEEDED,
            f"This request alone asks for {amount} {bound.rate.measure}; {bound.whose} limit is "
            f"{bound.most} per {bound.rate.span}. Ask for less (max_tokens), or send it in parts.",
        )
    seconds = _wait(bound, tally, amount, now)
    code = Code.QUOTA_EXCEEDED if bound.rate.span.is_quota else Code.RATE_LIMITED
    raise ExchangeError(
        code,
        f"{bound.whose.capitalize()} limit is {bound.most} {bound.rate.measure} per "
        f"{bound.rate.span}, and it is used up. Try again in {seconds} seconds.",
        retry_after=seconds,
    )


def _wait(bound: Bound, tally: _Tally, amount: int, now: float) -> int:
    """Return the whole seconds until so much is over that `amount` fits. At least 1."""
    span = bound.rate.span
    if span.is_quota:
        return max(1, math.ceil(_next(span, now) - now))
    length = _SECONDS[span] / _PARTS
    left = tally.used
    for part, over in tally.ages():
        left -= over
        if left + amount <= bound.most:
            # A part is over when the whole span has passed since its end.
            return max(1, math.ceil((part + 1 + _PARTS) * length - now))
    return _SECONDS[span]


def _part(span: Span, now: float) -> int:
    match span:
        case Span.MINUTE | Span.HOUR:
            return int(now // (_SECONDS[span] / _PARTS))
        case Span.DAY:
            return int(now // 86_400)
        case Span.MONTH:
            moment = datetime.fromtimestamp(now, UTC)
            return moment.year * 12 + moment.month - 1


def _next(span: Span, now: float) -> float:
    """Return when the calendar's next `span` begins."""
    if span is Span.DAY:
        return (now // 86_400 + 1) * 86_400
    year, month = divmod(_part(span, now) + 1, 12)
    return datetime(year, month + 1, 1, tzinfo=UTC).timestamp()
