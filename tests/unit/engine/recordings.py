"""Recordings that tests make: WAV by hand, MP3 frame by frame, speech by espeak-ng."""

from __future__ import annotations

import math
import shutil
import struct
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

VECTORS = Path(__file__).parents[2] / "vectors" / "audio"
SAID = (
    "The patient Margaret Thornton was admitted on Monday with chest pain. "
    "Her phone number is 617 555 0142. Blood pressure was normal."
)
NO_VOICE = "espeak-ng is not installed (Debian: apt-get install espeak-ng)"


def wav(
    samples: Sequence[int],
    *,
    rate: int = 16_000,
    channels: int = 1,
    announced: int | None = None,
    bytes_a_second: int | None = None,
) -> bytes:
    """A WAV file of 16-bit samples; `announced` is what it says of its size in bytes."""
    data = struct.pack(f"<{len(samples)}h", *samples)
    size = len(data) if announced is None else announced
    return (
        b"RIFF"
        + struct.pack("<I", min(36 + size, 0xFFFF_FFFF))
        + b"WAVEfmt "
        + struct.pack(
            "<IHHIIHH",
            16,
            1,
            channels,
            rate,
            rate * channels * 2 if bytes_a_second is None else bytes_a_second,
            channels * 2,
            16,
        )
        + b"data"
        + struct.pack("<I", size)
        + data
    )


def tone(seconds: float, rate: int = 16_000, loudness: int = 8000) -> list[int]:
    return [
        int(loudness * math.sin(2 * math.pi * 220 * i / rate)) for i in range(int(seconds * rate))
    ]


def silent_mp3(seconds: float) -> bytes:
    """Frames of MPEG 2, layer III, 8 kbit/s, 16 kHz: 36 ms and 36 bytes each, all of them empty."""
    frame = bytes([0xFF, 0xF3, 0x18, 0xC4]) + bytes(32)
    return frame * math.ceil(seconds / 0.036)


def speak(text: str, path: Path) -> bytes:
    """Have espeak-ng say `text`; skip the test, visibly, where there is none."""
    if shutil.which("espeak-ng") is None:
        pytest.skip(NO_VOICE)
    subprocess.run(["espeak-ng", "-v", "en-us", "-s", "150", "-w", path, text], check=True)
    return path.read_bytes()


def word_errors(heard: str, said: str) -> float:
    """Return the word error rate: insertions, deletions and substitutions per word that was said.

    Digits count one by one, so that 617-555-0142 is 617 555 0142.
    """
    left, right = _words(heard), _words(said)
    costs = list(range(len(right) + 1))
    for i, word in enumerate(left, 1):
        before, costs[0] = costs[0], i
        for j, other in enumerate(right, 1):
            before, costs[j] = (
                costs[j],
                min(costs[j] + 1, costs[j - 1] + 1, before + (word != other)),
            )
    return costs[-1] / len(right)


def _words(text: str) -> list[str]:
    plain = "".join(each.lower() if each.isalnum() else " " for each in text)
    return [part for word in plain.split() for part in (word if word.isdigit() else [word])]
