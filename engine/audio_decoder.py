"""A program, not a module to import: a recording on standard input, samples on standard output.

`engine.audio` starts it for each file, in a process of its own without environment. It gives up
what it does not need first, writes signed 16-bit samples of one channel at 16 kHz, and speaks by
its exit status alone (`audio.Exit`). The only import of miniaudio.
"""

from __future__ import annotations

import resource
import struct
import sys
from typing import Any, Final, NoReturn

_RATE: Final = 16_000
_UNREADABLE, _TOO_LONG, _CUT_SHORT = 3, 4, 5
_MEMORY: Final = 1 << 30
_CPU_SECONDS: Final = 30
_CHANNELS: Final = 8
_RATES: Final = range(4_000, 192_001)
"""Outside of these a file is a trap rather than a dictation."""
_UNKNOWN: Final = 0x7FFF_0000
"""Sizes from here on are what a program writes that does not know the end yet."""
_SLACK: Final = 0.1
"""Seconds by which a header may be wrong."""
_STEP: Final = _RATE
"""Samples at a time."""


def main() -> int:
    """Decode what standard input holds; return the exit status."""
    limit = float(sys.argv[1])
    for kind, most in (
        (resource.RLIMIT_CORE, 0),  # A dump would leave the recording on a disk.
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CPU, _CPU_SECONDS),
        (resource.RLIMIT_AS, _MEMORY),
    ):
        resource.setrlimit(kind, (most, most))
    # miniaudio imports NumPy where it finds it, for functions that are not called here.
    sys.modules["numpy"] = None  # type: ignore[assignment]
    import miniaudio

    resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))
    data = sys.stdin.buffer.read()
    try:
        announced = _announced(data, miniaudio)
        if announced is not None and announced > limit:
            return _TOO_LONG
        chunks = miniaudio.stream_memory(
            data, miniaudio.SampleFormat.SIGNED16, 1, _RATE, frames_to_read=_STEP
        )
        written = 0
        for chunk in chunks:
            written += len(chunk)
            if written > limit * _RATE:
                return _TOO_LONG
            sys.stdout.buffer.write(chunk.tobytes())
    except miniaudio.MiniaudioError:
        return _UNREADABLE
    if announced is not None and written / _RATE < announced - _SLACK:
        return _CUT_SHORT
    sys.stdout.buffer.flush()
    return 0


def _announced(data: bytes, miniaudio: Any) -> float | None:  # noqa: ANN401 - it has no types
    """Return the seconds that the header promises, or `None` where it promises nothing.

    Raises `MiniaudioError` for a header that cannot be read, or that no recording has.
    """
    if data[:4] == b"RIFF":
        info = miniaudio.wav_get_info(data)
        seconds = _seconds_of_wav(data)
    elif data[:4] == b"fLaC":
        info = miniaudio.flac_get_info(data)
        seconds = info.num_frames / max(info.sample_rate, 1) or None
    else:
        return _seconds_of_mp3(data)  # The format itself bounds rates and channels.
    if info.sample_rate not in _RATES or not 1 <= info.nchannels <= _CHANNELS:
        raise miniaudio.DecodeError("no recording has such a header")
    return seconds


def _seconds_of_wav(data: bytes) -> float | None:
    """Return the length that the header gives: miniaudio takes the file's own where that is less.

    Offsets are those of `WAVEFORMATEX`: bytes a second are at 8 of the chunk `fmt `.
    """
    place, rate = 12, 0
    while place + 8 <= len(data):
        name, size = struct.unpack_from("<4sI", data, place)
        place += 8
        if name == b"fmt " and place + 12 <= len(data):
            (rate,) = struct.unpack_from("<I", data, place + 8)
        if name == b"data":
            return size / rate if rate and 0 < size < _UNKNOWN else None
        place += size + size % 2
    return None


def _seconds_of_mp3(data: bytes) -> float | None:
    """Return the length that the first frame's `Xing` or `Info` tag gives, where there is one.

    The format has no length of its own; LAME and most other encoders write this tag.
    """
    place = 0
    if data[:3] == b"ID3" and len(data) > 10:  # noqa: PLR2004 - the header of ID3v2
        size = data[6:10]
        place = 10 + (size[0] << 21 | size[1] << 14 | size[2] << 7 | size[3])
    head = data[place : place + 64]
    tag = max(head.find(b"Xing"), head.find(b"Info"))
    if tag < 0 or len(head) < tag + 12 or not head[tag + 7] & 1:
        return None
    (frames,) = struct.unpack_from(">I", head, tag + 8)
    version, rate = head[1] >> 3 & 3, head[2] >> 2 & 3
    if version == 1 or rate == 3:  # noqa: PLR2004 - both reserved
        return None
    # MPEG 1, 2 and 2.5 are 3, 2 and 0; each halves the rates of the one before.
    hertz = (44_100, 48_000, 32_000)[rate] >> {3: 0, 2: 1, 0: 2}[version]
    samples = 1152 if version == 3 else 576  # noqa: PLR2004
    return float(frames * samples / hertz)


def _end(status: int) -> NoReturn:
    sys.exit(status)


if __name__ == "__main__":
    _end(main())
