"""A keyring in a temporary directory, a stopped clock, and keys made to measure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from gateway.domain.exchange import Purpose
from gateway.domain.records import AdminAct
from gateway.identity.authenticator import ApiKeyAuthenticator
from gateway.identity.keyring import Keyring, open_keyring
from gateway.identity.keys import Grant
from gateway.identity.networks import parse_networks
from gateway.identity.tokens import Token
from tests.fakes.identity import START, StoppedClock


@dataclass
class House:
    folder: Path
    keyring: Keyring
    clock: StoppedClock = field(default_factory=StoppedClock)
    acts: list[tuple[AdminAct, str]] = field(default_factory=list)

    @property
    def authenticator(self) -> ApiKeyAuthenticator:
        return ApiKeyAuthenticator(self.keyring, self.clock)

    def record(self, act: AdminAct, target: str) -> None:
        self.acts.append((act, target))

    def another(self) -> Keyring:
        """As another process sees the same keys."""
        return open_keyring(self.folder / "state", self.folder / "keys")

    def make(self, *networks: str, name: str = "ward 5", purpose: Purpose | None = None) -> Token:
        return self.keyring.create(grant(*networks, name=name, purpose=purpose), START, self.record)


def grant(
    *networks: str,
    name: str = "ward 5",
    purpose: Purpose | None = None,
    roles: frozenset[str] = frozenset({"clinician"}),
) -> Grant:
    return Grant(
        name=name,
        roles=roles,
        groups=frozenset({"icu"}),
        networks=parse_networks(networks or ("any",)),
        purpose=purpose,
        expires=START + 3_600_000,
    )


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path, open_keyring(tmp_path / "state", tmp_path / "keys"))


@pytest.fixture
def grants() -> Callable[..., Grant]:
    return grant
