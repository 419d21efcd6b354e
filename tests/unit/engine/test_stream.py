"""Streaming is whole characters, and stop strings wherever their tokens are cut."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.stream import TextStream

BYTES = [bytes([value]) for value in range(256)]


def run(data: bytes, stops: tuple[str, ...] = (), size: int = 1) -> tuple[list[str], bool]:
    """Feed `data` in tokens of `size` bytes."""
    table = [data[at : at + size] for at in range(0, len(data), size)]
    stream = TextStream(table, stops)
    pieces = []
    for token in range(len(table)):
        pieces.append(stream.push(token))
        if stream.stopped:
            return pieces, True
    pieces.append(stream.finish())
    return pieces, stream.stopped


@given(st.text(), st.integers(1, 5))
def test_the_pieces_put_together_are_the_text(text: str, size: int) -> None:
    pieces, _ = run(text.encode("utf-8", "surrogatepass"), size=size)
    expected = text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    assert "".join(pieces) == expected


@given(st.text(st.characters(codec="utf-8")), st.integers(1, 5))
def test_no_piece_holds_half_a_character(text: str, size: int) -> None:
    pieces, _ = run(text.encode(), size=size)
    assert all("\ufffd" not in piece for piece in pieces) or "\ufffd" in text


@given(
    st.text("abc\u00e9", max_size=40),
    st.lists(st.text("abc\u00e9", min_size=1, max_size=4), min_size=1, max_size=3),
    st.integers(1, 7),
)
def test_a_reply_ends_before_the_first_stop_string_however_tokens_are_cut(
    text: str, stops: list[str], size: int
) -> None:
    pieces, stopped = run(text.encode(), tuple(stops), size)
    found = [text.find(stop) for stop in stops if stop in text]
    if found and size == 1:
        # One byte a token: the stop string that ends first is seen first.
        ends = min(text.find(stop) + len(stop) for stop in stops if stop in text)
        seen = text[:ends]
        cut = min(seen.find(stop) for stop in stops if stop in seen)
        assert "".join(pieces) == text[:cut]
    assert stopped == bool(found)
    joined = "".join(pieces)
    assert text.startswith(joined)
    assert not any(stop in joined for stop in stops)


def test_text_that_cannot_become_a_stop_string_is_not_held_back() -> None:
    stream = TextStream(BYTES, ("END",))
    assert stream.push(ord("x")) == "x"
    assert stream.push(ord("E")) == ""
    assert stream.push(ord("x")) == "Ex"


def test_what_was_held_back_comes_at_the_end() -> None:
    stream = TextStream(BYTES, ("END",))
    assert stream.push(ord("E")) + stream.push(ord("N")) == ""
    assert stream.finish() == "EN"
    assert not stream.stopped


def test_half_a_character_at_the_end_is_one_replacement_character() -> None:
    stream = TextStream(BYTES, ())
    assert stream.push(0xF0) + stream.push(0x9F) == ""
    assert stream.finish() == "\ufffd"


def test_an_emoji_in_four_tokens_arrives_whole() -> None:
    pieces, _ = run("\U0001f691".encode())
    assert pieces == ["", "", "", "\U0001f691", ""]
