"""Profiles as values: their digest, and what a client's tightening leaves of them."""

from __future__ import annotations

from dataclasses import fields, replace
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.entities import AGE, PERSON
from gateway.domain.policy import (
    Invented,
    Keep,
    Limits,
    Operator,
    Priority,
    Profile,
    Reidentify,
    Rule,
)
from tests.fakes.policy import profile

PLAIN = profile()
CHANGED: dict[str, Any] = {
    "name": "other",
    "strictness": 101,
    "entities": MappingProxyType({**PLAIN.entities, AGE: Rule(Operator.KEEP)}),
    "restore": False,
    "invented": Invented.MASK,
    "limits": Limits(200_000, 4096, 1),
    "priority": Priority.BATCH,
    "cache": True,
    "reidentify": Reidentify(allowed=True),
    "keep": Keep.ALL,
    "closed": frozenset({AGE}),
}
LIMITS = st.builds(Limits, st.integers(1, 9), st.integers(1, 9), st.none() | st.integers(1, 9))
PROFILES = st.builds(
    lambda limits, priority, cache, keep: profile(
        limits=limits, priority=priority, cache=cache, keep=keep
    ),
    LIMITS,
    st.sampled_from(Priority),
    st.booleans(),
    st.sampled_from(Keep),
)


@pytest.mark.parametrize("field", [each.name for each in fields(Profile) if each.init])
def test_a_profile_that_differs_in_anything_has_another_digest(field: str) -> None:
    assert replace(PLAIN, **{field: CHANGED[field]}).digest != PLAIN.digest


def test_equal_profiles_have_equal_digests_in_whatever_order_their_types_stand() -> None:
    backwards = MappingProxyType(dict(reversed(PLAIN.entities.items())))
    assert replace(PLAIN, entities=backwards).digest == profile().digest


@given(PROFILES, PROFILES)
def test_a_stricter_profile_brings_nothing_that_the_granted_one_does_not_give(
    asked: Profile, granted: Profile
) -> None:
    got = asked.within(granted)
    assert got.entities == asked.entities
    assert got.limits.max_input_characters <= granted.limits.max_input_characters
    assert got.limits.max_output_tokens <= granted.limits.max_output_tokens
    if granted.limits.max_in_flight is not None:
        assert got.limits.max_in_flight is not None
        assert got.limits.max_in_flight <= granted.limits.max_in_flight
    assert granted.cache or not got.cache
    assert got.keep is granted.keep
    assert got.priority is Priority.BATCH or granted.priority is Priority.INTERACTIVE
    assert got.within(granted) == got
    assert asked.within(asked) == asked


def test_a_stricter_profile_opens_only_what_the_granted_one_opens_too() -> None:
    sealing = profile(AGE=Rule(Operator.ENCRYPT), DATE_TIME=Rule(Operator.ENCRYPT))
    asked = profile("other", 200, AGE=Rule(Operator.ENCRYPT), PERSON=Rule(Operator.ENCRYPT))
    assert asked.opens() == {AGE, PERSON}
    assert asked.within(sealing).opens() == {AGE}
    assert asked.within(sealing).within(profile()).opens() == set()
    assert asked.within(profile(restore=False)).opens() == set()
    assert asked.within(asked) == asked


def test_a_client_may_let_others_go_first_and_never_push_in() -> None:
    slow = profile(priority=Priority.BATCH)
    assert PLAIN.terms("key:a", may_wait=True).priority is Priority.BATCH
    assert PLAIN.terms("key:a", may_wait=False).priority is Priority.INTERACTIVE
    assert slow.terms("key:a", may_wait=False).priority is Priority.BATCH


def test_terms_do_not_show_whose_they_are() -> None:
    assert "key:alice" not in repr(PLAIN.terms("key:alice", may_wait=False))
