"""A redacted transcript as OpenAI writes it: JSON, text, SubRip and WebVTT.

OpenAI's segments also carry the tokens of their text and how well it compresses. The tokens would
spell out what redaction has removed, so the list is empty here; compression is that of the redacted
text.
"""

from __future__ import annotations

import zlib
from typing import Final, Literal

import msgspec

from gateway.domain.exchange import Segment, Transcript
from gateway.domain.text import RedactedText

_LANGUAGES: Final = {
    "de": "german",
    "en": "english",
    "es": "spanish",
    "fr": "french",
    "it": "italian",
    "nl": "dutch",
    "pl": "polish",
    "pt": "portuguese",
}
"""As OpenAI names them; others by their code."""


class _Concealed(msgspec.Struct, frozen=True):
    """A transcript may hold what detection missed: it does not show itself when printed."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


class Duration(_Concealed, frozen=True):
    """What was used: seconds of audio."""

    seconds: float
    type: Literal["duration"] = "duration"


class Transcription(_Concealed, frozen=True):
    """The reply in `json`."""

    text: str
    usage: Duration


class TimedWord(_Concealed, frozen=True):
    """A word, and when it was said."""

    word: str
    start: float
    end: float


class TimedSegment(_Concealed, frozen=True, kw_only=True):
    """Some text, and when it was said."""

    id: int
    seek: int = 0
    start: float
    end: float
    text: str
    tokens: list[int]
    temperature: float
    avg_logprob: float
    compression_ratio: float
    no_speech_prob: float


class VerboseTranscription(_Concealed, frozen=True, kw_only=True, omit_defaults=True):
    """The reply in `verbose_json`."""

    task: str
    language: str
    duration: float
    text: str
    segments: list[TimedSegment] | None = None
    words: list[TimedWord] | None = None
    usage: Duration


_encode: Final = msgspec.json.Encoder().encode


def text_of(heard: Transcript[RedactedText]) -> str:
    """Return all of it, as one text."""
    text = ""
    for segment in heard.segments:
        said = segment.text.for_engine()
        gap = "" if not text or text[-1].isspace() or said[:1].isspace() else " "
        text += gap + said
    return text.strip()


def brief(heard: Transcript[RedactedText]) -> bytes:
    """Return it as `json`."""
    return _encode(Transcription(text_of(heard), _duration(heard)))


def verbose(heard: Transcript[RedactedText], *, words: bool, segments: bool) -> bytes:
    """Return it as `verbose_json`, with the timestamps that were asked for."""
    return _encode(
        VerboseTranscription(
            task="transcribe",
            language=_LANGUAGES.get(heard.language, heard.language),
            duration=round(heard.seconds, 2),
            text=text_of(heard),
            segments=[_segment(index, each) for index, each in enumerate(heard.segments)]
            if segments
            else None,
            words=[
                TimedWord(word.text.for_engine().strip(), word.start, word.end)
                for segment in heard.segments
                for word in segment.words
            ]
            if words
            else None,
            usage=_duration(heard),
        )
    )


def srt(heard: Transcript[RedactedText]) -> str:
    """Return it as SubRip."""
    return "".join(
        f"{index}\n{_clock(each.start, ',')} --> {_clock(each.end, ',')}\n{_line(each)}\n\n"
        for index, each in enumerate(heard.segments, 1)
    )


def vtt(heard: Transcript[RedactedText]) -> str:
    """Return it as WebVTT."""
    return "WEBVTT\n\n" + "".join(
        f"{_clock(each.start, '.')} --> {_clock(each.end, '.')}\n{_line(each)}\n\n"
        for each in heard.segments
    )


def _segment(index: int, segment: Segment[RedactedText]) -> TimedSegment:
    text = segment.text.for_engine()
    data = text.strip().encode()
    return TimedSegment(
        id=index,
        start=segment.start,
        end=segment.end,
        text=text,
        tokens=[],
        temperature=segment.temperature,
        avg_logprob=round(segment.log_probability, 2),
        compression_ratio=round(len(data) / len(zlib.compress(data)), 2),
        no_speech_prob=round(segment.no_speech, 2),
    )


def _duration(heard: Transcript[RedactedText]) -> Duration:
    return Duration(round(heard.seconds, 2))


def _line(segment: Segment[RedactedText]) -> str:
    """Return a caption's text: one line, without the arrow that would begin another."""
    return " ".join(segment.text.for_engine().split()).replace("-->", "->")


def _clock(seconds: float, point: str) -> str:
    whole, milliseconds = divmod(round(seconds * 1000), 1000)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}{point}{milliseconds:03}"
