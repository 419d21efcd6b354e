"""The root of the command line: the options that every command shares."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gateway import __version__
from gateway.cli import (
    audit,
    demo,
    doctor,
    engine,
    engine_cluster,
    engine_devices,
    engine_serve,
    grants,
    keys,
    model,
    policy,
    redact,
    serve,
    text,
    usage,
    witness,
)
from gateway.settings import SettingsError, load

app = typer.Typer(
    name="intramural",
    help="A privacy gateway for language models in hospitals.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,  # Locals may hold a caller's text (invariant 6).
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.add_typer(audit.app, name="audit")
engine_devices.register(engine.app)
engine_serve.register(engine.app)
engine.app.add_typer(engine_cluster.app, name="cluster")
app.add_typer(engine.app, name="engine")
app.add_typer(grants.app, name="grants")
app.add_typer(keys.app, name="keys")
app.add_typer(model.app, name="model")
app.add_typer(policy.app, name="policy")
app.add_typer(witness.app, name="witness")
for command in (serve, demo, doctor, text, redact, usage):
    command.register(app)


def _version(value: bool) -> None:
    if value:
        typer.echo(f"intramural {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    context: typer.Context,
    data: Annotated[
        Path | None,
        typer.Option(help="Data directory.", envvar="INTRAMURAL_DATA", show_default=".local"),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            help="Settings file.",
            envvar="INTRAMURAL_CONFIG",
            show_default="intramural.toml in --data",
        ),
    ] = None,
    _show_version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    try:
        context.obj = load(data, config)
    except SettingsError as error:
        typer.secho(f"intramural: {error}", err=True, fg="red")
        raise typer.Exit(2) from None
