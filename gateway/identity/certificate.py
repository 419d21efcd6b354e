"""Step 1 behind a reverse proxy: believes a client certificate where a named proxy presents it.

1. From anywhere else the headers mean nothing: the request goes on without them.
2. What the proxy wrote is read strictly; what it should not have let through is refused.
3. The certificate is verified here again, against the authorities of the settings.
4. With an `Authorization` it only proves whose a bound token is (RFC 8705). Alone, it has to be
   that of exactly one caller of the settings. It was not revoked, and it is the time.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from gateway.certificates import Certificates, CertifiedCaller
from gateway.domain.errors import AuthenticationError, Code
from gateway.domain.exchange import Assurance, Caller, Credentials
from gateway.domain.ports import Authenticator, Clock
from gateway.domain.scope import ANYTHING, Scope
from gateway.identity.forwarded import ForwardedError, Presented, presented
from gateway.identity.networks import parse_networks
from gateway.identity.x509 import Authorities, AuthorityError, CertificateError, Certified

CACHE_SIZE: Final = 1024
CACHE_MS: Final = 60_000


@dataclass(frozen=True, slots=True)
class _Believed:
    """A certificate that was checked, under which lists, and when."""

    generation: tuple[int, ...]
    checked: int
    certified: Certified


class CertificateAuthenticator:
    """Implements `ports.Authenticator`: certificates, before another authenticator for all else."""

    def __init__(
        self, settings: Certificates, data: Path, others: Authenticator, clock: Clock
    ) -> None:
        """Read the authorities' files. Raises `x509.AuthorityError`."""
        self._form = settings.form
        self._proxies = parse_networks(settings.proxies)
        crl = None if settings.crl_file is None else data / settings.crl_file
        self._authorities = Authorities(data / settings.ca_file, crl)
        self._callers = {caller.match: caller for caller in settings.callers}
        self._others = others
        self._clock = clock
        self._lock = threading.Lock()
        self._cache: OrderedDict[bytes, _Believed] = OrderedDict()

    def authenticate(self, credentials: Credentials) -> Caller:
        """Return who calls. Raises `AuthenticationError`."""
        # 1. Whose word it is.
        bare = replace(credentials, forwarded=(), certificate=None)
        if not credentials.forwarded or not self._proxies.allow(credentials.address):
            return self._others.authenticate(bare)
        # 2. What it says.
        try:
            found = presented(credentials.forwarded, self._form)
        except ForwardedError as error:
            raise _invalid(str(error)) from None
        if found is None:
            return self._others.authenticate(bare)
        # 3. Whether an authority of ours says so too.
        now = self._clock.now_ms()
        certified = self._checked(found, now)
        # 4. Who that is.
        caller = self._caller(certified)
        _check_state(certified, caller, now)
        if (credentials.authorization or "").strip():
            return self._others.authenticate(replace(bare, certificate=found.thumbprint))
        if caller is None:
            raise _invalid("it is not that of exactly one caller of the settings")
        return caller

    def _checked(self, found: Presented, now: int) -> Certified:
        digest = hashlib.sha256(
            b"".join(hashlib.sha256(each).digest() for each in (found.leaf, *found.chain))
        ).digest()
        try:
            generation = self._authorities.generation()
            with self._lock:
                held = self._cache.get(digest)
            if held and held.generation == generation and 0 <= now - held.checked < CACHE_MS:
                return held.certified
            certified = self._authorities.check(found, now)
        except CertificateError as error:
            raise _invalid(str(error)) from None
        except AuthorityError:
            raise AuthenticationError(
                Code.IDENTITY_UNAVAILABLE,
                "Client certificates cannot be checked now, so none is believed. Try again later; "
                "the operator can run `intramural doctor`.",
            ) from None
        with self._lock:
            self._cache[digest] = _Believed(generation, now, certified)
            if len(self._cache) > CACHE_SIZE:
                self._cache.popitem(last=False)
        return certified

    def _caller(self, certified: Certified) -> Caller | None:
        found = [self._callers[name] for name in certified.names if name in self._callers]
        return _caller(found[0], certified) if len(found) == 1 else None


def _caller(said: CertifiedCaller, certified: Certified) -> Caller:
    one = said.purposes[0] if len(said.purposes) == 1 else None
    return Caller(
        id=f"cert:{said.id}",
        name=said.id,
        roles=frozenset(said.roles),
        groups=frozenset(said.groups),
        client=said.id,
        assurance=Assurance.CERTIFICATE,
        purpose=one,
        scope=Scope(purposes=frozenset(said.purposes)) if said.purposes else ANYTHING,
        expires=certified.expires,
    )


def _check_state(certified: Certified, caller: Caller | None, now: int) -> None:
    if certified.revoked:
        raise AuthenticationError(
            Code.REVOKED_CREDENTIALS,
            "This client certificate was revoked: ask the administrator for another one.",
            caller=caller,
        )
    if now >= certified.expires:
        raise AuthenticationError(
            Code.EXPIRED_CREDENTIALS,
            "This client certificate has expired: ask the administrator for a new one.",
            caller=caller,
        )
    if now < certified.begins:
        raise AuthenticationError(
            Code.TOKEN_NOT_YET_VALID,
            "This client certificate is not valid yet: wait, or have the clocks set.",
            caller=caller,
        )


def _invalid(why: str) -> AuthenticationError:
    return AuthenticationError(
        Code.INVALID_CREDENTIALS, f"The client certificate is not accepted: {why}."
    )
