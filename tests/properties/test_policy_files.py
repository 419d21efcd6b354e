"""Whatever is in a file of policy or in a header, the answer is an answer and never a surprise."""

from __future__ import annotations

import base64

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.domain.errors import AuthenticationError, ExchangeError
from gateway.domain.exchange import Credentials, Purpose
from gateway.domain.purpose import parse_purpose
from gateway.identity import tokens
from gateway.identity.authenticator import ApiKeyAuthenticator
from gateway.identity.keyring import open_keyring
from gateway.policy.cedar import CedarPolicies
from gateway.policy.problems import PolicyError
from gateway.policy.release import ACCESS, SCHEMA, digest, read
from gateway.policy.shipped import shipped_policies
from gateway.policy.strictyaml import parse
from tests.fakes.identity import StoppedClock, caller

FILES = dict(read(shipped_policies()))
YAML = [data for name, data in FILES.items() if name.endswith(".yaml")]
PIECES = st.sampled_from(
    [b"&a ", b"*a", b"!!int ", b"<<: ", b"\n---\n", b"{}", b"[", b"\t", b'"\\U', b"%"]
)


@st.composite
def mutated(draw: st.DrawFn, originals: list[bytes]) -> bytes:
    data = draw(st.sampled_from(originals))
    at = draw(st.integers(0, len(data)))
    cut = draw(st.integers(0, 20))
    return data[:at] + draw(PIECES | st.binary(max_size=8)) + data[at + cut :]


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode) | mutated(YAML))
@example(b'a: "\\U00110000"')
@example(b'a: "\\UFFFFFFFF"')
@example(b"[" * 5000)
@example(b"- " * 5000)
def test_any_bytes_are_strict_yaml_or_one_problem(data: bytes) -> None:
    try:
        parse("f.yaml", data)
    except PolicyError as error:
        assert len(error.problems) == 1  # noqa: PT017 - it need not be raised


@settings(max_examples=100, deadline=None)
@given(
    st.text(max_size=80) | mutated([FILES[ACCESS]]).map(lambda data: data.decode(errors="replace"))
)
def test_any_text_is_cedar_or_problems(text: str) -> None:
    try:
        policies = CedarPolicies(ACCESS, text, SCHEMA, FILES[SCHEMA].decode())
    except PolicyError as error:
        assert error.problems  # noqa: PT017 - as above
    else:
        lines = text.splitlines()
        assert all(statement.id in " ".join(lines) for statement in policies.statements)


NAMES = st.text("ab/.", min_size=1, max_size=3)


@given(*2 * [st.dictionaries(NAMES, st.binary(max_size=3), max_size=3)])
def test_two_directories_have_the_same_digest_only_if_they_are_the_same(
    one: dict[str, bytes], other: dict[str, bytes]
) -> None:
    assert (digest(one) == digest(other)) == (one == other)


@pytest.fixture(scope="module")
def authenticator(tmp_path_factory: pytest.TempPathFactory) -> ApiKeyAuthenticator:
    folder = tmp_path_factory.mktemp("gateway")
    return ApiKeyAuthenticator(open_keyring(folder / "state", folder / "keys"), StoppedClock())


@settings(deadline=None)
@given(
    header=st.none()
    | st.text()
    | st.text().map("Bearer {}".format)
    | st.text().map("Bearer imk_{}".format)
)
def test_any_header_gets_a_plain_no_from_a_gateway_without_keys(
    authenticator: ApiKeyAuthenticator, header: str | None
) -> None:
    try:
        authenticator.authenticate(Credentials(header, "10.0.0.1"))
    except AuthenticationError as error:
        assert error.caller is None  # noqa: PT017 - a stranger has none
    else:
        raise AssertionError("let in")


@given(st.binary(min_size=32, max_size=32))
def test_a_key_can_be_read_back(secret: bytes) -> None:
    words = base64.urlsafe_b64encode(secret).decode().rstrip("=")
    token = tokens.Token(tokens.new_token().id, words)
    assert tokens.parse(token.reveal()) == token


@given(st.none() | st.text(max_size=12), st.none() | st.sampled_from(list(Purpose)))
def test_a_purpose_is_the_one_stated_and_the_one_bound_or_none(
    header: str | None, bound: Purpose | None
) -> None:
    try:
        purpose = parse_purpose(header, caller(purpose=bound))
    except ExchangeError:
        return
    assert header in {None, purpose.value}
    assert bound in {None, purpose}
