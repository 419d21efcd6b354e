"""Each architecture computes what an independent forward pass does; the rest is refused by name."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from engine import ct2, gguf, reference, tokenizer
from engine.errors import BrokenSource, UnsupportedArchitecture, UnsupportedModel
from tests.unit.engine.tiny import VOCABULARY, Tiny

PROMPT = [40, 41, 77, 3, 99, 120, 121, 250, 17, 33, 60, 41, 40, 9, 200, 31, 8, 90, 91, 92]
LLAMA3 = [1.0, 1.0, 1.0, 1.0, 1.3, 2.0, 3.5, 5.0, 8.0, 8.0, 8.0, 8.0, 8.0, 8.0, 8.0, 8.0]

SHOWN = {
    "llama": Tiny("llama"),
    "llama with tied embeddings": Tiny("llama", tied=True, base=100_000.0),
    "llama with its own head size (Mistral)": Tiny("llama", head=48),
    "llama with rotary factors (Llama 3.1)": Tiny("llama", base=500_000.0, factors=LLAMA3),
    "llama with linear rope scaling": Tiny("llama", linear=4.0),
    "qwen2": Tiny("qwen2", base=1_000_000.0, epsilon=1e-6),
    "qwen3": Tiny("qwen3", base=1_000_000.0, epsilon=1e-6, tied=True),
    "gemma3": Tiny("gemma3", layers=7, base=1_000_000.0, epsilon=1e-6, tied=True),
    "gemma3 with linear rope scaling": Tiny(
        "gemma3", layers=7, base=1_000_000.0, epsilon=1e-6, tied=True, linear=8.0
    ),
}


def written(source: gguf.Source, directory: Path, quantization: str) -> ct2.Replicas:
    _, vocabulary, specials = tokenizer.build(source.metadata, source.decoder.shape.vocabulary)
    end = vocabulary[specials.end[0]]
    ct2.write_model(
        directory,
        source.decoder,
        vocabulary,
        ct2.SpecialTokens(end, end, vocabulary[0]),
        quantization,
    )
    compute = "int8" if quantization == "int8" else "float32"
    return ct2.Replicas(directory, replicas=1, threads=1, compute_type=compute)


@pytest.fixture(params=list(SHOWN.values()), ids=list(SHOWN))
def tiny(request: pytest.FixtureRequest) -> Tiny:
    model: Tiny = request.param
    return model


def test_the_written_model_computes_what_the_book_says(tiny: Tiny, tmp_path: Path) -> None:
    source = gguf.read(tiny.write(tmp_path / "m.gguf"))
    model = written(source, tmp_path, "float32")
    np.testing.assert_allclose(model.logits(PROMPT), tiny.logits(PROMPT), rtol=2e-3, atol=2e-3)


def test_the_reference_computes_what_the_book_says(tiny: Tiny, tmp_path: Path) -> None:
    source = gguf.read(tiny.write(tmp_path / "m.gguf"))
    computed = reference.logits(source.decoder, PROMPT)
    np.testing.assert_allclose(computed, tiny.logits(PROMPT), rtol=2e-3, atol=2e-3)


def test_decoding_step_by_step_agrees_with_the_book(tiny: Tiny, tmp_path: Path) -> None:
    source = gguf.read(tiny.write(tmp_path / "m.gguf"))
    _, vocabulary, _ = tokenizer.build(source.metadata, VOCABULARY)
    model = written(source, tmp_path, "float32")
    generated: list[int] = []

    def on_step(step: ct2.Step) -> bool:
        generated.append(step.token_id)
        return False

    model.generate(
        [[vocabulary[token] for token in PROMPT]],
        max_length=12,
        end_tokens=[VOCABULARY - 1],
        temperature=0,
        top_p=1,
        on_step=on_step,
    )
    tokens = list(PROMPT)
    for token in generated:
        assert int(tiny.logits(tokens)[-1].argmax()) == token
        tokens.append(token)


def test_int8_stays_near_its_source(tiny: Tiny, tmp_path: Path) -> None:
    source = gguf.read(tiny.write(tmp_path / "m.gguf"))
    left = written(source, tmp_path, "int8").logits(PROMPT)
    right = tiny.logits(PROMPT)
    cosine = (left * right).sum(1) / np.linalg.norm(left, axis=1) / np.linalg.norm(right, axis=1)
    assert cosine.mean() > 0.98


@pytest.mark.parametrize("name", ["phi3", "gemma2", "mamba", "qwen3moe"])
def test_another_architecture_is_refused_by_name(name: str, tmp_path: Path) -> None:
    with pytest.raises(UnsupportedArchitecture, match=f"'{name}'.*llama, qwen2, qwen3, gemma3"):
        gguf.read(Tiny(name).write(tmp_path / "m.gguf"))


def test_a_context_is_cut_to_the_window_within_which_gemma_is_shown_right(tmp_path: Path) -> None:
    source = gguf.read(SHOWN["gemma3"].write(tmp_path / "m.gguf"))
    assert source.decoder.shape.context == 64


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("llama.expert_count", 8),
        ("llama.rope.scaling.type", "yarn"),
        ("llama.final_logit_softcapping", 30.0),
        ("llama.rope.dimension_count", 16),
    ],
)
def test_a_setting_that_changes_the_result_is_refused(
    key: str, value: str | float, tmp_path: Path
) -> None:
    tiny = Tiny("llama", extra={key: value})
    with pytest.raises(UnsupportedModel):
        gguf.read(tiny.write(tmp_path / "m.gguf"))


def test_a_tensor_that_is_not_understood_is_refused(tmp_path: Path) -> None:
    tiny = Tiny("qwen2")
    tiny.weights["0.q_norm"] = np.ones(tiny.head, np.float32)
    with pytest.raises(UnsupportedModel, match=r"attn_q_norm"):
        gguf.read(tiny.write(tmp_path / "m.gguf"))


def test_a_missing_tensor_is_an_error(tmp_path: Path) -> None:
    tiny = Tiny("llama", omit=("blk.1.ffn_up.weight",))
    with pytest.raises(BrokenSource, match=r"blk\.1\.ffn_up\.weight is missing"):
        gguf.read(tiny.write(tmp_path / "m.gguf"))


def test_a_tensor_of_the_wrong_size_is_an_error(tmp_path: Path) -> None:
    tiny = Tiny("llama")
    tiny.weights["0.up"] = tiny.weights["0.up"][:-1]
    with pytest.raises(BrokenSource, match="another size"):
        gguf.read(tiny.write(tmp_path / "m.gguf"))


def test_values_that_are_not_finite_are_an_error(tmp_path: Path) -> None:
    tiny = Tiny("llama")
    tiny.weights["0.up"][0, 0] = np.nan
    source = gguf.read(tiny.write(tmp_path / "m.gguf"))
    with pytest.raises(BrokenSource, match="not finite"):
        source.decoder.layer(0, "up")


@pytest.mark.parametrize("kept", [0, 3, 20, 200, 5000, -1, -4000])
def test_a_truncated_file_is_an_error_with_a_way_out(kept: int, tmp_path: Path) -> None:
    path = Tiny("llama").write(tmp_path / "m.gguf")
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(BrokenSource):
        gguf.read(path)


def test_a_doctored_count_of_tensors_is_an_error(tmp_path: Path) -> None:
    path = Tiny("llama").write(tmp_path / "m.gguf")
    content = bytearray(path.read_bytes())
    struct.pack_into("<Q", content, 8, 2**60)
    path.write_bytes(content)
    with pytest.raises(BrokenSource):
        gguf.read(path)


def test_another_kind_of_file_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "m.gguf"
    path.write_bytes(b"PK\3\4" + b"\0" * 1000)
    with pytest.raises(BrokenSource, match="not GGUF"):
        gguf.read(path)
