"""The command `intramural`: one file for each group of commands, and shell completion for all."""

from __future__ import annotations

import sys

__all__ = ["main"]

_INTERRUPTED = 130
"""128 and the number of SIGINT, as shells have it."""


def main() -> None:
    """Run the command line."""
    try:
        # Here and not above: who presses Ctrl-C while modules load gets no traceback either.
        from gateway.cli.root import app

        app()
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)
