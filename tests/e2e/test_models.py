"""Two real models in a gateway that has memory for one, and what their administrator meets."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from engine import ModelStore
from gateway.domain.errors import Code
from gateway.policy.shipped import install_default
from tests.e2e.conftest import HASTE
from tests.e2e.process import MODEL, MODELS, Gateway, Key, Record, chat, wait_for

SECOND = "smollm2-second"
ALIASES = f"aliases:\n  default: {MODEL}\n  clinical: {SECOND}\n"


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of two models: the default one, and the same weights under another name.

    An import of the same source differs in nothing else; this one needs no package index.
    """
    root = tmp_path_factory.mktemp("two") / "models"
    shutil.copytree(MODELS / MODEL, root / MODEL)
    shutil.copytree(MODELS / MODEL, root / SECOND)
    manifest = root / SECOND / "manifest.json"
    manifest.write_bytes(manifest.read_bytes().replace(MODEL.encode(), SECOND.encode(), 1))
    assert ModelStore(root).open(SECOND).name == SECOND
    return root


ONE_FITS = 'memory = "2G"'
"""Prompts of 4,096 tokens and weights take 1.7 GiB by plan, and nobody gives up the prompts."""


def prepare(data: Path, store: Path, engine: str, aliases: str = ALIASES) -> Gateway:
    gateway = Gateway(data, f"{HASTE}[engine]\n{engine}\n")
    settings = data / "intramural.toml"
    settings.write_text(settings.read_text().replace(str(MODELS), str(store)))
    install_default(data / "policies")
    (data / "policies" / "models.yaml").write_text(aliases)
    return gateway


@pytest.fixture(scope="module")
def narrow(store: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway with room for one model."""
    gateway = prepare(tmp_path_factory.mktemp("narrow") / "data", store, ONE_FITS).start()
    yield gateway
    assert gateway.stop() == 0, gateway.said()[-2000:]


@pytest.fixture(scope="module")
def key(narrow: Gateway) -> Key:
    return narrow.create_key("ward", "clinician")


def digest(store: Path, model: str) -> str:
    return hashlib.sha256((store / model / "manifest.json").read_bytes()).hexdigest()


def ask(
    gateway: Gateway, key: Key, model: str, text: str = "Name a colour."
) -> tuple[int, Record, list[Record]]:
    """Return the status, the body, and the records of one exchange."""
    with gateway.client(key) as client:
        reply = client.post("/v1/chat/completions", json={**chat(text), "model": model})
    return reply.status_code, reply.json(), gateway.records(reply.headers["x-request-id"])


def said(gateway: Gateway, event: str) -> list[str]:
    lines = (json.loads(line) for line in gateway.said().splitlines() if line.startswith("{"))
    return [line["model"] for line in lines if line["event"] == event]


def test_a_model_that_is_not_in_memory_is_loaded_and_the_idle_one_goes(
    narrow: Gateway, key: Key, store: Path
) -> None:
    for model in (MODEL, SECOND, MODEL, SECOND):
        status, body, records = ask(narrow, key, model)
        assert (status, body["model"]) == (200, model)
        assert [record["kind"] for record in records] == ["intent", "outcome"]
        assert (records[0]["model"], records[0]["model_digest"]) == (model, digest(store, model))
    assert said(narrow, "model_loaded")[-2:] == [MODEL, SECOND]
    assert said(narrow, "model_unloaded")[-2:] == [SECOND, MODEL]


def test_an_alias_is_answered_by_its_model_and_recorded_under_the_models_name(
    narrow: Gateway, key: Key, store: Path
) -> None:
    with narrow.client(key) as client:
        listed = client.get("/v1/models").json()["data"]
    assert {each["id"]: each["root"] for each in listed} == {
        MODEL: MODEL,
        SECOND: SECOND,
        "default": MODEL,
        "clinical": SECOND,
    }
    status, body, records = ask(narrow, key, "clinical")
    assert (status, body["model"]) == (200, "clinical")
    assert (records[0]["model"], records[0]["model_digest"]) == (SECOND, digest(store, SECOND))


def test_while_one_works_the_other_is_overloaded_and_the_first_goes_on(
    narrow: Gateway, key: Key
) -> None:
    body = {**chat("Write a long story.", max_tokens=400, stream=True), "model": MODEL}
    with (
        narrow.client(key) as client,
        client.stream("POST", "/v1/chat/completions", json=body) as stream,
    ):
        lines = stream.iter_lines()
        while '"content":"' not in next(lines):
            pass
        status, error, records = ask(narrow, key, SECOND)
        rest = "".join(lines)
    assert (status, error["error"]["code"]) == (503, Code.OVERLOADED)
    assert [record["kind"] for record in records] == ["intent", "outcome"]
    assert (records[1]["status"], records[1]["code"]) == ("failed", Code.OVERLOADED)
    assert rest.endswith("[DONE]")
    assert ask(narrow, key, SECOND)[0] == 200


def test_many_who_ask_for_the_absent_one_at_once_load_it_once(narrow: Gateway, key: Key) -> None:
    assert ask(narrow, key, MODEL)[0] == 200
    before = len(said(narrow, "model_loaded"))
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: ask(narrow, key, SECOND)[0], range(8)))
    assert replies == [200] * 8
    assert said(narrow, "model_loaded")[before:] == [SECOND]


def test_a_prompt_that_is_too_long_is_refused_without_a_load(narrow: Gateway, key: Key) -> None:
    assert ask(narrow, key, MODEL)[0] == 200
    before = len(said(narrow, "model_loaded"))
    status, body, records = ask(narrow, key, SECOND, text="zebra " * 9000)
    assert (status, body["error"]["code"]) == (400, Code.CONTEXT_LENGTH_EXCEEDED)
    assert [record["kind"] for record in records] == ["refusal"]
    assert said(narrow, "model_loaded")[before:] == []


def test_a_model_that_was_changed_on_disk_is_refused_and_the_other_is_served(
    narrow: Gateway, key: Key, store: Path
) -> None:
    assert ask(narrow, key, MODEL)[0] == 200
    weights = store / SECOND / "model.bin"
    with weights.open("r+b") as file:
        file.seek(-1, 2)
        last = file.read(1)
        file.seek(-1, 2)
        file.write(bytes([last[0] ^ 1]))
    try:
        for _ in range(2):
            status, body, records = ask(narrow, key, SECOND)
            assert (status, body["error"]["code"]) == (503, Code.MODEL_UNAVAILABLE)
            assert str(store) not in body["error"]["message"]
            assert [record["kind"] for record in records] == ["intent", "outcome"]
            assert (records[1]["status"], records[1]["code"]) == ("failed", Code.MODEL_UNAVAILABLE)
            assert ask(narrow, key, MODEL)[0] == 200
        assert said(narrow, "model_unavailable") == [SECOND]
        assert SECOND in narrow.cli("model", "verify").stderr
    finally:
        with weights.open("r+b") as file:
            file.seek(-1, 2)
            file.write(last)
    # It is looked at again after ten seconds, and nobody has to start anything.
    wait_for(lambda: ask(narrow, key, SECOND)[0] == 200 or None, "the model is back", 30)
    narrow.verify()


def test_a_pinned_model_stays_and_is_ready(store: Path, tmp_path: Path) -> None:
    engine = f'pinned = ["{SECOND}"]\nmemory = "6G"'
    gateway = prepare(tmp_path / "data", store, engine).start()
    try:
        with gateway.client(None) as client:
            assert client.get("/health/ready").json()["checks"]["model"] is True
        assert said(gateway, "model_loaded") == [SECOND, MODEL]
        refused = gateway.cli("model", "remove", SECOND)
        assert refused.returncode == 1
        assert "engine.pinned" in refused.stderr
    finally:
        assert gateway.stop() == 0


@pytest.mark.parametrize(
    ("engine", "aliases", "words"),
    [
        ('memory = "100M"', ALIASES, "engine.memory"),
        (f'memory = "700M"\npinned = ["{SECOND}"]', ALIASES, "engine.memory"),
        (f'models = ["{MODEL}"]', ALIASES, f"leads to the model `{SECOND}`, which is not served"),
        ('pinned = ["nobody"]', ALIASES, "engine.pinned names nobody"),
        (f'models = ["{MODEL}"]\npinned = ["{SECOND}"]', ALIASES, "pinned names some of models"),
        ("", f"aliases:\n  {SECOND}: {MODEL}\n", "is the name of a model that is served"),
    ],
    ids=[
        "no memory",
        "no memory beside the pinned",
        "no such model",
        "pinned nobody",
        "pinned another",
        "hidden model",
    ],
)
def test_a_start_that_could_not_keep_its_word_is_refused_with_what_to_do(
    store: Path, tmp_path: Path, engine: str, aliases: str, words: str
) -> None:
    gateway = prepare(tmp_path / "data", store, engine, aliases)
    ran = gateway.cli("serve")
    assert ran.returncode in {1, 2}
    assert words in ran.stderr
    assert "Traceback" not in ran.stderr
