"""`intramural detect eval`: how good detection is on notes that a hospital annotated itself."""

from __future__ import annotations

import asyncio
import datetime as dt
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.common import fail, print_json
from gateway.cli.opening import open_local_detector
from gateway.cli.writing import check_free, write_new
from gateway.domain.errors import ExchangeError

if TYPE_CHECKING:
    from gateway.detection.detector import PresidioDetector
    from gateway.evaluation.notes import Note
    from gateway.evaluation.run import Evaluation

_SHORT = 3
"""Exit status where the figures do not meet the demands: 1 and 2 say that there are no figures."""


def register(group: typer.Typer) -> None:
    """Add the command to the group `detect`."""
    group.command(name="eval")(evaluate)


def _share(text: str) -> typer.models.OptionInfo:
    option: typer.models.OptionInfo = typer.Option(min=0, max=1, help=text, show_default=False)
    return option


def evaluate(  # noqa: PLR0913, PLR0917 - each argument is an option
    context: typer.Context,
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="NOTES...", help='JSONL: {"id", "text", "spans": [{"start", "end", "label"}]}.'
        ),
    ],
    min_recall: Annotated[float | None, _share("Least recall of direct identifiers.")] = None,
    min_phi_recall: Annotated[float | None, _share("Least recall of all PHI.")] = None,
    max_visible: Annotated[
        float | None, _share("Most of the characters of PHI that may stay visible.")
    ] = None,
    min_precision: Annotated[float | None, _share("Least precision.")] = None,
    min_clean: Annotated[
        float | None, _share("Least share of documents that leak nothing.")
    ] = None,
    max_false: Annotated[
        float | None,
        typer.Option(
            min=0, max=1000, help="Most false findings per 1,000 characters.", show_default=False
        ),
    ] = None,
    html: Annotated[
        Path | None, typer.Option(help="Write a page with each miss. It quotes the notes.")
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite that page.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="One line of JSON for each file.")
    ] = False,
) -> None:
    """Measure detection on annotated notes. Exit status 3: a demand is not met in a file."""
    from gateway.evaluation import report as reports
    from gateway.evaluation.demands import Demands, shortfalls
    from gateway.evaluation.notes import NotesError, read
    from gateway.evaluation.page import write

    check_free(html, force=force)
    demands = Demands(min_recall, min_phi_recall, max_visible, min_precision, max_false, min_clean)
    try:
        sets = [(path.stem, read(path)) for path in files]
    except NotesError as error:
        fail(str(error), 2)
    try:
        detector = open_local_detector(context)
        try:
            done = asyncio.run(_run(detector, sets))
        finally:
            detector.close()
    except ExchangeError as error:
        fail(error.message)
    met = True
    for each in done:
        told = reports.report(each)
        if as_json:
            print_json(told)
        else:
            for line in (*reports.lines(told), "", *reports.recognizer_lines(told), ""):
                typer.echo(line)
        for short in shortfalls(each.figures, demands):
            met = False
            typer.secho(f"intramural: {each.set}: {short}", err=True, fg="red")
    if html is not None:
        write_new(html, write(done, dt.datetime.now(dt.UTC)).encode(), force=force)
        typer.secho(f"Wrote {html}: it quotes the notes, keep it like them.", err=True)
    if not met:
        raise typer.Exit(_SHORT)


async def _run(detector: PresidioDetector, sets: list[tuple[str, list[Note]]]) -> list[Evaluation]:
    from gateway.evaluation.run import evaluate as measure

    return [
        await measure(detector, notes, name=name, say=_counter(name, len(notes)))
        for name, notes in sets
    ]


def _counter(name: str, total: int) -> Callable[[int], None]:
    """Return what tells a person at a terminal how far it is."""

    def say(count: int) -> None:
        if sys.stderr.isatty():
            end = "\n" if count == total else ""
            sys.stderr.write(f"\r{name}: {count} of {total} notes{end}")
            sys.stderr.flush()

    return say
