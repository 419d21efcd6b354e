"""A witness's own directory: its keys, the logs that it cosigns, and what it remembers."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway import secretfiles
from gateway.domain.cosignatures import COSIGNING
from gateway.domain.notes import COSIGNATURE, ML_DSA_44, NoteError, VerifierKey
from gateway.files import make_directory, replace_file
from gateway.ledger.errors import KeyFileError, LedgerError, LedgerInUse
from gateway.ledger.keys import encode_signers
from gateway.ledger.signatures import Signer, new_signer, parse_signer
from gateway.ledger.witness.allowed import AllowedLogs
from gateway.ledger.witness.memory import Memory
from gateway.ledger.witness.witness import Witness

KEY_FILE: Final = "witness.key"
VKEY_FILE: Final = "witness.vkey"
LOGS: Final = "logs"
_LOCK: Final = "serving.lock"


@dataclass(frozen=True, slots=True)
class Home:
    """Where one witness lives."""

    directory: Path

    @property
    def logs(self) -> Path:
        """The directory of the public keys of the logs that it cosigns."""
        return self.directory / LOGS

    def make(self, name: str, *, post_quantum: bool) -> tuple[VerifierKey, ...]:
        """Make a new witness called `name`; return its public keys. Raises `LedgerError`."""
        kinds = (COSIGNATURE, ML_DSA_44) if post_quantum else (COSIGNATURE,)
        try:
            signers = [new_signer(name, kind) for kind in kinds]
        except NoteError as error:
            raise LedgerError(str(error)) from None
        try:
            make_directory(self.logs)
            secretfiles.create(self.directory / KEY_FILE, encode_signers(signers))
            vkeys = tuple(signer.vkey for signer in signers)
            lines = "".join(f"{vkey.encode()}\n" for vkey in vkeys)
            replace_file(self.directory / VKEY_FILE, lines.encode())
        except secretfiles.SecretFileError as error:
            raise KeyFileError(str(error)) from None
        except OSError as error:
            raise LedgerError(f"{self.directory} cannot be written: {error.strerror}") from None
        return vkeys

    def signers(self) -> tuple[Signer, ...]:
        """Return its keys; raises `LedgerError`."""
        path = self.directory / KEY_FILE
        try:
            lines = secretfiles.read(path).decode("utf-8", "replace").splitlines()
            return tuple(parse_signer(line, COSIGNING) for line in lines)
        except secretfiles.SecretMissing:
            raise KeyFileError(
                f"there is no witness in {self.directory}: `intramural witness init` makes one"
            ) from None
        except secretfiles.SecretFileError as error:
            raise KeyFileError(str(error)) from None
        except NoteError as error:
            raise KeyFileError(f"{path}: {error}; restore it from its backup") from None

    @contextmanager
    def opened(self) -> Iterator[Witness]:
        """Yield the witness, for this process alone; raises `LedgerError`."""
        signers = self.signers()
        allowed = AllowedLogs(self.logs)
        lock = os.open(self.directory / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            memory = Memory(self.directory)
        except BlockingIOError:
            os.close(lock)
            raise LedgerInUse(f"another witness serves from {self.directory}") from None
        except BaseException:
            os.close(lock)
            raise
        try:
            yield Witness(signers, allowed, memory)
        finally:
            memory.close()
            os.close(lock)
