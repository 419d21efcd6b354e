"""`intramural audit index`: how far the search index is, and whether it says what the log does."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Annotated

import typer

from gateway.cli.audit_arguments import ledger_errors
from gateway.cli.common import fail, print_json, settings_of
from gateway.ledger.desk import INDEX_FILE
from gateway.ledger.query import read_ledger
from gateway.ledger.readonly import open_snapshot
from gateway.ledger.search.gathering import Gatherer, continues, differing
from gateway.ledger.search.index import SearchIndex, read_index
from gateway.ledger.search.postings import BLOCK


def index(
    context: typer.Context,
    check: Annotated[bool, typer.Option("--check", help="Compare it with every record.")] = False,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Make it again.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show how much of the log the search index covers; make it again or check it.

    What it does not cover is read from the log: a search is slower then, and finds the same.
    """
    settings = settings_of(context)
    path = settings.state / INDEX_FILE
    if check and rebuild:
        fail("--check or --rebuild, not both", status=2)
    with ledger_errors(), ExitStack() as stack:
        reader = stack.enter_context(read_ledger(settings.ledger))
        name, size = reader.vkey.name, reader.checkpoint.size
        if rebuild:
            db = stack.enter_context(open_snapshot(settings.ledger))
            made = SearchIndex.open(path, name)
            made.empty()
            gatherer = Gatherer(db, made)
            stack.callback(gatherer.close)
            while gatherer.step(size):
                pass
        found = stack.enter_context(read_index(path, name))
        if found is not None and not continues(reader.connection, found, size):
            found = None
        wrong = None if found is None or not check else differing(reader.connection, found)
        covered = 0 if found is None else found.blocks * BLOCK
    if as_json:
        print_json({"records": size, "indexed": covered, "checked": check, "differs": wrong})
    else:
        typer.echo(f"{covered:,} of {size:,} records are in the search index")
        if 0 < size - covered < BLOCK:
            typer.echo(f"the rest is read from the log, until there are {BLOCK:,} of them")
        if check and wrong is None:
            typer.echo("it says what the log says")
    if wrong is not None:
        fail(
            f"it does not say what the log says, first in block {wrong}: somebody changed it, or "
            "its disk did; `intramural audit index --rebuild` makes it again"
        )
