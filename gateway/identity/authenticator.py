"""Step 1 of an exchange: believes a caller, or says no without saying which part was wrong.

1. Whatever is presented becomes a key (a dummy one if it has not the form of one).
2. Its digest is computed, and compared with that of the row (a dummy row if there is none).
   So is the digest of the secret before it, which works for a while after a rotation.
3. Only who knows the secret learns that it is revoked or has expired, or is used from elsewhere.
"""

from __future__ import annotations

import hmac
from typing import Final

from gateway.domain.errors import AuthenticationError, Code
from gateway.domain.exchange import Caller, Credentials
from gateway.domain.ports import Clock
from gateway.identity import tokens
from gateway.identity.keyring import Keyring
from gateway.identity.keys import ApiKey, State
from gateway.identity.store import KeyStoreError

_NO_DIGEST: Final = bytes(tokens.DIGEST_SIZE)
_HOW: Final = "send the header `Authorization: Bearer imk_…` with a key of this gateway"


class ApiKeyAuthenticator:
    """Implements `ports.Authenticator` with API keys."""

    def __init__(self, keyring: Keyring, clock: Clock) -> None:
        self._store = keyring.store
        self._pepper = keyring.pepper
        self._clock = clock

    def authenticate(self, credentials: Credentials) -> Caller:
        """Return whose key `credentials` hold. Raises `AuthenticationError`.

        Malformed, unknown and wrong keys get the same answer, by the same path, in the same time.
        """
        scheme, _, presented = (credentials.authorization or "").strip().partition(" ")
        if not presented.strip() and scheme.lower() in {"", "bearer"}:
            raise AuthenticationError(Code.MISSING_CREDENTIALS, f"Say who you are: {_HOW}.")
        key, until = self._matching(presented.strip() if scheme.lower() == "bearer" else "")
        if key is None:
            raise AuthenticationError(
                Code.INVALID_CREDENTIALS, f"This is not a valid API key: {_HOW}."
            )
        caller = key.caller(until)
        now = self._clock.now_ms()
        match key.state(now):
            case State.REVOKED:
                raise AuthenticationError(
                    Code.REVOKED_CREDENTIALS,
                    "This API key was revoked: ask the administrator for another one.",
                    caller=caller,
                )
            case State.EXPIRED:
                raise AuthenticationError(
                    Code.EXPIRED_CREDENTIALS,
                    "This API key has expired: ask the administrator for a new one.",
                    caller=caller,
                )
            case State.ACTIVE if until is not None and now >= until:
                raise AuthenticationError(
                    Code.EXPIRED_CREDENTIALS,
                    "This API key was replaced by a new one: ask the administrator for that.",
                    caller=caller,
                )
            case State.ACTIVE:
                pass
        if not key.grant.networks.allow(credentials.address):
            raise AuthenticationError(
                Code.NETWORK_NOT_ALLOWED,
                "This API key may not be used from this network: ask the administrator for one "
                "that may.",
                caller=caller,
            )
        return caller

    def _matching(self, presented: str) -> tuple[ApiKey | None, int | None]:
        """Return the key, and until when its secret works where it is not the one in force."""
        # One path for all: no branch here depends on whether the key exists.
        token = tokens.parse(presented) or tokens.NOBODY
        digest = token.digest(self._pepper)
        try:
            row = self._store.find(token.id)
        except KeyStoreError as error:
            raise AuthenticationError(
                Code.IDENTITY_UNAVAILABLE,
                "API keys cannot be checked now, so nobody is let in. Try again later; the "
                "operator can run `intramural doctor`.",
            ) from error
        replaced = row.replaced if row else None
        same = hmac.compare_digest(digest, row.digest if row else _NO_DIGEST)
        before = hmac.compare_digest(digest, replaced.digest if replaced else _NO_DIGEST)
        if not same and before and replaced is not None:
            return row, replaced.until
        return (row, None) if same else (None, None)
