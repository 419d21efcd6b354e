"""`intramural keys`: make, list, rotate and revoke API keys. Each act is recorded, then done.

Once an operator has a key, all but looking is done in a person's name (`keepers.py`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Annotated, Final

import typer

from gateway.cli.common import examples, fail, print_json, settings_of
from gateway.cli.keepers import keeper, now_ms, recorder, until_recorder, warn_if_closed
from gateway.cli.person import HERE, As
from gateway.cli.recorder import actor
from gateway.cli.releases import in_force
from gateway.domain.duties import DUTIES
from gateway.domain.errors import LedgerUnavailable
from gateway.domain.exchange import Action, Purpose
from gateway.domain.scope import Scope
from gateway.identity.keyring import (
    RECOVERED_MS,
    AlreadyRevoked,
    ConflictingRoles,
    Keyring,
    NothingToRecover,
    UnknownKey,
    open_keyring,
)
from gateway.identity.keys import EXPIRES_SOON_MS, ApiKey, Grant, State
from gateway.identity.store import KeyStoreError
from gateway.ledger.errors import LedgerError
from gateway.secretfiles import SecretFileError
from gateway.settings import Settings

_WIDE: Final = 240

app = typer.Typer(
    help="Make, list, rotate and revoke API keys.",
    no_args_is_help=True,
    epilog=examples(
        "keys create --name ward-5 --role clinician --network 10.20.0.0/16 --expires 90d",
        "keys rotate ID --overlap 3d --expires 90d",
    ),
)
Row = dict[str, str | list[str] | bool | None]
"""A key as `keys list` shows it, and as its JSON says it."""


@app.command()
def create(  # noqa: PLR0913, PLR0917 - each argument is an option
    context: typer.Context,
    name: Annotated[str, typer.Option(help="The calling software or its owner.")],
    role: Annotated[
        list[str], typer.Option(metavar="NAME", help="Role in the policy; repeat for more.")
    ],
    network: Annotated[
        list[str],
        typer.Option(
            metavar="CIDR", help="CIDR, address, `unix`, or `any` for everywhere; repeat for more."
        ),
    ],
    expires: Annotated[str, typer.Option(help="90d, 12h or 2027-01-31; within 366 days.")],
    group: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Group; repeat for more.")
    ] = None,
    purpose: Annotated[
        Purpose | None,
        typer.Option(metavar="CODE", help="The only purpose of use, for clients without headers."),
    ] = None,
    only_action: Annotated[
        list[Action] | None,
        typer.Option(help="Only for this action, whatever policy permits; repeat for more."),
    ] = None,
    only_model: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Only for this model; repeat for more."),
    ] = None,
    only_purpose: Annotated[
        list[Purpose] | None,
        typer.Option(metavar="CODE", help="Only for this purpose; repeat for more."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    _as: As = None,
) -> None:
    """Make a key and print it, once: nobody can show it again."""
    from gateway.identity.expiry import parse_expiry
    from gateway.identity.networks import parse_networks

    settings = settings_of(context)
    now = now_ms()
    try:
        grant = Grant(
            name=name,
            roles=frozenset(role),
            groups=frozenset(group or ()),
            networks=parse_networks(network),
            purpose=purpose,
            expires=parse_expiry(expires, now),
            scope=Scope(_only(only_action), _only(only_model), _only(only_purpose)),
        )
    except ValueError as error:
        fail(str(error), 2)
    keyring = _keyring(settings)
    try:
        token = keyring.create(grant, now, recorder(settings, keeper(context, keyring)))
        warn_if_closed(keyring)
    except ConflictingRoles as error:
        fail(f"no key was made: {error}", 2)
    except (KeyStoreError, LedgerError, LedgerUnavailable, SecretFileError) as error:
        fail(f"no key was made: {error}")
    finally:
        keyring.store.close()
    _warn_of_unknown_roles(settings, grant.roles)
    if json:
        print_json({"id": token.id, "key": token.reveal(), "expires": _iso(grant.expires)})
        return
    typer.echo(token.reveal())
    typer.secho(
        f"Keep it now: it is shown this once. Id {token.id}, works until {_iso(grant.expires)}.",
        err=True,
    )


@app.command()
def rotate(
    context: typer.Context,
    key_id: Annotated[str, typer.Argument(metavar="ID", help="As `keys list` shows it.")],
    overlap: Annotated[
        str,
        typer.Option(help="How long the secret so far still works: 12h, 3d (14d at most), none."),
    ],
    expires: Annotated[
        str | None, typer.Option(help="Another end of the key: 90d, 12h or 2027-01-31.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    _as: As = None,
) -> None:
    """Give a key another secret and print it, once. Id, roles and limits stay."""
    from gateway.identity.expiry import parse_expiry, parse_overlap

    settings = settings_of(context)
    now = now_ms()
    try:
        until = parse_overlap(overlap, now)
        end = None if expires is None else parse_expiry(expires, now)
    except ValueError as error:
        fail(str(error), 2)
    keyring = _keyring(settings)
    try:
        record = until_recorder(settings, keeper(context, keyring))
        token = keyring.rotate(key_id, now, until, end, record)
        found = keyring.store.find(token.id)
    except (UnknownKey, AlreadyRevoked) as error:
        fail(str(error))
    except (KeyStoreError, LedgerError, LedgerUnavailable, SecretFileError) as error:
        fail(f"the key was not rotated: {error}")
    finally:
        keyring.store.close()
    ends = _iso(found.grant.expires if found else now)
    if json:
        print_json(
            {"id": token.id, "key": token.reveal(), "expires": ends, "overlap_until": _iso(until)}
        )
        return
    typer.echo(token.reveal())
    typer.secho(
        f"Keep it now: it is shown this once. The secret before it works until {_iso(until)}, "
        f"the key until {ends}.",
        err=True,
    )


@app.command("list")
def list_(
    context: typer.Context,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show all keys: whose they are, what they allow, and whether they work. No secrets."""
    settings = settings_of(context)
    keyring = _keyring(settings)
    now = now_ms()
    used = _last_use(settings)
    try:
        rows = [_row(key, now, used.get(key.principal)) for key in keyring.store.all_keys()]
    except KeyStoreError as error:
        fail(str(error))
    finally:
        keyring.store.close()
    if json:
        print_json(rows)
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for header in ("id", "name", "state", "roles", "purpose", "networks", "expires", "used"):
        table.add_column(header, no_wrap=True)
    for row in rows:
        # Text, not markup: a name is shown as it is written.
        table.add_row(*(Text(_cell(row, str(column.header))) for column in table.columns))
    # A row stays on its line, also where the terminal is narrow: it wraps there, or is piped.
    Console(width=_WIDE).print(table)


@app.command()
def revoke(
    context: typer.Context,
    key_id: Annotated[str, typer.Argument(metavar="ID", help="As `keys list` shows it.")],
    _as: As = None,
) -> None:
    """Revoke a key. A running gateway refuses it from its next request on."""
    settings = settings_of(context)
    keyring = _keyring(settings)
    try:
        now = now_ms()
        key = keyring.revoke(key_id, now, recorder(settings, keeper(context, keyring)))
        warn_if_closed(keyring)
    except (UnknownKey, AlreadyRevoked) as error:
        fail(str(error))
    except (KeyStoreError, LedgerError, LedgerUnavailable, SecretFileError) as error:
        fail(f"the key was not revoked: {error}")
    finally:
        keyring.store.close()
    typer.echo(f"Revoked {key.id} ({key.grant.name}).")


@app.command()
def recover(
    context: typer.Context,
    name: Annotated[str, typer.Option(help="Who takes it: one name for one person.")],
    network: Annotated[
        list[str], typer.Option(metavar="CIDR", help="From where it works; repeat for more.")
    ],
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Make an operator's key for a day, where every operator lost theirs. It raises an alert."""
    from gateway.identity.networks import parse_networks

    settings = settings_of(context)
    now = now_ms()
    try:
        networks = parse_networks(network)
    except ValueError as error:
        fail(str(error), 2)
    if not networks.allow(HERE):
        fail(
            f"no key was made: it is for making another on this host, so name {HERE}/32 in "
            "--network too",
            2,
        )
    keyring = _keyring(settings)
    try:
        # Under the login, which is all that is known of who does it.
        token = keyring.recover(name, networks, now, until_recorder(settings, actor()))
    except (NothingToRecover, ValueError) as error:
        fail(f"no key was made: {error}", 2)
    except (KeyStoreError, LedgerError, LedgerUnavailable, SecretFileError) as error:
        fail(f"no key was made: {error}")
    finally:
        keyring.store.close()
    ends = _iso(now + RECOVERED_MS)
    if json:
        print_json({"id": token.id, "key": token.reveal(), "expires": ends})
        return
    typer.echo(token.reveal())
    typer.secho(
        f"Keep it now: it is shown this once. Id {token.id}, works until {ends}. It is on record "
        f"as key_recovered, under {actor()}. Make a proper key with it: `intramural keys create "
        "--role operator --as FILE`.",
        err=True,
    )


def _keyring(settings: Settings) -> Keyring:
    try:
        return open_keyring(settings.state, settings.keys)
    except (KeyStoreError, SecretFileError) as error:
        fail(str(error))


def _only(names: Sequence[str] | None) -> frozenset[str] | None:
    return frozenset(str(name) for name in names) if names else None


def _warn_of_unknown_roles(settings: Settings, roles: frozenset[str]) -> None:
    from gateway.domain.errors import ExchangeError
    from gateway.policy.problems import PolicyError
    from gateway.policy.releases.store import PolicyStoreError

    try:
        known = in_force(settings).policies.roles
    except (ExchangeError, PolicyError, PolicyStoreError):
        return  # No policy yet, or a broken one: `policy check` says so.
    carrying = {role for role, duties in DUTIES.items() if duties}
    for role in sorted(roles - known - carrying):
        typer.secho(
            f"intramural: no rule in force mentions the role `{role}`; the key is made, but "
            "that role opens nothing",
            err=True,
            fg="yellow",
        )


def _last_use(settings: Settings) -> dict[str, int]:
    """Return when keys were last used, as a running gateway counted it some seconds ago.

    Without these counts the keys are shown all the same.
    """
    from gateway.metering import open_usage
    from gateway.usage.store import DATABASE, UsageError

    if not (settings.state / DATABASE).is_file():
        return {}
    try:
        store = open_usage(settings.state)
    except UsageError:
        return {}
    try:
        return store.last_use()
    except UsageError:
        return {}
    finally:
        store.close()


def _row(key: ApiKey, now: int, used: int | None) -> Row:
    grant = key.grant
    soon = key.state(now) is State.ACTIVE and grant.expires - now < EXPIRES_SOON_MS
    return {
        "id": key.id,
        "name": grant.name,
        "state": key.state(now).value,
        "roles": sorted(grant.roles),
        "groups": sorted(grant.groups),
        "purpose": grant.purpose.value if grant.purpose else None,
        "networks": list(grant.networks.words()),
        "only": _scope(grant.scope),
        "created": _iso(key.created),
        "expires": _iso(grant.expires),
        "expires_soon": soon,
        "used": None if used is None else _iso(used)[:16] + "Z",
        "rotated_until": _rotated(key, now),
        "revoked": None if key.revoked is None else _iso(key.revoked),
    }


def _cell(row: Row, header: str) -> str:
    value = row[header]
    if isinstance(value, list):
        return " ".join(value) or "any"
    return str(value or ("never" if header == "used" else "any"))


def _rotated(key: ApiKey, now: int) -> str | None:
    """Return until when the secret before the one in force works, where it still does."""
    works = key.replaced is not None and key.replaced.until > now
    return _iso(key.replaced.until) if works and key.replaced else None


def _scope(scope: Scope) -> list[str]:
    """Return what a key is restricted to, as words: `action:chat`."""
    sets = {"action": scope.actions, "model": scope.models, "purpose": scope.purposes}
    return [f"{kind}:{name}" for kind, names in sets.items() for name in sorted(names or ())]


def _iso(milliseconds: int) -> str:
    return dt.datetime.fromtimestamp(milliseconds // 1000, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
