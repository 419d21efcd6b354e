"""Prints, as JSON, what a simulation costs: records/s, and memory for few and for many records.

python -m benchmarks.simulation [--records 1000000]
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import time

from gateway.policy.release import build, read
from gateway.policy.shipped import shipped_policies
from gateway.policy.simulation.necessary import Sent
from gateway.policy.simulation.replay import Replay
from gateway.policy.simulation.sides import Side
from tests.fakes.traffic import changed, standings, traffic


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--records", type=int, default=1_000_000)
    count = parser.parse_args().records
    files = dict(read(shipped_policies()))
    against = build(files)
    known = standings()
    replay = Replay(
        Side(build(changed(files))), Side(against), lambda _, digest: known.get(digest or "")
    )
    sent = Sent()
    some = list(traffic(against, 1, 10_000))
    before = _peak()
    seconds = {"simulate": 0.0, "necessary": 0.0}
    rounds = max(1, count // len(some))
    for turn in range(rounds):
        for name, take in (("simulate", replay.take), ("necessary", sent.take)):
            began = time.perf_counter()
            for index, record in enumerate(some, turn * len(some)):
                take(index, record)
            seconds[name] += time.perf_counter() - began
    total = rounds * len(some)
    print(
        json.dumps(
            {
                "records": total,
                "simulated_per_second": round(total / seconds["simulate"]),
                "necessary_per_second": round(total / seconds["necessary"]),
                "grown_mib": round((_peak() - before) / 1024, 1),
                "machine": platform.machine(),
                "python": platform.python_version(),
            }
        )
    )


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    main()
