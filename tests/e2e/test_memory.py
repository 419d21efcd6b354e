"""The gateway under a real limit of memory: the profile for 8 GB at its worst, and a tight box."""

from __future__ import annotations

import json
import re
import resource
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from engine import Devices
from engine.plan import GATEWAY
from tests.e2e.process import ROOT, Gateway, Key, chat


def limit(gateway: Gateway, size: int) -> None:
    """Let the running process touch `size` bytes of memory in all, by RLIMIT_DATA.

    That counts what is reserved; what CTranslate2 reserved at the load and never touches is left
    out. A cgroup would be the other way; it takes a manager that delegates one to us.
    """
    untouched = status(gateway, "VmData") - status(gateway, "RssAnon")
    try:
        bound = (untouched + size, resource.RLIM_INFINITY)
        resource.prlimit(gateway.process.pid, resource.RLIMIT_DATA, bound)
    except OSError:
        pytest.skip("this machine does not permit limits of memory: none was tried")


def settle(gateway: Gateway, engine: str) -> None:
    """Write `[server]` and `[engine]` as a profile has them into the gateway's own settings."""
    path = gateway.data / "intramural.toml"
    head, _, _ = path.read_text(encoding="utf-8").partition("[server]")
    path.write_text(head + engine.replace("[server]\n", "[server]\nport = 0\n"), encoding="utf-8")


def status(gateway: Gateway, field: str) -> int:
    text = Path(f"/proc/{gateway.process.pid}/status").read_text("ascii")
    found = re.search(rf"^{field}:\s+(\d+) kB", text, re.MULTILINE)
    assert found is not None
    return int(found[1]) * 1024


def ask(gateway: Gateway, key: Key, words: int) -> httpx.Response:
    with gateway.client(key) as client:
        return client.post(
            "/v1/chat/completions",
            json=chat("word " * words, max_tokens=2),
            timeout=800,
        )


def longest(gateway: Gateway) -> int:
    """Return how many words fit into the context that the gateway serves under its settings."""
    ran = gateway.command("engine", "plan", "--json")
    assert ran.returncode == 0, ran.stderr
    [model] = json.loads(ran.stdout)["models"]
    # The template's own words, and the reply.
    return int(model["context"]) - 60


def test_a_budget_holds_while_every_replica_runs_the_longest_prompt(fresh: Gateway) -> None:
    settle(fresh, '[server]\n[engine]\nprefer = ["cpu"]\nmemory = "1G"\nreplicas = 2\n')
    gateway = fresh.start()
    limit(gateway, (1 << 30) + GATEWAY)
    key = gateway.create_key("ward", "clinician")
    words = longest(gateway)
    assert words < 8192 - 60  # The context is what the budget allows.
    with ThreadPoolExecutor(3) as pool:
        replies = list(pool.map(lambda _: ask(gateway, key, words), range(3)))
    assert [reply.status_code for reply in replies] == [200] * 3, gateway.said()[-2000:]
    assert gateway.stop() == 0


def test_memory_that_is_gone_in_spite_of_the_plan_ends_a_request_and_not_the_gateway(
    fresh: Gateway,
) -> None:
    settle(fresh, '[server]\n[engine]\nprefer = ["cpu"]\nreplicas = 1\ncontext = 1024\n')
    gateway = fresh.start()
    key = gateway.create_key("ward", "clinician")
    assert ask(gateway, key, 8).status_code == 200
    # Room for detection, and not for the engine's longest prompt.
    limit(gateway, status(gateway, "RssAnon") + (64 << 20))
    failed = ask(gateway, key, longest(gateway))
    assert failed.json()["error"]["code"] == "engine_failed", failed.text
    assert ask(gateway, key, 8).status_code == 200
    records = gateway.settled(failed.headers["x-request-id"])
    assert [record["kind"] for record in records] == ["intent", "outcome"]
    limit(gateway, 8 << 30)  # Stopping takes a thread, and that a stack.
    assert gateway.stop() == 0


def test_what_cannot_fit_is_refused_at_the_start_with_what_to_do(fresh: Gateway) -> None:
    settle(
        fresh,
        '[server]\n[engine]\nprefer = ["cpu"]\nreplicas = 4\ncontext = 8192\nmemory = "2G"\n',
    )
    ran = fresh.cli("serve")
    assert ran.returncode == 1
    assert "4 replicas with prompts and replies of 8192 tokens take" in ran.stderr
    assert "engine.context" in ran.stderr
    assert "Traceback" not in ran.stderr


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_profile_for_8_gb_holds_at_its_worst(fresh: Gateway) -> None:
    profile = (ROOT / "deploy" / "profiles" / "8gb.toml").read_text(encoding="utf-8")
    # As on its four cores, however many there are here.
    settle(fresh, profile.replace("[engine]\n", "[engine]\nreplicas = 4\n"))
    gateway = fresh.start()
    # What the system takes of such a box is not the gateway's to use.
    limit(gateway, Devices.box(4, 8 << 30).memory)
    key = gateway.create_key("ward", "clinician")
    words = longest(gateway)
    assert words == 4096 - 60
    with ThreadPoolExecutor(4) as pool:
        replies = list(pool.map(lambda _: ask(gateway, key, words), range(4)))
    assert [reply.status_code for reply in replies] == [200] * 4, gateway.said()[-2000:]
    # So much that the limit meant something.
    assert status(gateway, "VmHWM") > 3 << 30
    assert gateway.stop() == 0
