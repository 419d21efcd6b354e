"""`intramural usage`: who used how much, and what it costs by the prices of the site."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from gateway.cli.common import fail, print_json, settings_of
from gateway.usage.report import By


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(usage)


def usage(  # noqa: PLR0913, PLR0917 - each argument is an option
    context: typer.Context,
    first: Annotated[
        str | None,
        typer.Option("--from", metavar="DAY", help="First day, UTC; this month's without."),
    ] = None,
    last: Annotated[
        str | None, typer.Option("--to", metavar="DAY", help="Last day, UTC; today without.")
    ] = None,
    by: Annotated[By, typer.Option(help="What is summed up together.")] = By.DEPARTMENT,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON, one object a line.")] = False,
) -> None:
    """Report requests, tokens, sound and cost, counted from the ledger. Reading it is recorded."""
    from gateway.clock import SystemClock
    from gateway.domain.errors import LedgerUnavailable
    from gateway.ledger.errors import LedgerError
    from gateway.metering import catch_up, open_usage
    from gateway.secretfiles import SecretFileError
    from gateway.usage.report import as_csv, period, report
    from gateway.usage.store import UsageError

    settings = settings_of(context)
    if csv and json:
        fail("--csv or --json, not both", 2)
    try:
        since, until = period(first, last, SystemClock().now_ms())
    except ValueError as error:
        fail(str(error), 2)
    if not settings.ledger.is_dir():
        fail("there is no ledger yet, so nothing was used: `intramural serve` begins it")
    try:
        from gateway.cli.recorder import record_report

        record_report(settings, "usage")
        store = open_usage(settings.state)
        try:
            catch_up(settings.ledger, store, _progress)
            lines = report(store.rows(since, until), by, settings.usage)
        finally:
            store.close()
    except (LedgerError, LedgerUnavailable, SecretFileError, UsageError) as error:
        fail(str(error))
    if csv:
        sys.stdout.write(as_csv(lines, by, settings.usage.currency))
        return
    if json:
        for line in lines:
            print_json(line)
        return
    from msgspec.structs import asdict
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column(by.value, overflow="fold")
    columns = ["requests", "failures", "refusals", "cache_hits", "prompt_tokens"]
    columns += ["completion_tokens", "audio_seconds", "cost"]
    for name in columns:
        # Headers of two lines: it fits a terminal of eighty columns.
        table.add_column(name.replace("_", "\n"), no_wrap=True, justify="right")
    for line in lines:
        cells = asdict(line)
        shown = ["" if cells[name] is None else str(cells[name]) for name in columns]
        table.add_row(Text(line.name), *shown)
    Console().print(table)


def _progress() -> None:
    if sys.stderr.isatty():
        typer.echo(".", nl=False, err=True)
