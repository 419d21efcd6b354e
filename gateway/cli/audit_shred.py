"""`intramural audit shred`: kept texts are made unreadable for ever, by a person, recorded first.

A patient is asked for at the terminal, or read from standard input: a command line can be seen by
everybody on the machine, and is kept by the shell.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Final

import typer

from gateway.cli.audit_arguments import ledger_errors
from gateway.cli.common import fail, print_json, settings_of
from gateway.cli.person import As, person
from gateway.domain.duties import Duty
from gateway.domain.errors import ExchangeError
from gateway.settings import Settings

if TYPE_CHECKING:
    from gateway.ledger.sealing import Order, Shredder

_MAX_NUMBER: Final = 64


def shred(  # noqa: PLR0913, PLR0917 - each option is an argument
    context: typer.Context,
    record: Annotated[
        str | None, typer.Option(metavar="ID", help="The texts of this exchange.")
    ] = None,
    of_patient: Annotated[
        bool,
        typer.Option(
            "--patient",
            help="All texts of one patient, whose number is asked for, or read from standard "
            "input, and the index that finds them.",
        ),
    ] = False,
    epoch: Annotated[
        str | None, typer.Option(metavar="QUARTER", help="All texts of a quarter: 2026Q4.")
    ] = None,
    complete: Annotated[
        bool, typer.Option("--complete", help="Finish what a crash interrupted, and nothing else.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether you are sure.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    _as: As = None,
) -> None:
    """Make kept texts unreadable for ever. Every proof of the log still holds."""
    settings = settings_of(context)
    if sum([record is not None, of_patient, epoch is not None, complete]) != 1:
        fail("name one of --record, --patient, --epoch and --complete", status=2)
    if not (yes or complete or _is_terminal()):
        fail("there is no terminal to ask at whether you are sure: add --yes", status=2)
    try:
        if complete:
            _complete(settings, as_json=as_json)
            return
        caller = person(context, Duty.SHRED)
        with ledger_errors():
            shredder = _shredder(settings)
            order = _order(settings, shredder, record, epoch)
            if not yes and not _sure(order):
                shredder.drop(order)
                fail("nothing was shredded")
            # While somebody thought it over, somebody else may have placed a hold.
            shredder.confirm(order)
            _carry_out(settings, shredder, order, caller.id)
    except ExchangeError as error:
        fail(error.message)
    if as_json:
        from gateway.http.vault import order_as_json

        print_json(order_as_json(order))
    else:
        typer.echo(
            f"shredded: {order.texts} texts of {order.exchanges} exchanges. "
            f"The log says so in the record of {order.id}."
        )


def _shredder(settings: Settings) -> Shredder:
    from gateway.installation import vault_of
    from gateway.ledger.holds import LegalHolds
    from gateway.ledger.sealing import Shredder

    return Shredder(vault_of(settings), LegalHolds(settings.state))


def _complete(settings: Settings, *, as_json: bool) -> None:
    with ledger_errors():
        done = _shredder(settings).complete()
    if as_json:
        print_json({"completed": done})
    else:
        typer.echo(f"completed: {done}")


def _order(settings: Settings, shredder: Shredder, record: str | None, epoch: str | None) -> Order:
    from gateway.clock import SystemClock
    from gateway.domain.subjects import patient
    from gateway.installation import subject_key
    from gateway.secretfiles import SecretFileError

    name = SystemClock().new_id()
    if record is not None:
        return shredder.of_record(name, record)
    if epoch is not None:
        return shredder.of_epoch(name, epoch)
    number = _number()
    try:
        return shredder.of_patient(name, patient(subject_key(settings.keys), number))
    except SecretFileError as error:
        fail(str(error))


def _number() -> str:
    if _is_terminal():
        number = str(typer.prompt("The patient's number", err=True))
    else:
        number = sys.stdin.readline(_MAX_NUMBER + 2)
    number = number.strip()
    if not 0 < len(number) <= _MAX_NUMBER:
        fail(f"a patient's number has 1 to {_MAX_NUMBER} characters", status=2)
    return number


def _is_terminal() -> bool:
    return sys.stdin.isatty()


def _sure(order: Order) -> bool:
    return typer.confirm(
        f"Shred {order.texts} texts of {order.exchanges} exchanges ({order.kind.value})? "
        "Nobody can bring them back.",
        err=True,
    )


def _carry_out(settings: Settings, shredder: Shredder, order: Order, actor: str) -> None:
    from gateway.clock import SystemClock
    from gateway.installation import place_of
    from gateway.ledger.ledger import SqliteLedger

    with SqliteLedger.open_for_recording(place_of(settings)) as ledger:
        ledger.append_blocking(order.record(actor, SystemClock().now_ms()))
    shredder.carry_out(order)
