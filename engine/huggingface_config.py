"""The configuration of a Hugging Face checkpoint: which network it is, refused unless it is known.

Only what a test shows right is let through. A setting that would change the result and is not
computed here is a refusal by name.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import msgspec

from engine.decoder import Activation, Shape
from engine.errors import BrokenSource, UnsupportedArchitecture, UnsupportedModel
from engine.gguf import ARCHITECTURES, MAX_LAYERS

_T = TypeVar("_T")
_ARCHITECTURES: Final = {
    "llama": ("llama", "LlamaForCausalLM"),
    "mistral": ("llama", "MistralForCausalLM"),
    "qwen2": ("qwen2", "Qwen2ForCausalLM"),
    "qwen3": ("qwen3", "Qwen3ForCausalLM"),
    "gemma3_text": ("gemma3", "Gemma3ForCausalLM"),
}
"""`model_type` of transformers → name of the engine, and the one class that is read."""
_GEMMA3_BASES: Final = (1_000_000.0, 10_000.0)
_GEMMA3_PATTERN: Final = 6
_MAX_COUNT: Final = 2**31


class _Rope(msgspec.Struct, frozen=True):
    rope_type: str | None = None
    type: str | None = None
    rope_theta: float | None = None
    factor: float | None = None
    low_freq_factor: float | None = None
    high_freq_factor: float | None = None
    original_max_position_embeddings: int | None = None
    partial_rotary_factor: float | None = None

    @property
    def kind(self) -> str:
        return self.rope_type or self.type or "default"


class _LayerRopes(msgspec.Struct, frozen=True):
    full_attention: _Rope | None = None
    sliding_attention: _Rope | None = None


class Config(msgspec.Struct, frozen=True):
    """What is read of `config.json`. Other keys change nothing in the classes that are read."""

    model_type: str = "none"
    architectures: list[str] | None = None
    num_hidden_layers: int = 0
    num_attention_heads: int = 0
    num_key_value_heads: int | None = None
    hidden_size: int = 0
    intermediate_size: int = 0
    vocab_size: int = 0
    max_position_embeddings: int = 0
    head_dim: int | None = None
    rms_norm_eps: float = 1e-6
    hidden_act: str | None = None
    hidden_activation: str | None = None
    rope_theta: float | None = None
    rope_local_base_freq: float | None = None
    rope_scaling: _Rope | None = None
    rope_parameters: dict[str, Any] | None = None
    sliding_window: int | None = None
    use_sliding_window: bool | None = None
    layer_types: list[str] | None = None
    query_pre_attn_scalar: float | None = None
    sliding_window_pattern: int | None = None
    tie_word_embeddings: bool | None = None
    partial_rotary_factor: float | None = None
    eos_token_id: int | list[int] | None = None
    # With any of these the network computes something that no test shows right here.
    attention_bias: bool | None = None
    mlp_bias: bool | None = None
    quantization_config: dict[str, Any] | None = None
    auto_map: dict[str, Any] | None = None
    attn_logit_softcapping: float | None = None
    final_logit_softcapping: float | None = None
    use_bidirectional_attention: bool | None = None

    @property
    def ties_embeddings(self) -> bool:
        """Whether the output is the embedding; transformers ties Gemma's unless told not to."""
        if self.tie_word_embeddings is None:
            return self.model_type == "gemma3_text"
        return self.tie_word_embeddings


_REFUSED: Final = (
    "attention_bias",
    "mlp_bias",
    "quantization_config",
    "auto_map",
    "attn_logit_softcapping",
    "final_logit_softcapping",
    "use_bidirectional_attention",
    "use_sliding_window",
)


def shape_of(config: Config) -> tuple[str, Shape]:
    """Return the engine's name of the architecture, and the shape.

    Raises `UnsupportedArchitecture`, `UnsupportedModel` or `BrokenSource`.
    """
    if config.model_type not in _ARCHITECTURES:
        raise UnsupportedArchitecture(
            f"architecture {_quoted(config.model_type)} is not supported; "
            f"supported are {', '.join(ARCHITECTURES)}"
        )
    architecture, network = _ARCHITECTURES[config.model_type]
    if config.architectures != [network]:
        raise UnsupportedArchitecture(
            f"only {network} is supported of {config.model_type}, and the checkpoint names "
            f"{_quoted(', '.join(config.architectures or ['none']))}"
        )
    for key in _REFUSED:
        if getattr(config, key):
            raise UnsupportedModel(f"{key} is set, which no test shows right here")
    if config.partial_rotary_factor not in {None, 1.0}:
        raise UnsupportedModel("rotary embeddings over a part of each head are not supported")
    gemma = architecture == "gemma3"
    activation = config.hidden_activation if gemma else config.hidden_act
    if activation != ("gelu_pytorch_tanh" if gemma else "silu"):
        raise UnsupportedModel(f"activation {_quoted(activation)} is not supported")
    head_dim = _head_dim(config, architecture)
    if gemma and config.query_pre_attn_scalar not in {None, head_dim}:
        raise UnsupportedModel("these scaled queries (as in Gemma 3 27B) are not supported")
    _require_sizes(config, head_dim)
    rope = _rope(config, architecture, head_dim)
    shape = Shape(
        layers=config.num_hidden_layers,
        heads=config.num_attention_heads,
        heads_kv=config.num_key_value_heads or config.num_attention_heads,
        head_dim=head_dim,
        hidden=config.hidden_size,
        feed_forward=config.intermediate_size,
        vocabulary=config.vocab_size,
        context=_context(config),
        rope_base=rope.base,
        norm_epsilon=config.rms_norm_eps,
        activation=Activation.GELU_TANH if gemma else Activation.SILU,
        rope_linear=rope.linear,
        rope_factors=rope.factors,
        qkv_bias=architecture == "qwen2",
        qk_norm=architecture in {"qwen3", "gemma3"},
        post_norms=gemma,
        scale_embeddings=gemma,
        local_layers=_local_layers(config) if gemma else (),
        local_rope_base=rope.local_base,
    )
    return architecture, shape


def _require_sizes(config: Config, head_dim: int) -> None:
    heads, groups = config.num_attention_heads, config.num_key_value_heads
    sizes = (
        config.num_hidden_layers,
        heads,
        heads if groups is None else groups,
        head_dim,
        config.hidden_size,
        config.intermediate_size,
        config.vocab_size,
        config.max_position_embeddings,
    )
    small = max(config.num_hidden_layers, head_dim)
    if min(sizes) < 1 or max(sizes) >= _MAX_COUNT or small > MAX_LAYERS:
        raise BrokenSource("config.json lacks a size, or one is absurd; download it again")
    if heads % sizes[2] or head_dim % 2:
        raise BrokenSource("config.json's heads do not divide into groups; download it again")
    if not 0 < config.rms_norm_eps < 1:
        raise BrokenSource("config.json's rms_norm_eps is absurd; download it again")


def _head_dim(config: Config, architecture: str) -> int:
    if config.num_attention_heads < 1:
        raise BrokenSource("config.json lacks num_attention_heads; download it again")
    if config.head_dim is not None:
        return config.head_dim
    plain, rest = divmod(config.hidden_size, config.num_attention_heads)
    if rest or architecture in {"qwen3", "gemma3"}:
        raise UnsupportedModel("config.json does not say head_dim, and it is not guessed")
    return plain


def _context(config: Config) -> int:
    """Return how many tokens a network is shown right for.

    Up to the window's length a layer with a window sees what one without sees. Beyond it nothing
    here is shown right. Qwen names a window that it does not use.
    """
    window = config.sliding_window if config.model_type in {"gemma3_text", "mistral"} else None
    if window is None:
        if set(config.layer_types or ()) - {"full_attention"}:
            raise UnsupportedModel("layers with a sliding window are not supported")
        return config.max_position_embeddings
    if window < 1:
        raise BrokenSource("config.json's sliding_window is absurd; download it again")
    return min(config.max_position_embeddings, window)


def _local_layers(config: Config) -> tuple[bool, ...]:
    """Return which layers of Gemma turn by the local base."""
    if config.layer_types is not None:
        known = {"full_attention", "sliding_attention"}
        if len(config.layer_types) != config.num_hidden_layers or set(config.layer_types) - known:
            raise UnsupportedModel("these layer_types are not supported")
        return tuple(kind == "sliding_attention" for kind in config.layer_types)
    pattern = config.sliding_window_pattern or _GEMMA3_PATTERN
    return tuple((index + 1) % pattern != 0 for index in range(config.num_hidden_layers))


@dataclass(frozen=True, slots=True)
class _Turning:
    """The rotary embedding: the names are those of `Shape`."""

    base: float
    linear: float = 1.0
    factors: tuple[float, ...] = ()
    local_base: float = 0.0


def _rope(config: Config, architecture: str, head_dim: int) -> _Turning:
    raw = config.rope_parameters or {}
    if architecture == "gemma3":
        return _gemma3_rope(config, raw)
    rope = _convert(raw, _Rope) if raw else config.rope_scaling or _Rope()
    base = _base(rope.rope_theta, config.rope_theta, 10_000.0)
    if rope.partial_rotary_factor not in {None, 1.0}:
        raise UnsupportedModel("rotary embeddings over a part of each head are not supported")
    match rope.kind:
        case "default":
            return _Turning(base)
        case "linear":
            return _Turning(base, linear=_factor(rope))
        case "llama3":
            return _Turning(base, factors=_llama3(rope, base, head_dim))
        case _:
            raise UnsupportedModel(f"rope scaling {_quoted(rope.kind)} is not supported")


def _gemma3_rope(config: Config, raw: dict[str, Any]) -> _Turning:
    """Only layers without a window are scaled."""
    each = _convert(raw, _LayerRopes)
    full, local = each.full_attention or config.rope_scaling or _Rope(), each.sliding_attention
    local = local or _Rope()
    if raw and each.full_attention is None:
        raise UnsupportedModel("Gemma 3 with other rotary settings is not supported")
    if full.kind not in {"default", "linear"} or local.kind != "default":
        raise UnsupportedModel("Gemma 3 with other rotary settings is not supported")
    return _Turning(
        _base(full.rope_theta, config.rope_theta, _GEMMA3_BASES[0]),
        linear=_factor(full) if full.kind == "linear" else 1.0,
        local_base=_base(local.rope_theta, config.rope_local_base_freq, _GEMMA3_BASES[1]),
    )


def _base(*given: float | None) -> float:
    base = next(each for each in given if each is not None)
    if not 1 < base < math.inf:
        raise BrokenSource("config.json's rope_theta is absurd; download it again")
    return base


def _factor(rope: _Rope) -> float:
    if rope.factor is None or not 1 <= rope.factor < math.inf:
        raise BrokenSource("config.json lacks a part of its rope scaling; download it again")
    return rope.factor


def _llama3(rope: _Rope, theta: float, head_dim: int) -> tuple[float, ...]:
    """Return Llama 3.1's divisors: long waves are slowed down by the factor, short ones are not."""
    factor, length = rope.factor, rope.original_max_position_embeddings
    low, high = rope.low_freq_factor, rope.high_freq_factor
    if not (factor and length and low and high) or factor < 1 or not 0 < low < high:
        raise BrokenSource("config.json lacks a part of its rope scaling; download it again")
    factors = []
    for index in range(0, head_dim, 2):
        waves = length / (2 * math.pi * theta ** (index / head_dim))  # In the first context.
        share = min(1.0, max(0.0, (waves - low) / (high - low)))
        factors.append(1 / (share + (1 - share) / factor))
    return tuple(factors)


def ids(value: int | list[int] | None) -> list[int]:
    """Return the ids that an `eos_token_id` names: one, several or none."""
    return value if isinstance(value, list) else [] if value is None else [value]


def decoded(raw: bytes, name: str, kind: type[_T]) -> _T:
    """Return a file of JSON as a `kind`; raises `BrokenSource`."""
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise BrokenSource(f"{name} cannot be read; download it again") from error


def _convert(value: object, kind: type[_T]) -> _T:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise BrokenSource("config.json cannot be read; download it again") from error


def _quoted(name: object) -> str:
    """A name out of a file that nobody vouches for: short and printable."""
    return repr(str(name)[:60])
