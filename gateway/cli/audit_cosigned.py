"""`intramural audit cosigned`: which witnesses saw the log when it had a record, or was a head."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.audit_arguments import Directory, directory_of, ledger_errors, read_file
from gateway.cli.common import fail, print_json, settings_of
from gateway.domain.notes import VerifierKey
from gateway.ledger.exports.elements import instant
from gateway.ledger.publickeys import read_vkey, vkey_beside, with_beside
from gateway.ledger.witness.cosigned import Cosigned, CosignedLog
from gateway.ledger.witnessed import parse_witness


def cosigned(  # noqa: PLR0913, PLR0917
    context: typer.Context,
    record: Annotated[
        int | None, typer.Argument(min=0, metavar="[INDEX]", help="A record of the log.")
    ] = None,
    older: Annotated[
        Path | None, typer.Option("--from", help="A checkpoint of this log that you hold.")
    ] = None,
    witness: Annotated[
        list[str] | None,
        typer.Option(
            metavar="VKEY|FILE",
            help="A witness whose cosignatures count; repeat for more.",
            show_default="those of the settings",
        ),
    ] = None,
    vkey: Annotated[
        Path | None, typer.Option(help="File with the public key.", show_default="beside the log")
    ] = None,
    directory: Directory = None,
    limit: Annotated[
        int, typer.Option(min=0, help="Without a record: so many, the newest last; 0 is all.")
    ] = 24,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, one object a line.")] = False,
) -> None:
    """Show who cosigned the log: the first kept head that has a record or continues a checkpoint.

    Without either, what is kept: the last of each hour, and the newest.
    """
    if record is not None and older is not None:
        fail("a record or --from, not both", status=2)
    path = directory_of(context, directory)
    with ledger_errors():
        keys = vkey_beside(path) if vkey is None else with_beside(path, read_vkey(vkey))
        log = CosignedLog(path, keys, _witnesses(context, witness, directory))
        if older is not None:
            found: tuple[Cosigned, ...] = (log.first_after(read_file(older)),)
        elif record is not None:
            found = (log.first_with(record),)
        else:
            found = log.newest(limit or None)
        for each in found:
            _show(each, as_json=as_json)
    if not found and not as_json:
        typer.echo("no head of this log was cosigned")


def _witnesses(
    context: typer.Context, named: list[str] | None, directory: Path | None
) -> tuple[VerifierKey, ...]:
    if named:
        return tuple(key for text in named for key in parse_witness(text))
    # Another log's witnesses are not those of these settings.
    return () if directory else tuple(peer.key for peer in settings_of(context).witness.peers)


def _show(head: Cosigned, *, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "size": head.size,
                "root": head.root.hex(),
                "file": str(head.file),
                "witnesses": head.times,
                "unchecked": head.unchecked,
            }
        )
        return
    typer.echo(f"head of {head.size:,} records: {head.file}")
    for name, seconds in head.times.items():
        typer.echo(f"  {instant(1000 * seconds)}  {name}")
    for name in head.unchecked:
        typer.echo(f"  {'not checked':<24}  {name} (--witness names its key)")
