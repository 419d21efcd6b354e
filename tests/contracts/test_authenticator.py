"""What every `ports.Authenticator` keeps, the fake too."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from gateway.domain.errors import AuthenticationError, Code
from gateway.domain.exchange import Caller, Credentials, Purpose
from gateway.domain.ports import Authenticator
from gateway.identity.authenticator import ApiKeyAuthenticator
from gateway.identity.bare import NetworkAuthenticator
from gateway.identity.chain import ChainAuthenticator
from gateway.identity.keyring import open_keyring
from gateway.identity.keys import Grant
from gateway.identity.networks import parse_networks
from tests.fakes.identity import START, FakeAuthenticator, StoppedClock
from tests.fakes.identity import caller as fake_caller
from tests.fakes.provider import NOW, House, claims, sign

HERE = "10.1.2.3"


@dataclass
class Scenario:
    """One credential works; each of `refused` is known, and refused for a reason of its own."""

    authenticator: Authenticator
    broken: Authenticator
    good: str
    refused: dict[Code, str]
    prefix: str = "key:"


def real(folder: Path) -> Scenario:
    keyring = open_keyring(folder / "state", folder / "keys")
    clock = StoppedClock()

    def key(expires: int = 3_600_000, network: str = "10.0.0.0/8") -> str:
        grant = Grant(
            name="ward",
            roles=frozenset({"clinician"}),
            groups=frozenset(),
            networks=parse_networks([network]),
            purpose=None,
            expires=START + expires,
        )
        return keyring.create(grant, START - 10, lambda _act, _target: None).reveal()

    revoked = key()
    keyring.revoke(revoked[4:14], START, lambda _act, _target: None)
    broken = open_keyring(folder / "broken", folder / "keys")
    (folder / "broken" / "state.db").unlink()
    return Scenario(
        ApiKeyAuthenticator(keyring, clock),
        ApiKeyAuthenticator(broken, clock),
        good=key(),
        refused={
            Code.REVOKED_CREDENTIALS: revoked,
            Code.EXPIRED_CREDENTIALS: key(expires=0),
            Code.NETWORK_NOT_ALLOWED: key(network="192.0.2.0/24"),
        },
    )


def tokens() -> Scenario:
    broken = House()
    broken.tick.now += 10**6
    return Scenario(
        House().authenticator,
        broken.authenticator,
        good=sign(),
        refused={
            Code.EXPIRED_CREDENTIALS: sign(claims(exp=NOW - 100)),
            Code.TOKEN_NOT_YET_VALID: sign(claims(nbf=NOW + 100)),
        },
        prefix="oidc:",
    )


def chained(folder: Path, *, by_token: bool) -> Scenario:
    keys, oidc = real(folder), tokens()
    chosen = oidc if by_token else keys
    return Scenario(
        ChainAuthenticator(keys.authenticator, oidc.authenticator),
        ChainAuthenticator(keys.broken, oidc.broken),
        chosen.good,
        keys.refused | oidc.refused,
        chosen.prefix,
    )


def beside_a_network(folder: Path) -> Scenario:
    keys = real(folder)

    def admitting(others: Authenticator) -> NetworkAuthenticator:
        return NetworkAuthenticator(others, parse_networks([HERE]), "redactor", Purpose.TREAT)

    return replace(keys, authenticator=admitting(keys.authenticator), broken=admitting(keys.broken))


def fake() -> Scenario:
    who = fake_caller()
    refusals = {
        "revoked": Code.REVOKED_CREDENTIALS,
        "expired": Code.EXPIRED_CREDENTIALS,
        "early": Code.TOKEN_NOT_YET_VALID,
        "elsewhere": Code.NETWORK_NOT_ALLOWED,
    }
    callers = dict.fromkeys(("good", *refusals), who)
    return Scenario(
        FakeAuthenticator(callers, refusals),
        FakeAuthenticator(callers, refusals, fail=True),
        "good",
        {code: word for word, code in refusals.items()},
    )


@pytest.fixture(
    params=[
        "api keys",
        "beside a network",
        "oidc",
        "a key in the chain",
        "a token in the chain",
        "fake",
    ]
)
def scenario(request: pytest.FixtureRequest, tmp_path: Path) -> Scenario:
    match request.param:
        case "api keys":
            return real(tmp_path)
        case "beside a network":
            return beside_a_network(tmp_path)
        case "oidc":
            return tokens()
        case "fake":
            return fake()
        case which:
            return chained(tmp_path, by_token=which == "a token in the chain")


def refusal(authenticator: Authenticator, authorization: str | None) -> AuthenticationError:
    with pytest.raises(AuthenticationError) as raised:
        authenticator.authenticate(Credentials(authorization, HERE))
    return raised.value


def test_a_credential_that_works_returns_its_caller(scenario: Scenario) -> None:
    caller = scenario.authenticator.authenticate(Credentials(f"Bearer {scenario.good}", HERE))
    assert isinstance(caller, Caller)
    assert caller.id.startswith(scenario.prefix)
    assert len(caller.id) <= 64
    assert caller.id.isascii()
    assert caller.roles == {"clinician"}


@pytest.mark.parametrize("nothing", [None, "", "Bearer", "Bearer "])
def test_no_credentials_are_missing_credentials(scenario: Scenario, nothing: str | None) -> None:
    error = refusal(scenario.authenticator, nothing)
    assert (error.code, error.caller) == (Code.MISSING_CREDENTIALS, None)


@pytest.mark.parametrize("word", ["Bearer nonsense", "Basic Zm9vOmJhcg==", "nonsense"])
def test_what_is_no_key_is_invalid_and_has_no_caller(scenario: Scenario, word: str) -> None:
    error = refusal(scenario.authenticator, word)
    assert (error.code, error.caller) == (Code.INVALID_CREDENTIALS, None)


def test_a_refused_credential_names_its_owner_so_that_the_refusal_is_recorded(
    scenario: Scenario,
) -> None:
    for code, word in scenario.refused.items():
        error = refusal(scenario.authenticator, f"Bearer {word}")
        assert error.code is code
        assert error.caller is not None
        assert error.caller.name == "ward"


def test_no_error_holds_what_was_presented(scenario: Scenario) -> None:
    for key in ("nonsense", *scenario.refused.values()):
        error = refusal(scenario.authenticator, f"Bearer {key}")
        assert key not in f"{error!r} {error.message} {error.caller!r}".split()


def test_an_authenticator_that_cannot_answer_lets_nobody_in(scenario: Scenario) -> None:
    error = refusal(scenario.broken, f"Bearer {scenario.good}")
    assert (error.code, error.caller) == (Code.IDENTITY_UNAVAILABLE, None)
