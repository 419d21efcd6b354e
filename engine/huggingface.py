"""Imports a Hugging Face checkpoint: a directory with a configuration, safetensors and a tokenizer.

Never code, never pickles, no network: nine kinds of file are read, and nothing else of the
directory. A tensor or a setting that would change the result and is not understood is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final, TypeVar

import msgspec
import numpy as np

from engine import safetensors
from engine.decoder import Array, Decoder, Part, Shape, sizes_of
from engine.errors import BrokenSource, UnsupportedModel
from engine.huggingface_config import Config, decoded, ids, shape_of
from engine.huggingface_tokenizer import Settings, build, template_of
from engine.importer import Imported, Network, install
from engine.prompts import Prompts
from engine.safetensors import Tensor
from engine.sources import LICENCE, MAX_LICENCE, Progress

_T = TypeVar("_T")

_TENSORS: Final[dict[Part, str]] = {
    "attn_norm": "input_layernorm.weight",
    "q": "self_attn.q_proj.weight",
    "k": "self_attn.k_proj.weight",
    "v": "self_attn.v_proj.weight",
    "q_bias": "self_attn.q_proj.bias",
    "k_bias": "self_attn.k_proj.bias",
    "v_bias": "self_attn.v_proj.bias",
    "q_norm": "self_attn.q_norm.weight",
    "k_norm": "self_attn.k_norm.weight",
    "o": "self_attn.o_proj.weight",
    "ffn_norm": "post_attention_layernorm.weight",
    "gate": "mlp.gate_proj.weight",
    "up": "mlp.up_proj.weight",
    "down": "mlp.down_proj.weight",
}
_GEMMA: Final[dict[Part, str]] = {
    "post_attn_norm": "post_attention_layernorm.weight",
    "ffn_norm": "pre_feedforward_layernorm.weight",
    "post_ffn_norm": "post_feedforward_layernorm.weight",
}
_EMBEDDING: Final = "model.embed_tokens.weight"
_OUTPUT: Final = "lm_head.weight"
_FINAL_NORM: Final = "model.norm.weight"
# Old checkpoints of Llama hold the rotary frequencies, which follow from the configuration.
_DERIVED: Final = re.compile(r"model\.layers\.\d+\.self_attn\.rotary_emb\.inv_freq\Z")

_OPTIONAL: Final = ("tokenizer_config.json", "generation_config.json", "chat_template.jinja")
_WEIGHTS: Final = ("model.safetensors", "model.safetensors.index.json")
_SHARD: Final = re.compile(r"[\w.-]+\.safetensors\Z")
_PICKLES: Final = frozenset({".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle"})
_FRONT_MATTER: Final = re.compile(r"---\r?\n(.*?)\r?\n---\s", re.DOTALL)
_README: Final = "README.md"
_TITLES: Final = {
    "apache-2.0": re.compile(r"\s*Apache License\s+Version 2\.0, January 2004"),
    "mit": re.compile(r"\s*(The )?MIT License"),
}


class _Generation(msgspec.Struct, frozen=True):
    eos_token_id: int | list[int] | None = None


class _Index(msgspec.Struct, frozen=True):
    weight_map: dict[str, str]


def files_of(directory: Path) -> tuple[Path, ...]:
    """Return the files that an import reads, all of them regular or links to one.

    Raises `BrokenSource`, or `UnsupportedModel` for weights that are not safetensors.
    """
    for name in ("config.json", "tokenizer.json"):
        if not (directory / name).is_file():
            raise BrokenSource(
                f"the directory is no Hugging Face checkpoint that can be imported: no {name}"
            )
    weights = [name for name in _WEIGHTS if (directory / name).is_file()]
    if not weights:
        pickled = sorted(path.name for path in directory.iterdir() if path.suffix in _PICKLES)
        if pickled:
            raise UnsupportedModel(
                f"pickled weights ({pickled[0][:60]}) can run code when they are read, so they are "
                "refused; get the checkpoint's safetensors"
            )
        raise BrokenSource("the checkpoint has no model.safetensors; download it again")
    names = ["config.json", "tokenizer.json", weights[0]]
    if weights[0] == _WEIGHTS[1]:
        index = decoded((directory / _WEIGHTS[1]).read_bytes(), _WEIGHTS[1], _Index)
        shards = sorted(set(index.weight_map.values()))
        for shard in shards:
            if _SHARD.match(shard) is None or not (directory / shard).is_file():
                raise BrokenSource(f"the file of weights {shard[:60]!r} is missing")
        names += shards
    names += [name for name in _OPTIONAL if (directory / name).is_file()]
    return tuple(directory / name for name in names)


def licence_of(directory: Path) -> tuple[str | None, dict[str, bytes]]:
    """Return the licence that the checkpoint names, if any, and the texts that it brings along.

    The name is the `license` of README.md's metadata, else that of a text whose title is known.
    """
    texts = {
        path.name: path.read_bytes()
        for path in sorted(directory.iterdir())
        if LICENCE.match(path.name) and path.is_file() and path.stat().st_size <= MAX_LICENCE
    }
    readme = directory / _README
    if readme.is_file() and readme.stat().st_size <= MAX_LICENCE:
        front = _FRONT_MATTER.match(readme.read_text("utf-8", "replace"))
        for key in ("license_name", "license"):
            found = re.search(
                rf"^{key}:[ \t]*[\"']?([\w.+-]+)", front[1] if front else "", re.MULTILINE
            )
            if found and found[1].lower() != "other":
                return found[1][:64], texts
    for text in texts.values():
        for name, title in _TITLES.items():
            if title.match(text.decode("utf-8", "replace")):
                return name, texts
    return None, texts


def import_checkpoint(
    directory: Path, target: Path, progress: Progress, *, unsafe_quality: bool = False
) -> Imported:
    """Write the model of `directory` into the empty directory `target`.

    Everything is refused that can be before a value is read. Raises a `ModelError`.
    """
    progress("read", None)
    network = read_checkpoint(directory)
    progress("read", 1.0)
    imported = install(network, target, progress, unsafe_quality=unsafe_quality)
    versions = imported.versions | {"safetensors": safetensors.VERSION}
    return replace(imported, versions=versions)


def read_checkpoint(directory: Path) -> Network:
    """Return the network and the tokenizer of a checkpoint; raises a `ModelError`."""
    files = files_of(directory)
    config = decoded((directory / "config.json").read_bytes(), "config.json", Config)
    architecture, shape = shape_of(config)
    # First of all, since after it no size is larger than the files are.
    tensors = safetensors.read(path for path in files if path.suffix == ".safetensors")
    decoder = _decoder(shape, tensors, tied=config.ties_embeddings)
    settings = _optional(directory / "tokenizer_config.json", Settings)
    generation = _optional(directory / "generation_config.json", _Generation)
    ends = [*ids(generation.eos_token_id), *ids(config.eos_token_id)]
    raw = (directory / "tokenizer.json").read_bytes()
    tokenizer, vocabulary, specials = build(raw, settings, ends, shape.vocabulary)
    template = template_of(settings, _template_file(directory))
    try:
        prompts = Prompts(tokenizer, vocabulary, specials, template)
    except Exception as error:  # Whatever Jinja raises while it compiles what a file brought.
        raise UnsupportedModel("the chat template cannot be compiled") from error
    return Network(architecture, decoder, vocabulary, specials, prompts, template)


def _template_file(directory: Path) -> str | None:
    path = directory / "chat_template.jinja"
    try:
        return path.read_text("utf-8") if path.is_file() else None
    except UnicodeDecodeError as error:
        raise BrokenSource("chat_template.jinja is not text; download it again") from error


def _decoder(shape: Shape, tensors: Mapping[str, Tensor], *, tied: bool) -> Decoder:
    names = _TENSORS | (_GEMMA if shape.post_norms else {})
    matrix = (shape.vocabulary, shape.hidden)
    known: dict[str, tuple[int, ...]] = {_EMBEDDING: matrix, _FINAL_NORM: (shape.hidden,)}
    for index in range(shape.layers):
        for part, size in sizes_of(shape).items():
            known[_named(index, names[part])] = size
    if not tied:
        known[_OUTPUT] = matrix
    for name, size in known.items():
        if name not in tensors:
            raise BrokenSource(f"tensor {name} is missing in the checkpoint; download it again")
        if tensors[name].size != size:
            raise BrokenSource(f"tensor {name} has another size than config.json says")
    for name in tensors.keys() - known.keys():
        if not (_DERIVED.match(name) or (name == _OUTPUT and _is_tied(tensors, matrix))):
            raise UnsupportedModel(f"tensor {name[:60]!r} is not understood, so it is not run")
    # Gemma's norms multiply by one more than their weight.
    plus = np.float32(1 if shape.post_norms else 0)

    def layer(index: int, part: Part) -> Array:
        values = tensors[_named(index, names[part])].values()
        return values + plus if part.endswith("norm") else values

    return Decoder(
        shape=shape,
        embedding=tensors[_EMBEDDING].values,
        output=None if tied else tensors[_OUTPUT].values,
        final_norm=lambda: tensors[_FINAL_NORM].values() + plus,
        layer=layer,
    )


def _named(index: int, name: str) -> str:
    return f"model.layers.{index}.{name}"


def _is_tied(tensors: Mapping[str, Tensor], size: tuple[int, ...]) -> bool:
    """Return whether an output that should be the embedding is; some files hold it twice."""
    output = tensors[_OUTPUT]
    return output.size == size and np.array_equal(output.values(), tensors[_EMBEDDING].values())


def _optional(path: Path, kind: type[_T]) -> _T:
    return decoded(path.read_bytes() if path.is_file() else b"{}", path.name, kind)
