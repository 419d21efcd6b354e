"""The engine in a process of its own: streams, cancels, deaths, hangs, and what it gets to see."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from tests.e2e.engines import EngineProcess, gateway_over
from tests.e2e.process import COMMAND, MODEL, Gateway, Key, chat, environment, wait_for
from tests.e2e.test_streams import about, ask, endless, streaming
from tests.fakes.tls import certificate
from tests.fakes.upstream import FakeUpstream

KEY = "0123456789abcdef0123456789abcdef"
NAMES = ("Margaret Thornton", "Samuel Okafor", "Ingrid Bergstrom", "Hector Villanueva")


def key_file(folder: Path) -> Path:
    folder.mkdir(mode=0o700, exist_ok=True)
    file = folder / "engine.key"
    file.write_text(KEY)
    file.chmod(0o600)
    return file


@pytest.fixture(scope="module")
def on_socket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineProcess]:
    folder = tmp_path_factory.mktemp("engine")
    engine = EngineProcess(folder / "e", "--socket", folder / "e.sock").start()
    yield engine
    engine.send(signal.SIGTERM)
    assert engine.process.wait(30) == 0, engine.said()
    assert not (folder / "e.sock").exists()


@pytest.fixture(scope="module")
def on_tcp(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineProcess]:
    folder = tmp_path_factory.mktemp("engine")
    file = key_file(folder / "keys")
    engine = EngineProcess(
        folder / "e", "--host", "127.0.0.1", "--port", "0", "--key-file", file
    ).start()
    yield engine
    engine.kill()


@contextmanager
def running(gateway: Gateway) -> Iterator[tuple[Gateway, Key]]:
    try:
        yield gateway.start(), gateway.create_key("ward", "clinician")
    finally:
        if gateway.started and gateway.process.poll() is None:
            assert gateway.stop() == 0, gateway.said()[-2000:]


@pytest.fixture(scope="module", params=["socket", "tcp"])
def pair(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Gateway, Key, EngineProcess]]:
    """A gateway and its engine, over a Unix socket and over TCP with a key."""
    engine: EngineProcess = request.getfixturevalue(f"on_{request.param}")
    data = tmp_path_factory.mktemp("gateway") / "data"
    more = ""
    if request.param == "tcp":
        data.mkdir(mode=0o700)
        key_file(data / "keys")
        more = 'key_file = "keys/engine.key"\n'
    with running(gateway_over(data, engine.url, more=more)) as (gateway, key):
        yield gateway, key, engine


def idle(engine: EngineProcess) -> None:
    """Wait until the engine's process computes nothing any more."""

    def ticks() -> int:
        words = Path(f"/proc/{engine.process.pid}/stat").read_text().rpartition(")")[2].split()
        return int(words[11]) + int(words[12])

    def still() -> bool:
        before = ticks()
        time.sleep(0.5)
        return ticks() - before <= 3  # Hundredths of a second.

    wait_for(still, "the engine stops computing", 20)


def test_an_answer_is_the_one_that_the_engine_in_the_process_gives(
    pair: tuple[Gateway, Key, EngineProcess], gateway: Gateway, keys: Any
) -> None:
    there, key, _ = pair
    for name in NAMES:
        body = about(name, 24)
        one, two = ask(there, key, body), ask(gateway, keys.clinician, body)
        # Another caller has other pseudonyms, so the words may differ; counts and ends may not.
        assert (one.tokens, one.reason) == (two.tokens, two.reason) == (24, "length")
        assert one.pieces > 3
        kinds = [record["kind"] for record in there.records(one.exchange)]
        assert kinds == ["intent", "outcome"]


def test_a_record_says_that_the_engine_was_elsewhere_and_counts_as_it_did(
    pair: tuple[Gateway, Key, EngineProcess],
) -> None:
    gateway, key, _ = pair
    with gateway.client(key) as client:
        reply = client.post("/v1/chat/completions", json=chat("Say hello.", max_tokens=4))
    assert reply.status_code == 200, reply.text
    usage = reply.json()["usage"]
    intent, outcome = gateway.records(reply.headers["x-request-id"])
    assert intent["model_digest"].startswith("remote:unpinned:")
    assert intent["prompt_tokens"] >= outcome["prompt_tokens"] == usage["prompt_tokens"]
    assert outcome["completion_tokens"] == usage["completion_tokens"]


def test_what_the_engine_does_not_take_is_told_by_its_own_code(
    pair: tuple[Gateway, Key, EngineProcess],
) -> None:
    gateway, key, _ = pair
    with gateway.client(key) as client:
        for body, code in (
            (chat("zebra " * 9000), "context_length_exceeded"),
            (chat("Hello.", seed=1, temperature=1), "unsupported_parameter"),
        ):
            reply = client.post("/v1/chat/completions", json=body)
            assert reply.json()["error"]["code"] == code, reply.text


def test_a_client_that_goes_away_stops_the_engine(
    pair: tuple[Gateway, Key, EngineProcess],
) -> None:
    gateway, key, engine = pair
    with streaming(gateway, key, 4000) as (exchange, _):
        pass
    gateway.settled(exchange)
    intent, outcome = gateway.records(exchange)
    assert intent["kind"] == "intent"
    assert (outcome["status"], outcome["code"]) == ("cancelled", "client_disconnected")
    assert 0 < outcome["completion_tokens"] < 4000
    idle(engine)


def test_neither_process_says_what_was_asked(pair: tuple[Gateway, Key, EngineProcess]) -> None:
    gateway, key, engine = pair
    with gateway.client(key) as client:
        client.post("/v1/chat/completions", json=chat("Zyxwvut-Canary-4711 is well."))
    for said in (engine.said(), gateway.said()):
        assert "Canary" not in said
        assert KEY not in said
        assert "egress_refused" not in said


def test_an_engine_that_is_killed_in_mid_stream_is_an_error_and_an_outcome(tmp_path: Path) -> None:
    engine = EngineProcess(tmp_path / "e", "--socket", tmp_path / "e.sock").start()
    try:
        with running(gateway_over(tmp_path / "data", engine.url)) as (gateway, key):
            with streaming(gateway, key) as (exchange, body):
                engine.kill()
                text = "".join(body)
            assert json.loads(text.strip().split("data: ")[-1])["error"]["code"] == "engine_failed"
            _, outcome = gateway.records(exchange)
            assert (outcome["status"], outcome["code"]) == ("failed", "engine_failed")
            assert outcome["completion_tokens"] > 0
            with gateway.client(key) as client:
                refused = client.post("/v1/chat/completions", json=chat("Hello."))
                assert refused.json()["error"]["code"] == "engine_unavailable"
                assert refused.status_code == 503
                assert client.get("/health/ready").json()["checks"]["model"] is False
                # And back again, by itself.
                engine.start()
                wait_for(lambda: client.get("/health/ready").status_code == 200, "it is found well")
            assert ask(gateway, key, about("Margaret Thornton", 5)).tokens == 5
            assert gateway.verify()["open"] == 0
    finally:
        engine.kill()


def test_an_engine_that_hangs_is_given_up_and_settled(tmp_path: Path) -> None:
    engine = EngineProcess(tmp_path / "e", "--socket", tmp_path / "e.sock").start()
    more = "token_timeout = 1.0\nfirst_token_timeout = 5.0\n"
    try:
        with running(gateway_over(tmp_path / "data", engine.url, more=more)) as (gateway, key):
            with streaming(gateway, key) as (exchange, body):
                engine.send(signal.SIGSTOP)
                begun = time.monotonic()
                text = "".join(body)
            assert json.loads(text.strip().split("data: ")[-1])["error"]["code"] == "engine_timeout"
            assert time.monotonic() - begun < 10
            _, outcome = gateway.records(exchange)
            assert (outcome["status"], outcome["code"]) == ("failed", "engine_timeout")
            with gateway.client(key) as client:
                # Whoever comes now does not wait for it.
                begun = time.monotonic()
                refused = client.post("/v1/chat/completions", json=chat("Hello."))
                assert refused.json()["error"]["code"] in {"engine_unavailable", "engine_timeout"}
                assert time.monotonic() - begun < 10
                engine.send(signal.SIGCONT)
                wait_for(lambda: client.get("/health/ready").status_code == 200, "it is found well")
            assert ask(gateway, key, about("Margaret Thornton", 5)).tokens == 5
    finally:
        engine.kill()


def test_of_two_engines_one_may_be_killed_under_load(tmp_path: Path) -> None:
    engines = [
        EngineProcess(
            tmp_path / f"e{index}",
            "--socket",
            tmp_path / f"{index}.sock",
            data="[engine]\nreplicas = 1\n",
        ).start()
        for index in range(2)
    ]
    try:
        data = tmp_path / "data"
        with running(gateway_over(data, *(each.url for each in engines))) as (gateway, key):
            results = under_load(gateway, key, engines[0])
            codes = [code for code, _ in results]
            # Whoever had a token from the dead one is told; everybody else has an answer.
            assert set(codes) <= {"", "engine_failed"}
            assert codes.count("") >= len(codes) // 2
            assert all(begun for code, begun in results if code)
            report = gateway.verify()
            assert (report["open"], report["lost"]) == (0, 0)
            outcomes = [each for each in gateway.records() if each["kind"] == "outcome"]
            assert len(outcomes) == len(results)
    finally:
        for engine in engines:
            engine.kill()


def under_load(gateway: Gateway, key: Key, victim: EngineProcess) -> list[tuple[str, bool]]:
    """Stream from 8 clients, kill an engine in the middle; return each one's error and whether it
    had a token before."""
    killed = threading.Event()

    def one(index: int) -> list[tuple[str, bool]]:
        found = []
        for _ in range(3):
            code, begun = stream(gateway, key, 16 + index)
            found.append((code, begun))
        return found

    def kill() -> None:
        time.sleep(1.0)
        victim.kill()
        killed.set()

    thread = threading.Thread(target=kill)
    thread.start()
    with ThreadPoolExecutor(8) as pool:
        results = [each for found in pool.map(one, range(8)) for each in found]
    thread.join()
    assert killed.is_set()
    return results


def stream(gateway: Gateway, key: Key, length: int) -> tuple[str, bool]:
    """Return the code with which a stream ended ("" is well), and whether any text came first."""
    with (
        gateway.client(key) as client,
        client.stream("POST", "/v1/completions", json=endless(length)) as reply,
    ):
        if reply.status_code != 200:
            code: str = json.loads(reply.read())["error"]["code"]
            return code, False
        text = "".join(reply.iter_text())
    if text.endswith("data: [DONE]\n\n"):
        return "", True
    begun = text.count("data: ") > 1
    failed: str = json.loads(text.strip().split("data: ")[-1])["error"]["code"]
    return failed, begun


@pytest.fixture
def recording() -> Iterator[tuple[FakeUpstream, str]]:
    """A server that keeps all that it gets, in a thread of its own."""
    fake = FakeUpstream()
    sock = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(fake, lifespan="off", log_config=None, access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=lambda: server.run(sockets=[sock]), daemon=True)
    thread.start()
    yield fake, f"http://127.0.0.1:{sock.getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


def test_an_engine_elsewhere_never_sees_what_identifies_a_patient(
    tmp_path: Path, recording: tuple[FakeUpstream, str]
) -> None:
    fake, url = recording
    raw = (
        "Patient: Margaret Thornton, MRN 48210377, phone (617) 555-0142, "
        "e-mail m.thornton@example.org."
    )
    with running(gateway_over(tmp_path / "data", url)) as (gateway, key), gateway.client(key) as it:
        bodies: list[dict[str, Any]] = [
            chat(raw),
            chat(raw, stop=["Margaret Thornton"]),
            chat(raw * 80),
            {
                **chat(""),
                "messages": [
                    {"role": "system", "content": f"You write to {raw}"},
                    {"role": "user", "content": [{"type": "text", "text": raw}]},
                    {"role": "assistant", "content": raw},
                    {"role": "user", "content": raw},
                ],
            },
        ]
        for body in bodies:
            for streamed in (False, True):
                reply = it.post("/v1/chat/completions", json={**body, "stream": streamed})
                assert reply.status_code == 200, reply.text
        reply = it.post("/v1/completions", json={"model": MODEL, "prompt": raw, "max_tokens": 8000})
        assert reply.status_code == 200, reply.text
        exchange = reply.headers["x-request-id"]
        actor = key.actor
    assert len(fake.asked) >= 9
    seen = fake.everything
    for secret in (
        "Margaret", "Thornton", "48210377", "555-0142", "m.thornton",
        actor, key.secret, exchange, "TREAT", "clinician",
    ):  # fmt: skip
        assert secret not in seen, secret


def test_the_engine_is_asked_only_after_the_intent_is_on_record(
    tmp_path: Path, recording: tuple[FakeUpstream, str]
) -> None:
    fake, url = recording
    fake.hang_at = 0
    data = tmp_path / "data"
    with running(gateway_over(data, url, more="first_token_timeout = 3.0\n")) as (gateway, key):
        with ThreadPoolExecutor(1) as pool, gateway.client(key) as client:
            waiting = pool.submit(client.post, "/v1/chat/completions", json=chat("Hello."))
            wait_for(lambda: fake.asked, "the engine is asked")
            asked = [each for each in gateway.records() if each["kind"] != "admin"]
            assert [each["kind"] for each in asked] == ["intent"]
            reply = waiting.result(20)
        assert (reply.status_code, reply.json()["error"]["code"]) == (504, "engine_timeout")


@pytest.mark.parametrize(
    ("endpoint", "says"),
    [
        ("http://8.8.8.8:8000", "outside of the networks"),
        ("http://engine.example:8000", "names are not looked up"),
    ],
)
def test_an_engine_outside_of_the_walls_stops_the_start(
    tmp_path: Path, endpoint: str, says: str
) -> None:
    gateway = gateway_over(tmp_path / "data", endpoint)
    ran = gateway.cli("serve")
    assert ran.returncode == 2
    assert says in ran.stderr


def test_tls_a_key_and_a_pinned_name_between_gateway_and_engine(tmp_path: Path) -> None:
    name = "engine.hospital.example"
    _, authority = certificate(tmp_path, name)
    both = tmp_path / f"{name}.both"
    engine = EngineProcess(
        tmp_path / "e", "--host", "127.0.0.1", "--port", "0",
        "--key-file", key_file(tmp_path / "keys"),
        "--tls-certificate", both, "--tls-key", both,
    )  # fmt: skip
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    key_file(data / "keys")
    try:
        url = engine.start().url.replace("127.0.0.1", name)
        assert url.startswith(f"https://{name}:")
        more = (
            f'addresses = {{"{name}" = "127.0.0.1"}}\nca_file = "{authority}"\n'
            'key_file = "keys/engine.key"\n'
        )
        with running(gateway_over(data, url, more=more)) as (gateway, key):
            assert ask(gateway, key, about("Margaret Thornton", 5)).tokens == 5
            with streaming(gateway, key) as (exchange, _):
                pass
            assert gateway.settled(exchange)[-1]["status"] == "cancelled"
            idle(engine)
            assert "egress_refused" not in gateway.said() + engine.said()
    finally:
        engine.kill()


def serve_engine(tmp_path: Path, *options: str | Path) -> subprocess.CompletedProcess[str]:
    tmp_path.chmod(0o700)
    return subprocess.run(
        [COMMAND, "--data", tmp_path, "engine", "serve", *options],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=environment(),
    )


def test_an_engine_that_others_could_reach_needs_a_key(tmp_path: Path) -> None:
    ran = serve_engine(tmp_path, "--host", "0.0.0.0")  # noqa: S104 - it is refused
    assert (ran.returncode, "--key-file" in ran.stderr) == (2, True)
    file = key_file(tmp_path / "keys")
    file.chmod(0o644)
    ran = serve_engine(tmp_path, "--host", "0.0.0.0", "--key-file", file)  # noqa: S104 - as above
    assert (ran.returncode, "open to its group" in ran.stderr) == (2, True)
    file.chmod(0o600)
    file.write_text("short")
    ran = serve_engine(tmp_path, "--host", "127.0.0.1", "--key-file", file)
    assert (ran.returncode, "holds no key" in ran.stderr) == (2, True)
    assert "short" not in ran.stderr


@pytest.mark.parametrize("host", ["localhost", ""])
def test_a_host_is_an_address_with_a_key_too(tmp_path: Path, host: str) -> None:
    ran = serve_engine(tmp_path, "--host", host, "--key-file", key_file(tmp_path / "keys"))
    assert (ran.returncode, "is an address" in ran.stderr) == (2, True)


def test_a_pinned_model_that_the_command_leaves_out_is_a_fault_of_the_command(
    tmp_path: Path,
) -> None:
    (tmp_path / "intramural.toml").write_text('[engine]\npinned = ["b"]\n')
    ran = serve_engine(tmp_path, "--socket", tmp_path / "s", "--model", "a")
    assert ran.returncode == 2
    assert "--model b" in ran.stderr
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--socket", "/tmp/x", "--host", "127.0.0.1"),  # noqa: S108 - it is refused
        ("--socket", "/tmp/x", "--mode", "0666"),  # noqa: S108 - as above
        ("--host", "localhost"),
        ("--host", "127.0.0.1", "--tls-key", "x"),
    ],
)
def test_a_place_that_is_none_is_refused(tmp_path: Path, options: tuple[str, ...]) -> None:
    assert serve_engine(tmp_path, *options).returncode == 2


def test_an_unmodified_openai_client_understands_the_engine(on_tcp: EngineProcess) -> None:
    import openai

    with openai.OpenAI(base_url=f"{on_tcp.url}/v1", api_key=KEY, max_retries=0) as client:
        assert [model.id for model in client.models.list()] == [MODEL]
        stream = client.chat.completions.create(
            model=MODEL,
            messages=[{"role": "user", "content": "Say hello."}],
            max_tokens=6,
            temperature=0,
            stream=True,
            stream_options={"include_usage": True},
        )
        *chunks, last = stream
        assert any(chunk.choices[0].delta.content for chunk in chunks)
        assert last.usage is not None
        assert 0 < last.usage.completion_tokens <= 6
        whole = client.completions.create(model=MODEL, prompt="1, 2, 3,", max_tokens=4)
        assert whole.choices[0].text
        with pytest.raises(openai.NotFoundError):
            client.completions.create(model="other", prompt="x")
        with pytest.raises(openai.BadRequestError, match="context"):
            client.completions.create(model=MODEL, prompt="zebra " * 9000)


def test_the_key_is_asked_for_on_the_wire(on_tcp: EngineProcess) -> None:
    with httpx.Client(base_url=on_tcp.url, trust_env=False) as client:
        assert client.get("/health").status_code == 200
        assert client.get("/v1/models").status_code == 401
        good = {"authorization": f"Bearer {KEY}"}
        assert client.get("/v1/models", headers=good).status_code == 200
