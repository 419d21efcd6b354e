"""What a token says about its bearer, in our words. Called only after the signature was checked.

DURABLE FORMAT: `oidc:…` ids stand in records. Never change how `bounded` writes a name.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.believed import Oidc
from gateway.domain.exchange import Assurance, Caller

_PREFIX: Final = "oidc:"
_MAX: Final = 64
_PLAIN: Final = re.compile(r"[A-Za-z0-9._:/@+=|-]+\Z")
_CLIENT_CLAIMS: Final = ("azp", "client_id", "appid")
"""Keycloak and Entra 2.0; RFC 9068; AD FS and Entra 1.0."""
_NOBODY: Final = "~none"
"""The client of a token that names none: no client's own name can begin with a tilde."""
_OTHER_KINDS: Final = frozenset({"ID", "Refresh", "Offline", "Logout"})
"""Keycloak's claim `typ` of what is signed by the same key and is no access token."""
_ID_CLAIMS: Final = frozenset({"at_hash", "c_hash", "events"})
_MAX_TIME: Final = 2**40
_THUMBPRINT: Final = re.compile(r"[A-Za-z0-9_-]{43}\Z")


class ClaimError(ValueError):
    """The token is signed, and not one to act on. The message is for the client, our words only."""


@dataclass(frozen=True, slots=True)
class Claims:
    """Who, and when. Times in milliseconds since the Unix epoch."""

    caller: Caller
    expires: int
    begins: int
    """The later of `iat` and `nbf`."""
    certificate: bytes | None = None
    """SHA-256 of the certificate that its bearer has to come with (RFC 8705), where it is bound."""


def bounded(name: str, size: int) -> str:
    """Return `name` itself, or a digest of it, as printable ASCII of at most `size` characters.

    No two names have the same result (two digests aside): a digest begins with `~`, which stands in
    no name that is kept. `size` is at least 44.
    """
    if len(name) <= size and _PLAIN.match(name):
        return name
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()
    return "~" + base64.urlsafe_b64encode(digest).decode("ascii").rstrip("=")


def read_claims(payload: Mapping[str, object], settings: Oidc) -> Claims:
    """Return what the claims say. Raises `ClaimError`; whether it is the time is for the caller."""
    if payload.get("iss") != settings.issuer:
        raise ClaimError("it was issued by somebody else than this gateway's identity provider")
    if not set(_texts(payload, "aud")) & set(settings.audience):
        raise ClaimError("it is meant for somebody else: ask for one with this gateway's audience")
    kind = payload.get("typ", "")
    if _ID_CLAIMS & payload.keys() or not isinstance(kind, str) or kind in _OTHER_KINDS:
        raise ClaimError("it is signed, but is no access token")
    subject = payload.get("sub")
    if not isinstance(subject, str) or not subject:
        raise ClaimError("its claim sub is missing")
    client = _client(payload)
    issued = _moment(payload, "iat")
    begins = max(issued, _moment(payload, "nbf")) if "nbf" in payload else issued
    caller = Caller(
        id=_PREFIX + bounded(subject, _MAX - len(_PREFIX)),
        name=client,
        roles=_translated(payload, settings.role_claims, settings.roles),
        groups=_translated(payload, settings.group_claims, settings.groups),
        client=client,
        assurance=Assurance.OIDC,
    )
    return Claims(caller, _moment(payload, "exp"), begins, _bound(payload))


def _bound(payload: Mapping[str, object]) -> bytes | None:
    """Return the thumbprint in `cnf`. A binding that is not understood is no missing one."""
    if "cnf" not in payload:
        return None
    confirmed = payload["cnf"]
    if not isinstance(confirmed, dict) or confirmed.keys() != {"x5t#S256"}:
        raise ClaimError("it is bound to something else than a certificate (cnf)")
    word = confirmed["x5t#S256"]
    if not isinstance(word, str) or not _THUMBPRINT.match(word):
        raise ClaimError("the certificate that it is bound to is not named by its SHA-256 (cnf)")
    return base64.urlsafe_b64decode(word + "=")


def _client(payload: Mapping[str, object]) -> str:
    for claim in _CLIENT_CLAIMS:
        if claim in payload:
            name = payload[claim]
            if not isinstance(name, str) or not name:
                raise ClaimError(f"its claim {claim} is no name")
            return bounded(name, _MAX)
    return _NOBODY


def _moment(payload: Mapping[str, object], claim: str) -> int:
    value = payload.get(claim)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ClaimError(f"its claim {claim} is missing, or is no time")
    if not 0 <= value < _MAX_TIME:  # False of what is no number and of what is infinite, too.
        raise ClaimError(f"its claim {claim} is no time")
    return int(value * 1000)


def _texts(holder: Mapping[str, object], claim: str) -> Sequence[str]:
    """Return a claim that is a text or a list of texts. AD FS writes a list of one as a text."""
    value = holder.get(claim, [])
    if isinstance(value, str):
        return [value]
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise ClaimError("a claim that should hold names holds something else")
    return value


def _translated(
    payload: Mapping[str, object], paths: Sequence[str], names: Mapping[str, str]
) -> frozenset[str]:
    """Return our names for the values at `paths`. What has no translation gives nothing."""
    found: set[str] = set()
    for path in paths:
        # A claim's name that is an address (AD FS) holds dots of its own.
        *objects, last = [path] if "://" in path else path.split(".")
        holder = payload
        for name in objects:
            inner = holder.get(name, {})
            if not isinstance(inner, dict):
                raise ClaimError("a claim that should hold names holds something else")
            holder = inner
        found.update(names[value] for value in _texts(holder, last) if value in names)
    return frozenset(found)
