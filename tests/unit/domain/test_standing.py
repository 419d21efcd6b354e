"""What a caller was when policy decided, as one digest that records hold for ever."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.exchange import Assurance
from gateway.domain.standing import Standing

names = st.frozensets(st.from_regex(r"[a-z][a-z0-9_-]{0,8}", fullmatch=True), max_size=4)
standings = st.builds(Standing, names, names, st.sampled_from(Assurance))

DOCTOR = Standing(frozenset({"clinician", "auditor"}), frozenset({"icu"}), Assurance.OIDC)


def test_the_digest_of_a_standing_never_changes() -> None:
    assert DOCTOR.encoded() == b'[["auditor","clinician"],["icu"],"oidc"]'
    assert DOCTOR.digest == "cf1253eb57e839e6e797c9f1b92bb30e"


@given(standings, standings)
def test_two_standings_have_one_digest_only_if_they_are_one(a: Standing, b: Standing) -> None:
    assert (a.digest == b.digest) == (a == b)
    assert Standing.decoded(a.encoded()) == a


@pytest.mark.parametrize(
    "data",
    [
        b"", b"{}", b"[]", b'[["b","a"],[],"oidc"]', b'[["a"], [],"oidc"]', b'[["a"],[],"root"]',
        b'[[1],[],"oidc"]', b'["ab",[],"oidc"]', b"\xff", b"[" * 2000,
    ],
)  # fmt: skip
def test_what_is_not_written_as_it_must_be_is_no_standing(data: bytes) -> None:
    with pytest.raises(ValueError, match="standing"):
        Standing.decoded(data)
