"""One import: a GGUF file in, a checked CTranslate2 model with its tokenizer out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Final

import numpy as np

from engine import ct2, gguf, reference, tokenizer
from engine.bert import EncoderShape
from engine.decoder import Array, Decoder, Shape
from engine.errors import BrokenSource, SelfCheckFailed, UnsupportedModel
from engine.prompts import Prompts
from engine.sources import Progress

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


def import_source(path: Path, target: Path, progress: Progress) -> Imported:
    """Write the model of the GGUF file `path` into the empty directory `target`.

    Raises `BrokenSource`, `UnsupportedModel` or `SelfCheckFailed`.
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
    first = vocabulary[specials.end[0]]
    special = ct2.SpecialTokens(
        bos=first if specials.bos is None else vocabulary[specials.bos],
        eos=first,
        unk=vocabulary[0],
    )
    ct2.write_model(
        target, source.decoder, vocabulary, special, "int8", _stage(progress, "convert")
    )
    prompts.save(target, template)
    progress("check", None)
    checked = self_check(source.decoder, target, prompts)
    progress("check", 1.0)
    return Imported(
        architecture=source.architecture,
        shape=shape,
        licence=source.licence,
        bos=specials.bos,
        end_tokens=specials.end,
        self_check=checked,
        versions={"ctranslate2": ct2.VERSION, "gguf": version("gguf")},
    )


def self_check(decoder: Decoder, target: Path, prompts: Prompts) -> tuple[int, float, float]:
    """Compare the written model with its source, computed in NumPy; raise `SelfCheckFailed`."""
    tokens = prompts.text(CHECK_TEXT)[: decoder.shape.context]
    return compare(target, tokens, reference.logits(decoder, tokens))


def compare(target: Path, tokens: list[int], source: Array) -> tuple[int, float, float]:
    """Compare the written model's logits after `tokens` with those of its source.

    Returns the number of tokens, the mean cosine and the agreement; raises `SelfCheckFailed`.
    """
    written = ct2.Replicas(target, replicas=1, threads=1).logits(tokens)
    if written.shape != source.shape:
        raise SelfCheckFailed("the imported model has another vocabulary than its source")
    cosine = float(_cosines(written, source).mean())
    agreement = float((written.argmax(axis=1) == source.argmax(axis=1)).mean())
    if not cosine >= _MIN_COSINE:  # A NaN fails too.
        raise SelfCheckFailed(
            f"the imported model does not compute what its source does (cosine {cosine:.3f}, "
            f"at least {_MIN_COSINE} is needed); nothing was installed"
        )
    return len(tokens), round(cosine, 4), round(agreement, 4)


def _cosines(left: Array, right: Array) -> Array:
    # Centred, since what all logits share changes no probability.
    left = left - left.mean(axis=1, keepdims=True)
    right = right - right.mean(axis=1, keepdims=True)
    norms = np.linalg.norm(left, axis=1) * np.linalg.norm(right, axis=1)
    result: Array = (left * right).sum(axis=1) / np.maximum(norms, 1e-30)
    return result


def _stage(progress: Progress, name: str) -> Callable[[float], None]:
    return lambda done: progress(name, done)
