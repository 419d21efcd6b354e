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
        # A finding stays one line, also in a pipe, which has no width: somebody searches in it.
        console.print(diagnosis.found, markup=False, soft_wrap=True)
        if diagnosis.advice:
            advice = f"  {'':15} → {diagnosis.advice}"
            console.print(advice, markup=False, style="dim", soft_wrap=True)
    if failed:
        raise typer.Exit(1)
