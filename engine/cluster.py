"""The engine on many machines: `engine.server` as a Ray Serve application, a replica on each node.

Ray places replicas, replaces those that die, spreads requests over them and carries streams; none
of that is written here. A replica refuses to load a model where Ray would let strangers in: without
its token, without TLS between the nodes, or with its reports to the outside.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Mapping
from errno import EADDRINUSE
from pathlib import Path
from socket import AF_UNIX, socket
from typing import Annotated, Any, Final

import msgspec
from ray import serve

from engine.devices import detect_devices
from engine.errors import ModelNotFound
from engine.generator import Generator
from engine.library import Library, Notice
from engine.plan import Wish
from engine.server import Application, application
from engine.shares import share_out
from engine.store import ModelStore

NAME: Final = "Engine"
"""Of the deployment, as `deploy/ray/cluster.yaml` names it."""
LOCKED: Final[Mapping[str, tuple[str, ...]]] = {
    "RAY_AUTH_MODE": ("token",),
    "RAY_USE_TLS": ("1", "true"),
    "RAY_USAGE_STATS_ENABLED": ("0",),
}
"""What has to be set before `ray start`, on every node. Without the first two, whoever reaches a
port of a node runs code on all of them; without the third, Ray reports to its makers."""
MIN_KEY: Final = 32
"""Bytes: 128 bits, if they are hexadecimal digits of random ones."""
_Positive = Annotated[int, msgspec.Meta(ge=1)]
_log: Final = logging.getLogger("ray.serve")


class UnsafeCluster(RuntimeError):  # noqa: N818 - as those of `errors.py`
    """Ray was started with less than its own locks."""


class NoCoresLeft(RuntimeError):  # noqa: N818 - reads as a state, as those of `errors.py`
    """More replicas were put on a node than it has cores for."""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """`args` of the application in the Serve config. Paths are the same on every node."""

    store: str
    """Directory of the model store."""
    key_file: str
    """File with the key that requests carry as `Authorization: Bearer`: Ray's own token does not
    guard the proxies' port."""
    models: tuple[str, ...] = ()
    """Names of the models to serve; none named means all in the store that generate."""
    cores: _Positive | None = None
    """Cores of a replica, which keeps to them; `null` means all of its node."""
    pinned: tuple[str, ...] = ()
    """Models that stay in memory; others take turns where they do not all fit."""
    memory: _Positive | None = None
    """Bytes that the models may take; `null` means what the plan finds free on the node."""
    context: _Positive | None = None
    """Positions of a prompt and its reply, where a model has as many."""
    threads: _Positive | None = None
    """Threads of one replica of the weights; `null` lets the plan choose."""
    queue: _Positive = 128
    max_batch: _Positive = 32


def app(args: dict[str, Any]) -> serve.Application:
    """Return what `import_path` of the Serve config names.

    Raises `msgspec.ValidationError` for an unknown argument and `UnsafeCluster` without the locks;
    the application then fails to deploy and its status says why.
    """
    settings = msgspec.convert(args, Settings)
    refuse_unlocked(os.environ)
    return serve.deployment(name=NAME)(serve.ingress()(Replica)).bind(settings)


class Replica:
    """The engine of one node, or of some cores of it, as Ray Serve runs it."""

    def __init__(self, settings: Settings) -> None:
        # Again, because this process is started by another node's environment.
        refuse_unlocked(os.environ)
        if settings.cores is not None:
            usable = os.sched_getaffinity(0)
            cores, self._holds = take_cores(settings.cores, usable, "intramural/cores")
            _keep_to(cores)
        key = read_key(Path(settings.key_file))
        self._library = load(ModelStore(Path(settings.store)), settings)
        self._application = application(self._library.models, key=key, on_error=_unexpected)

    def check_health(self) -> None:
        """Tell Serve whether to keep this replica: it asks every few seconds."""
        if not self._library.ready:
            raise RuntimeError("a pinned model is not in memory")

    def __serve_build_asgi_app__(self) -> Application:
        """Return what answers requests: Serve asks for it once."""
        return self._application


def load(store: ModelStore, settings: Settings) -> Library:
    """Verify the models and load what fits of them into what this replica may use.

    Raises an `EngineError`; then nothing stays loaded.
    """
    names = settings.models or store.names()
    if not names:
        raise ModelNotFound("the store holds no model")
    models = [store.open(name) for name in names]
    # After the replica keeps to its cores, they are all that the plan sees.
    shares = share_out(
        detect_devices(),
        [model.manifest for model in models],
        settings.pinned,
        Wish(
            threads=settings.threads,
            max_batch=settings.max_batch,
            memory=settings.memory,
            context=settings.context,
        ),
    )
    return Library(
        store,
        models,
        shares,
        load=lambda model, plan, prompts: Generator(
            model, queue=settings.queue, plan=plan, prompts=prompts
        ),
        pinned=settings.pinned,
        notify=_tell,
    )


def refuse_unlocked(environ: Mapping[str, str]) -> None:
    """Raise `UnsafeCluster` unless this node's Ray was started with its locks."""
    for name, allowed in LOCKED.items():
        if environ.get(name, "").lower() not in allowed:
            raise UnsafeCluster(
                f"{name} is not {allowed[0]} on this node: start Ray as deploy/ray/README.md says"
            )


def read_key(file: Path) -> bytes:
    """Return the key in `file`. Raises `ValueError` for one that could be guessed."""
    key = file.read_bytes().strip()
    if len(key) < MIN_KEY:
        raise ValueError(f"the engine's key is too short: `openssl rand -hex 32 > {file}`")
    return key


def take_cores(count: int, usable: Iterable[int], space: str) -> tuple[list[int], list[socket]]:
    """Return `count` cores that no other process of this host has taken, and what holds them.

    A core is taken by a Unix socket with an abstract name in `space`: the kernel gives it back when
    its holder dies, however it dies. Ray's own ranks change while replicas live, so they would not
    do. Raises `NoCoresLeft`.
    """
    cores: list[int] = []
    holds: list[socket] = []
    for core in sorted(usable):
        if len(cores) == count:
            break
        hold = socket(AF_UNIX)
        try:
            hold.bind(f"\0{space}/{core}")
        except OSError as error:
            hold.close()
            if error.errno != EADDRINUSE:
                raise
            continue
        cores.append(core)
        holds.append(hold)
    if len(cores) < count:
        for hold in holds:
            hold.close()
        raise NoCoresLeft(f"{count} cores are wanted and {len(cores)} are left on this host")
    return cores, holds


def _keep_to(cores: Iterable[int]) -> None:
    """Keep this process to `cores`, every thread of it; threads that it starts inherit that."""
    for thread in Path("/proc/self/task").iterdir():
        os.sched_setaffinity(int(thread.name), cores)


def _tell(notice: Notice) -> None:
    """Log what became of a model."""
    error = "" if notice.error is None else f" {type(notice.error).__name__}"
    _log.info("model_%s %s %d ms%s", notice.change, notice.model, notice.milliseconds, error)


def _unexpected(error: BaseException) -> None:
    """Log a fault by its type: its message may hold a text."""
    _log.error("unexpected_error %s", type(error).__name__)
