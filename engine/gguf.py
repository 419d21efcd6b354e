"""Reads a GGUF file: the network as a `Decoder`, the tokenizer's data as it stands.

Only what a test shows right is read; anything else is refused by name. A tensor or a setting that
would change the result and is not understood is a refusal too, never dropped.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from engine.decoder import Activation, Array, Decoder, Part, Shape, sizes_of
from engine.errors import BrokenSource, UnsupportedArchitecture, UnsupportedModel

ARCHITECTURES: Final = ("llama", "qwen2", "qwen3", "gemma3")

_TENSORS: Final[dict[Part, str]] = {
    "attn_norm": "attn_norm.weight",
    "q": "attn_q.weight",
    "k": "attn_k.weight",
    "v": "attn_v.weight",
    "q_bias": "attn_q.bias",
    "k_bias": "attn_k.bias",
    "v_bias": "attn_v.bias",
    "q_norm": "attn_q_norm.weight",
    "k_norm": "attn_k_norm.weight",
    "o": "attn_output.weight",
    "post_attn_norm": "post_attention_norm.weight",
    "ffn_norm": "ffn_norm.weight",
    "gate": "ffn_gate.weight",
    "up": "ffn_up.weight",
    "down": "ffn_down.weight",
    "post_ffn_norm": "post_ffw_norm.weight",
}
# Settings with which the network would compute something that is not computed here.
_REFUSED: Final = (
    "expert_count",
    "rope.scale_linear",
    "attn_logit_softcapping",
    "final_logit_softcapping",
    "attention.scale",
    "attention.clamp_kqv",
    "logit_scale",
    "embedding_scale",
    "residual_scale",
)
_MAX_COUNT: Final = 2**31
MAX_LAYERS: Final = 4096
"""More of them, or larger heads, are no model but a way to take the memory of this machine."""
_GEMMA3_27B_LAYERS: Final = 62
_GEMMA3_PATTERN: Final = 6
"""Every sixth layer of Gemma 3 sees the whole context (llama.cpp, `set_swa_pattern(6)`)."""


@dataclass(frozen=True, slots=True)
class Source:
    """A GGUF file, opened. It is memory-mapped: keep the file until the import is done."""

    architecture: str
    decoder: Decoder
    metadata: Callable[[str], Any]
    """The value of a key, or `None`."""

    @property
    def licence(self) -> str | None:
        """The licence that the file names for itself."""
        value = self.metadata("general.license")
        return value if isinstance(value, str) else None


def read(path: Path) -> Source:
    """Open `path` and check every size against the metadata.

    Raises `BrokenSource` for a truncated or doctored file, `UnsupportedModel` for one that is well
    formed and not understood.
    """
    reader = _open(path)

    def metadata(key: str) -> Any:  # noqa: ANN401 - GGUF values are of any scalar or array type
        field = reader.get_field(key)
        try:
            return None if field is None else field.contents()
        except Exception as error:  # As in `_open`: text that is not UTF-8, a type out of range.
            raise BrokenSource(
                f"the GGUF file's {key} cannot be read; download it again"
            ) from error

    architecture = metadata("general.architecture")
    if architecture not in ARCHITECTURES:
        raise UnsupportedArchitecture(
            f"architecture {_quoted(architecture)} is not supported; "
            f"supported are {', '.join(ARCHITECTURES)}"
        )
    tensors = {tensor.name: tensor for tensor in reader.tensors}
    try:
        shape = _shape(architecture, metadata, tensors)
        decoder = _decoder(shape, tensors)
    except (KeyError, TypeError, ValueError, ZeroDivisionError, OverflowError) as error:
        raise BrokenSource(f"the GGUF file is inconsistent: {error}; download it again") from error
    return Source(architecture, decoder, metadata)


def _open(path: Path) -> Any:  # noqa: ANN401 - gguf has no type information
    from gguf import GGUFReader

    with path.open("rb") as file:
        if file.read(4) != b"GGUF":
            raise BrokenSource("the file is not GGUF: it does not begin with `GGUF`")
    try:
        reader = GGUFReader(path, "r")
        ends = [tensor.data_offset + tensor.n_bytes for tensor in reader.tensors]
    except Exception as error:  # A doctored file makes the reader raise nearly anything.
        raise BrokenSource(
            f"the GGUF file cannot be read ({type(error).__name__}): it is truncated or altered; "
            "download it again"
        ) from error
    if max(ends, default=0) > path.stat().st_size:
        raise BrokenSource("the GGUF file is truncated; download it again")
    return reader


@dataclass(frozen=True, slots=True)
class _Settings:
    """The keys of one architecture, as numbers that were looked at."""

    architecture: str
    metadata: Callable[[str], Any]

    def number(self, key: str, default: float | None = None) -> float:
        value = self.metadata(f"{self.architecture}.{key}")
        value = default if value is None else value
        if value is None:
            raise ValueError(f"{self.architecture}.{key} is missing")
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise UnsupportedModel(f"{self.architecture}.{key} is not one number for all layers")
        if not math.isfinite(value):
            raise ValueError(f"{self.architecture}.{key} is not finite")
        return value

    def count(self, key: str, default: int | None = None) -> int:
        value = self.number(key, default)
        if value != int(value) or not 0 < value < _MAX_COUNT:
            raise ValueError(f"{self.architecture}.{key} is not a positive integer")
        return int(value)


def _shape(architecture: str, metadata: Callable[[str], Any], tensors: dict[str, Any]) -> Shape:
    settings = _Settings(architecture, metadata)
    number, count = settings.number, settings.count
    for key in _REFUSED:
        if number(key, 0):
            raise UnsupportedModel(f"{architecture}.{key} is set, which no test shows right here")
    layers, heads = count("block_count"), count("attention.head_count")
    hidden = count("embedding_length")
    head_dim = count("attention.key_length", hidden // heads)
    if max(layers, head_dim) > MAX_LAYERS:
        raise ValueError(f"{architecture}.block_count or the size of a head is absurd")
    if count("attention.value_length", head_dim) != head_dim:
        raise UnsupportedModel("keys and values of different lengths are not supported")
    if count("rope.dimension_count", head_dim) != head_dim:
        raise UnsupportedModel("rotary embeddings over a part of each head are not supported")
    gemma = architecture == "gemma3"
    if gemma and layers == _GEMMA3_27B_LAYERS:
        raise UnsupportedModel("Gemma 3 27B scales its queries in a way that is not supported")
    context = count("context_length")
    if metadata(f"{architecture}.attention.sliding_window"):
        # Up to the window's length a local layer sees what a global one sees, so within it the
        # result is exact. Beyond it nothing here is shown right.
        context = min(context, count("attention.sliding_window"))
    linear, factors = _rope_scaling(settings, tensors, head_dim)
    local = tuple((index + 1) % _GEMMA3_PATTERN != 0 for index in range(layers))
    return Shape(
        layers=layers,
        heads=heads,
        heads_kv=count("attention.head_count_kv", heads),
        head_dim=head_dim,
        hidden=hidden,
        feed_forward=count("feed_forward_length"),
        vocabulary=int(tensors["token_embd.weight"].shape[1]),
        context=context,
        rope_base=number("rope.freq_base", 1_000_000.0 if gemma else 10_000.0),
        norm_epsilon=number("attention.layer_norm_rms_epsilon"),
        activation=Activation.GELU_TANH if gemma else Activation.SILU,
        # llama.cpp's converter permutes Q and K of `llama` so that pairs are neighbours; the
        # other architectures keep the order of Hugging Face (its "NEOX" order).
        rope_interleaved=architecture == "llama",
        rope_linear=linear,
        rope_factors=factors,
        qkv_bias=architecture == "qwen2",
        qk_norm=architecture in {"qwen3", "gemma3"},
        post_norms=gemma,
        scale_embeddings=gemma,
        local_layers=local if gemma else (),
        local_rope_base=number("rope.freq_base_swa", 10_000.0) if gemma else 0.0,
    )


def _rope_scaling(
    settings: _Settings, tensors: dict[str, Any], head_dim: int
) -> tuple[float, tuple[float, ...]]:
    """Return the divisor of positions, and the divisors of frequencies (none: empty)."""
    scaling = settings.metadata(f"{settings.architecture}.rope.scaling.type") or "none"
    if scaling not in {"none", "linear"}:
        raise UnsupportedModel(f"rope scaling {_quoted(scaling)} is not supported")
    linear = settings.number("rope.scaling.factor", 1.0) if scaling == "linear" else 1.0
    if "rope_freqs.weight" not in tensors:
        return linear, ()
    factors = tuple(float(value) for value in _values(tensors["rope_freqs.weight"]))
    if len(factors) != head_dim // 2 or linear != 1.0 or min(factors) <= 0:
        raise UnsupportedModel("these rotary factors are not supported")
    return linear, factors


def _decoder(shape: Shape, tensors: dict[str, Any]) -> Decoder:
    if shape.heads % shape.heads_kv or shape.head_dim % 2:
        raise ValueError("heads do not divide into groups")
    matrix = (shape.vocabulary, shape.hidden)
    known: dict[str, tuple[int, ...]] = {
        "token_embd.weight": matrix,
        "output_norm.weight": (shape.hidden,),
    }
    for index in range(shape.layers):
        for part, size in sizes_of(shape).items():
            known[f"blk.{index}.{_TENSORS[part]}"] = size
    optional = {"output.weight": matrix, "rope_freqs.weight": (shape.head_dim // 2,)}
    for name, size in known.items():
        if name not in tensors:
            raise ValueError(f"tensor {name} is missing")
        _check(tensors[name], size)
    for name, tensor in tensors.items():
        if name in optional:
            _check(tensor, optional[name])
        elif name not in known:
            raise UnsupportedModel(f"tensor {_quoted(name)} is not understood, so it is not run")

    def layer(index: int, part: Part) -> Array:
        return _values(tensors[f"blk.{index}.{_TENSORS[part]}"])

    output = tensors.get("output.weight")
    return Decoder(
        shape=shape,
        embedding=lambda: _values(tensors["token_embd.weight"]),
        output=None if output is None else lambda: _values(output),
        final_norm=lambda: _values(tensors["output_norm.weight"]),
        layer=layer,
    )


def _check(tensor: Any, size: tuple[int, ...]) -> None:  # noqa: ANN401 - as _open
    # GGUF lists dimensions from the fastest to the slowest.
    if tuple(int(length) for length in reversed(tensor.shape)) != size:
        raise ValueError(f"tensor {tensor.name} has another size than the metadata say")


def _values(tensor: Any) -> Array:  # noqa: ANN401 - as _open
    from gguf import dequantize

    try:
        values = np.asarray(dequantize(tensor.data, tensor.tensor_type), dtype=np.float32)
    except NotImplementedError:
        raise UnsupportedModel(
            f"quantization {tensor.tensor_type.name} cannot be read; use a file in Q8_0 or Q4_K_M"
        ) from None
    size = tuple(int(length) for length in reversed(tensor.shape))
    values = np.ascontiguousarray(values.reshape(size))
    if not np.isfinite(values).all():
        raise BrokenSource(f"tensor {tensor.name} holds values that are not finite")
    return values


def _quoted(name: object) -> str:
    """A name out of a file that nobody vouches for: short and printable."""
    return repr(str(name)[:60])
