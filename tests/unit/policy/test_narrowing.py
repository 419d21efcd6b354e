"""What a policy demands is read out of its text, and never more than it demands."""

from __future__ import annotations

import json

import cedarpy
import pytest

from gateway.domain.exchange import Action, Purpose
from gateway.policy.narrowing import Narrowing, Scope, scopes_of

CODER, ICU = ("Role", "coder"), ("Group", "icu")
TREAT = 'context.purpose == Purpose::"TREAT"'


def scope(text: str) -> Scope:
    static = json.loads(cedarpy.policies_to_json_str(text))["staticPolicies"]
    return scopes_of(static)["policy0"]


def permit(scope: str = "principal, action, resource", conditions: str = "") -> str:
    return f"permit ({scope}) {conditions};"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (permit(), Scope()),
        (permit('principal in Role::"coder", action, resource'), Scope(frozenset({CODER}))),
        (
            permit('principal is Caller in Group::"icu", action, resource'),
            Scope(frozenset({ICU})),
        ),
        (permit("principal is Caller, action, resource"), Scope()),
        (
            permit('principal, action == Action::"chat", resource'),
            Scope(actions=frozenset({"chat"})),
        ),
        # A group of actions, which a schema may hold: nobody here knows its members.
        (permit('principal, action in Action::"all", resource'), Scope()),
        (permit(conditions=f"when {{ {TREAT} }}"), Scope(purposes=frozenset({"TREAT"}))),
        (
            permit(conditions=f'when {{ principal in [Role::"coder", Group::"icu"] && {TREAT} }}'),
            Scope(frozenset({CODER, ICU}), purposes=frozenset({"TREAT"})),
        ),
        (
            permit(conditions=f'when {{ {TREAT} }} when {{ principal in Role::"coder" }}'),
            Scope(frozenset({CODER}), purposes=frozenset({"TREAT"})),
        ),
        # An unless says what must not hold.
        (permit(conditions=f"unless {{ {TREAT} }}"), Scope()),
        (permit(conditions=f'unless {{ principal.client == "x" }} when {{ {TREAT} }}'), Scope()),
        # In front of a test stands one that may fail: then its error is to be heard.
        (permit(conditions=f"when {{ 9223372036854775807 + 1 > 0 && {TREAT} }}"), Scope()),
        (permit(conditions=f'when {{ principal.client == "x" && {TREAT} }}'), Scope()),
        (permit(conditions=f"when {{ {TREAT} || true }}"), Scope()),
        (permit(conditions=f"when {{ !({TREAT}) }}"), Scope()),
    ],
)
def test_a_scope_is_what_has_to_hold(text: str, expected: Scope) -> None:
    assert scope(text) == expected


def test_candidates_are_those_whose_demands_are_met() -> None:
    narrowing = Narrowing(
        {
            "all": Scope(),
            "coders": Scope(frozenset({CODER})),
            "either": Scope(frozenset({CODER, ICU})),
            "chat": Scope(actions=frozenset({"chat"})),
            "treat": Scope(purposes=frozenset({"TREAT"})),
            "never": Scope(purposes=frozenset()),
        }
    )
    assert narrowing.candidates(frozenset({ICU}), Action.CHAT, Purpose.TREAT) == {
        "all",
        "either",
        "chat",
        "treat",
    }
    assert narrowing.candidates(frozenset({CODER}), Action.EMBED, Purpose.HRESCH) == {
        "all",
        "coders",
        "either",
    }
    assert narrowing.candidates(frozenset(), Action.EMBED, Purpose.HRESCH) == {"all"}
