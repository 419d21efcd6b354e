"""`intramural audit review` and `alerts`: what was made of a record, and what waits."""

from __future__ import annotations

import asyncio
import sys
from itertools import islice
from typing import Annotated

import typer

from gateway.auditing import desk_of
from gateway.cli.audit_arguments import CLIENT, ledger_errors, record_own
from gateway.cli.audit_search import Limit, question_of, recording, reviewed
from gateway.cli.audit_views import moment, print_table
from gateway.cli.common import fail, print_json, settings_of
from gateway.cli.opening import check_names_nobody
from gateway.cli.person import As, person
from gateway.cli.recorder import record_look
from gateway.clock import SystemClock
from gateway.domain.duties import Duty
from gateway.domain.errors import ExchangeError
from gateway.domain.records import ReviewState
from gateway.domain.reviewing import MAX_COMMENT
from gateway.installation import place_of
from gateway.ledger.desk import DEFAULT_LIMIT, Who
from gateway.ledger.ledger import SqliteLedger

_Index = Annotated[int, typer.Argument(min=0, metavar="INDEX", help="Which record.")]
_Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def review(
    context: typer.Context,
    index: _Index,
    state: Annotated[
        ReviewState | None, typer.Option(help="What it is now; without it, a comment alone.")
    ] = None,
    comment: Annotated[
        str | None,
        typer.Option(metavar="-", help="`-` reads the comment from standard input."),
    ] = None,
    as_json: _Json = False,
    _as: As = None,
) -> None:
    """Say what a record is, and why; without --state and --comment, show what was said."""
    settings = settings_of(context)
    if comment not in {None, "-"}:
        fail("a comment may name a patient: write `--comment -`, and it is read from "
             "standard input", status=2)  # fmt: skip
    auditor = person(context, Duty.REVIEW)
    who, clock, desk = Who(auditor.id, CLIENT), SystemClock(), desk_of(settings)
    with ledger_errors(), recording():
        if state is None and comment is None:
            record_look(settings, who, str(index))
            _show(desk.history(index), as_json=as_json)
            return
        text = sys.stdin.read(4 * MAX_COMMENT).strip() if comment else ""
        if 0 < len(text) <= MAX_COMMENT:  # A longer one is refused below.
            check_names_nobody(context, text, "comment")
        try:
            made = desk.review(who, clock, index, state, text)
        except ExchangeError as error:
            fail(error.message)
        with SqliteLedger.open_for_recording(place_of(settings)) as ledger:
            receipt = asyncio.run(ledger.append(made))
    if as_json:
        print_json({"index": receipt.index, "record": index, "state": made.state})
    else:
        typer.echo(f"record {index} is {made.state or 'commented'}: record {receipt.index} says so")


def alerts(
    context: typer.Context,
    only_open: Annotated[
        bool, typer.Option("--open", help="Only what waits for somebody.")
    ] = False,
    limit: Limit = DEFAULT_LIMIT,
    as_json: _Json = False,
) -> None:
    """List what the rules under alerts/ found, the newest first."""
    settings = settings_of(context)
    question = question_of(["kind=alert", *(["review=open"] if only_open else [])])
    with ledger_errors():
        before = record_own(settings, None, "")
        with desk_of(settings).opened() as (_, search):
            found = islice(search.pages(question, before), limit or None)
            if not as_json:
                print_table(found)
                return
            for logged in found:
                print_json(reviewed(search, logged))


def _show(history: list[dict[str, object]] | None, *, as_json: bool) -> None:
    if history is None:
        fail("there is no such record")
    for entry in history:
        if as_json:
            print_json(entry)
            continue
        when = moment(int(str(entry["time"])))
        typer.echo(f"{when}  {entry['actor']}  {entry.get('state', 'comment')}")
        for line in str(entry.get("comment", "")).splitlines():
            typer.echo("    " + "".join(char for char in line if char.isprintable()))
    if not history and not as_json:
        typer.echo("nobody said anything about it")
