"""A model in CTranslate2's format, out of its weights in float32.

Weights are stored as int8 with one scale per output row, the scheme of CTranslate2's own
converters (`LayerSpec._quantize`), but tensor by tensor, so that a model of any size is imported
in the memory of its int8 weights plus one tensor in float32.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from ctranslate2.specs import attention_spec, common_spec, transformer_spec

from engine.bert import Encoder, EncoderActivation, EncoderShape
from engine.decoder import Activation, Array, Decoder, Part, Shape

_ACTIVATIONS: Final = {
    Activation.SILU: common_spec.Activation.SWISH,
    Activation.GELU_TANH: common_spec.Activation.GELUTanh,
}
_ENCODER_ACTIVATIONS: Final = {
    EncoderActivation.GELU: common_spec.Activation.GELU,
    EncoderActivation.RELU: common_spec.Activation.RELU,
}


@dataclass(frozen=True, slots=True)
class SpecialTokens:
    """What CTranslate2 wants to know of a vocabulary; every one of them is a token of it."""

    bos: str
    eos: str
    unk: str


def write_model(  # noqa: PLR0913, PLR0917 - six things make a model, and none belongs to another
    directory: Path,
    decoder: Decoder,
    vocabulary: Sequence[str],
    special: SpecialTokens,
    quantization: str,
    progress: Callable[[float], None] = lambda _: None,
) -> None:
    """Write `model.bin`, `config.json` and `vocabulary.json` into `directory`.

    `quantization` is `int8`, or `float32` for tests of the mapping itself. `progress` gets 0 to 1.
    """
    shape = decoder.shape
    spec = _empty_spec(shape)
    writer = _Writer(quantization)
    writer.linear(spec.decoder.embeddings, decoder.embedding())
    if decoder.output is None:
        for name in ("weight", "weight_scale"):
            setattr(spec.decoder.projection, name, getattr(spec.decoder.embeddings, name))
    else:
        writer.linear(spec.decoder.projection, decoder.output())
    spec.decoder.scale_embeddings = shape.scale_embeddings
    spec.decoder.layer_norm.gamma = decoder.final_norm()
    for index, layer in enumerate(spec.decoder.layer):
        writer.layer(layer, shape, index, decoder.layer)
        progress((index + 1) / (shape.layers + 1))
    spec.config.bos_token = special.bos
    spec.config.eos_token = special.eos
    spec.config.unk_token = special.unk
    spec.config.layer_norm_epsilon = shape.norm_epsilon
    spec.register_vocabulary(vocabulary)
    spec.validate()
    spec.optimize(quantization=None)  # Aliases equal tensors; quantized they are already.
    spec.save(str(directory))
    progress(1.0)


def write_encoder(  # noqa: PLR0913, PLR0917 - as write_model
    directory: Path,
    encoder: Encoder,
    vocabulary: Sequence[str],
    unk: str,
    quantization: str = "int8",
    progress: Callable[[float], None] = lambda _: None,
) -> None:
    """Write an encoder's `model.bin`, `config.json` and `vocabulary.json` into `directory`.

    The embedding of the only token type is part of the positions', so there is one embedding.
    """
    shape = encoder.shape
    spec = _empty_encoder(shape)
    writer = _Writer(quantization)
    writer.linear(spec.encoder.embeddings[0], encoder.words())
    spec.encoder.scale_embeddings = False
    spec.encoder.position_encodings.encodings = encoder.positions()
    _set_norm(spec.encoder.layernorm_embedding, encoder.norm())
    for index, layer in enumerate(spec.encoder.layer):
        attention = layer.self_attention
        query, key, value = (
            encoder.layer(index, "attention.self.query"),
            encoder.layer(index, "attention.self.key"),
            encoder.layer(index, "attention.self.value"),
        )
        writer.linear(
            attention.linear[0],
            np.concatenate([query[0], key[0], value[0]]),
            np.concatenate([query[1], key[1], value[1]]),
        )
        writer.linear(attention.linear[1], *encoder.layer(index, "attention.output.dense"))
        _set_norm(attention.layer_norm, encoder.layer(index, "attention.output.LayerNorm"))
        writer.linear(layer.ffn.linear_0, *encoder.layer(index, "intermediate.dense"))
        writer.linear(layer.ffn.linear_1, *encoder.layer(index, "output.dense"))
        _set_norm(layer.ffn.layer_norm, encoder.layer(index, "output.LayerNorm"))
        progress((index + 1) / (shape.layers + 1))
    spec.config.unk_token = unk
    spec.config.layer_norm_epsilon = shape.norm_epsilon
    spec.register_vocabulary(vocabulary)
    spec.validate()
    spec.optimize(quantization=None)
    spec.save(str(directory))
    progress(1.0)


def _empty_encoder(shape: EncoderShape) -> Any:  # noqa: ANN401 - as _empty_spec
    return transformer_spec.TransformerEncoderModelSpec(
        transformer_spec.TransformerEncoderSpec(
            shape.layers,
            shape.heads,
            pre_norm=False,
            activation=_ENCODER_ACTIVATIONS[shape.activation],
            layernorm_embedding=True,
            head_dim=shape.head_dim,
        )
    )


def _set_norm(spec: Any, norm: tuple[Array, Array]) -> None:  # noqa: ANN401 - as _empty_spec
    spec.gamma, spec.beta = norm


def _empty_spec(shape: Shape) -> Any:  # noqa: ANN401 - ctranslate2 has no type information
    scaling: dict[str, Any] = {}
    if shape.rope_factors:
        # "Su" divides each frequency by a factor of its own. With both maxima equal its second
        # effect, a scale on long inputs, is one.
        scaling = {
            "rotary_scaling_type": attention_spec.RotaryScalingType.Su,
            "original_max_position_embeddings": shape.context,
            "max_position_embeddings": shape.context,
        }
    elif shape.rope_linear != 1.0:
        scaling = {
            "rotary_scaling_type": attention_spec.RotaryScalingType.Linear,
            "rotary_scaling_factor": shape.rope_linear,
        }
    return transformer_spec.TransformerDecoderModelSpec.from_config(
        shape.layers,
        shape.heads,
        activation=_ACTIVATIONS[shape.activation],
        pre_norm=True,
        ffn_glu=True,
        rms_norm=True,
        rotary_dim=shape.head_dim,
        rotary_interleave=shape.rope_interleaved,
        rotary_base=shape.rope_base,
        num_heads_kv=None if shape.heads_kv == shape.heads else shape.heads_kv,
        head_dim=shape.head_dim,
        pre_post_layer_norm=shape.post_norms,
        qk_norm=shape.qk_norm,
        **scaling,
    )


class _Writer:
    """Puts weights into a spec in one quantization."""

    def __init__(self, quantization: str) -> None:
        if quantization not in {"int8", "float32"}:
            raise ValueError("quantization is int8 or float32")
        self._int8 = quantization == "int8"

    def linear(self, spec: Any, weight: Array, bias: Array | None = None) -> None:  # noqa: ANN401 - as _empty_spec
        if self._int8:
            peak = np.abs(weight).max(axis=1)
            scale = np.where(peak > 0, 127.0 / np.maximum(peak, 1e-30), 1.0).astype(np.float32)
            spec.weight = np.rint(weight * scale[:, None]).astype(np.int8)
            spec.weight_scale = scale
        else:
            spec.weight = weight
        if bias is not None:
            spec.bias = bias

    def layer(
        self,
        spec: Any,  # noqa: ANN401 - as _empty_spec
        shape: Shape,
        index: int,
        read: Callable[[int, Part], Array],
    ) -> None:
        attention = spec.self_attention
        bias = None
        if shape.qkv_bias:
            bias = np.concatenate(
                [read(index, "q_bias"), read(index, "k_bias"), read(index, "v_bias")]
            )
        qkv = np.concatenate([read(index, "q"), read(index, "k"), read(index, "v")])
        self.linear(attention.linear[0], qkv, bias)
        self.linear(attention.linear[1], read(index, "o"))
        self.linear(spec.ffn.linear_0, read(index, "gate"))
        self.linear(spec.ffn.linear_0_noact, read(index, "up"))
        self.linear(spec.ffn.linear_1, read(index, "down"))
        if shape.qk_norm:
            attention.q_norm.gamma = read(index, "q_norm")
            attention.k_norm.gamma = read(index, "k_norm")
        if shape.post_norms:
            spec.input_layer_norm.gamma = read(index, "attn_norm")
            spec.post_attention_layer_norm.gamma = read(index, "post_attn_norm")
            spec.pre_feedforward_layer_norm.gamma = read(index, "ffn_norm")
            spec.post_feedforward_layer_norm.gamma = read(index, "post_ffn_norm")
        else:
            attention.layer_norm.gamma = read(index, "attn_norm")
            spec.ffn.layer_norm.gamma = read(index, "ffn_norm")
        if shape.rope_factors:
            factors = np.asarray(shape.rope_factors, dtype=np.float32)
            attention.rotary_scaling_long_factor = factors
            attention.rotary_scaling_short_factor = factors
        if shape.local_layers and shape.local_layers[index]:
            attention.rotary_base = np.float32(shape.local_rope_base)
            if shape.rope_linear != 1.0:
                attention.rotary_scaling_factor = np.float32(1.0)
