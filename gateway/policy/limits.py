"""`limits.yaml`: what callers and departments may use. May be absent: then nothing is limited.

    each_caller:
      everyone: {requests_per_minute: 600}
      roles:
        researcher: {tokens_per_hour: 500000, patients_per_hour: 200}
    departments:
      radiology: {tokens_per_month: 50000000}

Strict as every file of a release: an unknown name, a number without a meaning or an empty table is
an error with its line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from gateway.domain.limits import RATES, LimitTable, Numbers
from gateway.policy import strictyaml as strict
from gateway.policy.strictyaml import meant

FILE: Final = "limits.yaml"
_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,31}\Z")
_CALLER: Final = re.compile(r"[\x21-\x7e]{1,64}\Z")
_MOST: Final = 10**12
_MOST_PATIENTS: Final = 100_000
"""Each that was touched within the hour is held in memory."""


def read_limits(file: str, data: bytes) -> LimitTable:
    """Return the limits in `data`; `PolicyError` unless every line is understood."""
    root = strict.parse(file, data)
    fields = root.fields((), ("each_caller", "departments"))
    own: dict[str, strict.Node] = {}
    if "each_caller" in fields:
        lines = strict.mapping(fields["each_caller"])
        own = lines.fields((), ("everyone", "roles", "groups", "callers"))
    return LimitTable(
        everyone=_numbers(own["everyone"]) if "everyone" in own else {},
        roles=_named(own.get("roles"), _NAME),
        groups=_named(own.get("groups"), _NAME),
        callers=_named(own.get("callers"), _CALLER),
        departments=_named(fields.get("departments"), _NAME),
    )


def _named(node: strict.Node | None, form: re.Pattern[str]) -> Mapping[str, Numbers]:
    if node is None:
        return MappingProxyType({})
    found = {}
    for key, value in strict.mapping(node).entries:
        if not form.match(key.value):
            raise key.wrong("a role, group or caller's id is wanted here, as policy names it")
        found[key.value] = _numbers(value)
    return MappingProxyType(found)


def _numbers(node: strict.Node) -> Numbers:
    numbers = {}
    for key, value in strict.mapping(node).entries:
        rate = RATES.get(key.value)
        if rate is None:
            known = ", ".join(RATES)
            raise key.wrong(f"`{key.value}` is no limit{meant(key.value, RATES) or ';'} {known}")
        most = _MOST_PATIENTS if rate.measure == "patients" else _MOST
        numbers[rate] = strict.integer(value, 1, most)
    return MappingProxyType(numbers)
