"""Which policies can apply to a question at all: found out once, when they are loaded.

A policy is left out only where Cedar would have found it false without an error: its scope cannot
hold, or one of the tests in front of its first condition that could fail cannot. Cedar evaluates a
policy from left to right and stops at what is false (docs.cedarpolicy.com, "Policy evaluation"), so
neither the answer nor its reasons nor an error can depend on what is left out. A property test asks
both ways.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, Final

from gateway.domain.exchange import Action, Purpose

Entity = tuple[str, str]
"""Type and id."""
_ACTIONS: Final = frozenset(action.value for action in Action)
_PURPOSES: Final = frozenset(purpose.value for purpose in Purpose)
_ANYBODY: Final = "anybody"


@dataclass(frozen=True, slots=True)
class Scope:
    """What has to hold for a policy to apply; `None` is what is not known, so it may be anything.

    Each holds all that Cedar could accept, and perhaps more.
    """

    principals: frozenset[Entity] | None = None
    """The caller, or a role or group of theirs, is one of these."""
    actions: frozenset[str] | None = None
    purposes: frozenset[str] | None = None

    def within(self, other: Scope) -> Scope:
        """Return what has to hold for both.

        Of two demands on the caller one is kept: a caller has many roles, so both may hold by two.
        """
        return Scope(
            self.principals if self.principals is not None else other.principals,
            _both(self.actions, other.actions),
            _both(self.purposes, other.purposes),
        )


class Narrowing:
    """The policies of a set by the questions that they can apply to."""

    def __init__(self, scopes: Mapping[str, Scope]) -> None:
        """Sort policies, given by their id in the set."""
        # Actions and purposes are few and known, so each pair has its own table.
        self._tables: dict[tuple[Action, Purpose], dict[Entity | str, tuple[str, ...]]] = {}
        for action in Action:
            for purpose in Purpose:
                table: defaultdict[Entity | str, list[str]] = defaultdict(list)
                for name, scope in scopes.items():
                    if _misses(scope.actions, action) or _misses(scope.purposes, purpose):
                        continue
                    for key in scope.principals if scope.principals is not None else (_ANYBODY,):
                        table[key].append(name)
                self._tables[action, purpose] = {key: tuple(ids) for key, ids in table.items()}

    def candidates(
        self, principals: AbstractSet[Entity], action: Action, purpose: Purpose
    ) -> frozenset[str]:
        """Return the ids of the policies that can apply where the caller is `principals`."""
        table = self._tables[action, purpose]
        found = set(table.get(_ANYBODY, ()))
        for principal in principals:
            found.update(table.get(principal, ()))
        return frozenset(found)


def scopes_of(policies: Mapping[str, Mapping[str, Any]]) -> dict[str, Scope]:
    """Return the scope of each policy, given by its id in Cedar's JSON form."""
    return {name: _scope(policy) for name, policy in policies.items()}


def _scope(policy: Mapping[str, Any]) -> Scope:
    scope = Scope(
        principals=_entities(policy["principal"]),
        actions=_known(_entities(policy["action"]), "Action", _ACTIONS),
    )
    # Unless clauses are not looked into: what they name is what must not hold.
    for condition in policy["conditions"]:
        if condition["kind"] != "when":
            break
        for test in _conjuncts(condition["body"]):
            found = _test(test)
            if found is None:
                # It could fail, or is not understood: what follows may not even be asked.
                return scope
            scope = scope.within(found)
    return scope


def _entities(constraint: Mapping[str, Any]) -> frozenset[Entity] | None:
    """Return the entities that a part of the scope names; `None` if it names none."""
    inner = constraint.get("in", constraint) if constraint["op"] == "is" else constraint
    named = inner.get("entities", [inner["entity"]] if "entity" in inner else None)
    return None if named is None else frozenset((each["type"], each["id"]) for each in named)


def _conjuncts(body: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the tests that `&&` joins, from left to right: the order in which they are asked."""
    if "&&" in body:
        yield from _conjuncts(body["&&"]["left"])
        yield from _conjuncts(body["&&"]["right"])
    else:
        yield body


def _test(test: Mapping[str, Any]) -> Scope | None:
    """Return what a test demands, if it is one that cannot fail; `None` for every other."""
    for operator in ("in", "=="):
        if operator not in test:
            continue
        left, right = test[operator]["left"], _values(test[operator]["right"])
        if right is None:
            return None
        if left == {"Var": "principal"}:
            return Scope(principals=right)
        if left == {".": {"left": {"Var": "context"}, "attr": "purpose"}}:
            purposes = _known(right, "Purpose", _PURPOSES)
            return None if purposes is None else Scope(purposes=purposes)
    return None


def _values(expression: Mapping[str, Any]) -> frozenset[Entity] | None:
    """Return the entities of a literal, or of a set of literals."""
    if "Value" in expression:
        expression = {"Set": [expression]}
    found = set()
    for each in expression.get("Set", [None]):
        value = each.get("Value") if isinstance(each, dict) else None
        entity = value.get("__entity") if isinstance(value, dict) else None
        if entity is None:
            return None
        found.add((entity["type"], entity["id"]))
    return frozenset(found)


def _known(
    entities: frozenset[Entity] | None, kind: str, ids: frozenset[str]
) -> frozenset[str] | None:
    """Return the ids, if each is one of ours: another may be a group that ours belong to."""
    if entities is None or not all(type_ == kind and id_ in ids for type_, id_ in entities):
        return None
    return frozenset(id_ for _, id_ in entities)


def _both(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    if one is None or other is None:
        return one if other is None else other
    return one & other


def _misses(demanded: frozenset[str] | None, word: str) -> bool:
    return demanded is not None and word not in demanded
