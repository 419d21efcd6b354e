"""`intramural grants`: ask for a break-glass grant, decide on one, end one.

Everything here is done in a person's name. A patient's number and a reason are asked for at the
terminal, or read from standard input, two lines: what stands on a command line is in every list of
processes.
"""

from __future__ import annotations

import getpass
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.common import examples, fail, print_json, settings_of
from gateway.cli.person import As, person
from gateway.cli.releases import release_named
from gateway.domain.duties import Duty
from gateway.domain.exchange import Purpose

if TYPE_CHECKING:
    from gateway.domain.exchange import Action, Caller, Model
    from gateway.domain.policy import Deny, Permit
    from gateway.identity.grants.desk import GrantDesk
    from gateway.identity.grants.grant import AccessGrant
    from gateway.ledger.ledger import SqliteLedger

app = typer.Typer(
    help="Break-glass: grants to learn, for a time, who a pseudonym is.",
    no_args_is_help=True,
    epilog=examples(
        "grants waiting --as approver.key",
        "grants approve ID --as approver.key",
    ),
)

_Id = Annotated[str, typer.Argument(metavar="ID", help="Id of the grant.")]
_Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def ask(
    context: typer.Context,
    purpose: Annotated[Purpose, typer.Option(metavar="CODE", help="Purpose of use, e.g. BTG.")],
    minutes: Annotated[
        int | None,
        typer.Option(help="How long, from its approval.", show_default="as long as allowed"),
    ] = None,
    json: _Json = False,
    _as: As = None,
) -> None:
    """Ask for a grant: for one patient and one purpose, with a reason."""
    from gateway.identity.grants.rules import Request

    caller = person(context, Duty.ASK_GRANT)
    patient, reason = _told("Patient's number: "), _told("Reason: ")
    with _desk(context) as desk:
        grant = desk.ask(caller, Request(purpose, patient, reason, minutes))
    _print(grant, json=json)


@app.command()
def approve(context: typer.Context, grant: _Id, json: _Json = False, _as: As = None) -> None:
    """Approve what somebody else asks for; its time begins now."""
    _decide(context, person(context, Duty.APPROVE_GRANT), "approve", grant, json=json)


@app.command()
def refuse(context: typer.Context, grant: _Id, json: _Json = False, _as: As = None) -> None:
    """Refuse what somebody else asks for."""
    _decide(context, person(context, Duty.APPROVE_GRANT), "refuse", grant, json=json)


@app.command()
def end(context: typer.Context, grant: _Id, json: _Json = False, _as: As = None) -> None:
    """End a grant before its time: one's own, or, for an approver, anybody's."""
    _decide(context, person(context, Duty.ASK_GRANT, Duty.APPROVE_GRANT), "end", grant, json=json)


@app.command()
def show(context: typer.Context, grant: _Id, json: _Json = False, _as: As = None) -> None:
    """Show a grant and its reason: one's own, or, to an approver, anybody's. Never about whom."""
    caller = person(context, Duty.ASK_GRANT, Duty.APPROVE_GRANT)
    with _desk(context, look=caller) as desk:
        found, reason = desk.show(caller, grant)
    _print(found, reason, json=json)


@app.command()
def waiting(context: typer.Context, json: _Json = False, _as: As = None) -> None:
    """Show an approver what others ask for, and why."""
    from gateway.identity.grants.shown import grant_as_json, spoken

    caller = person(context, Duty.APPROVE_GRANT)
    with _desk(context, look=caller) as desk:
        found = desk.waiting(caller)
    if json:
        print_json([grant_as_json(grant, reason) for grant, reason in found])
        return
    if not found:
        typer.echo("Nothing waits for an approval.")
    for grant, reason in found:
        typer.echo(
            f"{grant.id}  {grant.purpose}  {grant.minutes} minutes  "
            f"asked by {grant.asker} ({grant.name}) at {spoken(grant.asked)}\n  {_line(reason)}"
        )


def _told(what: str) -> str:
    """Return a line: asked for at the terminal, without echo or history, or out of a pipe."""
    if sys.stdin.isatty():
        return getpass.getpass(what)
    return sys.stdin.readline().strip()


def _decide(context: typer.Context, caller: Caller, step: str, grant: str, *, json: bool) -> None:
    with _desk(context) as desk:
        steps: dict[str, Callable[[Caller, str], AccessGrant]] = {
            "approve": desk.approve,
            "refuse": desk.refuse,
            "end": desk.end,
        }
        done = steps[step](caller, grant)
    _print(done, json=json)


def desk_beside(context: typer.Context, ledger: SqliteLedger) -> GrantDesk:
    """Return the desk beside a running gateway, which records in `ledger`.

    Raises `GrantStoreError` or `SecretFileError`.
    """
    from gateway import logs
    from gateway.breakglass import open_grants
    from gateway.clock import SystemClock
    from gateway.installation import subject_key
    from gateway.policy.decider import CedarDecider
    from gateway.treatment import DETECTION

    settings = settings_of(context)
    # What is said of a grant belongs on standard error, as in the gateway.
    logs.configure(style=settings.log.format, level=settings.log.level)

    def decide(caller: Caller, action: Action, model: Model, purpose: Purpose) -> Permit | Deny:
        # Only who asks for a grant needs the policy in force.
        return CedarDecider(release_named(context, None)).decide(caller, action, model, purpose)

    return open_grants(
        *(settings.state, settings.keys, decide, DETECTION, SystemClock()),
        *(subject_key(settings.keys), ledger.append_blocking),
    )


@contextmanager
def _desk(context: typer.Context, look: Caller | None = None) -> Iterator[GrantDesk]:
    """Open the desk, and say what is wrong in one line. That somebody looks is recorded first."""
    from gateway.clock import SystemClock
    from gateway.domain.errors import ExchangeError
    from gateway.identity.grants.store import GrantStoreError
    from gateway.installation import place_of
    from gateway.ledger.desk import Who, looked
    from gateway.ledger.errors import LedgerError
    from gateway.ledger.ledger import SqliteLedger
    from gateway.secretfiles import SecretFileError

    try:
        with SqliteLedger.open_for_recording(place_of(settings_of(context))) as ledger:
            desk = desk_beside(context, ledger)
            try:
                if look is not None:
                    who = Who(look.id, look.client)
                    ledger.append_blocking(looked(who, SystemClock(), "grants"))
                yield desk
            finally:
                desk.close()
    except ExchangeError as error:
        fail(error.message)
    except (LedgerError, GrantStoreError, SecretFileError) as error:
        fail(str(error))


def _print(grant: AccessGrant, reason: str | None = None, *, json: bool) -> None:
    from gateway.identity.grants.grant import GrantState
    from gateway.identity.grants.shown import grant_as_json, spoken

    if json:
        print_json(grant_as_json(grant, reason))
        return
    typer.echo(f"{grant.id}  {grant.state}  {grant.purpose}  {grant.minutes} minutes")
    typer.echo(f"  asked by {grant.asker} ({grant.name}) at {spoken(grant.asked)}")
    if grant.decider is not None:
        typer.echo(f"  decided by {grant.decider}")
    if grant.until is not None:
        typer.echo(f"  until {spoken(grant.until)}, used {grant.uses} times")
    if reason is not None:
        typer.echo(f"  {_line(reason)}")
    match grant.state:
        case GrantState.ASKED:
            typer.secho(f"Another person runs `intramural grants approve {grant.id}`.", err=True)
        case GrantState.ACTIVE:
            typer.secho(f"Send the header `X-Grant: {grant.id}` to /v1/reidentify.", err=True)
        case GrantState.REFUSED | GrantState.ENDED:
            pass


def _line(reason: str) -> str:
    return " ".join(reason.split())
