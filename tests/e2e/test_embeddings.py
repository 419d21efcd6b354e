"""Embeddings through the real gateway, with the unmodified clients of OpenAI."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import openai
import pytest

from tests.e2e.process import MODEL, Gateway, Key, environment

EMBEDDER = "all-minilm-l6-v2"
CLIENTS = Path(__file__).parents[1] / "clients"
WEATHER = ["The weather is lovely today.", "It's so sunny outside!", "He drove to the stadium."]


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    settings = f'[embeddings]\nmodel = "{EMBEDDER}"\n'
    started = Gateway(tmp_path_factory.mktemp("embeddings") / "data", settings).start()
    yield started
    assert started.stop() == 0, started.said()[-2000:]


@pytest.fixture(scope="module")
def clinician(gateway: Gateway) -> Key:
    return gateway.create_key("ward", "clinician")


@pytest.fixture
def client(gateway: Gateway, clinician: Key) -> openai.OpenAI:
    return client_of(gateway, clinician, "TREAT")


def client_of(gateway: Gateway, key: Key, purpose: str) -> openai.OpenAI:
    return openai.OpenAI(
        base_url=f"{gateway.url}/v1",
        api_key=key.secret,
        default_headers={"X-Purpose-Of-Use": purpose},
        max_retries=0,
    )


def vectors_of(reply: openai.types.CreateEmbeddingResponse) -> np.ndarray:
    assert [each.index for each in reply.data] == list(range(len(reply.data)))
    return np.array([each.embedding for each in reply.data])


def test_texts_become_vectors_that_lie_as_the_model_is_known_to_lay_them(
    gateway: Gateway, client: openai.OpenAI
) -> None:
    raw = client.embeddings.with_raw_response.create(model=EMBEDDER, input=WEATHER)
    reply = raw.parse()
    vectors = vectors_of(reply)
    assert vectors.shape == (3, 384)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-3)
    # As the Sentence Transformers documentation shows them for this model and these sentences.
    likeness = vectors @ vectors.T
    assert np.allclose(likeness[0, 1:], [0.6660, 0.1046], atol=0.03)
    assert abs(likeness[1, 2] - 0.1411) < 0.03
    assert reply.model == EMBEDDER
    intent, outcome = gateway.records(raw.headers["x-request-id"])
    assert (intent["action"], intent["model"], outcome["status"]) == (
        "embed",
        EMBEDDER,
        "completed",
    )
    assert reply.usage.prompt_tokens == reply.usage.total_tokens == intent["prompt_tokens"]
    assert outcome["prompt_tokens"] == intent["prompt_tokens"]
    assert outcome["completion_tokens"] == 0


def test_numbers_and_base64_are_the_same_vectors(client: openai.OpenAI) -> None:
    plain = client.embeddings.create(model=EMBEDDER, input="one", encoding_format="float")
    packed = client.embeddings.create(model=EMBEDDER, input=["one"])
    assert np.array_equal(np.float32(vectors_of(plain)), np.float32(vectors_of(packed)))


def test_a_vector_is_of_the_redacted_text(gateway: Gateway, client: openai.OpenAI) -> None:
    raw = client.embeddings.with_raw_response.create(
        model=EMBEDDER, input=["Margaret Thornton has a fever.", "She has a fever."]
    )
    intent, _ = gateway.records(raw.headers["x-request-id"])
    assert intent["findings"]["PERSON"] == 1
    researcher = client_of(gateway, gateway.create_key("cohort", "researcher"), "HRESCH")
    named, tagged = vectors_of(
        researcher.embeddings.create(
            model=EMBEDDER, input=["Margaret Thornton has a fever.", "[PERSON] has a fever."]
        )
    )
    assert named @ tagged > 0.999


def test_a_tag_gives_one_vector_for_all_patients(gateway: Gateway) -> None:
    """What `replace` is for in a search: a vector does not depend on who it is about, or when."""
    researcher = client_of(gateway, gateway.create_key("registry", "researcher"), "HRESCH")
    one = researcher.embeddings.create(model=EMBEDDER, input="Margaret Thornton has a fever.")
    other = researcher.embeddings.create(
        model=EMBEDDER, input=["Wolfgang Petersen has a fever.", "The bill was paid."]
    )
    assert vectors_of(one)[0] @ vectors_of(other)[0] > 0.999


def test_a_clinician_gets_tags_by_asking_for_a_stricter_profile(client: openai.OpenAI) -> None:
    one, other = (
        vectors_of(
            client.embeddings.create(
                model=EMBEDDER,
                input=f"{name} has a fever.",
                extra_headers={"X-Redaction-Profile": "research"},
            )
        )[0]
        for name in ("Margaret Thornton", "Wolfgang Petersen")
    )
    pseudonym = vectors_of(
        client.embeddings.create(model=EMBEDDER, input="Margaret Thornton has a fever.")
    )[0]
    assert one @ other > 0.999
    assert one @ pseudonym < 0.99


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ({"input": []}, "invalid_request", "input"),
        ({"input": ""}, "invalid_request", "input"),
        ({"input": ["fine", ""]}, "invalid_request", "input"),
        ({"input": ["x"] * 2049}, "invalid_request", "input"),
        ({"input": [101, 2023, 102]}, "unsupported_parameter", "input"),
        ({"input": [[101, 2023, 102]]}, "unsupported_parameter", "input"),
        ({"input": ["text", 5]}, "unsupported_parameter", "input"),
        ({"input": "x", "dimensions": 64}, "unsupported_parameter", "dimensions"),
        ({"input": "x", "encoding_format": "int8"}, "invalid_request", "encoding_format"),
        ({"input": "x", "truncate": True}, "unknown_field", "truncate"),
        ({"input": ["short", "word " * 600]}, "context_length_exceeded", "input[1]"),
        ({"input": "x", "model": MODEL}, "model_not_for_task", "model"),
        ({"input": "x", "model": "ada"}, "model_not_found", "model"),
        ({}, "invalid_request", None),
    ],
)
def test_what_cannot_be_embedded_is_refused_by_a_code_and_on_record(
    gateway: Gateway, clinician: Key, body: dict[str, object], code: str, param: str | None
) -> None:
    reply = httpx.post(
        f"{gateway.url}/v1/embeddings",
        json={"model": EMBEDDER} | body,
        headers={"authorization": f"Bearer {clinician.secret}", "x-purpose-of-use": "TREAT"},
        trust_env=False,
    )
    error = reply.json()["error"]
    assert (error["code"], error["param"]) == (code, param)
    assert reply.status_code == (404 if code == "model_not_found" else 400)
    assert "word word" not in reply.text
    [refusal] = gateway.records(reply.headers["x-request-id"])
    assert (refusal["kind"], refusal["code"], refusal["action"]) == ("refusal", code, "embed")


def test_a_chat_with_the_embedder_is_refused(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(
            model=EMBEDDER, messages=[{"role": "user", "content": "Hello"}]
        )
    assert caught.value.code == "model_not_for_task"


def test_the_doctor_compares_the_embedder_with_its_manifest_too(gateway: Gateway) -> None:
    ran = gateway.cli("doctor")
    assert f"{MODEL}, {EMBEDDER}: every byte as imported" in " ".join(ran.stdout.split())


def test_models_say_what_they_are_for(client: openai.OpenAI) -> None:
    tasks = {model.id: model.model_dump()["task"] for model in client.models.list()}
    assert tasks == {MODEL: "generate", "default": "generate", EMBEDDER: "embed"}


def test_who_may_not_treat_may_not_embed(gateway: Gateway) -> None:
    cook = client_of(gateway, gateway.create_key("kitchen", "cook"), "TREAT")
    with pytest.raises(openai.PermissionDeniedError) as caught:
        cook.embeddings.create(model=EMBEDDER, input="x")
    assert caught.value.code == "policy_denied"


async def test_many_at_once_get_what_one_alone_would(gateway: Gateway, clinician: Key) -> None:
    texts = [f"Note {number}. " + "The ward is quiet. " * (number % 7) for number in range(24)]
    async with openai.AsyncOpenAI(
        base_url=f"{gateway.url}/v1",
        api_key=clinician.secret,
        default_headers={"X-Purpose-Of-Use": "TREAT"},
        max_retries=0,
    ) as client:
        together = await asyncio.gather(
            *(client.embeddings.create(model=EMBEDDER, input=text) for text in texts)
        )
        alone = [await client.embeddings.create(model=EMBEDDER, input=text) for text in texts[:6]]
    for number, reply in enumerate(alone):
        assert vectors_of(reply)[0] @ vectors_of(together[number])[0] > 0.999


def test_the_node_client_gets_numbers_and_decodes_base64(gateway: Gateway, clinician: Key) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node.js is not installed: its client was not tried")
    ran = subprocess.run(
        [node, "embed.mjs", f"{gateway.url}/v1", EMBEDDER],
        cwd=CLIENTS,
        env=environment() | {"OPENAI_API_KEY": clinician.secret},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    said = json.loads(ran.stdout)
    assert np.allclose(said["packed"], said["plain"], atol=1e-6)
    fever, hot, bill = np.array(said["packed"])
    assert fever @ hot > fever @ bill
    assert said["usage"]["prompt_tokens"] == said["usage"]["total_tokens"] > 0
    assert said["empty"] == {
        "name": "BadRequestError", "status": 400, "code": "invalid_request", "param": "input",
    }  # fmt: skip


def test_a_gateway_without_an_embedder_says_so(tmp_path: Path) -> None:
    bare = Gateway(tmp_path / "data").start()
    try:
        client = client_of(bare, bare.create_key("ward", "clinician"), "TREAT")
        with pytest.raises(openai.NotFoundError) as caught:
            client.embeddings.create(model=EMBEDDER, input="x")
        assert caught.value.code == "model_not_found"
        assert "none for this task" in str(caught.value)
    finally:
        assert bare.stop() == 0


def test_a_setting_that_names_a_model_for_another_task_stops_the_start(tmp_path: Path) -> None:
    wrong = Gateway(tmp_path / "data", f'[embeddings]\nmodel = "{MODEL}"\n')
    ran = wrong.cli("serve")
    assert ran.returncode == 1
    assert "made to generate, not to embed" in ran.stderr
