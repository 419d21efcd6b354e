"""`intramural policy signers`: the people whose signatures count, and their keys."""

from __future__ import annotations

import base64
import binascii
import sys
from pathlib import Path
from typing import Annotated

import typer

from gateway.cli.common import examples, fail, print_json
from gateway.cli.person import As, person
from gateway.cli.policy_desk import Json, open_register, private_key
from gateway.cli.times import zoned
from gateway.domain.duties import AUTHOR, Duty

app = typer.Typer(
    help="The people who sign releases, and their keys.",
    no_args_is_help=True,
    epilog=examples(
        "policy signers new ada.pem",
        "policy signers add --person ada --role policy_author --key BASE64 --as linus.key",
    ),
)
_MAX_STATEMENT = 64 * 1024


@app.command()
def new(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="New file for the private key.")],
    passphrase: Annotated[
        bool, typer.Option("--passphrase/--no-passphrase", help="Encrypt the file.")
    ] = True,
) -> None:
    """Make your own pair of keys. The private one stays in FILE; print the public one."""
    from gateway.policy.releases.signing import PersonalKey
    from gateway.secretfiles import SecretFileError

    words = b""
    if passphrase:
        words = typer.prompt(
            "Passphrase", hide_input=True, confirmation_prompt=True, err=True
        ).encode()
    key = PersonalKey.generate()
    try:
        key.write(file, words or None)
    except SecretFileError as error:
        fail(str(error))
    typer.echo(base64.b64encode(key.public).decode())
    typer.secho(
        f"{key.id}. Give the line above to an operator, who registers it with "
        "`intramural policy signers add`.",
        err=True,
    )


@app.command()
def add(
    context: typer.Context,
    name: Annotated[str, typer.Option("--person", help="Whose key: one name for one person.")],
    role: Annotated[str, typer.Option(help="policy_author or approver.")],
    public: Annotated[
        str, typer.Option("--key", metavar="BASE64", help="As `signers new` prints it.")
    ],
    _as: As = None,
) -> None:
    """Register a person's public key."""
    from gateway.domain.duties import APPROVER
    from gateway.policy.releases.version import Part

    parts = {AUTHOR: Part.AUTHOR, APPROVER: Part.APPROVER}
    if role not in parts:
        fail(f"a role that signs is {' or '.join(parts)}", 2)
    try:
        raw = base64.b64decode(public, validate=True)
    except (ValueError, binascii.Error):
        fail("a public key is the line that `intramural policy signers new` prints", 2)
    caller = person(context, Duty.MANAGE_KEYS)
    with open_register(context) as desk:
        signer = desk.add_signer(caller, name, parts[role], raw)
    typer.echo(f"{signer.id} signs as {signer.part} ({signer.person}).")


@app.command("list")
def list_(context: typer.Context, json: Json = False) -> None:
    """Show whose signatures count."""
    from gateway.policy.releases.view import iso

    with open_register(context) as desk:
        rows = [
            {
                "id": each.id,
                "person": each.person,
                "part": str(each.part),
                "key": base64.b64encode(each.public).decode(),
                "added": iso(each.added),
                "revoked": None if each.revoked is None else iso(each.revoked),
            }
            for each in desk.store.signers().values()
        ]
    if json:
        print_json(rows)
        return
    for row in rows:
        ended = f"  revoked {row['revoked']}" if row["revoked"] else ""
        typer.echo(f"{row['id']}  {row['part']:<8}  {row['person']}{ended}")


@app.command()
def revoke(
    context: typer.Context,
    signer: Annotated[str, typer.Argument(metavar="ID", help="As `signers list` shows it.")],
    since: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Since when others may have had the key; default: now."),
    ] = None,
    _as: As = None,
) -> None:
    """Let a key's signatures count no more, from now or an earlier time on."""
    from gateway.domain.errors import ExchangeError

    moment = None if since is None else zoned(since)
    caller = person(context, Duty.MANAGE_KEYS)
    with open_register(context) as desk:
        revoked = desk.revoke_signer(caller, signer, moment)
        typer.echo(f"{revoked.id} ({revoked.person}) counts no more.")
        try:
            desk.in_force()
        except ExchangeError as error:
            typer.secho(
                f"The release in force rests on it: {error.message} No gateway starts with it; "
                "`intramural policy rollback` puts an earlier one in force.",
                err=True,
                fg="red",
            )


@app.command()
def sign(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Your private key.")],
) -> None:
    """Sign what comes on standard input, as HTTP's `…/statement` returns it; print base64."""
    key = private_key(file)
    said = sys.stdin.buffer.read(_MAX_STATEMENT)
    typer.echo(base64.b64encode(key.sign(said)).decode())
