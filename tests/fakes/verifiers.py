"""The two verifiers that share no code, behind one signature: ours, and the one in Go."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.ledger import LedgerError, verify
from gateway.ledger.publickeys import read_vkey

SOURCE = Path(__file__).parents[2] / "tools" / "verify-go"
MODULE = Path("/usr/share/gocode/src/golang.org/x/mod/sumdb/tlog")

Verifier = Callable[[Path, Path, Path | None], None]
"""Raises `RefusedError` if the log in a directory is not what the key in a file signed, or does not
continue the checkpoint in another file."""

needs_go = pytest.mark.skipif(
    shutil.which("go") is None or not MODULE.is_dir(),
    reason="Go is missing: apt-get install golang-go golang-golang-x-mod-dev",
)


class RefusedError(Exception):
    pass


def ours(directory: Path, vkey: Path, older: Path | None = None) -> None:
    try:
        verify(directory, read_vkey(vkey), None if older is None else older.read_bytes())
    except LedgerError as error:
        raise RefusedError(str(error)) from None


def build(directory: Path) -> Path:
    """Compile the verifier in Go; return its path."""
    binary = directory / "verify-go"
    subprocess.run(
        ["go", "build", "-o", str(binary), "."],
        cwd=SOURCE,
        check=True,
        timeout=170,
        env={
            **os.environ,
            "GOFLAGS": "-mod=mod",
            "GOPROXY": "off",
            "GOTOOLCHAIN": "local",
            "GOCACHE": str(directory / "cache"),
        },
    )
    return binary


def theirs(binary: Path) -> Verifier:
    """Return the verifier in Go as a function."""

    def run(directory: Path, vkey: Path, older: Path | None = None) -> None:
        words = [binary, directory, vkey, *([] if older is None else [older])]
        ended = subprocess.run(words, check=False, capture_output=True, text=True, timeout=60)
        if ended.returncode:
            assert ended.returncode == 1, ended.stderr
            raise RefusedError(ended.stderr)
        assert ended.stdout.endswith(": whole\n")

    return run
