"""Who holds powers that have to be apart, found by names over keys, signers and certificates.

One credential with two such roles carries neither (`domain/duties.py`) and cannot be made. That one
person has two credentials, no program can forbid: here it is found.
"""

from __future__ import annotations

from collections.abc import Iterator

from gateway.domain.duties import APPROVER, AUTHOR, bare, conflicts
from gateway.identity.keyring import DATABASE as KEYS
from gateway.identity.keyring import open_keyring
from gateway.identity.keys import State
from gateway.policy.releases.store import DATABASE as RELEASES
from gateway.policy.releases.store import PolicyStore
from gateway.policy.releases.version import Part
from gateway.settings import Settings

_ROLES = {Part.AUTHOR: AUTHOR, Part.APPROVER: APPROVER}


def people_in_conflict(settings: Settings, now: int) -> Iterator[str]:
    """Yield a sentence for each person whose credentials that work hold roles in conflict together.

    Raises `KeyStoreError`, `SecretFileError` or `PolicyStoreError`.
    """
    held: dict[str, dict[str, str]] = {}
    names: dict[str, str] = {}
    for name, role, where in _held(settings, now):
        one = bare(name)
        names[one] = min(names.get(one, name), name)
        held.setdefault(one, {}).setdefault(role, where)
    for one, roles in sorted(held.items()):
        for first, second in conflicts(set(roles)):
            yield (f"{names[one]} is {first} ({roles[first]}) and {second} ({roles[second]})")


def claims_in_conflict(settings: Settings) -> Iterator[str]:
    """Yield a sentence for each two claims that the provider has to keep apart."""
    oidc = settings.identity.oidc
    if oidc is None:
        return
    values: dict[str, list[str]] = {}
    for value, role in sorted(oidc.roles.items()):
        values.setdefault(role, []).append(value)
    for first, second in conflicts(set(values)):
        yield (
            f"`{values[first][0]}` leads to {first} and `{values[second][0]}` to {second}: who has "
            "both carries no duty"
        )


def _held(settings: Settings, now: int) -> Iterator[tuple[str, str, str]]:
    """Yield who holds which role, and by what."""
    if (settings.state / KEYS).is_file():
        keyring = open_keyring(settings.state, settings.keys)
        try:
            for key in keyring.store.all_keys():
                if key.state(now) is State.ACTIVE:
                    yield from ((key.grant.name, role, key.principal) for role in key.grant.roles)
        finally:
            keyring.store.close()
    if settings.identity.certificates is not None:
        for caller in settings.identity.certificates.callers:
            yield from ((caller.id, role, f"cert:{caller.id}") for role in caller.roles)
    if (settings.state / RELEASES).is_file():
        store = PolicyStore(settings.state / RELEASES)
        try:
            for signer in store.signers().values():
                if signer.revoked is None:
                    yield signer.person, _ROLES[signer.part], signer.id
        finally:
            store.close()
