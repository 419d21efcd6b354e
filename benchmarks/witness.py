"""What signatures under a checkpoint cost, and how many heads a witness cosigns: JSON.

    python -m benchmarks.witness [--count 200]

Nothing of it is on the path of an acknowledgement: the log's second signature is made once a second
by the thread that publishes, and witnesses are asked by a thread of their own.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from gateway import logs
from gateway.domain.notes import COSIGNATURE, ED25519, ML_DSA_44, Checkpoint
from gateway.ledger.signatures import check, new_signer
from gateway.ledger.witness.home import Home
from tests.fakes.witnesses import PaperLog

_NAMES = {ED25519: "ed25519", COSIGNATURE: "cosignature", ML_DSA_44: "ml-dsa-44"}


def median_ms(work: Callable[[], object], count: int) -> float:
    times = []
    for _ in range(count):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return round(sorted(times)[count // 2] * 1000, 4)


def signatures(count: int) -> dict[str, dict[str, float]]:
    text = Checkpoint("intramural/ward-1", 1_000_000, bytes(32)).text()
    found = {}
    for kind, name in _NAMES.items():
        signer = new_signer("intramural/ward-1", kind)
        line = signer.line(text, 1)
        found[name] = {
            "sign_ms": median_ms(lambda signer=signer: signer.line(text, 1), count),
            "check_ms": median_ms(
                lambda signer=signer, line=line: check(signer.vkey, line, text), count
            ),
            "bytes": len(line.line().encode()),
        }
    return found


def witness(count: int) -> dict[str, float]:
    log = PaperLog().grow(*(f"leaf {n}" for n in range(count)))
    requests = [log.request(n, n + 1).encode() for n in range(count)]
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder) / "witness")
        home.make("witness.example/w", post_quantum=False)
        (home.logs / "log.vkey").write_text(log.key.vkey.encode(), encoding="utf-8")
        with home.opened() as one:
            began = time.perf_counter()
            for request in requests:
                one.add_checkpoint(request)
            seconds = time.perf_counter() - began
    return {"heads": count, "heads_per_second": round(count / seconds, 1)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200)
    count = parser.parse_args().count
    logs.configure(style="json", level="warning")
    print(json.dumps({"signatures": signatures(count), "witness": witness(count)}, indent=2))


if __name__ == "__main__":
    main()
