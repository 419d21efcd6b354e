"""What each role can do, and what another release changes about it, as people are shown it."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from gateway.policy.powers import Changes, Powers, Row

_FEW = 8
"""More purposes than this are counted, not named, in the table; `--json` names all."""


def as_json(outcomes: Powers) -> list[dict[str, object]]:
    """Return rows for a program."""
    from gateway.policy.powers import rows

    return [
        {
            "kind": str(row.who.kind),
            "who": row.who.name,
            "models": list(row.models),
            "actions": [str(action) for action in row.actions],
            "purposes": [str(purpose) for purpose in row.purposes],
            "profile": row.outcome,
        }
        for row in rows(outcomes)
    ]


def changes_as_json(changes: Changes) -> dict[str, object]:
    """Return the differences for a program."""
    return {
        "gained": as_json(changes.gained),
        "lost": as_json(changes.lost),
        "other_profile": as_json(changes.other_profile),
        "treatments": list(changes.treatments),
    }


def show(outcomes: Powers, changes: Changes | None, named: Collection[str]) -> None:
    """Print what each can do, and then what is different from what is compared with."""
    from rich.console import Console

    console = Console(highlight=False)
    if outcomes:
        print_powers(console, outcomes, named, "What each role can do, held alone")
    if changes is not None:
        print_changes(console, changes, named)


def print_powers(console: Console, outcomes: Powers, named: Collection[str], title: str) -> None:
    """Print who can do what, a row for each that is alike."""
    from rich.table import Table
    from rich.text import Text

    from gateway.policy.powers import rows

    table = Table("who", "for", "may", "with", "profile", title=title)
    for row in rows(outcomes):
        table.add_row(*map(Text, _cells(row, named)))
    console.print(table)


def print_changes(console: Console, changes: Changes, named: Collection[str]) -> None:
    """Print what is gained (+), lost (-) and treated otherwise (~)."""
    from rich.text import Text

    from gateway.policy.powers import rows

    for mark, style, outcomes in (
        ("+", "green", changes.gained),
        ("-", "red", changes.lost),
        ("~", "yellow", changes.other_profile),
    ):
        for row in rows(outcomes):
            who, purposes, actions, models, outcome = _cells(row, named)
            line = f"{mark} {who}: {actions} for {purposes} with {models} ({outcome})"
            console.print(Text(line, style=style), soft_wrap=True)
    for sentence in changes.treatments:
        console.print(Text(f"~ {sentence}", style="yellow"), soft_wrap=True)
    if changes.none:
        console.print("nobody gains or loses anything, and no profile treats anything otherwise")


def _cells(row: Row, named: Collection[str]) -> tuple[str, str, str, str, str]:
    from gateway.domain.exchange import Action, Purpose

    purposes = ", ".join(row.purposes)
    if len(row.purposes) == len(Purpose):
        purposes = "every purpose"
    elif len(row.purposes) > _FEW:
        purposes = f"{', '.join(row.purposes[:_FEW])}, and {len(row.purposes) - _FEW} more"
    actions = "everything" if len(row.actions) == len(Action) else ", ".join(row.actions)
    models = "any model" if set(row.models) == set(named) else ", ".join(row.models)
    return str(row.who), purposes, actions, models, row.outcome
