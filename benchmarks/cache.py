"""What a repeated request saves: the latency of a hit beside that of a miss, through HTTP.

Run: python -m benchmarks.cache [--rounds 5] [--repeats 10] [--tokens 256]

Prints one line of JSON. The gateway runs as its users run it, with the shipped policy, under which
research may keep replies. Each round asks something new, once, and then the same again several
times: policy, detection, redaction and two durable records are in every one of them. The goal is a
`cache_hit_latency_ratio` of at most 0.01.
"""

from __future__ import annotations

import argparse
import http.client
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MODELS = ROOT / ".local" / "models"
MODEL = "smollm2-135m-instruct"
NOTE = (
    "Patient: Margaret Thornton, MRN 48210377, DOB 03/14/1952, phone (617) 555-0142.\n"
    "Mrs. Thornton was admitted on 11/02/2026 with chest pain and shortness of breath. "
    "Troponin was 0.02 ng/mL and the ECG showed sinus rhythm at 78/min. "
    "She was treated with aspirin 81 mg and metoprolol 25 mg twice a day."
)
GOAL = 0.01


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="questions that are new")
    parser.add_argument("--repeats", type=int, default=10, help="how often each comes again")
    parser.add_argument("--tokens", type=int, default=256, help="length of a reply at most")
    arguments = parser.parse_args()
    misses, hits, tokens = [], [], []
    with tempfile.TemporaryDirectory(prefix="intramural-bench-") as folder:
        data = Path(folder)
        (data / "intramural.toml").write_text(
            f'models = "{MODELS}"\n[server]\nport = 0\n[log]\nlevel = "error"\n'
        )
        intramural = [str(Path(sys.executable).parent / "intramural"), "--data", folder]
        process = subprocess.Popen([*intramural, "serve"], stdout=subprocess.PIPE, text=True)
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            port = int(line.split("http://")[1].split()[0].rpartition(":")[2])
            client = Client(port, new_key(intramural))
            client.ask("Say hello.", 4)  # Whatever is loaded at the first request is loaded now.
            for number in range(arguments.rounds):
                text = f"{number + 1}. Write a long letter about this stay.\n{NOTE}"
                seconds, count, status = client.ask(text, arguments.tokens)
                assert status is None, status
                misses.append(seconds)
                tokens.append(count)
                for _ in range(arguments.repeats):
                    seconds, _, status = client.ask(text, arguments.tokens)
                    assert status == "intramural; hit", status
                    hits.append(seconds)
        finally:
            process.terminate()
            process.wait(60)
    miss, hit = statistics.median(misses), statistics.median(hits)
    report = {
        "cache_hit_latency_ratio": round(hit / miss, 5),
        "goal": GOAL,
        "hit_ms": round(1000 * hit, 2),
        "miss_ms": round(1000 * miss, 1),
        "reply_tokens": statistics.median(tokens),
    }
    sys.stdout.write(json.dumps(report) + "\n")


def new_key(intramural: list[str]) -> str:
    """Make a researcher's key."""
    made = subprocess.run(
        [
            *intramural, "keys", "create", "--name", "bench", "--role", "researcher",
            "--network", "127.0.0.0/8", "--expires", "1h", "--purpose", "HRESCH", "--json",
        ],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return str(json.loads(made.stdout)["key"])


class Client:
    """One connection, kept, and one request after the other."""

    def __init__(self, port: int, key: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}

    def ask(self, text: str, tokens: int) -> tuple[float, int, str | None]:
        """Return the seconds of the whole reply, its tokens, and the header `Cache-Status`."""
        body = {
            "model": MODEL,
            "messages": [{"role": "user", "content": text}],
            "max_tokens": tokens,
            "temperature": 0,
        }
        begun = time.perf_counter()
        self._connection.request(
            "POST", "/v1/chat/completions", json.dumps(body).encode(), self._headers
        )
        reply = self._connection.getresponse()
        answer = json.loads(reply.read())
        seconds = time.perf_counter() - begun
        assert reply.status == 200, answer
        return seconds, answer["usage"]["completion_tokens"], reply.headers.get("Cache-Status")


if __name__ == "__main__":
    main()
