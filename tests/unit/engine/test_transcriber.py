"""The transcriber: what is said comes back as text, in turn, within bounds, and can be stopped."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from pathlib import Path

import numpy as np
import pytest

from engine import (
    DEFAULT_TRANSCRIBER,
    AudioTooLong,
    DoesNotFit,
    EngineClosed,
    EngineFailed,
    ModelError,
    ModelNotFound,
    ModelStore,
    Overloaded,
    Segment,
    Transcribed,
    TranscribeOptions,
    Transcriber,
    UnsupportedAudio,
    UnsupportedOption,
)
from engine import transcriber as module
from engine.audio import Recording
from engine.errors import EngineError
from engine.transcriber import TranscriptionJob, Workers
from engine.whisper import Alignment, Hypothesis, Task
from engine.whisper_vocabulary import Vocabulary
from tests.unit.engine.recordings import SAID, VECTORS, speak, tone, wav, word_errors
from tests.unit.engine.test_whisper import Plain, spoken

STORE = Path(__file__).parents[3] / ".local" / "models"


@pytest.fixture(scope="module")
def transcriber() -> Iterator[Transcriber]:
    try:
        model = ModelStore(STORE).open(DEFAULT_TRANSCRIBER, "transcribe")
    except ModelNotFound:
        pytest.fail("the default transcriber is not in .local/models: `make test` sets it up")
    transcriber = Transcriber(model, max_seconds=120, queue=2)
    yield transcriber
    transcriber.close()


async def write(
    transcriber: Transcriber, sound: bytes, options: TranscribeOptions | None = None
) -> tuple[list[Segment], Transcribed]:
    prepared = await asyncio.to_thread(transcriber.prepare, sound, options or TranscribeOptions())
    segments: list[Segment] = []
    async for event in transcriber.transcribe(prepared):
        if isinstance(event, Transcribed):
            return segments, event
        segments.append(event)
    raise AssertionError("a transcript ends")


def text_of(segments: list[Segment]) -> str:
    return "".join(segment.text for segment in segments)


async def test_a_dictated_sentence_is_read_back(transcriber: Transcriber, tmp_path: Path) -> None:
    segments, end = await write(transcriber, speak(SAID, tmp_path / "said.wav"))
    heard = text_of(segments)
    assert word_errors(heard, SAID) <= 0.1, heard
    assert "Thornton" in heard
    assert "617-555-0142" in heard.replace(" ", "-")
    assert end.language == "en"
    assert end.completion_tokens > 20
    assert [each.start for each in segments] == sorted(each.start for each in segments)
    assert segments[-1].end <= end.seconds + 0.1


async def test_a_committed_recording_is_read_back_with_words_that_are_the_text(
    transcriber: Transcriber,
) -> None:
    sound = (VECTORS / "dictation.mp3").read_bytes()
    segments, end = await write(transcriber, sound, TranscribeOptions(words=True))
    assert word_errors(text_of(segments), SAID) <= 0.2, text_of(segments)
    assert end.seconds == pytest.approx(12.4, abs=0.1)
    words = [word for segment in segments for word in segment.words]
    assert "".join(word.text for word in words) == text_of(segments)
    assert all(word.start <= word.end for word in words)
    [thornton] = [word for word in words if "Thornton" in word.text]
    assert 0.8 < thornton.start < thornton.end < 2.2


async def test_more_than_one_chunk_is_read_to_its_end(
    transcriber: Transcriber, tmp_path: Path
) -> None:
    said = " ".join(
        f"On day {number} the patient walked to the window, ate his breakfast, and slept well."
        for number in ("one", "two", "three", "four", "five", "six", "seven")
    )
    segments, end = await write(transcriber, speak(said, tmp_path / "long.wav"))
    assert end.seconds > 32
    assert word_errors(text_of(segments), said) <= 0.25, text_of(segments)
    assert "day 7" in text_of(segments).replace("seven", "7").lower()


@pytest.mark.parametrize("loudness", [0, 10])
async def test_silence_says_nothing(transcriber: Transcriber, loudness: int) -> None:
    segments, end = await write(transcriber, wav(tone(20, loudness=loudness)))
    assert segments == []
    assert end == Transcribed("en", 20.0, 0, 0)


async def test_a_hum_and_a_noise_say_nothing(transcriber: Transcriber) -> None:
    noise = np.random.default_rng(7).normal(0, 5000, 16_000 * 8).astype(int).tolist()
    assert (await write(transcriber, wav(noise)))[0] == []


async def test_a_prompt_is_counted_and_a_control_token_in_it_is_left_out(
    transcriber: Transcriber,
) -> None:
    prepared = transcriber.prepare(
        (VECTORS / "greeting.flac").read_bytes(),
        TranscribeOptions(prompt="Margaret Thornton <|endoftext|>"),
    )
    plain = transcriber.prepare(
        (VECTORS / "greeting.flac").read_bytes(), TranscribeOptions(prompt="Margaret Thornton ")
    )
    assert prepared.tokens >= plain.tokens > 2
    assert max(prepared.task.prompt) < 50_257
    assert "Margaret" not in repr(prepared)


async def test_nothing_is_looked_up_on_any_network(
    transcriber: Transcriber, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a connection was tried")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    again = Transcriber(transcriber.model, queue=1)
    try:
        segments, _ = await write(again, (VECTORS / "greeting.flac").read_bytes())
    finally:
        again.close()
    assert "Good morning" in text_of(segments)


@pytest.mark.parametrize(
    ("options", "option"),
    [
        (TranscribeOptions(language="de"), "language"),
        (TranscribeOptions(language="xx"), "language"),
        (TranscribeOptions(temperature=1.5), "temperature"),
        (TranscribeOptions(temperature=float("nan")), "temperature"),
        (TranscribeOptions(prompt="word " * 500), "prompt"),
    ],
)
def test_what_cannot_be_honoured_is_refused_by_name(
    transcriber: Transcriber, options: TranscribeOptions, option: str
) -> None:
    with pytest.raises(UnsupportedOption) as caught:
        transcriber.prepare(wav(tone(1)), options)
    assert caught.value.option == option


def test_a_recording_is_checked_before_it_is_queued(transcriber: Transcriber) -> None:
    with pytest.raises(UnsupportedAudio):
        transcriber.prepare(b"no audio", TranscribeOptions())
    with pytest.raises(AudioTooLong):
        transcriber.prepare(wav([0] * 16_000 * 121), TranscribeOptions())


def test_a_language_that_the_model_does_not_know_is_refused_at_the_start(
    transcriber: Transcriber,
) -> None:
    with pytest.raises(UnsupportedOption, match="tlh"):
        Transcriber(transcriber.model, languages=("en", "tlh"))


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (MemoryError(), DoesNotFit),
        (RuntimeError("failed to allocate"), DoesNotFit),
        (RuntimeError("Canary-7731"), ModelError),
    ],
)
def test_a_transcriber_that_cannot_be_loaded_is_an_error_with_what_to_do(
    transcriber: Transcriber,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    raised: type[EngineError],
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(module, "SpeechReplicas", fail)
    with pytest.raises(raised, match=transcriber.model.name) as caught:
        Transcriber(transcriber.model)
    assert "Canary" not in str(caught.value)


async def test_of_several_languages_the_spoken_one_is_found(transcriber: Transcriber) -> None:
    several = Transcriber(transcriber.model, languages=("de", "en", "fr"))
    try:
        _, end = await write(several, (VECTORS / "dictation.mp3").read_bytes())
    finally:
        several.close()
    assert end.language == "en"


class Network:
    """Hears the same in every chunk, when it is let, and fails when it is told."""

    bands = 80

    def __init__(self) -> None:
        self.entered = threading.Event()
        self.let = threading.Event()
        self.let.set()
        self.error: BaseException | None = None
        self.heard = 0
        self.closed = False

    def encode(self, chunk: object) -> object:
        self.entered.set()
        assert self.let.wait(10)
        if self.error is not None:
            raise self.error
        self.heard += 1
        return None

    def transcribe(self, *_: object, **__: object) -> Hypothesis:
        return Hypothesis(spoken(0, " The", 30), -0.1, 0.0)

    def align(self, *_: object) -> Alignment:
        raise AssertionError("no words were asked for")

    def languages(self, _: object) -> list[tuple[str, float]]:
        return []

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def network() -> Network:
    return Network()


@pytest.fixture
async def workers(network: Network) -> AsyncIterator[Workers]:
    workers = Workers(
        network,
        Vocabulary(Plain()),  # type: ignore[arg-type]
        replicas=1,
        queue=2,
    )
    yield workers
    network.let.set()
    await asyncio.to_thread(workers.close)


class Owner:
    """Keeps what a job is told."""

    def __init__(self, seconds: float = 10) -> None:
        self.events: list[Segment | Transcribed | EngineError] = []
        samples = np.array(tone(seconds), dtype=np.int16)
        self.job = TranscriptionJob(
            Task(Recording(samples), (), ("en",), 0.0, words=False), self.events.append
        )

    @property
    def ended(self) -> bool:
        return bool(self.events) and not isinstance(self.events[-1], Segment)


def until(what: object, seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not what():  # type: ignore[operator]
        assert time.monotonic() < end
        time.sleep(0.005)


def test_a_full_queue_refuses_at_once(network: Network, workers: Workers) -> None:
    network.let.clear()
    owners = [Owner() for _ in range(4)]
    workers.submit(owners[0].job)
    until(lambda: workers.running == 1 and workers.waiting == 0)
    workers.submit(owners[1].job)
    workers.submit(owners[2].job)
    with pytest.raises(Overloaded):
        workers.submit(owners[3].job)
    network.let.set()
    until(lambda: all(owner.ended for owner in owners[:3]))
    assert all(isinstance(owner.events[-1], Transcribed) for owner in owners[:3])


@pytest.mark.parametrize("error", [RuntimeError("Canary-7731"), MemoryError(), SystemExit(1)])
def test_a_worker_that_fails_fails_its_job_and_takes_the_next(
    network: Network, workers: Workers, error: BaseException
) -> None:
    network.error = error
    first, second = Owner(), Owner()
    workers.submit(first.job)
    until(lambda: first.ended)
    assert isinstance(first.events[-1], EngineFailed)
    assert "Canary" not in str(first.events[-1])
    network.error = None
    workers.submit(second.job)
    until(lambda: second.ended)
    assert isinstance(second.events[-1], Transcribed)


def test_a_job_that_nobody_waits_for_ends_after_its_chunk(
    network: Network, workers: Workers
) -> None:
    network.let.clear()
    owner, waiting = Owner(300), Owner()
    workers.submit(owner.job)
    workers.submit(waiting.job)
    assert network.entered.wait(10)
    workers.cancel(owner.job)
    workers.cancel(waiting.job)
    assert workers.waiting == 0
    network.let.set()
    until(lambda: workers.running == 0)
    assert network.heard == 1
    assert owner.events == waiting.events == []


def test_closing_fails_what_runs_and_what_waits(network: Network, workers: Workers) -> None:
    network.let.clear()
    running, waiting = Owner(300), Owner()
    workers.submit(running.job)
    workers.submit(waiting.job)
    until(lambda: workers.running == 1)
    threading.Timer(0.1, network.let.set).start()
    workers.close()
    assert isinstance(running.events[-1], EngineClosed)
    assert isinstance(waiting.events[-1], EngineClosed)
    assert network.closed
    with pytest.raises(EngineClosed):
        workers.submit(Owner().job)


def test_a_listener_that_fails_harms_nobody(network: Network, workers: Workers) -> None:
    def fail(_: object) -> None:
        raise RuntimeError("the loop is closed")

    owner, second = Owner(), Owner()
    owner.job.listener = fail
    workers.submit(owner.job)
    workers.submit(second.job)
    until(lambda: second.ended)
    assert isinstance(second.events[-1], Transcribed)


def test_a_chunk_that_stands_still_is_given_up_with_what_waits_and_closing_waits_for_nobody(
    network: Network,
) -> None:
    workers = Workers(network, Vocabulary(Plain()), replicas=1, queue=2, still=1.0)  # type: ignore[arg-type]
    network.let.clear()
    running, waiting = Owner(300), Owner()
    workers.submit(running.job)
    workers.submit(waiting.job)
    assert network.entered.wait(10)
    until(lambda: running.ended and waiting.ended)
    assert isinstance(running.events[-1], EngineFailed)
    assert isinstance(waiting.events[-1], EngineFailed)
    assert not workers.healthy
    with pytest.raises(EngineFailed):
        workers.submit(Owner().job)
    workers.close()
    assert not network.closed  # Its memory is in use.
    network.let.set()


def test_a_long_recording_that_goes_on_is_not_given_up(network: Network) -> None:
    workers = Workers(network, Vocabulary(Plain()), replicas=1, queue=2, still=1.0)  # type: ignore[arg-type]
    network.let = Slow(0.4)
    owner = Owner(120)
    workers.submit(owner.job)
    until(lambda: owner.ended, 30)
    assert isinstance(owner.events[-1], Transcribed)
    workers.close()
    assert network.closed


class Slow(threading.Event):
    """Opens for each chunk after some time."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds

    def wait(self, timeout: float | None = None) -> bool:
        return not super().wait(min(self.seconds, timeout or self.seconds))


async def test_who_stops_reading_stops_the_hearing(
    transcriber: Transcriber, tmp_path: Path
) -> None:
    prepared = transcriber.prepare(wav([*tone(1), *([0] * 16_000)] * 30), TranscribeOptions())
    async with aclosing(transcriber.transcribe(prepared)) as events:
        task = asyncio.ensure_future(anext(events))  # type: ignore[arg-type]
        await asyncio.to_thread(until, lambda: transcriber.running == 1)
        task.cancel()
        await asyncio.wait([task])
    await asyncio.to_thread(until, lambda: transcriber.running == 0, 30)
