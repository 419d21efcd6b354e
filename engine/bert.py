"""The shape of a BERT-family encoder and its weights: plain data between source and writer.

`ct2` writes it for CTranslate2, `bert_reference.py` computes it in NumPy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final, Literal

import msgspec

from engine import safetensors
from engine.decoder import Array
from engine.errors import BrokenSource, UnsupportedArchitecture, UnsupportedModel
from engine.gguf import MAX_LAYERS
from engine.safetensors import Tensor

ROBERTA: Final = frozenset({"XLMRobertaModel", "XLMRobertaForTokenClassification"})
_WORDS: Final = "embeddings.word_embeddings.weight"
ARCHITECTURES: Final = ROBERTA | {"BertModel", "BertForTokenClassification", "BertForMaskedLM"}


class EncoderActivation(StrEnum):
    """What the inner units of a layer do, by its name in a checkpoint."""

    GELU = "gelu"
    """That of the error function."""
    RELU = "relu"


@dataclass(frozen=True, slots=True)
class EncoderShape:
    """Hyperparameters. Layers are normalised after each sublayer."""

    layers: int
    heads: int
    head_dim: int
    """The width of one head. All heads together may be less wide than the network."""
    hidden: int
    feed_forward: int
    vocabulary: int
    positions: int
    """The longest input, in tokens."""
    norm_epsilon: float
    activation: EncoderActivation = EncoderActivation.GELU

    @property
    def context(self) -> int:
        """Return `positions` by the name that it has in a manifest."""
        return self.positions

    @property
    def heads_kv(self) -> int:
        """Return `heads`: each has keys and values of its own."""
        return self.heads


EncoderPart = Literal[
    "attention.self.query",
    "attention.self.key",
    "attention.self.value",
    "attention.output.dense",
    "attention.output.LayerNorm",
    "intermediate.dense",
    "output.dense",
    "output.LayerNorm",
]
"""The parts of one layer, by their names in a checkpoint: each a weight and a bias."""


@dataclass(frozen=True, slots=True)
class Encoder:
    """A shape, and functions that read one weight at a time as float32. Matrices `[out, in]`."""

    shape: EncoderShape
    words: Callable[[], Array]
    """`[vocabulary, hidden]`."""
    positions: Callable[[], Array]
    """`[positions, hidden]`, with the embedding of the only token type added."""
    norm: Callable[[], tuple[Array, Array]]
    layer: Callable[[int, EncoderPart], tuple[Array, Array]]


class Config(msgspec.Struct, frozen=True):
    """What is read of `config.json`."""

    architectures: list[str]
    hidden_act: str
    hidden_size: int
    intermediate_size: int
    max_position_embeddings: int
    num_attention_heads: int
    num_hidden_layers: int
    vocab_size: int
    layer_norm_eps: float = 1e-12
    position_embedding_type: str = "absolute"
    head_dim: int | None = None
    """What one head is wide; of heads that make up the width together, nothing is said."""
    type_vocab_size: int = 2
    is_decoder: bool = False
    pad_token_id: int = 0


def read(directory: Path) -> Encoder:
    """Return the encoder of a checkpoint: `config.json` and `model.safetensors`.

    Raises `BrokenSource`, `UnsupportedArchitecture` or `UnsupportedModel`.
    """
    try:
        config = msgspec.json.decode((directory / "config.json").read_bytes(), type=Config)
    except (OSError, msgspec.DecodeError) as error:
        raise BrokenSource("config.json is missing or not that of a BERT model") from error
    if not ARCHITECTURES & set(config.architectures):
        raise UnsupportedArchitecture(
            f"architecture {', '.join(config.architectures)[:60]!r} is not supported; "
            f"supported are {', '.join(sorted(ARCHITECTURES))}"
        )
    known = config.hidden_act in set(EncoderActivation)
    if not known or config.position_embedding_type != "absolute":
        raise UnsupportedModel("only GELU, ReLU and absolute positions are supported")
    sizes = (config.num_hidden_layers, config.num_attention_heads, config.hidden_size)
    if min(sizes) < 1 or config.num_hidden_layers > MAX_LAYERS:
        raise BrokenSource("config.json holds sizes that no model has")
    if config.is_decoder:
        raise UnsupportedModel("the model is a decoder")
    head_dim = config.head_dim
    if head_dim is None:
        head_dim, left = divmod(config.hidden_size, config.num_attention_heads)
        if left:
            raise UnsupportedModel("the heads of the model do not divide its width")
    if not 0 < head_dim <= config.hidden_size:
        raise BrokenSource("config.json holds sizes that no model has")
    # RoBERTa counts positions from the one after that of padding; what lies before is never read.
    skipped = config.pad_token_id + 1 if ROBERTA & set(config.architectures) else 0
    if not 0 <= skipped < config.max_position_embeddings:
        raise BrokenSource("config.json holds sizes that no model has")
    shape = EncoderShape(
        layers=config.num_hidden_layers,
        heads=config.num_attention_heads,
        head_dim=head_dim,
        hidden=config.hidden_size,
        feed_forward=config.intermediate_size,
        vocabulary=config.vocab_size,
        positions=config.max_position_embeddings - skipped,
        norm_epsilon=config.layer_norm_eps,
        activation=EncoderActivation(config.hidden_act),
    )
    tensors = safetensors.read([directory / "model.safetensors"])
    return of_tensors(shape, tensors, config.type_vocab_size, skipped)


def of_tensors(
    shape: EncoderShape, tensors: Mapping[str, Tensor], types: int = 2, skipped: int = 0
) -> Encoder:
    """Return the encoder over `tensors`, every one of which is checked for its form at once.

    The first `skipped` positions of the table are never used.
    """
    prefix = next(
        (each for each in ("bert.", "roberta.") if f"{each}{_WORDS}" in tensors),
        "",
    )
    wide, fed, inner = shape.hidden, shape.feed_forward, shape.heads * shape.head_dim
    expected = {
        _WORDS: (shape.vocabulary, wide),
        "embeddings.position_embeddings.weight": (shape.positions + skipped, wide),
        "embeddings.token_type_embeddings.weight": (types, wide),
        "embeddings.LayerNorm.weight": (wide,),
        "embeddings.LayerNorm.bias": (wide,),
    }
    matrices = {
        "attention.self.query": (inner, wide),
        "attention.self.key": (inner, wide),
        "attention.self.value": (inner, wide),
        "attention.output.dense": (wide, inner),
        "attention.output.LayerNorm": (wide,),
        "intermediate.dense": (fed, wide),
        "output.dense": (wide, fed),
        "output.LayerNorm": (wide,),
    }
    for index in range(shape.layers):
        for part, form in matrices.items():
            expected[f"encoder.layer.{index}.{part}.weight"] = form
            expected[f"encoder.layer.{index}.{part}.bias"] = form[:1]
    for name, form in expected.items():
        if prefix + name not in tensors or tensors[prefix + name].size != form:
            raise BrokenSource(f"the weights do not fit the configuration: {name[:80]}")

    def get(name: str) -> Array:
        return tensors[prefix + name].values()

    def both(name: str) -> tuple[Array, Array]:
        return get(f"{name}.weight"), get(f"{name}.bias")

    def positions() -> Array:
        kind = get("embeddings.token_type_embeddings.weight")[0]
        placed: Array = get("embeddings.position_embeddings.weight")[skipped:] + kind
        return placed

    return Encoder(
        shape,
        words=lambda: get(_WORDS),
        positions=positions,
        norm=lambda: both("embeddings.LayerNorm"),
        layer=lambda index, part: both(f"encoder.layer.{index}.{part}"),
    )
