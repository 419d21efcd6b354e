"""What a start of the gateway costs, and where. Prints JSON.

    .venv/bin/python -m benchmarks.start [--records 20000] [--models .local/models]

Each stage in seconds of the clock and of the processor, in a process of its own that has read
nothing yet: interpreter and imports, then what `gateway.app.build` says that it does. The engine is
elsewhere; a model in the process takes what reading its weights takes.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

CHILD = """
import json, sys, time
began = time.monotonic(), 0.0
stages, name = {}, "imports"

def done(following):
    global began, name
    now = time.monotonic(), time.process_time()
    stages[name] = {"seconds": round(now[0] - began[0], 3), "cpu": round(now[1] - began[1], 3)}
    began, name = now, following

from pathlib import Path
import gateway.cli.root
from gateway import app
from gateway.settings import load
settings = load(Path(sys.argv[1]))
done("secrets")
built = app.build(settings, done)
done("")
built.close()
print(json.dumps(stages))
"""
FILL = """
import sys
from pathlib import Path
from gateway.installation import place_of
from gateway.ledger import SqliteLedger
from gateway.settings import load
from benchmarks.ledger import appends
import asyncio
with SqliteLedger.open_for_serving(place_of(load(Path(sys.argv[1]))), now_ms=lambda: 1) as ledger:
    asyncio.run(appends(ledger, 256, int(sys.argv[2])))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=20_000, help="in the log that it finds")
    parser.add_argument("--models", type=Path, default=Path(".local/models"))
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as data:
        (Path(data) / "intramural.toml").write_text(
            f'node = "benchmark"\nmodels = "{options.models.resolve()}"\n'
            '[engine]\nkind = "openai"\n[engine.openai]\nendpoints = ["http://127.0.0.1:9"]\n'
            '[engine.openai.models."smollm2-135m-instruct"]\ncontext_length = 8192\n',
            encoding="utf-8",
        )
        run = [sys.executable, "-c"]
        subprocess.run([*run, CHILD, data], check=True, stdout=subprocess.DEVNULL)
        subprocess.run([*run, FILL, data, str(options.records)], check=True)
        runs = []
        for _ in range(options.runs):
            ended = subprocess.run([*run, CHILD, data], check=True, capture_output=True, text=True)
            stages = json.loads(ended.stdout.splitlines()[-1])
            total = round(sum(stage["seconds"] for stage in stages.values()), 3)
            runs.append({"total_seconds": total, **stages})
    best = min(runs, key=lambda each: each["total_seconds"])
    json.dump({"benchmark": "start", "records": options.records, **best}, sys.stdout, indent=2)
    sys.stdout.write("\n")


if __name__ == "__main__":
    main()
