"""Twenty streams at once, clients and gateways that are killed, and what the ledger says of it."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import httpx

from tests.e2e.conftest import Keys
from tests.e2e.process import MODEL, Gateway, Key, headers_of, wait_for

NAMES = (
    "Margaret Thornton", "Samuel Okafor", "Ingrid Bergstrom", "Hector Villanueva", "Priya Raman",
    "Oliver Whitcombe", "Fatima Haddad", "Kenji Nakamura", "Louise Delacroix", "Dmitri Volkov",
    "Amara Nwosu", "Patrick Gallagher", "Sofia Castellano", "Gunther Hoffmann", "Leila Farahani",
    "Thomas Ashworth", "Rosa Montenegro", "William Pemberton", "Yuki Tanaka", "Beatrice Lindqvist",
)  # fmt: skip
"""Synthetic people."""
ENDLESS = "The ward is quiet. The ward is quiet. The ward is quiet. The ward is"
"""What the model goes on with, up to any length."""


@dataclass(frozen=True)
class Answer:
    exchange: str
    text: str
    tokens: int
    pieces: int
    reason: str


def endless(length: int) -> dict[str, object]:
    return {
        "model": MODEL,
        "prompt": ENDLESS,
        "max_tokens": length,
        "temperature": 0,
        "stream": True,
    }


def about(name: str, length: int) -> dict[str, object]:
    """Return a request whose answer goes on about `name`, `length` tokens long."""
    said = f"The patient is called {name}."
    return {
        "model": MODEL,
        "prompt": f"{said} {said} {said} The patient is called",
        "max_tokens": length,
        "temperature": 0,
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def ask(gateway: Gateway, key: Key, body: dict[str, object]) -> Answer:
    text, tokens, pieces, reason, done = "", 0, 0, "", False
    with (
        gateway.client(key) as client,
        client.stream("POST", "/v1/completions", json=body) as reply,
    ):
        assert reply.status_code == 200, reply.read()
        for line in reply.iter_lines():
            if line == "data: [DONE]":
                done = True
            elif line:
                event = json.loads(line.removeprefix("data: "))
                assert "error" not in event, event
                pieces += 1
                for choice in event["choices"]:
                    text += choice["text"]
                    reason = choice["finish_reason"] or reason
                tokens = (event["usage"] or {}).get("completion_tokens", 0)
        assert done
        return Answer(reply.headers["x-request-id"], text, tokens, pieces, reason)


@contextmanager
def streaming(
    gateway: Gateway, key: Key, length: int = 1500
) -> Iterator[tuple[str, httpx.Response]]:
    """Open a stream that would last for long; inside, its first words have come."""
    with (
        gateway.client(key) as client,
        client.stream("POST", "/v1/completions", json=endless(length)) as reply,
    ):
        assert reply.status_code == 200
        body = reply.iter_text()  # Whoever drops this iterator closes the connection.
        next(body)
        yield reply.headers["x-request-id"], body


def test_twenty_streams_of_different_lengths_each_get_their_own_answer(
    gateway: Gateway, keys: Keys
) -> None:
    requests = [about(name, 16 + 2 * index) for index, name in enumerate(NAMES)]
    alone = [ask(gateway, keys.clinician, body) for body in requests]
    with ThreadPoolExecutor(len(requests)) as pool:
        together = list(pool.map(lambda body: ask(gateway, keys.clinician, body), requests))
    for index, (name, single, answer) in enumerate(zip(NAMES, alone, together, strict=True)):
        assert answer.tokens == 16 + 2 * index
        assert answer.reason == "length"
        # It speaks of nobody else's patient.
        assert not any(
            part in answer.text for other in NAMES if other != name for part in other.split()
        )
        assert answer.text == single.text
        assert answer.pieces > 3
        kinds = [record["kind"] for record in gateway.records(answer.exchange)]
        assert kinds == ["intent", "outcome"]
    assert len({answer.exchange for answer in together}) == len(NAMES)
    # It speaks of its own, by the restored name. This model slips on a digit now and then, and
    # what it made up is not restored: so most, not all.
    own = [name in answer.text for name, answer in zip(NAMES, together, strict=True)]
    assert sum(own) >= len(NAMES) * 3 // 4


def test_streams_run_beside_each_other_and_not_one_after_the_other(
    gateway: Gateway, keys: Keys
) -> None:
    with streaming(gateway, keys.clinician) as (exchange, _):
        short = ask(gateway, keys.clinician, about("Margaret Thornton", 5))
        [intent] = gateway.records(exchange)
    assert short.tokens == 5
    assert intent["kind"] == "intent"


_CLIENT = """
import json, sys, urllib.request
url, headers, body = sys.argv[1], json.loads(sys.argv[2]), sys.argv[3].encode()
request = urllib.request.Request(url, body, headers | {"content-type": "application/json"})
reply = urllib.request.urlopen(request)
print(reply.headers["x-request-id"], flush=True)
for line in reply:
    print("line", flush=True)
"""


def test_a_client_that_is_killed_in_mid_stream_leaves_one_intent_and_one_outcome(
    gateway: Gateway, keys: Keys
) -> None:
    client = subprocess.Popen(
        [
            sys.executable, "-c", _CLIENT, f"{gateway.url}/v1/completions",
            json.dumps(headers_of(keys.clinician)), json.dumps(endless(1500)),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    assert client.stdout is not None
    exchange = client.stdout.readline().strip()
    for _ in range(10):
        assert client.stdout.readline() == "line\n"
    client.kill()
    client.wait(10)
    client.stdout.close()
    gateway.settled(exchange)
    check_cancelled(gateway, exchange)


def test_a_client_that_closes_its_socket_leaves_one_intent_and_one_outcome(
    gateway: Gateway, keys: Keys
) -> None:
    with streaming(gateway, keys.clinician) as (exchange, _):
        pass
    gateway.settled(exchange)
    check_cancelled(gateway, exchange)


def test_a_client_that_does_not_stream_and_gives_up_is_settled_too(
    gateway: Gateway, keys: Keys
) -> None:
    body = json.dumps({**endless(1500), "stream": False}).encode()
    lines = [f"{name}: {value}" for name, value in headers_of(keys.clinician).items()]
    top = "\r\n".join(
        ["POST /v1/completions HTTP/1.1", "host: gateway", *lines, f"content-length: {len(body)}"]
    )
    before = {record["exchange"] for record in gateway.records(actor=keys.clinician.actor)}
    with socket.create_connection(("127.0.0.1", gateway.port)) as sock:
        sock.sendall(f"{top}\r\n\r\n".encode() + body)

        def begun() -> set[str]:
            now = {record["exchange"] for record in gateway.records(actor=keys.clinician.actor)}
            return now - before

        [exchange] = wait_for(begun, "the intent")
        time.sleep(0.3)
    gateway.settled(exchange)
    check_cancelled(gateway, exchange)


def check_cancelled(gateway: Gateway, exchange: str) -> None:
    intent, outcome = gateway.audit("--exchange", exchange)
    assert (intent["kind"], outcome["kind"]) == ("intent", "outcome")
    assert (outcome["status"], outcome["code"]) == ("cancelled", "client_disconnected")
    assert 0 < outcome["completion_tokens"] < 1500
    assert "finish_reason" not in outcome


def test_an_exchange_that_a_killed_gateway_left_open_is_lost_after_the_restart(
    fresh: Gateway,
) -> None:
    gateway = fresh.start()
    key = gateway.create_key("ward", "clinician")
    done = ask(gateway, key, about("Margaret Thornton", 5)).exchange
    with streaming(gateway, key) as (exchange, _):
        gateway.process.kill()
        gateway.process.wait(10)
    assert [record["kind"] for record in gateway.records(exchange)] == ["intent"]
    report = gateway.verify()
    assert (report["open"], report["lost"]) == (1, 0)
    gateway.start()
    intent, outcome = gateway.audit("--exchange", exchange)
    assert intent["kind"] == "intent"
    assert (outcome["kind"], outcome["status"]) == ("outcome", "lost")
    assert [record["kind"] for record in gateway.records(done)] == ["intent", "outcome"]
    report = gateway.verify()
    assert (report["open"], report["lost"]) == (0, 1)
    assert ask(gateway, key, about("Margaret Thornton", 5)).tokens == 5
    assert gateway.stop() == 0


def test_sigterm_lets_a_stream_end_settles_it_and_exits_with_0(fresh: Gateway) -> None:
    gateway = fresh.start()
    key = gateway.create_key("ward", "clinician")
    with streaming(gateway, key, 60) as (exchange, body):
        gateway.process.send_signal(signal.SIGTERM)
        text = "".join(body)
    assert text.endswith("data: [DONE]\n\n")
    assert gateway.process.wait(20) == 0
    intent, outcome = gateway.audit("--exchange", exchange)
    assert (intent["kind"], outcome["status"]) == ("intent", "completed")
    assert outcome["completion_tokens"] == 60
    report = gateway.verify()
    assert (report["open"], report["lost"]) == (0, 0)
    acts = [record["act"] for record in gateway.audit("--kind", "admin")]
    assert (acts[0], acts[-1]) == ("key_created", "gateway_stopped")


def test_after_the_grace_a_stream_is_told_that_the_gateway_stops(fresh: Gateway) -> None:
    settings = fresh.data / "intramural.toml"
    words = settings.read_text(encoding="utf-8")
    settings.write_text(words.replace("grace = 8.0", "grace = 1.0"), encoding="utf-8")
    gateway = fresh.start()
    key = gateway.create_key("ward", "clinician")
    with streaming(gateway, key) as (exchange, body):
        started = time.monotonic()
        gateway.process.send_signal(signal.SIGINT)
        text = "".join(body)
    assert json.loads(text.strip().split("data: ")[-1])["error"]["code"] == "shutting_down"
    assert gateway.process.wait(20) == 0
    assert time.monotonic() - started < 10
    outcome = gateway.audit("--exchange", exchange)[-1]
    assert (outcome["status"], outcome["code"]) == ("cancelled", "shutting_down")
    assert gateway.verify()["open"] == 0


def test_nothing_that_the_suite_did_broke_the_log(gateway: Gateway, keys: Keys) -> None:
    ask(gateway, keys.clinician, about("Margaret Thornton", 5))
    assert gateway.verify()["size"] == len(gateway.audit("--limit", "0"))
    with gateway.client(None) as client:
        assert client.get("/health/ready").json()["status"] == "ready"
    assert "unexpected_error" not in gateway.said()
