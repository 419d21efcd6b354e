"""The composition root: the one place where implementations meet. Read top to bottom.

Wired by hand, without a container: each line says what a part is made of.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    ExitStack,
    asynccontextmanager,
)
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Final

from litestar import Litestar
from litestar.datastructures import State

from engine import ModelStore
from gateway import auditing, breakglass, installation, logs
from gateway.clock import SystemClock
from gateway.detection.dictionary import SiteDictionary
from gateway.detection.scanner import ShapeScanner
from gateway.disclosure import Disclosure
from gateway.domain.entities import MEDICAL_RECORD_NUMBER, PERSON, PHONE_NUMBER
from gateway.domain.errors import Code, ExchangeError
from gateway.domain.ports import Authenticator, Detector, Engine
from gateway.domain.records import Admin, AdminAct
from gateway.domain.text import RawText
from gateway.freetext import Whose, check_names_nobody
from gateway.generation.cached import CachedEngine
from gateway.generation.embedding import LocalEmbedder
from gateway.generation.engines import Engines
from gateway.generation.local import LocalEngine
from gateway.generation.transcription import LocalTranscriber
from gateway.http import (
    audit,
    exports,
    grants,
    health,
    openai,
    transcription,
)
from gateway.http import vault as safe
from gateway.http.errors import HANDLERS
from gateway.http.routes import ROUTES
from gateway.http.usage import UsageDesk
from gateway.identity.authenticator import ApiKeyAuthenticator
from gateway.identity.bare import NetworkAuthenticator
from gateway.identity.certificate import CertificateAuthenticator
from gateway.identity.chain import ChainAuthenticator
from gateway.identity.keyring import Keyring, open_keyring
from gateway.identity.networks import parse_networks
from gateway.identity.provider import open_oidc
from gateway.inforce import Following
from gateway.ledger.exports.feeding import open_feeds
from gateway.ledger.holds import LegalHolds
from gateway.ledger.ledger import SqliteLedger
from gateway.ledger.sealing import Shredder, SqliteVault
from gateway.ledger.witness.opening import open_watch, recorder
from gateway.ledger.witness.watch import Watch
from gateway.limiter import Limiter
from gateway.metering import open_meter
from gateway.office import Office
from gateway.pipeline import Parts, Pipeline
from gateway.policy.shadow import Beside
from gateway.policy.standings import DATABASE as STANDINGS
from gateway.policy.standings import Standings
from gateway.reidentification import Pace, Reidentification
from gateway.settings import Settings
from gateway.treatment import DETECTION
from gateway.weights import open_detector

if TYPE_CHECKING:
    from gateway.generation.remote import RemoteEngine

_CANARY: Final = "Patient: Margaret Thornton, MRN 48210377, phone (617) 555-0142"
"""Synthetic, like every text in this tree."""
Progress = Callable[[str], None]
"""Told what is being started, for people who watch."""
_THREADS: Final = min(32, (os.cpu_count() or 1) + 4)
"""What asyncio has by itself for work outside of its loop."""
Running = Callable[[], AbstractAsyncContextManager[None]]
"""What has to run in the event loop of the exchanges, while they do."""


@dataclass(frozen=True, slots=True)
class Gateway:
    """Everything that runs, how to ask whether it can, and how to end it."""

    parts: Parts
    checks: health.Checks
    close: Callable[[], None]
    running: Sequence[Running] = ()
    recognizers: tuple[str, ...] = ()
    """Names of what detection is made of."""
    extras: Mapping[str, object] = field(default_factory=dict)
    """What the administrator's routes find in the application's state, by name."""


def build(  # noqa: PLR0915 - what there is to put together, read top to bottom
    settings: Settings, say: Progress = lambda _: None
) -> Gateway:
    """Build the parts from `settings`. Nothing listens yet.

    Raises `SecretFileError`, `PolicyError`, `DictionaryError`, `KeyStoreError`, `LedgerError`,
    `LedgerUnavailable`, `EngineError`, `RemoteEngineError`, `SameName`, `ProviderError`,
    `AuthorityError`, `GrantStoreError` or `StandingsError`, each with what to do; then nothing
    stays open.
    """
    clock = SystemClock()
    secrets = installation.prepare(settings)
    keyring = open_keyring(settings.state, settings.keys)
    with ExitStack() as undo:
        say("policy")
        # What it records comes after the ledger is open, below.
        policy = Following(settings, lambda act: ledger.append_blocking(act))  # noqa: PLW0108
        undo.callback(policy.close)
        say("ledger")
        ledger = undo.enter_context(
            SqliteLedger.open_for_serving(installation.place_of(settings), now_ms=clock.now_ms)
        )
        say("use so far")
        meter = undo.enter_context(open_meter(settings, keyring.store, clock))
        vault = undo.enter_context(
            SqliteVault.open_for_serving(installation.vault_of(settings), now_ms=clock.now_ms)
        )
        watch: Watch | None = None
        if settings.witness.peers:
            say("witnesses")
            watch, end_watch = open_watch(
                settings.witness, settings.ledger, settings.data, recorder(ledger, clock)
            )
            undo.callback(end_watch)
        gate: Callable[[], None] = watch.check if watch is not None else lambda: None
        follower = auditing.follower_of(settings, ledger, clock)
        say("detection")
        site = SiteDictionary(settings.dictionary, settings.keys)
        detector = open_detector(_year(clock), settings.detection, site)
        undo.callback(detector.close)
        _check_detection(detector)
        say("models")
        store = ModelStore(settings.models)
        # These first: what generates is planned with the memory that they leave.
        others: list[LocalEmbedder | LocalTranscriber] = []
        if (name := settings.embeddings.model) is not None:
            others.append(embedder := LocalEmbedder.load(store, name, settings.embeddings))
            undo.callback(embedder.close)
        if (name := settings.transcription.model) is not None:
            others.append(heard := LocalTranscriber.load(store, name, settings.transcription))
            undo.callback(heard.close)
        plain = _engine(store, settings)
        undo.callback(plain.close)
        engine: Engine = plain
        if _may_keep(settings):
            engine = kept = CachedEngine(
                plain, max_bytes=settings.cache.max_bytes, ttl=settings.cache.ttl
            )
            undo.callback(kept.close)
        if others:
            engine = Engines(engine, *others)
        policy.serving(model.name for model in engine.models())
        authenticator = _authenticator(settings, keyring, clock, undo, say)
        feeds = open_feeds(settings.export, installation.feeds_of(settings))
        detection = replace(DETECTION, digest=detector.digest)
        subject_key = installation.subject_key(settings.keys)
        desk = breakglass.open_grants(
            *(settings.state, settings.keys, policy.decider.decide, detection, clock, subject_key),
            ledger.append_blocking,
        )
        undo.callback(desk.close)
        standings = Standings(settings.state / STANDINGS)
        undo.callback(standings.close)
        beside = Beside(settings.state, standings, policy.decider, ledger, clock)
        close = undo.pop_all().close
    logs.event(
        "gateway_built",
        node=settings.node,
        release=policy.decider.release,
        open_exchanges=ledger.lost,
    )
    return Gateway(
        parts=Parts(
            authenticator=authenticator,
            decider=beside.decider,
            detector=detector,
            scanner=ShapeScanner(),
            ledger=beside.ledger,
            vault=vault,
            engine=engine,
            clock=clock,
            secrets=secrets,
            subject_key=subject_key,
            detection=detection,
            limiter=Limiter(meter.history),
            gate=gate,
        ),
        recognizers=detector.recognizers,
        checks={
            # Both are asked each time: either opens again by being asked.
            "ledger": lambda: all((ledger.ready(), vault.ready())),
            "detection": lambda: detector.healthy,
            "model": lambda: bool(plain.models()) and all(each.ready for each in (plain, *others)),
            "policy": lambda: policy.decider.decides,
            **({"witnesses": watch.ready} if watch is not None else {}),
        },
        close=close,
        running=(
            plain.serving,
            policy.running,
            follower.following,
            feeds.serving,
            partial(breakglass.sweeping, desk),
            beside.running,
            meter.running,
        ),
        extras={
            "usage": UsageDesk(meter.store, settings.usage, meter.step),
            "releases": policy.desk,
            "warnings": {
                "policy": lambda: policy.as_ordered,
                **({"witnesses": watch.good} if watch is not None else {}),
            },
            "figures": {} if watch is None else {"witnessed_seconds_ago": watch.age},
            "grants": grants.GrantRoom(
                desk, Reidentification(policy.decider, detection, vault, desk), Pace(clock), gate
            ),
            "safe": safe.Safe(
                Disclosure(vault, desk, ledger, clock, gate),
                Shredder(installation.vault_of(settings), LegalHolds(settings.state)),
                subject_key,
            ),
        },
    )


def _authenticator(
    settings: Settings, keyring: Keyring, clock: SystemClock, undo: ExitStack, say: Progress
) -> Authenticator:
    """Return who believes a caller: each asks the one before it for what is not its own."""
    authenticator: Authenticator = ApiKeyAuthenticator(keyring, clock)
    if (provider := settings.identity.oidc) is not None:
        say("identity provider")
        oidc, end_oidc = open_oidc(provider, settings.data, clock)
        undo.callback(end_oidc)
        authenticator = ChainAuthenticator(authenticator, oidc)
    if (bare := settings.presidio).role is not None and bare.purpose is not None:
        authenticator = NetworkAuthenticator(
            authenticator, parse_networks(bare.networks), bare.role, bare.purpose
        )
    if (certificates := settings.identity.certificates) is not None:
        authenticator = CertificateAuthenticator(certificates, settings.data, authenticator, clock)
    return authenticator


def _engine(store: ModelStore, settings: Settings) -> LocalEngine | RemoteEngine:
    """Return the engine that the settings choose: in this process, or elsewhere."""
    if (elsewhere := settings.engine.openai) is not None:
        # Its HTTP client is a seventh of all that a start imports, and most need none.
        from gateway.generation.remote import RemoteEngine

        return RemoteEngine.open(elsewhere, settings.data)
    return LocalEngine.load(store, settings.engine)


def _may_keep(settings: Settings) -> bool:
    """Say whether replies may be kept: not those of a model that could change unnoticed."""
    elsewhere = settings.engine.openai
    pinned = elsewhere is None or all(model.digest for model in elsewhere.models.values())
    return settings.cache.max_bytes > 0 and pinned


def assemble(  # noqa: PLR0913, PLR0917 - each is a part of `Gateway`
    parts: Parts,
    settings: Settings,
    checks: health.Checks,
    running: Sequence[Running] = (),
    recognizers: tuple[str, ...] = (),
    extras: Mapping[str, object] | None = None,
) -> Litestar:
    """Return the HTTP application over `parts`; tests pass fakes with fault hooks here."""
    server = settings.server
    desk = transcription.Desk(settings.transcription.places, settings.transcription.body_limit)

    whose = Whose(parts.vault, parts.subject_key)
    names_nobody = partial(check_names_nobody, parts.detector, whose)
    room = audit.AuditRoom(
        office=Office(parts.authenticator, parts.ledger, parts.clock),
        desk=auditing.desk_of(settings, parts.vault),
        subject_key=parts.subject_key,
        names_nobody=names_nobody,
    )
    exporting = exports.ExportRoom(
        office=room.office,
        log=settings.ledger,
        node=settings.node,
        subjects=parts.vault,
        subject_key=parts.subject_key,
    )

    @asynccontextmanager
    async def lifespan(app: Litestar) -> AsyncIterator[None]:
        # Decoding holds a thread for up to two minutes: each place for a recording brings its own.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(_THREADS + desk.places))
        pipeline = Pipeline(
            parts, stall_timeout=server.stall_timeout, max_exchanges=server.max_exchanges
        )
        app.state["backend"] = openai.Backend(
            pipeline=pipeline,
            authenticator=parts.authenticator,
            decider=parts.decider,
            engine=parts.engine,
            clock=parts.clock,
            body_limit=server.body_limit,
            body_timeout=server.body_timeout,
            recognizers=recognizers,
        )
        async with AsyncExitStack() as stack:
            for each in running:
                await stack.enter_async_context(each())
            await _record(parts, AdminAct.GATEWAY_STARTED)
            try:
                yield
            finally:
                await pipeline.drain(server.shutdown_grace)
                await _record(parts, AdminAct.GATEWAY_STOPPED)

    return Litestar(
        route_handlers=ROUTES,
        lifespan=[lifespan],
        state=State(
            {
                "checks": checks,
                "warnings": {},
                "figures": {},
                "desk": desk,
                "audit": room,
                "exports": exporting,
                "office": room.office,
                "names_nobody": names_nobody,
                **(extras or {}),
            }
        ),
        exception_handlers=HANDLERS,
        openapi_config=None,  # Litestar's pages load scripts from the internet; `openapi.py` ours.
        request_max_body_size=None,  # `receive.py` counts, and answers with our code.
        debug=False,
        logging_config=None,
    )


def _check_detection(detector: Detector) -> None:
    """Refuse to start with a detection that does not find what it must."""
    found = asyncio.run(detector.detect([RawText(_CANARY)]))
    if not {PERSON, MEDICAL_RECORD_NUMBER, PHONE_NUMBER} <= {each.entity for each in found[0]}:
        raise ExchangeError(
            Code.DETECTION_FAILED,
            "Detection does not find a patient in its own test sentence: install intramural again.",
        )


def _year(clock: SystemClock) -> int:
    return time.gmtime(clock.now_ms() // 1000).tm_year


async def _record(parts: Parts, act: AdminAct) -> None:
    """Record that this process began or ended; without a ledger it does not begin."""
    await parts.ledger.append(
        Admin(
            exchange=parts.clock.new_id(),
            time=parts.clock.now_ms(),
            actor="gateway",
            act=act,
            target=parts.decider.release,
        )
    )
