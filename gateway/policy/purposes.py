"""What each purpose needs: the minimum necessary, as its author sees it (45 CFR 164.502(b)).

It decides nothing. `intramural policy necessary` compares it with what services really send.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from gateway.domain.entities import EntityType
from gateway.domain.exchange import Purpose
from gateway.policy import strictyaml as strict
from gateway.policy.profiles import read_entity


def read_purposes(file: str, data: bytes) -> Mapping[Purpose, frozenset[EntityType]]:
    """Return the types that each purpose needs; `PolicyError` unless every line is understood.

    A purpose that the file does not name is one about which nobody has said anything yet.
    """
    fields = strict.parse(file, data).fields(("purposes",))
    needs: dict[Purpose, frozenset[EntityType]] = {}
    for key, value in strict.mapping(fields["purposes"]).entries:
        types: set[EntityType] = set()
        for item in strict.sequence(strict.mapping(value).fields(("needs",))["needs"]).items:
            name = strict.text(item)
            entity = read_entity(strict.Scalar(item.file, item.line, name, ""))
            if entity in types:
                raise item.wrong(f"`{name}` a second time: remove one")
            types.add(entity)
        needs[strict.choice(key, Purpose)] = frozenset(types)
    return MappingProxyType(needs)
