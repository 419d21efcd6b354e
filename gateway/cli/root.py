"""The root of the command line: the options that every command shares."""

from __future__ import annotations

import sys
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
from gateway.cli.common import fail
from gateway.cli.owner import advice_for
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
        typer.Option(
            help="Data directory.", envvar="INTRAMURAL_DATA", show_default=".local", readable=False
        ),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            help="Settings file.",
            envvar="INTRAMURAL_CONFIG",
            show_default="intramural.toml in --data",
            readable=False,
        ),
    ] = None,
    _show_version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    if "--help" in sys.argv and "--" not in sys.argv:
        return  # A mistake in the settings is a reason to read the help.
    try:
        settings = load(data, config)
    except SettingsError as error:
        fail(str(error), 2)
    # A witness has a directory of its own.
    if context.invoked_subcommand != "witness" and (advice := advice_for(settings.data)):
        fail(advice, 2)
    context.obj = settings
