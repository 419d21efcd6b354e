"""Every figure of the engine, one after another: what `make bench-engine` runs.

Each part is a program of its own in this folder and runs in a process of its own, so that none
inherits another's memory or threads. Its lines of JSON are printed as they come. A part that lacks
what it needs says so in a line with `skipped`; one that fails makes the exit status 1.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from typing import Final

PARTS: Final[dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "gateway": (("gateway_over_raw_at_32",), ("--requests", "10")),
    "mixed": (("mixed_over_offline_sorted", "mixed_over_arrival_order"), ()),
    "firsttoken": (("batch_32_over_1", "ttft_p95_over_unloaded_at_20"), ()),
    "cache": (("cache_hit_latency_ratio",), ()),
    "quality": (("int8_size_ratio", "int8_accuracy_ratio", "int8_perplexity_ratio"), ()),
    "python": (("python_us_per_token",), ()),
    "memory": (("rss_mb",), ()),
    "remote": ((), ()),
    "cluster": (("ray_2_over_1",), ()),
    "peers": ((), ()),
}
"""Program, the keys that it prints, and how it is called here."""
_LONGEST: Final = 1800


def main() -> None:
    """Run the parts and print their lines."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", help=f"comma-separated: {', '.join(PARTS)}")
    arguments = parser.parse_args()
    chosen = arguments.only.split(",") if arguments.only else list(PARTS)
    if unknown := set(chosen) - set(PARTS):
        parser.error(f"there is no part {', '.join(sorted(unknown))}")
    failed = False
    for number, part in enumerate(chosen, 1):
        begun = time.monotonic()
        sys.stderr.write(f"[{number}/{len(chosen)}] {part} ...\n")
        try:
            done = subprocess.run(
                [sys.executable, "-m", f"benchmarks.{part}", *PARTS[part][1]],
                check=False,
                stdout=subprocess.PIPE,
                text=True,
                timeout=_LONGEST,
            )
        except subprocess.TimeoutExpired:
            failed = True
            print(json.dumps({"benchmark": part, "failed": f"after {_LONGEST} s"}), flush=True)
            continue
        failed |= done.returncode != 0
        for line in done.stdout.splitlines():
            json.loads(line)
            print(line, flush=True)
        if done.returncode:
            print(json.dumps({"benchmark": part, "failed": done.returncode}), flush=True)
        sys.stderr.write(f"    {time.monotonic() - begun:.0f} s\n")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
