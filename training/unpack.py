"""Makes a checkpoint to train on out of the weights that ship: `python -m training.unpack --out DIR`.

What ships is int8, with a scale for each row. A checkpoint out of it says what it says: rounding
moves no weight by more than half of a 127th of the largest in its row.
"""

from __future__ import annotations

import argparse
import json
import shutil
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
from safetensors.numpy import save_file

from engine.decoder import Array
from engine.subwords import FILE
from engine.tagger_head import HEAD, TAGGING
from gateway.weights import DIRECTORY, NAME
from training.labels import INDEX, LABELS

_DTYPES: Final = {0: np.float32, 1: np.int8, 2: np.int16, 3: np.int32, 4: np.float16}
"""CTranslate2's `DataType`; its other kinds occur in no encoder of ours."""
_PARTS: Final = {
    "self_attention/linear_1": "attention.output.dense",
    "ffn/linear_0": "intermediate.dense",
    "ffn/linear_1": "output.dense",
}
_NORMS: Final = {
    "self_attention/layer_norm": "attention.output.LayerNorm",
    "ffn/layer_norm": "output.LayerNorm",
}


def main() -> None:
    """Write the checkpoint."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, default=DIRECTORY / NAME)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    unpack(arguments.weights, arguments.out)


def unpack(weights: Path, out: Path) -> None:
    """Write `config.json`, `model.safetensors`, `tokenizer.json` and `tagger.json` into `out`."""
    manifest = json.loads((weights / "manifest.json").read_bytes())
    stored = read((weights / "model.bin").read_bytes())
    state = checkpoint(stored, manifest["layers"])
    head = np.load(weights / HEAD)
    state |= {f"classifier.{name}": head[name] for name in ("weight", "bias")}
    out.mkdir(parents=True, exist_ok=True)
    save_file(
        {name: np.ascontiguousarray(each) for name, each in state.items()},
        out / "model.safetensors",
        {"format": "pt"},
    )
    (out / "config.json").write_text(json.dumps(_config(manifest, state), indent=2) + "\n")
    tagging = json.loads((weights / TAGGING).read_bytes())
    cut = {name: tagging[name] for name in ("window", "overlap", "thresholds")}
    (out / TAGGING).write_text(json.dumps(cut) + "\n")
    for name in (FILE, "LICENSE", "NOTICE"):
        shutil.copy(weights / name, out)


def read(data: bytes) -> dict[str, Array]:
    """Return the variables of a `model.bin` (CTranslate2, `ModelSpec._serialize`), in float32.

    Raises `ValueError` where it ends early.
    """
    try:
        stored = _read(data)
    except (struct.error, ValueError) as error:
        raise ValueError("model.bin ends early") from error
    return {
        name: _whole(value, stored.get(f"{name}_scale"))
        for name, value in stored.items()
        if not name.endswith("_scale")
    }


def _read(data: bytes) -> dict[str, Array]:
    stored: dict[str, Array] = {}
    at = 0

    def number(form: str) -> int:
        nonlocal at
        (value,) = struct.unpack_from(form, data, at)
        at += struct.calcsize(form)
        return int(value)

    def text() -> str:
        nonlocal at
        length = number("<H")
        at += length
        return data[at - length : at - 1].decode()

    number("<I")
    text()
    number("<I")
    for _ in range(number("<I")):
        name = text()
        shape = [number("<I") for _ in range(number("<B"))]
        kind = _DTYPES[number("<B")]
        size = number("<I")
        stored[name] = np.frombuffer(data[at : at + size], kind).reshape(shape)
        at += size
    return stored


def _whole(value: Array, scale: Array | None) -> Array:
    if value.ndim < 2 or scale is None:
        return value.astype(np.float32)
    whole: Array = value.astype(np.float32) / scale.reshape(-1, 1)
    return whole


def checkpoint(stored: Mapping[str, Array], layers: int) -> dict[str, Array]:
    """Return CTranslate2's variables of an encoder by their names in a checkpoint."""
    state: dict[str, Array] = {}

    def both(source: str, target: str, names: tuple[str, str]) -> None:
        for name, kind in zip(names, ("weight", "bias"), strict=True):
            state[f"bert.{target}.{kind}"] = stored[f"encoder/{source}/{name}"]

    words = stored["encoder/embeddings_0/weight"]
    state["bert.embeddings.word_embeddings.weight"] = words
    places = stored["encoder/position_encodings/encodings"]
    state["bert.embeddings.position_embeddings.weight"] = places
    # The only type of a token is part of the positions.
    state["bert.embeddings.token_type_embeddings.weight"] = np.zeros_like(words[:1])
    both("layernorm_embedding", "embeddings.LayerNorm", ("gamma", "beta"))
    for index in range(layers):
        source, target = f"layer_{index}", f"encoder.layer.{index}"
        for name in ("weight", "bias"):
            three = np.split(stored[f"encoder/{source}/self_attention/linear_0/{name}"], 3)
            for part, each in zip(("query", "key", "value"), three, strict=True):
                state[f"bert.{target}.attention.self.{part}.{name}"] = each
        for part, meant in _PARTS.items():
            both(f"{source}/{part}", f"{target}.{meant}", ("weight", "bias"))
        for part, meant in _NORMS.items():
            both(f"{source}/{part}", f"{target}.{meant}", ("gamma", "beta"))
    return state


def _config(manifest: Mapping[str, int], state: Mapping[str, Array]) -> dict[str, object]:
    positions, hidden = state["bert.embeddings.position_embeddings.weight"].shape
    return {
        "architectures": ["BertForTokenClassification"],
        "model_type": "bert",
        "hidden_act": "relu",
        "hidden_size": hidden,
        "head_dim": manifest["head_dim"],
        "num_attention_heads": manifest["heads"],
        "num_hidden_layers": manifest["layers"],
        "intermediate_size": manifest["feed_forward"],
        "vocab_size": manifest["vocabulary"],
        "max_position_embeddings": positions,
        "type_vocab_size": 1,
        "layer_norm_eps": 1e-12,
        "position_embedding_type": "absolute",
        "pad_token_id": 1,
        "bos_token_id": 0,
        "eos_token_id": 2,
        "id2label": {str(index): label for index, label in enumerate(LABELS)},
        "label2id": dict(INDEX),
    }


if __name__ == "__main__":
    main()
