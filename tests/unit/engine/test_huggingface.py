"""A Hugging Face checkpoint is imported right, or refused by name; never with code or a network."""

from __future__ import annotations

import json
import math
import os
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from tokenizers import Tokenizer

from engine import (
    BrokenSource,
    ChatMessage,
    ModelStore,
    SelfCheckFailed,
    UnsupportedArchitecture,
    UnsupportedModel,
    UnsupportedTokenizer,
    ct2,
    huggingface,
    reference,
)
from engine.importer import Network
from engine.prompts import Prompts
from tests.unit.engine import checkpoint
from tests.unit.engine.checkpoint import CHATML, END, ENDOFTEXT, START, THINK, WORD
from tests.unit.engine.test_model_commands import invoke
from tests.unit.engine.tiny import VOCABULARY, Tiny

LLAMA3 = {
    "rope_type": "llama3",
    "rope_theta": 500_000.0,
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 256,
}
TEXT = "Pt. Ana Ñúñez has hypertension, BP 120/80.\n\n  <think> 患者 🙂"
PROMPT = [40, 41, 77, 3, 99, 120, 121, 250, 17, 33, 60, 41, 40, 9, 200, 31, 8, 90, 91, 92]


pytestmark = pytest.mark.usefixtures("short_texts")


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "models")


def left(store: ModelStore) -> list[str]:
    if not store._root.exists():
        return []
    return sorted(path.name for path in store._root.iterdir() if path.name != ".lock")


def read(directory: Path) -> Network:
    return huggingface.read_checkpoint(directory)


def llama3_factors(size: int) -> list[float]:
    """The divisors of Llama 3.1, by the definition and one frequency at a time."""
    factors = []
    for pair in range(size // 2):
        wavelength = 2 * math.pi * 500_000.0 ** (2 * pair / size)
        if wavelength < 256 / 4.0:
            factors.append(1.0)
        elif wavelength > 256 / 1.0:
            factors.append(8.0)
        else:
            smooth = (256 / wavelength - 1.0) / (4.0 - 1.0)
            factors.append(1 / ((1 - smooth) / 8.0 + smooth))
    return factors


# -- the store -------------------------------------------------------------------------------


def test_a_directory_becomes_a_model_with_the_same_files_and_manifest(
    store: ModelStore, tmp_path: Path
) -> None:
    source = checkpoint.write(tmp_path / "Tiny Llama-Instruct")
    (source / "LICENSE").write_text("  Apache License\n  Version 2.0, January 2004\n")
    model = store.add(str(source))
    manifest = model.manifest
    assert (manifest.format, manifest.name) == (3, "tiny-llama-instruct")
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
    assert set(manifest.versions) == {"ctranslate2", "safetensors"}
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


def test_an_unknown_licence_is_said(tmp_path: Path) -> None:
    source = checkpoint.write(tmp_path / "tiny")
    code, out, error = invoke(tmp_path / "data", "add", str(source))
    assert (code, out.startswith("tiny imported")) == (0, True)
    assert "its licence is unknown" in error
    assert "licence unknown; checkpoint:tiny" in invoke(tmp_path / "data", "list")[1]


def test_a_checkpoint_that_computes_something_else_is_not_installed(
    store: ModelStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = reference.logits_of
    monkeypatch.setattr(
        reference, "logits_of", lambda *given: (each[:, ::-1] for each in honest(*given))
    )
    with pytest.raises(SelfCheckFailed):
        store.add(str(checkpoint.write(tmp_path / "tiny")))
    assert left(store) == []


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


def test_nine_kinds_of_file_are_read_and_nothing_else(tmp_path: Path) -> None:
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


@pytest.mark.parametrize("model_type", ["phi3", "gemma2", "gemma3", "qwen3_moe", "bert", "T5"])
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
        ("llama", {"head_dim": None, "hidden_size": 66}, "head_dim"),
        ("llama", {"partial_rotary_factor": 0.5}, "a part of each head"),
        ("llama", {"rope_parameters": {"partial_rotary_factor": 0.5}}, "a part of each head"),
        ("llama", {"layer_types": ["full_attention", "linear_attention"]}, "sliding"),
        ("llama", {"rope_parameters": {"rope_type": "yarn"}}, "'yarn'"),
        ("llama", {"rope_parameters": None, "rope_scaling": {"type": "dynamic"}}, "'dynamic'"),
        ("qwen2", {"use_sliding_window": True}, "use_sliding_window"),
        ("qwen2", {"layer_types": ["full_attention", "sliding_attention"]}, "sliding"),
        ("qwen3", {"head_dim": None}, "head_dim"),
        ("gemma3", {"final_logit_softcapping": 30.0}, "final_logit_softcapping"),
        ("gemma3", {"use_bidirectional_attention": True}, "use_bidirectional_attention"),
        ("gemma3", {"query_pre_attn_scalar": 168}, "scaled queries"),
        ("gemma3", {"layer_types": ["full_attention"]}, "layer_types"),
        ("gemma3", {"rope_parameters": {"rope_type": "linear", "factor": 8.0}}, "rotary"),
        ("gemma3", {"rope_parameters": None, "rope_scaling": {"rope_type": "yarn"}}, "rotary"),
        (
            "gemma3",
            {
                "rope_parameters": {
                    "full_attention": {"rope_theta": 5.0},
                    "sliding_attention": {"rope_type": "linear", "factor": 2.0},
                }
            },
            "rotary",
        ),
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
        {"vocab_size": 2**40},
        {"num_hidden_layers": 2**30},
        {"head_dim": 2**20},
        {"head_dim": 15},
        {"num_key_value_heads": 3},
        {"num_key_value_heads": 0},
        {"rms_norm_eps": 0.0},
        {"rope_parameters": {"rope_theta": 0.0}},
        {"rope_parameters": {"rope_type": "linear", "factor": -1.0}},
        {"rope_parameters": {"rope_type": "linear"}},
        {"tie_word_embeddings": "yes"},
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
    network = read(source)
    assert network.vocabulary[network.specials.end[0]] == ENDOFTEXT


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
    assert read(source).specials.bos == made.token_to_id(ENDOFTEXT)
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
    network = read(source)
    prompts = network.prompts
    assert len(set(network.vocabulary)) == VOCABULARY == len(prompts.bytes_of)
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


# -- the network -----------------------------------------------------------------------------

SHOWN: dict[str, tuple[Tiny, dict[str, Any]]] = {
    "llama": (Tiny("llama"), {}),
    "llama with tied embeddings": (Tiny("llama", tied=True, base=100_000.0), {}),
    "llama in transformers 4's words": (
        Tiny("llama", base=500.0),
        {"rope_parameters": None, "rope_theta": 500.0, "rope_scaling": None},
    ),
    "llama without its own head size": (Tiny("llama", head=16), {"head_dim": None}),
    "llama with rotary factors (Llama 3.1)": (
        Tiny("llama", base=500_000.0, factors=llama3_factors(32)),
        {"rope_parameters": LLAMA3},
    ),
    "llama with rotary factors in transformers 4's words": (
        Tiny("llama", base=500_000.0, factors=llama3_factors(32)),
        {
            "rope_parameters": None,
            "rope_theta": 500_000.0,
            "rope_scaling": {"type": "llama3"} | LLAMA3,
        },
    ),
    "llama with linear rope scaling": (
        Tiny("llama", linear=4.0),
        {"rope_parameters": {"rope_type": "linear", "factor": 4.0}},
    ),
    "mistral": (
        Tiny("llama", head=48),
        {
            "model_type": "mistral",
            "architectures": ["MistralForCausalLM"],
            "sliding_window": None,
        },
    ),
    "qwen2": (
        Tiny("qwen2", base=1_000_000.0, epsilon=1e-6),
        {"sliding_window": 64, "use_sliding_window": False, "max_window_layers": 1},
    ),
    "qwen3": (Tiny("qwen3", base=1_000_000.0, epsilon=1e-6, tied=True), {}),
    "gemma3": (Tiny("gemma3", layers=7, base=1_000_000.0, epsilon=1e-6, tied=True), {}),
    "gemma3 with linear rope scaling": (
        Tiny("gemma3", layers=7, base=1_000_000.0, epsilon=1e-6, tied=True, linear=8.0),
        {},
    ),
    "gemma3 in transformers 4's words": (
        Tiny("gemma3", layers=7, base=1_000_000.0, epsilon=1e-6, tied=True, linear=8.0),
        {
            "layer_types": None,
            "sliding_window_pattern": 6,
            "rope_parameters": None,
            "rope_theta": 1_000_000.0,
            "rope_local_base_freq": 10_000.0,
            "rope_scaling": {"rope_type": "linear", "factor": 8.0},
            "tie_word_embeddings": None,
        },
    ),
}


def float32(network: Network, directory: Path) -> ct2.Replicas:
    end = network.vocabulary[network.specials.end[0]]
    special = ct2.SpecialTokens(end, end, network.vocabulary[0])
    directory.mkdir()
    ct2.write_model(directory, network.decoder, network.vocabulary, special, "float32")
    return ct2.Replicas(directory, replicas=1, threads=1, compute_type="float32")


@pytest.mark.parametrize(("tiny", "change"), list(SHOWN.values()), ids=list(SHOWN))
def test_in_float32_a_checkpoint_computes_what_the_book_says(
    tmp_path: Path, tiny: Tiny, change: dict[str, Any]
) -> None:
    network = read(checkpoint.write(tmp_path / "tiny", tiny, config=change))
    expected = tiny.logits(PROMPT)
    computed = reference.logits(network.decoder, PROMPT)
    np.testing.assert_allclose(computed, expected, rtol=2e-3, atol=2e-3)
    model = float32(network, tmp_path / "written")
    np.testing.assert_allclose(model.logits(PROMPT), expected, rtol=2e-3, atol=2e-3)
    generated: list[int] = []
    model.generate(
        [[network.vocabulary[token] for token in PROMPT]],
        max_length=6,
        end_tokens=[VOCABULARY - 1],
        temperature=0,
        top_p=1,
        on_step=lambda step: bool(generated.append(step.token_id)),
    )
    model.close()
    tokens = list(PROMPT)
    for token in generated:
        assert int(tiny.logits(tokens)[-1].argmax()) == token
        tokens.append(token)


@pytest.mark.parametrize("kind", ["llama", "qwen2", "qwen3", "gemma3"])
def test_an_imported_checkpoint_in_several_files_is_int8_and_chats(
    store: ModelStore, tmp_path: Path, kind: str
) -> None:
    tiny = Tiny(kind, tied=kind == "gemma3")
    source = checkpoint.write(tmp_path / f"tiny-{kind}", tiny)
    checkpoint.shard(source, 3)
    added = store.add(str(source))
    assert added.manifest.architecture == kind
    assert added.manifest.self_check.cosine > 0.98
    assert len(added.manifest.origin.checkpoint) == 9
    prompts = Prompts.load(added.path)
    whole = Tokenizer.from_file(str(source / "tokenizer.json"))
    note = f"A note on {WORD}:\n\n BP 120/80, 37,5 °C."
    tokens = prompts.chat([ChatMessage("user", note)])
    rendered = f"{START}user\n{note}{END}\n{START}assistant\n"
    assert tokens == whole.encode(rendered, add_special_tokens=False).ids
    network = ct2.Replicas(added.path, replicas=1, threads=1)
    ours, expected = network.logits(tokens), tiny.logits(tokens)
    network.close()
    assert (ours.argmax(axis=1) == expected.argmax(axis=1)).mean() > 0.8
    assert left(store) == [f"tiny-{kind}"]


def test_bfloat16_and_float16_are_read_exactly(tmp_path: Path) -> None:
    tiny = Tiny("llama")
    source = checkpoint.write(tmp_path / "tiny", tiny)
    kept = checkpoint.bfloat16(source / "model.safetensors", tiny.checkpoint())
    decoder = read(source).decoder
    name = "model.layers.1.mlp.up_proj.weight"
    np.testing.assert_array_equal(decoder.layer(1, "up"), kept[name])
    assert (kept[name] != tiny.checkpoint()[name]).any()
    halves = {name: values.astype(np.float16) for name, values in tiny.checkpoint().items()}
    save_file(halves, source / "model.safetensors")
    decoder = read(source).decoder
    np.testing.assert_array_equal(decoder.layer(1, "up"), halves[name].astype(np.float32))


def test_an_output_that_repeats_the_tied_embedding_is_the_embedding(tmp_path: Path) -> None:
    tiny = Tiny("llama", tied=True)
    source = checkpoint.write(tmp_path / "tiny", tiny)
    tensors = tiny.checkpoint() | {"lm_head.weight": tiny.weights["embed"].copy()}
    checkpoint.weigh(source, tensors)
    assert read(source).decoder.output is None
    tensors["lm_head.weight"][0, 0] += 1
    checkpoint.weigh(source, tensors)
    with pytest.raises(UnsupportedModel, match="lm_head"):
        read(source)


def test_frequencies_that_old_checkpoints_hold_are_passed_over(tmp_path: Path) -> None:
    tensors = Tiny("llama").checkpoint()
    tensors["model.layers.0.self_attn.rotary_emb.inv_freq"] = np.ones(16, np.float32)
    source = checkpoint.write(tmp_path / "tiny")
    checkpoint.weigh(source, tensors)
    assert read(source).decoder.shape.layers == 2


@pytest.mark.parametrize(
    ("change", "context"),
    [
        ({"model_type": "mistral", "architectures": ["MistralForCausalLM"]}, 100),
        ({"model_type": "llama"}, 512),
    ],
)
def test_a_context_is_cut_to_the_window_within_which_a_model_is_shown_right(
    tmp_path: Path, change: dict[str, Any], context: int
) -> None:
    source = checkpoint.write(tmp_path / "tiny", config=change | {"sliding_window": 100})
    assert read(source).decoder.shape.context == context
    gemma = checkpoint.write(tmp_path / "gemma", "gemma3")
    assert read(gemma).decoder.shape.context == 128


# -- weights that are not whole ----------------------------------------------------------------

NAME = "model.layers.1.mlp.up_proj.weight"


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ("missing", "is missing"),
        ("unexpected", "lora"),
        ("another size", "another size"),
        ("not finite", "not finite"),
        ("integers", "I32"),
    ],
)
def test_weights_that_are_not_whole_are_refused(
    store: ModelStore, tmp_path: Path, damage: str, words: str
) -> None:
    source = checkpoint.write(tmp_path / "tiny")
    tensors: dict[str, Any] = dict(load_file(source / "model.safetensors"))
    match damage:
        case "missing":
            del tensors[NAME]
        case "unexpected":
            tensors["model.layers.1.mlp.up_proj.lora"] = tensors[NAME].copy()
        case "another size":
            tensors[NAME] = tensors[NAME][:-1].copy()
        case "not finite":
            tensors[NAME][0, 0] = np.inf
        case _:
            tensors[NAME] = tensors[NAME].astype(np.int32)
    checkpoint.weigh(source, tensors)
    with pytest.raises((BrokenSource, UnsupportedModel), match=words):
        store.add(str(source))
    assert left(store) == []


@pytest.mark.parametrize("kept", [0, 7, 8, 200, -1, -100])
def test_a_truncated_file_of_weights_is_refused(
    store: ModelStore, tmp_path: Path, kept: int
) -> None:
    source = checkpoint.write(tmp_path / "tiny")
    path = source / "model.safetensors"
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(BrokenSource, match=r"model\.safetensors cannot be read.*download it again"):
        store.add(str(source))
    assert left(store) == []


def doctored(path: Path, change: dict[str, Any], length: int | None = None) -> None:
    """Change what the header says of one tensor, or how long the header says it is."""
    content = path.read_bytes()
    (size,) = struct.unpack_from("<Q", content)
    header = json.loads(content[8 : 8 + size])
    header[NAME] |= change
    raw = json.dumps(header).encode()
    stated = len(raw) if length is None else length
    path.write_bytes(struct.pack("<Q", stated) + raw + content[8 + size :])


@pytest.mark.parametrize(
    ("change", "length"),
    [
        ({"data_offsets": [0, 2**60]}, None),
        ({"data_offsets": [2**63, 2**63 + 4]}, None),
        ({"data_offsets": [-8, 8]}, None),
        ({"data_offsets": [0, 24576]}, None),
        ({"shape": [2**40, 2**40]}, None),
        ({"shape": [2**32, 2**32, 0]}, None),
        ({"shape": []}, None),
        ({"dtype": "F128"}, None),
        ({"dtype": "F16"}, None),
        ({}, 2**62),
        ({}, 5),
    ],
)
def test_a_doctored_header_is_refused(
    store: ModelStore, tmp_path: Path, change: dict[str, Any], length: int | None
) -> None:
    source = checkpoint.write(tmp_path / "tiny")
    doctored(source / "model.safetensors", change, length)
    with pytest.raises(BrokenSource):
        store.add(str(source))
    assert left(store) == []


def test_a_tensor_in_two_files_is_refused(tmp_path: Path) -> None:
    source = checkpoint.write(tmp_path / "tiny")
    checkpoint.shard(source, 2)
    one, two = sorted(source.glob("model-*.safetensors"))
    tensors = load_file(two) | {name: load_file(one)[name] for name in list(load_file(one))[:1]}
    save_file(tensors, two)
    with pytest.raises(BrokenSource, match="in two files"):
        read(source)


def test_a_file_that_shrinks_while_it_is_read_is_an_error(tmp_path: Path) -> None:
    source = checkpoint.write(tmp_path / "tiny")
    decoder = read(source).decoder
    os.truncate(source / "model.safetensors", 4000)
    with pytest.raises(BrokenSource, match="changed"):
        decoder.layer(1, "up")


def test_a_template_that_is_not_text_is_refused(tmp_path: Path) -> None:
    source = checkpoint.write(tmp_path / "tiny")
    (source / "chat_template.jinja").write_bytes(b"\xff")
    with pytest.raises(BrokenSource, match="not text"):
        read(source)
