"""Past traffic for a report: the records of this node's ledger, or of a file of them.

Records are read one after another, so a report over a million of them takes no more memory than one
over a hundred. That somebody looked is recorded before anything is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer

from gateway.cli.audit_arguments import ledger_errors
from gateway.cli.common import fail, settings_of
from gateway.cli.times import moment
from gateway.domain.canonical import decode
from gateway.domain.records import Record

LEDGER: Final = "ledger"
_MAX_LINE: Final = 8192
"""Bytes of a line of a file: a leaf has 2048 at most, and an export puts a proof beside it."""
_STEP: Final = 512
"""Records between two movements of the progress bar."""

Traffic = Annotated[
    str,
    typer.Option(
        metavar="ledger|FILE",
        help="This node's log, or lines of JSON as `audit list --json` prints them.",
    ),
]
Since = Annotated[
    str | None,
    typer.Option("--from", metavar="TIME", help="From 2026-11-22, 2026-11-22T08:00, or 30d, on."),
]
Until = Annotated[str | None, typer.Option("--to", metavar="TIME", help="Before that; as --from.")]
Row = tuple[int, Record]


def feed(
    context: typer.Context,
    source: str,
    span: tuple[str | None, str | None],
    take: Callable[[int, Record], object],
    report: str,
) -> None:
    """Give every record of the span to `take`, in order; `report` is recorded as what is made."""
    since, until = (moment(each) for each in span)
    with ledger_errors(), progress(report) as moved:
        rows = (
            _from_ledger(context, since, report, moved)
            if source == LEDGER
            else _from_file(Path(source), moved)
        )
        for index, record in rows:
            if (since is None or record.time >= since) and (until is None or record.time < until):
                take(index, record)


def _from_ledger(
    context: typer.Context, since: int | None, report: str, moved: Callable[[int, int], None]
) -> Iterator[Row]:
    from gateway.cli.recorder import record_report
    from gateway.ledger.query import read_ledger

    settings = settings_of(context)
    if (settings.ledger / "ledger.db").exists():
        record_report(settings, report)
    with read_ledger(settings.ledger) as reader:
        size = reader.checkpoint.size
        for count, logged in enumerate(reader.walk(since)):
            if count % _STEP == 0:
                moved(logged.index, size)
            yield logged.index, logged.record
        moved(size, size)


def _from_file(path: Path, moved: Callable[[int, int], None]) -> Iterator[Row]:
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            done = 0
            for number, line in enumerate(iter(lambda: file.readline(_MAX_LINE + 1), b""), 1):
                done += len(line)
                if number % _STEP == 0:
                    moved(done, size)
                if line.strip():
                    yield _row(path, number, line)
    except OSError as error:
        fail(f"{path} cannot be read: {error.strerror}")


def _row(path: Path, number: int, line: bytes) -> Row:
    try:
        values = msgspec.json.decode(line, type=dict[str, object])
        index = values.pop("index", None)
        for extra in ("proof", "leaf_hash"):
            values.pop(extra, None)
        leaf = msgspec.json.encode(values, order="sorted")
        if len(line) > _MAX_LINE or type(index) is not int or not 0 <= index < 2**53:
            raise ValueError  # noqa: TRY301 - one message for whatever is wrong with a line
        return index, decode(leaf)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        fail(
            f"{path}:{number}: not a record with its index: make the file with "
            "`intramural audit list --limit 0 --json`"
        )


@contextmanager
def progress(report: str) -> Iterator[Callable[[int, int], None]]:
    """Yield what moves a bar on a terminal: how many are done, of how many."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn
    from rich.progress import TimeRemainingColumn as Remaining

    console = Console(stderr=True)
    columns = (TextColumn("reading"), BarColumn(), TaskProgressColumn(), Remaining())
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task(report, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
