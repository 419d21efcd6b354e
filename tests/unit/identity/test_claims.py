"""A bearer's claims become ids that a record can hold, and roles that somebody translated."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.believed import Oidc
from gateway.identity.claims import ClaimError, bounded, read_claims
from tests.fakes.provider import claims, settings

PRINTABLE = re.compile(r"[\x21-\x7e]{1,64}\Z")
ROLE_OF_ADFS = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role"
NAMES = st.text(min_size=1) | st.text("ab~-_", min_size=1, max_size=80)


def roles(given_settings: Oidc | None = None, **more: object) -> frozenset[str]:
    return read_claims(claims(**more), given_settings or settings()).caller.roles


@given(NAMES)
@example("\ud800")
@example('"}\n{"kind":"outcome"')
@example("x" * 100_000)
def test_any_name_becomes_printable_and_short(name: str) -> None:
    for size in (44, 59, 64):
        assert PRINTABLE.match(bounded(name, size))
        assert len(bounded(name, size)) <= size


@given(NAMES, NAMES)
@example("~" + "A" * 43, "anything")
@example("é", "e\u0301")
def test_two_names_never_become_one(one: str, other: str) -> None:
    assert (bounded(one, 59) == bounded(other, 59)) == (one == other)
    assert bounded(bounded("é", 59), 59) != bounded("é", 59)


@pytest.mark.parametrize(
    "name",
    [
        "0b5c7c2e-6c6e-4b6c-8f3e-2f6d6f0c9a11",
        "AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ",
        "d+Wc/8bk8fN3kA=",
        "auth0|123",
        "svc@hospital.example",
    ],
)
def test_the_usual_names_stay_as_they_are(name: str) -> None:
    assert bounded(name, 59) == name


def test_how_a_name_is_written_never_changes() -> None:
    # A durable format: ids are in records. If this fails, the code is wrong.
    assert bounded("Schwester Ännchen", 59) == "~x8Uax0j1y6c21f4CHp_QLL8AXVcXyhQGjNcEb8__CyM"


@pytest.mark.parametrize(
    ("more", "client"),
    [
        ({"azp": "ward", "client_id": "other", "appid": "third"}, "ward"),
        ({"azp": None, "client_id": "letters"}, "letters"),
        ({"azp": None, "appid": "7d9-a"}, "7d9-a"),
        ({"azp": None}, "~none"),
    ],
)
def test_the_client_is_the_first_that_is_named(more: dict, client: str) -> None:
    assert read_claims(claims(**more), settings()).caller.client == client


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ({"roles": ["ward-clinician"]}, {"clinician"}),
        ({"roles": "ward-clinician"}, {"clinician"}),
        ({"roles": ["ward-clinician", "Kodierung", "else"]}, {"clinician", "coder"}),
        ({"roles": None, "realm_access": {"roles": ["Kodierung"]}}, {"coder"}),
        ({"roles": ["clinician"]}, set()),
        ({"roles": ["WARD-CLINICIAN", " ward-clinician", "ward-clinician,Kodierung"]}, set()),
        ({"roles": "ward-clinician Kodierung"}, set()),
        ({"roles": []}, set()),
        ({"roles": None}, set()),
        ({"roles": None, "realm_access.roles": ["ward-clinician"]}, set()),
        ({"roles": None, "scope": "ward-clinician"}, set()),
        ({"roles": None, "resource_access": {"roles": ["ward-clinician"]}}, set()),
    ],
)
def test_only_what_is_translated_becomes_a_role(more: dict, found: set[str]) -> None:
    assert roles(**more) == found


def test_a_claim_whose_name_is_an_address_is_one_name() -> None:
    adfs = settings(role_claims=(ROLE_OF_ADFS,), roles={"G-Ward": "clinician"})
    assert roles(adfs, **{ROLE_OF_ADFS: "G-Ward"}) == {"clinician"}


def test_without_a_translation_a_token_gives_no_role() -> None:
    bare = settings(role_claims=(), roles={}, group_claims=(), groups={})
    caller = read_claims(claims(roles=["clinician", "admin"]), bare).caller
    assert caller.roles == caller.groups == frozenset()


@pytest.mark.parametrize(
    "time", [10**400, -(10**400), 2**40, -1, float("inf"), float("nan"), True, "1", None]
)
def test_what_is_no_time_is_refused_however_large_it_is(time: object) -> None:
    with pytest.raises(ClaimError, match="exp"):
        read_claims({**claims(), "exp": time}, settings())
