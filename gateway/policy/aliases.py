"""Aliases: other names for models, so that policy and not each service says which model is meant.

An alias leads to one model, in one step. Policy decides on, and records name, that model.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from gateway.policy import strictyaml as strict
from gateway.policy.problems import Problem
from gateway.policy.strictyaml import meant

NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?\Z")
"""As a model's in the store."""
_MODEL: Final = re.compile(r"[\x21-\x7e]{1,128}\Z")


@dataclass(frozen=True, slots=True)
class Alias:
    """One line of the file: what a client may ask for, and what it gets."""

    file: str
    line: int
    name: str
    model: str


def read_aliases(file: str, data: bytes) -> tuple[Alias, ...]:
    """Return the aliases in `data`, at least one; `PolicyError` unless every line is understood."""
    fields = strict.parse(file, data).fields(("aliases",))
    aliases = []
    entries = strict.mapping(fields["aliases"]).entries
    names = {key.value for key, _ in entries}
    for key, value in entries:
        if not NAME.match(key.value):
            raise key.wrong("an alias is 1 to 64 of a-z, 0-9, dot, hyphen and underscore")
        model = strict.text(value)
        if not _MODEL.match(model):
            raise value.wrong("a model's name is 1 to 128 printable ASCII characters, no spaces")
        if model in names:
            raise value.wrong(f"`{model}` is an alias itself: name the model that it leads to")
        aliases.append(Alias(file, key.line, key.value, model))
    return tuple(aliases)


def astray(aliases: Iterable[Alias], served: Collection[str]) -> Iterator[Problem]:
    """Yield what is wrong with `aliases` where the models of `served` can be asked for."""
    for alias in aliases:
        if alias.model not in served:
            yield Problem(
                alias.file,
                alias.line,
                f"`{alias.name}` leads to the model `{alias.model}`, which is not served"
                f"{meant(alias.model, served) or ';'} served: {', '.join(sorted(served))}. "
                "Change or remove the line",
            )
        if alias.name in served:
            yield Problem(
                alias.file,
                alias.line,
                f"`{alias.name}` is the name of a model that is served: choose another",
            )
