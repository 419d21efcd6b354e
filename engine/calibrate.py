"""Measures what a model's batches cost on this machine: three trials, about a second together.

It is the warm-up too: weights are packed for the processor at their first use.
"""

from __future__ import annotations

import statistics
import time
from itertools import pairwise
from typing import Final

from engine.costs import Costs, Trial, fit
from engine.network import Network, Step

_SHORT: Final = 8
_LONG: Final = 160
_STEPS: Final = 6


def measure(network: Network, token: str, longest: int) -> Costs:
    """Run a few batches of `token` alone, none longer than `longest`, and fit the cost model."""
    trial(network, token, 1, _SHORT, 2)  # Packs the weights; its time says nothing.
    return fit(
        trial(network, token, 1, _SHORT, _STEPS),
        trial(network, token, 8, _SHORT, _STEPS),
        trial(network, token, 4, max(_SHORT, min(_LONG, longest - _STEPS)), _STEPS),
    )


def trial(network: Network, token: str, rows: int, prompt: int, steps: int) -> Trial:
    """Time one batch of equal prompts; the model's own end tokens do not end it."""
    times: list[float] = []

    def on_step(step: Step) -> bool:
        if step.batch_id == 0:
            times.append(time.perf_counter())
        return len(times) > steps

    start = time.perf_counter()
    network.generate(
        [[token] * prompt] * rows,
        max_length=steps,
        end_tokens=[],
        temperature=0.0,
        top_p=1.0,
        on_step=on_step,
    )
    gaps = [after - before for before, after in pairwise(times)]
    return Trial(rows, prompt, times[0] - start, statistics.median(gaps))
