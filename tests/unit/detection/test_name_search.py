"""What is sought in a faster way is what a plain search finds."""

from __future__ import annotations

import re
import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from gateway.detection.name_search import _DOTTED, _TITLED_INITIAL, NameSearch, _dotted
from gateway.domain.person_names import Mention

PIECES = ["J.", "M.T.", "J. M.", "A.-B.", "x", "É.", ".", " ", "Mrs T", "Dr. T", "xMrs T", "_", "-"]
PIECES += ["Hr M", "Prof. T.", "'", "\n", "3", "Mr Mr T", "O.", "Thornton", "Mrs", "張"]
_BEHIND_A_LETTER = re.compile(rf"(?<![^\W_]){_TITLED_INITIAL.pattern}")
texts = st.lists(st.sampled_from(PIECES)).map("".join)


@given(text=texts)
def test_dotted_initials_are_those_of_the_pattern(text: str) -> None:
    plain = [match.span() for match in _DOTTED.finditer(text)]
    assert [match.span() for match in _dotted(text)] == plain


@given(text=texts)
def test_an_initial_behind_a_title_is_found_where_the_title_is_a_word(text: str) -> None:
    names = NameSearch()
    names.add(Mention("Maria Thornton"))
    plain = [
        match.span("value") for match in _BEHIND_A_LETTER.finditer(text) if match["one"] in "MT"
    ]
    found = [
        (each.start, each.end)
        for each in names.find(text)
        if each.recognizer == "propagated.initials" and each.score > 0.6
    ]
    assert found == plain


def _taken(count: int) -> int:
    """Return the bytes that it takes to find so many people of one first name."""
    names = NameSearch()
    people = [f"Anna {chr(65 + n % 26)}{n // 26:03d}".translate(_LETTERS) for n in range(count)]
    for person in people:
        names.add(Mention(person))
    tracemalloc.start()
    try:
        found = sum(1 for _ in names.find(", ".join(people)))
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
        assert found >= count


_LETTERS = str.maketrans("0123456789", "abcdefghij")


def test_thousands_of_one_name_take_no_more_memory_each_than_hundreds() -> None:
    assert _taken(1600) < 8 * _taken(400)


def test_who_is_written_small_once_is_sought_small_among_capitals() -> None:
    text = "f/u by farouk's sec Maureen"
    small, large = NameSearch(), NameSearch()
    small.add(Mention("farouk"))
    large.add(Mention("Farouk"))
    assert [(each.start, each.end) for each in small.find(text)] == [(7, 13)]
    assert list(large.find(text)) == []


def test_a_word_that_is_written_small_is_not_sought_for_it() -> None:
    names = NameSearch()
    names.add(Mention("ward"))
    assert list(names.find("on the ward with Maureen")) == []
