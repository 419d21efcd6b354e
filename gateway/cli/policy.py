"""`intramural policy`: test the policy, show it, and ask it why. What is here changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli import (
    policy_evaluate,
    policy_powers,
    policy_releases,
    policy_shadow,
    policy_signers,
    policy_traffic,
)
from gateway.cli.common import examples, fail, print_json, settings_of
from gateway.cli.policy_views import (
    print_explanation,
    print_findings,
    print_release,
    problem_as_json,
    profile_as_json,
    rule_as_json,
)
from gateway.domain.exchange import Action, Purpose

if TYPE_CHECKING:
    from gateway.policy.powers import Powers
    from gateway.policy.release import Release

app = typer.Typer(
    help="Test, show and explain the policy; release it by two persons.",
    no_args_is_help=True,
    epilog=examples(
        "policy check policies/",
        "policy simulate policies/ --from 30d",
    ),
)
policy_releases.register(app)
policy_evaluate.register(app)
app.add_typer(policy_signers.app, name="signers")
policy_traffic.register(app)
app.add_typer(policy_shadow.app, name="shadow")

_Directory = Annotated[
    Path | None,
    typer.Argument(metavar="[DIR]", help="Directory of policy; default: the one in force."),
]
_Against = Annotated[
    str | None,
    typer.Option(
        metavar="DIR|NUMBER",
        help="Compare with this; default: the release in force.",
        show_default=False,
    ),
]
_Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def check(
    context: typer.Context,
    directory: Annotated[
        Path | None,
        typer.Argument(metavar="[DIR]", help="Directory; default: policies/ of --data."),
    ] = None,
    against: _Against = None,
    exit_code: Annotated[
        bool,
        typer.Option(
            "--exit-code", help="Exit status 3 if anybody gains or loses, or is treated otherwise."
        ),
    ] = False,
    json: _Json = False,
) -> None:
    """Check a policy, and show what each role can do with it and what that changes.

    It has to load, and its own vectors to hold: exit status 1 if not.
    """
    from gateway.generation.local import known_models
    from gateway.policy.check import check as run
    from gateway.policy.examples import examples
    from gateway.policy.powers import Changes, changes, models, powers, subjects

    served = known_models(settings_of(context))
    report = run(directory or settings_of(context).policies, served)
    release = report.release
    shown = examples(each.profile for each in release.profiles.values()) if release else ()
    outcomes: Powers = {}
    named: tuple[str, ...] = ()
    changed: Changes | None = None
    if release is not None and report.ok:
        named = models((release,), served or ())
        outcomes = powers(release, subjects((release,)), named)
        before = _compared(context, directory, against)
        if before is not None and before.digest != release.digest:
            changed = changes(before, release, served or ())
    if json:
        print_json(
            {
                "ok": report.ok,
                "release": release.digest if release else None,
                "vectors": len(release.vectors) if release else 0,
                "problems": [problem_as_json(each) for each in report.problems],
                "notes": [problem_as_json(each) for each in report.notes],
                "examples": [
                    {
                        "operator": rule_as_json(each.rule),
                        "entity": each.entity,
                        "value": each.value,
                        "becomes": each.becomes,
                    }
                    for each in shown
                ],
                "powers": policy_powers.as_json(outcomes),
                "changes": None if changed is None else policy_powers.changes_as_json(changed),
            }
        )
    else:
        print_findings(report)
        if release and report.ok:
            for example in shown:
                typer.echo(f"  {example}")
            policy_powers.show(outcomes, changed, named)
            typer.echo(
                f"ok: {len(release.policies.statements)} rules, {len(release.profiles)} profiles, "
                f"{len(release.vectors)} vectors, release {release.digest}"
            )
    if not report.ok:
        raise typer.Exit(1)
    if exit_code and changed is not None and not changed.none:
        raise typer.Exit(3)


@app.command()
def diff(
    context: typer.Context,
    directory: _Directory = None,
    release: Annotated[
        int | None, typer.Option(min=1, metavar="NUMBER", help="This release, not a directory.")
    ] = None,
    against: _Against = None,
    json: _Json = False,
) -> None:
    """Show what a policy changes: who gains, who loses, what is treated otherwise, which lines."""
    import difflib

    from gateway.generation.local import known_models
    from gateway.policy.powers import changes, models

    after = _files(context, directory, release)
    before = _files(context, None, None, against)
    served = known_models(settings_of(context)) or ()
    old, new = _built(before), _built(after)
    changed = changes(old, new, served)
    if json:
        print_json(
            {
                "before": old.digest,
                "after": new.digest,
                **policy_powers.changes_as_json(changed),
            }
        )
        return
    policy_powers.show({}, changed, models((old, new), served))
    for name in sorted(before.keys() | after.keys()):
        one, other = (
            each.get(name, b"").decode(errors="replace").splitlines() for each in (before, after)
        )
        for line in difflib.unified_diff(
            one, other, f"before/{name}", f"after/{name}", lineterm=""
        ):
            colour = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1])
            typer.secho(line, fg=colour)


@app.command()
def show(context: typer.Context, directory: _Directory = None, json: _Json = False) -> None:
    """Show the release: its digest, its rules, and what each profile does to each entity type."""
    release = _release(context, directory)
    if json:
        print_json(
            {
                "release": release.digest,
                "rules": [
                    {
                        "id": rule.id,
                        "effect": "permit" if rule.permits else "forbid",
                        "profile": rule.profile,
                        "description": rule.description,
                        "line": rule.line,
                    }
                    for rule in release.policies.statements
                ],
                "profiles": [
                    {"description": each.description, **profile_as_json(each.profile)}
                    for each in release.profiles.values()
                ],
                "aliases": {each.name: each.model for each in release.aliases},
            }
        )
        return
    print_release(release)


@app.command()
def explain(  # noqa: PLR0913, PLR0917 - each argument is an option
    context: typer.Context,
    role: Annotated[
        list[str], typer.Option(metavar="NAME", help="Role of the caller; repeat for more.")
    ],
    purpose: Annotated[Purpose, typer.Option(metavar="CODE", help="Purpose of use, e.g. TREAT.")],
    action: Annotated[Action, typer.Option(help="What is asked of the model.")],
    model: Annotated[str, typer.Option(help="Name of the model.")],
    group: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Group; repeat for more.")
    ] = None,
    directory: _Directory = None,
    json: _Json = False,
) -> None:
    """Say which rules decide a request, and what would happen to each entity type."""
    from gateway.domain.errors import ExchangeError
    from gateway.policy.explain import Question
    from gateway.policy.explain import explain as ask

    release = _release(context, directory)
    question = Question(frozenset(role), purpose, action, model, frozenset(group or ()))
    try:
        answer = ask(release, question)
    except ExchangeError as error:
        fail(error.message)
    if json:
        profile = answer.profile
        print_json(
            {
                "decision": "permit" if profile else "deny",
                "release": release.digest,
                "rules": list(answer.decision.rules),
                "profile": profile_as_json(profile) if profile else None,
                "unknown_roles": list(answer.unknown_roles),
            }
        )
        return
    print_explanation(answer)


def _files(
    context: typer.Context, directory: Path | None, number: int | None, against: str | None = None
) -> Mapping[str, bytes]:
    """Return the files of a release, a directory, or of what is in force."""
    from gateway.cli.policy_desk import open_register
    from gateway.policy.problems import PolicyError
    from gateway.policy.release import read
    from gateway.policy.releases.archive import unpack

    settings = settings_of(context)
    if against is not None and against.isdigit():
        number, against = int(against), None
    registered = number is not None or (
        directory is None and against is None and settings.policy.mode == "releases"
    )
    if registered:
        with open_register(context) as desk:
            version = desk.store.active() if number is None else desk.version(number)
            if version is None:
                fail("no release is in force: name a directory or a number")
            return unpack(desk.store.archive(version.number))
    try:
        return read(Path(against) if against is not None else directory or settings.policies)
    except PolicyError as error:
        fail(str(error))


def _built(files: Mapping[str, bytes]) -> Release:
    from gateway.policy.problems import PolicyError
    from gateway.policy.release import build

    try:
        return build(files)
    except PolicyError as error:
        fail(str(error))


def _compared(
    context: typer.Context, directory: Path | None, against: str | None
) -> Release | None:
    """Return what a check compares with; nothing where the policy in force is what is checked."""
    settings = settings_of(context)
    if against is None:
        if settings.policy.mode == "directory" and directory is None:
            return None
        if settings.policy.mode == "directory" and not settings.policies.is_dir():
            return None
        if settings.policy.mode == "releases" and _none_active(context):
            return None
    return _built(_files(context, None, None, against))


def _none_active(context: typer.Context) -> bool:
    from gateway.cli.policy_desk import open_register

    with open_register(context) as desk:
        return desk.store.active() is None


def _release(context: typer.Context, directory: Path | None) -> Release:
    from gateway.cli.releases import release_named
    from gateway.policy.problems import PolicyError
    from gateway.policy.release import load

    if directory is None:
        return release_named(
            context, None
        )  # With releases, the directory is only where drafts are.
    try:
        return load(directory)
    except PolicyError as error:
        fail(str(error))
