"""`intramural engine`: the engine without the gateway."""

from __future__ import annotations

import typer

from gateway.cli.common import examples

app = typer.Typer(
    help="The engine, without the gateway.",
    no_args_is_help=True,
    epilog=examples(
        "engine devices",
        "engine plan --memory 8G --cores 4",
    ),
)


@app.callback()
def _group() -> None:
    """Keep the group a group, however many commands it has."""
