"""The picture of a profile: well-formed, true to scale, and told in words too."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.profile import RUNNING, Phase, Profile
from engine.timeline import timeline
from tests.unit.engine.profiles import made

SVG = "{http://www.w3.org/2000/svg}"


def bars(picture: str) -> list[ET.Element]:
    root = ET.fromstring(picture)  # noqa: S314 - as above
    return [each for each in root.iter(f"{SVG}rect") if "span" in each.get("class", "").split()]


def spans(profile: Profile) -> int:
    return sum(len(each.spans) for each in (*profile.batches, *profile.jobs))


def inside(picture: str) -> bool:
    """Whether every bar and every text begins within the picture, and ends there."""
    root = ET.fromstring(picture)  # noqa: S314 - as above
    _, _, width, height = map(float, root.get("viewBox", "").split())
    for each in root.iter(f"{SVG}rect"):
        right = float(each.get("x", 0)) + float(each.get("width", 0))
        bottom = float(each.get("y", 0)) + float(each.get("height", 0))
        if not (right <= width and bottom <= height and float(each.get("x", 0)) >= 0):
            return False
    return all(
        0 <= float(each.get("x", 0)) <= width and 0 <= float(each.get("y", 0)) <= height
        for each in root.iter(f"{SVG}text")
    )


@settings(max_examples=40)
@given(st.integers(0, 2**32), st.integers(1, 80), st.integers(1, 8))
def test_there_is_one_bar_for_each_span_and_all_of_them_are_in_the_picture(
    seed: int, jobs: int, replicas: int
) -> None:
    profile = made(seed, jobs, replicas)
    picture = timeline(profile)
    assert len(bars(picture)) == spans(profile)
    assert inside(picture)


@pytest.mark.parametrize("jobs", [1, 64])
def test_bars_are_as_long_as_their_spans(jobs: int) -> None:
    profile = made(jobs=jobs)
    scales = []
    drawn = [float(each.get("width", 0)) for each in bars(timeline(profile))]
    expected = [
        span
        for replica in range(1, profile.replicas + 1)
        for batch in profile.batches
        if batch.replica == replica
        for span in batch.spans
    ] + [span for job in profile.jobs for span in job.spans]
    for width, span in zip(drawn, expected, strict=True):
        if width > 20:
            scales.append(width / span.seconds)
        assert width >= 1
    assert max(scales) == pytest.approx(min(scales), rel=0.01)


def test_every_phase_is_in_the_legend_with_a_colour_for_light_and_for_dark() -> None:
    picture = timeline(made())
    light, _, dark = picture.partition("@media (prefers-color-scheme: dark)")
    words = [each.text for each in ET.fromstring(picture).iter(f"{SVG}text")]  # noqa: S314 - as above
    for phase in Phase:
        assert phase.value in words
        one, other = (re.search(rf"\.{phase} {{ fill: (#\w+) }}", part) for part in (light, dark))
        assert one
        assert other
        assert one[1] != other[1]
    assert {"idle", "replica 1", "replica 2", "job 1", "job 12"} <= set(words)
    assert any("time since the first request (" in str(word) for word in words)


def test_who_cannot_see_it_is_told_the_same() -> None:
    root = ET.fromstring(timeline(made()))  # noqa: S314 - as above
    assert root.get("role") == "img"
    named = {each.get("id"): each.text or "" for each in root}
    told = [named[each] for each in root.get("aria-labelledby", "").split()]
    assert "tiny" in told[0]
    assert all(f"{phase} " in told[1] for phase in (*RUNNING, Phase.QUEUE, "idle"))


def test_it_needs_nothing_from_elsewhere_and_runs_nothing() -> None:
    picture = timeline(made(jobs=64))
    assert "script" not in picture
    assert not re.search(r"href|url\(|@import|\son\w+=", picture)
    assert re.findall(r"https?://[^\"]*", picture) == ["http://www.w3.org/2000/svg"]


def test_a_name_of_a_model_is_text_and_not_markup() -> None:
    name = '<script>"&'
    root = ET.fromstring(timeline(made(model=name)))  # noqa: S314 - as above
    assert name in [each.text for each in root.iter(f"{SVG}text")]


def test_a_prediction_far_past_the_end_does_not_squeeze_what_happened() -> None:
    profile = made(jobs=1, replicas=1)
    batch = replace(profile.batches[0], predicted=100 * profile.seconds)
    picture = timeline(replace(profile, batches=(batch,)))
    assert max(float(each.get("width", 0)) for each in bars(picture)) > 300
    assert "predicted end" not in picture


def test_a_predicted_end_stands_on_no_label_of_a_batch() -> None:
    picture = timeline(made(jobs=8, replicas=2))
    labels = [
        float(each.get("y", 0))
        for each in ET.fromstring(picture).iter(f"{SVG}text")  # noqa: S314 - ours
        if (each.text or "").startswith("batch ")
    ]
    ends = re.findall(r'class="due" d="M[\d.]+ (\d+)v21m-4 5h8l-4 -6z"', picture)
    assert labels
    assert ends
    for begins in map(int, ends):
        assert not any(begins <= y < begins + 26 for y in labels)
