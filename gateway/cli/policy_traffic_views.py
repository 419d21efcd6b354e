"""Reports over traffic as people read them: on a terminal, and as a page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from rich.console import Console
from rich.table import Table as Grid
from rich.text import Text

from gateway.policy.explain import spoken
from gateway.policy.simulation.necessary import Line, Need, Unused
from gateway.policy.simulation.replay import Findings, Treatment, Who
from gateway.policy.simulation.tallies import Table, Tally
from gateway.policy.simulation.texts import TextFindings

_ENTITY: Final = "entity type"
_SHOWN: Final = 20
"""Rows of a table on a terminal; --json and --csv have all of them."""


def print_simulation(
    found: Findings, candidate: str, against: str, texts: TextFindings | None = None
) -> None:
    """Print what a replay found, the gravest first, and then what a rereading of texts did."""
    console = Console()
    console.print(Text(f"candidate {candidate}\n  against {against}"))
    console.print(
        Text(
            f"{found.records:,} records, of which policy had decided {found.decisions:,}; "
            f"{found.same:,} of these the same as before"
        )
    )
    _access(console, "Would lose access", found.loses)
    _access(console, "Would gain access", found.gains)
    _print(
        console,
        ("client", "purpose", "profile before", "after", "records", "examples"),
        "Would come under another profile",
        (
            (client, purpose.value, before, after, *_numbers(tally))
            for (client, purpose, before, after), tally in found.profiles
        ),
    )
    _print(
        console,
        (_ENTITY, "before", "after", "profile", "findings", "records", "examples"),
        "Would be treated otherwise",
        (
            (*_treatment(each), f"{tally.findings:,}", *_numbers(tally))
            for each, tally in found.operators
        ),
    )
    _print(
        console,
        ("limit", "profile", "value", "most seen", "records", "examples"),
        "Limits that would bite",
        (
            (each.limit, each.profile, f"{each.value:,}", f"{tally.most:,}", *_numbers(tally))
            for each, tally in found.limits
        ),
    )
    _print(
        console,
        ("profile before", "after", "records", "examples"),
        "Replies in which pseudonyms would stay",
        ((before, after, *_numbers(tally)) for (before, after), tally in found.unrestored),
    )
    _print(
        console,
        ("profile before", "after", "findings", "records", "examples"),
        "Exchanges whose stand-ins would newly come back to the caller",
        (
            (before, after, f"{tally.findings:,}", *_numbers(tally))
            for (before, after), tally in found.restored
        ),
    )
    _print(
        console,
        ("profile before", "keeps", "after", "keeps", "records", "examples"),
        "Exchanges of which other texts would be kept",
        (
            (old, kept, new, keeps, *_numbers(tally))
            for (old, kept, new, keeps), tally in found.kept
        ),
    )
    _actors(console, "Not decided again: nobody knows their roles then", found.unknown)
    _actors(console, "Decided otherwise than recorded, so not to be trusted", found.otherwise)
    if texts is not None:
        _print_texts(console, texts)


def _print_texts(console: Console, found: TextFindings) -> None:
    """Print what would become of kept texts: counts and records, never a text."""
    console.print(
        Text(
            f"\n{found.opened:,} exchanges of which the texts were read again; "
            f"{found.same:,} of them come out the same"
        )
    )
    for each, findings in found.untreated:
        sentence = f"{findings:,} {each.entity} would reach a model as they stand"
        console.print(Text(f"  {sentence} ({each.profile_after})", style="bold"))
    _print(
        console,
        ("profile before", "its answer", "after", "its answer", "records", "examples"),
        "Texts that one release refuses and the other does not",
        (
            (each.profile_before, each.before, each.profile_after, each.after, *_numbers(tally))
            for each, tally in found.refused
        ),
    )
    _print(
        console,
        (_ENTITY, "before", "after", "profile", "findings", "records", "examples"),
        "In these texts would be treated otherwise",
        (
            (*_treatment(each), f"{tally.findings:,}", *_numbers(tally))
            for each, tally in found.operators
        ),
    )
    _print(
        console,
        ("profile before", "after", "records", "examples"),
        "Texts that an engine would read otherwise",
        ((before, after, *_numbers(tally)) for (before, after), tally in found.differ),
    )
    _print(
        console,
        (_ENTITY, "today", "findings", "records", "examples"),
        "Found otherwise today than the records say",
        (
            (
                *(each.entity, "more" if each.more else "fewer"),
                *(f"{tally.findings:,}", *_numbers(tally)),
            )
            for each, tally in found.types
        ),
    )
    _print(
        console,
        ("texts that were not read again", "records", "examples"),
        "Not read again",
        ((why.value, *_numbers(tally)) for why, tally in found.unopened),
    )


def _treatment(each: Treatment) -> tuple[str, str, str, str]:
    same = each.profile_before == each.profile_after
    return (
        *(each.entity, spoken(each.before), spoken(each.after)),
        each.profile_after if same else f"{each.profile_before} → {each.profile_after}",
    )


def print_necessary(found: Sequence[Line], idle: Sequence[Unused], records: int) -> None:
    """Print what was sent and is not needed, and what to do about it."""
    console = Console()
    console.print(Text(f"{records:,} records"))
    for need, title in (
        (Need.NOT_NEEDED, "Sent, and not needed"),
        (Need.UNSTATED, "Sent for a purpose about which nobody has said what it needs"),
    ):
        some = [line for line in found if line.need is need]
        if some:
            console.print(Text(f"\n{title}", style="bold"))
        for line in some[:_SHOWN]:
            console.print(Text(f"  {line.sentence()}"))
            console.print(Text(f"      → {line.suggestion}", style="dim"))
        _more(console, len(some))
    if idle:
        console.print(Text("\nNeeded, they say, and never sent", style="bold"))
        for each in idle[:_SHOWN]:
            console.print(
                Text(f"  {each.purpose} needs {each.entity}: in none of {each.of:,} exchanges")
            )
        _more(console, len(idle))
    if not any(line.need is Need.NOT_NEEDED for line in found):
        console.print(Text("Nothing was sent that a purpose is said not to need."))


def necessary_page(
    found: Sequence[Line],
    idle: Sequence[Unused],
    records: int,
    release: str,
    span: tuple[str | None, str | None],
) -> str:
    """Return the same as a page."""
    from gateway import __version__
    from gateway.pages.writing import page

    return page(
        "necessary.html",
        lines=found,
        idle=idle,
        records=records,
        release=release,
        since=span[0],
        until=span[1],
        version=__version__,
        not_needed=Need.NOT_NEEDED,
    )


def _access(console: Console, title: str, table: Table[Who]) -> None:
    _print(
        console,
        (
            *("caller", "client", "action", "purpose", "model"),
            *("before", "after", "records", "examples"),
        ),
        title,
        (
            (
                *(who.actor, who.client, who.action.value, who.purpose.value, who.model),
                *(who.before, who.after, *_numbers(tally)),
            )
            for who, tally in table
        ),
    )


def _actors(console: Console, title: str, table: Table[str]) -> None:
    rows = ((actor, *_numbers(tally)) for actor, tally in table)
    _print(console, ("caller", "records", "examples"), title, rows)


def _print(
    console: Console, header: Sequence[str], title: str, rows: Iterable[Sequence[str]]
) -> None:
    every = list(rows)
    if not every:
        return
    grid = Grid(title=title, title_justify="left")
    for name in header:
        # Half an entity type says nothing; the numbers of examples may go on in the next line.
        grid.add_column(name, no_wrap=name == _ENTITY, overflow="fold")
    for row in every[:_SHOWN]:
        grid.add_row(*map(Text, row))
    console.print(grid)
    _more(console, len(every))


def _more(console: Console, count: int) -> None:
    if count > _SHOWN:
        console.print(Text(f"… and {count - _SHOWN:,} more: --json or --csv", style="dim"))


def _numbers(tally: Tally) -> tuple[str, str]:
    return f"{tally.records:,}", " ".join(map(str, tally.examples))
