"""How `intramural audit` shows records, proofs and reports: tables for people, JSON for programs.

A leaf holds printable ASCII only, so nothing that is shown here can steer a terminal.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

import typer

from gateway.domain.records import (
    Access,
    Admin,
    Alert,
    Difference,
    Intent,
    Outcome,
    Record,
    Refusal,
    Review,
    kind_of,
)
from gateway.ledger.query import Inclusion, LedgerReader, LoggedRecord
from gateway.ledger.verifier import VerificationReport

_WIDE: Final = 140
"""Columns of a terminal that has room for whole exchange ids."""
_SHORT_ID: Final = 12
_DIGEST: Final = re.compile(r"\b([0-9a-f]{8})[0-9a-f]{56}\b")
"""What would be a column of eight lines on a terminal of 80 columns."""


def print_row(logged: LoggedRecord) -> None:
    """Print a record as one line of text."""
    typer.echo("  ".join(_row(logged)))


def print_table(records: Iterator[LoggedRecord]) -> None:
    """Print records as a table, or say that there are none."""
    from rich.table import Table

    console = _console()
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("INDEX", "TIME", "KIND", "EXCHANGE", "WHO", "WHAT", "HOW"):
        table.add_column(
            name,
            justify="right" if name == "INDEX" else "left",
            no_wrap=name in {"INDEX", "TIME", "KIND"},
            overflow="fold",
        )
    for logged in records:
        index, when, kind, exchange, *rest = _row(logged)
        if console.width < _WIDE:
            exchange = exchange[-_SHORT_ID:]  # `show` takes the index as well.
            rest = [_DIGEST.sub(r"\1…", cell) for cell in rest]
        table.add_row(index, when, kind, exchange, *rest)
    if table.row_count == 0:
        typer.echo("no records")
        return
    console.print(table)


def _row(logged: LoggedRecord) -> tuple[str, ...]:  # noqa: PLR0911 - one row for each kind
    record = logged.record
    start = (str(logged.index), moment(record.time), kind_of(record).value, record.exchange)
    match record:
        case Intent():
            found = sum(record.findings.values())
            what = f"{record.action} {record.purpose} {record.model}"
            return (*start, record.actor, what, f"{record.profile}, {found} findings")
        case Outcome():
            how = f"{record.status}" + (f", {record.code}" if record.code else "")
            how += f", cache {record.cache}" if record.cache else ""
            what = f"{record.prompt_tokens} + {record.completion_tokens} tokens"
            return (*start, "", what, how)
        case Refusal():
            what = " ".join(p for p in (record.action, record.purpose, record.model) if p)
            return (*start, record.actor, what, record.code)
        case Admin():
            return (*start, record.actor, record.act, record.target)
        case Access():
            how = f"{record.code}" if record.code else ""
            return (*start, record.actor, f"{record.access} {record.target}".rstrip(), how)
        case Review():
            return (*start, record.actor, f"record {record.record}", record.state or "comment")
        case Alert():
            return (*start, record.actor, f"record {record.record}", record.rule)
        case Difference():
            return (*start, "", record.release[:12], record.code or record.profile or "")


def moment(milliseconds: int) -> str:
    """Return a time as people read it, in UTC."""
    try:
        when = datetime.fromtimestamp(milliseconds / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return f"{milliseconds} ms"  # A clock may be wrong by more than a calendar holds.
    return when.strftime("%Y-%m-%d %H:%M:%S")


# -- show


def print_records(reader: LedgerReader, proofs: list[tuple[LoggedRecord, Inclusion]]) -> None:
    """Print every field of each record, and that it was proved to be in the log."""
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
            yield label, f"{moment(value)} UTC"
        elif name == "findings" and value is not None:
            yield label, ", ".join(f"{kind} {n}" for kind, n in sorted(value.items())) or "none"
        elif name == "rules":
            yield label, ", ".join(value) or "none"
        elif value is not None:
            yield label, str(value)


def print_report(report: VerificationReport) -> None:
    """Print what a verification found to hold."""
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
    table.add_row("tiles", "those of the records" if report.tiles else "not compared")
    table.add_row("root", report.root.hex())
    table.add_row("key", report.key.encode())
    if report.dropped:
        table.add_row("dropped", f"{report.dropped:,} at the beginning, by their hashes")
    if report.older is None:
        table.add_row("compared with", "no checkpoint from elsewhere (--from)")
    else:
        table.add_row("compared with", f"a checkpoint of {report.older:,} records: continued")
    if report.second:
        table.add_row("second signature", "ML-DSA-44, under the published checkpoint")
    if report.witnesses is not None and report.witnessed is not None:
        since = moment(report.witnesses.time * 1000)
        table.add_row("witnessed by", ", ".join(report.witnesses.by))
        table.add_row("  records", f"{report.witnessed:,}, by {since} UTC")
        table.add_row(
            "  since then", f"{report.size - report.witnessed:,}, by this log's key alone"
        )
    elif report.witnessed is not None:
        table.add_row("witnessed", f"{report.witnessed:,} records, as the log says (--witness)")
    console.print(table)


def report_as_json(report: VerificationReport) -> dict[str, Any]:
    """Return what a verification found to hold."""
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
        "tiles": report.tiles,
        "dropped": report.dropped,
        "second_signature": report.second,
        "witnessed": report.witnessed,
        "witnesses": None if report.witnesses is None else report.witnesses.by,
        "checkpoint": report.checkpoint.decode(),
    }


def _console() -> Any:  # noqa: ANN401 - rich is imported late, so its type cannot be named here
    from rich.console import Console

    # A file or a pipe has no width; records that were cut to one would be of no use there.
    return Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else 500)
