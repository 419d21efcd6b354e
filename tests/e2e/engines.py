"""`intramural engine serve` as a process of its own, and gateways whose engines are elsewhere."""

from __future__ import annotations

import re
import signal
import subprocess
from pathlib import Path

from tests.e2e.process import (
    COMMAND,
    MODEL,
    MODELS,
    START_SECONDS,
    Gateway,
    environment,
    no_survivor,
    wait_for,
)

_SERVES = re.compile(r"The engine serves on (\S+);")


class EngineProcess:
    """The engine alone, which can be stopped, hung and killed."""

    def __init__(self, folder: Path, *options: str | Path, data: str = "") -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        self.folder = folder
        self.url = ""
        self._options = options
        self._prefix: list[str] = []
        self._log = folder / "log"
        self._process: subprocess.Popen[bytes] | None = None
        (folder / "intramural.toml").write_text(
            f'models = "{MODELS}"\n[server]\nshutdown_grace = 5.0\n{data}', encoding="utf-8"
        )

    def within(self, *prefix: str) -> EngineProcess:
        """Start the process by this command, which has to end in an exec of its arguments."""
        self._prefix = list(prefix)
        return self

    def start(self) -> EngineProcess:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*self._prefix, COMMAND, "--data", self.folder, "engine", "serve", *self._options],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environment(),
            )
        before = self.said().count("The engine serves")
        with no_survivor(self._process):
            self.url = wait_for(lambda: self._said_url(before), "the engine starts", START_SECONDS)
        return self

    def _said_url(self, before: int) -> str | None:
        said = self.said()
        assert self.process.poll() is None, said
        found = _SERVES.findall(said)
        return found[-1] if len(found) > before else None

    @property
    def process(self) -> subprocess.Popen[bytes]:
        assert self._process is not None
        return self._process

    def said(self) -> str:
        return self._log.read_text(encoding="utf-8") if self._log.exists() else ""

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def kill(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait(10)


def gateway_over(data: Path, *urls: str, more: str = "") -> Gateway:
    """Return a gateway, not yet started, whose engines are at `urls`."""
    gateway = Gateway(data, "shutdown_grace = 8.0\n")
    words = ", ".join(f'"{url}"' for url in urls)
    with (data / "intramural.toml").open("a", encoding="utf-8") as settings:
        settings.write(
            f'[engine]\nkind = "openai"\n[engine.openai]\nendpoints = [{words}]\n'
            f"check_interval = 0.3\nconnect_timeout = 1.0\n{more}"
            f'[engine.openai.models."{MODEL}"]\ncontext_length = 8192\n'
        )
    return gateway
