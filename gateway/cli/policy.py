"""`intramural policy`: test the policy, show it, and ask it why. What is here changes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli import policy_releases, policy_shadow, policy_signers, policy_traffic
from gateway.cli.common import fail, print_json, settings_of
from gateway.domain.exchange import Action, Purpose

if TYPE_CHECKING:
    from gateway.domain.policy import Profile, Rule
    from gateway.policy.explain import Explanation
    from gateway.policy.problems import Problem
    from gateway.policy.release import Release

app = typer.Typer(
    help="Test, show and explain the policy; release it by two persons.", no_args_is_help=True
)
policy_releases.register(app)
app.add_typer(policy_signers.app, name="signers")
policy_traffic.register(app)
app.add_typer(policy_shadow.app, name="shadow")

_Directory = Annotated[
    Path | None,
    typer.Argument(metavar="[DIR]", help="Directory of policy; default: the one in force."),
]
_Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command()
def check(context: typer.Context, directory: _Directory = None, json: _Json = False) -> None:
    """Check that a policy loads and that its own vectors hold. Exit status 1 if not."""
    from gateway.generation.local import known_models
    from gateway.policy.check import check as run
    from gateway.policy.examples import examples

    report = run(_directory(context, directory), known_models(settings_of(context)))
    release = report.release
    shown = examples(each.profile for each in release.profiles.values()) if release else ()
    if json:
        print_json(
            {
                "ok": report.ok,
                "release": release.digest if release else None,
                "vectors": len(release.vectors) if release else 0,
                "problems": [_problem(each) for each in report.problems],
                "notes": [_problem(each) for each in report.notes],
                "examples": [
                    {
                        "operator": _rule(each.rule),
                        "entity": each.entity,
                        "value": each.value,
                        "becomes": each.becomes,
                    }
                    for each in shown
                ],
            }
        )
    else:
        for each in report.problems:
            typer.secho(str(each), err=True, fg="red")
        for each in report.notes:
            typer.secho(f"note: {each}", err=True, fg="yellow")
        for example in shown:
            typer.echo(f"  {example}")
        if release and report.ok:
            typer.echo(
                f"ok: {len(release.policies.statements)} rules, {len(release.profiles)} profiles, "
                f"{len(release.vectors)} vectors, release {release.digest}"
            )
    if not report.ok:
        raise typer.Exit(1)


@app.command()
def show(context: typer.Context, directory: _Directory = None, json: _Json = False) -> None:
    """Show the release: its digest, its rules, and what each profile does to each entity type."""
    release = _release(_directory(context, directory))
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
                    {"description": each.description, **_profile(each.profile)}
                    for each in release.profiles.values()
                ],
                "aliases": {each.name: each.model for each in release.aliases},
            }
        )
        return
    _print_release(release)


@app.command()
def explain(  # noqa: PLR0913, PLR0917 - each argument is an option
    context: typer.Context,
    role: Annotated[
        list[str], typer.Option(metavar="NAME", help="Role of the caller; repeat for more.")
    ],
    purpose: Annotated[Purpose, typer.Option(help="Purpose of use.")],
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

    release = _release(_directory(context, directory))
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
                "profile": _profile(profile) if profile else None,
                "unknown_roles": list(answer.unknown_roles),
            }
        )
        return
    _print_explanation(answer)


def _directory(context: typer.Context, given: Path | None) -> Path:
    return given if given is not None else settings_of(context).policies


def _release(directory: Path) -> Release:
    from gateway.policy.problems import PolicyError
    from gateway.policy.release import load

    try:
        return load(directory)
    except PolicyError as error:
        fail(str(error))


def _problem(each: Problem) -> dict[str, str | int | None]:
    return {"file": each.file, "line": each.line, "message": each.message}


def _profile(profile: Profile) -> dict[str, object]:
    from gateway.policy.explain import treatments

    return {
        "name": profile.name,
        "strictness": profile.strictness,
        "entities": {entity: _rule(rule) for entity, rule in treatments(profile)},
        "restore": profile.restore,
        "invented": profile.invented.value,
        "limits": {
            "max_input_characters": profile.limits.max_input_characters,
            "max_output_tokens": profile.limits.max_output_tokens,
            "max_in_flight": profile.limits.max_in_flight,
        },
        "priority": profile.priority.value,
        "cache": profile.cache,
    }


def _rule(rule: Rule) -> object:
    from gateway.domain.policy import Operator

    if rule.keep_last:
        return {rule.operator.value: {"keep_last": rule.keep_last}}
    if rule.operator is Operator.DATE_SHIFT:
        return {rule.operator.value: {"days": rule.days}}
    return rule.operator.value


def _print_release(release: Release) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from gateway.policy.explain import spoken, treatments

    console = Console()
    console.print(Text(f"release {release.digest}"))
    rules = Table("rule", "effect", "profile", "meaning", title="Rules")
    for rule in release.policies.statements:
        effect = "permit" if rule.permits else "forbid"
        rules.add_row(*map(Text, (rule.id, effect, rule.profile or "", rule.description)))
    console.print(rules)
    profiles = [each.profile for each in release.profiles.values()]
    table = Table("entity type", *(profile.name for profile in profiles), title="Profiles")
    for entity in sorted({entity for profile in profiles for entity, _ in treatments(profile)}):
        table.add_row(entity, *(spoken(profile.rule(entity)) for profile in profiles))
    table.add_section()
    table.add_row("restored in the reply", *("yes" if each.restore else "no" for each in profiles))
    table.add_row("invented by the model", *(each.invented.value for each in profiles))
    table.add_row("strictness", *(str(each.strictness) for each in profiles))
    table.add_row("priority", *(each.priority.value for each in profiles))
    table.add_row("replies may be kept", *("yes" if each.cache else "no" for each in profiles))
    table.add_row("in flight at most", *(str(each.limits.max_in_flight or "") for each in profiles))
    console.print(table)
    if release.aliases:
        aliases = Table("alias", "model", title="Aliases")
        for alias in release.aliases:
            aliases.add_row(Text(alias.name), Text(alias.model))
        console.print(aliases)


def _print_explanation(answer: Explanation) -> None:
    from gateway.policy.explain import spoken

    profile = answer.profile
    for role in answer.unknown_roles:
        typer.secho(f"note: no rule mentions the role `{role}`", err=True, fg="yellow")
    if profile is None:
        typer.echo("denied" + ("" if answer.rules else ": no rule permits it"))
    else:
        back = "the caller's own words come back" if profile.restore else "nothing comes back"
        typer.echo(f"permitted under profile {profile.name}: {back}")
    for rule in answer.rules:
        effect = f"permit, profile {rule.profile}" if rule.permits else "forbid"
        typer.echo(f"  {rule.id} ({effect}; access.cedar:{rule.line}) {rule.description}".rstrip())
    for entity, treatment in answer.treatments:
        typer.echo(f"  {entity:<24}{spoken(treatment)}")
