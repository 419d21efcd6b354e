"""A profile as a Chrome trace, for Perfetto (ui.perfetto.dev) and other viewers. Pure.

Trace Event Format, JSON object form: complete events (`X`) in microseconds, one track for each
replica and for each job, with how many jobs wait and run as a counter (`C`). Slices of one track
nest or follow one another, as viewers require: all times are whole nanoseconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from engine.profile import Phase, Profile, Span

Event = dict[str, object]
_REPLICAS: Final = 1
_JOBS: Final = 2
_JOB_TRACKS: Final = 1000
"""Track ids are unique over both groups: some viewers join tracks of equal ids."""


def chrome_trace(profile: Profile) -> dict[str, object]:
    """Return the object to write as JSON. Names, numbers and the model's name; no text."""
    return {
        "traceEvents": [*_names(profile), *_batches(profile), *_jobs(profile), *_counts(profile)],
        "displayTimeUnit": "ms",
        "otherData": {"model": profile.model, "replicas": profile.replicas},
    }


def _names(profile: Profile) -> Iterator[Event]:
    yield _meta("process_name", _REPLICAS, 0, name="replicas")
    yield _meta("process_sort_index", _REPLICAS, 0, sort_index=1)
    yield _meta("process_name", _JOBS, 0, name="jobs")
    yield _meta("process_sort_index", _JOBS, 0, sort_index=2)
    for replica in range(1, profile.replicas + 1):
        yield _meta("thread_name", _REPLICAS, replica, name=f"replica {replica}")
        yield _meta("thread_sort_index", _REPLICAS, replica, sort_index=replica)
    for job in profile.jobs:
        track = _JOB_TRACKS + job.number
        yield _meta("thread_name", _JOBS, track, name=f"job {job.number}")
        yield _meta("thread_sort_index", _JOBS, track, sort_index=job.number)


def _batches(profile: Profile) -> Iterator[Event]:
    for batch in profile.batches:
        yield _slice(
            f"batch {batch.number}",
            "batch",
            (batch.start, batch.end),
            (_REPLICAS, batch.replica),
            rows=len(batch.jobs),
            prompt_tokens=batch.prompt_tokens,
            tokens=batch.tokens,
            predicted_ms=round(1000 * batch.predicted, 3),
            measured_ms=round(1000 * batch.seconds, 3),
        )
        for span in batch.spans:
            yield _of(span, (_REPLICAS, batch.replica))
        # They run on the replica's thread one after another, whatever job they are of.
        for job in batch.jobs:
            for span in (*job.detokenise, *job.callback):
                yield _of(span, (_REPLICAS, batch.replica), job=job.number)


def _jobs(profile: Profile) -> Iterator[Event]:
    for job in profile.jobs:
        track = (_JOBS, _JOB_TRACKS + job.number)
        yield _slice(
            f"job {job.number}",
            "job",
            (job.start, job.end),
            track,
            batch=job.batch,
            prompt_tokens=job.prompt_tokens,
            tokens=job.tokens,
        )
        for span in job.spans:
            yield _of(span, track)


def _counts(profile: Profile) -> Iterator[Event]:
    changes: list[tuple[int, int, int]] = []
    for job in profile.jobs:
        for span in job.spans:
            if span.phase is Phase.QUEUE:
                changes += [(_ns(span.start), 1, 0), (_ns(span.end), -1, 1)]
        changes.append((_ns(job.end), 0, -1))
    waiting = running = 0
    counts: dict[int, tuple[int, int]] = {}
    for moment, waits, runs in sorted(changes):
        waiting, running = waiting + waits, running + runs
        counts[moment] = (waiting, running)
    for moment, (waits, runs) in counts.items():
        yield {
            "name": "jobs",
            "ph": "C",
            "ts": moment / 1000,
            "pid": _JOBS,
            "args": {"waiting": waits, "running": runs},
        }


def _of(span: Span, track: tuple[int, int], **args: object) -> Event:
    return _slice(span.phase.value, "phase", (span.start, span.end), track, **args)


def _slice(
    name: str, category: str, when: tuple[float, float], track: tuple[int, int], **args: object
) -> Event:
    start, end = map(_ns, when)
    return {
        "name": name,
        "cat": category,
        "ph": "X",
        "ts": start / 1000,
        "dur": (end - start) / 1000,
        "pid": track[0],
        "tid": track[1],
        "args": args,
    }


def _meta(kind: str, process: int, thread: int, **args: object) -> Event:
    return {"name": kind, "ph": "M", "pid": process, "tid": thread, "ts": 0, "args": args}


def _ns(seconds: float) -> int:
    return round(seconds * 1e9)
