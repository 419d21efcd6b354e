"""A group of commands of which one is meant where none is named: `detect note.txt`."""

from __future__ import annotations

from typing import Any, ClassVar

from typer.core import TyperGroup


class DefaultGroup(TyperGroup):
    """Its command `default` takes what begins with no command's name, and nothing at all.

    A file with the name of a command is meant by its path: `./eval`.
    """

    default: ClassVar[str]

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # noqa: ANN401 - typer's context
        """Put the default command in front where the first word is none and no `--help`."""
        own = {option for each in self.get_params(ctx) for option in each.opts}
        if not args or (args[0] not in self.commands and args[0] not in own):
            args = [self.default, *args]
        parsed: list[str] = super().parse_args(ctx, args)
        return parsed
