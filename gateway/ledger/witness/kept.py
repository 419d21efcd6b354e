"""Older heads that witnesses cosigned: the last one of each hour, kept as long as the log.

`witnessed` is the newest alone. Whoever holds an older head asks for the smallest that is kept and
is not smaller: what cosigned that has seen a log that holds the older one. Each is a file, a
checkpoint as C2SP has it, so that every verifier reads it. None is ever replaced or removed.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from gateway.domain.notes import NoteError, parse_checkpoint, parse_note
from gateway.files import create_file, make_directory
from gateway.ledger.recovery import WITNESSED_FILE

DIRECTORY: Final = "cosigned"
HOUR: Final = 3600
"""Seconds: 8,760 files a year at most, however busy the log is."""
_NAME: Final = re.compile(r"[0-9]{16}\Z")


def keep_last_of_hour(directory: Path, now: Callable[[], float] = time.time) -> None:
    """Keep the newest cosigned head for good, if it was written in another hour than this one.

    Call it before that head gives way to the next. Raises `OSError`.
    """
    path = directory / WITNESSED_FILE
    try:
        if int(path.stat().st_mtime) // HOUR == int(now()) // HOUR:
            return
        raw = path.read_bytes()
        size = parse_checkpoint(parse_note(raw).text).size
    except (FileNotFoundError, NoteError):
        return  # There was none; or it is damaged, which a start and a verifier say.
    make_directory(directory / DIRECTORY)
    with suppress(FileExistsError):  # An idle log: who saw it first is kept.
        create_file(directory / DIRECTORY / f"{size:016d}", raw, 0o644)


def cosigned_heads(directory: Path) -> tuple[tuple[int, Path], ...]:
    """Return the size and the file of each head that is kept, the newest last. Or `OSError`."""
    kept = directory / DIRECTORY
    there = kept.iterdir() if kept.is_dir() else ()
    found = sorted((int(each.name), each) for each in there if _NAME.match(each.name))
    with suppress(FileNotFoundError, NoteError):
        newest = directory / WITNESSED_FILE
        size = parse_checkpoint(parse_note(newest.read_bytes()).text).size
        if not found or size > found[-1][0]:
            found.append((size, newest))
    return tuple(found)
