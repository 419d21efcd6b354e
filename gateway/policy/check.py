"""Checks a directory of policy: that it loads, and that the administrator's own vectors hold."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from gateway.domain.entities import KNOWN
from gateway.domain.errors import ExchangeError
from gateway.domain.policy import Permit
from gateway.policy.aliases import astray
from gateway.policy.explain import Explanation, Question, explain, spoken
from gateway.policy.problems import PolicyError, Problem
from gateway.policy.release import ACCESS, MODELS, Release, load
from gateway.policy.strictyaml import meant
from gateway.policy.vectors import Denied, Permitted, Vector


@dataclass(frozen=True, slots=True)
class Report:
    """What a check found. Any problem means that the directory should not go into force."""

    release: Release | None
    """`None` if the directory cannot be loaded."""
    problems: tuple[Problem, ...]
    notes: tuple[Problem, ...]
    """Worth a look, and no fault: types that are blocked because a profile does not name them."""

    @property
    def ok(self) -> bool:
        """Say whether nothing is wrong."""
        return not self.problems


def check(directory: Path, served: Collection[str] | None = None) -> Report:
    """Return what is wrong with `directory`; it is never put into force by this.

    `served` are the models that can be asked for, where that is known.
    """
    try:
        release = load(directory)
    except PolicyError as error:
        return Report(None, error.problems, ())
    return check_release(release, served)


def check_release(release: Release, served: Collection[str] | None = None) -> Report:
    """Return what the vectors of `release` say about it, and what its profiles leave unsaid.

    Where its aliases lead is looked at if it is known which models are `served`.
    """
    problems = [each for vector in release.vectors for each in _run(release, vector)]
    if not release.vectors:
        problems.append(
            Problem("vectors", None, "there is no vector, so nothing was tested: add a file")
        )
    notes = list(_notes(release))
    if served is not None:
        problems += astray(release.aliases, served)
    elif release.aliases:
        notes.append(Problem(MODELS, None, "no model is known here, so no alias was followed"))
    return Report(release, tuple(problems), tuple(notes))


def _run(release: Release, vector: Vector) -> Iterator[Problem]:
    question = Question(
        vector.roles, vector.purpose, vector.action, vector.model, vector.groups, vector.client
    )
    try:
        answer = explain(release, question)
    except ExchangeError as error:
        differences: Iterator[str] = iter([str(error)])
    else:
        differences = _differences(vector.expect, answer)
    for difference in differences:
        yield Problem(vector.file, vector.line, f"{vector.name}: {difference}")


def _differences(expected: Permitted | Denied, answer: Explanation) -> Iterator[str]:
    decision = answer.decision
    match expected:
        case Permitted() if isinstance(decision, Permit):
            if expected.profile != decision.profile.name:
                yield f"expected profile {expected.profile}, got {decision.profile.name}"
            for entity, rule in expected.treatments.items():
                if (actual := decision.profile.rule(entity)) != rule:
                    yield f"expected {entity} {spoken(rule)}, got {spoken(actual)}"
        case Permitted():
            yield f"expected a permit under {expected.profile}, got a denial"
        case Denied() if isinstance(decision, Permit):
            yield f"expected a denial, got a permit under {decision.profile.name}"
        case Denied():
            pass
    if expected.rules != frozenset(decision.rules):
        yield f"expected rules {_list(expected.rules)}, got {_list(decision.rules)}"


def _notes(release: Release) -> Iterator[Problem]:
    for each in release.profiles.values():
        named = set(each.profile.entities)
        for entity in sorted(KNOWN - named):
            yield Problem(each.file, None, f"{entity} is not named, so a text with one is refused")
        for entity in sorted(named - KNOWN):
            hint = meant(entity, KNOWN)
            yield Problem(each.file, None, f"{entity} is a type that nothing finds today{hint}")
    used = {statement.profile for statement in release.policies.statements}
    for name, each in release.profiles.items():
        if name not in used:
            yield Problem(each.file, None, f"no permit in {ACCESS} leads to this profile")


def _list(rules: Iterable[str]) -> str:
    return ", ".join(sorted(rules)) or "none"
