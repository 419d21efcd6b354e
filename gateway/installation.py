"""A data directory on first use: keys, the default policy, and a demo key for this machine."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from gateway import secretfiles
from gateway.clock import SystemClock
from gateway.domain.errors import AuthenticationError
from gateway.domain.exchange import Credentials
from gateway.domain.records import AdminAct
from gateway.domain.redaction import Secrets
from gateway.encryption import KEY_SIZE, Encryption
from gateway.files import make_directory
from gateway.identity.authenticator import ApiKeyAuthenticator
from gateway.identity.grants.store import DATABASE as GRANTS
from gateway.identity.grants.store import forget
from gateway.identity.keyring import Keyring
from gateway.identity.keys import Grant
from gateway.identity.networks import parse_networks
from gateway.ledger.exports.feeding import Site
from gateway.ledger.ledger import Place
from gateway.ledger.sealing import VaultPlace
from gateway.lists import shipped_stock
from gateway.policy.shipped import install_default
from gateway.settings import Settings

DEMO_ROLE: Final = "clinician"
"""The role that the shipped policy lets ask for TREAT."""
DEMO_NAME: Final = "demo"
"""What the demo key is called. An administrator's keys bear the names of their software."""
_DEMO_DAYS: Final = 90
_DAY_MS: Final = 86_400_000


def prepare(settings: Settings) -> Secrets:
    """Make what is missing in the data directory and return the redaction secrets.

    Raises `OSError`, `SecretFileError` or `PolicyError`.
    """
    make_directory(settings.data)
    # A directory that an earlier command or a checkout made wider is ours to close.
    settings.data.chmod(0o700)
    install_default(settings.policies)
    return Secrets(
        pseudonym=secretfiles.read_or_create(settings.keys / "pseudonym.key", 32),
        hash=secretfiles.read_or_create(settings.keys / "hash.key", 32),
        cipher=encryption_of(settings.keys),
        stock=shipped_stock(),
        year=time.gmtime(SystemClock().now_ms() / 1000).tm_year,
    )


def encryption_of(keys: Path) -> Encryption:
    """Return what seals under `encrypt.key`, made if it is missing, and opens what that sealed.

    Older keys lie beside it as `encrypt-NAME.key`: they open and seal nothing. To rotate, rename
    the file and start again. Raises `SecretFileError`.
    """
    current = secretfiles.read_or_create(keys / "encrypt.key", KEY_SIZE)
    older = [secretfiles.read(path) for path in sorted(keys.glob("encrypt-*.key"))]
    if any(len(key) != KEY_SIZE for key in older):
        raise secretfiles.SecretFileError(
            f"an `encrypt-*.key` in {keys} does not hold {KEY_SIZE} bytes; restore it from a backup"
        )
    return Encryption([current, *older])


def subject_key(keys: Path) -> bytes:
    """Return the key of the fingerprints of whom exchanges are about, made if it is missing.

    Raises `SecretFileError`.
    """
    return secretfiles.read_or_create(keys / "subject.key", 32)


def place_of(settings: Settings) -> Place:
    """Return where this node's ledger is."""
    return Place(
        directory=settings.ledger,
        keys=settings.keys,
        node=settings.node,
        second_signature=settings.signing.second_signature is not None,
    )


def vault_of(settings: Settings) -> VaultPlace:
    """Return where this node keeps texts, and whom exchanges are about."""
    return VaultPlace(
        directory=settings.state,
        ledger=settings.ledger,
        key=settings.keys / "vault.key",
        forget=partial(forget, settings.state / GRANTS),
    )


def feeds_of(settings: Settings) -> Site:
    """Return what the feeds of this node send, and where they keep how far they came."""
    return Site(
        *(settings.data, settings.state, settings.ledger, settings.node),
        alerts=settings.alerts,
        vault=vault_of(settings),
    )


def ensure_demo_key(
    settings: Settings, keyring: Keyring, record: Callable[[AdminAct, str], None]
) -> Path:
    """Return the file that holds a key for `DEMO_ROLE`, from this machine only; make it if needed.

    A demo key that has expired or was revoked is replaced: `make demo` works a year from now too.
    Raises `KeyStoreError` or `SecretFileError`.
    """
    path = settings.data / "demo.key"
    clock = SystemClock()
    with contextlib.suppress(secretfiles.SecretMissing, AuthenticationError):
        held = secretfiles.read(path).decode().strip()
        ApiKeyAuthenticator(keyring, clock).authenticate(
            Credentials(authorization=f"Bearer {held}", address="127.0.0.1")
        )
        return path
    grant = Grant(
        name=DEMO_NAME,
        roles=frozenset({DEMO_ROLE}),
        groups=frozenset(),
        networks=parse_networks(["127.0.0.0/8", "::1/128"]),
        purpose=None,
        expires=clock.now_ms() + _DEMO_DAYS * _DAY_MS,
    )
    token = keyring.create(grant, clock.now_ms(), record)
    path.unlink(missing_ok=True)
    secretfiles.create(path, f"{token.reveal()}\n".encode())
    return path
