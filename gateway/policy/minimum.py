"""The least that detection has to reach on the site's notes before a release is in force."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from gateway.policy import strictyaml as strict
from gateway.policy.strictyaml import Node, Scalar

DEMANDS: Final = ("recall", "phi_recall", "visible", "precision", "false_rate", "clean")
"""As `intramural detect eval` has them."""
_NUMBER: Final = re.compile(r"(?:0|[1-9]\d{0,3})(?:\.\d{1,6})?\Z")
_MOST: Final = 1000.0


def read_minimum(file: str, data: bytes) -> Mapping[str, float]:
    """Return what is demanded; `PolicyError` unless every line is understood."""
    fields = strict.parse(file, data).fields(("demands",))
    demands = strict.mapping(fields["demands"]).fields((), DEMANDS)
    return MappingProxyType({name: _number(name, node) for name, node in demands.items()})


def _number(name: str, node: Node) -> float:
    most = _MOST if name == "false_rate" else 1.0
    written = node.value if isinstance(node, Scalar) else ""
    if not _NUMBER.match(written) or float(written) > most:
        raise node.wrong(f"a number from 0 to {most:g} is wanted here, as 0.98")
    return float(written)
