"""Pieces through SentencePiece: those that the tokenizers library finds, at the same characters."""

from __future__ import annotations

import json
import threading
import time
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from engine import BrokenSource
from engine.normal import NORMALIZER, normal
from engine.pieces import Pieces
from engine.prepared import Prepared
from engine.subwords import SEGMENT, Encoded, encode_all, forget
from engine.tagger import _ends
from engine.unigram import Unigram
from gateway.weights import DIRECTORY
from tests.unit.engine.bert import PIECES, unigram

SHIPPED = DIRECTORY / "tagger" / "tokenizer.json"
NOTES = sorted(Path("tests/vectors/recognizers/without").glob("*.txt"))
HOSTILE = [
    *(
        "",
        " ",
        "  ",
        "a",
        "Anna",
        "\n",
        "\r\n",
        "\t",
        " \n\t \r ",
        "\x00",
        "a\x00b",
        "▁",
        "</s><s>",
    ),
    *(
        "e\u0301",
        "\u0301",
        "a\u0301\u0323",
        "\u0323\u0301",
        "\u0344",
        "ｶﾞ",
        "\u1100\u1161\u11a8",
        "가",
    ),
    *(
        "ﬁ",
        "½",
        "Ⅷ",
        "…",
        "\uff0c",
        "\ufdfa",
        "\u212b",
        "\u00a0",
        "\u3000",
        "\u2028",
        "\u200b",
        "\ufeffA",
    ),
    *("🙂", "👩\u200d⚕️", "患者", "שָׁ", "مريم", "ো", "\ud83d", "a\ud83db", "\ue000\ue001 \ue002"),
]


@cache
def shipped() -> Prepared:
    return Prepared(SHIPPED)


@cache
def library() -> Tokenizer:
    tokenizer = Tokenizer.from_file(str(SHIPPED))
    forget(tokenizer)
    return tokenizer


def as_by_the_library(text: str) -> None:
    [ours], [theirs] = shipped().encode_all([text]), encode_all(library(), [text])
    assert ours.ids.tolist() == theirs.ids.tolist()
    # What is composed out of several characters stands for all of them, and not for the first.
    assert (ours.places[:, 0] <= theirs.places[:, 0]).all()
    assert (ours.places[:, 1] >= theirs.places[:, 1]).all()


def test_the_shipped_vocabulary_is_held_by_sentencepiece() -> None:
    assert isinstance(shipped()._loaded, Pieces)
    assert (shipped().first, shipped().last) == (0, 2)


@pytest.mark.parametrize("note", NOTES, ids=lambda path: path.stem)
def test_a_note_has_the_same_pieces_at_the_same_characters(note: Path) -> None:
    text = note.read_text("utf-8")
    [ours], [theirs] = shipped().encode_all([text]), encode_all(library(), [text])
    assert ours.ids.tolist() == theirs.ids.tolist()
    assert ours.places.tolist() == theirs.places.tolist()
    assert len(ours.ids) > 100


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_so_has_a_hostile_text(text: str) -> None:
    as_by_the_library(text)
    as_by_the_library(f"Anna {text} Berg{text}{text}")


@given(st.lists(st.sampled_from(HOSTILE), max_size=30).map("".join))
def test_and_hostile_texts_put_together(text: str) -> None:
    as_by_the_library(text)


@given(st.text(max_size=200))
def test_every_character_is_in_a_piece_and_pieces_go_forward(text: str) -> None:
    [encoded] = shipped().encode_all([text])
    starts, ends = encoded.places[:, 0].tolist(), encoded.places[:, 1].tolist()
    assert starts == sorted(starts)
    assert all(0 <= start <= end <= len(text) for start, end in zip(starts, ends, strict=True))
    covered = {
        place for start, end in zip(starts, ends, strict=True) for place in range(start, end)
    }
    assert not starts or covered == set(range(len(text))), "what has no piece can be in no tag"


def test_offsets_are_of_characters_where_normalising_changes_how_many_there_are() -> None:
    text = "½ ﬁx  Ⅷ\r\n\tMüller"
    seen = normal(text)
    assert seen.text == "▁1\u20442▁fix▁VIII▁¶▁|▁Müller"
    shown = [
        text[start:end] for start, end in zip(seen.starts.tolist(), seen.ends.tolist(), strict=True)
    ]
    assert shown == [*"½½½½ ", *"ﬁﬁx ", *"ⅧⅧⅧⅧ", *"\n\n\t\t\t", *"Müller"]


def test_a_mark_belongs_to_the_letter_that_it_is_composed_with() -> None:
    text = "Mu\u0308ller"
    [encoded] = shipped().encode_all([text])
    assert normal(text).text == "▁Müller"
    [places] = [place for place in encoded.places.tolist() if place[0] <= 1 < place[1]]
    assert places[1] >= 3, "the mark would stay visible behind what is hidden"


@pytest.mark.parametrize(
    "unit",
    [
        "a",
        "7",
        "e\u0301",
        "\u0301",
        "\u0301\u0323",
        "👩\u200d⚕️",
        "\n",
        " ",
        " \n",
        "患者",
        "\ufdfa",
        "a\ud83d",
        "𒀀",
    ],
    ids=ascii,
)
def test_a_hostile_line_takes_time_in_proportion_to_its_length(unit: str) -> None:
    def seconds(characters: int) -> float:
        text = unit * (characters // len(unit))
        begun = time.thread_time()
        shipped().encode_all([text])
        return time.thread_time() - begun

    seconds(1_000)
    short, long = (min(seconds(size) for _ in range(2)) for size in (25_000, 200_000))
    assert long < 8 * 3 * short + 0.1


def test_a_long_text_has_the_pieces_of_its_parts() -> None:
    words = [f"Anna{number}\n" if number % 7 == 0 else f"ward{number} " for number in range(2_000)]
    text = "".join(words)
    assert len(text) > 4 * SEGMENT
    as_by_the_library(text)


def test_other_threads_run_while_a_text_is_encoded() -> None:
    turns, over = 0, threading.Event()

    def count() -> None:
        nonlocal turns
        while not over.wait(0.001):
            turns += 1

    thread = threading.Thread(target=count)
    thread.start()
    begun = time.thread_time()
    shipped().encode_all(["Anna ward " * 400_000])
    took = time.thread_time() - begun
    over.set()
    thread.join()
    assert took > 0.05, "it was done before anybody could want a turn"
    assert turns > took * 1000 / 20, "a library that holds the GIL lets nobody else have a turn"


def written(tmp_path: Path, data: dict[str, Any]) -> Path:
    """Return the file of an installed model over this `tokenizer.json`."""
    path = tmp_path / "tokenizer.json"
    path.write_bytes(Unigram(json.dumps(data).encode()).prepared)
    return path


def test_a_vocabulary_with_other_steps_before_it_is_left_to_the_library(tmp_path: Path) -> None:
    """It has no tab of its own: the steps of `engine.normal` would give it other pieces."""
    loaded = Prepared(written(tmp_path, unigram(PIECES)))
    assert not isinstance(loaded._loaded, Pieces)
    own = Prepared(written(tmp_path, unigram(PIECES) | {"normalizer": NORMALIZER}))
    assert isinstance(own._loaded, Pieces)
    text = "Annason ward\n"
    [ours], [theirs] = own.encode_all([text]), loaded.encode_all([text])
    assert ours.ids.tolist() == theirs.ids.tolist()
    assert ours.places.tolist() == theirs.places.tolist()


def test_a_piece_of_hundreds_of_bytes_is_found_whole(tmp_path: Path) -> None:
    long = "▁" + "患" * 200
    data = unigram([*PIECES, long]) | {"normalizer": NORMALIZER}
    pieces = Prepared(written(tmp_path, data))
    [encoded] = pieces.encode_all([long[1:] + " a"])
    assert encoded.ids.tolist()[0] == len(PIECES)
    assert encoded.places.tolist()[0] == [0, 200]


@pytest.mark.parametrize(
    "raw", [b"", b"{}", b"[]", b"\xff", b'{"model": {"type": "Unigram"}}'], ids=repr
)
def test_a_file_that_is_no_vocabulary_is_refused(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "tokenizer.json"
    path.write_bytes(raw)
    with pytest.raises(BrokenSource):
        Prepared(path)


def test_what_it_shows_of_itself_holds_no_text() -> None:
    [encoded] = shipped().encode_all(["Quetzalcoatl"])
    assert "Quetz" not in repr(encoded)
    assert "Quetz" not in repr(normal("Quetzalcoatl"))
    assert isinstance(encoded, Encoded)


def test_a_text_is_cut_before_the_first_word_of_a_sentence_and_not_behind_it() -> None:
    """A piece begins with the blank before its word: it is not the first one behind that blank."""
    text = "She went home. Margaret came.\n\nBerta left.\nAnna stayed." * 9
    [encoded] = shipped().encode_all([text])
    paragraphs, sentences, lines = _ends(text, encoded.places[:, 1], 112)

    def first(tokens: list[int]) -> set[str]:
        begins = [encoded.places[token, 0] for token in tokens if token < len(encoded.ids)]
        return {text[start:].split(maxsplit=1)[0] for start in begins}

    assert first(list(paragraphs)) == {"Berta"}
    assert first(list(sentences)) == {"Margaret", "Berta", "Anna"}
    assert first(list(lines)) == {"Berta", "Anna"}
