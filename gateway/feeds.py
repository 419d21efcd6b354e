"""Where the audit goes as it grows: an audit record repository, a syslog collector, a webhook.

As everywhere: an address that is written down, TLS with certificates that are written down, and no
name looked up.
"""

from __future__ import annotations

import ipaddress
from typing import Annotated

import msgspec

from gateway.endpoints import NEAR, Endpoint, inside, parse_network, pinned

_Word = Annotated[str, msgspec.Meta(min_length=1, max_length=512)]
_Seconds = Annotated[float, msgspec.Meta(gt=0, le=600)]


class _Feed(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What both have."""

    address: str | None = None
    """The address that the name stands for: names are never looked up."""
    ca_file: str | None = None
    """Certificates that may vouch for it, and no others; relative to --data, as the next two."""
    cert_file: str | None = None
    """The certificate that the gateway shows, in PEM, where it has to show one."""
    key_file: str | None = None
    """Its key, in PEM, 0600."""
    timeout: _Seconds = 10.0
    """Seconds for one event, from the connection to the answer."""

    @property
    def endpoint(self) -> Endpoint:
        """Return where it is."""
        raise NotImplementedError

    def _check(self, endpoint: Endpoint, *, plain: bool = False) -> None:
        if (self.cert_file is None) != (self.key_file is None):
            raise ValueError("cert_file and key_file belong together")
        if endpoint.tls and self.ca_file is None:
            raise ValueError("name the ca_file that vouches for the certificate of the target")
        if (
            not plain
            and not endpoint.tls
            and not ipaddress.ip_address(endpoint.address).is_loopback
        ):
            raise ValueError("the audit leaves this machine over https, and over nothing else")


class FhirFeed(_Feed, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An audit record repository (IHE ITI-20, RESTful ATNA): `POST URL/AuditEvent`."""

    url: _Word
    """Base of its FHIR API."""
    token_file: str | None = None
    """File with a bearer token, 0600, relative to --data."""
    redacted_queries: bool = False
    """Whether events hold the request as it was redacted, where a profile keeps it."""

    def __post_init__(self) -> None:
        """Raise `ValueError`, with what to write instead."""
        if "?" in self.url:
            raise ValueError("the base of a FHIR API has no query")
        self._check(self.endpoint)

    @property
    def endpoint(self) -> Endpoint:
        """Return where events are posted."""
        return pinned(f"{self.url.rstrip('/')}/AuditEvent", self.address)


class SyslogFeed(_Feed, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A syslog collector (RFC 5424) over TLS (RFC 5425), never without."""

    host: _Word
    """The name in its certificate."""
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)] = 6514

    def __post_init__(self) -> None:
        """Raise `ValueError`, with what to write instead."""
        self._check(self.endpoint)

    @property
    def endpoint(self) -> Endpoint:
        """Return where messages go."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return pinned(f"https://{host}:{self.port}", self.address)


class Export(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where records are sent as they are written. Neither: nowhere."""

    fhir: FhirFeed | None = None
    syslog: SyslogFeed | None = None

    @property
    def peers(self) -> tuple[str, ...]:
        """Return whom the gateway may connect to because of this."""
        return tuple(feed.endpoint.peer for feed in (self.fhir, self.syslog) if feed is not None)


class Webhook(_Feed, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Where each alert is posted: a service on the LAN that wakes somebody."""

    url: _Word
    token_file: str | None = None
    """File with a bearer token, 0600, relative to --data."""
    networks: Annotated[tuple[_Word, ...], msgspec.Meta(min_length=1)] = NEAR
    """Where its address may be; the start is refused if it is elsewhere."""

    def __post_init__(self) -> None:
        """Raise `ValueError`, with what to write instead."""
        endpoint = self.endpoint
        if not inside(endpoint.address, [parse_network(word) for word in self.networks]):
            raise ValueError(
                f"{endpoint.address} is outside of the networks that alerts may go to; if it is "
                "inside your walls, name its network in alerts.webhook.networks"
            )
        if not endpoint.tls and (self.token_file, self.cert_file) != (None, None):
            raise ValueError("a token or a certificate is shown over https alone")
        self._check(endpoint, plain=True)

    @property
    def endpoint(self) -> Endpoint:
        """Return where alerts are posted."""
        return pinned(self.url, self.address)


class Alerts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who is told of an alert, besides the log and its readers. Nobody, unless it says so."""

    webhook: Webhook | None = None

    @property
    def peers(self) -> tuple[str, ...]:
        """Return whom the gateway may connect to because of this."""
        return () if self.webhook is None else (self.webhook.endpoint.peer,)


class Retention(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long records are kept."""

    quarters: Annotated[int, msgspec.Meta(ge=2, le=400)] = 25
    """Whole quarters that are over, before one may be dropped: six years and a quarter."""
