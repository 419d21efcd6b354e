"""How `intramural model profile` shows a profile: tables for people, JSON for programs."""

from __future__ import annotations

import statistics
import sys
from contextlib import AbstractContextManager
from typing import Any

from engine import BatchProfile, JobProfile, Phase, Profile, Sums


def busy(told: str) -> AbstractContextManager[object]:
    """Say on standard error, where that is a terminal, what is being done."""
    from rich.console import Console

    return Console(stderr=True).status(told)


def print_profile(profile: Profile) -> None:
    """Print what all jobs and replicas did, each batch with what was predicted, and the sums."""
    console = _console()
    console.print(_phases(profile))
    console.print()
    console.print(_batches(profile))
    first = statistics.median(job.first - job.start for job in profile.jobs)
    console.print(
        f"\n{len(profile.jobs)} jobs, {profile.tokens} tokens in {profile.seconds:.2f} s: "
        f"{profile.tokens / profile.seconds:.0f} tokens/s, the first after {first:.2f} s (median), "
        f"{_typical_us(profile):.0f} µs of Python a token (median; {_python_us(profile):.0f} on "
        "average)"
    )


def as_json(profile: Profile) -> dict[str, object]:
    """Return the same for programs. Times are milliseconds."""
    return {
        "model": profile.model,
        "replicas": profile.replicas,
        "milliseconds": _ms(profile.seconds),
        "tokens": profile.tokens,
        "tokens_per_second": round(profile.tokens / profile.seconds, 1),
        "python_us_per_token": round(_python_us(profile), 1),
        "python_us_per_token_median": round(_typical_us(profile), 1),
        "of_jobs": _sums(profile.of_jobs),
        "of_replicas": _sums(profile.of_replicas) | {"idle": _ms(profile.idle)},
        "batches": [_batch(each) for each in profile.batches],
        "jobs": [_job(each) for each in profile.jobs],
    }


def _phases(profile: Profile) -> Any:  # noqa: ANN401 - rich is imported late
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("PHASE")
    for name in ("EACH JOB, MS", "LONGEST", "SHARE", "REPLICAS, MS", "SHARE"):
        table.add_column(name, justify="right", no_wrap=True)
    jobs = profile.jobs
    waited, used = profile.of_jobs, profile.of_replicas
    whole, available = sum(waited.values()), profile.replicas * profile.seconds
    for phase in Phase:
        runs = phase not in {Phase.TOKENISE, Phase.QUEUE}
        table.add_row(
            phase.value,
            _shown(waited[phase] / len(jobs)),
            _shown(max(job.sums[phase] for job in jobs)),
            _share(waited[phase], whole),
            _shown(used[phase]) if runs else "",
            _share(used[phase], available) if runs else "",
        )
    table.add_row("idle", "", "", "", _shown(profile.idle), _share(profile.idle, available))
    table.add_row(
        "together",
        _shown(whole / len(jobs)),
        _shown(max(job.end - job.start for job in jobs)),
        _share(whole, whole),
        _shown(available),
        _share(available, available),
        style="bold",
    )
    return table


def _batches(profile: Profile) -> Any:  # noqa: ANN401 - as _phases
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    names = ("BATCH", "REPLICA", "JOBS", "PROMPT", "TOKENS", "PREDICTED, MS", "TOOK", "RATIO")
    for name in names:
        table.add_column(name, justify="right", no_wrap=True)
    for each in profile.batches:
        table.add_row(
            str(each.number),
            str(each.replica),
            str(len(each.jobs)),
            str(each.prompt_tokens),
            str(each.tokens),
            _shown(each.predicted),
            _shown(each.seconds),
            f"{each.seconds / each.predicted:.2f}",
        )
    return table


def _batch(batch: BatchProfile) -> dict[str, object]:
    return {
        "batch": batch.number,
        "replica": batch.replica,
        "jobs": len(batch.jobs),
        "prompt_tokens": batch.prompt_tokens,
        "tokens": batch.tokens,
        "start": _ms(batch.start),
        "predicted": _ms(batch.predicted),
        "took": _ms(batch.seconds),
        "phases": _sums(batch.sums),
    }


def _job(job: JobProfile) -> dict[str, object]:
    return {
        "job": job.number,
        "batch": job.batch,
        "prompt_tokens": job.prompt_tokens,
        "tokens": job.tokens,
        "start": _ms(job.start),
        "took": _ms(job.end - job.start),
        "phases": _sums(job.sums),
    }


def _python_us(profile: Profile) -> float:
    used = profile.of_replicas
    return 1e6 * (used[Phase.DETOKENISE] + used[Phase.CALLBACK]) / max(1, profile.tokens)


def _typical_us(profile: Profile) -> float:
    """A step that had to wait for a processor weighs nothing here, and a lot in the average."""
    told = statistics.median(span.seconds for job in profile.jobs for span in job.callback)
    made = statistics.median(span.seconds for job in profile.jobs for span in job.detokenise)
    return 1e6 * (told + made)


def _sums(sums: Sums) -> dict[str, float]:
    return {phase.value: _ms(seconds) for phase, seconds in sums.items()}


def _ms(seconds: float) -> float:
    return round(1000 * seconds, 3)


def _shown(seconds: float) -> str:
    return f"{1000 * seconds:,.1f}"


def _share(part: float, whole: float) -> str:
    return f"{100 * part / whole:.1f} %"


def _console() -> Any:  # noqa: ANN401 - as _phases
    from rich.console import Console

    # A file or a pipe has no width, and half a row is of no use there.
    return Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else 500)
