"""`intramural audit`: what was recorded, and whether the record is whole."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Final

import typer

from gateway.cli import (
    audit_cosigned,
    audit_export,
    audit_index,
    audit_payload,
    audit_proofs,
    audit_retention,
    audit_review,
    audit_rotate,
    audit_search,
    audit_shred,
)
from gateway.cli.audit_arguments import (
    Directory,
    directory_of,
    find,
    ledger_errors,
    looking,
    read_file,
    record_own,
)
from gateway.cli.audit_views import (
    print_records,
    print_report,
    print_row,
    print_table,
    report_as_json,
)
from gateway.cli.common import examples, fail, print_json, settings_of
from gateway.cli.times import moment
from gateway.domain.errors import Code
from gateway.domain.exchange import Purpose
from gateway.domain.records import Kind
from gateway.ledger.errors import LedgerError, VerificationError
from gateway.ledger.publickeys import read_vkey, vkey_beside
from gateway.ledger.query import (
    DEFAULT_LIMIT,
    LoggedRecord,
    Query,
    read_ledger,
)
from gateway.ledger.shown import proof_as_json, record_as_json
from gateway.ledger.verifier import Derived, verify
from gateway.ledger.witnessed import quorum_of

app = typer.Typer(
    help="Read the audit ledger and verify that it is whole.",
    no_args_is_help=True,
    epilog=examples(
        "audit list --limit 20",
        "audit search purpose=BTG since=30d --as auditor.key",
        "audit verify",
    ),
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

_FOLLOW_SECONDS: Final = 1.0

_Actor = Annotated[
    str | None, typer.Option(metavar="ID", help="Only what this caller or administrator did.")
]
_Kind = Annotated[Kind | None, typer.Option(help="Only records of this kind.")]
_Code = Annotated[
    Code | None, typer.Option(metavar="CODE", help="Only records with this error code.")
]
_Exchange = Annotated[str | None, typer.Option(metavar="ID", help="Only this exchange.")]
_Purpose = Annotated[Purpose | None, typer.Option(metavar="CODE", help="Only this purpose of use.")]
_Since = Annotated[
    str | None,
    typer.Option(metavar="TIME", help="From 2026-11-22, 2026-11-22T08:00, or 2h ago, on."),
]
_Until = Annotated[str | None, typer.Option(metavar="TIME", help="Before that; as --since.")]
_Limit = Annotated[
    int, typer.Option(min=0, metavar="N", help="The newest so many; 0 for all of them.")
]
_Follow = Annotated[bool, typer.Option("--follow", help="Wait for more until interrupted.")]
_Json = Annotated[bool, typer.Option("--json", help="Print JSON, one object to a line.")]


# Each option of a command is an argument of its function.
@app.command("list")
def list_records(  # noqa: PLR0913, PLR0917
    context: typer.Context,
    actor: _Actor = None,
    kind: _Kind = None,
    code: _Code = None,
    exchange: _Exchange = None,
    purpose: _Purpose = None,
    since: _Since = None,
    until: _Until = None,
    limit: _Limit = DEFAULT_LIMIT,
    follow: _Follow = False,
    as_json: _Json = False,
    directory: Directory = None,
) -> None:
    """List records, the newest last. Times are UTC."""
    query = Query(
        actor=actor,
        kind=kind,
        code=code,
        exchange=exchange,
        purpose=purpose,
        since=moment(since),
        until=moment(until),
        limit=limit or None,
    )
    show = _print_line if as_json else print_row
    with ledger_errors():
        before = record_own(settings_of(context), directory, "")
        query = replace(query, before=before)
        if not follow and not as_json:
            with read_ledger(directory_of(context, directory)) as reader:
                print_table(reader.search(query))
        else:
            _stream(directory_of(context, directory), query, show, follow=follow)


@app.command()
def show(
    context: typer.Context,
    what: Annotated[str, typer.Argument(metavar="EXCHANGE|INDEX", help="Which record or records.")],
    as_json: _Json = False,
    directory: Directory = None,
) -> None:
    """Show every record of an exchange, or one record, and prove that the log holds it."""
    with ledger_errors(), looking(context, directory, what) as reader:
        records = find(reader, what)
        if not records:
            fail("there is no such record")
        proofs = [(logged, reader.prove(logged)) for logged in records]
        if as_json:
            for logged, proof in proofs:
                print_json({**record_as_json(logged), "proof": proof_as_json(proof)})
        else:
            print_records(reader, proofs)


@app.command("verify")
def verify_log(  # noqa: PLR0913, PLR0917
    context: typer.Context,
    older: Annotated[
        Path | None,
        typer.Option("--from", help="A checkpoint saved earlier, which the log must continue."),
    ] = None,
    vkey: Annotated[
        Path | None, typer.Option(help="File with the public key.", show_default="beside the log")
    ] = None,
    directory: Directory = None,
    tiles: Annotated[
        bool, typer.Option("--tiles/--no-tiles", help="Compare the tiles, if they are there.")
    ] = True,
    witness: Annotated[
        list[str] | None,
        typer.Option(
            metavar="VKEY|FILE",
            help="A witness that has to have cosigned what the log continues; repeat for more.",
        ),
    ] = None,
    quorum: Annotated[
        int | None, typer.Option(help="So many of them are enough.", show_default="all")
    ] = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Processes that share the work.",
            show_default="one for each core, 8 at most; 1 for a small log",
        ),
    ] = None,
    as_json: _Json = False,
) -> None:
    """Recompute the whole log from its records. Exits 0 if it holds, 1 if anything is wrong."""
    path = directory_of(context, directory)
    try:
        key = vkey_beside(path) if vkey is None else read_vkey(vkey)
        saved = None if older is None else read_file(older)
        asked = quorum_of(witness or (), quorum)
        with _progress(hidden=as_json) as progress:
            report = verify(
                path,
                key,
                saved,
                derived=Derived(tiles=tiles),
                quorum=asked,
                jobs=jobs,
                progress=progress,
            )
    except LedgerError as error:
        if as_json:
            index = error.index if isinstance(error, VerificationError) else None
            print_json({"verified": False, "error": str(error), "index": index})
            raise typer.Exit(1) from None
        fail(str(error))
    if as_json:
        print_json(report_as_json(report))
    else:
        print_report(report)


@app.command()
def checkpoint(context: typer.Context, directory: Directory = None) -> None:
    """Print the signed checkpoint: save it elsewhere, and later `audit verify --from` it."""
    with ledger_errors(), read_ledger(directory_of(context, directory)) as reader:
        sys.stdout.write(reader.signed_checkpoint.decode())


app.command("prove")(audit_proofs.prove)
app.command("check-proof")(audit_proofs.check)
app.command()(audit_payload.payload)
app.command()(audit_shred.shred)
app.command()(audit_cosigned.cosigned)
app.command("rotate-key")(audit_rotate.rotate_key)
audit_export.register(app)
audit_retention.register(app)
app.command()(audit_search.search)
app.command()(audit_review.review)
app.command()(audit_review.alerts)
app.command()(audit_index.index)


# -- printing


def _stream(
    directory: Path, query: Query, show: Callable[[LoggedRecord], None], *, follow: bool
) -> None:
    """Print records as they are read, and with `follow` those that come later."""
    last = -1
    while True:
        with read_ledger(directory) as reader:
            for logged in reader.search(query):
                show(logged)
                last = logged.index
            last = max(last, reader.checkpoint.size - 1)
        sys.stdout.flush()
        if not follow:
            return
        time.sleep(_FOLLOW_SECONDS)
        query = replace(query, after=last, before=None, limit=None)


def _print_line(logged: LoggedRecord) -> None:
    print_json(record_as_json(logged))


@contextmanager
def _progress(*, hidden: bool) -> Iterator[Callable[[int, int], None]]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    console = Console(stderr=True)
    columns = (TextColumn("verifying"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    disabled = hidden or not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=disabled) as bar:
        task = bar.add_task("verify", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
