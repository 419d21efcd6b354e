"""`intramural audit`: what was recorded, and whether the record is whole."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from gateway.cli.common import fail, print_json, settings_of
from gateway.domain.errors import Code
from gateway.domain.exchange import Purpose
from gateway.domain.records import Admin, Intent, Kind, Outcome, Record, Refusal, kind_of
from gateway.ledger.errors import LedgerError, VerificationError
from gateway.ledger.query import (
    DEFAULT_LIMIT,
    Inclusion,
    LedgerReader,
    LoggedRecord,
    Query,
    read_ledger,
    read_vkey,
)
from gateway.ledger.verifier import VerificationReport, verify

app = typer.Typer(
    help="Read the audit ledger and verify that it is whole.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

_FOLLOW_SECONDS: Final = 1.0
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_AGO: Final = re.compile(r"(\d{1,6})([smhdw])\Z")

_Dir = Annotated[
    Path | None, typer.Option("--dir", help="Directory of the log.", show_default="this node's")
]
_Json = Annotated[bool, typer.Option("--json", help="Print JSON, one object to a line.")]


# Each option of a command is an argument of its function.
@app.command("list")
def list_records(  # noqa: PLR0913, PLR0917
    context: typer.Context,
    actor: Annotated[str | None, typer.Option(help="Only what this caller did.")] = None,
    kind: Annotated[Kind | None, typer.Option(help="Only records of this kind.")] = None,
    code: Annotated[Code | None, typer.Option(help="Only records with this code.")] = None,
    exchange: Annotated[str | None, typer.Option(help="Only this exchange.")] = None,
    purpose: Annotated[Purpose | None, typer.Option(help="Only this purpose of use.")] = None,
    since: Annotated[
        str | None, typer.Option(help="From this time on: 2026-11-22, 2026-11-22T08:00, or 2h ago.")
    ] = None,
    until: Annotated[str | None, typer.Option(help="Before this time; as --since.")] = None,
    limit: Annotated[int, typer.Option(min=0, help="The newest so many; 0 for all.")] = (
        DEFAULT_LIMIT
    ),
    follow: Annotated[bool, typer.Option(help="Wait for more until interrupted.")] = False,
    as_json: _Json = False,
    directory: _Dir = None,
) -> None:
    """List records, the newest last. Times are UTC."""
    query = Query(
        actor=actor,
        kind=kind,
        code=code,
        exchange=exchange,
        purpose=purpose,
        since=_time(since),
        until=_time(until),
        limit=limit or None,
    )
    show = _print_line if as_json else _print_row
    with _errors():
        if not follow and not as_json:
            with read_ledger(_directory(context, directory)) as reader:
                _print_table(reader.search(query))
        else:
            _stream(_directory(context, directory), query, show, follow=follow)


@app.command()
def show(
    context: typer.Context,
    what: Annotated[str, typer.Argument(metavar="EXCHANGE|INDEX", help="Which record or records.")],
    as_json: _Json = False,
    directory: _Dir = None,
) -> None:
    """Show every record of an exchange, or one record, and prove that the log holds it."""
    with _errors(), read_ledger(_directory(context, directory)) as reader:
        records = _find(reader, what)
        if not records:
            fail("there is no such record")
        proofs = [(logged, reader.prove(logged)) for logged in records]
        if as_json:
            for logged, proof in proofs:
                print_json({**_as_json(logged), "proof": _proof_as_json(proof)})
        else:
            _print_records(reader, proofs)


@app.command("verify")
def verify_log(
    context: typer.Context,
    older: Annotated[
        Path | None,
        typer.Option("--from", help="A checkpoint saved earlier, which the log must continue."),
    ] = None,
    vkey: Annotated[
        Path | None, typer.Option(help="File with the public key.", show_default="beside the log")
    ] = None,
    directory: _Dir = None,
    as_json: _Json = False,
) -> None:
    """Recompute the whole log from its records. Exits 0 if it holds, 1 if anything is wrong."""
    path = _directory(context, directory)
    try:
        key = read_vkey(vkey or path / "ledger.vkey")
        saved = None if older is None else _read(older)
        with _progress(hidden=as_json) as progress:
            report = verify(path, key, saved, progress=progress)
    except LedgerError as error:
        if as_json:
            index = error.index if isinstance(error, VerificationError) else None
            print_json({"verified": False, "error": str(error), "index": index})
            raise typer.Exit(1) from None
        fail(str(error))
    if as_json:
        print_json(_report_as_json(report))
    else:
        _print_report(report)


@app.command()
def checkpoint(context: typer.Context, directory: _Dir = None) -> None:
    """Print the signed checkpoint: save it elsewhere, and later `audit verify --from` it."""
    with _errors(), read_ledger(_directory(context, directory)) as reader:
        sys.stdout.write(reader.signed_checkpoint.decode())


# -- arguments


def _directory(context: typer.Context, given: Path | None) -> Path:
    return given or settings_of(context).ledger


def _time(text: str | None) -> int | None:
    """Return Unix milliseconds of an ISO 8601 time, UTC unless it says otherwise, or of `2h`."""
    if text is None:
        return None
    if matched := _AGO.match(text):
        past = timedelta(**{_UNITS[matched[2]]: int(matched[1])})
        return int((datetime.now(UTC) - past).timestamp() * 1000)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        fail(f"not a time: {text!r}; write 2026-11-22, 2026-11-22T08:00 or 2h", status=2)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return int(moment.timestamp() * 1000)


def _find(reader: LedgerReader, what: str) -> tuple[LoggedRecord, ...]:
    if what.isdecimal():
        logged = reader.at(int(what)) if len(what) < len(str(2**63)) else None
        return () if logged is None else (logged,)
    return reader.exchange(what)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise LedgerError(f"{path} cannot be read: {error.strerror}") from None


@contextmanager
def _errors() -> Iterator[None]:
    try:
        yield
    except LedgerError as error:
        fail(str(error))
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


# -- list


def _stream(
    directory: Path, query: Query, show: Callable[[LoggedRecord], None], *, follow: bool
) -> None:
    """Print records as they are read, and with `follow` those that come later."""
    last = -1
    while True:
        with read_ledger(directory) as reader:
            for logged in reader.search(query):
                show(logged)
                last = logged.index
            last = max(last, reader.checkpoint.size - 1)
        sys.stdout.flush()
        if not follow:
            return
        time.sleep(_FOLLOW_SECONDS)
        query = Query(**{**_conditions(query), "after": last, "limit": None})


def _conditions(query: Query) -> dict[str, Any]:
    return {name: getattr(query, name) for name in Query.__dataclass_fields__}


def _print_line(logged: LoggedRecord) -> None:
    print_json(_as_json(logged))


def _print_row(logged: LoggedRecord) -> None:
    typer.echo("  ".join(_row(logged)))


def _print_table(records: Iterator[LoggedRecord]) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("INDEX", "TIME", "KIND", "EXCHANGE", "WHO", "WHAT", "HOW"):
        table.add_column(name, justify="right" if name == "INDEX" else "left", overflow="fold")
    for logged in records:
        table.add_row(*_row(logged))
    if table.row_count == 0:
        typer.echo("no records")
        return
    _console().print(table)


def _row(logged: LoggedRecord) -> tuple[str, ...]:
    record = logged.record
    start = (str(logged.index), _moment(record.time), kind_of(record).value, record.exchange)
    match record:
        case Intent():
            found = sum(record.findings.values())
            what = f"{record.action} {record.purpose} {record.model}"
            return (*start, record.actor, what, f"{record.profile}, {found} findings")
        case Outcome():
            how = f"{record.status}" + (f", {record.code}" if record.code else "")
            what = f"{record.prompt_tokens} + {record.completion_tokens} tokens"
            return (*start, "", what, how)
        case Refusal():
            what = " ".join(p for p in (record.action, record.purpose, record.model) if p)
            return (*start, record.actor, what, record.code)
        case Admin():
            return (*start, record.actor, record.act, record.target)


def _moment(milliseconds: int) -> str:
    try:
        moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return f"{milliseconds} ms"  # A clock may be wrong by more than a calendar holds.
    return moment.strftime("%Y-%m-%d %H:%M:%S")


# -- show


def _print_records(reader: LedgerReader, proofs: list[tuple[LoggedRecord, Inclusion]]) -> None:
    from rich.table import Table

    console = _console()
    for logged, proof in proofs:
        console.print(f"{kind_of(logged.record).value}, record {logged.index}", style="bold")
        table = Table(box=None, show_header=False, pad_edge=True)
        for name, value in _fields(logged.record):
            table.add_row(name, value)
        table.add_row("leaf hash", proof.leaf_hash.hex())
        console.print(table)
        console.print(
            f"  proved to be in the log of {proof.checkpoint.size} records "
            f"that {reader.vkey.name} signed\n",
            style="green",
        )
    if isinstance(proofs[-1][0].record, Intent):
        console.print("still running, or the process ended: there is no outcome yet")


def _fields(record: Record) -> Iterator[tuple[str, str]]:
    for name in record.__dataclass_fields__:
        value = getattr(record, name)
        label = name.replace("_", " ")
        if name == "time":
            yield label, f"{_moment(value)} UTC"
        elif name == "findings":
            yield label, ", ".join(f"{kind} {n}" for kind, n in sorted(value.items())) or "none"
        elif name == "rules":
            yield label, ", ".join(value) or "none"
        elif value is not None:
            yield label, str(value)


def _as_json(logged: LoggedRecord) -> dict[str, Any]:
    import msgspec

    return {"index": logged.index, **msgspec.json.decode(logged.leaf)}


def _proof_as_json(proof: Inclusion) -> dict[str, Any]:
    return {
        "leaf_hash": proof.leaf_hash.hex(),
        "path": [node.hex() for node in proof.path],
        "origin": proof.checkpoint.origin,
        "size": proof.checkpoint.size,
        "root": proof.checkpoint.root.hex(),
    }


# -- verify


@contextmanager
def _progress(*, hidden: bool) -> Iterator[Callable[[int, int], None]]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    console = Console(stderr=True)
    columns = (TextColumn("verifying"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    disabled = hidden or not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=disabled) as bar:
        task = bar.add_task("verify", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _print_report(report: VerificationReport) -> None:
    from rich.table import Table

    console = _console()
    console.print(f"The log of {report.key.name} is whole.", style="bold green")
    table = Table(box=None, show_header=False, pad_edge=True)
    table.add_row("records", f"{report.size:,}")
    for name, count in report.counts.items():
        table.add_row(f"  {name}", f"{count:,}")
    table.add_row("open exchanges", f"{report.open:,}")
    table.add_row("lost exchanges", f"{report.lost:,}")
    table.add_row("checkpoints kept", f"{report.history:,}")
    table.add_row("root", report.root.hex())
    table.add_row("key", report.key.encode())
    if report.older is None:
        table.add_row("compared with", "no checkpoint from elsewhere (--from)")
    else:
        table.add_row("compared with", f"a checkpoint of {report.older:,} records: continued")
    console.print(table)


def _report_as_json(report: VerificationReport) -> dict[str, Any]:
    return {
        "verified": True,
        "origin": report.key.name,
        "key": report.key.encode(),
        "size": report.size,
        "root": report.root.hex(),
        "counts": report.counts,
        "open": report.open,
        "lost": report.lost,
        "history": report.history,
        "published": report.published,
        "older": report.older,
        "checkpoint": report.checkpoint.decode(),
    }


def _console() -> Any:  # noqa: ANN401 - rich is imported late, so its type cannot be named here
    from rich.console import Console

    return Console(highlight=False, markup=False, soft_wrap=not sys.stdout.isatty())
