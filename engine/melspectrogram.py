"""What Whisper hears: the log-mel spectrogram of a recording. Pure NumPy.

The numbers are Whisper's own (OpenAI's `audio.py`, MIT): windows of 25 ms every 10 ms, mel bands on
Slaney's scale, 80 dB below the loudest. `tests/vectors/audio` holds what another program makes of
the same samples.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import numpy as np

from engine.audio import RATE, Samples
from engine.decoder import Array

WINDOW: Final = 400
HOP: Final = 160
FRAMES_A_SECOND: Final = RATE // HOP
CHUNK_FRAMES: Final = 30 * FRAMES_A_SECOND
"""Frames that the encoder takes at once."""
_AT_ONCE: Final = 3000
"""Frames that are transformed together, so that only these are ever in float32 as sound."""


def log_mel(samples: Samples, bands: int) -> Array:
    """Return the spectrogram of the whole recording, `[bands, frames]`; a frame each 10 ms."""
    wave = np.pad(samples, (0, HOP))
    wave = np.pad(wave, WINDOW // 2, mode="reflect" if len(wave) > WINDOW // 2 else "constant")
    frames = 1 + (len(wave) - WINDOW) // HOP - 1
    window = np.hanning(WINDOW + 1)[:-1].astype(np.float32)
    filters = _filters(bands)
    views = np.lib.stride_tricks.sliding_window_view(wave, WINDOW)[::HOP][:frames]
    mel = np.empty((bands, frames), dtype=np.float32)
    for start in range(0, frames, _AT_ONCE):
        block = views[start : start + _AT_ONCE].astype(np.float32) / 32768.0
        spectrum = np.fft.rfft(block * window, axis=1)
        power = (np.abs(spectrum) ** 2).astype(np.float32)
        mel[:, start : start + _AT_ONCE] = filters @ power.T
    # In place: an hour of it is a hundred megabytes.
    np.log10(np.maximum(mel, 1e-10, out=mel), out=mel)
    np.maximum(mel, mel.max() - 8.0, out=mel)
    mel += 4.0
    mel /= 4.0
    return mel


def chunk_of(spectrogram: Array, start: int) -> Array:
    """Return the encoder's 30 seconds from frame `start` on, filled up with zeros."""
    chunk = spectrogram[:, start : start + CHUNK_FRAMES]
    missing = CHUNK_FRAMES - chunk.shape[1]
    return np.ascontiguousarray(np.pad(chunk, ((0, 0), (0, missing))) if missing else chunk)


@lru_cache(maxsize=4)
def _filters(bands: int) -> Array:
    """Return the mel filters `[bands, WINDOW // 2 + 1]`: linear to 1 kHz, then logarithmic."""
    per_mel = 200.0 / 3
    corner = 1000.0 / per_mel
    highest = corner + np.log(RATE / 2 / 1000.0) / (np.log(6.4) / 27.0)
    mels = np.linspace(0.0, highest, bands + 2)
    above = 1000.0 * np.exp(np.log(6.4) / 27.0 * (mels - corner))
    hertz = np.where(mels >= corner, above, per_mel * mels)
    slopes = hertz[:, None] - np.fft.rfftfreq(WINDOW, 1.0 / RATE)[None, :]
    widths = np.diff(hertz)[:, None]
    triangles = np.maximum(0.0, np.minimum(-slopes[:-2] / widths[:-1], slopes[2:] / widths[1:]))
    result: Array = (triangles * (2.0 / (hertz[2:] - hertz[:-2]))[:, None]).astype(np.float32)
    return result
