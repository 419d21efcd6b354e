"""A scope only tightens."""

from __future__ import annotations

import pytest

from gateway.domain.scope import ANYTHING, Scope


@pytest.mark.parametrize(
    ("scope", "outside"),
    [
        (ANYTHING, None),
        (Scope(actions=frozenset({"chat"})), None),
        (Scope(actions=frozenset({"embed"})), "action"),
        (Scope(models=frozenset({"large"})), "model"),
        (Scope(purposes=frozenset({"HRESCH"})), "purpose"),
        (Scope(frozenset({"chat"}), frozenset({"small"}), frozenset({"TREAT"})), None),
    ],
)
def test_what_a_scope_does_not_hold_is_named(scope: Scope, outside: str | None) -> None:
    assert scope.outside("chat", "small", "TREAT") == outside


@pytest.mark.parametrize("which", ["actions", "models", "purposes"])
def test_a_scope_of_nothing_cannot_be_made(which: str) -> None:
    with pytest.raises(ValueError, match="names something"):
        Scope(**{which: frozenset()})
