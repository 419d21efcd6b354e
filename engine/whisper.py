"""From a recording to segments of text, thirty seconds at a time: Whisper's own procedure.

Pure but for the network that it is given. The order of things, the thresholds and their values are
OpenAI's reference (`transcribe.py`, MIT), as faster-whisper runs it on CTranslate2:
1 a chunk from where the last segment ended, 2 encode, 3 decode with a beam, 4 again with a little
chance if the text repeats itself or the model doubts it, 5 nothing if it is silence, 6 cut at the
timestamps, 7 align words where they are asked for.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final, Protocol

import numpy as np

from engine.audio import RATE, Recording, Samples
from engine.melspectrogram import CHUNK_FRAMES, FRAMES_A_SECOND, chunk_of, log_mel
from engine.whisper_vocabulary import Vocabulary, joined

_FRAMES_A_STEP: Final = 2
"""Timestamps are two frames apart: 20 ms."""
_CONTEXT: Final = 448
"""Tokens of prompt and text together."""
MAX_PROMPT: Final = _CONTEXT // 2 - 1
"""Tokens of earlier text that the model is shown."""
_BEAM: Final = 5
_FALLBACK: Final = (0.0, 0.4, 0.8)
"""Temperatures, tried in turn; the reference has six, which lets noise cost twice as much."""
_DRAWS: Final = 5
_REPETITIVE: Final = 2.4
"""A text that compresses better than this repeats itself."""
_DOUBTFUL: Final = -1.0
"""Mean log probability under which the model doubts its text."""
_SILENT: Final = 0.6
"""Probability of no speech from which on a doubtful text is taken for silence."""
_RESET: Final = 0.5
"""A text drawn with a temperature above this is no context for the next."""
_QUIET: Final = 32
"""Samples that stay under this (-60 dB) are no speech, and are not decoded: what the model makes of
silence is invented."""
_SHORT: Final = 30
"""Chunks of less than a second that a recording may have; more of them are taken for a second."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word with the white space before it, and when it was said, in seconds."""

    text: str
    start: float
    end: float
    probability: float

    def __repr__(self) -> str:
        return f"<Word {self.start:.2f} to {self.end:.2f}>"


@dataclass(frozen=True, slots=True)
class Segment:
    """Some text and when it was said, in seconds. `words`, put together, are the text."""

    text: str
    start: float
    end: float
    words: tuple[Word, ...]
    """Empty unless they were asked for."""
    tokens: int
    temperature: float
    log_probability: float
    """Mean over the tokens of the chunk."""
    no_speech: float
    """Probability that the chunk holds no speech."""

    def __repr__(self) -> str:
        return f"<Segment {self.start:.2f} to {self.end:.2f}, {len(self.text)} characters>"


@dataclass(frozen=True, slots=True)
class Hypothesis:
    """What the network takes a chunk to say."""

    tokens: list[int]
    log_probability: float
    no_speech: float


@dataclass(frozen=True, slots=True)
class Alignment:
    """Which token is said when: pairs of token and timestamp step, and the tokens' likelihoods."""

    pairs: Sequence[tuple[int, int]]
    probabilities: Sequence[float]


class SpeechNetwork(Protocol):
    """What computes (`ct2.SpeechReplicas`)."""

    @property
    def bands(self) -> int:
        """How many mel bands it hears."""
        ...

    def encode(self, chunk: np.ndarray[Any, Any]) -> object:
        """Take `[bands, CHUNK_FRAMES]`; what comes back is for the other functions."""
        ...

    def transcribe(
        self, encoded: object, prompt: list[int], *, temperature: float, beam: int, max_length: int
    ) -> Hypothesis:
        """Return the best text; with a temperature the best of `beam` draws."""
        ...

    def align(self, encoded: object, start: list[int], tokens: list[int], frames: int) -> Alignment:
        """Return when each of `tokens` is said."""
        ...

    def languages(self, encoded: object) -> Sequence[tuple[str, float]]:
        """Return languages as `<|en|>` and how likely each is, the likeliest first."""
        ...

    def close(self) -> None:
        """Free the memory."""
        ...


@dataclass(frozen=True, slots=True)
class Task:
    """What to do with a recording."""

    recording: Recording
    prompt: tuple[int, ...]
    """Tokens of a text that the recording is taken to continue: names, spelling, style."""
    languages: tuple[str, ...]
    """Those that may be spoken. One is taken for granted, of several the likeliest is chosen."""
    temperature: float
    words: bool

    def __repr__(self) -> str:
        return f"<Task {self.recording!r}>"


class Listening:
    """One recording on its way to text. Iterate it; `language` is known once a segment came."""

    def __init__(
        self,
        network: SpeechNetwork,
        vocabulary: Vocabulary,
        task: Task,
        stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        self._network = network
        self._vocabulary = vocabulary
        self._task = task
        self._stopped = stopped
        self._context = list(task.prompt)
        self.language = task.languages[0] if len(task.languages) == 1 else None
        self.tokens = 0
        """How many the model generated for the text that was kept."""

    def __iter__(self) -> Iterator[Segment]:
        """Yield the segments in order; stop between two chunks when it is stopped."""
        samples = self._task.recording.samples
        spectrogram = log_mel(samples, self._network.bands)
        total = len(samples) // (RATE // FRAMES_A_SECOND)
        seek = chunks = 0
        while seek < total and not self._stopped():
            seek = _loud(samples, seek, total)
            if seek >= total:
                return
            frames = min(CHUNK_FRAMES, total - seek)
            encoded = self._network.encode(chunk_of(spectrogram, seek))
            segments, advance = self._chunk(encoded, seek, frames)
            yield from segments
            seek += advance or FRAMES_A_SECOND
            # A model that gets stuck at a timestamp, or crawls, is not asked for ever.
            chunks += 1
            seek = max(seek, (chunks - _SHORT) * FRAMES_A_SECOND)

    def _chunk(self, encoded: object, seek: int, frames: int) -> tuple[list[Segment], int]:
        """Return the segments of one chunk, and how many frames further the next one begins."""
        opening = self._opening(encoded)
        prompt = opening
        if self._context:
            prompt = [self._vocabulary.previous, *self._context[-MAX_PROMPT:], *opening]
        best, temperature = self._decode(encoded, prompt)
        if best.no_speech > _SILENT and best.log_probability <= _DOUBTFUL:
            return [], frames
        pieces, advance = _cut(best.tokens, self._vocabulary.zero, frames)
        timed = [piece for piece in pieces if self._vocabulary.decode(piece.tokens).strip()]
        words = self._words(encoded, opening, timed, seek, frames) if self._task.words else None
        segments: list[Segment] = []
        for index, piece in enumerate(timed):
            said = () if words is None else words[index]
            segments.append(
                Segment(
                    text=self._vocabulary.decode(piece.tokens),
                    start=round((seek + piece.start) / FRAMES_A_SECOND, 2),
                    end=round((seek + piece.end) / FRAMES_A_SECOND, 2),
                    words=said,
                    tokens=len(piece.tokens),
                    temperature=temperature,
                    log_probability=best.log_probability,
                    no_speech=best.no_speech,
                )
            )
            self.tokens += len(piece.tokens)
            self._context += piece.stamped
        if temperature > _RESET:
            self._context = []
        return segments, advance

    def _opening(self, encoded: object) -> list[int]:
        if self.language is None:
            allowed = {f"<|{code}|>": code for code in self._task.languages}
            ranked = [
                allowed[name] for name, _ in self._network.languages(encoded) if name in allowed
            ]
            self.language = ranked[0] if ranked else self._task.languages[0]
        token = self._vocabulary.language(self.language)
        if token is None:
            raise ValueError("a language of the task is none of the model's")
        return [self._vocabulary.start, token, self._vocabulary.transcribe]

    def _decode(self, encoded: object, prompt: list[int]) -> tuple[Hypothesis, float]:
        """Return the first text that neither repeats itself nor is doubted, or the likeliest."""
        temperatures = _FALLBACK if self._task.temperature == 0 else (self._task.temperature,)
        tried: list[tuple[bool, float, Hypothesis, float]] = []
        for temperature in temperatures:
            found = self._network.transcribe(
                encoded,
                prompt,
                temperature=temperature,
                beam=_DRAWS if temperature else _BEAM,
                max_length=min(_CONTEXT, len(prompt) + _CONTEXT // 2),
            )
            repetitive = compression(self._vocabulary.decode(found.tokens)) > _REPETITIVE
            doubtful = found.log_probability < _DOUBTFUL
            if doubtful and found.no_speech > _SILENT:
                return found, temperature
            if not repetitive and not doubtful:
                return found, temperature
            tried.append((not repetitive, found.log_probability, found, temperature))
            if self._stopped():
                break
        _, _, best, _ = max(tried, key=lambda each: each[:2])
        return best, tried[-1][3]

    def _words(
        self, encoded: object, opening: list[int], pieces: list[_Piece], seek: int, frames: int
    ) -> list[tuple[Word, ...]]:
        """Return the words of each piece, timed by the model's own attention to the sound."""
        text = [token for piece in pieces for token in piece.tokens]
        if not text:
            return []
        found = self._network.align(encoded, opening, text, frames)
        steps = _first_steps(found.pairs, len(text))
        result: list[tuple[Word, ...]] = []
        first = 0
        for piece in pieces:
            words: list[Word] = []
            for written, count in joined(self._vocabulary.words(piece.tokens)):
                last = first + count
                words.append(
                    Word(
                        text=written,
                        start=round((seek + steps[first] * _FRAMES_A_STEP) / FRAMES_A_SECOND, 2),
                        end=round((seek + steps[last] * _FRAMES_A_STEP) / FRAMES_A_SECOND, 2),
                        probability=round(float(np.mean(found.probabilities[first:last])), 4),
                    )
                )
                first = last
            result.append(tuple(words))
        return result


def compression(text: str) -> float:
    """Return how many times smaller a text gets when it is compressed."""
    data = text.strip().encode()
    return len(data) / len(zlib.compress(data))


@dataclass(frozen=True, slots=True)
class _Piece:
    """Tokens of text between two timestamps, in frames from the beginning of their chunk."""

    tokens: list[int]
    start: int
    end: int
    stamped: list[int]
    """With the timestamps, as the next chunk is shown them; without, it would write none either."""


def _cut(tokens: list[int], zero: int, frames: int) -> tuple[list[_Piece], int]:
    """Cut a chunk's tokens at its timestamps; return the pieces and where the next chunk begins.

    Two timestamps in a row end one segment and begin the next. What comes after the last such pair
    is heard again in the next chunk, unless the chunk ends with a single one: then nothing follows.
    """
    stamps = [token >= zero for token in tokens]
    alone_at_end = stamps[-2:] == [False, True]
    cuts = [place for place, pair in enumerate(pairwise(stamps), 1) if all(pair)]
    if cuts:
        if alone_at_end:
            cuts.append(len(tokens))
        pieces = []
        before = 0
        for cut in cuts:
            part = tokens[before:cut]
            pieces.append(_piece(part, zero, frames))
            before = cut
        if alone_at_end:
            return pieces, frames
        return pieces, min((tokens[before - 1] - zero) * _FRAMES_A_STEP, frames)
    last = [token for token in tokens if token >= zero]
    end = frames
    if last and last[-1] != zero:
        end = min((last[-1] - zero) * _FRAMES_A_STEP, frames)
    text = [token for token in tokens if token < zero]
    return [_Piece(text, 0, end, tokens)], frames


def _piece(part: list[int], zero: int, frames: int) -> _Piece:
    times = [(token - zero) * _FRAMES_A_STEP for token in part if token >= zero]
    start, end = (min(times[0], frames), min(times[-1], frames)) if times else (0, frames)
    return _Piece([token for token in part if token < zero], start, max(start, end), part)


def _first_steps(pairs: Sequence[tuple[int, int]], count: int) -> list[int]:
    """Return at which step each of `count` tokens begins, and where the last one ends."""
    steps = [0] * (count + 1)
    seen = -1
    for token, step in pairs:
        for each in range(seen + 1, min(token, count) + 1):
            steps[each] = step
        seen = max(seen, token)
    last = max((step for _, step in pairs), default=0)
    for each in range(seen + 1, count + 1):
        steps[each] = last
    return steps


def _loud(samples: Samples, seek: int, total: int) -> int:
    """Return the first frame from `seek` on that could be speech, or `total`."""
    hop = RATE // FRAMES_A_SECOND
    earliest = seek
    while seek < total:
        part = samples[seek * hop : (seek + FRAMES_A_SECOND) * hop]
        found = np.flatnonzero((part >= _QUIET) | (part <= -_QUIET))
        if found.size:
            # A tenth of a second before it, as the beginning of a word may be soft.
            return max(earliest, seek + int(found[0]) // hop - FRAMES_A_SECOND // 10)
        seek += FRAMES_A_SECOND
    return total
