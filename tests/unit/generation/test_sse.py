"""Events are the same wherever the bytes are cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.generation.sse import MAX_EVENT, EventParser

_LINE = st.binary(max_size=20).map(lambda data: data.translate(None, b"\r\n"))


@given(
    st.lists(_LINE.filter(bool)), st.lists(st.integers(1, 30)), st.sampled_from([b"\n", b"\r\n"])
)
def test_events_are_the_same_wherever_the_bytes_are_cut(
    lines: list[bytes], cuts: list[int], end: bytes
) -> None:
    whole = b"".join(b": comment" + end + b"data: " + line + end + end for line in lines)
    parser = EventParser()
    events: list[bytes] = []
    for cut in cuts:
        events += parser.feed(whole[:cut])
        whole = whole[cut:]
    events += parser.feed(whole)
    assert events == lines


def test_an_event_of_several_lines_is_one_and_other_fields_are_left_unread() -> None:
    parser = EventParser()
    stream = b"event: x\nid: 7\ndata: one\ndata:two\n\nretry: 5\n\n: ping\n\ndata\n\n"
    assert parser.feed(stream) == [b"one\ntwo", b""]


@pytest.mark.parametrize(
    "flood", [b"data: " + b"x" * MAX_EVENT, b"data: x\n" * MAX_EVENT, b"data:\n" * 2 * MAX_EVENT]
)
def test_an_event_without_end_is_refused(flood: bytes) -> None:
    parser = EventParser()
    with pytest.raises(ValueError, match="too large"):
        parser.feed(flood + b"y")
