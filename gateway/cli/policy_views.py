"""What `intramural policy` prints: a release, a profile, why a question was answered so."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from gateway.domain.policy import Profile, Rule
    from gateway.policy.check import Report
    from gateway.policy.explain import Explanation
    from gateway.policy.problems import Problem
    from gateway.policy.release import Release


def problem_as_json(each: Problem) -> dict[str, str | int | None]:
    """Return a problem as `--json` shows it."""
    return {"file": each.file, "line": each.line, "message": each.message}


def print_findings(report: Report) -> None:
    """Say on standard error what is odd and what is wrong; what is wrong comes last."""
    for note in report.notes:
        typer.secho(f"note: {note}", err=True, fg="yellow")
    for each in report.problems:
        typer.secho(str(each), err=True, fg="red")
    if count := len(report.problems):
        typer.secho(f"not ok: {count} problem{'s' if count > 1 else ''}", err=True, fg="red")


def profile_as_json(profile: Profile) -> dict[str, object]:
    """Return a profile as `--json` shows it, every entity type with its treatment."""
    from gateway.policy.explain import treatments

    return {
        "name": profile.name,
        "strictness": profile.strictness,
        "entities": {entity: rule_as_json(rule) for entity, rule in treatments(profile)},
        "restore": profile.restore,
        "invented": profile.invented.value,
        "limits": {
            "max_input_characters": profile.limits.max_input_characters,
            "max_output_tokens": profile.limits.max_output_tokens,
            "max_in_flight": profile.limits.max_in_flight,
        },
        "priority": profile.priority.value,
        "cache": profile.cache,
        "keep": profile.keep.value,
        "reidentify": asdict(profile.reidentify),
    }


def rule_as_json(rule: Rule) -> object:
    """Return how a type is treated: the operator, with its arguments where it has some."""
    from gateway.domain.policy import Operator

    if rule.keep_last:
        return {rule.operator.value: {"keep_last": rule.keep_last}}
    if rule.operator is Operator.DATE_SHIFT:
        return {rule.operator.value: {"days": rule.days}}
    return rule.operator.value


def print_release(release: Release) -> None:
    """Print the rules, the profiles beside each other, and the aliases."""
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
    table.add_row("replies cached", *("yes" if each.cache else "no" for each in profiles))
    table.add_row("texts kept", *(each.keep.value for each in profiles))
    grants = (each.reidentify for each in profiles)
    table.add_row("re-identified", *("under a grant" if each.allowed else "no" for each in grants))
    limits = [each.limits for each in profiles]
    table.add_row("input characters at most", *(str(each.max_input_characters) for each in limits))
    table.add_row("output tokens at most", *(str(each.max_output_tokens) for each in limits))
    table.add_row("in flight at most", *(str(each.max_in_flight or "") for each in limits))
    console.print(table)
    if release.aliases:
        aliases = Table("alias", "model", title="Aliases")
        for alias in release.aliases:
            aliases.add_row(Text(alias.name), Text(alias.model))
        console.print(aliases)


def print_explanation(answer: Explanation) -> None:
    """Print who decided, and what happens to each entity type."""
    from gateway.domain.policy import Keep
    from gateway.policy.explain import spoken

    profile = answer.profile
    for role in answer.unknown_roles:
        typer.secho(f"note: no rule mentions the role `{role}`", err=True, fg="yellow")
    if profile is None:
        typer.echo("denied" + ("" if answer.rules else ": no rule permits it"))
    else:
        back = "the caller's own words come back" if profile.restore else "nothing comes back"
        kept = "" if profile.keep is Keep.NOTHING else f"; texts are kept ({profile.keep})"
        typer.echo(f"permitted under profile {profile.name}: {back}{kept}")
    for rule in answer.rules:
        effect = f"permit, profile {rule.profile}" if rule.permits else "forbid"
        typer.echo(f"  {rule.id} ({effect}; access.cedar:{rule.line}) {rule.description}".rstrip())
    for entity, treatment in answer.treatments:
        typer.echo(f"  {entity:<24}{spoken(treatment)}")
