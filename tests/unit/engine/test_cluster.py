"""What a replica checks before it loads anything, without a cluster."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import msgspec
import pytest

pytest.importorskip("ray", reason="Ray is not installed: pip install '.[cluster]'")

from engine import cluster
from engine.cluster import NoCoresLeft, Settings, UnsafeCluster, refuse_unlocked, take_cores
from engine.errors import ModelNotFound

SAFE = {"RAY_AUTH_MODE": "token", "RAY_USE_TLS": "1", "RAY_USAGE_STATS_ENABLED": "0"}
ARGUMENTS = {"store": "/models", "key_file": "/key"}


def test_a_cluster_with_its_locks_is_accepted() -> None:
    refuse_unlocked(SAFE)


@pytest.mark.parametrize("name", SAFE)
@pytest.mark.parametrize("value", [None, "", "disabled", "no"])
def test_a_cluster_without_one_of_its_locks_is_refused(name: str, value: str | None) -> None:
    environ = {**SAFE, name: value} if value is not None else {**SAFE}
    if value is None:
        del environ[name]
    with pytest.raises(UnsafeCluster, match=name):
        refuse_unlocked({key: each for key, each in environ.items() if each is not None})


def test_the_application_is_not_even_built_without_the_locks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in SAFE:
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(UnsafeCluster):
        cluster.app(ARGUMENTS)


@pytest.mark.parametrize(
    "arguments",
    [
        {"store": "/models"},
        {"key_file": "/key"},
        {**ARGUMENTS, "secret": "x"},
        {**ARGUMENTS, "cores": 0},
        {**ARGUMENTS, "models": "one"},
        {**ARGUMENTS, "key_file": None},
    ],
)
def test_an_argument_that_is_missing_unknown_or_senseless_is_refused(
    arguments: dict[str, object],
) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(arguments, Settings)


@pytest.mark.parametrize("content", ["", "\n", "short"])
def test_a_key_that_could_be_guessed_is_refused(tmp_path: Path, content: str) -> None:
    file = tmp_path / "key"
    file.write_text(content)
    file.chmod(0o600)
    with pytest.raises(ValueError, match="openssl rand"):
        cluster.read_key(file)


@pytest.mark.parametrize(
    ("mode", "good"), [(0o600, True), (0o640, True), (0o644, False), (0o660, False)]
)
def test_a_key_that_others_may_read_or_write_is_refused(
    tmp_path: Path, mode: int, *, good: bool
) -> None:
    file = tmp_path / "key"
    file.write_text("k" * 64 + "\n")
    file.chmod(mode)
    with nullcontext() if good else pytest.raises(ValueError, match="chmod 640"):
        assert cluster.read_key(file) == b"k" * 64


class Store:
    """Two models, one of which embeds; says how it was asked for them."""

    def __init__(self) -> None:
        self.opened: list[tuple[str, str | None]] = []

    def names(self, task: str | None = None) -> tuple[str, ...]:
        return ("chat",) if task == "generate" else ("chat", "vectors")

    def open(self, name: str, task: str | None = None) -> None:
        self.opened.append((name, task))


def test_a_replica_serves_what_generates_and_pins_only_what_it_serves() -> None:
    store = Store()
    settings = msgspec.convert({**ARGUMENTS, "pinned": ["vectors"]}, Settings)
    with pytest.raises(ModelNotFound, match="vectors"):
        cluster.load(store, settings)  # type: ignore[arg-type]
    assert store.opened == [("chat", "generate")]


def test_two_replicas_of_a_host_never_share_a_core() -> None:
    space = f"test/{os.getpid()}/apart"
    first, holds = take_cores(2, range(4), space)
    second, more = take_cores(2, range(4), space)
    assert (first, second) == ([0, 1], [2, 3])
    with pytest.raises(NoCoresLeft):
        take_cores(1, range(4), space)
    holds[0].close()
    assert take_cores(1, range(4), space)[0] == [0]
    for hold in (*holds, *more):
        hold.close()


def test_a_replica_that_finds_too_few_cores_takes_none() -> None:
    space = f"test/{os.getpid()}/few"
    with pytest.raises(NoCoresLeft, match="3 cores are wanted and 2"):
        take_cores(3, range(2), space)
    assert take_cores(2, range(2), space)[0] == [0, 1]


def test_the_cores_of_a_replica_that_was_killed_are_free_again() -> None:
    space = f"test/{os.getpid()}/killed"
    code = (
        "import sys, time; from engine.cluster import take_cores; "
        "held = take_cores(1, [0], sys.argv[1]); print('taken', flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen([sys.executable, "-c", code, space], stdout=subprocess.PIPE)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"taken\n"
        with pytest.raises(NoCoresLeft):
            take_cores(1, [0], space)
    finally:
        holder.kill()
        holder.communicate()
    assert take_cores(1, [0], space)[0] == [0]


def test_every_thread_of_a_replica_keeps_to_its_cores() -> None:
    code = (
        "import os, threading, time; from engine.cluster import _keep_to; "
        "threading.Thread(target=time.sleep, args=(5,), daemon=True).start(); _keep_to([0]); "
        "print({frozenset(os.sched_getaffinity(int(t))) for t in os.listdir('/proc/self/task')}, "
        "len(os.listdir('/proc/self/task')) > 1)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "{frozenset({0})} True\n"
