"""Imports a sentence embedder: a BERT checkpoint in safetensors, with how its states are pooled.

No PyTorch: the tensors are read here, written as int8, and the result is compared, text by text,
with the same network in NumPy and float32.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from engine import bert, bert_reference, ct2
from engine.decoder import Array
from engine.encoder import pooled
from engine.errors import BrokenSource, SelfCheckFailed, UnsupportedModel
from engine.importer import Imported
from engine.sources import Progress
from engine.subwords import FILE
from engine.wordpiece import WordPiece

CHECK_TEXTS: Final = (
    "The patient was admitted with chest pain and shortness of breath.",
    "He came to the emergency room because his chest hurt and he could not breathe.",
    "The wound has healed well and the stitches were removed.",
    "Follow-up of a fracture of the left wrist; the cast comes off next week.",
    "Blood pressure 120/80 mmHg, temperature 36.8 °C, no fever.",
    "She takes metformin 500 mg twice a day for diabetes.",
    "Her blood sugar is treated with tablets.",
    "The invoice for the stay was sent to the insurer.",
)
# int8 gives 0.993 and more with all-MiniLM-L6-v2; a damaged layer or a lost bias far less.
_MIN_COSINE: Final = 0.99
_POOLING: Final = "1_Pooling/config.json"
_MODULES: Final = "modules.json"
_KNOWN_MODULES: Final = ("Transformer", "Pooling", "Normalize")
FILES: Final = ("config.json", FILE, "model.safetensors", _MODULES, _POOLING)


class _Pooling(msgspec.Struct, frozen=True):
    word_embedding_dimension: int
    pooling_mode_cls_token: bool = False
    pooling_mode_mean_tokens: bool = False
    pooling_mode_max_tokens: bool = False
    pooling_mode_mean_sqrt_len_tokens: bool = False
    pooling_mode_weightedmean_tokens: bool = False
    pooling_mode_lasttoken: bool = False


class _Module(msgspec.Struct, frozen=True):
    type: str


def is_embedder(path: Path) -> bool:
    """Whether `path` is a checkpoint in the form of Sentence Transformers."""
    return (path / _MODULES).is_file()


def import_embedder(directory: Path, target: Path, progress: Progress) -> Imported:
    """Write the embedder of `directory` into the empty directory `target`, or raise."""
    progress("read", None)
    for file in FILES:
        if not (directory / file).is_file():
            raise BrokenSource(f"the directory is no sentence embedder: no {file}")
    encoder = bert.read(directory)
    _check_pooling(directory, encoder.shape.hidden)
    wordpiece = WordPiece((directory / FILE).read_bytes())
    if len(wordpiece.vocabulary) != encoder.shape.vocabulary:
        raise BrokenSource("the vocabulary does not fit its embeddings")
    progress("read", 1.0)
    ct2.write_encoder(
        target,
        encoder,
        wordpiece.vocabulary,
        wordpiece.unk,
        progress=lambda done: progress("convert", done),
    )
    (target / FILE).write_bytes(wordpiece.raw)
    progress("check", None)
    checked = self_check(encoder, target, wordpiece)
    progress("check", 1.0)
    return Imported(
        architecture="bert",
        shape=encoder.shape,
        licence=None,
        bos=None,
        end_tokens=(),
        self_check=checked,
        versions={"ctranslate2": ct2.VERSION},
    )


def self_check(
    encoder: bert.Encoder, target: Path, wordpiece: WordPiece
) -> tuple[int, float, float]:
    """Compare the written model's vectors with those of its source, computed in NumPy.

    Returns the number of tokens, the lowest cosine, and the share of texts whose nearest neighbour
    is the same; raises `SelfCheckFailed`.
    """
    limit = encoder.shape.positions
    rows = [wordpiece.framed(wordpiece.encode(text)[0])[:limit] for text in CHECK_TEXTS]
    replicas = ct2.EncoderReplicas(target, replicas=1, threads=1)
    try:
        written = np.stack([pooled(replicas.states([row])[0]) for row in rows])
    finally:
        replicas.close()
    source = np.stack([pooled(state) for state in bert_reference.states(encoder, rows)])
    cosine = float((written * source).sum(axis=1).min())
    agreement = float((_nearest(written) == _nearest(source)).mean())
    if not cosine >= _MIN_COSINE:  # A NaN fails too.
        raise SelfCheckFailed(
            f"the imported model does not compute what its source does (cosine {cosine:.3f}, "
            f"at least {_MIN_COSINE} is needed); nothing was installed"
        )
    return sum(map(len, rows)), round(cosine, 4), round(agreement, 4)


def _nearest(vectors: Array) -> Array:
    likeness = vectors @ vectors.T
    np.fill_diagonal(likeness, -1)
    nearest: Array = likeness.argmax(axis=1)
    return nearest


def _check_pooling(directory: Path, hidden: int) -> None:
    try:
        modules = msgspec.json.decode((directory / _MODULES).read_bytes(), type=list[_Module])
        pooling = msgspec.json.decode((directory / _POOLING).read_bytes(), type=_Pooling)
    except msgspec.DecodeError as error:
        raise BrokenSource(f"{_MODULES} or {_POOLING} cannot be read; download it again") from error
    names = tuple(module.type.rpartition(".")[2] for module in modules)
    if names not in {_KNOWN_MODULES, _KNOWN_MODULES[:2]}:
        raise UnsupportedModel(
            "only an encoder with pooling is supported, not one with more layers behind it"
        )
    if pooling != _Pooling(hidden, pooling_mode_mean_tokens=True):
        raise UnsupportedModel("only pooling by the mean of all tokens is supported")
