"""Strict settings, read once: a TOML file in the data directory, and nothing else.

An unknown key is an error, a missing file means the defaults. Only this module reads the
environment (`INTRAMURAL_DATA`, the data directory, and `INTRAMURAL_CONFIG`, the settings file).
"""

from __future__ import annotations

import os
import re
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import msgspec

_Positive = Annotated[int, msgspec.Meta(ge=1)]
_Seconds = Annotated[float, msgspec.Meta(gt=0, le=3600)]
_NODE: Final = re.compile(r"[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?\Z")


class SettingsError(Exception):
    """The settings cannot be used; the message names the file, the key and what to do."""


class Server(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the gateway listens and how much it reads."""

    host: str = "127.0.0.1"
    port: Annotated[int, msgspec.Meta(ge=0, le=65535)] = 8400
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
    """The engine in this process. `None` lets it choose from the cores that it may use."""

    replicas: _Positive | None = None
    threads: _Positive = 1
    """Threads of one replica. One is best (DESIGN.md, measured facts)."""
    queue: _Positive = 128
    """Jobs that may wait; one more is answered `overloaded` at once."""
    max_batch: _Positive = 32
    models: tuple[str, ...] = ()
    """Names of the models to serve; none named means all in the store."""


class Egress(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The peers that this process may open connections to, as `host:port`. There are none today."""

    peers: tuple[str, ...] = ()


class Log(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the program speaks about itself."""

    format: str = "auto"
    """`json`, `console`, or `auto`: console on a terminal, JSON elsewhere."""
    level: str = "info"


class File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The settings file, whole."""

    node: str | None = None
    """Name of this node in its ledger's origin; the host's name if absent."""
    server: Server = Server()
    engine: EngineSettings = EngineSettings()
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
    egress: Egress
    log: Log
    models: Path
    """Directory of the model store."""

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
    try:
        file = msgspec.toml.decode(raw, type=File)
    except msgspec.DecodeError as error:
        raise SettingsError(f"{path}: {error}") from None
    if file.log.format not in {"auto", "json", "console"}:
        raise SettingsError(f"{path}: log.format is one of auto, json, console")
    if file.log.level not in {"debug", "info", "warning", "error"}:
        raise SettingsError(f"{path}: log.level is one of debug, info, warning, error")
    node = file.node or re.sub(r"[^a-z0-9.-]", "-", socket.gethostname().lower()).strip(".-")
    if not _NODE.match(node):
        raise SettingsError(f"{path}: node is a host name: a-z, 0-9, dots and hyphens, at most 63")
    return Settings(
        data=root.resolve(),
        node=node,
        server=file.server,
        engine=file.engine,
        egress=file.egress,
        log=file.log,
        models=root.resolve() / (file.models or "models"),
    )
