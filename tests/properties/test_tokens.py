"""Whatever stands in a token, the answer is a caller that a record can hold, or a plain no."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.domain.canonical import decode, encode
from gateway.domain.errors import AuthenticationError, Code
from gateway.domain.exchange import Action, Caller, Credentials
from gateway.domain.records import Refusal
from tests.fakes.provider import House, assemble, claims, ec, sign

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["ward-clinician", "urn:x", "JWT", "none", "RS256", "rsa-0"]),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
CLAIMS = st.sampled_from(
    [
        "iss",
        "aud",
        "sub",
        "azp",
        "client_id",
        "appid",
        "iat",
        "exp",
        "nbf",
        "roles",
        "groups",
        "realm_access",
        "typ",
        "cnf",
        "jti",
    ]
)
HEADERS = st.sampled_from(
    ["alg", "typ", "kid", "crit", "b64", "zip", "jwk", "jku", "x5c", "x5u", "x5t", "cty", "nonce"]
)


@pytest.fixture(scope="module")
def house() -> House:
    return House()


def answer(house: House, authorization: str) -> Caller | AuthenticationError:
    try:
        return house.authenticator.authenticate(Credentials(authorization, "10.1.2.3"))
    except AuthenticationError as error:
        return error


def check_caller(caller: Caller) -> None:
    assert caller.id.startswith("oidc:")
    assert max(len(caller.id), len(caller.client), len(caller.name)) <= 64
    assert caller.roles <= {"clinician", "coder"}
    assert caller.groups <= {"icu"}
    record = Refusal("x", 0, caller.id, caller.client, Action.CHAT, Code.POLICY_DENIED)
    assert decode(encode(record)) == record


@settings(max_examples=400, deadline=None)
@given(st.dictionaries(CLAIMS, JSON, max_size=5))
@example({"sub": "\ud800"})
@example({"sub": '"}\n{"v":1', "azp": "\x00"})
@example({"roles": [["ward-clinician"]]})
@example({"exp": 1e308, "iat": 5e-324})
def test_any_claims_are_a_caller_or_a_no(house: House, changed: dict[str, object]) -> None:
    payload = json.dumps({**claims(), **changed}).encode()
    match answer(house, f"Bearer {sign(payload, alg='ES256')}"):
        case Caller() as caller:
            check_caller(caller)
        case AuthenticationError() as error:
            assert error.code in {
                Code.INVALID_CREDENTIALS,
                Code.EXPIRED_CREDENTIALS,
                Code.TOKEN_NOT_YET_VALID,
            }
            if error.caller is not None:
                check_caller(error.caller)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(HEADERS, JSON, max_size=4))
def test_any_header_is_a_caller_or_a_no(house: House, changed: dict[str, object]) -> None:
    header = {"alg": "ES256", "typ": "at+jwt", "kid": ec().kid, **changed}
    token = assemble(json.dumps(header).encode(), json.dumps(claims()).encode(), ec(), "ES256")
    match answer(house, f"Bearer {token}"):
        case Caller():
            assert header["alg"] == "ES256"
            assert header["kid"] == ec().kid
            assert not {"crit", "b64", "zip"} & header.keys()
        case AuthenticationError() as error:
            assert error.caller is None
            assert error.code in {Code.INVALID_CREDENTIALS, Code.IDENTITY_UNAVAILABLE}


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=80), st.binary(max_size=80))
def test_any_signed_bytes_are_a_no(house: House, header: bytes, payload: bytes) -> None:
    assert isinstance(
        answer(house, f"Bearer {assemble(header, payload, ec(), 'ES256')}"), AuthenticationError
    )


def decoded(token: str) -> list[bytes]:
    return [base64.urlsafe_b64decode(part + "==") for part in token.split(".")]


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_token_that_was_changed_anywhere_is_a_no(house: House, data: st.DataObject) -> None:
    token = sign(alg="ES256")
    at = data.draw(st.integers(0, len(token) - 1))
    cut = data.draw(st.integers(0, 3))
    more = data.draw(st.text("AZaz09-_.=+/ \n", max_size=3))
    changed = token[:at] + more + token[at + cut :]
    if isinstance(answer(house, f"Bearer {changed}"), Caller):
        # The last characters of a part have bits that mean nothing: they spell the same token.
        assert decoded(changed.strip()) == decoded(token)


@settings(deadline=None)
@given(st.text() | st.text().map("Bearer {}".format) | st.text().map("Bearer eyJ{}.e30.AA".format))
@example("Bearer " + "." * 20_000)
@example("Bearer " + "A." * 8_000)
def test_any_other_header_is_a_plain_no(house: House, header: str) -> None:
    error = answer(house, header)
    assert isinstance(error, AuthenticationError)
    assert error.caller is None
