"""Reads a checkpoint into PyTorch, with as many heads of as many units as its configuration says.

Transformers knows heads that make up the width of the network together; `head_dim` in
`config.json` says how wide one is where there are fewer (`training/prune.py`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from safetensors.torch import load_file
from torch.nn import Linear
from transformers import BertConfig, BertForTokenClassification


def load(directory: Path) -> BertForTokenClassification:
    """Return the network of a checkpoint."""
    model = empty(BertConfig.from_pretrained(directory, hidden_dropout_prob=0.0))
    model.load_state_dict(load_file(directory / "model.safetensors"))
    return model


def empty(config: BertConfig) -> BertForTokenClassification:
    """Return the network of a configuration, its weights at random."""
    model = BertForTokenClassification(config)
    # PyTorch's fused attention takes half of each step on a processor; the plain one does not.
    model.set_attn_implementation("eager")
    wide = config.hidden_size
    head: int = getattr(config, "head_dim", None) or wide // config.num_attention_heads
    kept = head * config.num_attention_heads
    for layer in model.bert.encoder.layer:
        attention: Any = layer.attention
        own = attention.self
        own.attention_head_size, own.all_head_size, own.scaling = head, kept, head**-0.5
        own.query, own.key, own.value = (Linear(wide, kept) for _ in range(3))
        attention.output.dense = Linear(kept, wide)
    return model
