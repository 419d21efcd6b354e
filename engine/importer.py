"""One import: a network and its tokenizer in, a checked and measured CTranslate2 model out.

In order: the network is computed in NumPy and float32 over texts that are shipped with us, which
gives the scales that smooth its activations and what int8 has to be compared with; the smoothed
weights are written as int8; what was written is checked and measured.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Final

import numpy as np

from engine import ct2, gguf, quality, reference, tokenizer
from engine.bert import EncoderShape
from engine.decoder import Array, Decoder, Part, Shape
from engine.devices import detect_devices
from engine.errors import BrokenSource, ModelError, SelfCheckFailed, UnsupportedModel
from engine.prompts import Prompts
from engine.quality import Quality, Score
from engine.reference import Place
from engine.smoothing import Scales, scales_of, smoothed
from engine.sources import Progress
from engine.tokenizer import Specials

IMPORTER: Final = 2
"""Raised whenever the same source would become other bytes. 1 was without smoothing or figures."""
CHECK_TEXT: Final = (
    "The patient was admitted with chest pain and shortness of breath. On examination the blood "
    "pressure was normal, and the doctor asked the nurse to repeat the measurement in the morning."
)
# int8 gives a mean cosine of 0.98 and more with SmolLM2-135M, and larger models are nearer still;
# a wrong rotation, a wrong order of heads or one damaged layer gives less than 0.8.
_MIN_COSINE: Final = 0.95


@dataclass(frozen=True, slots=True)
class Imported:
    """What the manifest says of an import."""

    architecture: str
    shape: Shape | EncoderShape
    licence: str | None
    bos: int | None
    end_tokens: tuple[int, ...]
    self_check: tuple[int, float, float]
    """Tokens, mean cosine, agreement."""
    versions: dict[str, str]
    quality: Quality | None = None
    """Of what generates."""


@dataclass(frozen=True, slots=True)
class Network:
    """What both kinds of source come down to."""

    architecture: str
    decoder: Decoder
    vocabulary: list[str]
    specials: Specials
    prompts: Prompts
    template: str | None


def import_gguf(
    path: Path, target: Path, progress: Progress, *, unsafe_quality: bool = False
) -> Imported:
    """Write the model of the GGUF file `path` into the empty directory `target`.

    Raises `BrokenSource`, `UnsupportedModel`, `SelfCheckFailed` or, unless `unsafe_quality`,
    `QualityTooLow`.
    """
    progress("read", None)
    source = gguf.read(path)
    shape = source.decoder.shape
    tokens, vocabulary, specials = tokenizer.build(source.metadata, shape.vocabulary)
    template = source.metadata("tokenizer.chat_template")
    if template is not None and not isinstance(template, str):
        raise BrokenSource("the GGUF file's chat template is not text")
    try:
        prompts = Prompts(tokens, vocabulary, specials, template)
    except Exception as error:  # Whatever Jinja raises while it compiles what a file brought.
        raise UnsupportedModel("the chat template cannot be compiled") from error
    progress("read", 1.0)
    network = Network(source.architecture, source.decoder, vocabulary, specials, prompts, template)
    imported = install(network, target, progress, unsafe_quality=unsafe_quality)
    versions = imported.versions | {"gguf": version("gguf")}
    return replace(imported, licence=source.licence, versions=versions)


def install(
    network: Network, target: Path, progress: Progress, *, unsafe_quality: bool = False
) -> Imported:
    """Write `network` into the empty directory `target`, check it and measure it.

    Raises as `import_gguf`. The weights are read twice, tensor by tensor.
    """
    decoder, prompts, specials = network.decoder, network.prompts, network.specials
    computed = _compute(decoder, prompts, _stage(progress, "measure"))
    first = network.vocabulary[specials.end[0]]
    special = ct2.SpecialTokens(
        bos=first if specials.bos is None else network.vocabulary[specials.bos],
        eos=first,
        unk=network.vocabulary[0],
    )
    ct2.write_model(
        target,
        smoothed(decoder, computed.scales),
        network.vocabulary,
        special,
        "int8",
        _stage(progress, "convert"),
    )
    prompts.save(target, network.template)
    checked, figures = _measure(target, decoder, computed, _stage(progress, "check"))
    if not unsafe_quality:
        quality.require(figures)
    return Imported(
        architecture=network.architecture,
        shape=decoder.shape,
        licence=None,
        bos=specials.bos,
        end_tokens=specials.end,
        self_check=checked,
        quality=figures,
        versions={"ctranslate2": ct2.VERSION},
    )


@dataclass(frozen=True, slots=True)
class _Computed:
    """What the source computes in float32."""

    scales: Scales
    check: list[int]
    check_logits: Array
    evaluation: list[list[int]]
    score: Score


def _compute(decoder: Decoder, prompts: Prompts, progress: Callable[[float], None]) -> _Computed:
    """Go once through the network, with the texts to calibrate, to check and to evaluate on."""
    shape, parameters = decoder.shape, decoder.parameters
    calibration, evaluation = (
        quality.pieces(name, prompts.text, shape.context, parameters)
        for name in ("calibration", "evaluation")
    )
    check = prompts.text(CHECK_TEXT)[: shape.context]
    if not calibration or not evaluation:
        raise UnsupportedModel("the model's context is too short to measure it on a text")
    rows = sum(map(len, calibration))
    kept = _keeping_a_layer(decoder)
    scales: Scales = {}

    def observe(index: int, place: Place, state: Array) -> None:
        scales[index, place] = scales_of(
            lambda part: kept.layer(index, part), shape, place, state[:rows]
        )

    texts = [*calibration, check, *evaluation]
    logits = reference.logits_of(kept, texts, observe, lambda done: progress(0.9 * done))
    for _ in calibration:
        next(logits)
    check_logits = next(logits)
    total = Score()
    for done, tokens in enumerate(evaluation):
        total.add(tokens, next(logits))
        progress(0.9 + 0.1 * (done + 1) / len(evaluation))
    return _Computed(scales, check, check_logits, evaluation, total)


def _keeping_a_layer(decoder: Decoder) -> Decoder:
    """Return the same network, which remembers the weights of the layer that was read last."""
    weights: dict[tuple[int, Part], Array] = {}

    def layer(index: int, part: Part) -> Array:
        if (index, part) not in weights:
            if any(other != index for other, _ in weights):
                weights.clear()
            weights[index, part] = decoder.layer(index, part)
        return weights[index, part]

    return replace(decoder, layer=layer)


def _measure(
    target: Path, decoder: Decoder, computed: _Computed, progress: Callable[[float], None]
) -> tuple[tuple[int, float, float], Quality]:
    """Compare what was written with what was computed; raise `SelfCheckFailed`."""
    try:
        network = ct2.Replicas(target, replicas=1, threads=detect_devices().cores)
    except (RuntimeError, MemoryError) as error:
        raise ModelError("CTranslate2 cannot load what was written: memory is short") from error
    try:
        checked = _agreeing(network.logits(computed.check), computed.check_logits)
        total = Score()
        for done, tokens in enumerate(computed.evaluation):
            total.add(tokens, network.logits(tokens))
            progress((done + 1) / len(computed.evaluation))
    finally:
        network.close()
    size = (target / "model.bin").stat().st_size
    figures = quality.compared(total, computed.score, size, 4 * decoder.parameters)
    return (len(computed.check), *checked), figures


def _agreeing(written: Array, source: Array) -> tuple[float, float]:
    """Return the mean cosine and the agreement of two networks' logits for the same tokens."""
    if written.shape != source.shape:
        raise SelfCheckFailed("the imported model has another vocabulary than its source")
    cosine = float(_cosines(written, source).mean())
    agreement = float((written.argmax(axis=1) == source.argmax(axis=1)).mean())
    if not cosine >= _MIN_COSINE:  # A NaN fails too.
        raise SelfCheckFailed(
            f"the imported model does not compute what its source does (cosine {cosine:.3f}, "
            f"at least {_MIN_COSINE} is needed); nothing was installed"
        )
    return round(cosine, 4), round(agreement, 4)


def _cosines(left: Array, right: Array) -> Array:
    # Centred, since what all logits share changes no probability.
    left = left - left.mean(axis=1, keepdims=True)
    right = right - right.mean(axis=1, keepdims=True)
    norms = np.linalg.norm(left, axis=1) * np.linalg.norm(right, axis=1)
    result: Array = (left * right).sum(axis=1) / np.maximum(norms, 1e-30)
    return result


def _stage(progress: Progress, name: str) -> Callable[[float], None]:
    progress(name, None)
    return lambda done: progress(name, done)
