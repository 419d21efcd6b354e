"""`intramural audit export` and `verify-export`: records for others, as files."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Annotated, Final

import typer

from gateway.auditing import KeptSubjects
from gateway.cli.audit_arguments import Directory, directory_of, ledger_errors
from gateway.cli.audit_payload import disclosing
from gateway.cli.common import fail, print_json, settings_of
from gateway.cli.person import As, person
from gateway.cli.times import moment
from gateway.clock import SystemClock
from gateway.domain.duties import Duty
from gateway.domain.errors import ExchangeError
from gateway.domain.exchange import Caller
from gateway.domain.records import Access, AccessAct
from gateway.ledger.errors import LedgerError
from gateway.ledger.exports.forms import Form
from gateway.ledger.exports.queries import Queries, no_queries, redacted_queries
from gateway.secretfiles import SecretFileError
from gateway.settings import Settings

_PATIENT: Final = 64
_MAX_LINE: Final = 64 * 1024


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("export")(export)
    app.command("verify-export")(verify_export)
    app.command("feeds")(feeds)


def export(  # noqa: PLR0913, PLR0917 - each option is an argument
    context: typer.Context,
    form: Annotated[Form, typer.Option("--format", help="In which form.")],
    since: Annotated[
        str | None, typer.Option("--from", metavar="TIME", help="From then on; as `audit list`.")
    ] = None,
    until: Annotated[str | None, typer.Option("--to", metavar="TIME", help="Before then.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="File, for you alone.", show_default="standard output")
    ] = None,
    of_patient: Annotated[
        bool,
        typer.Option(
            "--patient", help="Only of one patient, whose number is read from standard input."
        ),
    ] = False,
    with_queries: Annotated[
        bool,
        typer.Option(
            "--queries", help="With that patient's redacted requests that are kept, under a grant."
        ),
    ] = False,
    _as: As = None,
) -> None:
    """Write records for an authority, a patient or another system. The export is recorded first."""
    from gateway.ledger.exports.making import Wanted, lines_of

    settings = settings_of(context)
    first, last = moment(since), moment(until)
    with ledger_errors(), _told():
        # The number of a patient is on standard input: then the key is in a file.
        caller = person(context, Duty.EXPORT)
        if of_patient:
            person(context, Duty.SEARCH_PATIENT)
        if with_queries:
            person(context, Duty.READ_PAYLOAD)
        try:
            number = _number() if of_patient else None
            wanted = Wanted(form, first, last, number, with_queries)
        except ValueError as error:
            fail(str(error), 2)
        _record(context, caller, wanted.target)
        with (
            _counting(hidden=out is None) as progress,
            _queries(context, caller) if with_queries else nullcontext(no_queries) as queries,
        ):
            index, key = _index(settings) if of_patient else (None, None)
            lines = lines_of(settings.ledger, settings.node, wanted, index, key, queries)
            count = _write(out, lines, progress)
    if out is not None:
        typer.echo(f"{out}: {count} {'line' if count == 1 else 'lines'}, {form.value}", err=True)


def verify_export(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="What `audit export --format ndjson` wrote.")],
    vkey: Annotated[
        Path | None,
        typer.Option(help="File with the public key of the log.", show_default="this node's"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    directory: Directory = None,
) -> None:
    """Check every record and its proof offline. Exits 0 if all hold, 1 at the first that does not.

    Takes the file and the public key alone, and no log.
    """
    from gateway.ledger.exports.proofs import verify_lines
    from gateway.ledger.keys import first_of
    from gateway.ledger.publickeys import VKEY_FILE, read_vkey

    try:
        key = read_vkey(vkey or directory_of(context, directory) / VKEY_FILE)
        verified = verify_lines(_lines(file), first_of(key))
    except LedgerError as error:
        if as_json:
            print_json({"verified": False, "error": str(error)})
            raise typer.Exit(1) from None
        fail(str(error))
    log = verified.checkpoint
    if as_json:
        print_json(
            {
                "verified": True,
                "records": verified.records,
                "first": verified.first,
                "last": verified.last,
                "origin": log.origin,
                "size": log.size,
                "root": log.root.hex(),
            }
        )
        return
    span = "" if verified.first is None else f", number {verified.first} to {verified.last},"
    typer.echo(
        f"{verified.records} records{span} are those of the log of {log.size} records that "
        f"{log.origin} signed."
    )


def feeds(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, one object a line.")] = False,
) -> None:
    """Show where records are sent as they are written, and how far each target is behind."""
    from gateway.installation import feeds_of
    from gateway.ledger.exports.elements import instant
    from gateway.ledger.exports.feeding import status_of

    settings = settings_of(context)
    with ledger_errors():
        found = status_of(settings.export, feeds_of(settings))
    for each in found:
        if as_json:
            print_json(each)
            continue
        since = each.standing.failing
        state = (
            "" if since is None else f"; since {instant(since)} it fails: {each.standing.reason}"
        )
        typer.echo(f"{each.name}  {each.peer}  {each.behind} records behind{state}")
    if not found and not as_json:
        typer.echo("records are sent nowhere: [export] and [alerts] in the settings are empty")


def _record(context: typer.Context, caller: Caller, target: str) -> None:
    from gateway.installation import place_of
    from gateway.ledger.ledger import SqliteLedger

    clock = SystemClock()
    with SqliteLedger.open_for_recording(place_of(settings_of(context))) as ledger:
        ledger.append_blocking(
            Access(
                exchange=clock.new_id(),
                time=clock.now_ms(),
                actor=caller.id,
                client=caller.client,
                access=AccessAct.EXPORT,
                target=target,
            )
        )


@contextmanager
def _queries(context: typer.Context, caller: Caller) -> Iterator[Queries]:
    """Yield what tells redacted requests, each shown to the caller as by `audit payload`."""
    with disclosing(context) as disclosure:
        yield redacted_queries(lambda exchange: asyncio.run(disclosure.show(caller, exchange)))


def _index(settings: Settings) -> tuple[KeptSubjects, bytes]:
    from gateway.installation import subject_key, vault_of

    try:
        return KeptSubjects(vault_of(settings)), subject_key(settings.keys)
    except SecretFileError as error:
        raise LedgerError(str(error)) from None


def _number() -> str:
    """Return the patient's number: not an argument, which every user of the machine can see."""
    number = sys.stdin.readline().strip()
    if not 0 < len(number) <= _PATIENT or not number.isascii() or not number.isprintable():
        fail("the patient's number is 1 to 64 printable ASCII characters, on standard input", 2)
    return number


def _write(out: Path | None, lines: Iterator[bytes], progress: Callable[[int], None]) -> int:
    from gateway.ledger.exports.files import copy_lines, write_lines

    if out is not None:
        return write_lines(out, lines, progress)
    count = copy_lines(sys.stdout.buffer, lines)
    sys.stdout.buffer.flush()
    return count


def _lines(file: Path) -> Iterator[bytes]:
    try:
        with file.open("rb") as opened:
            while line := opened.readline(_MAX_LINE + 1):
                yield line
    except OSError as error:
        raise LedgerError(f"{file} cannot be read: {error.strerror}") from None


@contextmanager
def _told() -> Iterator[None]:
    """Say what the ledger or the vault says of itself in one line, and exit."""
    try:
        yield
    except ExchangeError as error:
        fail(error.message)


@contextmanager
def _counting(*, hidden: bool) -> Iterator[Callable[[int], None]]:
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.completed} lines"), TimeElapsedColumn())
    disabled = hidden or not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=disabled) as bar:
        task = bar.add_task("export", total=None)
        yield lambda done: bar.update(task, completed=done)
