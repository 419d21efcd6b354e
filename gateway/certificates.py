"""Settings of client certificates that a reverse proxy has seen: whose word counts, and for whom.

A certificate is no secret, so a header that holds one proves nothing by itself: what counts is that
the proxy, and nobody else, can reach the place where such headers are believed.
"""

from __future__ import annotations

import re
from ipaddress import ip_network
from typing import Annotated, Final, Literal

import msgspec

from gateway.domain.duties import conflicts
from gateway.domain.exchange import Purpose

_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,58}\Z")
_ROLE: Final = re.compile(r"[a-z][a-z0-9_-]{0,31}\Z")
_Word = Annotated[str, msgspec.Meta(min_length=1, max_length=512)]
_Words = Annotated[tuple[_Word, ...], msgspec.Meta(min_length=1, max_length=64)]
UNIX: Final = "unix"
CERT: Final = "client-cert"
CHAIN: Final = "client-cert-chain"
XFCC: Final = "x-forwarded-client-cert"
_HEADERS: Final = frozenset({CERT, CHAIN, XFCC})


def is_about_certificates(header: str) -> bool:
    """Say whether a header, in lower case, is one of these, or could be taken for one."""
    return header.replace("_", "-") in _HEADERS


class CertifiedCaller(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One caller: what its certificate says, exactly, and who that is here."""

    id: str
    """Stands in records as `cert:ID`, and as the client."""
    roles: _Words
    groups: tuple[_Word, ...] = ()
    purposes: tuple[Purpose, ...] = ()
    """The only purposes of use that it may state; none named lets each request state its own."""
    subject: _Word | None = None
    """The whole subject as RFC 4514 writes it; or, instead, one of the subject's other names:"""
    dns: _Word | None = None
    uri: _Word | None = None
    email: _Word | None = None

    def __post_init__(self) -> None:
        """Raise `ValueError`, with what to write instead."""
        if not _ID.match(self.id):
            raise ValueError("an id is 1 to 59 of letters, digits, dot, _ and -, no mark first")
        if not all(_ROLE.match(name) for name in (*self.roles, *self.groups)):
            raise ValueError("a role or group is 1 to 32 of a-z, 0-9, _ and -, a letter first")
        if pairs := conflicts(frozenset(self.roles)):
            first, second = pairs[0]
            raise ValueError(f"nobody is {first} and {second} at once: leave one of the two out")
        if sum(value is not None for _, value in self._all()) != 1:
            raise ValueError("name exactly one of subject, dns, uri and email")

    @property
    def match(self) -> tuple[str, str]:
        """Return which part of a certificate is looked at, and what it has to be."""
        return next((kind, value) for kind, value in self._all() if value is not None)

    def _all(self) -> tuple[tuple[str, str | None], ...]:
        return (
            ("subject", self.subject),
            ("dns", self.dns),
            ("uri", self.uri),
            ("email", self.email),
        )


class Certificates(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Client certificates, as a reverse proxy that ends TLS passes them on."""

    proxies: _Words
    """From where the headers are believed: `unix` (`server.socket`), or addresses of proxies."""
    form: Literal["rfc9440", "xfcc"] = "rfc9440"
    """`Client-Cert` and `Client-Cert-Chain`, or Envoy's `X-Forwarded-Client-Cert` with `Cert`."""
    ca_file: _Word
    """Certificates that may vouch for a client's, and no others; relative to --data."""
    crl_file: _Word | None = None
    """What those authorities took back, in PEM, read again when it changes; relative to --data."""
    callers: tuple[CertifiedCaller, ...] = ()
    """Who may come with a certificate alone. None: it only proves whose a bound token is."""

    def __post_init__(self) -> None:
        """Raise `ValueError`, with what to write instead."""
        for word in self.proxies:
            if word != UNIX and ip_network(word).prefixlen == 0:
                raise ValueError("a network of all addresses is none: name the proxies")
        for kind, values in (
            ("id", [caller.id for caller in self.callers]),
            ("name", [caller.match for caller in self.callers]),
        ):
            if len(set(values)) < len(values):
                raise ValueError(f"two callers have the same {kind}: a certificate is one's alone")
