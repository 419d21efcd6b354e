"""Strict settings, read once: a TOML file in the data directory, and nothing else.

An unknown key is an error, a missing file means the defaults. Only this module reads the
environment (`INTRAMURAL_DATA`, the data directory, and `INTRAMURAL_CONFIG`, the settings file).
"""

from __future__ import annotations

import os
import re
import socket
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec

from gateway.believed import Identity, Presidio
from gateway.domain.entities import KNOWN
from gateway.endpoints import OpenAIEngines
from gateway.evidence import LedgerSettings, WitnessSettings
from gateway.feeds import Alerts, Export, Retention
from gateway.misread import explain
from gateway.prices import UsageSettings

_Positive = Annotated[int, msgspec.Meta(ge=1)]
_BYTES: Final = r"([0-9]{1,15}(?:\.[0-9]{1,3})?)([KMGT]?)\Z"
_Size = Annotated[
    str,
    msgspec.Meta(
        pattern="^" + _BYTES,
        description="bytes as a whole number, or a number with K, M, G or T behind it, in quotes: "
        '"6G"',
    ),
]
_Seconds = Annotated[float, msgspec.Meta(gt=0, le=3600)]
_NODE: Final = re.compile(r"[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?\Z")
_FIELD: Final = re.compile(r"[A-Z][A-Z0-9]{2}-[1-9][0-9]{0,2}\Z")
Task = Literal["generate", "embed", "transcribe"]
"""What a model is made for, in the words of the store."""


class SettingsError(Exception):
    """The settings cannot be used; the message names the file, the key and what to do."""


class Server(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the gateway listens and how much it reads."""

    host: str = "127.0.0.1"
    port: Annotated[int, msgspec.Meta(ge=0, le=65535)] = 8400
    socket: Annotated[str, msgspec.Meta(min_length=1, max_length=107)] | None = None
    """A Unix socket (0660) to listen on besides, for a reverse proxy; relative to --data."""
    body_limit: _Positive = 1024 * 1024
    """Bytes of a request body."""
    header_limit: _Positive = 32 * 1024
    """Bytes of request line and headers together."""
    header_timeout: _Seconds = 10.0
    """Seconds from the connection, or from the last reply, to the end of the headers."""
    body_timeout: _Seconds = 30.0
    """Seconds from the end of the headers to the end of the body."""
    max_exchanges: _Positive = 256
    """Exchanges at once; one more is answered `overloaded` before its body is read."""
    stall_timeout: _Seconds = 30.0
    """Seconds that a client may leave a full reply buffer unread."""
    shutdown_grace: _Seconds = 20.0
    """Seconds that running exchanges get to finish when the gateway stops."""


class EngineSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The engine: in this process or elsewhere. Where a number is `None`, the cores decide it."""

    kind: Literal["local", "openai"] = "local"
    """`local`: in this process. `openai`: in other processes, which the table of that name says."""
    openai: OpenAIEngines | None = None
    replicas: _Positive | None = None
    threads: _Positive | None = None
    """Threads of one replica. One is best, unless memory allows fewer replicas than cores."""
    queue: _Positive = 128
    """Jobs that may wait; one more is answered `overloaded` at once."""
    max_batch: _Positive = 32
    models: tuple[str, ...] = ()
    """Names of the models to serve; none named means all in the store that generate."""
    pinned: tuple[str, ...] = ()
    """Of these, the ones that stay in memory whatever else is asked for."""
    prefer: Annotated[tuple[Literal["cuda", "cpu"], ...], msgspec.Meta(min_length=1)] = (
        "cuda",
        "cpu",
    )
    """Devices, the best first; the first that is there runs every model."""
    memory: _Positive | _Size | None = None
    """Bytes, or a number with K, M, G or T (of 1024), that models may take: weights and work."""
    context: _Positive | None = None
    """Tokens of a prompt and its reply at most; as many as model and memory allow if absent."""

    def __post_init__(self) -> None:
        """Raise `ValueError`, with what to write instead."""
        if (self.kind == "openai") != (self.openai is not None):
            raise ValueError('kind = "openai" and the table [engine.openai] belong together')
        if self.models and not set(self.pinned) <= set(self.models):
            raise ValueError("pinned names some of models: add the rest there, or leave them out")

    @property
    def memory_bytes(self) -> int | None:
        """Return the budget in bytes."""
        return self.memory if self.memory is None else parse_bytes(self.memory)


def parse_bytes(size: int | str) -> int:
    """Return bytes. Raises `ValueError`, with what to write.

    >>> parse_bytes("1.5G")
    1610612736
    """
    if isinstance(size, int):
        return size
    if not (found := re.match(_BYTES, size)):
        raise ValueError("write bytes as a number, or with K, M, G or T behind it: 6G")
    return int(float(found[1]) * 1024 ** (" KMGT".index(found[2] or " ")))


class Detection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What looks for names and numbers: rules in Python, and a tagger beside them."""

    workers: _Positive = 1
    """Threads that the rules run in. Python lets one of them compute at a time."""
    replicas: _Positive | None = None
    """Batches that the tagger computes at the same time; absent means one for each core."""
    threads: _Positive = 1
    """Threads of one replica. Several replicas of one thread do more than one of several."""
    timeout: _Seconds = 60.0
    """Seconds that the texts of one request may take the tagger; then detection has failed."""
    hl7_fields: dict[str, str] = {}
    """What fields of HL7 v2 hold that only this hospital knows: `"ZPI-3" = "PERSON"`."""
    hl7_z_segments: Literal["scan", "remove"] = "scan"
    """`scan`: what is found in a Z-segment is treated. `remove`: all of its fields are."""
    other_scripts: Literal["find", "keep"] = "find"
    """`find`: words in Cyrillic, Arabic and other scripts that detection does not read are treated
    as identifying. `keep`: of these words only names are that the tagger takes for some."""

    def __post_init__(self) -> None:
        """Raise `ValueError`, with what to write instead."""
        for name, entity in self.hl7_fields.items():
            if not _FIELD.match(name):
                raise ValueError('a field of HL7 v2 is written like "ZPI-3"')
            if entity not in KNOWN:
                raise ValueError("a field's type is one that policies know, such as PERSON")


class Embeddings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The embedder in this process. Without a model there is none."""

    model: Annotated[str, msgspec.Meta(min_length=1)] | None = None
    """Name of a model in the store that is made to embed."""
    replicas: _Positive | None = None
    threads: _Positive = 1
    queue: _Positive = 8192
    """Texts that may wait; one request more is answered `overloaded` at once."""


class CacheSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Replies that are kept in memory, where a profile of the policy says `cache: true`."""

    max_bytes: Annotated[int, msgspec.Meta(ge=0)] = 64 * 1024 * 1024
    """What all of them may weigh; 0 keeps none, whatever policy says."""
    ttl: Annotated[float, msgspec.Meta(gt=0, le=86400)] = 600.0
    """Seconds after which a reply is dropped."""


_Language = Annotated[
    str, msgspec.Meta(pattern="^[a-z]{2,3}$", description='a language as ISO 639-1 does: "en"')
]


class Transcription(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Dictation: off unless a model is named."""

    model: str | None = None
    """Name in the store; `intramural model add --transcriber` brings `whisper-base`."""
    languages: Annotated[tuple[_Language, ...], msgspec.Meta(min_length=1)] = ("en",)
    """ISO 639-1. Detection was trained on en, de, es, fr, zh; what it misses is returned."""
    max_seconds: Annotated[int, msgspec.Meta(ge=1, le=3600)] = 600
    """Seconds of one recording; a longer one is refused before all of it is decoded."""
    body_limit: _Positive = 25 * 1024 * 1024
    """Bytes of a request with a recording."""
    queue: _Positive = 4
    """Recordings that may wait; one more is answered `overloaded` before its body is read."""
    replicas: _Positive = 1
    """Recordings that are heard at the same time."""
    threads: _Positive | None = None
    """Threads of one replica; absent means all cores, up to four, shared out."""

    @property
    def places(self) -> int:
        """Return how many recordings are taken in at once."""
        return 0 if self.model is None else self.queue + self.replicas


class PolicySettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the policy in force comes from."""

    mode: Literal["directory", "releases"] = "directory"
    """A directory that an administrator edits, or releases that two persons signed."""


class Egress(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """More peers that this process may open connections to: `address:port`, `unix:/path`."""

    peers: tuple[str, ...] = ()


class Log(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the program speaks about itself."""

    format: Literal["auto", "json", "console"] = "auto"
    """`json`, `console`, or `auto`: console on a terminal, JSON elsewhere."""
    level: Literal["debug", "info", "warning", "error"] = "info"


class File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The settings file, whole."""

    node: str | None = None
    """Name of this node in its ledger's origin; the host's name if absent."""
    server: Server = Server()
    engine: EngineSettings = EngineSettings()
    detection: Detection = Detection()
    embeddings: Embeddings = Embeddings()
    cache: CacheSettings = CacheSettings()
    transcription: Transcription = Transcription()
    identity: Identity = Identity()
    presidio: Presidio = Presidio()
    usage: UsageSettings = UsageSettings()
    policy: PolicySettings = PolicySettings()
    ledger: LedgerSettings = LedgerSettings()
    witness: WitnessSettings = WitnessSettings()
    export: Export = Export()
    alerts: Alerts = Alerts()
    retention: Retention = Retention()
    egress: Egress = Egress()
    log: Log = Log()
    models: str | None = None
    """Directory of the model store, which several nodes may share; relative to --data."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the composition root builds from."""

    data: Path
    node: str
    server: Server
    engine: EngineSettings
    cache: CacheSettings
    identity: Identity
    egress: Egress
    log: Log
    models: Path
    """Directory of the model store."""
    detection: Detection = field(default_factory=Detection)
    embeddings: Embeddings = field(default_factory=Embeddings)
    transcription: Transcription = field(default_factory=Transcription)
    presidio: Presidio = field(default_factory=Presidio)
    usage: UsageSettings = field(default_factory=UsageSettings)
    policy: PolicySettings = field(default_factory=PolicySettings)
    signing: LedgerSettings = field(default_factory=LedgerSettings)
    """How the log is signed: the table `[ledger]`."""
    witness: WitnessSettings = field(default_factory=WitnessSettings)
    export: Export = field(default_factory=Export)
    alerts: Alerts = field(default_factory=Alerts)
    retention: Retention = field(default_factory=Retention)

    @property
    def named_models(self) -> tuple[tuple[str, Task], ...]:
        """Models of the store that are named for serving, each with what it is for.

        Without any that generates, and with no engine elsewhere, all such models are served.
        """
        here = self.engine.models if self.engine.openai is None else ()
        others: tuple[tuple[str | None, Task], ...] = (
            (self.embeddings.model, "embed"),
            (self.transcription.model, "transcribe"),
        )
        return (
            *((name, "generate") for name in here),
            *((name, task) for name, task in others if name is not None),
        )

    @property
    def keys(self) -> Path:
        """Directory of secret keys, 0700, its files 0600."""
        return self.data / "keys"

    @property
    def ledger(self) -> Path:
        """Directory of this node's log."""
        return self.data / "ledger" / self.node

    @property
    def state(self) -> Path:
        """Directory of the state database: API keys."""
        return self.data / "state"

    @property
    def dictionary(self) -> Path:
        """Directory of the site's dictionary: fingerprints of its names, and no name."""
        return self.data / "dictionary"

    @property
    def peers(self) -> tuple[str, ...]:
        """Whom the process may connect to: all that these settings name."""
        oidc, engines = self.identity.oidc, self.engine.openai
        provider = () if oidc is None else (oidc.endpoint.peer,)
        places = () if engines is None else tuple(place.peer for place in engines.places)
        witnesses = tuple(peer.place.peer for peer in self.witness.peers)
        told = (*self.export.peers, *self.alerts.peers)
        return (*self.egress.peers, *provider, *places, *witnesses, *told)

    @property
    def policies(self) -> Path:
        """Directory of the policy in force: a copy of the shipped one until someone edits it."""
        return self.data / "policies"


def load(data: Path | None = None, config: Path | None = None) -> Settings:
    """Read the settings. Arguments win over the environment, which wins over the defaults.

    Raises `SettingsError` if a named file is absent, or holds anything that is not understood.
    """
    root = data or Path(os.environ.get("INTRAMURAL_DATA", ".local"))
    named = config or (Path(env) if (env := os.environ.get("INTRAMURAL_CONFIG")) else None)
    path = named or root / "intramural.toml"
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        if named is not None:
            raise SettingsError(f"there is no settings file {path}") from None
        raw = b""
    except OSError as error:
        # A witness has no data directory. Where it starts there may lie one that is closed to it.
        if named or data or "INTRAMURAL_DATA" in os.environ or os.access(root, os.X_OK):
            raise SettingsError(f"{path} cannot be read: {error.strerror}") from None
        raw = b""
    try:
        file = msgspec.toml.decode(raw, type=File)
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path} is not UTF-8: byte {error.start} cannot be read") from None
    except msgspec.DecodeError as error:
        raise SettingsError(f"{path}: {explain(raw.decode(), error, File)}") from None
    node = file.node or re.sub(r"[^a-z0-9.-]", "-", socket.gethostname().lower()).strip(".-")
    if not _NODE.match(node):
        raise SettingsError(f"{path}: node is a host name: a-z, 0-9, dots and hyphens, at most 63")
    return Settings(
        data=root.resolve(),
        node=node,
        server=file.server,
        engine=file.engine,
        cache=file.cache,
        identity=file.identity,
        egress=file.egress,
        log=file.log,
        models=root.resolve() / (file.models or "models"),
        detection=file.detection,
        embeddings=file.embeddings,
        transcription=file.transcription,
        presidio=file.presidio,
        usage=file.usage,
        policy=file.policy,
        signing=file.ledger,
        witness=file.witness,
        export=file.export,
        alerts=file.alerts,
        retention=file.retention,
    )
