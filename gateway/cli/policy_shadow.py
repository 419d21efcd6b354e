"""`intramural policy shadow`: let a candidate release decide beside the one in force."""

from __future__ import annotations

import contextlib
import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.common import examples, fail, print_json, settings_of
from gateway.cli.releases import archive_named

if TYPE_CHECKING:
    from gateway.domain.records import AdminAct
    from gateway.settings import Settings

app = typer.Typer(
    help="Let a candidate release decide beside the one in force.",
    no_args_is_help=True,
    epilog=examples(
        "policy shadow start 2",
        "policy shadow status",
    ),
)

_Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def start(
    context: typer.Context,
    release: Annotated[str, typer.Argument(metavar="RELEASE", help="The candidate.")],
) -> None:
    """Start, or change, the candidate: a running gateway follows within a second or two."""
    from gateway.domain.records import AdminAct
    from gateway.files import make_directory, replace_file
    from gateway.policy.release import build
    from gateway.policy.releases.archive import unpack
    from gateway.policy.shadow import CANDIDATE, STATUS

    settings = settings_of(context)
    archive = archive_named(context, release)
    digest = build(unpack(archive)).digest
    _record(settings, AdminAct.SHADOW_STARTED, digest)
    try:
        make_directory(settings.state)
        (settings.state / STATUS).unlink(missing_ok=True)
        replace_file(settings.state / CANDIDATE, archive, 0o600)
    except OSError as error:
        fail(f"the candidate cannot be written: {error.strerror}")
    typer.echo(f"Shadow of {digest}. It decides nothing; `intramural policy shadow status` counts.")


@app.command()
def stop(context: typer.Context) -> None:
    """Stop the candidate."""
    from gateway.domain.records import AdminAct
    from gateway.policy.shadow import CANDIDATE

    settings = settings_of(context)
    path = settings.state / CANDIDATE
    digest = _candidate(path)
    if digest is None:
        fail("there is no shadow: `intramural policy shadow start` starts one")
    _record(settings, AdminAct.SHADOW_STOPPED, digest)
    path.unlink(missing_ok=True)
    typer.echo(f"No shadow any more. What {digest} would have done otherwise stays in the log.")


@app.command()
def status(context: typer.Context, json: _Json = False) -> None:
    """Say which candidate there is, and how often it would have decided otherwise."""
    import msgspec

    from gateway.policy.shadow import CANDIDATE, STATUS, Status

    settings = settings_of(context)
    digest = _candidate(settings.state / CANDIDATE)
    told: Status | None = None
    with contextlib.suppress(OSError, msgspec.MsgspecError):
        told = msgspec.json.decode((settings.state / STATUS).read_bytes(), type=Status)
    if told is not None and told.release != digest and told.problem is None:
        told = None
    if json:
        print_json({"candidate": digest, "gateway": told})
        return
    if digest is None:
        typer.echo("There is no shadow.")
        return
    typer.echo(f"candidate {digest}")
    if told is None:
        typer.echo("No gateway has followed it yet: is one running?")
    elif told.problem is not None:
        typer.echo(f"The gateway cannot use it: {told.problem}")
    else:
        began = dt.datetime.fromtimestamp(told.since // 1000, dt.UTC)
        typer.echo(
            f"since {began:%Y-%m-%dT%H:%M:%SZ}: {told.seen:,} decisions made again, "
            f"{told.differences:,} otherwise, {told.recorded:,} of these recorded "
            "(`intramural audit list --kind difference`)"
        )
        for count, what in (
            (told.missed, "missed, because too many waited"),
            (told.unknown, "not made again: the policy in force had changed meanwhile"),
            (told.errors, "failed, without harm: see the gateway's log"),
        ):
            if count:
                typer.echo(f"  {count:,} {what}")


def _candidate(path: Path) -> str | None:
    from gateway.policy.problems import PolicyError
    from gateway.policy.release import digest
    from gateway.policy.releases.archive import unpack

    try:
        return digest(unpack(path.read_bytes()))
    except FileNotFoundError:
        return None
    except (OSError, PolicyError):
        return "unreadable"


def _record(settings: Settings, act: AdminAct, target: str) -> None:
    from gateway.cli.recorder import record_admin
    from gateway.domain.errors import LedgerUnavailable
    from gateway.ledger.errors import LedgerError

    try:
        record_admin(settings, act, target)
    except (LedgerError, LedgerUnavailable) as error:
        fail(f"nothing was done: {error}")
