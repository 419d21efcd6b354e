"""The tagger on tiny random models against a forward pass of the tests' own, and its import."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine import (
    BrokenSource,
    EngineClosed,
    EngineFailed,
    InstalledModel,
    ModelChanged,
    ModelError,
    ModelStore,
    Tag,
    Tagger,
    UnsupportedModel,
)
from engine.decoder import Array
from engine.encoder import Row
from engine.tags import Scheme, best, spans
from engine.wordpiece import WordPiece
from tests.unit.engine.bert import CLS, SEP, TinyBert, write_json

LABELS = ["O", "B-NAME", "I-NAME", "E-NAME", "S-NAME", "B-LOC", "I-LOC", "E-LOC", "S-LOC"]
SHORT = "Anna has a fever."
LONG = " ".join(f"{word}{number}" for number in range(40) for word in ("Anna ", "ward", "é🙂"))


@pytest.fixture(scope="module")
def tiny() -> TinyBert:
    return TinyBert()


@pytest.fixture(scope="module")
def model(tiny: TinyBert, tmp_path_factory: pytest.TempPathFactory) -> InstalledModel:
    root = tmp_path_factory.mktemp("tagger")
    source = tiny.write_tagger(root / "source", LABELS, window=24, overlap=8)
    return ModelStore(root / "store").add(str(source), name="tiny-tagger")


@pytest.fixture(scope="module")
def tagger(model: InstalledModel) -> Iterator[Tagger]:
    tagger = Tagger(model, replicas=2)
    yield tagger
    tagger.close()


def test_an_imported_tagger_says_what_it_is(model: InstalledModel) -> None:
    manifest = model.manifest
    assert (manifest.task, manifest.format) == ("tag", 3)
    assert {"head.npz", "tagger.json", "tokenizer.json", "model.bin"} <= set(manifest.files)
    assert manifest.self_check.cosine > 0.98
    tagging = json.loads((model.path / "tagger.json").read_text())
    cut = {"window": 24, "overlap": 8, "thresholds": {}}
    assert tagging == {"format": 2, "labels": LABELS} | cut


def test_the_scores_of_labels_are_those_of_the_paper(tiny: TinyBert, tagger: Tagger) -> None:
    wordpiece = WordPiece.load(tagger.model.path)
    row = wordpiece.framed(wordpiece.encode(SHORT)[0])
    expected = tiny.scores(row)[1:-1]
    [scores] = tagger._workers.submit([row], tagger._head.scores).result(20)
    assert scores.shape == expected.shape
    # The error of int8 is far less than what one token has from its neighbour.
    neighbours = np.abs(expected[1:] - expected[:-1]).mean()
    assert np.abs(scores - expected).mean() < neighbours / 5


def test_tags_are_the_best_sequence_with_their_characters(tiny: TinyBert, tagger: Tagger) -> None:
    text = "Anna has 🙂 fever"
    ids, places = WordPiece.load(tagger.model.path).encode(text)
    [scores] = tagger._workers.submit([[CLS, *ids, SEP]], tagger._head.scores).result(20)
    scheme = Scheme(tuple(LABELS))
    expected = [
        (places[first][0], places[end - 1][1], scheme.types[kind])
        for first, end, kind in spans(best(scores, scheme), scheme)
    ]
    [tags] = tagger.tag([text])
    assert [(tag.start, tag.end, tag.label) for tag in tags] == expected
    assert expected, "random weights that tag nothing test nothing"
    assert all(0 < tag.score <= 1 for tag in tags)


def test_a_long_text_is_tagged_to_its_end_in_order_and_within_its_characters(
    tagger: Tagger,
) -> None:
    [tags] = tagger.tag([LONG])
    assert tags[-1].end > len(LONG) - 40
    assert list(tags) == sorted(tags)
    ends = [0, *(tag.end for tag in tags)]
    assert all(tag.start >= end for tag, end in zip(tags, ends, strict=False))
    assert all(0 <= tag.start < tag.end <= len(LONG) for tag in tags)


def test_a_long_text_runs_in_windows_that_keep_each_token_once(tagger: Tagger) -> None:
    ids, _ = WordPiece.load(tagger.model.path).encode(LONG)
    plan, rows = tagger._plan([LONG])
    kept = [ids[window.first : window.last] for window in plan[0].windows]
    assert [token for part in kept for token in part] == ids
    assert all(len(row) <= 24 for row in rows)
    for window, row in zip(plan[0].windows, rows, strict=True):
        assert row == [CLS, *ids[window.start : window.end], SEP]


def test_windows_are_put_together_token_by_token(
    tagger: Tagger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With scores that depend on the token alone, the cuts must not show."""
    by_token = np.random.default_rng(3).normal(0, 3, (200, len(LABELS))).astype(np.float32)

    def submit(rows: list[list[int]], _: Any) -> Future[list[np.ndarray]]:
        future: Future[list[np.ndarray]] = Future()
        future.set_result([by_token[row[1:-1]] for row in rows])
        return future

    monkeypatch.setattr(tagger._workers, "submit", submit)
    [tags] = tagger.tag([LONG])
    ids, places = WordPiece.load(tagger.model.path).encode(LONG)
    scheme = Scheme(tuple(LABELS))
    assert [(tag.start, tag.end, tag.label) for tag in tags] == [
        (places[first][0], places[end - 1][1], scheme.types[kind])
        for first, end, kind in spans(best(by_token[ids], scheme), scheme)
    ]


def test_texts_come_back_in_their_order_and_empty_ones_have_no_tags(tagger: Tagger) -> None:
    texts = [SHORT, "", LONG, "   ", "ward"]
    together = tagger.tag(texts)
    assert [len(tags) for tags in together][1::2] == [0, 0]
    assert [tag[:0] for tag in together] == [()] * 5
    for text, tags in zip(texts, together, strict=True):
        assert [(tag.start, tag.end) for tag in tagger.tag([text])[0]] == [
            (tag.start, tag.end) for tag in tags
        ]
    assert tagger.tag([]) == []


async def test_many_requests_at_once_are_each_answered(tagger: Tagger) -> None:
    alone = tagger.tag([SHORT])
    replies = await asyncio.gather(*(tagger.tag_soon([SHORT] * 3) for _ in range(20)))
    places = [(tag.start, tag.end, tag.label) for tag in alone[0]]
    for reply in replies:
        assert [[(t.start, t.end, t.label) for t in tags] for tags in reply] == [places] * 3


async def test_the_event_loop_is_kept_by_short_texts_alone_and_both_are_tagged_alike(
    tagger: Tagger, monkeypatch: pytest.MonkeyPatch
) -> None:
    there: list[bool] = []

    def noting(work: Callable[..., Any]) -> Callable[..., Any]:
        def noted(*args: object) -> object:
            there.append(threading.current_thread() is threading.main_thread())
            return work(*args)

        return noted

    longer = LONG * 20
    alone = tagger.tag([SHORT]), tagger.tag([longer])
    monkeypatch.setattr(tagger, "_plan", noting(tagger._plan))
    monkeypatch.setattr(tagger, "_tags", noting(tagger._tags))
    assert (await tagger.tag_soon([SHORT]), await tagger.tag_soon([longer])) == alone
    await tagger.tag_soon(["a"] * 30)  # Each costs something, however short.
    assert there == [True, True, False, False, False, False]


@pytest.mark.parametrize("broken", [np.nan, np.inf])
def test_a_computation_that_yields_no_numbers_fails_and_does_not_find_nothing(
    tagger: Tagger, monkeypatch: pytest.MonkeyPatch, broken: float
) -> None:
    network = tagger._workers._network
    states = network.states

    def one_is_none(rows: Sequence[Row]) -> Array:
        result = states(rows).copy()
        result[0, 1, 0] = broken
        return result

    monkeypatch.setattr(network, "states", one_is_none)
    with pytest.raises(EngineFailed):
        tagger.tag([SHORT])
    monkeypatch.undo()
    assert tagger.tag([SHORT])


def test_a_tag_holds_no_text() -> None:
    assert set(Tag.__dataclass_fields__) == {"start", "end", "label", "score"}


def test_a_tagger_that_is_closed_says_so(model: InstalledModel) -> None:
    closed = Tagger(model, replicas=1)
    closed.close()
    with pytest.raises(EngineClosed):
        closed.tag([SHORT])


def test_a_tagger_is_refused_when_a_byte_of_any_file_has_changed(model: InstalledModel) -> None:
    store = ModelStore(model.path.parent)
    for file in [*model.manifest.files, "manifest.json"]:
        path = model.path / file
        raw = path.read_bytes()
        path.write_bytes(raw[:-5] + bytes([raw[-5] ^ 1]) + raw[-4:])
        try:
            if file == "manifest.json":
                try:
                    assert store.open("tiny-tagger").digest != model.digest
                except ModelChanged:
                    continue
            else:
                with pytest.raises(ModelChanged):
                    store.open("tiny-tagger", "tag")
        finally:
            path.write_bytes(raw)
    assert store.open("tiny-tagger", "tag").digest == model.digest


def test_plain_labels_and_the_default_windows_are_taken(tiny: TinyBert, tmp_path: Path) -> None:
    source = tiny.write_tagger(tmp_path / "source", ["O", "NAME", "LOC"])
    tiny.write_tagger(tmp_path / "other", LABELS)  # The tests' own weights go back to nine labels.
    tagger = Tagger(ModelStore(tmp_path / "store").add(str(source), name="plain"), replicas=1)
    try:
        assert tagger.types == ("NAME", "LOC")
        assert tagger._head.tagging.window == 64, "as many as the model has positions"
        [tags] = tagger.tag([LONG])
    finally:
        tagger.close()
    assert {tag.label for tag in tags} <= {"NAME", "LOC"}


def test_a_threshold_is_where_a_type_is_preferred_to_outside(
    tiny: TinyBert, tmp_path: Path, tagger: Tagger
) -> None:
    def found(**thresholds: float) -> list[str]:
        source = tmp_path / f"{sum(thresholds.values())}"
        tiny.write_tagger(source, LABELS, window=24, overlap=8, thresholds=thresholds)
        model = ModelStore(tmp_path / "store").add(
            str(source), name=f"t{len(list(tmp_path.iterdir()))}"
        )
        one = Tagger(model, replicas=1)
        try:
            return [tag.label for tag in one.tag([LONG])[0]]
        finally:
            one.close()

    plain = [tag.label for tag in tagger.tag([LONG])[0]]
    assert found(NAME=0.5) == plain
    assert found(NAME=1e-9).count("LOC") < plain.count("LOC"), "almost all is a name"
    never = found(NAME=1 - 1e-9)
    assert "NAME" not in never
    assert "LOC" in never


def test_scores_are_probabilities_whatever_the_threshold(tiny: TinyBert, tmp_path: Path) -> None:
    source = tiny.write_tagger(tmp_path / "source", LABELS, thresholds={"NAME": 0.02})
    tagger = Tagger(ModelStore(tmp_path / "store").add(str(source), name="low"), replicas=1)
    try:
        scores = [tag.score for tag in tagger.tag([LONG])[0]]
    finally:
        tagger.close()
    assert min(scores) < 0.5, "what is found by a low threshold says how unsure it is"


def _threshold_of_nothing(path: Path) -> None:
    write_json(path / "tagger.json", {"thresholds": {"PLANET": 0.4}})


def _threshold_of_one(path: Path) -> None:
    write_json(path / "tagger.json", {"thresholds": {"NAME": 1.0}})


def _half_a_scheme(path: Path) -> None:
    config = json.loads((path / "config.json").read_text())
    write_json(path / "config.json", config | {"id2label": {"0": "O", "1": "B-NAME"}})


def _gap(path: Path) -> None:
    config = json.loads((path / "config.json").read_text())
    write_json(path / "config.json", config | {"id2label": {"0": "O", "2": "NAME"}})


def _other_labels(path: Path) -> None:
    config = json.loads((path / "config.json").read_text())
    write_json(path / "config.json", config | {"id2label": {"0": "O", "1": "NAME"}})


def _no_head(path: Path) -> None:
    TinyBert(prefix="bert.").write_tensors(path / "model.safetensors")


def _unknown_key(path: Path) -> None:
    write_json(path / "tagger.json", {"stride": 3})


def _no_window(path: Path) -> None:
    write_json(path / "tagger.json", {"window": 4})


@pytest.mark.parametrize(
    ("damage", "error"),
    [
        (_half_a_scheme, UnsupportedModel),
        (_gap, BrokenSource),
        (_other_labels, BrokenSource),
        (_no_head, BrokenSource),
        (_unknown_key, BrokenSource),
        (_no_window, UnsupportedModel),
        (_threshold_of_nothing, BrokenSource),
        (_threshold_of_one, BrokenSource),
    ],
)
def test_what_is_broken_or_unknown_is_refused(
    tmp_path: Path, damage: Any, error: type[ModelError]
) -> None:
    source = TinyBert().write_tagger(tmp_path / "source", LABELS)
    damage(source)
    store = ModelStore(tmp_path / "store")
    with pytest.raises(error):
        store.add(str(source), name="tiny")
    assert store.names() == ()
