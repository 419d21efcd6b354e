"""`intramural policy simulate` and `necessary`: policy beside the traffic that there has been."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.common import fail, print_json, settings_of
from gateway.cli.person import As
from gateway.cli.releases import release_named
from gateway.cli.traffic import LEDGER, Since, Traffic, Until, feed
from gateway.cli.writing import check_free, write_new
from gateway.pages.cells import harmless

if TYPE_CHECKING:
    from gateway.domain.exchange import Caller
    from gateway.domain.records import Record
    from gateway.domain.standing import Standing
    from gateway.policy.simulation.replay import Reconstruct
    from gateway.settings import Settings

_Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_Csv = Annotated[bool, typer.Option("--csv", help="Print comma-separated values.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(simulate)
    app.command()(necessary)


def simulate(  # noqa: PLR0913, PLR0917 - each argument is an option
    context: typer.Context,
    release: Annotated[str, typer.Argument(metavar="RELEASE", help="The candidate.")],
    against: Annotated[
        str | None,
        typer.Option(metavar="RELEASE", help="What to compare with.", show_default="in force"),
    ] = None,
    traffic: Traffic = LEDGER,
    since: Since = None,
    until: Until = None,
    texts: Annotated[
        bool, typer.Option("--texts", help="Open kept texts too, under your grants (--as).")
    ] = False,
    json: _Json = False,
    as_csv: _Csv = False,
    _as: As = None,
) -> None:
    """Decide past requests again: who would lose or gain, what would be treated otherwise."""
    from gateway.cli.policy_texts import opening
    from gateway.policy.simulation.replay import Replay
    from gateway.policy.simulation.sides import Side
    from gateway.policy.simulation.text_views import texts_as_json, texts_as_rows
    from gateway.policy.simulation.views import CSV_HEADER, as_json, as_rows

    candidate, base = (Side(release_named(context, each)) for each in (release, against))
    replay = Replay(candidate, base, _callers(settings_of(context)))
    with opening(context, traffic) if texts else nullcontext() as reading:

        def take(index: int, record: Record) -> None:
            past = replay.take(index, record)
            if reading is not None and past is not None:
                reading.choose(past)

        feed(context, traffic, (since, until), take, "simulation")
        if reading is not None:
            reading.open()
    found = None if reading is None else reading.found
    if json:
        more = {} if found is None else {"texts": texts_as_json(found)}
        print_json(as_json(replay.found, candidate.digest, base.digest) | more)
    elif as_csv:
        _print_csv(CSV_HEADER, chain(as_rows(replay.found), texts_as_rows(found)))
    else:
        from gateway.cli.policy_traffic_views import print_simulation

        print_simulation(replay.found, candidate.digest, base.digest, found)


def necessary(  # noqa: PLR0913, PLR0917 - each argument is an option
    context: typer.Context,
    release: Annotated[
        str | None,
        typer.Argument(metavar="[RELEASE]", help="Whose purposes and profiles; default: in force."),
    ] = None,
    traffic: Traffic = LEDGER,
    since: Since = None,
    until: Until = None,
    json: _Json = False,
    as_csv: _Csv = False,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a page to FILE.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite that page.")] = False,
) -> None:
    """Report which entity types each service sent that its purpose does not need."""
    from gateway.policy.simulation.necessary import Sent, lines, unused
    from gateway.policy.simulation.views import (
        NECESSARY_HEADER,
        necessary_as_json,
        necessary_as_row,
    )

    check_free(html, force=force)
    asked, sent = release_named(context, release), Sent()
    feed(context, traffic, (since, until), sent.take, "necessary")
    found, idle = lines(sent, asked), tuple(unused(sent, asked))
    if html is not None:
        from gateway.cli.policy_traffic_views import necessary_page

        page = necessary_page(found, idle, sent.records, asked.digest, (since, until))
        write_new(html, page.encode(), force=force)
        typer.secho(f"Wrote {html}.", err=True)
    if json:
        print_json(
            {
                "release": asked.digest,
                "records": sent.records,
                "lines": [necessary_as_json(line) for line in found],
                "unused": [
                    {"purpose": each.purpose.value, "entity": each.entity, "of": each.of}
                    for each in idle
                ],
                "left_out": sent.types.others.records,
            }
        )
    elif as_csv:
        _print_csv(NECESSARY_HEADER, map(necessary_as_row, found))
    elif html is None:
        from gateway.cli.policy_traffic_views import print_necessary

        print_necessary(found, idle, sent.records)


def _callers(settings: Settings) -> Reconstruct:
    """Return what knows the roles of past callers, as far as this installation does."""
    from gateway.identity.keyring import DATABASE as KEYS
    from gateway.identity.store import KeyStore, KeyStoreError
    from gateway.policy.simulation.rolesof import reconstruct
    from gateway.policy.standings import DATABASE, Standings, StandingsError

    try:
        table = Standings(settings.state / DATABASE) if settings.state.is_dir() else None
        keys = KeyStore(settings.state / KEYS) if (settings.state / KEYS).exists() else None
    except (StandingsError, KeyStoreError) as error:
        fail(str(error))

    def find(digest: str) -> Standing | None:
        return None if table is None else table.find(digest)

    def key_of(principal: str) -> Caller | None:
        found = None if keys is None else keys.find(principal.removeprefix("key:"))
        return None if found is None else found.caller()

    return reconstruct(find, key_of)


def _print_csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(["" if cell is None else harmless(str(cell)) for cell in row] for row in rows)
