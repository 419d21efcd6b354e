"""A provider's key set (RFC 7517): which of its keys may check which signatures.

The set is taken whole or not at all. Keys for other uses are passed over; two keys with one id,
and a set without any key that can be used, are errors.
"""

from __future__ import annotations

import base64
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from gateway.identity.strictjson import parse_object

MAX_KEYS: Final = 64
MAX_KID: Final = 256
_MIN_RSA: Final = 2048
_MAX_RSA: Final = 8192
"""Bits. Above, one check takes milliseconds."""
_RSA: Final = frozenset({"RS256", "RS384", "PS256"})
_CURVES: Final = MappingProxyType({"P-256": "ES256", "P-384": "ES384"})
_PRIVATE: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})


class JwksError(ValueError):
    """The set cannot be used; `reason` is a word of ours, fit for a log line."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key, and the algorithms that it may be used with: those of its type, and no others."""

    key: RSAKey | ECKey
    algorithms: frozenset[str]


def parse_jwks(document: bytes, allowed: Collection[str]) -> Mapping[str, PublicKey]:
    """Return the keys by their ids, for the `allowed` algorithms. Raises `JwksError`."""
    try:
        members = parse_object(document).get("keys")
    except ValueError:
        raise JwksError("not_json") from None
    if not isinstance(members, list) or len(members) > MAX_KEYS:
        raise JwksError("not_a_key_set")
    keys: dict[str, PublicKey] = {}
    for member in members:
        if not isinstance(member, dict):
            raise JwksError("not_a_key_set")
        kid = member.get("kid")
        key = _public_key(member, frozenset(allowed))
        if key is None or not isinstance(kid, str) or not 0 < len(kid) <= MAX_KID:
            continue
        if kid in keys:
            raise JwksError("duplicate_kid")
        keys[kid] = key
    if not keys:
        raise JwksError("no_usable_key")
    return MappingProxyType(keys)


def _public_key(member: dict[str, object], allowed: frozenset[str]) -> PublicKey | None:
    operations = member.get("key_ops", ["verify"])
    if member.get("use", "sig") != "sig" or not isinstance(operations, list):
        return None
    if "verify" not in operations or _PRIVATE & member.keys():
        return None
    key: RSAKey | ECKey
    try:
        match member.get("kty"):
            case "RSA":
                # Before the import, which warns of a short key in words that are not for our log.
                if not _MIN_RSA <= _bits(str(member["n"])) <= _MAX_RSA:
                    return None
                key = RSAKey.import_key({name: str(member[name]) for name in ("kty", "n", "e")})
                able = _RSA
            case "EC":
                key = ECKey.import_key(
                    {name: str(member[name]) for name in ("kty", "crv", "x", "y")}
                )
                able = frozenset({_CURVES[str(member["crv"])]})
            case _:
                return None
        key.public_key  # noqa: B018 - the curve and the numbers are checked when it is made
    except (JoseError, KeyError, ValueError, TypeError):
        return None
    able &= allowed
    if (only := member.get("alg")) is not None:
        able &= {str(only)}
    return PublicKey(key, able) if able else None


def _bits(number: str) -> int:
    data = base64.urlsafe_b64decode(number + "=" * (-len(number) % 4))
    return int.from_bytes(data, "big").bit_length()
