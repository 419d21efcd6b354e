"""What is presented says which authenticator answers, and no request is tried with both."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from gateway.domain.exchange import Caller, Credentials
from gateway.identity import tokens
from gateway.identity.chain import ChainAuthenticator
from tests.fakes.identity import caller


@dataclass
class Noting:
    asked: list[Credentials] = field(default_factory=list)

    def authenticate(self, credentials: Credentials) -> Caller:
        self.asked.append(credentials)
        return caller()


@pytest.mark.parametrize(
    ("authorization", "token"),
    [
        (None, False),
        ("", False),
        ("Bearer", False),
        ("Bearer   ", False),
        ("Basic Zm9vOmJhcg==", False),
        ("DPoP eyJh.eyJh.AAAA", False),
        ("nonsense", False),
        (f"Bearer {tokens.NOBODY.reveal()}", False),
        ("bearer imk_", False),
        (" Bearer  imk_short", False),
        ("Bearer imk_ eyJh.eyJh.AAAA", False),
        ("Bearer eyJh.eyJh.AAAA", True),
        ("bearer  eyJh.eyJh.AAAA", True),
        ("Bearer IMK_short", True),
        ("Bearer nonsense", True),
    ],
)
def test_only_a_bearers_token_without_our_prefix_is_the_providers(
    authorization: str | None,
    token: bool,  # noqa: FBT001
) -> None:
    keys, oidc = Noting(), Noting()
    given = Credentials(authorization, "10.1.2.3")
    ChainAuthenticator(keys, oidc).authenticate(given)
    assert (keys.asked, oidc.asked) == (([], [given]) if token else ([given], []))
