"""Files that hold what somebody said: for their owner alone, and never over another by accident."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import NoReturn

from gateway.cli.common import fail


def check_free(path: Path | None, *, force: bool) -> None:
    """Say that a file is there before minutes are spent on what would be written to it."""
    if path is not None and not force and path.exists():
        _exists(path)


def write_new(path: Path, data: bytes, *, force: bool) -> None:
    """Write `data` to `path`, mode 0600, whole or not at all; over a file only with `force`."""
    try:
        descriptor, draft = tempfile.mkstemp(prefix=f".{path.name[:40]}-", dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
            if force:
                os.replace(draft, path)  # noqa: PTH105 - a name from mkstemp
            else:
                # Unlike a rename, a link fails where something is, also if it came just now.
                os.link(draft, path)
        finally:
            Path(draft).unlink(missing_ok=True)
    except FileExistsError:
        _exists(path)
    except OSError as error:
        fail(f"cannot write {path}: {error.strerror}")


def _exists(path: Path) -> NoReturn:
    fail(f"{path} exists: name another file, or say --force")
