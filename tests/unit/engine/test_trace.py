"""A Chrome trace keeps the rules of its format, by a checker that knows nothing of profiles.

The rules are those of the "Trace Event Format" and of what Perfetto makes of it: times in
microseconds, a name for each process and thread that is used, slices of one thread that nest.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.profile import Phase
from engine.trace import chrome_trace
from tests.unit.engine.profiles import made

METADATA = {
    "process_name": {"name": str},
    "process_sort_index": {"sort_index": int},
    "thread_name": {"name": str},
    "thread_sort_index": {"sort_index": int},
}


def problems(document: Any) -> list[str]:
    """Return what a viewer would stumble over."""
    if set(document) - {"traceEvents", "displayTimeUnit", "otherData", "metadata", "stackFrames"}:
        return ["unknown key of the document"]
    if document.get("displayTimeUnit", "ms") not in {"ms", "ns"}:
        return ["displayTimeUnit is ms or ns"]
    events = document["traceEvents"]
    return [problem for each in events for problem in malformed(each)] or [
        *unnamed(events),
        *overlapping([each for each in events if each["ph"] == "X"]),
        *uneven([each for each in events if each["ph"] == "C"]),
    ]


def malformed(event: dict[str, Any]) -> Iterator[str]:
    args, number = event.get("args", {}), (int, float)
    if not isinstance(event.get("name"), str) or not isinstance(event.get("pid"), int):
        yield "an event has no name or no process"
    if not isinstance(event.get("ts"), number) or event["ts"] < 0 or not isinstance(args, dict):
        yield "an event has no time, or args that are no object"
    match event.get("ph"):
        case "M":
            if {key: type(value) for key, value in args.items()} != METADATA.get(event["name"]):
                yield "metadata of an unknown kind or form"
        case "X":
            if not isinstance(event.get("dur"), number) or event["dur"] < 0:
                yield "a complete event has no duration"
            if not isinstance(event.get("tid"), int):
                yield "a complete event has no thread"
        case "C":
            if not args or not all(isinstance(value, number) for value in args.values()):
                yield "a counter counts nothing"
        case kind:
            yield f"event of kind {kind}"


def unnamed(events: list[dict[str, Any]]) -> Iterator[str]:
    processes = {each["pid"] for each in events if each["name"] == "process_name"}
    threads = {(each["pid"], each["tid"]) for each in events if each["name"] == "thread_name"}
    if not {each["pid"] for each in events} <= processes:
        yield "a process has no name"
    if not {(each["pid"], each["tid"]) for each in events if each["ph"] == "X"} <= threads:
        yield "a thread has no name"
    if len({thread for _, thread in threads}) < len(threads):
        yield "a thread is in two processes"


def overlapping(events: list[dict[str, Any]]) -> Iterator[str]:
    slices: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for event in events:
        start, length = round(event["ts"] * 1000), round(event["dur"] * 1000)
        slices[event["tid"]].append((start, start + length))
    for thread, intervals in slices.items():
        if not nest(intervals):
            yield f"slices of thread {thread} overlap"


def uneven(events: list[dict[str, Any]]) -> Iterator[str]:
    if len({(each["pid"], each["name"], *sorted(each["args"])) for each in events}) > len(
        {(each["pid"], each["name"]) for each in events}
    ):
        yield "a counter has not always the same series"


def nest(intervals: list[tuple[int, int]]) -> bool:
    """Whether intervals, in nanoseconds, are each within another or beside it."""
    open_ends: list[int] = []
    for start, end in sorted(intervals, key=lambda each: (each[0], -each[1])):
        while open_ends and open_ends[-1] <= start:
            open_ends.pop()
        if open_ends and end > open_ends[-1]:
            return False
        open_ends.append(end)
    return True


def written(profile: Any) -> Any:
    return json.loads(json.dumps(chrome_trace(profile), allow_nan=False))


@settings(max_examples=40)
@given(st.integers(0, 2**32), st.integers(1, 64), st.integers(1, 4))
def test_a_trace_keeps_the_rules_of_its_format(seed: int, jobs: int, replicas: int) -> None:
    assert problems(written(made(seed, jobs, replicas))) == []


def test_the_checker_finds_what_it_is_there_for() -> None:
    good = written(made())
    slices = [index for index, event in enumerate(good["traceEvents"]) if event["ph"] == "X"]
    for change in (
        {"ph": "Q"},
        {"ts": -1},
        {"dur": -1},
        {"tid": 999_999},
        {"dur": good["traceEvents"][slices[0]]["dur"] / 2},
        {"name": None},
    ):
        bad = json.loads(json.dumps(good))
        bad["traceEvents"][slices[0]].update(change)
        assert problems(bad), change


@settings(max_examples=20)
@given(st.integers(0, 2**32), st.integers(1, 30))
def test_every_span_is_in_it_with_its_length(seed: int, jobs: int) -> None:
    profile = made(seed, jobs)
    events = written(profile)["traceEvents"]
    for phase in Phase:
        told = sum(e["dur"] for e in events if e["name"] == phase.value and e["pid"] == 2) / 1e6
        shown = sum(s.seconds for job in profile.jobs for s in job.spans if s.phase is phase)
        assert abs(told - shown) < 1e-6 * len(events)
    for phase in (Phase.DETOKENISE, Phase.CALLBACK):
        told = sum(e["dur"] for e in events if e["name"] == phase.value and e["pid"] == 1) / 1e6
        assert abs(told - profile.of_replicas[phase]) < 1e-6 * len(events)
    batches = [event["args"] for event in events if event.get("cat") == "batch"]
    assert [each["rows"] for each in batches] == [len(each.jobs) for each in profile.batches]
    assert all(each["predicted_ms"] > 0 for each in batches)


def test_jobs_that_wait_and_run_are_counted_and_in_the_end_there_are_none() -> None:
    events = [e for e in written(made(jobs=30))["traceEvents"] if e["ph"] == "C"]
    assert all(value >= 0 for event in events for value in event["args"].values())
    assert events[-1]["args"] == {"waiting": 0, "running": 0}
    assert max(event["args"]["running"] for event in events) > 1
