"""The real gateway as a process of its own, and the command line beside it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx
from typer.testing import CliRunner

from gateway.cli.root import app
from gateway.ledger.query import Query, read_ledger

ROOT = Path(__file__).parents[2]
MODELS = ROOT / ".local" / "models"
MODEL = "smollm2-135m-instruct"
COMMAND = Path(sys.executable).with_name("intramural")
START_SECONDS = 120
"""Two or three where nobody else computes; a busy machine is no counterexample."""
_SERVES = re.compile(r"serves on http://127\.0\.0\.1:(\d+) ")
_NODE = "e2e"

Record = dict[str, Any]
T = TypeVar("T")


@dataclass(frozen=True)
class Key:
    """An API key as `intramural keys create --json` shows it, once."""

    id: str
    secret: str = field(repr=False)

    @property
    def actor(self) -> str:
        return f"key:{self.id}"


@contextmanager
def no_survivor(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """End a process that did not come up: nobody has it, and the next ones would wait for it."""
    try:
        yield
    except BaseException:
        process.kill()
        process.wait(10)
        raise


def wait_for(what: Callable[[], T | None], why: str, seconds: float = 20) -> T:
    """Return the first truth that `what` returns."""
    end = time.monotonic() + seconds
    while not (answer := what()):
        assert time.monotonic() < end, f"waited {seconds} s in vain: {why}"
        time.sleep(0.02)
    return answer


class Gateway:
    """`intramural --data DATA serve`, which can be stopped, killed and started again."""

    def __init__(self, data: Path, server: str = "") -> None:
        if not (MODELS / MODEL / "manifest.json").exists():
            raise AssertionError(f"no model in {MODELS}: run `make test`, which sets it up")
        self.data = data
        self.port = 0
        self._prefix: list[str] = []
        self._log = data.parent / f"{data.name}.log"
        self._process: subprocess.Popen[bytes] | None = None
        data.mkdir(mode=0o700, exist_ok=True)
        (data / "intramural.toml").write_text(
            f'node = "{_NODE}"\nmodels = "{MODELS}"\n[server]\nport = 0\n{server}',
            encoding="utf-8",
        )

    def within(self, *prefixes: Sequence[str]) -> Gateway:
        """Start the process by these commands, which have to end in an exec of their arguments."""
        self._prefix = [word for prefix in prefixes for word in prefix]
        return self

    def start(self) -> Gateway:
        """Start it, and wait until it says where it listens."""
        before = self._log.stat().st_size if self._log.exists() else 0
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*self._prefix, COMMAND, "--data", self.data, "serve", "--demo-key"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.data.parent,
                env=environment(),
            )
        with no_survivor(self._process):
            port = wait_for(lambda: self._port(before), "the gateway starts", START_SECONDS)
        self.port = int(port)
        return self

    def _port(self, before: int) -> str | None:
        said = self.said(before)
        assert self.process.poll() is None, said
        found = _SERVES.search(said)
        return found and found[1]

    @property
    def process(self) -> subprocess.Popen[bytes]:
        assert self._process is not None
        return self._process

    @property
    def started(self) -> bool:
        return self._process is not None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def said(self, start: int = 0) -> str:
        """Return its standard output and error from the byte `start` on."""
        return self._log.read_bytes()[start:].decode("utf-8", "surrogateescape")

    def stop(self, number: signal.Signals = signal.SIGTERM, seconds: float = 30) -> int:
        """Send a signal to this one process, and return its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(seconds)

    def cli(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """Run a command on the same data directory."""
        return subprocess.run(
            [COMMAND, "--data", self.data, *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            cwd=self.data.parent,
            env=environment(),
        )

    def command(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """Run a command as `cli` does, in this process: without a start, which takes far longer.

        For what a test needs done on the way; a test of the command itself takes `cli`.
        """
        words = ["--data", str(self.data), *map(str, arguments)]
        unset = dict.fromkeys(name for name in os.environ if name not in environment())
        ran = CliRunner(env=unset).invoke(app, words)
        if ran.exception is not None and not isinstance(ran.exception, SystemExit):
            raise ran.exception
        return subprocess.CompletedProcess(words, ran.exit_code, ran.stdout, ran.stderr)

    def create_key(
        self, name: str, role: str, *more: str, network: str = "127.0.0.0/8", expires: str = "1h"
    ) -> Key:
        ran = self.command(
            "keys", "create", "--name", name, "--role", role, "--network", network,
            "--expires", expires, "--json", *more,
        )  # fmt: skip
        return key_of(ran)

    def audit(self, *arguments: str) -> list[Record]:
        """Return what `intramural audit list --json` prints."""
        ran = self.command("audit", "list", "--json", *arguments)
        assert ran.returncode == 0, ran.stderr
        return [json.loads(line) for line in ran.stdout.splitlines()]

    def verify(self) -> Record:
        """Return what `intramural audit verify --json` prints; it must hold."""
        ran = self.command("audit", "verify", "--json")
        assert ran.returncode == 0, ran.stdout + ran.stderr
        report: Record = json.loads(ran.stdout)
        return report

    def records(self, exchange: str | None = None, actor: str | None = None) -> list[Record]:
        """Return records straight from the log: what `audit list` shows, without a new process."""
        with read_ledger(self.data / "ledger" / _NODE) as reader:
            query = Query(exchange=exchange, actor=actor, limit=None)
            return [json.loads(logged.leaf) for logged in reader.search(query)]

    def settled(self, exchange: str) -> list[Record]:
        """Wait until `exchange` has its outcome; return its records."""

        def found() -> list[Record] | None:
            records = self.records(exchange)
            return records if any(record["kind"] == "outcome" for record in records) else None

        return wait_for(found, "the outcome")

    def client(self, key: Key | None, **headers: str) -> httpx.Client:
        """Return a plain HTTP client that states the purpose TREAT unless told otherwise."""
        return httpx.Client(
            base_url=self.url, headers=headers_of(key, **headers), timeout=60, trust_env=False
        )


def key_of(ran: subprocess.CompletedProcess[str]) -> Key:
    """Return the key that `intramural keys create --json` showed."""
    assert ran.returncode == 0, ran.stderr
    made = json.loads(ran.stdout)
    return Key(made["id"], made["key"])


def headers_of(key: Key | None, **more: str) -> dict[str, str]:
    """Return a clinician's headers; `more` in Python's spelling, an empty value removes one."""
    headers = {"x-purpose-of-use": "TREAT"}
    if key is not None:
        headers["authorization"] = f"Bearer {key.secret}"
    headers |= {name.replace("_", "-"): value for name, value in more.items()}
    return {name: value for name, value in headers.items() if value}


def environment() -> dict[str, str]:
    """Return this process's environment without what would configure the gateway or its clients."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.upper().startswith(("INTRAMURAL", "OPENAI"))
        and not name.lower().endswith("_proxy")
    }


def chat(content: str, **more: object) -> dict[str, object]:
    """Return a chat request of one user message."""
    return {
        "model": MODEL,
        "messages": [{"role": "user", "content": content}],
        "max_tokens": 16,
        "temperature": 0,
        **more,
    }
