"""A Hugging Face checkpoint is imported right, or refused by name; never with code or a network.

Tests that convert need the extra and say so where it is absent; all others always run.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace
from tokenizers import Tokenizer

from engine import (
    BrokenSource,
    ChatMessage,
    ModelError,
    ModelStore,
    SelfCheckFailed,
    UnsupportedArchitecture,
    UnsupportedModel,
    UnsupportedTokenizer,
    ct2,
    huggingface,
    reference,
)
from engine.decoder import Array, Decoder, Part, Shape
from engine.huggingface import CONVERTED, LOGITS, Job
from engine.huggingface_config import Config, decoded, shape_of
from engine.prompts import Prompts
from tests.unit.engine import checkpoint
from tests.unit.engine.checkpoint import CHATML, END, ENDOFTEXT, START, THINK, WORD
from tests.unit.engine.test_model_commands import invoke

needs_extra = pytest.mark.skipif(
    find_spec("torch") is None or find_spec("transformers") is None,
    reason="needs the extra: pip install 'intramural[convert]'",
)
LLAMA3 = {
    "rope_type": "llama3",
    "rope_theta": 500_000.0,
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 256,
}
TEXT = "Pt. Ana Ñúñez has hypertension, BP 120/80.\n\n  <think> 患者 🙂"


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "models")


def left(store: ModelStore) -> list[str]:
    return sorted(path.name for path in store._root.iterdir() if path.name != ".lock")


def read(directory: Path) -> huggingface._Read:
    config = decoded((directory / "config.json").read_bytes(), "config.json", Config)
    return huggingface._read(directory, config, shape_of(config)[1])


def sizes(shape: Shape) -> dict[Part, tuple[int, ...]]:
    queries, pairs = shape.heads * shape.head_dim, shape.heads_kv * shape.head_dim
    return {
        "attn_norm": (shape.hidden,),
        "q": (queries, shape.hidden),
        "k": (pairs, shape.hidden),
        "v": (pairs, shape.hidden),
        "o": (shape.hidden, queries),
        "ffn_norm": (shape.hidden,),
        "gate": (shape.feed_forward, shape.hidden),
        "up": (shape.feed_forward, shape.hidden),
        "down": (shape.hidden, shape.feed_forward),
    }


def fake_converter(_: tuple[Path, ...], job: Job, work: Path) -> dict[str, str]:
    """Write random weights of the right shape, and their logits: what the real one leaves."""

    def random(*key: Any) -> Array:
        *seed, size = key
        generator = np.random.default_rng([1, *seed])
        scale = 1 / np.sqrt(size[-1]) if len(size) == 2 else 0.1
        return (generator.normal(0, scale, size) + (len(size) == 1)).astype(np.float32)

    parts = sizes(job.shape)
    matrix = (job.shape.vocabulary, job.shape.hidden)
    decoder = Decoder(
        job.shape,
        embedding=lambda: random(0, matrix),
        output=None,
        final_norm=lambda: random(1, (job.shape.hidden,)),
        layer=lambda index, part: random(2, index, list(parts).index(part), parts[part]),
    )
    (work / CONVERTED).mkdir()
    ct2.write_model(work / CONVERTED, decoder, job.vocabulary, job.special, job.quantization)
    np.save(work / LOGITS, reference.logits(decoder, job.tokens))
    return {"transformers": "5"}


@pytest.fixture
def faked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(huggingface, "_require_extra", lambda: None)
    monkeypatch.setattr(huggingface, "_run", fake_converter)


# -- the store -------------------------------------------------------------------------------


@pytest.mark.usefixtures("faked")
def test_a_directory_becomes_a_model_with_the_same_files_and_manifest(
    store: ModelStore, tmp_path: Path
) -> None:
    source = checkpoint.write(tmp_path / "Tiny Llama-Instruct")
    (source / "LICENSE").write_text("  Apache License\n  Version 2.0, January 2004\n")
    model = store.add(str(source))
    manifest = model.manifest
    assert (manifest.format, manifest.name) == (2, "tiny-llama-instruct")
    assert (manifest.architecture, manifest.quantization) == ("llama", "int8")
    assert manifest.licence == "apache-2.0"
    assert "Apache" in (model.path / "LICENSE").read_text()
    assert manifest.origin.source == "checkpoint:Tiny Llama-Instruct"
    assert manifest.origin.gguf_sha256 is None
    assert set(manifest.origin.checkpoint) == {
        "config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json",
        "generation_config.json",
        "chat_template.jinja",
    }
    assert manifest.self_check.cosine > 0.98
    assert str(tmp_path) not in (model.path / "manifest.json").read_text()
    assert set(manifest.files) == {
        "LICENSE",
        "chat_template.jinja",
        "config.json",
        "model.bin",
        "specials.json",
        "tokenizer.json",
        "vocabulary.json",
    }
    assert left(store) == ["tiny-llama-instruct"]
    loaded = Prompts.load(store.open(model.name).path)
    assert loaded.text(TEXT) == read(source).prompts.text(TEXT)
    assert loaded.can_chat


@pytest.mark.usefixtures("faked")
def test_an_unknown_licence_is_said(tmp_path: Path) -> None:
    source = checkpoint.write(tmp_path / "tiny")
    code, out, error = invoke(tmp_path / "data", "add", str(source))
    assert (code, out.startswith("tiny imported")) == (0, True)
    assert "its licence is unknown" in error
    assert "licence unknown" in invoke(tmp_path / "data", "list")[1]


@pytest.mark.usefixtures("faked")
def test_a_conversion_that_computes_something_else_is_not_installed(
    store: ModelStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(files: tuple[Path, ...], job: Job, work: Path) -> dict[str, str]:
        versions = fake_converter(files, job, work)
        np.save(work / LOGITS, np.load(work / LOGITS)[:, ::-1])
        return versions

    monkeypatch.setattr(huggingface, "_run", wrong)
    with pytest.raises(SelfCheckFailed):
        store.add(str(checkpoint.write(tmp_path / "tiny")))
    assert left(store) == []


def test_without_the_extra_the_error_says_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(huggingface, "find_spec", lambda _: None)
    source = checkpoint.write(tmp_path / "tiny")
    code, _, error = invoke(tmp_path, "add", str(source))
    assert code == 1
    assert "install the extra: pip install 'intramural[convert]'" in " ".join(error.split())
    assert left(ModelStore(tmp_path / "models")) == []


# -- what is refused -------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "model.safetensors"])
def test_a_directory_without_a_needed_file_is_refused(
    store: ModelStore, tmp_path: Path, name: str
) -> None:
    source = checkpoint.write(tmp_path / "tiny")
    (source / name).unlink()
    with pytest.raises(BrokenSource, match=name):
        store.add(str(source))


@pytest.mark.parametrize("name", ["pytorch_model.bin", "consolidated.00.pth", "model.ckpt"])
def test_pickled_weights_are_refused(store: ModelStore, tmp_path: Path, name: str) -> None:
    source = checkpoint.write(tmp_path / "tiny")
    (source / "model.safetensors").rename(source / name)
    with pytest.raises(UnsupportedModel, match=f"{name}.*safetensors"):
        store.add(str(source))


def test_the_converter_sees_links_to_the_checked_files_and_nothing_else(tmp_path: Path) -> None:
    source = checkpoint.write(tmp_path / "tiny")
    for strange in ("pytorch_model.bin", "modeling_tiny.py", "adapter_config.json"):
        (source / strange).write_text("{}")
    names = {path.name for path in huggingface.files_of(source)}
    assert names == {
        "config.json",
        "tokenizer.json",
        "model.safetensors",
        "tokenizer_config.json",
        "generation_config.json",
        "chat_template.jinja",
    }


@pytest.mark.parametrize("shard", ["../other.safetensors", "gone.safetensors", "weights.bin"])
def test_an_index_that_names_another_file_is_refused(tmp_path: Path, shard: str) -> None:
    source = checkpoint.write(tmp_path / "tiny")
    (tmp_path / "other.safetensors").write_bytes(b"")
    (source / "weights.bin").write_bytes(b"")
    (source / "model.safetensors").unlink()
    index = {"weight_map": {"lm_head.weight": shard}}
    (source / "model.safetensors.index.json").write_text(json.dumps(index))
    with pytest.raises(BrokenSource, match="missing"):
        huggingface.files_of(source)


@pytest.mark.parametrize("model_type", ["mistral", "phi3", "gemma3", "qwen3_moe", "bert", "T5"])
def test_another_architecture_is_refused_by_name(
    store: ModelStore, tmp_path: Path, model_type: str
) -> None:
    source = checkpoint.write(tmp_path / "tiny", config={"model_type": model_type})
    with pytest.raises(UnsupportedArchitecture, match=rf"'{model_type}'.*llama, qwen2, qwen3, ge"):
        store.add(str(source))
    assert left(store) == []


def test_another_head_is_refused_by_name(store: ModelStore, tmp_path: Path) -> None:
    changed = {"architectures": ["LlamaForSequenceClassification"]}
    with pytest.raises(UnsupportedArchitecture, match="LlamaForSequenceClassification"):
        store.add(str(checkpoint.write(tmp_path / "tiny", config=changed)))


@pytest.mark.parametrize(
    ("kind", "change", "words"),
    [
        ("llama", {"attention_bias": True}, "attention_bias"),
        ("llama", {"mlp_bias": True}, "mlp_bias"),
        ("llama", {"quantization_config": {"quant_method": "awq"}}, "quantization_config"),
        ("llama", {"auto_map": {"AutoModelForCausalLM": "modeling.Tiny"}}, "auto_map"),
        ("llama", {"hidden_act": "relu"}, "'relu'"),
        ("llama", {"head_dim": 48}, "head_dim"),
        ("llama", {"rope_parameters": {"rope_type": "yarn"}}, "'yarn'"),
        ("llama", {"rope_parameters": None, "rope_scaling": {"type": "dynamic"}}, "'dynamic'"),
        ("qwen2", {"use_sliding_window": True}, "use_sliding_window"),
        ("qwen2", {"layer_types": ["full_attention", "sliding_attention"]}, "sliding"),
        ("qwen3", {"head_dim": None}, "head_dim"),
        ("gemma3", {"final_logit_softcapping": 30.0}, "final_logit_softcapping"),
        ("gemma3", {"use_bidirectional_attention": True}, "use_bidirectional_attention"),
        ("gemma3", {"query_pre_attn_scalar": 168}, "scaled queries"),
        ("gemma3", {"rope_scaling": {"rope_type": "linear", "factor": 8.0}}, "rotary"),
        ("gemma3", {"rope_parameters": {"full_attention": {"rope_theta": 5.0}}}, "rotary"),
    ],
)
def test_a_setting_that_no_test_shows_right_is_refused(
    store: ModelStore, tmp_path: Path, kind: str, change: dict[str, Any], words: str
) -> None:
    with pytest.raises(UnsupportedModel, match=words):
        store.add(str(checkpoint.write(tmp_path / "tiny", kind, config=change)))


@pytest.mark.parametrize(
    "change",
    [
        {"num_hidden_layers": 0},
        {"num_attention_heads": 0},
        {"hidden_size": "64"},
        {"vocab_size": 10},
        {"rope_parameters": {"rope_type": "llama3", "factor": 8.0}},
        {"rope_parameters": {"rope_theta": "many"}},
    ],
)
def test_a_broken_configuration_is_refused(
    store: ModelStore, tmp_path: Path, change: dict[str, Any]
) -> None:
    with pytest.raises(BrokenSource):
        store.add(str(checkpoint.write(tmp_path / "tiny", config=change)))


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff", b"[" * 100_000, b'{"model": 1}'])
@pytest.mark.parametrize("name", ["config.json", "tokenizer.json"])
def test_a_damaged_file_is_refused(
    store: ModelStore, tmp_path: Path, name: str, content: bytes
) -> None:
    source = checkpoint.write(tmp_path / "tiny")
    (source / name).write_bytes(content)
    with pytest.raises((BrokenSource, UnsupportedArchitecture)):
        store.add(str(source))


# -- the tokenizer ---------------------------------------------------------------------------


def change_tokenizer(source: Path, change: dict[str, Any]) -> Path:
    path = source / "tokenizer.json"
    data = json.loads(path.read_text())
    for key, value in change.items():
        within, _, name = key.rpartition(".")
        (data[within] if within else data)[name] = value
    path.write_text(json.dumps(data))
    return source


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"model": {"type": "WordLevel", "vocab": {"a": 0}, "unk_token": "a"}}, "'WordLevel'"),
        ({"model.byte_fallback": True}, "byte_fallback"),
        ({"model.end_of_word_suffix": "</w>"}, "end_of_word_suffix"),
        ({"normalizer": {"type": "Lowercase"}}, "'Lowercase'"),
        ({"pre_tokenizer": {"type": "Whitespace"}}, "'Whitespace'"),
        ({"pre_tokenizer": None}, "byte-level"),
    ],
)
def test_another_tokenizer_is_refused(
    store: ModelStore, tmp_path: Path, change: dict[str, Any], words: str
) -> None:
    source = change_tokenizer(checkpoint.write(tmp_path / "tiny"), change)
    with pytest.raises(UnsupportedTokenizer, match=words):
        store.add(str(source))


def test_a_token_that_takes_spaces_along_is_refused(tmp_path: Path) -> None:
    source = checkpoint.write(tmp_path / "tiny")
    added = json.loads((source / "tokenizer.json").read_text())["added_tokens"]
    added[0]["rstrip"] = True
    with pytest.raises(UnsupportedTokenizer, match="spaces"):
        read(change_tokenizer(source, {"added_tokens": added}))


def test_text_has_the_sources_tokens_but_never_a_control_token(tmp_path: Path) -> None:
    source = checkpoint.write(tmp_path / "tiny")
    whole = Tokenizer.from_file(str(source / "tokenizer.json"))
    prompts = read(source).prompts
    for text in (TEXT.replace(THINK, ""), *checkpoint.TEXTS, f"with {WORD}."):
        assert prompts.text(text) == whole.encode(text).ids
        assert b"".join(prompts.bytes_of[token] for token in prompts.text(text)) == text.encode()
    control = {whole.token_to_id(token) for token in (ENDOFTEXT, START, END, THINK)}
    for text in (f"a{END}b", f"{START}system", THINK):
        assert control & set(whole.encode(text).ids)
        assert not control & set(prompts.text(text))
    assert whole.token_to_id(WORD) in prompts.text(f"with {WORD}.")


def test_the_ends_are_the_tokenizers_then_the_configurations(tmp_path: Path) -> None:
    source = checkpoint.write(tmp_path / "tiny")
    made = Tokenizer.from_file(str(source / "tokenizer.json"))
    ids = (made.token_to_id(END), made.token_to_id(ENDOFTEXT))
    assert read(source).prompts.end_tokens == ids
    (source / "generation_config.json").unlink()
    (source / "tokenizer_config.json").unlink()
    assert read(source).prompts.end_tokens == (ids[1], ids[0])
    assert read(source).job.special.eos == ENDOFTEXT


@pytest.mark.parametrize("named", [7, "<|nowhere|>"])
def test_an_end_outside_of_the_vocabulary_is_refused(tmp_path: Path, named: int | str) -> None:
    change = {"eos_token": named} if isinstance(named, str) else {}
    source = checkpoint.write(tmp_path / "tiny", settings=change)
    if isinstance(named, int):
        (source / "generation_config.json").write_text('{"eos_token_id": 999999}')
    with pytest.raises(BrokenSource, match="vocabulary"):
        read(source)


def test_a_bare_prompt_begins_as_the_tokenizer_says(tmp_path: Path) -> None:
    source = checkpoint.write(tmp_path / "tiny", bos=True)
    made = Tokenizer.from_file(str(source / "tokenizer.json"))
    assert read(source).bos == made.token_to_id(ENDOFTEXT)
    assert read(source).prompts.text("abc") == made.encode("abc").ids
    assert read(source).prompts.text("abc")[0] == made.token_to_id(ENDOFTEXT)
    plain = checkpoint.write(tmp_path / "plain", bos=True, settings={"add_bos_token": False})
    assert read(plain).prompts.text("abc") == made.encode("abc", add_special_tokens=False).ids


@pytest.mark.parametrize(
    "template",
    [CHATML, [{"name": "rag", "template": "no"}, {"name": "default", "template": CHATML}]],
)
def test_the_chat_template_may_be_in_the_settings(tmp_path: Path, template: Any) -> None:
    source = checkpoint.write(tmp_path / "tiny", settings={"chat_template": template})
    (source / "chat_template.jinja").unlink()
    assert read(source).template == CHATML


def test_a_model_without_a_template_has_none(tmp_path: Path) -> None:
    source = checkpoint.write(tmp_path / "tiny")
    (source / "chat_template.jinja").unlink()
    assert read(source).template is None
    (source / "chat_template.jinja").write_text("{% for %}")
    with pytest.raises(UnsupportedModel, match="template"):
        read(source)


def test_rows_without_a_token_are_named_and_silent(tmp_path: Path) -> None:
    source = checkpoint.write(tmp_path / "tiny")
    job, prompts = read(source).job, read(source).prompts
    assert len(set(job.vocabulary)) == job.shape.vocabulary == len(prompts.bytes_of)
    assert prompts.bytes_of[-3:] == [b"", b"", b""]


# -- the licence -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("files", "licence"),
    [
        ({}, None),
        ({"README.md": "# A model\nlicense: mit\n"}, None),
        ({"README.md": "---\nlanguage: en\nlicense: apache-2.0\n---\n# A model"}, "apache-2.0"),
        ({"README.md": "---\nlicense: other\nlicense_name: qwen-research\n---\n"}, "qwen-research"),
        ({"README.md": "---\nlicense: other\n---\n", "LICENSE": "ours"}, None),
        ({"LICENSE.txt": "MIT License\n\nCopyright"}, "mit"),
        ({"README.md": "---\nlicense: llama3.2\n---\n", "LICENSE": "MIT License"}, "llama3.2"),
    ],
)
def test_the_licence_is_what_the_checkpoint_says(
    tmp_path: Path, files: dict[str, str], licence: str | None
) -> None:
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    found, texts = huggingface.licence_of(tmp_path)
    assert found == licence
    assert set(texts) == set(files) - {"README.md"}


# -- no hub ----------------------------------------------------------------------------------


def test_the_converters_environment_has_no_hub_and_nothing_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, Any] = {}

    def run(command: list[str], **options: Any) -> subprocess.CompletedProcess[bytes]:
        seen.update(options, command=command)
        (tmp_path / "result.json").write_text("{}")
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setenv("HF_ENDPOINT", "http://192.0.2.1")
    monkeypatch.setenv("HF_TOKEN", "secret")
    monkeypatch.setattr(subprocess, "run", run)
    source = checkpoint.write(tmp_path / "tiny")
    huggingface._run(huggingface.files_of(source), read(source).job, tmp_path)
    assert seen["command"][:4] == [sys.executable, "-P", "-m", "engine.huggingface_convert"]
    env = seen["env"]
    assert (env["HF_HUB_OFFLINE"], env["TRANSFORMERS_OFFLINE"]) == ("1", "1")
    assert "HF_TOKEN" not in env
    assert "HF_ENDPOINT" not in env
    assert env["HOME"] == env["HF_HOME"] == str(tmp_path)


@pytest.mark.parametrize(
    "attempt",
    ["socket.create_connection(('127.0.0.1', PORT))", "socket.getaddrinfo('huggingface.co', 443)"],
)
def test_the_converter_can_reach_no_host(attempt: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        code = (
            "import socket, sys; from engine.huggingface_convert import _refuse_network; "
            "sys.addaudithook(_refuse_network); "
            + attempt.replace("PORT", str(server.getsockname()[1]))
        )
        done = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=False,
            env=huggingface.environment(Path("/nonexistent")),
        )
    assert done.returncode == 1
    assert "PermissionError: a conversion has no network" in done.stderr


@pytest.mark.parametrize(
    ("code", "words"), [(1, "did not start"), (-9, "signal 9.*memory"), (0, "did not start")]
)
def test_a_converter_that_dies_is_an_error_that_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, words: str
) -> None:
    monkeypatch.setattr(
        subprocess, "run", lambda command, **_: subprocess.CompletedProcess(command, code)
    )
    source = checkpoint.write(tmp_path / "tiny")
    with pytest.raises(ModelError, match=words):
        huggingface._run(huggingface.files_of(source), read(source).job, tmp_path)


# -- with the extra --------------------------------------------------------------------------


def theirs(model: Any, tokens: list[int]) -> Array:
    import torch

    with torch.no_grad():
        logits: Array = model(input_ids=torch.tensor([tokens])).logits[0].numpy()
    return logits


CASES: list[tuple[str, dict[str, Any], int]] = [
    ("llama", {}, 200),
    ("llama", {"num_key_value_heads": 4}, 60),
    ("llama", {"rope_parameters": LLAMA3, "max_position_embeddings": 4096}, 1000),
    (
        "llama",
        {"rope_parameters": None, "rope_theta": 500.0, "rope_scaling": LLAMA3 | {"type": "llama3"}},
        500,
    ),
    ("llama", {"rope_parameters": {"rope_type": "linear", "factor": 4.0}}, 60),
    ("qwen2", {}, 200),
    ("qwen2", {"tie_word_embeddings": False, "rope_theta": 500.0, "rope_parameters": None}, 60),
    ("qwen3", {}, 200),
    ("gemma3", {}, 128),
]


@needs_extra
@pytest.mark.parametrize(("kind", "change", "length"), CASES)
def test_in_float32_a_conversion_computes_what_transformers_computes(
    tmp_path: Path, kind: str, change: dict[str, Any], length: int
) -> None:
    source = checkpoint.write(tmp_path / "tiny", kind, config=change)
    model = checkpoint.fill(source)
    job = read(source).job
    tokens = np.random.default_rng(3).integers(0, job.shape.vocabulary, length).tolist()
    exact = replace(job, tokens=tokens, quantization="float32")
    work = tmp_path / "work"
    work.mkdir()
    huggingface._run(huggingface.files_of(source), exact, work)
    network = ct2.Replicas(work / CONVERTED, replicas=1, threads=1, compute_type="float32")
    expected = theirs(model, tokens)
    np.testing.assert_allclose(network.logits(tokens), expected, atol=2e-4)
    np.testing.assert_allclose(np.load(work / LOGITS), expected, atol=1e-5)
    ours: list[int] = []
    network.generate(
        [[job.vocabulary[token] for token in tokens[:20]]],
        max_length=24,
        end_tokens=[job.shape.vocabulary - 1],
        temperature=0,
        top_p=1,
        on_step=lambda step: bool(ours.append(step.token_id)),
    )
    greedy = tokens[:20]
    while len(greedy) < 20 + len(ours):
        greedy.append(int(theirs(model, greedy)[-1].argmax()))
    assert ours
    assert ours == greedy[20:]
    network.close()


@needs_extra
@pytest.mark.parametrize("kind", ["llama", "qwen2", "qwen3", "gemma3"])
def test_an_imported_checkpoint_is_int8_and_chats_with_transformers_tokens(
    store: ModelStore, tmp_path: Path, kind: str
) -> None:
    import transformers

    source = checkpoint.write(tmp_path / f"tiny-{kind}", kind)
    model = checkpoint.fill(source, shard="20KB")
    assert len(list(source.glob("*.safetensors"))) > 1
    added = store.add(str(source))
    assert added.manifest.architecture == kind
    assert added.manifest.self_check.cosine > 0.99
    assert set(added.manifest.versions) == {"ctranslate2", "torch", "transformers"}
    prompts = Prompts.load(added.path)
    own = transformers.AutoTokenizer.from_pretrained(source, local_files_only=True)
    turns = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": f"A note on {WORD}:\n\n BP 120/80, 37,5 °C."},
    ]
    rendered = own.apply_chat_template(turns, add_generation_prompt=True, return_dict=False)
    tokens = prompts.chat([ChatMessage(turn["role"], turn["content"]) for turn in turns])
    assert tokens == list(rendered)
    network = ct2.Replicas(added.path, replicas=1, threads=1)
    ours, expected = network.logits(tokens), theirs(model, tokens)
    network.close()
    assert (ours.argmax(axis=1) == expected.argmax(axis=1)).mean() > 0.85
    assert left(store) == [f"tiny-{kind}"]


@needs_extra
@pytest.mark.parametrize("damage", ["missing", "unexpected", "mismatched", "truncated"])
def test_weights_that_are_not_whole_are_refused(
    store: ModelStore, tmp_path: Path, damage: str
) -> None:
    from safetensors.numpy import load_file, save_file

    source = checkpoint.write(tmp_path / "tiny")
    checkpoint.fill(source)
    path = source / "model.safetensors"
    tensors = load_file(path)
    name = "model.layers.1.mlp.up_proj.weight"
    match damage:
        case "missing":
            del tensors[name]
        case "unexpected":
            tensors["model.layers.1.mlp.up_proj.lora"] = tensors[name].copy()
        case "mismatched":
            tensors[name] = tensors[name][:-1].copy()
    save_file(tensors, path, metadata={"format": "pt"})
    if damage == "truncated":
        path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(BrokenSource, match="cannot be converted"):
        store.add(str(source))
    assert left(store) == []
