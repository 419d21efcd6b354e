"""A pipeline over fakes, and what a test wants to do with it: submit, read, look at the record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.channel import Channel, Done
from gateway.domain import entities
from gateway.domain.entities import EntityType
from gateway.domain.errors import ExchangeError
from gateway.domain.exchange import (
    Action,
    Ask,
    Caller,
    Conversation,
    Credentials,
    Message,
    Options,
    Recording,
    Role,
    Task,
)
from gateway.domain.records import Record
from gateway.domain.redaction import Secrets
from gateway.domain.text import RawText
from gateway.generation.cached import CachedEngine
from gateway.pipeline import Parts, Pipeline, Submission
from gateway.presidio.analysis import Analysis, Narrowing
from gateway.presidio.anonymization import Operating
from gateway.treatment import Redacting, Work
from tests.fakes.detector import FakeDetector, FakeScanner
from tests.fakes.engine import EMBEDDER, MODEL, TRANSCRIBER, FakeEngine
from tests.fakes.identity import FakeAuthenticator, StoppedClock
from tests.fakes.ledger import MemoryLedger
from tests.fakes.policy import FakeDecider
from tests.fakes.vault import MemoryVault

SUBJECT_KEY = b"s" * 32
NAME = "Margaret Thornton"
SCRIPT: Mapping[str, EntityType] = {NAME: entities.PERSON, "48210377": entities.OTHER_ID}


@dataclass
class World:
    """All fakes of one gateway. Switch faults on through them."""

    authenticator: FakeAuthenticator = field(default_factory=FakeAuthenticator)
    decider: FakeDecider = field(default_factory=FakeDecider)
    detector: FakeDetector = field(default_factory=lambda: FakeDetector(script=SCRIPT))
    scanner: FakeScanner = field(default_factory=FakeScanner)
    ledger: MemoryLedger = field(default_factory=MemoryLedger)
    vault: MemoryVault = field(default_factory=MemoryVault)
    engine: FakeEngine = field(default_factory=FakeEngine)
    clock: StoppedClock = field(default_factory=StoppedClock)
    caching: bool = False
    """Whether a `CachedEngine` stands before the engine; the decider's profiles still say no."""

    def parts(self) -> Parts:
        return Parts(
            authenticator=self.authenticator,
            decider=self.decider,
            detector=self.detector,
            scanner=self.scanner,
            ledger=self.ledger,
            vault=self.vault,
            engine=CachedEngine(self.engine, max_bytes=2**20, ttl=60)
            if self.caching
            else self.engine,
            clock=self.clock,
            secrets=Secrets(pseudonym=b"p" * 32, hash=b"h" * 32),
            subject_key=SUBJECT_KEY,
        )

    def pipeline(self, stall_timeout: float = 5.0, max_exchanges: int = 256) -> Pipeline:
        return Pipeline(self.parts(), stall_timeout=stall_timeout, max_exchanges=max_exchanges)

    def records(self, channel: Channel) -> list[Record]:
        """Return what the ledger holds of one exchange."""
        return [each for each in self.ledger.records if each.exchange == channel.exchange]


MODELS = {Task.GENERATE: MODEL, Task.EMBED: EMBEDDER, Task.TRANSCRIBE: TRANSCRIBER}


def ask(*texts: str, model: str = MODEL.name) -> Ask[RawText]:
    messages = tuple(Message(Role.USER, (RawText(text),)) for text in texts)
    return Ask(model, Conversation(messages), Options())


def ask_for(action: Action, *texts: str) -> Ask[RawText]:
    """Return a request for any action: the texts to embed, or the prompt of a dictation."""
    if action.task is Task.GENERATE:
        return ask(*texts)
    message = Message(Role.USER, tuple(RawText(text) for text in texts))
    recording = Recording(b"RIFF") if action.task is Task.TRANSCRIBE else None
    model = MODELS[action.task].name
    return Ask(model, Conversation((message,)), Options(), recording=recording)


def submitted_for(action: Action, *texts: str) -> Ask[RawText] | Work:
    """Return what a body of any action becomes, also where no engine takes part."""
    documents = tuple(RawText(text) for text in texts)
    match action:
        case Action.REDACT:
            return Redacting(documents)
        case Action.ANALYZE:
            return Analysis(documents, Narrowing())
        case Action.ANONYMIZE | Action.DEANONYMIZE | Action.REIDENTIFY:
            return Operating(documents, ((),) * len(documents), {}, resolve=False)
        case _:
            return ask_for(action, *texts)


def submission(
    asked: Ask[RawText] | Work | Exception,
    *,
    key: str = "good",
    purpose: str | None = "TREAT",
    profile: str | None = None,
    patient: str | None = None,
    action: Action = Action.CHAT,
) -> Submission:
    async def read(_: Caller) -> Ask[RawText] | Work:
        if isinstance(asked, Exception):
            raise asked
        return asked

    who = Credentials(f"Bearer {key}", "127.0.0.1")
    return Submission(who, action, purpose, profile, patient, read)


@dataclass
class Reply:
    """What a client would have: the text so far, and how it ended."""

    text: str = ""
    done: Done | None = None
    error: ExchangeError | None = None


async def read(channel: Channel) -> Reply:
    reply = Reply()
    try:
        async for event in channel.events():
            reply.text += event.text
            if isinstance(event, Done):
                reply.done = event
    except ExchangeError as error:
        reply.error = error
    return reply
