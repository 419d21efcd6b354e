"""Dictation through the real gateway, with the unmodified client of OpenAI."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Iterator
from pathlib import Path

import openai
import pytest

from engine import DEFAULT_TRANSCRIBER
from tests.e2e.process import MODELS, Gateway, Key
from tests.unit.engine.recordings import (
    SAID,
    VECTORS,
    silent_mp3,
    speak,
    tone,
    wav,
    word_errors,
)

PROFILE = {"X-Redaction-Profile": "research"}
"""Takes names and numbers out; a clinician may ask for it, as it is stricter than theirs."""
SETTINGS = f"""[transcription]
model = "{DEFAULT_TRANSCRIBER}"
max_seconds = 60
queue = 1
"""


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    if not (MODELS / DEFAULT_TRANSCRIBER / "manifest.json").exists():
        pytest.fail("the default transcriber is not in .local/models: `make test` sets it up")
    started = Gateway(tmp_path_factory.mktemp("dictation") / "data", SETTINGS).start()
    yield started
    assert started.stop() == 0, started.said()[-2000:]


@pytest.fixture(scope="module")
def clinician(gateway: Gateway) -> Key:
    return gateway.create_key("ward", "clinician")


@pytest.fixture
def client(gateway: Gateway, clinician: Key) -> openai.OpenAI:
    return openai.OpenAI(
        base_url=f"{gateway.url}/v1",
        api_key=clinician.secret,
        default_headers={"X-Purpose-Of-Use": "TREAT"},
        max_retries=0,
    )


def test_a_dictated_sentence_is_read_back_without_the_name_and_the_number(
    gateway: Gateway, client: openai.OpenAI, tmp_path: Path
) -> None:
    recording = speak(SAID, tmp_path / "Margaret-Thornton.wav")
    raw = client.audio.transcriptions.with_raw_response.create(
        model=DEFAULT_TRANSCRIBER,
        file=("Margaret-Thornton.wav", recording),
        language="en",
        extra_headers=PROFILE,
    )
    text = raw.parse().text
    expected = SAID.replace("Margaret Thornton", "[PERSON]").replace("617 555 0142", "[PHONE]")
    assert word_errors(text, expected) <= 0.15, text
    assert "[PERSON]" in text
    assert "[PHONE]" in text
    assert not any(part in raw.text for part in ("Margaret", "Thornton", "0142"))
    intent, outcome = gateway.records(raw.headers["x-request-id"])
    assert (intent["action"], intent["model"]) == ("transcribe", DEFAULT_TRANSCRIBER)
    assert outcome["findings"]["PERSON"] == 1
    assert outcome["findings"]["PHONE_NUMBER"] == 1
    assert outcome["audio_ms"] > 10_000
    assert outcome["completion_tokens"] > 20


@pytest.mark.parametrize("form", ["json", "text", "srt", "vtt", "verbose_json"])
def test_no_format_holds_the_name_that_policy_removes(client: openai.OpenAI, form: str) -> None:
    with (VECTORS / "dictation.mp3").open("rb") as recording:
        raw = client.audio.transcriptions.with_raw_response.create(  # type: ignore[call-overload]
            model=DEFAULT_TRANSCRIBER,
            file=recording,
            response_format=form,
            timestamp_granularities=["word", "segment"] if form == "verbose_json" else openai.omit,
            extra_headers=PROFILE,
        )
    assert "chest pain" in raw.text
    assert "[PERSON]" in raw.text
    assert "Thornton" not in raw.text
    assert "0142" not in raw.text
    if form == "verbose_json":
        heard = raw.parse()
        assert [word.start for word in heard.words] == sorted(word.start for word in heard.words)
        assert "[PERSON]" in [word.word for word in heard.words]
        assert all(segment.tokens == [] for segment in heard.segments)


def test_the_callers_own_profile_leaves_pseudonyms(client: openai.OpenAI) -> None:
    recording = ("x.flac", (VECTORS / "greeting.flac").read_bytes())
    heard = client.audio.transcriptions.create(
        model=DEFAULT_TRANSCRIBER, file=recording, prompt="A greeting."
    )
    assert heard.text.startswith("Good morning")
    assert "Margaret" not in heard.text


@pytest.mark.parametrize(
    ("recording", "code"),
    [
        (b"Dear Mrs Thornton, this is a letter.", "unreadable_audio"),
        (b"RIFF\0\0\0\0WAVE" + b"x" * 1000, "unreadable_audio"),
        (wav(tone(4))[:90_000], "unreadable_audio"),
        (wav(tone(0.1), announced=2 * 3600 * 32_000), "audio_too_long"),
        (silent_mp3(2 * 3600), "audio_too_long"),
    ],
    ids=["letter", "noise", "cut off", "two hours in the header", "two hours"],
)
def test_what_cannot_be_heard_is_refused_and_on_record(
    gateway: Gateway, client: openai.OpenAI, recording: bytes, code: str
) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.audio.transcriptions.create(
            model=DEFAULT_TRANSCRIBER, file=("Thornton.wav", recording)
        )
    error = caught.value
    assert (error.code, error.param) == (code, "file")
    assert "Thornton" not in error.message
    [refusal] = gateway.records(error.response.headers["x-request-id"])
    assert (refusal["kind"], refusal["code"]) == ("refusal", code)


def test_silence_is_an_empty_transcript(client: openai.OpenAI) -> None:
    heard = client.audio.transcriptions.create(
        model=DEFAULT_TRANSCRIBER, file=("x.wav", wav([0] * 16_000 * 5))
    )
    assert heard.text == ""


def test_a_transcriber_does_not_chat_and_a_chat_model_does_not_hear(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(
            model=DEFAULT_TRANSCRIBER, messages=[{"role": "user", "content": "Hello"}]
        )
    assert caught.value.code == "model_not_for_task"
    tasks = {model.id: (model.model_extra or {})["task"] for model in client.models.list()}
    assert tasks[DEFAULT_TRANSCRIBER] == "transcribe"


async def test_a_caller_that_asks_for_all_places_is_refused_at_once_and_heard_in_its_own(
    gateway: Gateway, clinician: Key
) -> None:
    recording = (VECTORS / "dictation.mp3").read_bytes()
    async with openai.AsyncOpenAI(
        base_url=f"{gateway.url}/v1",
        api_key=clinician.secret,
        default_headers={"X-Purpose-Of-Use": "TREAT"},
        max_retries=0,
    ) as client:
        results = await asyncio.gather(
            *(
                client.audio.transcriptions.create(
                    model=DEFAULT_TRANSCRIBER, file=("x.mp3", recording)
                )
                for _ in range(5)
            ),
            return_exceptions=True,
        )
    refused = [each for each in results if isinstance(each, openai.RateLimitError)]
    assert {error.code for error in refused} == {"rate_limited"}
    assert len(refused) == 4
    assert len({each.text for each in results if not isinstance(each, BaseException)}) == 1


def contents(root: Path) -> Iterator[tuple[Path, bytes]]:
    """Yield every file below `root`: a gateway that runs publishes tiles, and takes others away."""
    for path in root.rglob("*"):
        with contextlib.suppress(FileNotFoundError, IsADirectoryError):
            yield path, path.read_bytes()


def test_nothing_of_what_was_said_stays_and_nobody_was_called(gateway: Gateway) -> None:
    # Without the invitation, which quotes a note of its own.
    said = "\n".join(line for line in gateway.said().splitlines() if line.startswith("{"))
    assert "exchange_completed" in said
    assert "EgressRefused" not in said
    assert "unexpected_error" not in said
    kept = list(contents(gateway.data))
    # Four digits alone stand in many a time and identifier: the number counts where it is one.
    for secret in (rb"Thornton", rb"\b0142\b", rb"chest pain", rb"Good morning"):
        assert not re.search(secret, said.encode())
        assert not [path for path, content in kept if re.search(secret, content)]
