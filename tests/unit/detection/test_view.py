"""A view hides nothing, and every offset of it leads back to the original."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from gateway.detection.view import view_of


def test_plain_text_is_its_own_view() -> None:
    view = view_of("Mrs Thornton, 12/3")
    assert view.text == "Mrs Thornton, 12/3"
    assert view.starts is None


def test_digits_of_every_script_are_read_as_digits() -> None:
    assert view_of("\uff11\uff12\uff13 \u0664\u0665\u0666").text == "123 456"


def test_what_is_invisible_is_left_out_and_belongs_to_the_character_before() -> None:
    view = view_of("a1\u200b2\u00ad3z")
    assert view.text == "a123z"
    assert view.original(1, 4) == (1, 6)


def test_a_combining_mark_belongs_to_its_letter() -> None:
    view = view_of("Jose\u0301 x")
    assert view.text == "Jose x"
    assert view.original(0, 4) == (0, 5)


def test_json_escapes_part_words() -> None:
    view = view_of(r'"a\nDOB\u00e9"')
    assert view.text == '"a\nDOBé"'
    assert view.original(3, 7) == (4, 13)


def test_a_lone_surrogate_does_not_stop_detection() -> None:
    assert view_of("a\ud800b").text == "a\ufffdb"


def test_spaces_dashes_and_quotes_are_read_as_the_plain_ones() -> None:
    assert view_of("a\u00a0b\u2011c\u2019d").text == "a b-c'd"


def test_a_view_does_not_show_its_text() -> None:
    assert "Thornton" not in repr(view_of("Thornton"))


@given(st.text())
def test_every_span_of_a_view_is_a_span_of_the_original(text: str) -> None:
    view = view_of(text)
    assert view.original(0, len(view.text))[1] == len(text)
    for index in range(len(view.text)):
        start, end = view.original(index, index + 1)
        assert 0 <= start < end <= len(text)


@given(st.text())
def test_the_characters_of_a_view_cover_what_can_be_seen(text: str) -> None:
    view = view_of(text)
    spans = [view.original(index, index + 1) for index in range(len(view.text))]
    assert all(before[1] == after[0] for before, after in itertools.pairwise(spans))
