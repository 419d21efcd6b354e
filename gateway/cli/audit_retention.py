"""`intramural audit` on what is kept and for how long: holds, quarters, and what may go."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Final

import typer

from gateway.cli.audit_arguments import find, ledger_errors
from gateway.cli.common import fail, print_json, settings_of
from gateway.cli.opening import check_names_nobody
from gateway.cli.person import As, person
from gateway.clock import SystemClock
from gateway.domain.duties import Duty
from gateway.domain.errors import ExchangeError
from gateway.domain.exchange import Caller
from gateway.domain.records import Admin, AdminAct
from gateway.ledger.exports.elements import instant
from gateway.ledger.holds import LegalHolds, new_hold
from gateway.settings import Settings

_MAX_REASON: Final = 4000


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("hold")(hold)
    app.command("holds")(holds)
    app.command("lift-hold")(lift_hold)
    app.command("retention")(retention)
    app.command("seal-quarter")(seal_quarter)
    app.command("drop-quarters")(drop_quarters)


def hold(
    context: typer.Context,
    reason: Annotated[
        str, typer.Option(help="Why, in your words; `-` reads them from standard input.")
    ],
    epoch: Annotated[
        str | None, typer.Option(metavar="QUARTER", help="All of a quarter: 2026Q4.")
    ] = None,
    record: Annotated[
        str | None, typer.Option(metavar="EXCHANGE|INDEX", help="One exchange, by a record of it.")
    ] = None,
    _as: As = None,
) -> None:
    """Keep a quarter or an exchange from being dropped and shredded, until the hold is lifted."""
    settings = settings_of(context)
    if (epoch is None) == (record is None):
        fail("name --epoch or --record, one of both", status=2)
    words = sys.stdin.readline(_MAX_REASON).strip() if reason == "-" else reason
    with _errors():
        caller = person(context, Duty.HOLD)
        what = epoch if epoch is not None else _exchange(settings, record or "")
        clock = SystemClock()
        made = new_hold(clock.new_id(), what, caller.id, words, clock.now_ms())
        check_names_nobody(context, words, "reason")
        # In force before it is on record: what is held too early harms nobody.
        LegalHolds(settings.state).place(made)
        _record(settings, caller, AdminAct.HOLD_PLACED, what, exchange=made.id, sealed=made.digest)
    typer.echo(f"{made.id} holds {what}")


def holds(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, one object a line.")] = False,
    _as: As = None,
) -> None:
    """List holds with their reasons, also those that were lifted."""
    from gateway.cli.recorder import record_look
    from gateway.ledger.desk import Who

    settings = settings_of(context)
    with _errors():
        caller = person(context, Duty.HOLD)
        # A reason may name a patient: that somebody reads it is on record first.
        record_look(settings, Who(caller.id, caller.client), "holds")
        found = LegalHolds(settings.state).all_holds()
    for each in found:
        if as_json:
            print_json(
                {
                    "id": each.id,
                    "what": each.what,
                    "actor": each.actor,
                    "reason": each.reason,
                    "placed": each.placed,
                    "lifted": each.lifted,
                }
            )
            continue
        state = "in force" if each.lifted is None else f"lifted {instant(each.lifted)}"
        typer.echo(f"{each.id}  {each.what}  {instant(each.placed)}  {each.actor}  {state}")
        typer.echo(f"  {_printable(each.reason)}")
    if not found and not as_json:
        typer.echo("nothing is held")


def lift_hold(
    context: typer.Context,
    hold_id: Annotated[str, typer.Argument(metavar="ID", help="As `audit holds` lists it.")],
    _as: As = None,
) -> None:
    """End a hold. What is over then may be dropped again."""
    settings = settings_of(context)
    with _errors():
        caller = person(context, Duty.HOLD)
        table = LegalHolds(settings.state)
        found = table.find(hold_id)
        _record(settings, caller, AdminAct.HOLD_LIFTED, found.what, exchange=found.id)
        table.lift(found.id, caller.id, SystemClock().now_ms())
    typer.echo(f"{found.what} is not held by {found.id} any more")


def retention(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show the quarters of the log, and what `audit drop-quarters` would drop now."""
    from gateway.auditing import retention_of

    with _errors():
        standing = retention_of(settings_of(context)).standing()
    if as_json:
        print_json(
            {
                "first": standing.first,
                "size": standing.size,
                "boundary": standing.boundary,
                "may_go": standing.may_go,
                "because": standing.because,
                "quarters": standing.quarters,
            }
        )
        return
    for each in standing.quarters:
        marks = [
            word
            for word, is_so in (
                ("open", not each.over),
                ("held", each.held),
                ("sealed off", each.copied),
                ("its time is over", each.name in standing.may_go),
            )
            if is_so
        ]
        records = f"{each.end - each.start} records from number {each.start} on"
        typer.echo(f"{each.name}  {records}  {', '.join(marks)}".rstrip())
    if standing.boundary > standing.first:
        typer.echo(f"`audit drop-quarters` would drop all before number {standing.boundary}")
    else:
        typer.echo("nothing may be dropped now")
    if standing.because is not None:
        typer.echo(f"  {standing.because}")


def seal_quarter(
    context: typer.Context,
    quarter: Annotated[str, typer.Argument(metavar="QUARTER", help="One that is over: 2026Q3.")],
) -> None:
    """Copy a quarter, with the proof of each record, to a read-only file beside the log."""
    from gateway.auditing import retention_of
    from gateway.cli.recorder import record_admin

    settings = settings_of(context)
    with _errors():
        path = retention_of(settings).seal(
            quarter, lambda act, target: record_admin(settings, act, target)
        )
    typer.echo(f"{path}: `intramural audit verify-export` verifies it anywhere")


def drop_quarters(
    context: typer.Context,
    sure: Annotated[bool, typer.Option("--yes", help="Do it. Without, only say what.")] = False,
    _as: As = None,
) -> None:
    """Drop the records whose time is over. Their hashes stay, and prove all that is left."""
    from gateway.auditing import retention_of

    settings = settings_of(context)
    with _errors():
        work = retention_of(settings)
        if not sure:
            standing = work.standing()
            if standing.boundary == standing.first:
                typer.echo("nothing may be dropped now")
                return
            typer.echo(
                f"{', '.join(standing.may_go) or 'nothing'} may go: "
                f"{standing.boundary - standing.first} records. `--yes` drops them, and nobody "
                "brings them back"
            )
            return
        caller = person(context, Duty.SHRED)

        def record(act: AdminAct, target: str) -> None:
            _record(settings, caller, act, target)

        before = work.drop(record, _say)
    typer.echo(f"{before.boundary - before.first} records were dropped")


def _say(index: int) -> None:
    if sys.stderr.isatty():
        typer.echo(f"  all before number {index}", err=True)


def _exchange(settings: Settings, what: str) -> str:
    from gateway.ledger.query import read_ledger

    with read_ledger(settings.ledger) as reader:
        found = find(reader, what)
    if not found:
        fail("there is no such record")
    return found[0].record.exchange


def _record(  # noqa: PLR0913 - the fields of one record
    settings: Settings,
    caller: Caller,
    act: AdminAct,
    target: str,
    *,
    exchange: str | None = None,
    sealed: str | None = None,
) -> None:
    from gateway.installation import place_of
    from gateway.ledger.ledger import SqliteLedger

    clock = SystemClock()
    with SqliteLedger.open_for_recording(place_of(settings)) as ledger:
        ledger.append_blocking(
            Admin(
                exchange=exchange or clock.new_id(),
                time=clock.now_ms(),
                actor=caller.id,
                act=act,
                target=target,
                sealed=sealed,
            )
        )


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in text)


@contextmanager
def _errors() -> Iterator[None]:
    with ledger_errors():
        try:
            yield
        except ExchangeError as error:
            fail(error.message)
