"""Where time goes: laws of the sums, and what a run of the real model says of itself."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import GenerateOptions, Generator, InstalledModel, PromptTooLong, detect_devices
from engine.job import Finished, Text
from engine.plan import Wish, make_plan
from engine.profile import RUNNING, Asked, Phase, Profile, make_profile
from engine.profiler import profile_model, run
from engine.report import BatchReport
from engine.timing import Timing
from tests.unit.engine.profiles import made, reported

SHAPES = {"seed": st.integers(0, 2**32), "jobs": st.integers(1, 40), "replicas": st.integers(1, 4)}
CLOSE = 1e-6
"""Seconds that adding up thousands of them may lose: a clock counts from the start of a machine."""


@given(**SHAPES)
def test_the_phases_of_a_job_add_up_to_all_of_it(seed: int, jobs: int, replicas: int) -> None:
    profile = made(seed, jobs, replicas)
    for job in profile.jobs:
        assert sum(job.sums.values()) == pytest.approx(job.end - job.start, abs=CLOSE)
        assert min(job.sums.values()) >= -CLOSE
        assert all(before.end == after.start for before, after in pairwise(job.spans))
    whole = sum(job.end - job.start for job in profile.jobs)
    assert sum(profile.of_jobs.values()) == pytest.approx(whole, abs=CLOSE)


@given(**SHAPES)
def test_what_replicas_do_and_do_not_adds_up_to_all_their_time(
    seed: int, jobs: int, replicas: int
) -> None:
    profile = made(seed, jobs, replicas)
    for batch in profile.batches:
        assert sum(batch.sums.values()) == pytest.approx(batch.seconds, abs=CLOSE)
    together = sum(profile.of_replicas.values()) + profile.idle
    assert together == pytest.approx(replicas * profile.seconds, abs=CLOSE)
    assert profile.idle >= -CLOSE
    assert all(not profile.of_replicas[phase] for phase in Phase if phase not in RUNNING)


@given(**SHAPES)
def test_every_span_lies_within_its_batch(seed: int, jobs: int, replicas: int) -> None:
    assert_nested(made(seed, jobs, replicas))


@given(**SHAPES)
def test_every_job_is_in_one_batch_and_numbered_in_order(
    seed: int, jobs: int, replicas: int
) -> None:
    profile = made(seed, jobs, replicas)
    assert [job.number for job in profile.jobs] == list(range(1, jobs + 1))
    assert [batch.number for batch in profile.batches] == list(range(1, len(profile.batches) + 1))
    assert all(before.start <= after.start for before, after in pairwise(profile.batches))
    assert min(job.start for job in profile.jobs) == 0
    assert profile.tokens == sum(batch.tokens for batch in profile.batches)


def assert_nested(profile: Profile) -> None:
    for batch in profile.batches:
        for job in batch.jobs:
            assert job.batch == batch.number
            waiting, running = job.spans[:2], job.spans[2:]
            assert all(0 <= span.start <= span.end <= batch.start for span in waiting)
            decode = running[-1]
            inner = (*job.detokenise, *job.callback)
            assert all(batch.start <= span.start <= span.end <= batch.end for span in running)
            assert all(decode.start <= span.start <= span.end <= decode.end for span in inner)


def test_a_job_that_has_not_ended_has_no_profile() -> None:
    asked, reports = reported(1, 3, 1)
    asked[1].timing.ended = None
    with pytest.raises(ValueError, match="not ended"):
        make_profile("tiny", 1, asked, reports)


def test_a_job_that_no_batch_reports_has_no_profile() -> None:
    asked, reports = reported(1, 3, 1)
    asked.append(Asked((asked[0].tokenise[0], asked[0].tokenise[1]), 1, 1, Timing()))
    with pytest.raises(ValueError, match="in no batch"):
        make_profile("tiny", 1, asked, reports)


@pytest.fixture(scope="module")
def profile(model: InstalledModel) -> Profile:
    plan = make_plan(
        detect_devices(), [model.manifest], Wish(replicas=2, threads=1, max_batch=3)
    ).models
    return profile_model(model, plan[0], jobs=7, concurrency=5, prompt_tokens=40, tokens=6)


def test_the_real_model_is_profiled_as_it_was_told(profile: Profile) -> None:
    assert len(profile.jobs) == 7
    assert {job.prompt_tokens for job in profile.jobs} == {40}
    assert all(1 <= job.tokens <= 6 for job in profile.jobs)
    assert all(len(batch.jobs) <= 3 for batch in profile.batches)
    assert_nested(profile)
    for job in profile.jobs:
        assert sum(job.sums.values()) == pytest.approx(job.end - job.start, abs=CLOSE)
        assert all(job.sums[phase] > 0 for phase in Phase)
        assert len(job.detokenise) >= job.tokens


def test_no_more_jobs_are_under_way_than_at_a_time(profile: Profile) -> None:
    starts = sorted(job.start for job in profile.jobs)
    ends = sorted(job.callback[-1].start for job in profile.jobs)
    assert all(start >= end for start, end in zip(starts[5:], ends, strict=False))


def test_what_does_not_fit_the_context_is_refused_before_the_model_is_loaded(
    model: InstalledModel,
) -> None:
    plan = replace(
        make_plan(detect_devices(), [model.manifest], Wish(replicas=1)).models[0],
        context=50,
    )
    gone = replace(model, path=model.path / "nowhere")
    with pytest.raises(PromptTooLong):
        profile_model(gone, plan, jobs=1, concurrency=1, prompt_tokens=40, tokens=11)


def test_a_timed_reply_is_the_same_reply(generator: Generator) -> None:
    options = GenerateOptions(max_tokens=20, temperature=0, stop=("zebra", "."))

    async def reply(timing: Timing | None) -> tuple[str, Finished]:
        prompt = generator.prepare_text("The house by the river", options)
        events = [event async for event in generator.generate(prompt, timing)]
        assert isinstance(events[-1], Finished)
        return "".join(each.text for each in events if isinstance(each, Text)), events[-1]

    async def both() -> None:
        timing = Timing()
        assert await reply(timing) == await reply(None)
        assert timing.ended is not None
        assert "river" not in repr(timing)

    asyncio.run(both())


def test_nothing_of_a_prompt_is_in_what_was_noted(model: InstalledModel) -> None:
    reports: list[BatchReport] = []
    generator = Generator(model, replicas=1, observe=reports.append)
    try:
        prompts = ["Zyxwvut-Canary-4711 says", "Zyxwvut-Canary-4711 asks"]
        asked = asyncio.run(run(generator, prompts, 3, 2))
    finally:
        generator.close()
    profile = make_profile(model.name, 1, asked, reports)
    assert "Canary" not in repr((asked, reports, profile))
