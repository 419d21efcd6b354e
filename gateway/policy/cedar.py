"""The only import of cedarpy: policies parsed and validated once, and asked many times.

They are asked in two steps. What speaks of the profile is asked when the permits have led to one.
Cedar skips a policy whose evaluation fails, so a forbid that fails would silently forbid nothing.
Here any error in an evaluation is an error of the whole, and the caller refuses (invariant 3).
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import cedarpy
from cedarpy import pst

from gateway.domain.exchange import Action, Assurance, Caller, Purpose
from gateway.policy.narrowing import Entity, Narrowing, scopes_of
from gateway.policy.problems import PolicyError, Problem, problem
from gateway.policy.speaking import of_profiles

RULE_ID: Final = re.compile(r"[a-z][a-z0-9-]{0,39}\Z")
"""An `@id` stands in every record it decides: short printable ASCII."""
_ANNOTATIONS: Final = frozenset({"id", "profile", "description"})
_QUESTIONS: Final = 8192
"""How many questions keep their answer, about 1 KB each."""
_CALLERS: Final = 64
"""How many callers are kept as Cedar has them: the second step asks about the one of the first."""
_SUBSETS: Final = 512
"""How many sets of policies that can apply together are kept, parsed."""
_TOKEN: Final = re.compile(r'//[^\n]*|"(?:[^"\\]|\\.)*"|;|[^\s;"/]+|/', re.DOTALL)
_CONTEXTS: Final[Mapping[Purpose, str]] = MappingProxyType(
    {
        purpose: json.dumps({"purpose": {"__entity": {"type": "Purpose", "id": purpose.value}}})
        for purpose in Purpose
    }
)
"""What is told of a request, but for the profile: only what speaks of that is told it."""


class EvaluationFailed(Exception):  # noqa: N818 - reads as a state
    """Cedar gave no decision, or one in which an error was skipped. The request is refused."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One permit or forbid. `profile` is what its `@profile` says; a forbid has none."""

    id: str
    line: int
    permits: bool
    profile: str | None
    description: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What Cedar says, and the statements that made it say so."""

    allowed: bool
    because: tuple[Statement, ...]


class _Principal(NamedTuple):
    """The part of a caller that Cedar is told."""

    id: str
    roles: frozenset[str]
    groups: frozenset[str]
    client: str
    assurance: Assurance

    def uids(self) -> frozenset[Entity]:
        """Return what `principal in …` holds for."""
        roles = (("Role", role) for role in self.roles)
        groups = (("Group", group) for group in self.groups)
        return frozenset((("Caller", self.id), *roles, *groups))

    def entities(self) -> str:
        """Return the caller as Cedar's JSON."""
        parents = [{"type": "Role", "id": role} for role in sorted(self.roles)]
        parents += [{"type": "Group", "id": group} for group in sorted(self.groups)]
        entity = {
            "uid": {"type": "Caller", "id": self.id},
            "attrs": {"client": self.client, "assurance": self.assurance.value},
            "parents": parents,
        }
        return json.dumps([entity])


class CedarPolicies:
    """A set of policies with its schema. Immutable; safe to use from several threads."""

    def __init__(self, file: str, text: str, schema_file: str, schema: str) -> None:
        """Parse and validate. Raises `PolicyError` with every problem that Cedar names."""
        self._schema = _schema(schema_file, schema)
        self._policies, self._statements, self._named = _parse(file, text, self._schema)
        self._sources: dict[str, Any] = json.loads(cedarpy.policies_to_json_str(text))
        self._speaking = of_profiles(self._sources["staticPolicies"])
        _circular(file, [self._statements[each] for each in self._speaking])
        scopes = scopes_of(self._sources["staticPolicies"])
        spoken = {name: scopes.pop(name) for name in self._speaking}
        self._first, self._then = Narrowing(scopes), Narrowing(spoken)
        self._subset = lru_cache(_SUBSETS)(self._parsed)
        # The policies never change and no answer depends on anything but its question, so an answer
        # may be kept. An error is not an answer, and is not.
        self._answer = lru_cache(_QUESTIONS)(self._evaluate)
        self._caller = lru_cache(_CALLERS)(self._entities)
        self._objections = lru_cache(_QUESTIONS)(self._object)
        self._probe(schema_file)

    @property
    def statements(self) -> tuple[Statement, ...]:
        """Every permit and forbid, in the order of the file."""
        return tuple(self._statements.values())

    @property
    def roles(self) -> frozenset[str]:
        """Every role that a policy mentions."""
        return self._named.get("Role", frozenset())

    @property
    def groups(self) -> frozenset[str]:
        """Every group that a policy mentions."""
        return self._named.get("Group", frozenset())

    @property
    def models(self) -> frozenset[str]:
        """Every model that a policy mentions."""
        return self._named.get("Model", frozenset())

    @property
    def profiles(self) -> frozenset[str]:
        """Every profile that a policy mentions otherwise than by its `@profile`."""
        return self._named.get("Profile", frozenset())

    def ask(self, caller: Caller, action: Action, model: str, purpose: Purpose) -> Verdict:
        """Return what the policies say that do not speak of the profile.

        Raises `EvaluationFailed` unless all were evaluated. Answers from memory where the same
        question was asked before; all that Cedar is told about a request is part of the question.
        """
        return self._answer(_principal(caller), action, model, purpose)

    def objections(
        self, caller: Caller, action: Action, model: str, purpose: Purpose, profile: str
    ) -> tuple[Statement, ...]:
        """Return the forbids that speak of the profile and apply where it is `profile`.

        To be asked where `ask` allows, with the strictest profile of its permits. Raises as `ask`;
        costs nothing where no policy speaks of a profile.
        """
        if not self._speaking:
            return ()
        return self._objections(_principal(caller), action, model, purpose, profile)

    def _evaluate(
        self, principal: _Principal, action: Action, model: str, purpose: Purpose
    ) -> Verdict:
        ids = self._applicable(self._first, principal, action, purpose)
        allowed, because = self._cedar(principal, action, model, _CONTEXTS[purpose], ids)
        if any(statement.permits is not allowed for statement in because):
            raise EvaluationFailed("cedar's reasons contradict its decision")
        if allowed and not because:
            raise EvaluationFailed("cedar permits without a reason")
        return Verdict(allowed, because)

    def _object(
        self, principal: _Principal, action: Action, model: str, purpose: Purpose, profile: str
    ) -> tuple[Statement, ...]:
        ids = self._applicable(self._then, principal, action, purpose)
        if not ids:
            return ()
        told = {"__entity": {"type": "Profile", "id": profile}}
        context = json.dumps({**json.loads(_CONTEXTS[purpose]), "profile": told})
        allowed, because = self._cedar(principal, action, model, context, ids)
        # There are forbids alone among them, so Cedar denies whether one applies or not.
        if allowed or any(statement.permits for statement in because):
            raise EvaluationFailed("cedar permits by a forbid")
        return because

    def _cedar(
        self,
        principal: _Principal,
        action: Action,
        model: str,
        context: str,
        ids: frozenset[str],
    ) -> tuple[bool, tuple[Statement, ...]]:
        """Return whether these allow, and because of which. Raises `EvaluationFailed`."""
        try:
            # Ids go in as values, never as Cedar source: a model's name cannot become syntax.
            answer = cedarpy.is_authorized(
                {
                    "principal": {"type": "Caller", "id": principal.id},
                    "action": {"type": "Action", "id": action.value},
                    "resource": {"type": "Model", "id": model},
                    "context": context,
                },
                self._subset(ids),
                self._caller(principal),
                self._schema,
            )
            decision, diagnostics = answer.decision, answer.diagnostics
            errors, reasons = diagnostics.errors, diagnostics.reasons
        except Exception as error:
            raise EvaluationFailed(f"cedar: {type(error).__name__}") from error
        if errors or decision is cedarpy.Decision.NoDecision:
            raise EvaluationFailed("; ".join(errors) or "cedar gave no decision")
        try:
            because = tuple(self._statements[reason] for reason in reasons)
        except KeyError:
            raise EvaluationFailed("cedar names a policy that is not in the set") from None
        return decision is cedarpy.Decision.Allow, because

    def _entities(self, principal: _Principal) -> cedarpy.Entities:
        return cedarpy.Entities.from_json_str(principal.entities(), self._schema)

    def _applicable(
        self, policies: Narrowing, principal: _Principal, action: Action, purpose: Purpose
    ) -> frozenset[str]:
        """Return those that can apply: Cedar looks at each one that it is given."""
        return policies.candidates(principal.uids(), action, purpose)

    def _parsed(self, ids: frozenset[str]) -> cedarpy.PolicySet:
        policies = self._sources["staticPolicies"]
        if len(ids) == len(policies):
            return self._policies
        some = {name: policies[name] for name in policies if name in ids}
        return cedarpy.PolicySet.from_json_str(
            json.dumps({**self._sources, "staticPolicies": some})
        )

    def _probe(self, schema_file: str) -> None:
        # A schema that somebody edited may validate every policy and still not fit the questions
        # that are asked; better to learn so now than at each request.
        somebody = Caller(
            id="key:probe",
            name="probe",
            roles=frozenset({"probe"}),
            groups=frozenset({"probe"}),
            client="probe",
            assurance=Assurance.API_KEY,
        )
        for action, purpose in itertools.product(Action, Purpose):
            try:
                self.ask(somebody, action, "probe", purpose)
                self.objections(somebody, action, "probe", purpose, "probe")
            except EvaluationFailed as failure:
                raise problem(
                    schema_file,
                    None,
                    f"the question `{action}` for `{purpose}` fails: {failure}. Compare the schema "
                    f"with the shipped one ({_shipped_schema(schema_file)}), and remove what can "
                    "fail from the policies",
                ) from None


def _shipped_schema(name: str) -> str:
    """Return where the file is to copy from: on an installed host nobody knows."""
    from gateway.policy.shipped import shipped_policies  # It reads releases, which are read here.

    return str(shipped_policies() / name)


def _principal(caller: Caller) -> _Principal:
    return _Principal(caller.id, caller.roles, caller.groups, caller.client, caller.assurance)


def _circular(file: str, speaking: Sequence[Statement]) -> None:
    """Raise `PolicyError` where a permit speaks of the profile: it cannot justify itself."""
    problems = [
        Problem(
            file,
            statement.line,
            "a permit speaks of the profile, which is known only once the permits are decided: "
            "name its own in @profile, and say in a forbid under which profiles nobody may",
        )
        for statement in sorted(speaking, key=lambda each: each.line)
        if statement.permits
    ]
    if problems:
        raise PolicyError(problems)


def _schema(file: str, text: str) -> cedarpy.Schema:
    try:
        return cedarpy.Schema.from_str(text)
    except ValueError as error:
        raise problem(file, None, f"not a Cedar schema: {error}") from None


def _parse(
    file: str, text: str, schema: cedarpy.Schema
) -> tuple[cedarpy.PolicySet, Mapping[str, Statement], Mapping[str, frozenset[str]]]:
    try:
        nodes = cedarpy.policies_to_pst(text)
        policies = cedarpy.PolicySet.from_str(text)
    except ValueError as error:
        raise _parse_problem(file, text, str(error)) from None
    lines = tuple(_first_lines(text))
    if nodes.templates or nodes.template_links:
        raise problem(file, None, "a template (?principal or ?resource): write the policy out")
    if not nodes.static_policies:
        raise problem(file, None, "no policies: everything would be denied; add a permit")
    if len(lines) != len(nodes.static_policies):
        raise problem(file, None, "the policies cannot be told apart: end each with one `;`")
    # Cedar numbers the policies of a text policy0, policy1, … in their order.
    at = {f"policy{number}": line for number, line in enumerate(lines)}
    problems = [
        Problem(file, at.get(error.policy_id), f"{error.error}{_hint(str(error.error))}")
        for error in cedarpy.validate_policies(text, schema).errors
    ]
    statements: dict[str, Statement] = {}
    for key, node in sorted(nodes.static_policies.items(), key=lambda item: at[item[0]]):
        try:
            statements[key] = _statement(file, at[key], node)
        except PolicyError as error:
            problems += error.problems
    seen: dict[str, int] = {}
    for statement in statements.values():
        if statement.id in seen:
            again = f'@id("{statement.id}") is that of line {seen[statement.id]} too: rename one'
            problems.append(Problem(file, statement.line, again))
        seen[statement.id] = statement.line
    if problems:
        raise PolicyError(problems)
    return policies, MappingProxyType(statements), _named(nodes)


def _hint(message: str) -> str:
    """Return what to do where a schema is of before there were profiles in it."""
    old = "entity type `Profile`" in message
    return ": the shipped schema has it, copy that" if old else ""


def _named(nodes: pst.PolicySet) -> Mapping[str, frozenset[str]]:
    """Return the ids of the entities that policies mention, by their type."""
    found: dict[str, set[str]] = {}
    for uid in pst.entity_uids(nodes):
        found.setdefault(uid.type.basename, set()).add(uid.id)
    return MappingProxyType({kind: frozenset(ids) for kind, ids in found.items()})


def _statement(file: str, line: int, node: pst.Template) -> Statement:
    notes = node.annotations
    permits = node.effect == "permit"
    for name in notes:
        if name not in _ANNOTATIONS:
            raise problem(file, line, f"@{name} is not known: @id, @profile and @description are")
    if not RULE_ID.match(notes.get("id", "")):
        raise problem(file, line, 'needs @id("…"): a-z, 0-9 and hyphens, at most 40')
    if permits and not notes.get("profile"):
        raise problem(file, line, 'a permit needs @profile("…"): there is no default profile')
    if not permits and "profile" in notes:
        raise problem(file, line, "a forbid has no @profile: remove it")
    return Statement(
        id=notes["id"],
        line=line,
        permits=permits,
        profile=notes["profile"] if permits else None,
        description=notes.get("description", ""),
    )


def _parse_problem(file: str, text: str, message: str) -> PolicyError:
    # Cedar's message has no line. The first statement that does not parse by itself has it.
    for line, source in _statements(text):
        try:
            cedarpy.policies_to_pst(source)
        except ValueError as error:
            return problem(file, line, f"not Cedar: {error}")
    return problem(file, None, f"not Cedar: {message}")


def _first_lines(text: str) -> Iterator[int]:
    for line, _ in _statements(text):
        yield line


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Yield each statement with the line on which it begins. `;` ends one, except in a string."""
    start: int | None = None
    for token in _TOKEN.finditer(text):
        if token[0].startswith("//"):
            continue
        if start is None:
            start = token.start()
        if token[0] == ";":
            yield text.count("\n", 0, start) + 1, text[start : token.end()]
            start = None
    if start is not None:
        yield text.count("\n", 0, start) + 1, text[start:]
