"""`intramural doctor`: is everything as it should be, and what to do where it is not."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.cli.common import print_json, settings_of


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(doctor)


def doctor(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, one object a line.")] = False,
) -> None:
    """Examine the installation; exit 1 if something has failed."""
    from rich.console import Console

    from gateway.doctor import Verdict, examine

    console = Console(highlight=False)
    marks = {
        Verdict.OK: "[green]✓[/]",
        Verdict.WARNING: "[yellow]![/]",
        Verdict.FAILED: "[red]✗[/]",
    }
    failed = False
    for diagnosis in examine(settings_of(context)):
        failed |= diagnosis.verdict is Verdict.FAILED
        if as_json:
            print_json(diagnosis)
            continue
        console.print(f"{marks[diagnosis.verdict]} {diagnosis.check:15} ", end="")
        console.print(diagnosis.found, markup=False)
        if diagnosis.advice:
            console.print(f"  {'':15} → {diagnosis.advice}", markup=False, style="dim")
    if failed:
        raise typer.Exit(1)
