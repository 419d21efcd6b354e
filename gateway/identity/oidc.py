"""Step 1 with an access token (RFC 9068): believes what the hospital's identity provider signed.

1. The token has the form of a signed one, within bounds; its header is read strictly.
2. Its key is looked up by `kid` alone. What else a header offers (`jwk`, `jku`, `x5c`, `x5u`) is
   not looked at; `crit` is refused, as nothing critical is understood here.
3. The signature is checked, by an algorithm that the settings allow and the key is for.
4. Issuer and audience, then the other claims; then whether it is the time.
5. A token that is bound to a certificate (RFC 8705) has to come with it, each time.

Only after step 3 is anything believed, and only after issuer and audience has a refusal an owner.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from joserfc import jws
from joserfc.errors import JoseError

from gateway.believed import Oidc
from gateway.domain.errors import AuthenticationError, Code
from gateway.domain.exchange import Caller, Credentials
from gateway.domain.ports import Clock
from gateway.identity.claims import ClaimError, Claims, read_claims
from gateway.identity.jwks import MAX_KID, PublicKey
from gateway.identity.providerkeys import (
    KeyPending,
    KeysUnavailable,
    KeyUnknown,
    ProviderKeys,
    Snapshot,
)
from gateway.identity.strictjson import parse_object

MAX_TOKEN: Final = 16 * 1024
"""Characters. A request's headers have 32 KiB together; a token with 200 groups has about 10."""
CACHE_SIZE: Final = 4096
CACHE_MS: Final = 60_000
_FORM: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\Z")
_HOW: Final = "send `Authorization: Bearer` with an access token of the identity provider"


class _Registry(jws.JWSRegistry):
    """joserfc's bounds on a token, as far as ours."""

    max_header_length = MAX_TOKEN


@dataclass(frozen=True, slots=True)
class _Believed:
    """A token that was checked."""

    snapshot: int
    checked: int
    until: int
    claims: Claims


class OidcAuthenticator:
    """Implements `ports.Authenticator` with access tokens. Never waits for the network."""

    def __init__(self, settings: Oidc, keys: ProviderKeys, clock: Clock) -> None:
        self._settings = settings
        self._keys = keys
        self._clock = clock
        self._types = frozenset(name.lower() for name in settings.types)
        self._registry: dict[str, _Registry] = {
            name: _Registry(algorithms=[name], strict_check_header=False)
            for name in settings.algorithms
        }
        self._lock = threading.Lock()
        self._cache: OrderedDict[bytes, _Believed] = OrderedDict()

    def authenticate(self, credentials: Credentials) -> Caller:
        """Return who bears the token in `credentials`. Raises `AuthenticationError`."""
        scheme, _, presented = (credentials.authorization or "").strip().partition(" ")
        token = presented.strip()
        if not token and scheme.lower() in {"", "bearer"}:
            raise AuthenticationError(Code.MISSING_CREDENTIALS, f"Say who you are: {_HOW}.")
        if scheme.lower() != "bearer" or len(token) > MAX_TOKEN or not _FORM.match(token):
            raise _invalid("it is not a signed token in its compact form")
        try:
            snapshot = self._keys.current()
        except KeysUnavailable:
            raise AuthenticationError(
                Code.IDENTITY_UNAVAILABLE,
                "The identity provider's keys cannot be had now, so no token is believed. Try "
                "again later; the operator can run `intramural doctor`.",
            ) from None
        digest = hashlib.sha256(token.encode("ascii")).digest()
        now = self._clock.now_ms()
        claims = self._remembered(digest, snapshot, now)
        if claims is None:
            claims = self._verified(token, snapshot)
            self._check_times(claims, now)
            until = min(claims.expires, now + CACHE_MS)
            self._remember(digest, _Believed(snapshot.number, now, until, claims))
        # 5. The certificate, also of a token that is remembered.
        _check_binding(claims, credentials.certificate)
        return claims.caller

    def _verified(self, token: str, snapshot: Snapshot) -> Claims:
        # 1. Form and header.
        algorithm, kid = self._header(token.partition(".")[0])
        # 2. The key.
        try:
            key = self._keys.find(snapshot, kid)
        except KeyUnknown:
            raise _invalid(
                "the identity provider has no key that it could be signed with"
            ) from None
        except KeyPending:
            raise AuthenticationError(
                Code.IDENTITY_UNAVAILABLE,
                "This token names a key that is not known yet. The identity provider is being "
                "asked for it: try again in a moment.",
            ) from None
        # 3. The signature.
        payload = self._payload(token, algorithm, key)
        # 4. The claims.
        try:
            return read_claims(payload, self._settings)
        except ClaimError as error:
            raise _invalid(str(error)) from None

    def _header(self, segment: str) -> tuple[str, str]:
        """Return the algorithm and the key's id that the header names, if both may be used."""
        try:
            header = parse_object(base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4)))
        except ValueError:
            raise _invalid("its header cannot be read") from None
        algorithm, kid, kind = header.get("alg"), header.get("kid"), header.get("typ")
        if not isinstance(algorithm, str) or algorithm not in self._registry:
            raise _invalid("it is signed by an algorithm that is not allowed here, or not at all")
        if "crit" in header or "b64" in header or "zip" in header:
            raise _invalid("its header asks for an extension that is not understood here")
        if not isinstance(kind, str) or _media(kind) not in self._types:
            raise _invalid("its type (typ) is not that of an access token")
        if not isinstance(kid, str) or not 0 < len(kid) <= MAX_KID:
            raise _invalid("it does not say which key it is signed with (kid)")
        return algorithm, kid

    def _payload(self, token: str, algorithm: str, key: PublicKey) -> dict[str, object]:
        if algorithm not in key.algorithms:
            raise _invalid("it is signed by another algorithm than its key is for")
        try:
            signed = jws.deserialize_compact(token, key.key, registry=self._registry[algorithm])
        except (JoseError, ValueError):
            raise _invalid("its signature does not hold") from None
        try:
            return parse_object(signed.payload or b"")
        except ValueError:
            raise _invalid("its claims are not one strict JSON object") from None

    def _check_times(self, claims: Claims, now: int) -> None:
        leeway = self._settings.leeway * 1000
        if now >= claims.expires + leeway:
            raise AuthenticationError(
                Code.EXPIRED_CREDENTIALS,
                "This access token has expired: get a new one from the identity provider.",
                caller=claims.caller,
            )
        if now < claims.begins - leeway:
            raise AuthenticationError(
                Code.TOKEN_NOT_YET_VALID,
                "This access token is not valid yet (nbf, iat): wait, or have the clocks of the "
                "gateway and the identity provider set.",
                caller=claims.caller,
            )

    def _remembered(self, digest: bytes, snapshot: Snapshot, now: int) -> Claims | None:
        with self._lock:
            held = self._cache.get(digest)
            # A newer set of keys may lack the one that signed it; a clock may have gone back.
            if held is None or held.snapshot != snapshot.number:
                return None
            if not held.checked <= now < held.until:
                return None
            self._cache.move_to_end(digest)
            return held.claims

    def _remember(self, digest: bytes, believed: _Believed) -> None:
        with self._lock:
            self._cache[digest] = believed
            self._cache.move_to_end(digest)
            if len(self._cache) > CACHE_SIZE:
                self._cache.popitem(last=False)


def _check_binding(claims: Claims, certificate: bytes | None) -> None:
    if claims.certificate is None:
        return
    same = hmac.compare_digest(claims.certificate, certificate or bytes(len(claims.certificate)))
    if certificate is None or not same:
        raise AuthenticationError(
            Code.INVALID_CREDENTIALS,
            "This access token is not accepted: it is bound to a client certificate that did not "
            "come with it (cnf).",
            caller=claims.caller,
        )


def _media(kind: str) -> str:
    """Return a `typ` in its short form, in lower case (RFC 7515 4.1.9)."""
    return kind.lower().removeprefix("application/")


def _invalid(why: str) -> AuthenticationError:
    return AuthenticationError(
        Code.INVALID_CREDENTIALS, f"This access token is not accepted: {why}."
    )
