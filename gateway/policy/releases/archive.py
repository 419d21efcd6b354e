"""A directory of policy as one file: an uncompressed tar of which there is exactly one form.

DURABLE FORMAT, version 1: POSIX ustar, files alone, sorted by the bytes of their paths, mode 0644,
every time and owner zero, nothing after the two blocks that end it. What `pack` would not have
written is refused, so no archive holds a link, a path that leads out, a file twice or a surprise:
there is nothing to unpack, only bytes to compare.
"""

from __future__ import annotations

import io
import re
import tarfile
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from gateway.policy.problems import PolicyError, Problem, problem
from gateway.policy.release import MAX_FILE, MAX_FILES, known, unknown

MAX_ARCHIVE: Final = 16 * 1024 * 1024
"""Bytes. The largest policy that may be sent; a directory on disk may be larger, and stay there."""
MEDIA_TYPE: Final = "application/x-tar"
_NAME: Final = re.compile(r"[A-Za-z0-9._/-]{1,100}\Z")
_WHERE: Final = "archive"


def pack(files: Mapping[str, bytes]) -> bytes:
    """Return the archive of `files`: the same bytes on every machine.

    Raises `PolicyError` for a name that the format cannot hold, or for more than `MAX_ARCHIVE`.
    """
    problems = [
        Problem(
            _shown(name), None, "an archive's names are 1 to 100 of A-Z, a-z, 0-9, dot, _ and -"
        )
        for name in files
        if not _NAME.match(name)
    ]
    if problems:
        raise PolicyError(problems)
    written = io.BytesIO()
    with tarfile.open(
        fileobj=written, mode="w", format=tarfile.USTAR_FORMAT, encoding="ascii"
    ) as tar:
        for name in sorted(files):
            member = tarfile.TarInfo(name)
            member.size = len(files[name])
            tar.addfile(member, io.BytesIO(files[name]))
    archive = written.getvalue()
    if len(archive) > MAX_ARCHIVE:
        raise problem(_WHERE, None, f"larger than {MAX_ARCHIVE} bytes")
    return archive


def unpack(archive: bytes) -> Mapping[str, bytes]:
    """Return the files in `archive`. Raises `PolicyError` unless `pack` gives exactly these bytes.

    Nothing is written anywhere, and nothing is decompressed: it takes as much memory as it is long.
    """
    if len(archive) > MAX_ARCHIVE:
        raise problem(_WHERE, None, f"larger than {MAX_ARCHIVE} bytes")
    files: dict[str, bytes] = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(archive), mode="r:", encoding="ascii") as tar:
            for member in tar:
                if not known(member.name):
                    raise problem(_shown(member.name), None, unknown(member.name))
                content = tar.extractfile(member) if member.isreg() else None
                if content is None or member.name in files or len(files) >= MAX_FILES:
                    raise _refused()
                if member.size > MAX_FILE:
                    raise problem(member.name, None, f"larger than {MAX_FILE} bytes")
                files[member.name] = content.read()
    except (tarfile.TarError, ValueError, EOFError, OSError, OverflowError):
        raise _refused() from None
    if not files or pack(files) != archive:
        raise _refused()
    return MappingProxyType(files)


def _shown(name: str) -> str:
    """Return a name that somebody sent, short and without what a terminal would obey."""
    return "".join(c if c.isprintable() else "?" for c in name[:80]) or _WHERE


def _refused() -> PolicyError:
    return problem(
        _WHERE,
        None,
        "not an archive of a policy as `intramural policy pack` writes it: plain files in their "
        "order, no compression, no links",
    )
