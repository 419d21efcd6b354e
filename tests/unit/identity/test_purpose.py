"""The purpose of use is stated exactly or not at all, and never beyond the credential."""

from __future__ import annotations

import pytest

from gateway.domain.errors import Code, ExchangeError
from gateway.domain.exchange import Purpose
from gateway.domain.purpose import HEADER, parse_purpose
from tests.fakes.identity import caller

FREE, BOUND = caller(), caller(purpose=Purpose.HRESCH)


def refused(header: str | None, *, bound: bool) -> ExchangeError:
    with pytest.raises(ExchangeError) as raised:
        parse_purpose(header, BOUND if bound else FREE)
    return raised.value


@pytest.mark.parametrize("purpose", list(Purpose))
def test_every_code_is_understood(purpose: Purpose) -> None:
    assert parse_purpose(purpose.value, FREE) is purpose


def test_there_is_no_default_purpose() -> None:
    assert refused(None, bound=False).code is Code.PURPOSE_REQUIRED


def test_a_bound_credential_needs_no_header() -> None:
    assert parse_purpose(None, BOUND) is Purpose.HRESCH


def test_a_bound_credential_may_repeat_its_purpose() -> None:
    assert parse_purpose("HRESCH", BOUND) is Purpose.HRESCH


def test_a_bound_credential_is_not_good_for_another_purpose() -> None:
    assert refused("TREAT", bound=True).code is Code.PURPOSE_NOT_ALLOWED


@pytest.mark.parametrize("bound", [True, False])
@pytest.mark.parametrize(
    "header",
    [
        "",
        " ",
        "treat",
        "TREAT ",
        "TREAT, HRESCH",
        "TREAT,TREAT",
        "TREATMENT",
        "none",
        "é",
        "x" * 9999,
    ],
)
def test_a_word_that_is_no_code_is_refused_and_not_repeated(header: str, bound: bool) -> None:  # noqa: FBT001
    error = refused(header, bound=bound)
    assert (error.code, error.param) == (Code.UNKNOWN_PURPOSE, HEADER)
    assert error.message == refused("?", bound=bound).message
