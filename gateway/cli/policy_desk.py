"""What the commands on releases share: the register, a person's private key, errors as one line."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.common import fail, settings_of
from gateway.domain.records import Admin

if TYPE_CHECKING:
    from gateway.policy.releases.desk import Desk
    from gateway.policy.releases.signing import PersonalKey
    from gateway.policy.releases.version import Part
    from gateway.settings import Settings

Number = Annotated[
    int,
    typer.Argument(metavar="NUMBER", min=1, max=2**53, help="As `policy releases` shows it."),
]
SignWith = Annotated[
    Path | None,
    typer.Option(
        "--sign-with",
        metavar="FILE",
        help="Your private key (`policy signers new` makes one).",
        show_default=False,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@contextlib.contextmanager
def open_register(context: typer.Context) -> Iterator[Desk]:
    """Yield the desk over the installation's register; what goes wrong ends the command."""
    from gateway.domain.errors import ExchangeError
    from gateway.generation.local import known_models
    from gateway.inforce import open_desk
    from gateway.ledger.errors import LedgerError
    from gateway.policy.problems import PolicyError
    from gateway.policy.releases.store import PolicyStoreError
    from gateway.secretfiles import SecretFileError

    settings = settings_of(context)

    def append(record: Admin) -> None:
        _append(settings, record)

    try:
        desk = open_desk(settings, append, known_models(settings))
        try:
            yield desk
        finally:
            desk.store.close()
    except ExchangeError as error:
        fail(error.message)
    except (LedgerError, PolicyError, PolicyStoreError, SecretFileError) as error:
        fail(str(error))


def sign(
    desk: Desk, number: int, part: Part, file: Path | None, reason: str | None = None
) -> tuple[str, bytes]:
    """Return the id of the key in `file`, and its signature of the release as `part`."""
    if file is None:
        fail("name the file with your private key in --sign-with: a release bears signatures")
    key = private_key(file)
    return key.id, key.sign(desk.statement(number, part, key.id, reason))


def private_key(file: Path) -> PersonalKey:
    """Return the key in `file`, for which a person may have to type a passphrase."""
    from gateway.policy.releases.signing import NeedsPassphrase, read_key
    from gateway.secretfiles import SecretFileError

    try:
        with contextlib.suppress(NeedsPassphrase):
            return read_key(file, None)
        typed = typer.prompt(f"Passphrase of {file}", hide_input=True, err=True)
        return read_key(file, str(typed).encode())
    except NeedsPassphrase:
        fail(f"that is not the passphrase of {file}")
    except SecretFileError as error:
        fail(str(error))


def _append(settings: Settings, record: Admin) -> None:
    from gateway.installation import place_of
    from gateway.ledger.ledger import SqliteLedger

    with SqliteLedger.open_for_recording(place_of(settings)) as ledger:
        ledger.append_blocking(record)
