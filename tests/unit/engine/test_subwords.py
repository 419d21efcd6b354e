"""Unigram vocabularies: which characters a piece stands for, and what hostile texts cost."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import BrokenSource, ModelStore, Tagger, UnsupportedTokenizer
from engine.subwords import SEGMENT
from engine.unigram import Unigram, subwords
from engine.wordpiece import WordPiece
from tests.unit.engine.bert import PIECES, TinyBert, tokenizer, unigram

LABELS = ["O", *(f"{prefix}-{kind}" for kind in ("NAME", "LOC") for prefix in "BIES")]


@pytest.fixture(scope="module")
def pieces() -> Unigram:
    return Unigram(json.dumps(unigram(PIECES)).encode())


def shown(pieces: Unigram, text: str) -> list[tuple[str, str]]:
    [encoded] = pieces.encode_all([text])
    return [
        (pieces.vocabulary[index], text[start:end])
        for index, (start, end) in zip(encoded.ids, encoded.places, strict=True)
    ]


def test_each_piece_knows_the_characters_of_the_text_as_it_was_given(pieces: Unigram) -> None:
    assert shown(pieces, "Annason\r\nﬁ  患者é🙂") == [
        ("▁Anna", "Anna"),
        ("son", "son\r"),
        ("▁¶", "\n"),
        ("▁", "\n"),
        ("fi", "ﬁ "),
        ("▁", " "),
        ("患", "患"),
        ("者", "者"),
        ("é", "é"),
        ("🙂", "🙂"),
    ]


def test_a_letter_with_its_accent_apart_is_the_piece_of_both(pieces: Unigram) -> None:
    assert shown(pieces, "e\u0301a") == [("▁", "e"), ("é", "e\u0301"), ("a", "a")]


def test_tokens_of_control_in_a_text_are_text(pieces: Unigram) -> None:
    [encoded] = pieces.encode_all(["a</s><s><pad>"])
    assert not {pieces.first, pieces.last, 1} & set(encoded.ids.tolist())


def test_half_a_character_is_encoded_as_unknown_and_not_refused(pieces: Unigram) -> None:
    assert shown(pieces, "a\ud83db")[1:] == [("a", "a"), ("<unk>", "\ud83d"), ("b", "b")]


def test_texts_come_back_in_their_order_with_their_own_offsets(pieces: Unigram) -> None:
    long = "Anna ward " * SEGMENT
    texts = ["Anna", "", long, " ", "ward"]
    for text, encoded in zip(texts, pieces.encode_all(texts), strict=True):
        [alone] = pieces.encode_all([text])
        assert encoded.ids.tolist() == alone.ids.tolist()
        assert encoded.places.tolist() == alone.places.tolist()
        assert encoded.places.max(initial=0) == len(text)


def test_a_long_text_has_the_pieces_of_its_parts(pieces: Unigram) -> None:
    """Where it is cut into segments, no word is: the pieces are those of the text as a whole."""
    words = [f"Anna{number}\n" if number % 7 == 0 else f"ward{number} " for number in range(2_000)]
    text = "".join(words)
    assert len(text) > 4 * SEGMENT // 2
    whole = pieces._tokenizer.encode(text, add_special_tokens=False)
    [encoded] = pieces.encode_all([text])
    assert encoded.ids.tolist() == whole.ids
    assert encoded.places[:, 1].tolist()[:-1] == [end for _, end in whole.offsets[:-1]]


@given(st.text(max_size=300))
def test_places_go_forward_within_the_text(text: str) -> None:
    [encoded] = Unigram(json.dumps(unigram(PIECES)).encode()).encode_all([text])
    starts, ends = encoded.places[:, 0].tolist(), encoded.places[:, 1].tolist()
    assert all(0 <= start <= end <= len(text) for start, end in zip(starts, ends, strict=True))
    assert starts == sorted(starts)
    covered = {
        place for start, end in zip(starts, ends, strict=True) for place in range(start, end)
    }
    assert not starts or covered == set(range(len(text))), "what has no piece can be in no tag"


@pytest.mark.parametrize(
    "unit",
    ["a", "7", "e\u0301", "\u0301", "👩\u200d⚕️", "\n", " ", "|", "患者", "\ufdfa", "a\ud83d", "שָׁ"],
    ids=ascii,
)
def test_hostile_texts_take_time_in_proportion_to_their_length(pieces: Unigram, unit: str) -> None:
    def seconds(characters: int) -> float:
        text = unit * (characters // len(unit))
        begun = time.thread_time()
        pieces.encode_all([text])
        return time.thread_time() - begun

    seconds(1_000)
    short, long = (min(seconds(size) for _ in range(2)) for size in (25_000, 200_000))
    assert long < 8 * 3 * short + 0.1


def test_other_threads_run_while_a_text_is_encoded(pieces: Unigram) -> None:
    turns, over = 0, threading.Event()

    def count() -> None:
        nonlocal turns
        while not over.wait(0.001):
            turns += 1

    thread = threading.Thread(target=count)
    thread.start()
    begun = time.thread_time()
    pieces.encode_all(["Anna ward " * 30_000])
    took = time.thread_time() - begun
    over.set()
    thread.join()
    assert turns > took * 1000 / 20, "a library that holds the GIL lets nobody else have a turn"


def test_no_word_of_a_text_is_kept(pieces: Unigram) -> None:
    """With the library's cache, what was read before would take half the time of what is new."""

    def seconds(number: int) -> float:
        text = " ".join(f"Anna{number}ward{word}" for word in range(5_000))
        begun = time.thread_time()
        pieces.encode_all([text])
        return time.thread_time() - begun

    seconds(0)
    new, known = zip(*((seconds(number), seconds(0)) for number in range(1, 9)), strict=True)
    assert min(known) > min(new) * 0.7


def test_the_kind_of_vocabulary_is_read_from_the_file() -> None:
    assert isinstance(subwords(json.dumps(unigram(PIECES)).encode()), Unigram)
    assert isinstance(subwords(json.dumps(tokenizer()).encode()), WordPiece)


def _without(key: str) -> dict[str, Any]:
    data = unigram(PIECES)
    del data["model"][key]
    return data


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (unigram(PIECES) | {"pre_tokenizer": {"type": "Whitespace"}}, UnsupportedTokenizer),
        (unigram(PIECES) | {"normalizer": {"type": "Strip", "strip_left": True}}, BrokenSource),
        (unigram([*PIECES, "son"]), BrokenSource),
        (unigram(["<s>", "<pad>", "</s>", "▁"]), UnsupportedTokenizer),
        (_without("vocab"), BrokenSource),
        ({}, BrokenSource),
    ],
    ids=["pre-tokenizer", "normalizer", "twice", "no-unk", "no-vocabulary", "empty"],
)
def test_what_is_not_a_known_unigram_tokenizer_is_refused(
    data: dict[str, Any], error: type[Exception]
) -> None:
    with pytest.raises(error):
        subwords(json.dumps(data).encode())


@pytest.mark.parametrize("skipped", [0, 2], ids=["BERT", "XLM-RoBERTa"])
def test_a_tagger_over_a_unigram_vocabulary_is_imported_and_finds_words(
    tmp_path: Path, skipped: int
) -> None:
    tiny = TinyBert(tokens=PIECES, positions=64 + skipped, skipped=skipped)
    source = tiny.write_tagger(tmp_path / "source", LABELS, window=24, overlap=8)
    model = ModelStore(tmp_path / "store").add(str(source), name="uni")
    assert model.manifest.context_length == 64
    tagger = Tagger(model, replicas=1)
    text = "  Annason has\n a fe\u0301ver.\n" * 9
    try:
        [tags] = tagger.tag([text])
        row = [0, *tagger._subwords.encode_all(["Anna ward"])[0].ids.tolist(), 2]
        [scores] = tagger._workers.submit([row], tagger._head.scores).result(20)
    finally:
        tagger.close()
    assert tags
    assert all(text[tag.start : tag.end].strip() == text[tag.start : tag.end] for tag in tags)
    expected = tiny.scores(row)[1:-1]
    # The error of int8 is far less than what one token has from its neighbour.
    neighbours = abs(expected[1:] - expected[:-1]).mean()
    assert abs(scores - expected).mean() < neighbours / 5
