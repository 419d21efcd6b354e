"""`intramural audit rotate-key`: the key of the log replaced by another, in two steps."""

from __future__ import annotations

from typing import Annotated

import typer

from gateway.cli.common import fail, print_json, settings_of


def rotate_key(
    context: typer.Context,
    end: Annotated[
        bool,
        typer.Option("--end", help="Stop to sign with the older key, and destroy it."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Sign the log with one more key; later, with --end, no longer with the old one.

    In between both signatures stand under each head. Give the new public key to the witnesses and
    to everyone who verifies before you end the old one.
    """
    from gateway.cli.recorder import record_admin
    from gateway.domain.errors import LedgerUnavailable
    from gateway.installation import place_of
    from gateway.ledger.errors import LedgerError
    from gateway.ledger.rotation import add_key, end_key

    settings = settings_of(context)
    try:
        changed = (end_key if end else add_key)(
            place_of(settings), lambda act, target: record_admin(settings, act, target)
        )
    except (LedgerError, LedgerUnavailable) as error:
        fail(str(error))
    if as_json:
        print_json({"ended" if end else "added": changed.encode()})
    elif end:
        typer.echo(f"no longer signs: {changed.encode()}")
    else:
        typer.echo(f"signs from now on, beside the old one: {changed.encode()}")
        typer.echo(
            "Give this line to the witnesses and to everyone who verifies the log. When they all "
            "have it: intramural audit rotate-key --end"
        )
