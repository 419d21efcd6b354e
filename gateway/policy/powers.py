"""What each role can do under a release: every role, purpose, action and model is asked about.

Nothing is inferred from the rules: each combination is a question to the decider that serves
requests. A caller with two roles may do what either permits and neither forbids, under the stricter
profile; combinations of roles are not listed.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from enum import StrEnum
from typing import Final

from gateway.domain.entities import KNOWN
from gateway.domain.exchange import Action, Assurance, Caller, Model, Purpose
from gateway.domain.policy import Permit, Profile
from gateway.policy.decider import CedarDecider
from gateway.policy.explain import spoken
from gateway.policy.release import Release

ANY_MODEL: Final = "any other model"
"""Stands for a model that no rule names."""
_OTHER: Final = "a-model-that-no-rule-names"


class Kind(StrEnum):
    """Who somebody is, for a row of the table."""

    ROLE = "role"
    GROUP = "group"
    NOBODY = "nobody"
    """A caller without role and group."""


@dataclass(frozen=True, slots=True, order=True)
class Who:
    """One role or group, held alone."""

    kind: Kind
    name: str = ""

    def __str__(self) -> str:
        """Return it as the table shows it."""
        return "(no role)" if self.kind is Kind.NOBODY else self.name

    def caller(self) -> Caller:
        """Return a caller who is this and nothing else."""
        named = frozenset({self.name})
        return Caller(
            id="key:enumeration",
            name="enumeration",
            roles=named if self.kind is Kind.ROLE else frozenset(),
            groups=named if self.kind is Kind.GROUP else frozenset(),
            client="enumeration",
            assurance=Assurance.API_KEY,
        )


Place = tuple[Who, str, Action, Purpose]
"""Who, with which model, asks for what, and for which purpose."""
Powers = Mapping[Place, str]
"""The profile for each place where somebody is let in; what is not here is denied."""


@dataclass(frozen=True, slots=True)
class Row:
    """What somebody can do, with places that are alike put together."""

    who: Who
    models: tuple[str, ...]
    actions: tuple[Action, ...]
    purposes: tuple[Purpose, ...]
    outcome: str
    """The profile; of a difference, what it was and what it is."""


def subjects(releases: Iterable[Release]) -> tuple[Who, ...]:
    """Return every role and group that the releases' rules name, and who has none."""
    named = {Who(Kind.NOBODY)}
    for release in releases:
        named |= {Who(Kind.ROLE, role) for role in release.policies.roles}
        named |= {Who(Kind.GROUP, group) for group in release.policies.groups}
    return tuple(sorted(named))


def models(releases: Iterable[Release], served: Collection[str] = ()) -> tuple[str, ...]:
    """Return the models that rules name or that are served, and one that stands for the rest."""
    named = set(served)
    for release in releases:
        named |= release.policies.models
    return (*sorted(named), ANY_MODEL)


def powers(release: Release, whos: Iterable[Who], named: Iterable[str]) -> Powers:
    """Return where each of `whos` is let in, with which of the models `named`.

    Raises `ExchangeError(POLICY_UNAVAILABLE)` where the release fails to answer a question.
    """
    decider = CedarDecider(release)
    found: dict[Place, str] = {}
    for who, name in itertools.product(whos, named):
        caller = who.caller()
        model = Model(_OTHER if name == ANY_MODEL else name, "", context_length=0, created=0)
        for action, purpose in itertools.product(Action, Purpose):
            decision = decider.decide(caller, action, model, purpose)
            if isinstance(decision, Permit):
                found[who, name, action, purpose] = decision.profile.name
    return found


def rows(outcomes: Powers) -> tuple[Row, ...]:
    """Return `outcomes` as few rows: purposes, actions and models that are alike together."""
    by_purpose = _grouped(
        ((who, model, action, outcome), purpose)
        for (who, model, action, purpose), outcome in outcomes.items()
    )
    by_action = _grouped(
        ((who, model, outcome, purposes), action)
        for (who, model, action, outcome), purposes in by_purpose.items()
    )
    by_model = _grouped(
        ((who, outcome, purposes, actions), model)
        for (who, model, outcome, purposes), actions in by_action.items()
    )
    made = [
        Row(who, names, actions, purposes, outcome)
        for (who, outcome, purposes, actions), names in by_model.items()
    ]
    return tuple(sorted(made, key=lambda row: (row.who, row.purposes, row.actions, row.models)))


def _grouped(pairs: Iterable[tuple[tuple, object]]) -> dict[tuple, tuple]:  # type: ignore[type-arg]
    """Return, by key, the values in order."""
    found: dict[tuple, list] = {}  # type: ignore[type-arg]
    for key, value in pairs:
        found.setdefault(key, []).append(value)
    order = {each: number for number, each in enumerate((*Action, *Purpose))}
    return {
        key: tuple(sorted(values, key=lambda each: (order.get(each, 0), str(each))))
        for key, values in found.items()
    }


@dataclass(frozen=True, slots=True)
class Changes:
    """What another release would change. Outcomes are the profiles, `old → new` where both are."""

    gained: Powers
    lost: Powers
    other_profile: Powers
    treatments: tuple[str, ...]
    """What profiles of the same name do otherwise, a sentence each."""

    @property
    def none(self) -> bool:
        """Say whether everybody may do what they could, under profiles that do the same."""
        return not (self.gained or self.lost or self.other_profile or self.treatments)


def changes(before: Release, after: Release, served: Collection[str] = ()) -> Changes:
    """Return what is different under `after`. Raises `ExchangeError` as `powers` does."""
    both = (before, after)
    whos, named = subjects(both), models(both, served)
    old, new = powers(before, whos, named), powers(after, whos, named)
    return Changes(
        gained={place: profile for place, profile in new.items() if place not in old},
        lost={place: profile for place, profile in old.items() if place not in new},
        other_profile={
            place: f"{old[place]} → {profile}"
            for place, profile in new.items()
            if old.get(place, profile) != profile
        },
        treatments=tuple(
            sentence
            for name in sorted(before.profiles.keys() & after.profiles.keys())
            for sentence in _treatments(before.profiles[name].profile, after.profiles[name].profile)
        ),
    )


def _treatments(old: Profile, new: Profile) -> Iterable[str]:
    for entity in sorted(KNOWN | set(old.entities) | set(new.entities)):
        if old.rule(entity) != new.rule(entity):
            yield f"{new.name}: {entity} {spoken(old.rule(entity))} → {spoken(new.rule(entity))}"
    for (what, one), (_, other) in zip(_terms(old), _terms(new), strict=True):
        if one != other:
            yield f"{new.name}: {what} {one} → {other}"


def _terms(terms: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Give all that a profile says besides names and entity types, as its author writes it.

    It goes by the fields that there are: a list here would forget the next one, and an approver
    would be told that nothing changes.
    """
    for each in fields(terms):  # type: ignore[arg-type]
        value = getattr(terms, each.name)
        if is_dataclass(value):
            yield from _terms(value, f"{path}{each.name}.")
        elif each.name not in {"name", "entities", "digest"}:
            yield f"{path}{each.name}", str(value).lower()
