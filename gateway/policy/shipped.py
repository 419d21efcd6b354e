"""The policy that comes with the program, and its first copy into a data directory."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

from gateway.policy.problems import problem
from gateway.policy.release import ACCESS, README, build, read


def shipped_policies() -> Path:
    """Return the directory of the shipped policy: of the checkout, or of the installed wheel.

    Raises `PolicyError` if the installation lacks it.
    """
    checkout = Path(__file__).resolve().parents[2] / "policies"
    installed = Path(sys.prefix) / "share" / "intramural" / "policies"
    for directory in (checkout, installed):
        if (directory / ACCESS).is_file():
            return directory
    raise problem(str(installed), None, "the shipped policy is missing: install intramural again")


def install_default(target: Path) -> bool:
    """Copy the shipped policy to `target` unless something is there; say whether it was copied.

    All of it appears at once: a crash in between leaves no half policy. Raises `PolicyError` if the
    shipped policy is broken, and `OSError` if `target` cannot be written.
    """
    if os.path.lexists(target):
        return False
    source = shipped_policies()
    files = dict(read(source))
    build(files)
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=".policies-", dir=target.parent))
    try:
        copy = draft / "policies"
        # Not copytree: an installation may be read-only, and the copy is there to be edited.
        if (source / README).is_file():
            files[README] = (source / README).read_bytes()
        for name, data in files.items():
            path = copy / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        for path in (*copy.rglob("*"), copy):
            _sync(path)
        try:
            copy.rename(target)
        except OSError:
            # A rename onto a directory that is not empty fails: another process was faster.
            if not target.is_dir():
                raise
            return False
        _sync(target.parent)
    finally:
        shutil.rmtree(draft)
    return True


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
