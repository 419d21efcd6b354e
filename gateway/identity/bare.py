"""Clients that can send no credentials, admitted by their network where the settings name it.

Only on the routes that say so, only without credentials of any kind, and only with the one role and
the one purpose of the settings. A wrong key is a wrong key, wherever it comes from.
"""

from __future__ import annotations

from gateway.domain.exchange import Assurance, Caller, Credentials, Purpose
from gateway.domain.ports import Authenticator
from gateway.identity.networks import Networks


class NetworkAuthenticator:
    """Implements `ports.Authenticator`: networks for some routes, another authenticator for all."""

    def __init__(
        self, others: Authenticator, networks: Networks, role: str, purpose: Purpose
    ) -> None:
        self._others = others
        self._networks = networks
        self._roles = frozenset({role})
        self._purpose = purpose

    def authenticate(self, credentials: Credentials) -> Caller:
        """Return who calls. Raises `AuthenticationError`."""
        bare = credentials.may_be_bare and credentials.authorization is None
        if not bare or not self._networks.allow(credentials.address):
            return self._others.authenticate(credentials)
        return Caller(
            id=f"network:{credentials.address}"[:64],
            name="presidio",
            roles=self._roles,
            groups=frozenset(),
            client="presidio",
            assurance=Assurance.NETWORK,
            purpose=self._purpose,
        )
