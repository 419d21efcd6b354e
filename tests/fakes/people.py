"""A person with a key, for commands and routes that ask for one."""

from __future__ import annotations

import time
from pathlib import Path

from gateway.identity.keyring import open_keyring
from gateway.identity.keys import Grant
from gateway.identity.networks import parse_networks
from gateway.settings import Settings


def key_of(settings: Settings, *roles: str, name: str = "Ada") -> str:
    """Return a new API key of somebody with these roles."""
    keyring = open_keyring(settings.state, settings.keys)
    now = time.time_ns() // 1_000_000
    grant = Grant(
        name=name,
        roles=frozenset(roles),
        groups=frozenset(),
        networks=parse_networks(["127.0.0.0/8"]),
        purpose=None,
        expires=now + 600_000,
    )
    token = keyring.create(grant, now, lambda _act, _target: None)
    keyring.store.close()
    return token.reveal()


def key_file(settings: Settings, folder: Path, *roles: str) -> Path:
    """Return a file with such a key, 0600."""
    path = folder / f"{'-'.join(roles) or 'nobody'}.key"
    path.touch(0o600)
    path.write_text(f"{key_of(settings, *roles)}\n")
    return path
