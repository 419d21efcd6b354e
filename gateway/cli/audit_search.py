"""`intramural audit search`: which records answer a question, the newest first.

A patient is asked for at the terminal, or read from standard input: a command line can be seen by
everybody on the machine, and is kept by the shell.
"""

from __future__ import annotations

import csv
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from typing import Annotated, Any, Final

import typer

from gateway.auditing import KeptSubjects, desk_of
from gateway.cli.audit_arguments import CLIENT, Directory, ledger_errors, record_own
from gateway.cli.audit_views import moment, print_row, print_table
from gateway.cli.common import fail, print_json, settings_of
from gateway.cli.person import As, person
from gateway.cli.recorder import record_look
from gateway.clock import SystemClock
from gateway.domain.duties import Duty
from gateway.domain.errors import LedgerUnavailable
from gateway.domain.questions import Question, QuestionError, ask
from gateway.domain.subjects import is_whole, named, patient
from gateway.installation import subject_key, vault_of
from gateway.ledger.desk import DEFAULT_LIMIT, PATIENT, Desk, Who
from gateway.ledger.query import LoggedRecord
from gateway.ledger.search.search import Search
from gateway.ledger.shown import record_as_json
from gateway.pages.cells import harmless
from gateway.secretfiles import SecretFileError
from gateway.settings import Settings

_FOLLOW_SECONDS: Final = 1.0
_MAX_WORDS: Final = 128
COLUMNS: Final = (
    *("index", "time", "kind", "exchange", "actor", "client", "what", "purpose", "model"),
    *("profile", "result", "rules", "findings", "record", "review"),
)
_WHAT: Final = ("action", "act", "access")
_RESULT: Final = ("code", "status", "state", "rule", "target")


class condition(str):  # noqa: N801 - the help shows its name
    """What a record must hold to be found, as it was written."""

    __slots__ = ()


Words = Annotated[
    list[condition] | None,
    typer.Argument(
        metavar="[FIELD=VALUE]...",
        parser=condition,
        help="What must hold: since, until, actor, client, purpose, kind, code, entity, … "
        "A field that is named twice may have either value.",
        show_default=False,
    ),
]
Limit = Annotated[int, typer.Option(min=0, metavar="N", help="The newest so many; 0 for all.")]


def search(  # noqa: PLR0913, PLR0917 - each option of a command is an argument of its function
    context: typer.Context,
    words: Words = None,
    patient_asked: Annotated[
        bool, typer.Option("--patient", help="Only of the patient whose number is asked for.")
    ] = False,
    name_asked: Annotated[
        bool, typer.Option("--name", help="Only of the person whose name is asked for.")
    ] = False,
    limit: Limit = DEFAULT_LIMIT,
    follow: Annotated[
        bool, typer.Option("--follow", help="Wait for more, the newest last.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print a line of JSON for each.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print a table for a spreadsheet.")] = False,
    directory: Directory = None,
    _as: As = None,
) -> None:
    """Search the log. That somebody searched is a record in it. Times are UTC."""
    settings = settings_of(context)
    if as_json and as_csv:
        fail("print --json or --csv, not both", status=2)
    question = question_of(list(words or []))
    whose: KeptSubjects | None = None
    before: int | None
    with ledger_errors():
        if patient_asked or name_asked:
            if patient_asked and name_asked:
                fail("ask by --patient or by --name, one of both", status=2)
            if directory is not None:
                fail("a copy of a log does not say whom its records are about", status=2)
            before = _look_for_somebody(context, settings)
            whose = KeptSubjects(vault_of(settings))
            question = replace(question, subject=_fingerprint(settings, by_name=name_asked))
        else:
            before = record_own(settings, directory, "")
        desk = desk_of(settings, whose)
        if directory is not None:
            desk = replace(desk, log=directory)
        output = _output(as_json=as_json, as_csv=as_csv)
        if follow:
            _follow(desk, question, limit, output or _row)
        else:
            with desk.opened() as (_, searching):
                found = islice(searching.pages(question, before), limit or None)
                print_table(found) if output is None else output(searching, found)


def question_of(words: list[str]) -> Question:
    """Return the question, or point at the word that makes no sense, and exit 2."""
    try:
        return ask(words, SystemClock().now_ms())
    except QuestionError as error:
        fail(str(error), status=2)


@contextmanager
def recording() -> Iterator[None]:
    """Say in one line why a look, or a review, could not be recorded, and exit."""
    try:
        yield
    except (LedgerUnavailable, SecretFileError, OSError) as error:
        fail(f"this is recorded before it is done, and that cannot be done now: {error}")


def _look_for_somebody(context: typer.Context, settings: Settings) -> int:
    auditor = person(context, Duty.SEARCH_PATIENT)
    with recording():
        return record_look(settings, Who(auditor.id, CLIENT), PATIENT)


def _fingerprint(settings: Settings, *, by_name: bool) -> bytes:
    what = "Name" if by_name else "Patient's number"
    if sys.stdin.isatty():
        asked = str(typer.prompt(what, err=True))
    else:
        asked = sys.stdin.readline(_MAX_WORDS + 2).strip("\r\n")
    if not 0 < len(asked) <= _MAX_WORDS:
        fail(f"{what.lower()}: 1 to {_MAX_WORDS} characters are wanted, on one line", status=2)
    if by_name and not is_whole(asked):
        fail("name: people are indexed under two words of it or more: give the whole name", 2)
    with recording():
        key = subject_key(settings.keys)
    return named(key, asked) if by_name else patient(key, asked)


# -- printing

Output = Callable[[Search, Iterable[LoggedRecord]], None]


def _output(*, as_json: bool, as_csv: bool) -> Output | None:
    if as_json:
        return _json
    return _csv if as_csv else None


def _json(search: Search, records: Iterable[LoggedRecord]) -> None:
    for logged in records:
        print_json(reviewed(search, logged))


def _csv(search: Search, records: Iterable[LoggedRecord]) -> None:
    writer = csv.writer(sys.stdout)
    writer.writerow(COLUMNS)
    for logged in records:
        writer.writerow(_cells(reviewed(search, logged)))


def _row(_: Search, records: Iterable[LoggedRecord]) -> None:
    for logged in records:
        print_row(logged)


def reviewed(search: Search, logged: LoggedRecord) -> dict[str, Any]:
    """Return a record as JSON, and where its review stands."""
    state = search.review_of(logged.index)
    return record_as_json(logged) | ({} if state is None else {"review": state.value})


def _cells(record: dict[str, Any]) -> list[str]:
    record["time"] = moment(record["time"])
    record["what"] = next((record[name] for name in _WHAT if name in record), "")
    record["result"] = next((record[name] for name in _RESULT if record.get(name)), "")
    record["rules"] = " ".join(record.get("rules", ()))
    counts = record.get("findings", {})
    record["findings"] = " ".join(f"{name}:{count}" for name, count in sorted(counts.items()))
    return [harmless(str(record.get(name, ""))) for name in COLUMNS]


def _follow(desk: Desk, question: Question, limit: int, output: Output) -> None:
    """Print what answers, the newest last, and then what comes."""
    last, most = -1, limit or None
    while True:
        with desk.opened() as (_, searching):
            found: list[LoggedRecord] = []
            for logged in searching.pages(question):
                if logged.index <= last or len(found) == most:
                    break
                found.append(logged)
            output(searching, reversed(found))
            last, most = searching.size - 1, None
        sys.stdout.flush()
        time.sleep(_FOLLOW_SECONDS)
