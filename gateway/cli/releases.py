"""Which release a command means: by a directory."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from gateway.cli.common import fail, settings_of

if TYPE_CHECKING:
    from gateway.policy.release import Release


def release_named(context: typer.Context, word: str | None) -> Release:
    """Return the release that `word` names, or the one in force; else say what is wrong."""
    from gateway.policy.problems import PolicyError
    from gateway.policy.release import load

    try:
        return load(settings_of(context).policies if word is None else Path(word))
    except PolicyError as error:
        fail(str(error))
