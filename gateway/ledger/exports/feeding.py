"""The feeds of the settings, opened: what runs beside the gateway, and how it stands."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from gateway import secretfiles
from gateway.feeds import Alerts, Export, FhirFeed, SyslogFeed, Webhook
from gateway.ledger.exports.collector import Collector
from gateway.ledger.exports.elements import Origin
from gateway.ledger.exports.feed import Feed, alerts_alone, as_alerts, as_events, as_messages
from gateway.ledger.exports.hook import Hook
from gateway.ledger.exports.queries import Queries, no_queries, queries_for_feed
from gateway.ledger.exports.repository import Repository
from gateway.ledger.exports.spool import Spool, Standing
from gateway.ledger.exports.targets import TargetError, tls_of
from gateway.ledger.query import read_ledger
from gateway.ledger.sealing.reading import VaultPlace

FHIR: Final = "fhir"
SYSLOG: Final = "syslog"
ALERTS: Final = "alerts"


@dataclass(frozen=True, slots=True)
class Site:
    """Whose records go where: `data` is what file names in the settings are relative to."""

    data: Path
    state: Path
    ledger: Path
    node: str
    alerts: Alerts = field(default_factory=Alerts)
    """Who is told of alerts alone."""
    vault: VaultPlace | None = None
    """What is kept of exchanges, where a feed may tell of it."""


class Feeds:
    """All feeds of one gateway."""

    def __init__(self, feeds: Sequence[Feed]) -> None:
        self._feeds = tuple(feeds)

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Deliver while the context is open."""
        for feed in self._feeds:
            feed.start()
        try:
            yield
        finally:
            for feed in self._feeds:
                feed.stop(0)  # All at once,
            for feed in self._feeds:
                feed.stop()  # and then wait for each.


def open_feeds(export: Export, site: Site) -> Feeds:
    """Return the feeds of the settings; nothing is sent yet. Raises `TargetError`."""
    spool, origin = Spool(site.state), Origin(site.node)
    feeds = []
    if export.fhir is not None:
        target = _repository(export.fhir, site.data)
        queries: Queries = no_queries
        if export.fhir.redacted_queries and site.vault is not None:
            queries = queries_for_feed(site.vault)
        feeds.append(Feed(FHIR, site.ledger, origin, spool, target, as_events(origin, queries)))
    if export.syslog is not None:
        feeds.append(
            Feed(
                SYSLOG,
                site.ledger,
                origin,
                spool,
                _collector(export.syslog, site.data),
                as_messages(origin),
            )
        )
    if (webhook := site.alerts.webhook) is not None:
        told = as_alerts(origin)
        hook = _hook(webhook, site.data)
        # Alerts of years ago would wake somebody for nothing.
        feeds.append(
            Feed(ALERTS, site.ledger, origin, spool, hook, told, alerts_alone, from_now=True)
        )
    return Feeds(feeds)


@dataclass(frozen=True, slots=True)
class FeedStatus:
    """How a feed stands, for people."""

    name: str
    peer: str
    standing: Standing
    behind: int
    """Records that are not known to have arrived."""


def status_of(export: Export, site: Site) -> tuple[FeedStatus, ...]:
    """Return how each feed of the settings stands. Raises `LedgerError`."""
    every: tuple[tuple[str, FhirFeed | SyslogFeed | Webhook | None], ...] = (
        (FHIR, export.fhir),
        (SYSLOG, export.syslog),
        (ALERTS, site.alerts.webhook),
    )
    named = [(name, settings) for name, settings in every if settings is not None]
    if not named:
        return ()
    spool = Spool(site.state)
    with read_ledger(site.ledger) as reader:
        size = reader.checkpoint.size
    found = []
    for name, settings in named:
        standing = spool.standing(name)
        behind = max(0, size - standing.position)
        found.append(FeedStatus(name, settings.endpoint.peer, standing, behind))
    return tuple(found)


def arrived_everywhere(export: Export, site: Site) -> int | None:
    """Return how many records every feed has delivered; `None` where there are no feeds."""
    every = ((FHIR, export.fhir), (SYSLOG, export.syslog), (ALERTS, site.alerts.webhook))
    names = [name for name, settings in every if settings is not None]
    spool = Spool(site.state)
    return min((spool.standing(name).position for name in names), default=None)


def _repository(feed: FhirFeed, data: Path) -> Repository:
    tls = _tls("export.fhir", feed, data)
    token = _token("export.fhir", feed.token_file, data)
    return Repository(feed.endpoint, tls, feed.timeout, token)


def _hook(feed: Webhook, data: Path) -> Hook:
    tls = _tls("alerts.webhook", feed, data)
    return Hook(feed.endpoint, tls, feed.timeout, _token("alerts.webhook", feed.token_file, data))


def _collector(feed: SyslogFeed, data: Path) -> Collector:
    tls = tls_of(data, feed.ca_file, feed.cert_file, feed.key_file, "export.syslog")
    return Collector(feed.endpoint, tls, feed.timeout)


def _tls(table: str, feed: FhirFeed | Webhook, data: Path) -> ssl.SSLContext | None:
    if not feed.endpoint.tls:
        return None
    return tls_of(data, feed.ca_file, feed.cert_file, feed.key_file, table)


def _token(table: str, file: str | None, data: Path) -> str | None:
    if file is None:
        return None
    try:
        token = secretfiles.read(data / file).decode("ascii").strip()
    except (secretfiles.SecretFileError, UnicodeDecodeError) as error:
        raise TargetError(f"{table}.token_file: {error}") from None
    if not token.isprintable() or " " in token or not token:
        raise TargetError(f"{table}.token_file: a bearer token is one word of ASCII")
    return token
