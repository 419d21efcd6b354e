"""kill -9: what a record tells of opens, no other text stays, a shredding is completed."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gateway.domain.records import Intent, Outcome
from gateway.ledger import Query, read_ledger, verify
from gateway.ledger.query import vkey_beside
from gateway.ledger.sealing import reading
from tests.fakes.vaults import Node, about, fill, patient_of

KEEP = """
import asyncio, sys
from pathlib import Path
from tests.fakes.vaults import Node, about, exchange_name, exchanged

node, first = Node(Path(sys.argv[1])), int(sys.argv[2])

async def producer(ledger, vault, which):
    for n in range(10**6):
        name = exchange_name(first + 16 * n + which)
        await exchanged(ledger, vault, name, about(f"4821{n % 5}{which}"), f"canary-{n}")
        sys.stdout.write(f"{name}\\n")
        sys.stdout.flush()

async def main():
    with node.serving() as (ledger, vault):
        await asyncio.gather(*(producer(ledger, vault, which) for which in range(16)))

asyncio.run(main())
"""
SHRED = """
import sys
from pathlib import Path
from tests.fakes.vaults import Node, patient_of

node = Node(Path(sys.argv[1]))
shredder = node.shredder()
order = shredder.of_patient("order-1", patient_of("48210377"))
node.record(order.record("key:x", 5))
sys.stdout.write("recorded\\n")
sys.stdout.flush()
shredder.carry_out(order)
sys.stdout.write("done\\n")
sys.stdout.flush()
"""


def child(code: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE, text=True
    )


def killed(process: subprocess.Popen[str]) -> list[str]:
    """Kill a process and return what it said whole."""
    assert process.stdout is not None
    process.send_signal(signal.SIGKILL)
    left = process.stdout.readlines()
    process.wait()
    process.stdout.close()
    return [line.strip() for line in left if line.endswith("\n")]


def test_every_text_that_a_record_tells_of_survives_and_no_other_stays(tmp_path: Path) -> None:
    node = Node(tmp_path / "data")
    for run in range(3):
        process = child(KEEP, str(node.root), str(10_000_000 * run))
        assert process.stdout is not None
        ended = [process.stdout.readline().strip() for _ in range(40 * (run + 1))]
        ended += killed(process)
        with node.serving():
            pass
        for name in ended:
            payload = reading.open_payload(node.vault_place, name)
            assert payload.request
            assert payload.reply
    with read_ledger(node.place.directory) as ledger:
        recorded = sum(
            isinstance(each.record, Intent | Outcome) and each.record.sealed is not None
            for each in ledger.search(Query(limit=None))
        )
    keys = node.keys()
    living = keys.execute("SELECT count(*) FROM parts WHERE wrapped <> zeroblob(40)").get
    keys.close()
    assert living == recorded
    assert verify(node.place.directory, vkey_beside(node.place.directory)).open == 0


@pytest.mark.parametrize("run", range(4))
def test_a_shredding_that_was_killed_is_completed_and_leaves_no_byte(
    tmp_path: Path, run: int
) -> None:
    node = Node(tmp_path / "data")
    names = fill(node, [about("48210377" if n % 2 else f"99{n:06}") for n in range(60)])
    before = node.wrapped()
    process = child(SHRED, str(node.root))
    assert process.stdout is not None
    assert process.stdout.readline() == "recorded\n"
    time.sleep(random.random() * 0.02 * run)  # noqa: S311 - when is no secret
    killed(process)
    with node.serving():
        pass
    erased = before - node.wrapped()
    assert len(erased) == 61  # The patient's key, and those of thirty requests and replies.
    whole = b"".join(path.read_bytes() for path in node.root.rglob("*") if path.is_file())
    assert not [each for each in {*erased, patient_of("48210377")} if each in whole]
    assert list(reading.exchanges_about(node.vault_place, patient_of("48210377"), None, 9)) == []
    assert reading.open_payload(node.vault_place, names[0]).request
    verify(node.place.directory, vkey_beside(node.place.directory))
