"""Logs to be witnessed, in memory; and real witnesses, each a process of its own on loopback."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from gateway.domain.merkle import Frontier, consistency_proof, leaf_hash, root_of
from gateway.domain.notes import Checkpoint, VerifierKey
from gateway.domain.witnessing import AddCheckpoint
from gateway.ledger.keys import SigningKey
from gateway.ledger.witness.home import Home

COMMAND = Path(sys.executable).with_name("intramural")
_SERVES = re.compile(r"serves on (\S+);")


@dataclass
class PaperLog:
    """Leaves in a list, and the key that signs their head."""

    key: SigningKey = field(default_factory=lambda: SigningKey("intramural/ward-1", bytes(32)))
    leaves: list[bytes] = field(default_factory=list)

    def grow(self, *names: str) -> PaperLog:
        self.leaves += [leaf_hash(name.encode()) for name in names]
        return self

    def fork(self, size: int) -> PaperLog:
        """The same key over another history from `size` on."""
        return PaperLog(self.key, self.leaves[:size])

    def signed(self, size: int | None = None) -> bytes:
        leaves = self.leaves[:size]
        frontier = Frontier()
        frontier.extend(leaves)
        text = Checkpoint(self.key.vkey.name, len(leaves), frontier.root()).text()
        return self.key.sign(text).encode()

    def request(self, old: int, size: int | None = None) -> AddCheckpoint:
        leaves = self.leaves[:size]
        proof = consistency_proof(old, len(leaves), lambda a, b: root_of(leaves[a:b]))
        return AddCheckpoint(old, proof, self.signed(size))


class WitnessProcess:
    """`intramural witness serve`, which can be killed and started again."""

    def __init__(self, home: Path, name: str, *, post_quantum: bool = False) -> None:
        self.home = home
        self.vkeys: tuple[VerifierKey, ...] = Home(home).make(name, post_quantum=post_quantum)
        self.url = ""
        self._port = "0"
        self._process: subprocess.Popen[str] | None = None

    @property
    def vkey(self) -> VerifierKey:
        return self.vkeys[0]

    def know(self, name: str, *vkeys: VerifierKey) -> None:
        lines = "".join(f"{vkey.encode()}\n" for vkey in vkeys)
        (self.home / "logs" / f"{name}.vkey").write_text(lines, encoding="utf-8")

    def start(self, *flags: str) -> WitnessProcess:
        with (self.home / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [COMMAND, "witness", "serve", self.home, "--port", self._port, *flags],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
            )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        matched = _SERVES.search(line)
        assert matched, (line, (self.home / "log").read_text(encoding="utf-8"))
        self.url = matched[1]
        if self.url.startswith("http"):
            self._port = self.url.rpartition(":")[2]  # The same again after a restart.
        return self

    def kill(self, sent: signal.Signals = signal.SIGKILL) -> None:
        if self._process is not None:
            self._process.send_signal(sent)
            self._process.wait(20)
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None
