"""Jobs that never ran: what workers would have reported of them, from a seed."""

from __future__ import annotations

from random import Random

from engine.profile import Asked, Profile, make_profile
from engine.report import BatchReport
from engine.timing import Timing


def reported(seed: int, jobs: int, replicas: int) -> tuple[list[Asked], list[BatchReport]]:
    """Return jobs in batches of up to eight, each batch as its thread would have run it."""
    random = Random(seed)  # noqa: S311 - tests, not secrets
    origin = random.uniform(1, 1e6)
    clocks = [origin + 0.05] * replicas
    asked: list[Asked] = []
    reports: list[BatchReport] = []
    while len(asked) < jobs:
        replica = random.randrange(replicas)
        rows = random.randint(1, min(8, jobs - len(asked)))
        formed = clocks[replica] + random.uniform(0, 0.01)
        batch = [_asked(random, origin, formed) for _ in range(rows)]
        now = formed + random.uniform(0, 0.3)
        first = now
        left = {row: each.tokens for row, each in enumerate(batch)}
        while left:
            now += random.uniform(0.001, 0.02)
            for row in list(left):
                now = _step(random, batch[row].timing, now, last=left[row] == 1)
                left[row] -= 1
                if not left[row]:
                    del left[row]
        ended = now + random.uniform(0, 0.001)
        clocks[replica] = ended
        asked += batch
        reports.append(
            BatchReport(
                replica=replica,
                rows=rows,
                prompt_tokens=sum(each.prompt_tokens for each in batch),
                shared_tokens=0,
                tokens=sum(each.tokens for each in batch),
                predicted=(ended - formed) * random.uniform(0.5, 2),
                waited=tuple(formed - each.tokenise[1] for each in batch),
                formed=formed,
                first=first,
                ended=ended,
                callback=0.0,
                timings=tuple(each.timing for each in batch),
            )
        )
    random.shuffle(asked)
    random.shuffle(reports)
    return asked, reports


def made(seed: int = 7, jobs: int = 12, replicas: int = 2, model: str = "tiny") -> Profile:
    """Return the profile of such jobs."""
    return make_profile(model, replicas, *reported(seed, jobs, replicas))


def _asked(random: Random, origin: float, formed: float) -> Asked:
    start = random.uniform(origin, formed)
    end = random.uniform(start, formed)
    return Asked((start, end), random.randint(1, 500), random.randint(1, 30), Timing())


def _step(random: Random, timing: Timing, now: float, *, last: bool) -> float:
    for intervals in (timing.detokenise, timing.callback):
        end = now + random.uniform(0, 0.0001)
        intervals.append((now, end))
        now = end
    if last:
        timing.ended = now
    return now + random.uniform(0, 0.0001)
