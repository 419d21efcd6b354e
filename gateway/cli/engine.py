"""`intramural engine`: the engine without the gateway."""

from __future__ import annotations

import typer

app = typer.Typer(help="The engine, without the gateway.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep the group a group, however many commands it has."""
