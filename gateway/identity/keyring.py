"""Makes, rotates and revokes API keys. Each act is recorded in the ledger first, and then done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from gateway import secretfiles
from gateway.domain.duties import OPERATOR, Duty, carries, conflicts
from gateway.domain.records import AdminAct
from gateway.identity.keys import ApiKey, Grant, Replaced, State
from gateway.identity.networks import Networks
from gateway.identity.store import KeyStore, KeyStoreError
from gateway.identity.tokens import Token, new_token

DATABASE: Final = "state.db"
PEPPER: Final = "api-key-pepper.key"
_PEPPER_SIZE: Final = 32
RECOVERED_MS: Final = 24 * 3_600_000
"""How long a recovered operator's key lives: enough to make a proper one."""

RecordAct = Callable[[AdminAct, str], None]
"""Makes (act, target) durable in the ledger, or raises; `target` is `key:<id>`."""
RecordUntil = Callable[[AdminAct, str, int], None]
"""As `RecordAct`, of something that ends at a time: milliseconds since the Unix epoch."""


class NothingToRecover(Exception):  # noqa: N818 - reads as a state
    """No operator ever had a key."""


class UnknownKey(Exception):  # noqa: N818 - reads as a state
    """No key has this id."""


class ConflictingRoles(ValueError):  # noqa: N818 - as above
    """Nobody may hold two of these roles at once, so there is no such key."""


class AlreadyRevoked(Exception):  # noqa: N818 - reads as a state
    """The key was revoked before."""


@dataclass(frozen=True, slots=True)
class Keyring:
    """The table of keys, and the pepper without which its digests say nothing."""

    store: KeyStore
    pepper: bytes = field(repr=False)

    def managed(self) -> bool:
        """Say whether keys are managed by people: whether one of them ever had a key for that.

        Also a key that was revoked or has ended: else who waits for its end could do without.
        Raises `KeyStoreError`.
        """
        return any(_manages(key) for key in self.store.all_keys())

    def operable(self, now: int, here: str) -> bool:
        """Say whether somebody's key to manage keys works now, at the address `here`.

        Raises `KeyStoreError`.
        """
        return any(
            _manages(key) and key.state(now) is State.ACTIVE and key.grant.networks.allow(here)
            for key in self.store.all_keys()
        )

    def recover(self, name: str, networks: Networks, now: int, record: RecordUntil) -> Token:
        """Return an operator's key that nobody with the duty asked for: break-glass at the host.

        It ends by itself, soon. `record` is called first. Raises `NothingToRecover` or
        `KeyStoreError`.
        """
        if not self.managed():
            raise NothingToRecover(
                f"no {OPERATOR} had a key so far, so there is none to recover: `intramural keys "
                f"create --role {OPERATOR}` makes the first"
            )
        grant = Grant(
            name=name,
            roles=frozenset({OPERATOR}),
            groups=frozenset(),
            networks=networks,
            purpose=None,
            expires=now + RECOVERED_MS,
        )
        return self._made(
            grant, now, lambda _, key: record(AdminAct.KEY_RECOVERED, key, grant.expires)
        )

    def create(self, grant: Grant, now: int, record: RecordAct) -> Token:
        """Return a new key, whose secret is shown now or never.

        `record` is called before the key works; if it raises, there is no key. Raises
        `KeyStoreError`, or `ConflictingRoles` for a key that would carry no duty at all.
        """
        if pairs := conflicts(grant.roles):
            first, second = pairs[0]
            raise ConflictingRoles(
                f"nobody is {first} and {second} at once: make a key with one of the two, for "
                "another person"
            )
        return self._made(grant, now, record)

    def _made(self, grant: Grant, now: int, record: RecordAct) -> Token:
        token = new_token()
        while self.store.find(token.id) is not None:  # 50 bits: never, but then again.
            token = new_token()
        key = ApiKey(token.id, grant, now, None, token.digest(self.pepper))
        record(AdminAct.KEY_CREATED, key.principal)
        self.store.add(key)
        return token

    def rotate(
        self, key_id: str, now: int, until: int, expires: int | None, record: RecordUntil
    ) -> Token:
        """Return a new secret for the key `key_id`; the one in force works until `until` besides.

        A secret that was replaced before ends now. `expires` gives the key another end. `record` is
        called first. Raises `UnknownKey`, `AlreadyRevoked` or `KeyStoreError`.
        """
        key = self._working(key_id, now)
        token = new_token(key.id)
        record(AdminAct.KEY_ROTATED, key.principal, until)
        self.store.replace(
            key.id,
            token.digest(self.pepper),
            Replaced(key.digest, until),
            key.grant.expires if expires is None else expires,
        )
        return token

    def revoke(self, key_id: str, now: int, record: RecordAct) -> ApiKey:
        """Revoke the key `key_id` (with or without `key:`), and return it as it was.

        `record` is called first. Raises `UnknownKey`, `AlreadyRevoked` or `KeyStoreError`.
        """
        key = self._working(key_id, now)
        record(AdminAct.KEY_REVOKED, key.principal)
        self.store.revoke(key.id, now)
        return key

    def _working(self, key_id: str, now: int) -> ApiKey:
        key = self.store.find(key_id.removeprefix("key:"))
        if key is None:
            raise UnknownKey("no key has this id: `intramural keys list` shows them all")
        if key.state(now) is State.REVOKED:
            raise AlreadyRevoked(f"{key.id} was revoked before")
        return key


def _manages(key: ApiKey) -> bool:
    scope = key.grant.scope.actions
    # A key for some actions alone carries no duty.
    return scope is None and carries(key.grant.roles, Duty.MANAGE_KEYS)


def open_keyring(state: Path, keys: Path) -> Keyring:
    """Open the keys in the directories `state` (database) and `keys` (pepper), or make them.

    Raises `KeyStoreError` or `secretfiles.SecretFileError`. A pepper that is missing beside
    existing keys is an error: a fresh one would make all of them invalid, without a word.
    """
    store = KeyStore(state / DATABASE)
    path = keys / PEPPER
    try:
        if store.all_keys():
            pepper = secretfiles.read(path)
        else:
            pepper = secretfiles.read_or_create(path, _PEPPER_SIZE)
    except secretfiles.SecretMissing:
        store.close()
        raise KeyStoreError(
            f"{path} is missing, and without it no API key can be checked: restore it from a backup"
        ) from None
    except secretfiles.SecretFileError:
        store.close()
        raise
    if len(pepper) != _PEPPER_SIZE:
        store.close()
        raise KeyStoreError(f"{path} does not hold {_PEPPER_SIZE} bytes: restore it from a backup")
    return Keyring(store, pepper)
