"""Tiny Hugging Face checkpoints: small files by hand, weights by transformers where it is there."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers
from tokenizers.processors import TemplateProcessing
from tokenizers.trainers import BpeTrainer

HIDDEN, HEADS, HEADS_KV, HEAD, FEED, LAYERS, CONTEXT = 64, 4, 2, 16, 96, 2, 512
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
TEXTS = [
    "The patient was admitted with chest pain and shortness of breath.",
    "On examination the blood pressure was 120/80 and the doctor asked the nurse to measure again.",
    "Die Patientin wurde mit Übelkeit aufgenommen; Temperatur 37,5 °C.",
]
QWEN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}|"
    r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


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
    made.train_from_iterator(
        TEXTS, BpeTrainer(vocab_size=320, initial_alphabet=alphabet, show_progress=False)
    )
    made.add_special_tokens([ENDOFTEXT, START, END])
    made.add_tokens([AddedToken(THINK, normalized=False), AddedToken(WORD, normalized=False)])
    if bos:
        identity = made.token_to_id(ENDOFTEXT)
        made.post_processor = TemplateProcessing(
            single=f"{ENDOFTEXT} $A", special_tokens=[(ENDOFTEXT, identity)]
        )
    return made


def configuration(kind: str, rows: int, end: int) -> dict[str, Any]:
    """Return what `config.json` says of the four architectures, in transformers 5's words."""
    common = {
        "vocab_size": rows,
        "hidden_size": HIDDEN,
        "intermediate_size": FEED,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "num_key_value_heads": HEADS_KV,
        "max_position_embeddings": CONTEXT,
        "eos_token_id": end,
        "hidden_act": "silu",
        "rms_norm_eps": 1e-5,
        "tie_word_embeddings": False,
    }
    rope = {"rope_parameters": {"rope_type": "default", "rope_theta": 500_000.0}}
    names = {
        "llama": ("llama", "LlamaForCausalLM", rope | {"head_dim": HEAD}),
        "qwen2": ("qwen2", "Qwen2ForCausalLM", rope | {"tie_word_embeddings": True}),
        "qwen3": ("qwen3", "Qwen3ForCausalLM", rope | {"head_dim": 2 * HEAD}),
        "gemma3": (
            "gemma3_text",
            "Gemma3ForCausalLM",
            {
                "head_dim": HEAD,
                "query_pre_attn_scalar": HEAD,
                "hidden_activation": "gelu_pytorch_tanh",
                "sliding_window": 128,
                "layer_types": ["sliding_attention", "full_attention"],
                "tie_word_embeddings": True,
            },
        ),
    }
    model_type, network, own = names[kind]
    return {"model_type": model_type, "architectures": [network]} | common | own


def write(
    directory: Path,
    kind: str = "llama",
    *,
    bos: bool = False,
    config: dict[str, Any] | None = None,
    settings: dict[str, Any] | None = None,
) -> Path:
    """Write all but the weights, which are an empty file; `config` changes `config.json`."""
    directory.mkdir(parents=True, exist_ok=True)
    made = tokenizer(bos=bos)
    made.save(str(directory / "tokenizer.json"))
    # Three rows more than tokens, as padded models have.
    rows = made.get_vocab_size() + 3
    content = configuration(kind, rows, made.token_to_id(ENDOFTEXT)) | (config or {})
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
    (directory / "model.safetensors").write_bytes(b"")
    return directory


def fill(directory: Path, *, shard: str = "5GB") -> Any:
    """Let transformers make random weights, save them, and return its own model of them."""
    import torch
    import transformers

    torch.manual_seed(7)
    config = transformers.AutoConfig.from_pretrained(directory, local_files_only=True)
    network = getattr(transformers, config.architectures[0])
    model = network(config).float().eval()
    with torch.no_grad():
        for name, weight in model.named_parameters():
            # Large enough that every part of the network shows in the logits.
            if "norm" in name:
                weight.add_(torch.randn_like(weight) * 0.3)
            elif name.endswith("bias"):
                weight.copy_(torch.randn_like(weight))
            else:
                weight.copy_(torch.randn_like(weight) / weight.shape[-1] ** 0.5)
                factors = {"q_proj": 2, "k_proj": 2, "embed_tokens": 8}
                weight.mul_(factors.get(name.split(".")[-2], 1))
    (directory / "model.safetensors").unlink()
    with TemporaryDirectory() as saved:
        model.save_pretrained(saved, max_shard_size=shard)
        for path in Path(saved).glob("*.safetensors*"):  # The small files stay as they were.
            shutil.move(path, directory)
    return model
