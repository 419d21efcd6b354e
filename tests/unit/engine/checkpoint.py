"""Tiny Hugging Face checkpoints of random weights, written as transformers writes them."""

from __future__ import annotations

import json
import math
import struct
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers
from tokenizers.processors import TemplateProcessing
from tokenizers.trainers import BpeTrainer

from tests.unit.engine.tiny import FEED, HEADS, HEADS_KV, HIDDEN, VOCABULARY, Array, Tiny

CONTEXT = 512
ENDOFTEXT, START, END, THINK, WORD = (
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<think>",
    "hypertension",
)
CHATML = (
    "{% for m in messages %}{{'<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n'}}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
TEXTS = ["The patient has chest pain."]
QWEN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}|"
    r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
NETWORKS = {
    "llama": ("llama", "LlamaForCausalLM"),
    "qwen2": ("qwen2", "Qwen2ForCausalLM"),
    "qwen3": ("qwen3", "Qwen3ForCausalLM"),
    "gemma3": ("gemma3_text", "Gemma3ForCausalLM"),
}


def tokenizer(*, bos: bool = False) -> Tokenizer:
    """Return byte-level BPE as Qwen's, with control tokens and a word of its own."""
    made = Tokenizer(models.BPE())
    made.normalizer = normalizers.NFC()
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(QWEN), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    made.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    # Three rows of the network stay without a token, as in padded models.
    size = VOCABULARY - 3 - 5
    made.train_from_iterator(
        TEXTS, BpeTrainer(vocab_size=size, initial_alphabet=alphabet, show_progress=False)
    )
    made.add_special_tokens([ENDOFTEXT, START, END])
    made.add_tokens([AddedToken(THINK, normalized=False), AddedToken(WORD, normalized=False)])
    if bos:
        identity = made.token_to_id(ENDOFTEXT)
        made.post_processor = TemplateProcessing(
            single=f"{ENDOFTEXT} $A", special_tokens=[(ENDOFTEXT, identity)]
        )
    return made


def configuration(tiny: Tiny, end: int) -> dict[str, Any]:
    """Return what `config.json` says of a network, in transformers 5's words."""
    model_type, network = NETWORKS[tiny.architecture]
    common = {
        "model_type": model_type,
        "architectures": [network],
        "vocab_size": VOCABULARY,
        "hidden_size": HIDDEN,
        "intermediate_size": FEED,
        "num_hidden_layers": tiny.layers,
        "num_attention_heads": HEADS,
        "num_key_value_heads": HEADS_KV,
        "head_dim": tiny.head,
        "max_position_embeddings": CONTEXT,
        "eos_token_id": end,
        "hidden_act": "silu",
        "rms_norm_eps": tiny.epsilon,
        "tie_word_embeddings": tiny.tied,
        "rope_parameters": {"rope_type": "default", "rope_theta": tiny.base},
    }
    if not tiny.gemma:
        return common
    full: dict[str, Any] = {"rope_type": "default", "rope_theta": tiny.base}
    if tiny.linear != 1:
        full |= {"rope_type": "linear", "factor": tiny.linear}
    kinds = ["sliding_attention"] * 5 + ["full_attention"]
    return common | {
        "hidden_act": None,
        "hidden_activation": "gelu_pytorch_tanh",
        "query_pre_attn_scalar": tiny.head,
        "sliding_window": 128,
        "layer_types": (kinds * tiny.layers)[: tiny.layers],
        "rope_parameters": {
            "full_attention": full,
            "sliding_attention": {"rope_type": "default", "rope_theta": 10_000.0},
        },
    }


def write(
    directory: Path,
    kind: str | Tiny = "llama",
    *,
    bos: bool = False,
    config: dict[str, Any] | None = None,
    settings: dict[str, Any] | None = None,
) -> Path:
    """Write a whole checkpoint; `config` changes `config.json`, `settings` the tokenizer's."""
    tiny = Tiny(kind, tied=kind == "gemma3") if isinstance(kind, str) else kind
    directory.mkdir(parents=True, exist_ok=True)
    made = tokenizer(bos=bos)
    made.save(str(directory / "tokenizer.json"))
    content = configuration(tiny, made.token_to_id(ENDOFTEXT)) | (config or {})
    (directory / "config.json").write_text(json.dumps(content))
    named = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": ENDOFTEXT if bos else None,
        "eos_token": END,
    }
    (directory / "tokenizer_config.json").write_text(json.dumps(named | (settings or {})))
    ends = [made.token_to_id(END), made.token_to_id(ENDOFTEXT)]
    (directory / "generation_config.json").write_text(json.dumps({"eos_token_id": ends}))
    (directory / "chat_template.jinja").write_text(CHATML)
    weigh(directory, tiny.checkpoint())
    return directory


def weigh(directory: Path, tensors: dict[str, Array]) -> None:
    """Write the weights as one file of float32."""
    save_file(tensors, directory / "model.safetensors", metadata={"format": "pt"})


def bfloat16(path: Path, tensors: dict[str, Array]) -> dict[str, Array]:
    """Write one file of bfloat16 by hand, and return the values that were kept."""
    header: dict[str, Any] = {}
    blobs: list[bytes] = []
    kept = {}
    offset = 0
    for name, values in tensors.items():
        halves = (np.ascontiguousarray(values).view(np.uint32) >> 16).astype(np.uint16)
        kept[name] = (halves.astype(np.uint32) << 16).view(np.float32)
        blobs.append(halves.tobytes())
        end = offset + 2 * math.prod(values.shape)
        header[name] = {"dtype": "BF16", "shape": values.shape, "data_offsets": [offset, end]}
        offset = end
    raw = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(raw)) + raw + b"".join(blobs))
    return kept


def shard(directory: Path, count: int) -> None:
    """Divide the weights among `count` files and an index."""
    from safetensors.numpy import load_file

    tensors = load_file(directory / "model.safetensors")
    (directory / "model.safetensors").unlink()
    where = {}
    for number in range(count):
        file = f"model-{number + 1:05}-of-{count:05}.safetensors"
        names = sorted(tensors)[number::count]
        save_file({name: tensors[name] for name in names}, directory / file)
        where |= dict.fromkeys(names, file)
    index = {"metadata": {"total_size": 1}, "weight_map": where}
    (directory / "model.safetensors.index.json").write_text(json.dumps(index))
