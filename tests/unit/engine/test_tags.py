"""Sequences of labels against brute force, and the cutting of long texts."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.tags import Scheme, _viterbi, best, certainty, spans, windows

BIOES = Scheme(("O", "B-A", "I-A", "E-A", "S-A", "B-C", "I-C", "E-C", "S-C"))
ONE = Scheme(("B-A", "S-A", "O", "E-A", "I-A"))
PLAIN = Scheme(("A", "O", "C"))


def drawn(seed: int, scheme: Scheme, count: int) -> np.ndarray:
    """Return scores of which any label may be the best: Hypothesis' own arrays are mostly equal."""
    random = np.random.default_rng(seed)
    return random.normal(0, 3, (count, len(scheme.labels))).astype(np.float32)


def allowed(labels: tuple[int, ...], scheme: Scheme) -> bool:
    """Whether a sequence makes sense, read off the definition of BIOES, one label at a time."""
    inside = None
    for label in labels:
        name = scheme.labels[label]
        prefix, _, kind = name.partition("-")
        if name == "O" or not kind:
            if inside:
                return False
        elif prefix in {"B", "S"}:
            if inside:
                return False
            inside = kind if prefix == "B" else None
        elif inside != kind:
            return False
        elif prefix == "E":
            inside = None
    return inside is None


@given(st.integers(0, 2**32), st.sampled_from([BIOES, ONE, PLAIN]), st.integers(1, 4))
def test_the_best_sequence_is_the_one_that_brute_force_finds(
    seed: int, scheme: Scheme, count: int
) -> None:
    scores = drawn(seed, scheme, count)
    sequences = [
        each
        for each in itertools.product(range(len(scheme.labels)), repeat=count)
        if allowed(each, scheme)
    ]
    highest = max(sum(scores[place, label] for place, label in enumerate(s)) for s in sequences)
    found = tuple(int(label) for label in best(scores, scheme))
    assert allowed(found, scheme)
    assert sum(scores[place, label] for place, label in enumerate(found)) == pytest.approx(
        highest, abs=1e-4
    )


@given(st.integers(0, 2**32), st.floats(0, 12), st.integers(1, 60))
def test_mending_what_is_broken_is_as_good_as_viterbi_over_all(
    seed: int, sure: float, count: int
) -> None:
    """`best` looks only at what may change; mostly outside, as texts are, it has little to do."""
    scores = drawn(seed, BIOES, count)
    scores[:, BIOES.outside] += sure
    rows = np.arange(count)
    found, expected = best(scores, BIOES), _viterbi(scores, BIOES)
    assert scores[rows, found].sum() == pytest.approx(scores[rows, expected].sum(), abs=1e-3)


@given(st.integers(0, 2**32), st.sampled_from([BIOES, ONE, PLAIN]), st.integers(0, 40))
def test_every_sequence_makes_sense_and_its_things_are_disjoint_and_in_order(
    seed: int, scheme: Scheme, count: int
) -> None:
    scores = drawn(seed, scheme, count)
    labels = best(scores, scheme)
    assert allowed(tuple(labels), scheme)
    found = list(spans(labels, scheme))
    covered = [place for first, end, _ in found for place in range(first, end)]
    assert covered == sorted(set(covered))
    assert covered == [place for place, label in enumerate(labels) if scheme.labels[label] != "O"]
    for first, end, kind in found:
        assert {int(scheme.type_of[label]) for label in labels[first:end]} == {kind}
        if scheme is not PLAIN:
            names = [scheme.labels[label][0] for label in labels[first:end]]
            assert "".join(names) in {"S", "B" + "I" * (len(names) - 2) + "E"}


def test_neighbours_of_one_type_are_two_things_in_bioes_and_one_where_labels_are_plain() -> None:
    names = ["S-A", "B-A", "E-A", "O", "S-C"]
    labels = np.array([BIOES.labels.index(name) for name in names])
    assert list(spans(labels, BIOES)) == [(0, 1, 0), (1, 3, 0), (4, 5, 1)]
    labels = np.array([PLAIN.labels.index(name) for name in ["A", "A", "C", "O", "C"]])
    assert list(spans(labels, PLAIN)) == [(0, 2, 0), (2, 3, 1), (4, 5, 1)]


@pytest.mark.parametrize(
    "labels",
    [
        ("O", "B-A", "I-A", "E-A"),
        ("O", "A", "B-C", "I-C", "E-C", "S-C"),
        ("A", "B"),
        ("O", "A", "A"),
        ("O", "B-A", "I-A"),
        (),
    ],
)
def test_labels_that_are_neither_bioes_nor_plain_are_refused(labels: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="labels are"):
        Scheme(labels)


def test_how_sure_a_type_is_adds_up_its_labels() -> None:
    scores = np.log(np.array([[0.4, 0.1, 0.1, 0.1, 0.2, 0.1, 1e-9, 1e-9, 1e-9]], np.float32))
    assert certainty(scores, BIOES)[0] == pytest.approx([0.5, 0.1], abs=1e-5)


@given(st.integers(0, 5000), st.integers(1, 300), st.data())
def test_windows_keep_every_token_once_with_text_on_both_sides(
    count: int, size: int, data: st.DataObject
) -> None:
    overlap = data.draw(st.integers(0, size - 1))
    cut = windows(count, size, overlap)
    kept = [place for window in cut for place in range(window.first, window.last)]
    assert kept == list(range(count))
    assert len({window.end - window.start for window in cut}) <= 1
    for window in cut:
        assert 0 <= window.start <= window.first < window.last <= window.end <= count
        assert window.end - window.start <= size
        if window.start > 0:
            assert window.first - window.start >= overlap // 2
        if window.end < count:
            assert window.end - window.last >= overlap // 2
    if cut:
        assert len(cut) == max(1, -(-(count - overlap) // (size - overlap)))


@given(st.integers(0, 3000), st.integers(6, 200), st.data())
def test_windows_cut_where_a_text_ends_keep_every_token_once(
    count: int, size: int, data: st.DataObject
) -> None:
    overlap = data.draw(st.integers(0, size - 1))
    places = st.lists(st.integers(0, count), max_size=60).map(sorted)
    ends = data.draw(st.lists(places, min_size=1, max_size=3))
    cut = windows(count, size, overlap, ends)
    kept = [place for window in cut for place in range(window.first, window.last)]
    assert kept == list(range(count))
    for window in cut:
        assert 0 <= window.start <= window.first < window.last <= window.end <= count
        assert window.end - window.start <= size
    assert len(cut) <= 1 + 4 * count // size, "no window advances by less than a quarter of it"


def test_windows_end_at_paragraphs_rather_than_at_sentences_and_lines() -> None:
    paragraphs, sentences, lines = [70], [60, 80, 130], [50, 90, 95, 150, 190]
    cut = windows(260, 100, 20, [paragraphs, sentences, lines])
    assert [(window.start, window.end) for window in cut] == [
        (0, 70),
        (70, 130),
        (130, 200),
        (180, 260),
    ]
    assert [(window.first, window.last) for window in cut[2:]] == [(130, 190), (190, 260)]


def test_windows_of_a_text_without_any_end_share_their_overlap() -> None:
    cut = windows(250, 100, 20, [[], [], []])
    assert [(window.start, window.end) for window in cut] == [(0, 100), (80, 180), (160, 250)]
    assert [window.last for window in cut] == [90, 170, 250]
