"""One exchange as values: who asks, for what, with which words, and what came back.

`Conversation[T]` is generic in its text, so that every string of a request goes through redaction
in one `map`: there is no second list of fields to forget (invariant 5).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, TypeVar

from gateway.domain.scope import ANYTHING, Scope
from gateway.domain.text import RawText
from gateway.domain.tools import Form, ToolCall, Tools

T = TypeVar("T")
U = TypeVar("U")


class Purpose(StrEnum):
    """Purpose of use: the codes of HL7 v3-ActReason under PurposeOfUse."""

    TREAT = "TREAT"
    ETREAT = "ETREAT"
    BTG = "BTG"
    TREATDS = "TREATDS"
    CAREMGT = "CAREMGT"
    COC = "COC"
    HRESCH = "HRESCH"
    CLINTRCH = "CLINTRCH"
    HPAYMT = "HPAYMT"
    CLMATTCH = "CLMATTCH"
    COVAUTH = "COVAUTH"
    COVERAGE = "COVERAGE"
    ELIGDTRM = "ELIGDTRM"
    ELIGVER = "ELIGVER"
    ENROLLM = "ENROLLM"
    REMITADV = "REMITADV"
    HOPERAT = "HOPERAT"
    DONAT = "DONAT"
    FRAUD = "FRAUD"
    GOV = "GOV"
    HACCRED = "HACCRED"
    HCOMPL = "HCOMPL"
    HDECD = "HDECD"
    HDIRECT = "HDIRECT"
    HDM = "HDM"
    HLEGAL = "HLEGAL"
    HOUTCOMS = "HOUTCOMS"
    HPRGRP = "HPRGRP"
    HQUALIMP = "HQUALIMP"
    HSYSADMIN = "HSYSADMIN"
    LABELING = "LABELING"
    MEMADMIN = "MEMADMIN"
    MILCDM = "MILCDM"
    PATADMIN = "PATADMIN"
    PATSFTY = "PATSFTY"
    PERFMSR = "PERFMSR"
    RECORDMGT = "RECORDMGT"
    SSADMIN = "SSADMIN"
    TRAIN = "TRAIN"
    HMARKT = "HMARKT"
    PATRQT = "PATRQT"
    FAMRQT = "FAMRQT"
    PWATRNY = "PWATRNY"
    PUBHLTH = "PUBHLTH"
    DISASTER = "DISASTER"
    THREAT = "THREAT"


class Task(StrEnum):
    """What a model can be asked for."""

    GENERATE = "generate"
    EMBED = "embed"
    TRANSCRIBE = "transcribe"
    TREAT = "treat"
    """No engine takes part: texts come back to their caller, looked at or redacted."""


class Action(StrEnum):
    """What a caller asks for; the Cedar action of the same name."""

    CHAT = "chat"
    COMPLETE = "complete"
    EMBED = "embed"
    TRANSCRIBE = "transcribe"
    REDACT = "redact"
    """Texts come back as the profile treats them."""
    ANALYZE = "analyze"
    """Where identifiers are in texts, as far as the caller asks."""
    ANONYMIZE = "anonymize"
    """The caller's own operators on what the caller says was found."""
    DEANONYMIZE = "deanonymize"
    """The caller's own keys on what was encrypted with them."""
    REIDENTIFY = "reidentify"
    """Who the stand-ins of one exchange are, under a grant."""

    @property
    def task(self) -> Task:
        """Return what a model has to be made for."""
        match self:
            case Action.CHAT | Action.COMPLETE:
                return Task.GENERATE
            case Action.EMBED:
                return Task.EMBED
            case Action.TRANSCRIBE:
                return Task.TRANSCRIBE
            case Action.REDACT | Action.ANALYZE | Action.ANONYMIZE | Action.DEANONYMIZE:
                return Task.TREAT
            case Action.REIDENTIFY:
                return Task.TREAT


class Assurance(StrEnum):
    """How the caller proved who they are."""

    API_KEY = "api_key"
    OIDC = "oidc"
    """An access token that the hospital's identity provider signed."""
    CERTIFICATE = "certificate"
    """A client certificate that the hospital's authority signed, as a reverse proxy saw it."""
    NETWORK = "network"
    """By nothing but the network that they call from, which the settings name."""


@dataclass(frozen=True, slots=True)
class Caller:
    """An authenticated principal. `id` is stable and printable ASCII, at most 64 characters."""

    id: str
    name: str
    roles: frozenset[str]
    groups: frozenset[str]
    client: str
    assurance: Assurance
    purpose: Purpose | None = None
    """The only purpose that this credential may be used for, where it is bound to one."""
    scope: Scope = ANYTHING
    """What else the credential is restricted to."""
    expires: int | None = None
    """When the credential ends, where somebody has to replace it: milliseconds since the epoch."""

    @property
    def department(self) -> str | None:
        """Return the one group that this caller's use is counted under: its first, by name."""
        return min(self.groups, default=None)


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a request presents before anyone believed it. Never logged."""

    authorization: str | None
    address: str
    """The peer's IP address as the socket reports it, or `unix`."""
    may_be_bare: bool = False
    """Whether this is a route for which the settings may admit a network without credentials."""
    forwarded: tuple[tuple[str, str], ...] = ()
    """Headers that speak of a client certificate, as they came: names in lower case, in order.
    They mean nothing unless `address` is a proxy that the settings name."""
    certificate: bytes | None = None
    """SHA-256 of a client certificate that was verified. Only `gateway.identity` sets it."""

    def __repr__(self) -> str:
        return "<Credentials>"


class Role(StrEnum):
    """Who speaks in a message."""

    SYSTEM = "system"
    DEVELOPER = "developer"
    USER = "user"
    ASSISTANT = "assistant"
    TOOL = "tool"


@dataclass(frozen=True, slots=True)
class Message(Generic[T]):
    """One turn. `content` holds the text parts in their order."""

    role: Role
    content: tuple[T, ...]
    name: T | None = None
    tool_calls: tuple[ToolCall[T], ...] = ()
    tool_call_id: T | None = None


@dataclass(frozen=True, slots=True)
class Conversation(Generic[T]):
    """Every string of a request that travels on: messages, or a bare prompt, stops and tools."""

    messages: tuple[Message[T], ...]
    stop: tuple[T, ...] = ()
    tools: Tools[T] | None = None
    form: Form[T] | None = None

    def texts(self) -> Iterator[T]:
        """Yield every text in one fixed order, the order in which `rebuild` takes them back."""
        for message in self.messages:
            yield from message.content
            if message.name is not None:
                yield message.name
            for call in message.tool_calls:
                yield call.id
                yield call.name
                yield call.arguments
            if message.tool_call_id is not None:
                yield message.tool_call_id
        yield from self.stop
        if self.tools is not None:
            yield from self.tools.texts()
        if self.form is not None:
            yield from self.form.texts()

    def rebuild(self, texts: Sequence[U]) -> Conversation[U]:
        """Return the same conversation over other texts; `ValueError` if there are not as many."""
        rest = iter(texts)
        messages = tuple(
            Message(
                role=message.role,
                content=tuple(next(rest) for _ in message.content),
                name=None if message.name is None else next(rest),
                tool_calls=tuple(
                    ToolCall(id=next(rest), name=next(rest), arguments=next(rest))
                    for _ in message.tool_calls
                ),
                tool_call_id=None if message.tool_call_id is None else next(rest),
            )
            for message in self.messages
        )
        rebuilt = Conversation(
            messages=messages,
            stop=tuple(next(rest) for _ in self.stop),
            tools=None if self.tools is None else self.tools.rebuild(rest),
            form=None if self.form is None else self.form.rebuild(rest),
        )
        if next(rest, None) is not None:
            raise ValueError("more texts than the conversation has places")
        return rebuilt


@dataclass(frozen=True, slots=True)
class Options:
    """How to generate. `None` means the engine's own default."""

    max_tokens: int | None = None
    temperature: float = 1.0
    top_p: float = 1.0
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class Recording:
    """Sound, as the client sent it: no text yet, so nothing in it can be found before it is heard.

    Whoever transcribes it sees what was said, so its engine belongs to this side of the boundary.
    """

    sound: bytes = field(repr=False)
    language: str | None = field(default=None, repr=False)
    """ISO 639-1 as the client wrote it; `None` lets the model tell."""
    words: bool = False
    """Whether each word is to be timed."""


@dataclass(frozen=True, slots=True)
class Ask(Generic[T]):
    """A parsed request: which model, which words, how. The action says what is to become of them.

    The texts to embed are the parts of one user's message, and so is a transcription's prompt.
    """

    model: str = field(repr=False)
    """As the client wrote it: not to be shown until it is one of ours."""
    conversation: Conversation[T]
    options: Options
    chat: bool = True
    """Whether the model's chat template applies; a bare prompt is one user message without it."""
    may_wait: bool = False
    """Whether the client lets others go first, whatever policy would give it."""
    recording: Recording | None = None

    def over(self, conversation: Conversation[U]) -> Ask[U]:
        """Return the same request over another conversation."""
        return Ask(self.model, conversation, self.options, self.chat, self.may_wait, self.recording)


@dataclass(frozen=True, slots=True)
class Model:
    """A model that can be asked for. `digest` is the SHA-256 of its manifest, in hexadecimal."""

    name: str
    digest: str
    context_length: int
    created: int
    """Unix time of its import, in seconds."""
    task: Task = Task.GENERATE


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens, exactly as the engine counted them on the redacted text."""

    prompt_tokens: int
    completion_tokens: int


class FinishReason(StrEnum):
    """Why generation ended, in OpenAI's words."""

    STOP = "stop"
    LENGTH = "length"
    CONTENT_FILTER = "content_filter"


class CacheStatus(StrEnum):
    """How a reply came that the engine did not make for this exchange, in the words of RFC 9211."""

    HIT = "hit"
    """It was kept from an earlier exchange of the same caller."""
    COLLAPSED = "collapsed"
    """It was just being made for an equal request of the same caller."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Some text from the engine, as it was decoded, and how many tokens it took."""

    text: str
    tokens: int = 0
    cache: CacheStatus | None = None
    """`None` where the engine makes the reply for this exchange."""

    def __repr__(self) -> str:
        return f"<Piece {len(self.text)} characters>"


@dataclass(frozen=True, slots=True)
class Vectors:
    """An embedding of each text, in the order of the texts: little-endian float32, as bytes."""

    rows: tuple[bytes, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Word(Generic[T]):
    """One word with the white space before it, and the seconds at which it was said."""

    start: float
    end: float
    text: T


@dataclass(frozen=True, slots=True)
class Segment(Generic[T]):
    """Something said, and the seconds from the beginning at which it was."""

    start: float
    end: float
    text: T
    words: tuple[Word[T], ...] = ()
    """Where they were asked for: put together they are the text."""
    temperature: float = 0.0
    log_probability: float = 0.0
    no_speech: float = 0.0


@dataclass(frozen=True, slots=True)
class Transcript(Generic[T]):
    """What a recording was heard to say. The segments' texts, put together, are the whole."""

    segments: tuple[Segment[T], ...]
    language: str
    seconds: float
    """Length of the recording."""


@dataclass(frozen=True, slots=True)
class End:
    """The engine is done."""

    reason: FinishReason
    usage: Usage
    cache: CacheStatus | None = None
    """As in `Piece`; this one is what is recorded."""
    calls: tuple[ToolCall[str], ...] = field(default=(), repr=False)
    """The tools that the model calls, after what it said."""


Event = Piece | Vectors | Transcript[RawText] | End
"""What an engine yields. A reply is pieces, or vectors, or a transcript, and then its end."""
Counts = Mapping[str, int]
"""How many findings of each entity type."""
