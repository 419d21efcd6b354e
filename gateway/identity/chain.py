"""API keys beside access tokens: what is presented says which of the two it wants to be.

Whatever is not a bearer's token without our own prefix goes the way of the API keys, all of it and
only there, so that this choice tells nothing about any key.
"""

from __future__ import annotations

from gateway.domain.exchange import Caller, Credentials
from gateway.domain.ports import Authenticator
from gateway.identity.tokens import PREFIX


class ChainAuthenticator:
    """Implements `ports.Authenticator` with two others. No request is tried with both."""

    def __init__(self, api_keys: Authenticator, oidc: Authenticator) -> None:
        self._api_keys = api_keys
        self._oidc = oidc

    def authenticate(self, credentials: Credentials) -> Caller:
        """Return whose key or token `credentials` hold. Raises `AuthenticationError`."""
        scheme, _, presented = (credentials.authorization or "").strip().partition(" ")
        token = presented.strip()
        if scheme.lower() == "bearer" and token and not token.startswith(PREFIX):
            return self._oidc.authenticate(credentials)
        return self._api_keys.authenticate(credentials)
