"""The command `intramural`: one file for each group of commands, and shell completion for all."""

from __future__ import annotations

from gateway.cli.root import app

__all__ = ["main"]


def main() -> None:
    """Run the command line."""
    app()
