"""`POST /v1/audio/transcriptions`: OpenAI's form with a recording in, a redacted transcript out.

A recording is large and holds what nobody has redacted, so its body is read only for a caller who
is known, and where one of a few places is free; none of it is written to a disk.
"""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from litestar import Request, post
from litestar.datastructures import State
from litestar.response.base import ASGIResponse

from gateway.channel import Done
from gateway.domain.errors import Code, ExchangeError
from gateway.domain.exchange import (
    Action,
    Ask,
    Caller,
    Conversation,
    Message,
    Options,
    Recording,
    Role,
    Transcript,
)
from gateway.domain.text import RawText, RedactedText
from gateway.http import forms, subtitles
from gateway.http.errors import response
from gateway.http.notices import headers_of
from gateway.http.openai import Backend, credentials_of
from gateway.http.receive import Inbox, check_plain, stated
from gateway.http.reply import finished, watching
from gateway.pipeline import Submission

HttpRequest = Request[Any, Any, State]
FORMATS: Final = ("json", "text", "srt", "verbose_json", "vtt")
_GRANULARITIES: Final = frozenset({"segment", "word"})
_NOT_HONOURED: Final = (
    "chunking_strategy",
    "include[]",
    "known_speaker_names[]",
    "known_speaker_references[]",
)
"""Fields of OpenAI's that no Whisper model can honour."""
_MAX_NAME: Final = 256


class Desk:
    """Where recordings are taken in: as many at once as can wait for the engine or be heard."""

    def __init__(self, places: int, body_limit: int) -> None:
        self._held: Counter[str] = Counter()
        self.places = places
        self.body_limit = body_limit

    def enter(self, caller: str) -> None:
        """Take a place for a caller. Raises `ExchangeError`: no engine, or no place for this one.

        One place is always left to others: it is taken before anything else is decided.
        """
        if self.places == 0:
            raise ExchangeError(
                Code.MODEL_NOT_FOUND,
                "Nobody takes dictation here: the operator names a model under [transcription].",
                param="model",
            )
        if self._held.total() < self.places and self._held[caller] >= max(1, self.places - 1):
            raise ExchangeError(
                Code.RATE_LIMITED,
                f"{self._held[caller]} recordings of this caller are inside, as many as may be.",
            )
        if self._held.total() == self.places:
            raise ExchangeError(
                Code.OVERLOADED, "Too many recordings at once. Try again in a few seconds."
            )
        self._held[caller] += 1

    def leave(self, caller: str) -> None:
        """Give a place back."""
        self._held[caller] -= 1
        if not self._held[caller]:
            del self._held[caller]


@dataclass(slots=True)
class _Reader:
    """Reads and parses one form, when the pipeline asks for it, and keeps how to reply."""

    request: HttpRequest = field(repr=False)
    inbox: Inbox = field(repr=False)
    desk: Desk
    format: str = "json"
    words: bool = False
    segments: bool = True
    entered: str | None = field(default=None, repr=False)
    """For whom a place was taken."""

    async def read(self, caller: Caller) -> Ask[RawText]:
        self.desk.enter(caller.id)
        self.entered = caller.id
        headers = self.request.headers
        boundary = forms.boundary_of(headers.get("content-type", ""))
        check_plain(headers)
        body = await self.inbox.body(headers.get("content-length"))
        # In a thread, as megabytes are searched for the boundary.
        return self._ask(await asyncio.to_thread(forms.parse, body, boundary))

    def leave(self) -> None:
        """Give the place back, if one was taken."""
        if self.entered is not None:
            self.desk.leave(self.entered)

    def _ask(self, form: forms.Form) -> Ask[RawText]:
        model = form.text("model")
        if not model or len(model) > _MAX_NAME:
            raise ExchangeError(
                Code.INVALID_REQUEST, "The form needs the field model, once.", param="model"
            )
        for name in _NOT_HONOURED:
            if form.texts(name):
                raise _unsupported(name)
        if form.text("stream") not in {None, "", "false", "False", "0"}:
            raise ExchangeError(
                Code.UNSUPPORTED_PARAMETER,
                "A transcript is redacted as a whole, so it cannot stream. Leave stream out.",
                param="stream",
            )
        self.format = form.text("response_format") or "json"
        if self.format not in FORMATS:
            raise ExchangeError(
                Code.UNSUPPORTED_PARAMETER,
                f"response_format is one of {', '.join(FORMATS)}.",
                param="response_format",
            )
        self._granularities(form.texts("timestamp_granularities[]"))
        temperature = _temperature(form.text("temperature"))
        prompt = form.text("prompt")
        language = form.text("language")
        sound = form.data("file")
        form.end()
        texts = (RawText(prompt),) if prompt else ()
        return Ask(
            model=model,
            conversation=Conversation((Message(Role.USER, texts),)),
            options=Options(temperature=temperature),
            chat=False,
            recording=Recording(sound, language or None, self.words),
        )

    def _granularities(self, named: list[str]) -> None:
        if not set(named) <= _GRANULARITIES:
            raise _unsupported("timestamp_granularities[]")
        if named and self.format != "verbose_json":
            raise ExchangeError(
                Code.INVALID_REQUEST,
                "timestamp_granularities[] goes with response_format verbose_json.",
                param="timestamp_granularities[]",
            )
        self.words = "word" in named
        self.segments = not named or "segment" in named


def _temperature(value: str | None) -> float:
    try:
        temperature = float(value or 0)
    except ValueError:
        temperature = math.nan
    if not 0 <= temperature <= 1:
        raise ExchangeError(
            Code.INVALID_REQUEST, "temperature is between 0 and 1.", param="temperature"
        )
    return temperature


def _unsupported(name: str) -> ExchangeError:
    return ExchangeError(
        Code.UNSUPPORTED_PARAMETER,
        f"{name} cannot be honoured with this value here. Leave it out.",
        param=name,
    )


@post("/v1/audio/transcriptions", status_code=200)
async def transcriptions(request: HttpRequest, state: State) -> ASGIResponse:
    """Write down what a recording says, without what policy removes."""
    backend: Backend = state["backend"]
    desk: Desk = state["desk"]
    inbox = Inbox(request.receive, limit=desk.body_limit, timeout=backend.body_timeout)
    reader = _Reader(request, inbox, desk)
    channel = backend.pipeline.start(
        Submission(
            credentials=credentials_of(request),
            action=Action.TRANSCRIBE,
            purpose=stated(request.headers, "x-purpose-of-use"),
            profile=stated(request.headers, "x-redaction-profile"),
            patient=stated(request.headers, "x-patient"),
            read=reader.read,
            over=reader.leave,
        )
    )
    try:
        async with watching(inbox, channel):
            transcript = _transcript(await finished(channel.events()))
    except ExchangeError as error:
        headers = headers_of(channel, backend.clock)
        return response(error, request.scope["path"], headers).to_asgi_response(None, request)
    body, media = _WRITERS[reader.format](transcript, reader)
    headers = headers_of(channel, backend.clock)
    return ASGIResponse(body=body, media_type=media, headers=headers)


def _transcript(done: Done) -> Transcript[RedactedText]:
    if not isinstance(done.result, Transcript):
        raise TypeError("a transcription ends with a transcript")
    return done.result


_Writer = Callable[[Transcript[RedactedText], _Reader], tuple[bytes, str]]
_JSON: Final = "application/json"
_PLAIN: Final = "text/plain"
"""Litestar adds the charset."""
_WRITERS: Final[dict[str, _Writer]] = {
    "json": lambda heard, _: (subtitles.brief(heard), _JSON),
    "text": lambda heard, _: (f"{subtitles.text_of(heard)}\n".encode(), _PLAIN),
    "srt": lambda heard, _: (subtitles.srt(heard).encode(), _PLAIN),
    "vtt": lambda heard, _: (subtitles.vtt(heard).encode(), _PLAIN),
    "verbose_json": lambda heard, reader: (
        subtitles.verbose(heard, words=reader.words, segments=reader.segments),
        _JSON,
    ),
}
