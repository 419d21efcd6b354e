"""What every command does alike: settings out of the context, errors as one line, exit status 1."""

from __future__ import annotations

import sys
from typing import Any, NoReturn

import msgspec
import typer

from gateway.settings import Settings


def settings_of(context: typer.Context) -> Settings:
    """Return the settings that the root callback read."""
    settings = context.obj
    if not isinstance(settings, Settings):
        raise TypeError("the root callback did not run")
    return settings


def fail(message: str, status: int = 1) -> NoReturn:
    """Say on standard error what is wrong and what to do, and exit."""
    typer.secho(f"intramural: {message}", err=True, fg="red")
    raise typer.Exit(status)


def examples(*commands: str) -> str:
    """Return what the help of a group ends with: one line a command, none of them wrapped."""
    return "\n".join(("\b", "Examples:", *(f"  intramural {command}" for command in commands)))


def print_json(value: Any) -> None:  # noqa: ANN401 - any value that msgspec can encode
    """Print `value` as one line of JSON, for scripts (`--json`)."""
    sys.stdout.write(msgspec.json.encode(value).decode() + "\n")
