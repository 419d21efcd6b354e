"""Which policies speak of the profile that the others lead to: found in Cedar's own JSON form.

Such a policy is asked when the profile is known, and only then. So whatever could look at it
counts, also where it does not: `context` for its purpose alone does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_SAFE: Final = "purpose"


def of_profiles(policies: Mapping[str, Mapping[str, Any]]) -> frozenset[str]:
    """Return the ids of the policies that speak of a profile, out of all by their id."""
    return frozenset(name for name, policy in policies.items() if _speaks(policy))


def _speaks(part: object) -> bool:
    match part:
        case {".": {"left": {"Var": "context"}, "attr": attr}}:
            return bool(attr != _SAFE)
        case {"Var": "context"} | {"type": "Profile"} | {"entity_type": "Profile"}:
            return True
        case Mapping():
            return any(map(_speaks, part.values()))
        case list():
            return any(map(_speaks, part))
        case _:
            return False
