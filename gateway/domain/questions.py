"""What may be asked of the log, and which records answer: pure, and the same for every way to ask.

A record answers to *terms*: `actor=key:4f2a91c0`, `entity=PERSON`. An outcome answers to those of
its intent too, so that who asks for a caller or a purpose finds how the exchange ended. A question
names fields; a field that it names twice may have either value, and all its fields must hold.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from gateway.domain.entities import entity_type
from gateway.domain.errors import Code
from gateway.domain.exchange import Action, Purpose
from gateway.domain.records import AccessAct, AdminAct, Kind, ReviewState, Status

MAX_WORDS: Final = 32
"""Words of one question."""
_TEXT: Final = re.compile(r"[\x20-\x7e]{1,128}\Z")
_NUMBER: Final = re.compile(r"[0-9]{1,15}\Z")
_AGO: Final = re.compile(r"(\d{1,6})([smhdw])\Z")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_LAST_MS: Final = 2**53 - 1

_TERMS: Final[Mapping[Kind, tuple[tuple[str, str], ...]]] = {
    Kind.INTENT: (
        ("actor", "actor="),
        ("client", "client="),
        ("action", "action="),
        ("purpose", "purpose="),
        ("model", "model="),
        ("profile", "profile="),
        ("release", "release="),
        ("department", "department="),
        ("standing", "standing="),
    ),
    Kind.OUTCOME: (("status", "status="), ("code", "code=")),
    Kind.REFUSAL: (
        ("actor", "actor="),
        ("client", "client="),
        ("action", "action="),
        ("code", "code="),
        ("purpose", "purpose="),
        ("model", "model="),
        ("profile", "profile="),
        ("release", "release="),
        ("department", "department="),
        ("standing", "standing="),
    ),
    Kind.ADMIN: (
        ("actor", "actor="),
        ("act", "act="),
        ("target", "target="),
        ("purpose", "purpose="),
    ),
    Kind.ACCESS: (
        ("actor", "actor="),
        ("client", "client="),
        ("access", "access="),
        ("target", "target="),
        ("grant", "grant="),
        ("purpose", "purpose="),
        ("code", "code="),
    ),
    Kind.REVIEW: (("actor", "actor="), ("state", "says=")),
    Kind.ALERT: (("actor", "actor="), ("rule", "alert=")),
    Kind.DIFFERENCE: (("release", "release="), ("profile", "profile="), ("code", "code=")),
}
"""Which fields of a record are terms, and what they are called there."""
_KIND_TERMS: Final = {kind: f"kind={kind}" for kind in Kind}
_ABOUT: Final = frozenset({Kind.REVIEW, Kind.ALERT})


class QuestionError(ValueError):
    """A question that cannot be understood. The message points at a word by its place.

    It never quotes the word: somebody may have written a patient's name there.
    """

    def __init__(self, place: int, message: str) -> None:
        super().__init__(f"word {place}: {message}" if place else message)
        self.place = place


@dataclass(frozen=True, slots=True)
class Question:
    """Which records. Every condition that is set must hold; times are Unix milliseconds."""

    wanted: tuple[tuple[str, ...], ...] = ()
    """For each field that is asked for, the terms of which one must hold."""
    since: int | None = None
    """At this time or later."""
    until: int | None = None
    """Before this time."""
    exchange: str | None = None
    review: ReviewState | None = None
    """Where the review of the record stands. An alert is open until somebody reviews it."""
    subject: bytes | None = None
    """Fingerprint of whom the exchange is about; how one gets it is another matter."""

    def holds(self, terms: AbstractSet[str], time: int) -> bool:
        """Say whether a record of `time` that answers to `terms` is asked for, as these can tell.

        Exchange, review and subject are not in a record's terms: whoever searches knows them.
        """
        return (
            (self.since is None or time >= self.since)
            and (self.until is None or time < self.until)
            and all(any(term in terms for term in either) for either in self.wanted)
        )


def terms_of(kind: Kind, record: object) -> list[str]:
    """Return what a record answers to by itself. `record` has the fields of that kind of record."""
    found = [_KIND_TERMS[kind]]
    for name, term in _TERMS[kind]:
        if value := getattr(record, name, None):
            found.append(term + value)
    if rules := getattr(record, "rules", None):
        found += ["rule=" + rule for rule in rules]
    if counts := getattr(record, "findings", None):
        found += ["entity=" + entity for entity, count in counts.items() if count]
    if kind in _ABOUT:
        found.append(f"about={getattr(record, 'record')}")  # noqa: B009 - of no one type
    return found


def inherited(intent: Iterable[str]) -> list[str]:
    """Return the terms of an intent that its outcome answers to as well."""
    return [term for term in intent if term != _KIND_TERMS[Kind.INTENT]]


def ask(words: Sequence[str], now_ms: int) -> Question:
    """Return the question that `words` ask, each `field=value`; raise `QuestionError`.

    `now_ms` is what `since=2h` counts from.
    """
    if len(words) > MAX_WORDS:
        raise QuestionError(0, f"more than {MAX_WORDS} words: ask several questions")
    wanted: dict[str, list[str]] = {}
    once: dict[str, str] = {}
    for place, word in enumerate(words, start=1):
        name, equals, value = word.partition("=")
        if not equals:
            raise QuestionError(place, f"write field=value; the fields are {', '.join(FIELDS)}")
        if name not in FIELDS:
            raise QuestionError(place, f"there is no such field{_meant(name, FIELDS)}")
        try:
            value = FIELDS[name](value)
        except ValueError as error:
            raise QuestionError(place, f"{name}: {error}") from None
        if name in _ONCE:
            if name in once:
                raise QuestionError(place, f"{name} a second time")
            once[name] = value
        else:
            wanted.setdefault(name, []).append(f"{name}={value}")
    return Question(
        wanted=tuple(tuple(dict.fromkeys(terms)) for terms in wanted.values()),
        since=None if "since" not in once else moment(once["since"], now_ms),
        until=None if "until" not in once else moment(once["until"], now_ms),
        exchange=once.get("exchange"),
        review=None if "review" not in once else ReviewState(once["review"]),
    )


def moment(text: str, now_ms: int) -> int:
    """Return Unix milliseconds of an ISO 8601 time, UTC unless it says otherwise, or of `2h`.

    Raises `ValueError` with what to write instead.
    """
    if matched := _AGO.match(text):
        past = timedelta(**{_UNITS[matched[2]]: int(matched[1])})
        return max(0, now_ms - past // timedelta(milliseconds=1))
    try:
        when = datetime.fromisoformat(text)
        if when.tzinfo is None:
            when = when.replace(tzinfo=UTC)
        found = int(when.timestamp() * 1000)
    except (ValueError, OverflowError):
        raise ValueError("not a time: write 2026-11-22, 2026-11-22T08:00 or 2h") from None
    return min(max(0, found), _LAST_MS)


def _text(value: str) -> str:
    if not _TEXT.match(value):
        raise ValueError("1 to 128 printable ASCII characters are wanted")
    return value


def _number(value: str) -> str:
    if not _NUMBER.match(value):
        raise ValueError("the index of a record is a whole number")
    return str(int(value))


def _entity(value: str) -> str:
    try:
        return entity_type(value)
    except ValueError:
        raise ValueError("an entity type is of capitals and underscores, as PERSON") from None


def _time(value: str) -> str:
    moment(value, 0)
    return value


def _one_of(kind: type[StrEnum]) -> Callable[[str], str]:
    known = tuple(member.value for member in kind)

    def check(value: str) -> str:
        if value not in known:
            shown = ", ".join(known) if len(known) <= 12 else "see docs/auditing.md"  # noqa: PLR2004
            raise ValueError(f"not one that there is{_meant(value, known)} ({shown})")
        return value

    return check


FIELDS: Final[Mapping[str, Callable[[str], str]]] = {
    "since": _time,
    "until": _time,
    "actor": _text,
    "client": _text,
    "purpose": _one_of(Purpose),
    "kind": _one_of(Kind),
    "action": _one_of(Action),
    "model": _text,
    "profile": _text,
    "entity": _entity,
    "code": _one_of(Code),
    "status": _one_of(Status),
    "release": _text,
    "rule": _text,
    "exchange": _text,
    "act": _one_of(AdminAct),
    "access": _one_of(AccessAct),
    "target": _text,
    "grant": _text,
    "department": _text,
    "standing": _text,
    "alert": _text,
    "about": _number,
    "says": _one_of(ReviewState),
    "review": _one_of(ReviewState),
}
"""What can be asked for, and how a value of it is checked."""
_ONCE: Final = frozenset({"since", "until", "exchange", "review"})


def _meant(word: str, known: Iterable[str]) -> str:
    """Return a question that names the one nearest word, if it is a slip away, or nothing."""
    most = max(1, len(word) // 4)
    # Of two that are as near the longer: letters are left out more often than added.
    near = [each for each in known if abs(len(word) - len(each)) <= most]
    slips = min(((_slips(word, each), -len(each), each) for each in near), default=None)
    return f"; did you mean {slips[2]}?" if slips is not None and slips[0] <= most else ""


def _slips(one: str, other: str) -> int:
    """Return how many letters to add, leave out, exchange or swap make one word the other.

    Optimal string alignment, as for typing errors: F. J. Damerau, CACM 7(3), 1964.
    """
    before: list[int] = []
    last = list(range(len(other) + 1))
    for i, letter in enumerate(one, start=1):
        row = [i]
        for j, wanted in enumerate(other, start=1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (letter != wanted))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == wanted:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before, last = last, row
    return last[-1]
