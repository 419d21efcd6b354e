"""Bytes that claim to be a recording become samples, or an error that says what to do."""

from __future__ import annotations

import os
import struct
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import AudioTooLong, EngineFailed, UnsupportedAudio, audio
from engine.audio import RATE, Container, container_of, decode
from tests.unit.engine.recordings import VECTORS, silent_mp3, tone, wav

MP3 = (VECTORS / "dictation.mp3").read_bytes()
FLAC = (VECTORS / "greeting.flac").read_bytes()


@pytest.mark.parametrize(
    ("data", "container", "seconds"),
    [
        (wav(tone(1.5)), Container.WAV, 1.5),
        (FLAC, Container.FLAC, 1.9),
        (MP3, Container.MP3, 12.4),
        (silent_mp3(2), Container.MP3, 2.0),
    ],
)
def test_wav_flac_and_mp3_are_told_by_their_bytes_and_decoded(
    data: bytes, container: Container, seconds: float
) -> None:
    assert container_of(data) is container
    assert decode(data, max_seconds=60).seconds == pytest.approx(seconds, abs=0.2)


@pytest.mark.parametrize(("rate", "channels"), [(8_000, 1), (22_050, 1), (48_000, 2)])
def test_any_rate_and_number_of_channels_become_one_channel_at_16_khz(
    rate: int, channels: int
) -> None:
    samples = [each for each in tone(1, rate) for _ in range(channels)]
    recording = decode(wav(samples, rate=rate, channels=channels), max_seconds=60)
    spectrum = np.abs(np.fft.rfft(recording.samples[: RATE // 2].astype(float)))
    assert recording.seconds == pytest.approx(1, abs=0.02)
    assert spectrum.argmax() * 2 == pytest.approx(220, abs=2)
    assert 6000 < np.abs(recording.samples).max() < 9000


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"RIFF",
        b"This is a letter about a patient.",
        b"\x89PNG\r\n\x1a\n" + bytes(100),
        b"OggS" + bytes(100),
        b"\x00\x00\x00\x20ftypM4A " + bytes(100),
        b"RIFF\0\0\0\0AVI " + bytes(100),
        b"%PDF-1.7",
        b"\xff\xd8\xff\xe0" + bytes(100),
    ],
)
def test_what_is_not_audio_is_refused_by_its_first_bytes(data: bytes) -> None:
    assert container_of(data) is None
    with pytest.raises(UnsupportedAudio, match="WAV, FLAC or MP3"):
        decode(data, max_seconds=60)


@pytest.mark.parametrize(
    "data",
    [
        b"RIFF\0\0\0\0WAVE",
        b"RIFF\0\0\0\0WAVE" + b"x" * 500,
        b"fLaC" + bytes(500),
        b"ID3" + bytes(500),
        bytes([0xFF, 0xFB, 0x90, 0x64]) + b"x" * 500,
        wav(tone(1), rate=1),
        wav(tone(1), rate=4_000_000),
        wav([0] * 2550, channels=255),
        wav([]),
    ],
    ids=["header", "no chunks", "flac", "id3", "frame", "1 Hz", "4 MHz", "255 channels", "empty"],
)
def test_what_only_begins_like_audio_is_refused(data: bytes) -> None:
    with pytest.raises(UnsupportedAudio, match="cannot be decoded"):
        decode(data, max_seconds=60)


@pytest.mark.parametrize("data", [wav(tone(3)), FLAC, MP3], ids=["wav", "flac", "mp3"])
def test_a_recording_that_was_cut_off_on_its_way_is_no_recording(data: bytes) -> None:
    with pytest.raises(UnsupportedAudio, match="cut off"):
        decode(data[: len(data) * 2 // 3], max_seconds=60)


@pytest.mark.parametrize("size", [0x7FFF_F000, 0xFFFF_FFFF])
def test_a_wav_file_of_a_program_that_did_not_know_its_end_is_read_to_its_end(size: int) -> None:
    assert decode(wav(tone(1), announced=size), max_seconds=60).seconds == pytest.approx(1)


def test_two_hours_are_refused_by_the_header_alone() -> None:
    two_hours = wav(tone(0.1), announced=2 * 3600 * 32_000)
    before = time.process_time()
    with pytest.raises(AudioTooLong, match="longer than 600 seconds"):
        decode(two_hours, max_seconds=600)
    assert time.process_time() - before < 1


def test_two_hours_without_a_header_are_decoded_up_to_the_limit_and_no_further() -> None:
    with pytest.raises(AudioTooLong, match="in parts"):
        decode(silent_mp3(2 * 3600), max_seconds=30)
    assert decode(silent_mp3(29.9), max_seconds=30).seconds == pytest.approx(29.9, abs=0.1)


def test_a_header_that_understates_does_not_pass_the_limit() -> None:
    lying = wav(tone(5), bytes_a_second=10_000_000)
    with pytest.raises(AudioTooLong):
        decode(lying, max_seconds=3)


@given(
    st.sampled_from([wav(tone(0.2)), FLAC[:6000], MP3[:6000]]),
    st.lists(st.tuples(st.integers(4, 300), st.integers(0, 255)), min_size=1, max_size=20),
)
@settings(max_examples=25)
def test_whatever_a_file_holds_it_is_a_recording_or_an_error(
    data: bytes, changes: list[tuple[int, int]]
) -> None:
    doctored = bytearray(data)
    for place, value in changes:
        doctored[place] = value
    with suppress(UnsupportedAudio, AudioTooLong):
        assert decode(bytes(doctored), max_seconds=20).seconds <= 20


CRASHES = "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n"
NEVER_ENDS = "import time\ntime.sleep(600)\n"
FLOODS = "import sys\nwhile True:\n    sys.stdout.buffer.write(bytes(65536))\n"


@pytest.mark.parametrize(
    ("program", "error"),
    [(CRASHES, UnsupportedAudio), (NEVER_ENDS, EngineFailed), (FLOODS, AudioTooLong)],
)
def test_a_decoder_that_a_file_has_taken_over_harms_only_itself(
    program: str, error: type[Exception], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "decoder.py"
    path.write_text(program, "utf-8")
    monkeypatch.setattr(audio, "_PROGRAM", path)
    monkeypatch.setattr(audio, "_PATIENCE", 1.0)
    with pytest.raises(error):
        decode(wav(tone(1)), max_seconds=5)


def test_a_decoder_that_does_not_start_is_this_sides_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audio, "_PROGRAM", tmp_path / "absent.py")
    with pytest.raises(EngineFailed):
        decode(wav(tone(1)), max_seconds=5)


def test_the_decoder_inherits_no_environment_and_no_open_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "decoder.py"
    told = tmp_path / "told"
    path.write_text(
        "import os\n"
        f"told = open({str(told)!r}, 'w')\n"
        "told.write(repr((sorted(os.environ), sorted(os.listdir('/proc/self/fd')))))\n",
        "utf-8",
    )
    monkeypatch.setattr(audio, "_PROGRAM", path)
    monkeypatch.setenv("SECRET", "Canary-7731")
    with (tmp_path / "open").open("w") as file:
        os.set_inheritable(file.fileno(), True)  # noqa: FBT003 - the standard library's signature
        with pytest.raises(UnsupportedAudio):
            decode(wav(tone(1)), max_seconds=5)
    environment, handles = eval(told.read_text("utf-8"))  # noqa: S307 - what this test wrote
    assert "SECRET" not in environment
    assert set(environment) <= {"LC_CTYPE"}
    # Its three streams, the file that it writes to tell, and the directory that it lists.
    assert len(handles) == 5


def test_nothing_is_written_to_a_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    decode(MP3, max_seconds=60)
    with pytest.raises(UnsupportedAudio):
        decode(MP3[:9000], max_seconds=60)
    assert list(tmp_path.iterdir()) == []


def test_a_recording_does_not_show_itself_when_printed() -> None:
    recording = decode(wav([7] * RATE), max_seconds=60)
    assert repr(recording) == "<Recording 1.0 seconds>"
    assert struct.pack("<h", 7) == recording.samples[:1].tobytes()
