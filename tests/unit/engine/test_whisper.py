"""Whisper's procedure around a network of the tests' own: where chunks begin, what is kept."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.audio import RATE, Recording
from engine.melspectrogram import CHUNK_FRAMES, chunk_of, log_mel
from engine.whisper import MAX_PROMPT, Alignment, Hypothesis, Listening, Segment, Task
from engine.whisper_vocabulary import Vocabulary
from tests.unit.engine.recordings import VECTORS, tone

WORDS = (" The", " patient", " is", " well", ".", " Good", " morning", ",", " Eleanor", ' "', "caf")
SPECIAL = (
    "<|endoftext|>",
    "<|startoftranscript|>",
    "<|en|>",
    "<|de|>",
    "<|translate|>",
    "<|transcribe|>",
    "<|startofprev|>",
    "<|notimestamps|>",
)
IDS = {token: index for index, token in enumerate((*WORDS, *SPECIAL))}
ZERO = len(IDS)


class Plain:
    """A tokenizer of the few tokens above, each of which is its own text."""

    def token_to_id(self, token: str) -> int | None:
        return IDS.get(token)

    def decode(self, tokens: Sequence[int]) -> str:
        return "".join(WORDS[token] for token in tokens)


@pytest.fixture
def vocabulary() -> Vocabulary:
    return Vocabulary(Plain())  # type: ignore[arg-type]


def at(seconds: float) -> int:
    return ZERO + round(seconds / 0.02)


def spoken(*parts: float | str) -> list[int]:
    """Tokens of texts and timestamps."""
    return [at(part) if isinstance(part, int | float) else IDS[part] for part in parts]


@dataclass
class Network:
    """Says what the script holds for each call of `transcribe`, and keeps what it was asked."""

    script: list[list[int]]
    log_probability: list[float] = field(default_factory=list)
    no_speech: float = 0.0
    ranked: Sequence[tuple[str, float]] = (("<|fr|>", 0.6), ("<|de|>", 0.3), ("<|en|>", 0.1))
    chunks: list[Any] = field(default_factory=list)
    prompts: list[list[int]] = field(default_factory=list)
    temperatures: list[float] = field(default_factory=list)
    bands: int = 80

    def encode(self, chunk: Any) -> object:
        self.chunks.append(chunk)
        return len(self.chunks)

    def transcribe(
        self, encoded: object, prompt: list[int], *, temperature: float, beam: int, max_length: int
    ) -> Hypothesis:
        assert max_length <= 448
        self.prompts.append(prompt)
        self.temperatures.append(temperature)
        index = len(self.prompts) - 1
        tokens = self.script[min(index, len(self.script) - 1)]
        known = self.log_probability or [-0.2]
        return Hypothesis(tokens, known[min(index, len(known) - 1)], self.no_speech)

    def align(self, encoded: object, start: list[int], tokens: list[int], frames: int) -> Alignment:
        pairs = [(index, 10 * index) for index in range(len(tokens) + 1)]
        return Alignment(pairs, [0.9] * len(tokens))

    def languages(self, encoded: object) -> Sequence[tuple[str, float]]:
        return self.ranked

    def close(self) -> None:
        """Nothing is held."""


def task(
    seconds: float = 10.0,
    *,
    samples: list[int] | None = None,
    prompt: tuple[int, ...] = (),
    languages: tuple[str, ...] = ("en",),
    temperature: float = 0.0,
    words: bool = False,
) -> Task:
    heard = Recording(np.array(tone(seconds) if samples is None else samples, dtype=np.int16))
    return Task(heard, prompt, languages, temperature, words)


def hear(
    network: Network, vocabulary: Vocabulary, what: Task, stopped: Callable[[], bool] | None = None
) -> list[Segment]:
    return list(Listening(network, vocabulary, what, stopped or (lambda: False)))


def test_segments_are_cut_at_their_timestamps(vocabulary: Vocabulary) -> None:
    network = Network([spoken(0, " The", " patient", 2.5, 3, " Good", " morning", 4)])
    first, second = hear(network, vocabulary, task())
    assert (first.text, first.start, first.end) == (" The patient", 0.0, 2.5)
    assert (second.text, second.start, second.end) == (" Good morning", 3.0, 4.0)


def test_what_comes_after_the_last_pair_of_timestamps_is_heard_again(
    vocabulary: Vocabulary,
) -> None:
    network = Network([spoken(0, " The", 26, 26, " Good"), spoken(0, " Good", " morning", 4)])
    first, second = hear(network, vocabulary, task(40))
    assert (first.text, second.text) == (" The", " Good morning")
    assert (second.start, second.end) == (26.0, 30.0)
    assert len(network.chunks) == 2


def test_what_follows_a_short_segment_is_heard(vocabulary: Vocabulary) -> None:
    network = Network([spoken(0, " The", 0.6, 0.6, " patient"), spoken(0, " Good", 5)])
    _, second = hear(network, vocabulary, task(10))
    assert second.start == 0.6


def test_a_model_that_crawls_is_not_asked_for_ever(vocabulary: Vocabulary) -> None:
    network = Network([spoken(0, " The", 0.02, 0.02, " patient")])
    hear(network, vocabulary, task(60))
    assert len(network.chunks) < 100


def test_a_chunk_without_timestamps_is_one_segment(vocabulary: Vocabulary) -> None:
    [segment] = hear(Network([spoken(" The", " patient")]), vocabulary, task(7))
    assert (segment.start, segment.end) == (0.0, 7.0)


def test_the_next_chunk_is_shown_what_was_said_and_when(vocabulary: Vocabulary) -> None:
    said = spoken(0, " The", 30)
    network = Network([said, spoken(0, " Good", 5)])
    hear(network, vocabulary, task(40))
    assert network.prompts[0] == spoken("<|startoftranscript|>", "<|en|>", "<|transcribe|>")
    assert network.prompts[1] == [IDS["<|startofprev|>"], *said, *network.prompts[0]]


def test_a_prompt_is_shown_as_far_as_there_is_room(vocabulary: Vocabulary) -> None:
    network = Network([spoken(0, " The", 5)])
    hear(network, vocabulary, task(prompt=(IDS[" Eleanor"],) * 300))
    assert network.prompts[0].count(IDS[" Eleanor"]) == MAX_PROMPT


def test_of_several_languages_the_likeliest_that_may_be_spoken_is_chosen(
    vocabulary: Vocabulary,
) -> None:
    network = Network([spoken(0, " The", 5)])
    listening = Listening(network, vocabulary, task(languages=("en", "de")))
    assert len(list(listening)) == 1
    assert listening.language == "de"
    assert network.prompts[0][1] == IDS["<|de|>"]


def test_silence_is_not_given_to_the_model(vocabulary: Vocabulary) -> None:
    network = Network([spoken(0, " The", 5)])
    assert hear(network, vocabulary, task(samples=[0] * 40 * RATE)) == []
    assert hear(network, vocabulary, task(samples=[31, -31] * 20 * RATE)) == []
    assert network.chunks == []


def test_a_chunk_begins_where_something_is_to_be_heard(vocabulary: Vocabulary) -> None:
    network = Network([spoken(0, " The", 2)])
    [segment] = hear(network, vocabulary, task(samples=[0] * 50 * RATE + tone(3)))
    assert segment.start == pytest.approx(49.9, abs=0.05)
    assert len(network.chunks) == 1


def test_a_doubtful_text_over_what_is_no_speech_is_silence(vocabulary: Vocabulary) -> None:
    network = Network([spoken(0, " The", 5)], log_probability=[-1.4], no_speech=0.9)
    assert hear(network, vocabulary, task()) == []
    assert network.temperatures == [0.0]


def test_a_text_that_the_model_is_sure_of_is_kept_though_it_hears_little_speech(
    vocabulary: Vocabulary,
) -> None:
    network = Network([spoken(0, " The", 5)], log_probability=[-0.8], no_speech=0.9)
    assert len(hear(network, vocabulary, task())) == 1


def test_a_text_that_repeats_itself_is_tried_again_with_chance(vocabulary: Vocabulary) -> None:
    network = Network([spoken(*[" patient"] * 100), spoken(0, " The", 5)])
    [segment] = hear(network, vocabulary, task())
    assert network.temperatures == [0.0, 0.4]
    assert (segment.text, segment.temperature) == (" The", 0.4)


def test_of_texts_that_are_all_doubted_the_likeliest_is_kept_and_is_no_context(
    vocabulary: Vocabulary,
) -> None:
    first, second = spoken(0, " The", 30), spoken(0, " Good", 30)
    network = Network([first, second, first, first], log_probability=[-3, -1.1, -2, -0.1])
    heard = hear(network, vocabulary, task(40))
    assert network.temperatures == [0.0, 0.4, 0.8, 0.0]
    assert heard[0].text == " Good"
    assert IDS["<|startofprev|>"] not in network.prompts[-1]


def test_with_a_temperature_there_is_one_attempt(vocabulary: Vocabulary) -> None:
    network = Network([spoken(0, " The", 5)], log_probability=[-2])
    assert len(hear(network, vocabulary, task(temperature=0.3))) == 1
    assert network.temperatures == [0.3]


def test_words_are_timed_and_are_the_text(vocabulary: Vocabulary) -> None:
    network = Network(
        [spoken(0, " The", " patient", ".", 2, 2, ' "', " Good", " morning", ",", " Eleanor", 4)]
    )
    first, second = hear(network, vocabulary, task(words=True))
    assert [word.text for word in first.words] == [" The", " patient."]
    assert [word.text for word in second.words] == [' " Good', " morning,", " Eleanor"]
    assert "".join(word.text for word in second.words) == second.text
    assert [(word.start, word.end) for word in first.words] == [(0.0, 0.2), (0.2, 0.6)]


def test_a_listening_that_is_stopped_ends_after_its_chunk(vocabulary: Vocabulary) -> None:
    network = Network([spoken(0, " The", 30)])
    heard = hear(network, vocabulary, task(100), stopped=lambda: len(network.chunks) >= 2)
    assert len(network.chunks) == len(heard) == 2


@given(st.lists(st.integers(0, ZERO + 1600), max_size=60), st.integers(1, 40))
@settings(max_examples=30)
def test_whatever_the_model_writes_hearing_ends_and_times_run_forward(
    tokens: list[int], seconds: int
) -> None:
    heard = hear(
        Network([tokens]),
        Vocabulary(Plain()),  # type: ignore[arg-type]
        task(seconds, words=True),
    )
    for segment in heard:
        assert 0 <= segment.start <= segment.end <= seconds + 0.01
        assert "".join(word.text for word in segment.words) == segment.text


def test_nothing_of_a_transcript_shows_when_printed(vocabulary: Vocabulary) -> None:
    what = task(words=True)
    heard = hear(Network([spoken(0, " Eleanor", 5)]), vocabulary, what)
    assert "Eleanor" not in f"{heard} {heard[0].words} {what}"


@pytest.mark.parametrize("bands", [80, 128])
def test_the_spectrogram_is_that_of_another_program(bands: int) -> None:
    index = np.arange(RATE, dtype=np.int64)
    samples = ((index * index * 7 + index * 31) % 4001 - 2000).astype(np.int16)
    expected = json.loads((VECTORS / f"mel-{bands}.json").read_text("utf-8"))
    found = log_mel(samples, bands)
    assert found.shape == (bands, expected["frames"])
    assert np.abs(found[:, :: expected["every"]].T - expected["values"]).max() < 1e-3


def test_a_spectrogram_of_hardly_anything_is_one_all_the_same() -> None:
    assert log_mel(np.array([5], dtype=np.int16), 80).shape == (80, 1)
    assert chunk_of(log_mel(np.zeros(RATE, dtype=np.int16), 80), 0).shape == (80, CHUNK_FRAMES)
