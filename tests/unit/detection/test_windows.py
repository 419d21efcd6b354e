"""Windows cover the text, overlap, and are bounded."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from gateway.detection.windows import OVERLAP, SIZE, windows


@given(st.integers(0, 60_000), st.sampled_from(["a", "ab ", " "]))
def test_windows_cover_every_character_and_overlap(length: int, unit: str) -> None:
    text = (unit * length)[:length]
    cuts = list(windows(text))
    assert all(0 < end - start <= SIZE for start, end in cuts)
    assert (cuts[0][0], cuts[-1][1]) == (0, length) if length else not cuts
    for (_, end), (start, _) in itertools.pairwise(cuts):
        assert OVERLAP // 2 < end - start <= OVERLAP
