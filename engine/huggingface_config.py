"""The configuration of a Hugging Face checkpoint: which network it is, refused unless it is known.

Only what a test shows right is let through to the converter. A setting that would change the result
and that CTranslate2's loaders pass over is a refusal by name.
"""

from __future__ import annotations

import math
from typing import Any, Final, TypeVar

import msgspec

from engine.decoder import Activation, Shape
from engine.errors import BrokenSource, UnsupportedArchitecture, UnsupportedModel
from engine.gguf import ARCHITECTURES

_T = TypeVar("_T")
_ARCHITECTURES: Final = {
    "llama": ("llama", "LlamaForCausalLM"),
    "qwen2": ("qwen2", "Qwen2ForCausalLM"),
    "qwen3": ("qwen3", "Qwen3ForCausalLM"),
    "gemma3_text": ("gemma3", "Gemma3ForCausalLM"),
}
"""`model_type` of transformers → name of the engine, and the one class that is converted."""
_GEMMA3_BASES: Final = (1_000_000.0, 10_000.0)


class _Rope(msgspec.Struct, frozen=True):
    rope_type: str | None = None
    type: str | None = None
    rope_theta: float | None = None
    factor: float | None = None
    low_freq_factor: float | None = None
    high_freq_factor: float | None = None
    original_max_position_embeddings: int | None = None

    @property
    def kind(self) -> str:
        return self.rope_type or self.type or "default"


class _LayerRopes(msgspec.Struct, frozen=True):
    full_attention: _Rope | None = None
    sliding_attention: _Rope | None = None


class Config(msgspec.Struct, frozen=True):
    """What is read of `config.json`; other keys are left to transformers and the self-check."""

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
    eos_token_id: int | list[int] | None = None
    # With any of these the network computes something that no test shows right here.
    attention_bias: bool | None = None
    mlp_bias: bool | None = None
    quantization_config: dict[str, Any] | None = None
    auto_map: dict[str, Any] | None = None
    attn_logit_softcapping: float | None = None
    final_logit_softcapping: float | None = None
    use_bidirectional_attention: bool | None = None


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
    gemma = architecture == "gemma3"
    activation = config.hidden_activation if gemma else config.hidden_act
    if activation != ("gelu_pytorch_tanh" if gemma else "silu"):
        raise UnsupportedModel(f"activation {_quoted(activation)} is not supported")
    head_dim = _head_dim(config, architecture)
    theta, linear, factors = _rope(config, architecture)
    context = config.max_position_embeddings
    if gemma:
        if config.query_pre_attn_scalar not in {None, head_dim}:
            raise UnsupportedModel("these scaled queries (as in Gemma 3 27B) are not supported")
        # As with GGUF: within the window a local layer sees what a global one sees.
        context = min(context, config.sliding_window or context)
    elif set(config.layer_types or ()) - {"full_attention"}:
        raise UnsupportedModel("layers with a sliding window are not supported")
    shape = Shape(
        layers=config.num_hidden_layers,
        heads=config.num_attention_heads,
        heads_kv=config.num_key_value_heads or config.num_attention_heads,
        head_dim=head_dim,
        hidden=config.hidden_size,
        feed_forward=config.intermediate_size,
        vocabulary=config.vocab_size,
        context=context,
        rope_base=theta,
        norm_epsilon=config.rms_norm_eps,
        activation=Activation.GELU_TANH if gemma else Activation.SILU,
        rope_linear=linear,
        rope_factors=factors,
        qkv_bias=architecture == "qwen2",
        qk_norm=architecture in {"qwen3", "gemma3"},
        post_norms=gemma,
        scale_embeddings=gemma,
    )
    sizes = (shape.layers, shape.heads, shape.heads_kv, shape.head_dim, shape.hidden)
    if min(*sizes, shape.feed_forward, shape.vocabulary, shape.context) < 1:
        raise BrokenSource("config.json lacks a size, or one is not positive; download it again")
    return architecture, shape


def _head_dim(config: Config, architecture: str) -> int:
    if config.num_attention_heads < 1:
        raise BrokenSource("config.json lacks num_attention_heads; download it again")
    plain, rest = divmod(config.hidden_size, config.num_attention_heads)
    if architecture in {"qwen3", "gemma3"}:
        if config.head_dim is None:
            raise UnsupportedModel("config.json does not say head_dim, and it is not guessed")
        return config.head_dim
    # CTranslate2's loaders of the other two take it for granted.
    if rest or config.head_dim not in {None, plain}:
        raise UnsupportedModel(f"a head_dim of its own is not supported for {architecture}")
    return plain


def _rope(config: Config, architecture: str) -> tuple[float, float, tuple[float, ...]]:
    """Return the rotary base and the divisors of positions and of frequencies of `Shape`."""
    raw = config.rope_parameters or {}
    if architecture == "gemma3":
        each = _convert(raw, _LayerRopes)
        full, local = each.full_attention or _Rope(), each.sliding_attention or _Rope()
        bases = (
            full.rope_theta or config.rope_theta or _GEMMA3_BASES[0],
            local.rope_theta or config.rope_local_base_freq or _GEMMA3_BASES[1],
        )
        # CTranslate2's loader knows no others.
        kinds = {full.kind, local.kind, (config.rope_scaling or _Rope()).kind}
        if bases != _GEMMA3_BASES or kinds != {"default"}:
            raise UnsupportedModel("Gemma 3 with other rotary settings is not supported")
        return bases[0], 1.0, ()
    rope = _convert(raw, _Rope) if raw else config.rope_scaling or _Rope()
    if rope.kind not in {"default", "linear", "llama3"}:
        raise UnsupportedModel(f"rope scaling {_quoted(rope.kind)} is not supported")
    theta = rope.rope_theta or config.rope_theta or 10_000.0
    if rope.kind == "llama3":
        return theta, 1.0, _llama3(rope, theta, _head_dim(config, architecture))
    return theta, (rope.factor or 1.0) if rope.kind == "linear" else 1.0, ()


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
