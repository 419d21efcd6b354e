"""Imports a token classifier: a BERT or XLM-RoBERTa checkpoint in safetensors.

No PyTorch, as for the embedder. `id2label` of its configuration gives the labels; a `tagger.json`
beside it may say how texts are cut into windows and from where on a type counts, else the defaults
hold.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from engine import bert, bert_reference, ct2, safetensors
from engine.decoder import Array
from engine.errors import BrokenSource, SelfCheckFailed, UnsupportedModel
from engine.importer import CHECK_TEXT, Imported
from engine.sources import Progress
from engine.subwords import FILE, Subwords
from engine.tagger_head import HEAD, TAGGING, Head, Tagging, Threshold
from engine.tags import Scheme
from engine.unigram import subwords

FILES: Final = ("config.json", FILE, "model.safetensors")
ARCHITECTURES: Final = {"BertForTokenClassification", "XLMRobertaForTokenClassification"}
# Attention costs by the square of a window's length, and what two windows share is computed twice:
# of 64 to 256 tokens with enough in common for a sentence, these cost least (docs/benchmarks.md).
_VOCABULARY: Final = "vocabulary.json"
_WINDOW: Final = 112
_OVERLAP: Final = 24
# As for a generating model: int8 is close, a wrong or damaged layer is not.
_MIN_COSINE: Final = 0.95


class _Config(msgspec.Struct, frozen=True):
    architectures: list[str] = []
    id2label: dict[str, str] = {}


class _Cut(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    window: int = _WINDOW
    overlap: int = _OVERLAP
    thresholds: dict[str, Threshold] = {}


def is_tagger(path: Path) -> bool:
    """Whether `path` is the checkpoint of a token classifier that `import_tagger` may know."""
    try:
        config = msgspec.json.decode((path / "config.json").read_bytes(), type=_Config)
    except (OSError, msgspec.DecodeError):
        return False
    return bool(ARCHITECTURES & set(config.architectures))


def import_tagger(directory: Path, target: Path, progress: Progress) -> Imported:
    """Write the tagger of `directory` into the empty directory `target`, or raise."""
    progress("read", None)
    for file in FILES:
        if not (directory / file).is_file():
            raise BrokenSource(f"the directory is no token classifier: no {file}")
    encoder = bert.read(directory)
    pieces = subwords((directory / FILE).read_bytes())
    if len(pieces.vocabulary) != encoder.shape.vocabulary:
        raise BrokenSource("the vocabulary does not fit its embeddings")
    head = _head(directory, encoder.shape)
    progress("read", 1.0)
    ct2.write_encoder(
        target,
        encoder,
        pieces.vocabulary,
        pieces.unk,
        progress=lambda done: progress("convert", done),
    )
    # The encoder is given ids: what they stand for would be in its memory and never be read.
    (target / _VOCABULARY).write_bytes(msgspec.json.encode([pieces.unk]))
    (target / FILE).write_bytes(pieces.prepared)
    (target / TAGGING).write_bytes(msgspec.json.encode(head.tagging))
    np.savez(target / HEAD, weight=head.weight, bias=head.bias)
    progress("check", None)
    checked = _self_check(encoder, target, pieces)
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


def _head(directory: Path, shape: bert.EncoderShape) -> Head:
    config = msgspec.json.decode((directory / "config.json").read_bytes(), type=_Config)
    try:
        labels = tuple(config.id2label[str(index)] for index in range(len(config.id2label)))
        Scheme(labels)
    except KeyError:
        raise BrokenSource("id2label has gaps") from None
    except ValueError as error:
        raise UnsupportedModel(f"the labels cannot be used: {error}") from None
    tensors = safetensors.read([directory / "model.safetensors"])
    forms = {"classifier.weight": (len(labels), shape.hidden), "classifier.bias": (len(labels),)}
    for name, form in forms.items():
        if name not in tensors or tensors[name].size != form:
            raise BrokenSource(f"the weights do not fit the labels: {name}")
    try:
        path = directory / TAGGING
        cut = msgspec.json.decode(path.read_bytes() if path.exists() else b"{}", type=_Cut)
    except msgspec.DecodeError as error:
        raise BrokenSource(f"{TAGGING} cannot be read") from error
    window = min(cut.window, shape.positions)
    overlap = min(cut.overlap, (window - 2) // 2)
    if window < 8 or cut.overlap < 0:  # noqa: PLR2004 - less is no window
        raise UnsupportedModel("a window has at least 8 tokens, and an overlap none below 0")
    weight, bias = (tensors[name].values() for name in forms)
    try:
        return Head.of(weight, bias, Tagging(2, labels, window, overlap, cut.thresholds))
    except ValueError as error:
        raise BrokenSource(f"{TAGGING} does not fit the labels: {error}") from None


def _self_check(encoder: bert.Encoder, target: Path, pieces: Subwords) -> tuple[int, float, float]:
    """Compare scores token by token: tokens, their mean cosine, share with the same best label."""
    head = Head.load(target)
    ids = pieces.encode_all([CHECK_TEXT])[0].ids[: encoder.shape.positions - 2]
    row = [pieces.first, *ids.tolist(), pieces.last]
    replicas = ct2.EncoderReplicas(target, replicas=1, threads=1)
    try:
        written = head.scores(replicas.states([row])[0])
    finally:
        replicas.close()
    source = head.scores(bert_reference.states(encoder, [row])[0])
    cosine = float(_cosines(written, source).mean())
    agreement = float((written.argmax(axis=1) == source.argmax(axis=1)).mean())
    if not cosine >= _MIN_COSINE:  # A NaN fails too.
        raise SelfCheckFailed(
            f"the imported model does not compute what its source does (cosine {cosine:.3f}, "
            f"at least {_MIN_COSINE} is needed); nothing was installed"
        )
    return len(row), round(cosine, 4), round(agreement, 4)


def _cosines(left: Array, right: Array) -> Array:
    norms = np.linalg.norm(left, axis=1) * np.linalg.norm(right, axis=1)
    result: Array = (left * right).sum(axis=1) / np.maximum(norms, 1e-30)
    return result
