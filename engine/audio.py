"""From the bytes of a recording to samples, without trusting one of them.

A file is WAV, FLAC or MP3 by its first bytes, whatever its name. Another process decodes it
(`audio_decoder.py`), under limits on time, memory and output: what a crafted file does to a decoder
written in C it does there, not beside the keys of the gateway. Nothing is written to a disk.
"""

from __future__ import annotations

import math
import os
import subprocess
import sys
import threading
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import IO, Final

import numpy as np
from numpy.typing import NDArray

from engine.errors import AudioTooLong, EngineFailed, UnsupportedAudio

RATE: Final = 16_000
"""Samples a second that Whisper was trained on."""
Samples = NDArray[np.int16]
"""One channel at `RATE`."""

_PROGRAM: Final = Path(__file__).with_name("audio_decoder.py")
_PATIENCE: Final = 120.0
"""Seconds for one file: far more than the processor time that the decoder may use, for a machine
that is busy."""


class Container(StrEnum):
    """What a recording is packed in."""

    WAV = "wav"
    FLAC = "flac"
    MP3 = "mp3"


class Exit(StrEnum):
    """How the decoder ended, by its exit status; it says nothing else."""

    DONE = "0"
    UNREADABLE = "3"
    TOO_LONG = "4"
    CUT_SHORT = "5"


@dataclass(frozen=True, slots=True)
class Recording:
    """Decoded audio, in memory alone."""

    samples: Samples

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return len(self.samples) / RATE

    def __repr__(self) -> str:
        return f"<Recording {self.seconds:.1f} seconds>"


def container_of(data: bytes) -> Container | None:
    """Return what the first bytes of a file say that it is."""
    if data[:4] == b"RIFF" and data[8:12] == b"WAVE":
        return Container.WAV
    if data[:4] == b"fLaC":
        return Container.FLAC
    if data[:3] == b"ID3" or _is_mp3_frame(data[:4]):
        return Container.MP3
    return None


def decode(data: bytes, *, max_seconds: float) -> Recording:
    """Return the samples of a recording; blocks, without the GIL, while another process decodes.

    Raises `UnsupportedAudio` for bytes that are no recording, or only the beginning of one, and
    `AudioTooLong` without decoding more than `max_seconds` of it, or nothing where its header says;
    `EngineFailed` where it took too long, or did not begin.
    """
    container = container_of(data)
    if container is None:
        raise UnsupportedAudio("The file is not audio as WAV, FLAC or MP3: send one of these.")
    status, output = _run(data, max_seconds)
    match status:
        case Exit.DONE if len(output) >= 2:  # noqa: PLR2004 - the two bytes of one sample
            return Recording(np.frombuffer(output, dtype="<i2"))
        case Exit.DONE | Exit.UNREADABLE:
            raise UnsupportedAudio(
                f"The file begins as {container.value.upper()} and cannot be decoded as such: "
                "record it again, or send another format."
            )
        case Exit.CUT_SHORT:
            raise UnsupportedAudio(
                f"The {container.value.upper()} file is shorter than its header says: it was cut "
                "off on its way. Send it again, whole."
            )
        case Exit.TOO_LONG:
            raise AudioTooLong(max_seconds)


def _is_mp3_frame(header: bytes) -> bool:
    """Whether four bytes are the header of an MPEG audio frame, layer III (ISO/IEC 11172-3)."""
    return (
        len(header) == 4  # noqa: PLR2004 - a header's length
        and header[0] == 0xFF  # noqa: PLR2004 - eleven bits that are all ones
        and header[1] & 0xE0 == 0xE0  # noqa: PLR2004
        and header[1] & 0x18 != 0x08  # noqa: PLR2004 - a version that is not reserved
        and header[1] & 0x06 == 0x02  # noqa: PLR2004 - layer III
        and header[2] & 0xF0 not in {0x00, 0xF0}  # A bit rate that is given, and is one.
        and header[2] & 0x0C != 0x0C  # noqa: PLR2004 - a sample rate that is one
    )


def _run(data: bytes, max_seconds: float) -> tuple[Exit, bytes]:
    """Return how the decoder ended, and what it wrote."""
    most = math.ceil(max_seconds * RATE) * 2
    # Memory that looks like a file: the decoder reads while its output is read, and neither waits
    # for the other. It is gone with its last reader.
    handle = os.memfd_create("recording", os.MFD_CLOEXEC)
    try:
        with os.fdopen(os.dup(handle), "wb") as file:
            file.write(data)
        os.lseek(handle, 0, os.SEEK_SET)
        process = subprocess.Popen(  # noqa: S603 - a fixed program, and a number
            [sys.executable, "-I", "-B", str(_PROGRAM), str(max_seconds)],
            stdin=handle,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
            close_fds=True,
        )
    finally:
        os.close(handle)
    late = threading.Event()

    def give_up() -> None:
        late.set()
        process.kill()

    alarm = threading.Timer(_PATIENCE, give_up)
    alarm.daemon = True
    alarm.start()
    try:
        output = _read(process.stdout, most + 2)
        if len(output) > most:
            return Exit.TOO_LONG, b""
        status = process.wait()
    finally:
        alarm.cancel()
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
    if status < 0 and late.is_set():
        raise EngineFailed  # The machine was busy: its time is more than its processor time.
    if status < 0:
        # The decoder crashed on this file, or ran out of what it may use: the file is to blame.
        return Exit.UNREADABLE, b""
    try:
        return Exit(str(status)), output
    except ValueError:
        raise EngineFailed from None  # It did not even start.


def _read(pipe: IO[bytes] | None, most: int) -> bytes:
    return b"" if pipe is None else pipe.read(most)
