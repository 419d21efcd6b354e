"""Dictation in this process: the domain's `Engine` port over `engine.Transcriber`.

It hears what nobody has redacted yet, so it stays on this side of the trust boundary; what it heard
leaves it as `RawText`, which nothing but redaction can read.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import AbstractContextManager, aclosing, nullcontext
from dataclasses import dataclass, field
from typing import Final

import engine
from gateway.domain.errors import Code, ExchangeError
from gateway.domain.exchange import (
    Ask,
    End,
    Event,
    FinishReason,
    Model,
    Segment,
    Task,
    Transcript,
    Usage,
    Word,
)
from gateway.domain.policy import Terms
from gateway.domain.ports import Prompt, Receipt
from gateway.domain.text import RawText, RedactedText
from gateway.settings import Transcription


@dataclass(frozen=True, slots=True)
class HeardPrompt:
    """What `LocalTranscriber.prepare` made, and its `generate` alone runs."""

    prepared: engine.PreparedRecording = field(repr=False)

    @property
    def tokens(self) -> int:
        """How many tokens the prompt has, which the recording is taken to continue."""
        return self.prepared.tokens


class LocalTranscriber:
    """One `Transcriber`, in this process."""

    def __init__(self, transcriber: engine.Transcriber) -> None:
        self._transcriber = transcriber
        manifest = transcriber.model.manifest
        self._models = (
            Model(
                manifest.name,
                transcriber.model.digest,
                manifest.context_length,
                manifest.created,
                Task.TRANSCRIBE,
            ),
        )

    @classmethod
    def load(cls, store: engine.ModelStore, name: str, settings: Transcription) -> LocalTranscriber:
        """Verify and load the model; raises `engine.EngineError`."""
        return cls(
            engine.Transcriber(
                store.open(name, "transcribe"),
                replicas=settings.replicas,
                threads=settings.threads,
                queue=settings.queue,
                max_seconds=settings.max_seconds,
                languages=settings.languages,
            )
        )

    @property
    def ready(self) -> bool:
        """Whether a replica is left that does not stand still."""
        return self._transcriber.healthy

    def models(self) -> Sequence[Model]:
        """Return the one that is served."""
        return self._models

    def expecting(self, model: Model) -> AbstractContextManager[None]:  # noqa: ARG002 - the port's
        """Do nothing: who is coming changes nothing here."""
        return nullcontext()

    def prepare(
        self,
        model: Model,
        ask: Ask[RedactedText],
        max_tokens: int,  # noqa: ARG002 - a recording has its own length
        terms: Terms,  # noqa: ARG002 - recordings take turns, and no transcript is kept
    ) -> HeardPrompt:
        """Decode the recording and check what was asked, as the port says."""
        if model not in self._models:
            raise ValueError("prepare takes one of the engine's own models")
        if ask.recording is None:
            raise ExchangeError(Code.INVALID_REQUEST, "There is no recording.", param="file")
        prompt = "\n".join(text.for_engine() for text in ask.conversation.texts())
        options = engine.TranscribeOptions(
            language=ask.recording.language,
            prompt=prompt,
            temperature=ask.options.temperature,
            words=ask.recording.words,
        )
        try:
            return HeardPrompt(self._transcriber.prepare(ask.recording.sound, options))
        except engine.EngineError as error:
            raise _translated(error) from error

    async def generate(self, prompt: Prompt, receipt: Receipt) -> AsyncGenerator[Event, None]:
        """Yield the transcript, then `End`. No receipt, no run (invariant 2)."""
        if not isinstance(receipt, Receipt):
            raise TypeError("an engine runs nothing without a receipt of the ledger")
        if not isinstance(prompt, HeardPrompt):
            raise TypeError("this engine runs only what it has prepared")
        segments: list[Segment[RawText]] = []
        try:
            async with aclosing(self._transcriber.transcribe(prompt.prepared)) as events:
                async for event in events:
                    match event:
                        case engine.Segment():
                            segments.append(_heard(event))
                        case engine.Transcribed():
                            yield Transcript(tuple(segments), event.language, event.seconds)
                            yield End(
                                FinishReason.STOP,
                                Usage(event.prompt_tokens, event.completion_tokens),
                            )
        except engine.EngineError as error:
            raise _translated(error) from error

    def close(self) -> None:
        """Stop the transcriber and join its threads; blocks for one chunk of what runs."""
        self._transcriber.close()


def _heard(segment: engine.Segment) -> Segment[RawText]:
    return Segment(
        start=segment.start,
        end=segment.end,
        text=RawText(segment.text),
        words=tuple(Word(each.start, each.end, RawText(each.text)) for each in segment.words),
        temperature=segment.temperature,
        log_probability=segment.log_probability,
        no_speech=segment.no_speech,
    )


_CODES: Final[dict[type[engine.EngineError], Code]] = {
    engine.UnsupportedAudio: Code.UNREADABLE_AUDIO,
    engine.AudioTooLong: Code.AUDIO_TOO_LONG,
    engine.UnsupportedOption: Code.UNSUPPORTED_PARAMETER,
    engine.Overloaded: Code.OVERLOADED,
    engine.EngineClosed: Code.SHUTTING_DOWN,
}


def _translated(error: engine.EngineError) -> ExchangeError:
    """Return the client's error. The engine's messages hold no text, and may be shown to it."""
    match error:
        case engine.UnsupportedOption():
            param: str | None = error.option
        case engine.UnsupportedAudio() | engine.AudioTooLong():
            param = "file"
        case _:
            param = None
    return ExchangeError(_CODES.get(type(error), Code.ENGINE_FAILED), str(error), param=param)
