"""Print what the resident memory of this process rises to: `probe MODEL [ROWS PROMPT REPLY]…`.

A process of its own, because memory that an allocator keeps would hide what the next batch takes.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

from engine.ct2 import Replicas


def memory(field: str) -> int:
    status = Path("/proc/self/status").read_text("ascii")
    found = re.search(rf"^{field}:\s+(\d+) kB", status, re.MULTILINE)
    assert found is not None
    return int(found[1]) * 1024


def main() -> None:
    directory, token, *batches = sys.argv[1:]
    before = memory("VmRSS")
    network = Replicas(Path(directory), replicas=1, threads=1)
    loaded = memory("VmRSS")
    peaks = [memory("VmHWM") - before, loaded - before]
    for batch in batches:
        rows, prompt, reply = map(int, batch.split(","))
        Path("/proc/self/clear_refs").write_text("5", "ascii")  # VmHWM begins again.
        network.generate(
            [[token] * prompt] * rows,
            max_length=reply,
            end_tokens=[2],
            temperature=0,
            top_p=1,
            on_step=lambda _: False,
        )
        peaks.append(memory("VmHWM") - loaded)
    network.close()
    sys.stdout.write(json.dumps(peaks))


if __name__ == "__main__":
    main()
