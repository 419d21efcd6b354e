"""`intramural audit prove` and `check-proof`: one record's proof as a file, checked offline."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.audit_arguments import Directory, find, ledger_errors, looking, read_file
from gateway.cli.common import fail, print_json
from gateway.files import replace_file
from gateway.ledger.errors import LedgerError
from gateway.ledger.proofs import check_proof, make_proof
from gateway.ledger.publickeys import read_vkey


def prove(
    context: typer.Context,
    what: Annotated[
        str, typer.Argument(metavar="EXCHANGE|INDEX", help="Which record; it has to be one.")
    ],
    out: Annotated[Path, typer.Option(help="File for the proof, usually named NAME.tlog-proof.")],
    leaf: Annotated[
        Path | None, typer.Option(help="File for the record itself, to the byte.")
    ] = None,
    directory: Directory = None,
) -> None:
    """Write the proof that the log holds a record, for somebody who has only the public key."""
    with ledger_errors(), looking(context, directory, what) as reader:
        records = find(reader, what)
        if not records:
            fail("there is no such record")
        if len(records) > 1:
            indices = " and ".join(str(logged.index) for logged in records)
            fail(f"this exchange has the records {indices}: name one of them", status=2)
        proof = make_proof(reader, records[0])
        _write(out, proof.encode())
        if leaf is not None:
            _write(leaf, records[0].leaf)
    typer.echo(f"record {proof.index}, proved in {out}")


def check(
    proof: Annotated[Path, typer.Argument(metavar="FILE", help="The proof.")],
    vkey: Annotated[Path, typer.Option(help="File with the public key of the log.")],
    leaf: Annotated[Path, typer.Option(help="File with the record, to the byte; - for stdin.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Check a proof offline. Exits 0 if the signed log holds the record, 1 if not proved."""
    try:
        content = sys.stdin.buffer.read() if str(leaf) == "-" else read_file(leaf)
        proved = check_proof(read_file(proof), content, read_vkey(vkey))
    except LedgerError as error:
        if as_json:
            print_json({"verified": False, "error": str(error)})
            raise typer.Exit(1) from None
        fail(str(error))
    if as_json:
        print_json(
            {
                "verified": True,
                "index": proved.index,
                "origin": proved.checkpoint.origin,
                "size": proved.checkpoint.size,
                "root": proved.checkpoint.root.hex(),
            }
        )
    else:
        typer.echo(
            f"This is record {proved.index} of the log of {proved.checkpoint.size} records that "
            f"{proved.checkpoint.origin} signed."
        )


def _write(path: Path, content: bytes) -> None:
    try:
        replace_file(path, content, 0o600)
    except OSError as error:
        raise LedgerError(f"{path} cannot be written: {error.strerror}") from None
