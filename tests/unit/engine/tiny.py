"""Tiny random models, written as GGUF the way llama.cpp's converter writes them, and computed here.

The forward pass below works on the weights in Hugging Face's order and form, from the papers and
the models' own descriptions; it shares nothing with `engine`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from gguf import GGMLQuantizationType, GGUFWriter

Array = npt.NDArray[np.float32]

HIDDEN, HEADS, HEADS_KV, HEAD, FEED = 64, 4, 2, 32, 96
SPECIALS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
CHATML = (
    "{% for m in messages %}{{'<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n'}}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


def byte_alphabet() -> list[str]:
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    rest = [byte for byte in range(256) if byte not in printable]
    table = {byte: chr(byte) for byte in printable}
    table |= {byte: chr(256 + index) for index, byte in enumerate(rest)}
    return [table[byte] for byte in range(256)]


TOKENS = [*SPECIALS, *byte_alphabet(), "th", "the"]
VOCABULARY = len(TOKENS) + 3
"""Three rows more than tokens, as padded models have."""


@dataclass
class Tiny:
    """A model of one architecture with random weights."""

    architecture: str
    layers: int = 2
    head: int = HEAD
    base: float = 10_000.0
    epsilon: float = 1e-5
    tied: bool = False
    linear: float = 1.0
    factors: list[float] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)
    omit: tuple[str, ...] = ()
    weights: dict[str, Array] = field(default_factory=dict)

    def __post_init__(self) -> None:
        random = np.random.default_rng(7)

        def matrix(*shape: int) -> Array:
            return random.normal(0, 1 / math.sqrt(shape[-1]), shape).astype(np.float32)

        def gain(size: int) -> Array:
            return random.normal(0 if self.gemma else 1, 0.3, size).astype(np.float32)

        w = self.weights
        w["embed"] = random.normal(0, 1, (VOCABULARY, HIDDEN)).astype(np.float32)
        w["norm"] = gain(HIDDEN)
        if not self.tied:
            w["head"] = matrix(VOCABULARY, HIDDEN)
        for i in range(self.layers):
            w[f"{i}.q"] = matrix(HEADS * self.head, HIDDEN) * 3
            w[f"{i}.k"] = matrix(HEADS_KV * self.head, HIDDEN) * 3
            w[f"{i}.v"] = matrix(HEADS_KV * self.head, HIDDEN)
            w[f"{i}.o"] = matrix(HIDDEN, HEADS * self.head)
            w[f"{i}.gate"] = matrix(FEED, HIDDEN)
            w[f"{i}.up"] = matrix(FEED, HIDDEN)
            w[f"{i}.down"] = matrix(HIDDEN, FEED)
            w[f"{i}.in_norm"] = gain(HIDDEN)
            w[f"{i}.ff_norm"] = gain(HIDDEN)
            if self.architecture == "qwen2":
                for part, heads in (("q", HEADS), ("k", HEADS_KV), ("v", HEADS_KV)):
                    w[f"{i}.{part}_bias"] = matrix(1, heads * self.head)[0] * 8
            if self.architecture in {"qwen3", "gemma3"}:
                w[f"{i}.q_norm"], w[f"{i}.k_norm"] = gain(self.head), gain(self.head)
            if self.gemma:
                w[f"{i}.post_in"], w[f"{i}.post_ff"] = gain(HIDDEN), gain(HIDDEN)

    @property
    def gemma(self) -> bool:
        return self.architecture == "gemma3"

    # -- writing -----------------------------------------------------------------------------

    def write(self, path: Path) -> Path:
        """Write GGUF in float32, with llama.cpp's conventions."""
        writer = GGUFWriter(path, self.architecture)
        writer.add_context_length(256)
        writer.add_embedding_length(HIDDEN)
        writer.add_block_count(self.layers)
        writer.add_feed_forward_length(FEED)
        writer.add_head_count(HEADS)
        writer.add_head_count_kv(HEADS_KV)
        writer.add_key_length(self.head)
        writer.add_value_length(self.head)
        writer.add_rope_freq_base(self.base)
        writer.add_layer_norm_rms_eps(self.epsilon)
        if self.gemma:
            writer.add_sliding_window(64)
        if self.linear != 1:
            writer.add_string(f"{self.architecture}.rope.scaling.type", "linear")
            writer.add_float32(f"{self.architecture}.rope.scaling.factor", self.linear)
        tokenizer = {
            "tokenizer.ggml.model": "gpt2",
            "tokenizer.ggml.pre": "smollm",
            "tokenizer.chat_template": CHATML,
        }
        for key, value in {**tokenizer, **self.extra}.items():
            if isinstance(value, str):
                writer.add_string(key, value)
            elif isinstance(value, float):
                writer.add_float32(key, value)
            else:
                writer.add_uint32(key, value)
        writer.add_token_list(TOKENS)
        writer.add_token_types([3] * len(SPECIALS) + [1] * (len(TOKENS) - len(SPECIALS)))
        writer.add_token_merges(["t h", "th e"])
        writer.add_eos_token_id(2)
        for name, values in self._tensors().items():
            if name not in self.omit:
                writer.add_tensor(name, values, raw_dtype=GGMLQuantizationType.F32)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        return path

    def _tensors(self) -> dict[str, Array]:
        w = self.weights
        plus = np.float32(1 if self.gemma else 0)  # The converter adds Gemma's one to the norms.
        tensors = {"token_embd.weight": w["embed"], "output_norm.weight": w["norm"] + plus}
        if not self.tied:
            tensors["output.weight"] = w["head"]
        if self.factors:
            tensors["rope_freqs.weight"] = np.asarray(self.factors, np.float32)
        names = {
            "q": "attn_q.weight",
            "k": "attn_k.weight",
            "v": "attn_v.weight",
            "o": "attn_output.weight",
            "gate": "ffn_gate.weight",
            "up": "ffn_up.weight",
            "down": "ffn_down.weight",
            "q_bias": "attn_q.bias",
            "k_bias": "attn_k.bias",
            "v_bias": "attn_v.bias",
            "in_norm": "attn_norm.weight",
            "ff_norm": "ffn_norm.weight",
            "q_norm": "attn_q_norm.weight",
            "k_norm": "attn_k_norm.weight",
            "post_in": "post_attention_norm.weight",
            "post_ff": "post_ffw_norm.weight",
        }
        for key, values in w.items():
            layer, _, part = key.partition(".")
            if not part:
                continue
            stored = values
            if part.endswith("norm") or part.startswith("post_"):
                stored = values + plus
            if self.architecture == "llama" and part in {"q", "k"}:
                stored = _permuted(values, HEADS if part == "q" else HEADS_KV)
            tensors[f"blk.{layer}.{names[part]}"] = np.ascontiguousarray(stored)
        return tensors

    def checkpoint(self) -> dict[str, Array]:
        """Return the tensors of a Hugging Face checkpoint, in float32: its order is ours."""
        names = {
            "q": "self_attn.q_proj.weight",
            "k": "self_attn.k_proj.weight",
            "v": "self_attn.v_proj.weight",
            "o": "self_attn.o_proj.weight",
            "gate": "mlp.gate_proj.weight",
            "up": "mlp.up_proj.weight",
            "down": "mlp.down_proj.weight",
            "q_bias": "self_attn.q_proj.bias",
            "k_bias": "self_attn.k_proj.bias",
            "v_bias": "self_attn.v_proj.bias",
            "in_norm": "input_layernorm.weight",
            "ff_norm": "post_attention_layernorm.weight",
            "q_norm": "self_attn.q_norm.weight",
            "k_norm": "self_attn.k_norm.weight",
            "post_in": "post_attention_layernorm.weight",
            "post_ff": "post_feedforward_layernorm.weight",
        }
        if self.gemma:
            names["ff_norm"] = "pre_feedforward_layernorm.weight"
        tensors = {
            "model.embed_tokens.weight": self.weights["embed"],
            "model.norm.weight": self.weights["norm"],
        }
        if not self.tied:
            tensors["lm_head.weight"] = self.weights["head"]
        for key, values in self.weights.items():
            layer, _, part = key.partition(".")
            if part:
                tensors[f"model.layers.{layer}.{names[part]}"] = values
        return tensors

    # -- computing ---------------------------------------------------------------------------

    def logits(self, tokens: list[int]) -> Array:
        """Return the logits after each token, by the book and one position at a time."""
        w = self.weights
        states = [w["embed"][token].astype(np.float64) for token in tokens]
        if self.gemma:
            states = [state * math.sqrt(HIDDEN) for state in states]
        for i in range(self.layers):
            normed = [self._norm(state, w[f"{i}.in_norm"]) for state in states]
            mixed = self._attend(i, normed)
            for t, state in enumerate(states):
                out = w[f"{i}.o"] @ mixed[t]
                if self.gemma:
                    out = self._norm(out, w[f"{i}.post_in"])
                after = state + out
                inner = self._norm(after, w[f"{i}.ff_norm"])
                gate = w[f"{i}.gate"] @ inner
                if self.gemma:
                    erf_free = np.tanh(math.sqrt(2 / math.pi) * (gate + 0.044715 * gate**3))
                    gate = 0.5 * gate * (1 + erf_free)
                else:
                    gate = gate / (1 + np.exp(-gate))
                out = w[f"{i}.down"] @ (gate * (w[f"{i}.up"] @ inner))
                if self.gemma:
                    out = self._norm(out, w[f"{i}.post_ff"])
                states[t] = after + out
        head = w["embed"] if self.tied else w["head"]
        rows = [head @ self._norm(state, w["norm"]) for state in states]
        return np.asarray(rows, dtype=np.float32)

    def _norm(self, state: Any, weight: Array) -> Any:
        gain = 1 + weight if self.gemma else weight
        return state / np.sqrt(np.mean(state**2, axis=-1, keepdims=True) + self.epsilon) * gain

    def _attend(self, i: int, normed: list[Any]) -> list[Any]:
        w = self.weights
        queries, keys, values = [], [], []
        for t, state in enumerate(normed):
            parts = []
            for part, heads in (("q", HEADS), ("k", HEADS_KV), ("v", HEADS_KV)):
                out = w[f"{i}.{part}"] @ state
                if f"{i}.{part}_bias" in w:
                    out = out + w[f"{i}.{part}_bias"]
                parts.append(out.reshape(heads, self.head))
            q, k, v = parts
            if f"{i}.q_norm" in w:
                q, k = self._norm(q, w[f"{i}.q_norm"]), self._norm(k, w[f"{i}.k_norm"])
            queries.append(self._rotated(q, t, i))
            keys.append(self._rotated(k, t, i))
            values.append(v)
        mixed = []
        for t in range(len(normed)):
            outputs = []
            for h in range(HEADS):
                group = h // (HEADS // HEADS_KV)
                scores = [
                    queries[t][h] @ keys[s][group] / math.sqrt(self.head) for s in range(t + 1)
                ]
                shares = np.exp(np.asarray(scores) - max(scores))
                shares = shares / shares.sum()
                outputs.append(sum(shares[s] * values[s][group] for s in range(t + 1)))
            mixed.append(np.concatenate(outputs))
        return mixed

    def _rotated(self, vectors: Any, position: int, layer: int) -> Any:
        """Rotate Hugging Face's way: element j with element j + half."""
        base, where = self.base, position / self.linear
        if self.gemma and (layer + 1) % 6 != 0:
            base, where = 10_000.0, float(position)
        half = self.head // 2
        turned = vectors.astype(np.complex128)[:, :half] + 1j * vectors[:, half:]
        for j in range(half):
            frequency = base ** (-2 * j / self.head)
            if self.factors:
                frequency /= self.factors[j]
            turned[:, j] *= np.exp(1j * where * frequency)
        return np.concatenate([turned.real, turned.imag], axis=1)


def _permuted(weight: Array, heads: int) -> Array:
    """llama.cpp `LlamaModel.permute`: from halves to neighbouring pairs."""
    rows, columns = weight.shape
    halves = weight.reshape(heads, 2, rows // heads // 2, columns)
    return halves.swapaxes(1, 2).reshape(rows, columns)
