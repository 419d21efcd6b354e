"""The form with a recording: what it may hold, when it is read, how the transcript comes back."""

from __future__ import annotations

import asyncio
import json
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from gateway.domain.errors import Code, ExchangeError
from gateway.domain.exchange import Model, Segment, Task, Transcript, Word
from gateway.domain.policy import Operator, Rule
from gateway.domain.records import Outcome, Refusal
from gateway.domain.redaction import Secrets, redact_transcript
from gateway.domain.text import RawText
from gateway.http import forms, subtitles
from gateway.settings import Transcription
from tests.fakes.policy import profile
from tests.unit.http.conftest import NAME, Serving, World, chat, head

ON = Transcription(model="fake-transcriber", queue=1, body_limit=4096)
SECRET = "Canary-7731"
SOUND = b"RIFF\0\0\0\0WAVE"
PATH = "/v1/audio/transcriptions"


async def dictate(
    world: World, key: str = "good", *, file: bytes = SOUND, **fields: Any
) -> httpx.Response:
    form = {"model": "fake-transcriber"} | fields
    async with world.client(key) as client:
        return await client.post(PATH, data=form, files={"file": (f"{SECRET}.wav", file)})


async def test_what_was_said_comes_back_without_what_policy_removes(serving: Serving) -> None:
    world = World()
    world.engine.said = ("Good morning.", f"I saw {NAME} today.")
    async with serving(world, ON) as world:
        reply = await dictate(world)
    assert reply.status_code == 200
    assert reply.headers["x-request-id"] == world.exchanges()[0].exchange
    body = reply.json()
    assert body["text"].startswith("Good morning. I saw PERSON_")
    assert NAME not in reply.text
    assert body["usage"] == {"type": "duration", "seconds": 9.0}
    _, outcome = world.exchanges()
    assert isinstance(outcome, Outcome)
    assert (outcome.findings, outcome.audio_ms) == ({"PERSON": 1}, 9000)


async def test_a_name_that_two_segments_share_is_removed_from_both(serving: Serving) -> None:
    world = World()
    world.engine.said = ("I saw Zebe", "dee today.")
    world.detector.script = {"Zebe dee": next(iter(world.detector.script.values()))}
    async with serving(world, ON) as world:
        reply = await dictate(world, response_format="srt")
    assert "Zebe" not in reply.text
    assert "dee" not in reply.text
    assert reply.text.count("-->") == 2


@pytest.mark.parametrize(
    ("form", "media", "beginning"),
    [
        ("json", "application/json", '{"text":"Good morning. Please sit down."'),
        ("verbose_json", "application/json", '{"task":"transcribe","language":"english"'),
        ("text", "text/plain; charset=utf-8", "Good morning. Please sit down.\n"),
        ("srt", "text/plain; charset=utf-8", "1\n00:00:00,000 --> 00:00:01,000\nGood morning.\n\n"),
        ("vtt", "text/plain; charset=utf-8", "WEBVTT\n\n00:00:00.000 --> 00:00:01.000\nGood"),
    ],
)
async def test_each_format_is_openais(
    serving: Serving, form: str, media: str, beginning: str
) -> None:
    async with serving(None, ON) as world:
        reply = await dictate(world, response_format=form)
    assert reply.status_code == 200
    assert reply.headers["content-type"] == media
    assert reply.text.startswith(beginning)


async def test_a_prompt_is_scanned_and_redacted(serving: Serving) -> None:
    async with serving(None, ON) as world:
        await dictate(world, prompt=f"A letter about {NAME}.")
    [seen] = world.engine.prepared
    [prompt] = seen.texts()
    assert NAME not in prompt.for_engine()


@pytest.mark.parametrize(
    ("fields", "code", "param"),
    [
        ({"colour": SECRET}, Code.UNKNOWN_FIELD, "colour"),
        ({"model": ""}, Code.INVALID_REQUEST, "model"),
        ({"model": ["a", "b"]}, Code.INVALID_REQUEST, "model"),
        ({"model": "m" * 300}, Code.INVALID_REQUEST, "model"),
        ({"model": "fake-model"}, Code.MODEL_NOT_FOR_TASK, "model"),
        ({"model": SECRET}, Code.MODEL_NOT_FOUND, "model"),
        ({"stream": "true"}, Code.UNSUPPORTED_PARAMETER, "stream"),
        ({"response_format": SECRET}, Code.UNSUPPORTED_PARAMETER, "response_format"),
        ({"temperature": SECRET}, Code.INVALID_REQUEST, "temperature"),
        ({"temperature": "1.1"}, Code.INVALID_REQUEST, "temperature"),
        ({"temperature": "nan"}, Code.INVALID_REQUEST, "temperature"),
        ({"include[]": "logprobs"}, Code.UNSUPPORTED_PARAMETER, "include[]"),
        ({"chunking_strategy": "auto"}, Code.UNSUPPORTED_PARAMETER, "chunking_strategy"),
        ({"prompt": ["a", "b"]}, Code.INVALID_REQUEST, "prompt"),
        (
            {"timestamp_granularities[]": "word"},
            Code.INVALID_REQUEST,
            "timestamp_granularities[]",
        ),
        (
            {"timestamp_granularities[]": SECRET, "response_format": "verbose_json"},
            Code.UNSUPPORTED_PARAMETER,
            "timestamp_granularities[]",
        ),
    ],
)
async def test_what_cannot_be_honoured_is_refused_by_name_and_never_quoted(
    serving: Serving, fields: dict[str, Any], code: Code, param: str
) -> None:
    async with serving(None, ON) as world:
        reply = await dictate(world, **fields)
    error = reply.json()["error"]
    assert (error["code"], error["param"]) == (code, param)
    assert SECRET not in reply.text
    [refusal] = world.exchanges()
    assert isinstance(refusal, Refusal)
    assert refusal.code is code
    assert world.engine.seen == []


async def test_a_form_without_a_recording_or_with_two_is_refused(serving: Serving) -> None:
    async with serving(None, ON) as world, world.client() as client:
        none = await client.post(PATH, files={"model": (None, b"fake-transcriber")})
        two = await client.post(
            PATH,
            data={"model": "fake-transcriber"},
            files=[("file", ("a.wav", SOUND)), ("file", ("b.wav", SOUND))],
        )
    for reply in (none, two):
        assert (reply.status_code, reply.json()["error"]["param"]) == (400, "file")


@pytest.mark.parametrize(
    ("media", "body", "status"),
    [
        ("application/json", b"{}", 415),
        ("multipart/form-data", b"x", 415),
        ("multipart/form-data; boundary=b", b"", 400),
        ("multipart/form-data; boundary=b", b"--b\r\nContent-Disposition: form-data\r\n\r\n", 400),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="model"\r\n\r\nfake-transcriber\r\n',
            400,
        ),
        ("multipart/form-data; boundary=b", b"--b\r\n" * 300, 400),
        ("multipart/form-data; boundary=b", SECRET.encode() * 10, 400),
    ],
)
async def test_a_malformed_form_is_refused_and_not_quoted(
    serving: Serving, media: str, body: bytes, status: int
) -> None:
    async with serving(None, ON) as world, world.client() as client:
        reply = await client.post(PATH, content=body, headers={"content-type": media})
    assert reply.status_code == status
    assert SECRET not in reply.text
    assert world.kinds() == ["refusal"]


async def test_a_body_has_a_limit_of_its_own(serving: Serving) -> None:
    async with serving(None, ON, body_limit=100) as world:
        assert (await dictate(world, file=SOUND * 200)).status_code == 200
        refused = await dictate(world, file=SOUND * 400)
    assert refused.status_code == 413
    assert refused.json()["error"]["message"].endswith("Send less.")


async def test_who_is_nobody_is_told_so_before_the_body_is_read(serving: Serving) -> None:
    async with serving(None, ON) as world:
        reader, writer = await world.connect()
        request = head(f"POST {PATH}", "Content-Length: 1000").replace(b"good", b"none")
        writer.write(request.replace(b"application/json", b"multipart/form-data; boundary=b"))
        status = await asyncio.wait_for(reader.readline(), 5)
        writer.close()
    assert b" 401 " in status


async def test_where_nobody_takes_dictation_the_refusal_says_so_and_reads_nothing(
    serving: Serving,
) -> None:
    async with serving() as world:
        reader, writer = await world.connect()
        request = head(f"POST {PATH}", "Content-Length: 1000")
        writer.write(request.replace(b"application/json", b"multipart/form-data; boundary=b"))
        answer = await asyncio.wait_for(reader.read(2000), 5)
        writer.close()
    assert b" 404 " in answer
    assert b"model_not_found" in answer


async def test_one_recording_too_many_is_refused_before_it_is_read_and_places_come_back(
    serving: Serving,
) -> None:
    world = World()
    world.engine.delay = 0.3
    async with serving(world, ON) as world:
        waiting = [asyncio.create_task(dictate(world, key)) for key in ("good", "other")]
        await world.until(lambda: len(world.engine.seen) == 2)
        reader, writer = await world.connect()
        request = head(f"POST {PATH}", "Content-Length: 1000")
        writer.write(request.replace(b"application/json", b"multipart/form-data; boundary=b"))
        answer = await asyncio.wait_for(reader.read(2000), 5)
        writer.close()
        replies = await asyncio.gather(*waiting)
        again = [(await dictate(world)).status_code for _ in range(4)]
    assert b" 503 " in answer
    assert b'"overloaded"' in answer
    assert [reply.status_code for reply in replies] == [200, 200]
    assert again == [200] * 4


async def test_recordings_that_are_slow_to_decode_keep_no_thread_from_others(
    serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, decoded, slow = World(), threading.Event(), 0
    prepare = world.engine.prepare

    def decode(model: Model, *rest: Any) -> Any:
        nonlocal slow
        if model.task is Task.TRANSCRIBE:
            slow += 1
            assert decoded.wait(20)
        return prepare(model, *rest)

    monkeypatch.setattr(world.engine, "prepare", decode)
    async with serving(world, replace(ON, queue=40)) as world:
        waiting = [asyncio.create_task(dictate(world)) for _ in range(40)]
        try:
            await world.until(lambda: slow > 0)
            async with asyncio.timeout(10):
                reply = await world.post(chat())
        finally:
            decoded.set()
        replies = await asyncio.gather(*waiting)
    assert reply.status_code == 200
    assert {each.status_code for each in replies} == {200}


async def test_no_caller_holds_every_place(serving: Serving) -> None:
    world = World()
    world.engine.delay = 0.3
    async with serving(world, ON) as world:
        waiting = asyncio.create_task(dictate(world))
        await world.until(lambda: len(world.engine.seen) == 1)
        refused = await dictate(world)
        other = await dictate(world, "other")
        assert (await waiting).status_code == other.status_code == 200
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "rate_limited")


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({}, Code.DETECTION_FAILED),
        ({"colour": "blue"}, Code.UNKNOWN_FIELD),
        ({"model": "absent"}, Code.MODEL_NOT_FOUND),
    ],
)
async def test_a_place_comes_back_however_the_exchange_ends(
    serving: Serving, fields: dict[str, Any], code: Code
) -> None:
    world = World()
    world.detector.break_down()
    async with serving(world, ON) as world:
        answers = [(await dictate(world, **fields)).json()["error"]["code"] for _ in range(5)]
    assert answers == [code] * 5


def test_a_form_never_touches_a_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import tempfile

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a temporary file was made")

    for name in ("NamedTemporaryFile", "TemporaryFile", "SpooledTemporaryFile", "mkstemp"):
        monkeypatch.setattr(tempfile, name, refuse)
    monkeypatch.chdir(tmp_path)
    sound = bytes(range(256)) * 4096
    body = (
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="x.wav"\r\n'
        b"Content-Type: audio/wav\r\n\r\n" + sound + b"\r\n--b--\r\n"
    )
    assert forms.parse(body, "b").data("file") == sound
    assert list(tmp_path.iterdir()) == []


_FIELD = b'--b\r\nContent-Disposition: form-data; name="model"\r\n\r\nwhisper\r\n'


@pytest.mark.parametrize("end", [b"--b--", b"--b--\r\n"])
def test_a_form_ends_with_its_last_boundary(end: bytes) -> None:
    assert forms.parse(_FIELD + end, "b").text("model") == "whisper"


@pytest.mark.parametrize(
    "body",
    [
        _FIELD + b"--b--\r\n" + _FIELD + b"--b--\r\n",
        _FIELD + b"--b--" + _FIELD + b"--b--",
        _FIELD + b"--b--\r\nmore",
        _FIELD + b"--b--\r\n\r\n",
        _FIELD + b"--b--more",
        b"--b--x",
        b"before\r\n" + _FIELD + b"--b--\r\n",
        b"\r\n" + _FIELD + b"--b--\r\n",
    ],
)
def test_nothing_around_a_form_is_dropped_silently(body: bytes) -> None:
    with pytest.raises(ExchangeError) as caught:
        forms.parse(body, "b")
    assert caught.value.code is Code.INVALID_REQUEST


def test_what_a_form_says_never_quotes_a_value_or_the_name_of_a_file() -> None:
    part = (
        f'--b\r\nContent-Disposition: form-data; name="model"; filename="{SECRET}"\r\n\r\n'.encode()
        + b"\xff\r\n--b--\r\n"
    )
    form = forms.parse(part, "b")
    assert SECRET not in repr(form)
    with pytest.raises(ExchangeError) as caught:
        form.text("model")
    assert caught.value.code is Code.INVALID_ENCODING
    assert SECRET not in caught.value.message


def heard() -> Any:
    words = tuple(
        Word(index, index + 1, RawText(word))
        for index, word in enumerate((" Dear", " Zebedee", ",", " rest", " -->", " well"))
    )
    text = RawText("".join(word.text.reveal() for word in words))
    raw = Transcript((Segment(0.0, 3725.5, text, words, 0.2, -0.3333, 0.01234),), "en", 3726.0)
    found = World().detector
    findings = [tuple(asyncio.run(found.detect([text]))[0])]
    by = profile(PERSON=Rule(Operator.REPLACE))
    return redact_transcript(raw, findings, by, Secrets(b"p" * 32, b"h" * 32), "key:x")[0]


def test_words_and_segments_are_given_as_they_were_asked_for() -> None:
    transcript = heard()
    both = json.loads(subtitles.verbose(transcript, words=True, segments=True))
    assert [word["word"] for word in both["words"]] == [
        "Dear", "[PERSON],", "rest -->", "well",
    ]  # fmt: skip
    [segment] = both["segments"]
    assert segment["text"] == " Dear [PERSON], rest --> well"
    assert segment["tokens"] == []
    assert (segment["avg_logprob"], segment["no_speech_prob"]) == (-0.33, 0.01)
    assert "segments" not in json.loads(subtitles.verbose(transcript, words=True, segments=False))
    assert "words" not in json.loads(subtitles.verbose(transcript, words=False, segments=True))


def test_a_caption_is_one_line_and_cannot_begin_another() -> None:
    assert subtitles.srt(heard()) == (
        "1\n00:00:00,000 --> 01:02:05,500\nDear [PERSON], rest -> well\n\n"
    )


def test_a_reply_does_not_show_itself_when_printed() -> None:
    reply = subtitles.Transcription(SECRET, subtitles.Duration(1.0))
    word = subtitles.TimedWord(SECRET, 0, 1)
    assert SECRET not in f"{reply} {word}"
