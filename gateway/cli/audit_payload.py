"""`intramural audit payload`: the kept texts of one exchange, under a grant, recorded first."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.audit_arguments import ledger_errors
from gateway.cli.common import fail, print_json, settings_of
from gateway.cli.person import As, person
from gateway.domain.duties import Duty
from gateway.domain.errors import ExchangeError
from gateway.domain.payloads import Payload, Words
from gateway.domain.ports import Grants

if TYPE_CHECKING:
    from gateway.disclosure import Disclosure
    from gateway.ledger.ledger import SqliteLedger

_Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def payload(
    context: typer.Context,
    exchange: Annotated[str, typer.Argument(metavar="EXCHANGE", help="Id of the exchange.")],
    as_json: _Json = False,
    _as: As = None,
) -> None:
    """Show the texts that were kept of an exchange. Needs a grant; that you looked is recorded."""
    from gateway.http.vault import payload_as_json

    caller = person(context, Duty.READ_PAYLOAD)
    with ledger_errors(), disclosing(context) as disclosure:
        try:
            found = asyncio.run(disclosure.show(caller, exchange))
        except ExchangeError as error:
            fail(error.message)
    if as_json:
        print_json(payload_as_json(found))
    else:
        _print(found)


@contextmanager
def disclosing(context: typer.Context) -> Iterator[Disclosure]:
    """Yield what shows kept texts to a person under a grant, beside a running gateway."""
    from gateway.clock import SystemClock
    from gateway.disclosure import Disclosure
    from gateway.installation import place_of, vault_of
    from gateway.ledger.ledger import SqliteLedger
    from gateway.ledger.sealing import VaultReader
    from gateway.ledger.witness.opening import gate_once, recorder

    settings = settings_of(context)
    with SqliteLedger.open_for_recording(place_of(settings)) as ledger:
        reader, grants = VaultReader(vault_of(settings)), _grants(context, ledger)
        clock = SystemClock()
        # As over HTTP: where nobody outside vouches for the log, or somebody refutes it, nothing
        # is shown.
        asked = recorder(ledger, clock)
        gate = gate_once(settings.witness, settings.ledger, settings.data, asked)
        yield Disclosure(reader, grants, ledger, clock, gate)


def _grants(context: typer.Context, ledger: SqliteLedger) -> Grants:
    from gateway.cli.grants import desk_beside
    from gateway.identity.grants.store import GrantStoreError
    from gateway.secretfiles import SecretFileError

    try:
        return desk_beside(context, ledger)
    except (GrantStoreError, SecretFileError) as error:
        fail(str(error))


def _print(found: Payload) -> None:
    typer.secho(f"exchange {found.exchange}", bold=True)
    for title, plain, words in (
        ("request", "as it was received", found.request),
        ("reply", "as it was restored", found.reply),
    ):
        if words is None:
            typer.secho(f"\n{title}: not kept", bold=True)
            continue
        _print_texts(f"{title}, as the engine had it", words, plain=False)
        if words.plain:
            _print_texts(f"{title}, {plain}", words, plain=True)
    if names := found.pseudonyms:
        typer.secho("\nwhat stands for whom", bold=True)
        for name, text in sorted(names.items()):
            typer.echo(f"  {name}  {text.reveal()}")


def _print_texts(title: str, words: Words, *, plain: bool) -> None:
    typer.secho(f"\n{title}", bold=True)
    for text in words.plain if plain else words.redacted:
        typer.echo(text.reveal().encode("utf-8", "replace").decode())
