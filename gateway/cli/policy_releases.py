"""`intramural policy draft`, `submit`, `approve`, …: a release's way into force, step by step."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.common import fail, print_json, settings_of
from gateway.cli.opening import check_names_nobody
from gateway.cli.person import As, person
from gateway.cli.policy_desk import Json, Number, SignWith, open_register, sign
from gateway.cli.times import zoned
from gateway.domain.duties import Duty

if TYPE_CHECKING:
    from gateway.policy.releases.desk import Desk
    from gateway.policy.releases.version import Version

_DIGITS = 8
"""Of a digest: as many as name a release in a command."""
_MINUTES = len("2026-11-22T23:41")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (
        pack,
        draft,
        submit,
        approve,
        reject,
        schedule,
        activate,
        rollback,
        releases,
    ):
        app.command()(command)


def pack(
    context: typer.Context,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="New file.")],
    directory: Annotated[
        Path | None,
        typer.Argument(metavar="[DIR]", help="Directory of policy; default: that of --data."),
    ] = None,
) -> None:
    """Write a directory of policy as the one archive that `/admin/policy/releases` takes."""
    archive = _archive(context, directory)
    try:
        output.write_bytes(archive)
    except OSError as error:
        fail(f"{output} cannot be written: {error.strerror}")
    typer.echo(f"{len(archive)} bytes in {output}")


def draft(
    context: typer.Context,
    note: Annotated[str, typer.Option(help="What the release is for; it names nobody.")],
    directory: Annotated[
        Path | None,
        typer.Argument(metavar="[DIR]", help="Directory of policy; default: that of --data."),
    ] = None,
    _as: As = None,
    json: Json = False,
) -> None:
    """Hand in a directory of policy as the draft of a release. It has to load."""
    caller = person(context, Duty.WRITE_POLICY)
    archive = _archive(context, directory)
    check_names_nobody(context, note, "note")
    with open_register(context) as desk:
        made = desk.draft(caller, archive, note)
        then = f"Submit it with `intramural policy submit {made.number} --sign-with FILE`."
        _say(desk, made, then, json=json)


def submit(
    context: typer.Context,
    number: Number,
    sign_with: SignWith = None,
    _as: As = None,
    json: Json = False,
) -> None:
    """Sign a draft as its author and ask for its approval. Its vectors have to hold."""
    from gateway.policy.releases.version import Part

    caller = person(context, Duty.WRITE_POLICY)
    with open_register(context) as desk:
        signed = sign(desk, number, Part.AUTHOR, sign_with)
        then = f"Another person approves it: `intramural policy approve {number} --sign-with FILE`."
        _say(desk, desk.submit(caller, number, *signed), then, json=json)


def approve(
    context: typer.Context,
    number: Number,
    sign_with: SignWith = None,
    _as: As = None,
    json: Json = False,
) -> None:
    """Sign what another person wrote. `policy diff` and `policy check` show what it changes."""
    from gateway.policy.releases.version import Part

    caller = person(context, Duty.APPROVE_POLICY)
    with open_register(context) as desk:
        signed = sign(desk, number, Part.APPROVER, sign_with)
        then = (
            f"An operator puts it in force: `intramural policy activate {number}`, or `schedule`."
        )
        _say(desk, desk.approve(caller, number, *signed), then, json=json)


def reject(
    context: typer.Context,
    number: Number,
    own: Annotated[bool, typer.Option("--own", help="As its author, who takes it back.")] = False,
    _as: As = None,
    json: Json = False,
) -> None:
    """Put a release away for good."""
    caller = person(context, Duty.WRITE_POLICY if own else Duty.APPROVE_POLICY)
    with open_register(context) as desk:
        _say(desk, desk.reject(caller, number), json=json)


def schedule(
    context: typer.Context,
    number: Number,
    at: Annotated[
        str | None, typer.Option(metavar="TIME", help="When, e.g. 2027-01-31T06:00:00+01:00.")
    ] = None,
    cancel: Annotated[bool, typer.Option("--cancel", help="Take the schedule back.")] = False,
    _as: As = None,
    json: Json = False,
) -> None:
    """Have an approved release put in force at a time, by a gateway that runs then."""
    if (at is None) is not cancel:
        fail("give --at TIME, or --cancel", 2)
    caller = person(context, Duty.ACTIVATE_POLICY)
    with open_register(context) as desk:
        if at is None:
            _say(desk, desk.unschedule(caller, number), json=json)
        else:
            _say(desk, desk.schedule(caller, number, zoned(at)), json=json)


def activate(  # noqa: PLR0913, PLR0917 - each is an option of the command
    context: typer.Context,
    number: Number,
    emergency: Annotated[
        bool, typer.Option("--emergency", help="On your word alone: it is recorded and alarms.")
    ] = False,
    reason: Annotated[
        str | None, typer.Option(help="Of an emergency: why. It names nobody.")
    ] = None,
    sign_with: SignWith = None,
    _as: As = None,
    json: Json = False,
) -> None:
    """Put an approved release in force. A running gateway follows within a second."""
    from gateway.policy.releases.version import Part

    if emergency is (reason is None):
        fail("--emergency and --reason belong together", 2)
    if reason is None:
        caller = person(context, Duty.ACTIVATE_POLICY)
        with open_register(context) as desk:
            _say(desk, desk.activate(caller, number), _served_otherwise(context), json=json)
        return
    caller = person(context, Duty.EMERGENCY_POLICY)
    check_names_nobody(context, reason, "reason")
    with open_register(context) as desk:
        signed = sign(desk, number, Part.ALONE, sign_with, reason)
        _say(
            desk,
            desk.emergency(caller, number, *signed, reason),
            f"Have it approved by another person now (`intramural policy approve {number}`), or "
            "roll back." + _served_otherwise(context),
            json=json,
        )


def rollback(
    context: typer.Context,
    number: Annotated[
        int | None,
        typer.Argument(metavar="[NUMBER]", min=1, help="Default: the one in force before."),
    ] = None,
    _as: As = None,
    json: Json = False,
) -> None:
    """Put a release in force again that two persons signed and that was in force before."""
    caller = person(context, Duty.ACTIVATE_POLICY)
    with open_register(context) as desk:
        _say(
            desk,
            desk.roll_back(caller, number if number is not None else _before(desk)),
            _served_otherwise(context),
            json=json,
        )


def releases(context: typer.Context, json: Json = False) -> None:
    """List the releases: where each stands, who signed it, and which one is in force."""
    from gateway.policy.releases.view import version_view

    with open_register(context) as desk:
        rows = [version_view(desk, version) for version in desk.store.versions()]
    if json:
        print_json(rows)
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    if settings_of(context).policy.mode == "directory":
        typer.secho(
            "note: this gateway decides by the directory of policy, not by these: set policy.mode",
            err=True,
            fg="yellow",
        )
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    # What people wrote may go on in the next line: it fits a terminal of eighty columns.
    for header in ("no.", "state", "release", "author", "approver", "since (UTC)", "note"):
        written = header in {"author", "approver", "note"}
        table.add_column(header, no_wrap=not written, overflow="fold")
    for row in rows:
        state = str(row["state"]) + (" (alone)" if row["alone"] else "")
        since = row["begins"] or row["activated"] or row["drafted"]
        cells = (
            str(row["number"]),
            state,
            str(row["release"])[:_DIGITS],
            str(row["author"] or ""),
            str(row["approver"] or ""),
            str(since)[:_MINUTES].replace("T", " "),
            str(row["note"]),
        )
        style = {"active": "green", "scheduled": "yellow"}.get(str(row["state"]), "")
        table.add_row(*(Text(cell, style="red" if row["alone"] else style) for cell in cells))
    Console().print(table)


def _archive(context: typer.Context, directory: Path | None) -> bytes:
    from gateway.policy.problems import PolicyError
    from gateway.policy.release import read
    from gateway.policy.releases.archive import pack as packed

    try:
        return packed(read(directory if directory is not None else settings_of(context).policies))
    except PolicyError as error:
        fail(str(error))


def _before(desk: Desk) -> int:
    from gateway.policy.releases.version import State

    retired = [
        each
        for each in desk.store.versions()
        if each.state is State.RETIRED and not each.alone and each.activated is not None
    ]
    if not retired:
        fail("there is no earlier release to go back to: `intramural policy releases`")
    return max(retired, key=lambda each: each.activated or 0).number


def _served_otherwise(context: typer.Context) -> str:
    if settings_of(context).policy.mode == "releases":
        return ""
    return ' This gateway decides by its directory until policy.mode is "releases".'


def _say(desk: Desk, version: Version, then: str = "", *, json: bool) -> None:
    """Say where the release stands, and on standard error what comes next."""
    from gateway.policy.releases.view import iso, version_view

    if json:
        print_json(version_view(desk, version))
        return
    begins = "" if version.begins is None else f" for {iso(version.begins)}"
    typer.echo(f"Release {version.number} ({version.digest[:12]}…) is {version.state}{begins}.")
    if then.strip():
        typer.secho(then.strip(), err=True)
