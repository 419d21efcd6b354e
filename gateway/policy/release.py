"""A release: a directory of policy, read whole, checked, and never changed afterwards.

The digest names exactly these bytes, and is in every record; whoever has the directory can
recompute it with any SHA-256.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Final

from gateway.domain.entities import EntityType
from gateway.domain.exchange import Purpose
from gateway.domain.limits import NO_LIMITS, LimitTable
from gateway.domain.policy import Profile
from gateway.policy.aliases import Alias, read_aliases
from gateway.policy.cedar import CedarPolicies, Statement
from gateway.policy.limits import FILE as LIMITS
from gateway.policy.limits import read_limits
from gateway.policy.minimum import read_minimum
from gateway.policy.problems import PolicyError, Problem, problem
from gateway.policy.profiles import ProfileFile, read_profile
from gateway.policy.purposes import read_purposes
from gateway.policy.strictyaml import meant
from gateway.policy.vectors import Vector, read_vectors

ACCESS: Final = "access.cedar"
SCHEMA: Final = "intramural.cedarschema"
MODELS: Final = "models.yaml"
"""May be absent: then no model has another name."""
EVALUATION: Final = "evaluation.yaml"
"""May be absent: then nothing is demanded of detection."""
PURPOSES: Final = "purposes.yaml"
"""May be absent: then nobody has said what a purpose needs."""
_PROFILES: Final = "profiles"
_VECTORS: Final = "vectors"
README: Final = "README.md"
"""May be there, changes nothing, and is not part of the digest."""
MAX_FILE: Final = 1024 * 1024
MAX_FILES: Final = 512

# DURABLE FORMAT, version 1: records hold the digest for ever. Never change what is hashed; a new
# way of hashing gets a new prefix.
_PREFIX: Final = b"intramural policy release 1\n"


@dataclass(frozen=True, slots=True)
class Release:
    """What one directory says. Made by `load` alone, from bytes that were all understood."""

    digest: str
    """SHA-256 in hexadecimal, see `digest`."""
    policies: CedarPolicies = field(repr=False)
    profiles: Mapping[str, ProfileFile] = field(repr=False)
    """By name, the least strict first."""
    vectors: tuple[Vector, ...] = field(repr=False)
    aliases: tuple[Alias, ...] = field(default=(), repr=False)
    needs: Mapping[Purpose, frozenset[EntityType]] = field(
        default_factory=lambda: MappingProxyType({}), repr=False
    )
    """What each purpose needs; it decides nothing."""
    limits: LimitTable = field(default=NO_LIMITS, repr=False)
    demands: Mapping[str, float] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    """What detection has to reach before this comes into force."""

    def model(self, name: str) -> str:
        """Return which model is meant by `name`: its own name, or what an alias leads to."""
        return next((each.model for each in self.aliases if each.name == name), name)

    def profile(self, name: str) -> Profile | None:
        """Return the profile of that name, if there is one."""
        found = self.profiles.get(name)
        return found.profile if found else None

    def profile_of(self, statement: Statement) -> Profile:
        """Return the profile that a permit of this release names; `KeyError` for a forbid."""
        return self.profiles[statement.profile or ""].profile


def load(directory: Path) -> Release:
    """Read `directory` whole. Raises `PolicyError` with every problem found, and loads nothing."""
    return build(read(directory))


def read(directory: Path) -> Mapping[str, bytes]:
    """Return the files of `directory` by relative path; `PolicyError` for one that is not known.

    A file that nobody reads is a rule that somebody thinks is in force, so it is an error.
    """
    if not directory.is_dir():
        raise problem(str(directory), None, "there is no such directory of policy")
    files: dict[str, bytes] = {}
    problems: list[Problem] = []
    for path in sorted(directory.rglob("*")):
        name = path.relative_to(directory).as_posix()
        if name == README:
            continue
        # Also a link to a folder, whose files nobody would read.
        if path.is_symlink():
            problems.append(
                Problem(name, None, "a link: what it leads to is no part of this; copy the file")
            )
        elif path.is_dir() and name in {_PROFILES, _VECTORS}:
            continue
        elif not path.is_file() or not known(name):
            problems.append(Problem(name, None, unknown(name)))
        elif len(files) >= MAX_FILES:
            raise problem(name, None, f"more than {MAX_FILES} files")
        else:
            files[name] = _bytes(path, name)
    if problems:
        raise PolicyError(problems)
    return MappingProxyType(files)


def digest(files: Mapping[str, bytes]) -> str:
    """Return SHA-256 over the sorted (path, bytes), each after its length as 8 bytes, big-endian.

    The framing keeps `a` + `bc` apart from `ab` + `c`.
    """
    whole = hashlib.sha256(_PREFIX)
    for name in sorted(files, key=lambda path: path.encode()):
        for part in (name.encode(), files[name]):
            whole.update(len(part).to_bytes(8, "big"))
            whole.update(part)
    return whole.hexdigest()


def build(files: Mapping[str, bytes]) -> Release:  # noqa: C901 - a branch for each kind of file
    """Return the release that `files` make; `PolicyError` with every problem found."""
    problems: list[Problem] = []
    policies: CedarPolicies | None = None
    profiles: list[ProfileFile] = []
    vectors: list[Vector] = []
    aliases: tuple[Alias, ...] = ()
    needs: Mapping[Purpose, frozenset[EntityType]] = MappingProxyType({})
    limits = NO_LIMITS
    demands: Mapping[str, float] = MappingProxyType({})
    for name, data in sorted(files.items()):
        folder, _, rest = name.partition("/")
        try:
            if folder == _PROFILES:
                profiles.append(read_profile(name, rest.removesuffix(".yaml"), data))
            elif folder == _VECTORS:
                vectors += read_vectors(name, data)
            elif name == MODELS:
                aliases = read_aliases(name, data)
            elif name == PURPOSES:
                needs = read_purposes(name, data)
            elif name == EVALUATION:
                demands = read_minimum(name, data)
            elif name == LIMITS:
                limits = read_limits(name, data)
            elif name == ACCESS:
                policies = CedarPolicies(ACCESS, _text(files, ACCESS), SCHEMA, _text(files, SCHEMA))
        except PolicyError as error:
            problems += error.problems
    if ACCESS not in files:
        problems.append(Problem(ACCESS, None, "is missing: without it everything would be denied"))
    problems += _clashes(profiles)
    # Only where all profiles could be read is one that a permit names truly absent.
    if policies and not problems:
        problems += _dangling(policies, profiles)
    if problems or policies is None:
        raise PolicyError(sorted(problems, key=lambda each: (each.file, each.line or 0)))
    return Release(
        digest=digest(files),
        policies=policies,
        profiles=MappingProxyType(
            {
                each.profile.name: each
                for each in sorted(profiles, key=lambda each: each.profile.strictness)
            }
        ),
        vectors=tuple(vectors),
        aliases=aliases,
        needs=needs,
        limits=limits,
        demands=demands,
    )


def known(name: str) -> bool:
    """Say whether a file of this name is a part of a policy, and of its digest."""
    folder, slash, rest = name.partition("/")
    if not slash:
        return name in {ACCESS, SCHEMA, MODELS, PURPOSES, LIMITS, EVALUATION}
    return folder in {_PROFILES, _VECTORS} and "/" not in rest and rest.endswith(".yaml")


def unknown(name: str) -> str:
    """Return what to do about a file that nothing reads."""
    expected = [
        ACCESS,
        SCHEMA,
        MODELS,
        PURPOSES,
        LIMITS,
        EVALUATION,
        f"{_PROFILES}/NAME.yaml",
        f"{_VECTORS}/NAME.yaml",
        README,
    ]
    return (
        f"nothing reads this{meant(name, expected) or ';'} a directory of policy holds "
        f"{', '.join(expected)} and nothing else: rename or remove it"
    )


def _bytes(path: Path, name: str) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE + 1)
    except OSError as error:
        raise problem(name, None, f"cannot be read: {error.strerror}") from None
    if len(data) > MAX_FILE:
        raise problem(name, None, f"larger than {MAX_FILE} bytes")
    return data


def _text(files: Mapping[str, bytes], name: str) -> str:
    if name not in files:
        raise problem(name, None, "is missing: copy the shipped one")
    try:
        return files[name].decode("utf-8")
    except UnicodeDecodeError as error:
        line = files[name].count(b"\n", 0, error.start) + 1
        raise problem(name, line, "not UTF-8: save the file as UTF-8") from None


def _clashes(profiles: list[ProfileFile]) -> list[Problem]:
    seen: dict[int, ProfileFile] = {}
    problems: list[Problem] = []
    for each in profiles:
        level = each.profile.strictness
        if level in seen:
            problems.append(
                Problem(
                    each.file,
                    each.line,
                    f"strictness {level} is that of {seen[level].file} too: "
                    "the strictest of two profiles has to be one of them",
                )
            )
        seen[level] = each
    return problems


def _dangling(policies: CedarPolicies, profiles: list[ProfileFile]) -> list[Problem]:
    names = [each.profile.name for each in profiles]
    return [
        Problem(
            ACCESS,
            statement.line,
            f'@profile("{statement.profile}") names no file in {_PROFILES}/'
            f"{meant(statement.profile, names)}",
        )
        for statement in policies.statements
        if statement.profile is not None and statement.profile not in names
    ] + [
        Problem(
            ACCESS,
            None,
            f'Profile::"{name}" names no file in {_PROFILES}/{meant(name, names)}: a forbid that '
            "speaks of it would mean something else than it says",
        )
        for name in sorted(policies.profiles - set(names))
    ]
