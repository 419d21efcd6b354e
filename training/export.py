"""Makes the weights that ship out of a checkpoint: `python -m training.export CHECKPOINT`.

The engine's importer writes them as int8 and compares them with their source. Then both are run
over texts, and how far they agree is printed as one line of JSON; below the least agreement nothing
is written. The folder is replaced as a whole, with the digest that the gateway asks for.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine import InstalledModel, ModelStore, bert, ct2
from engine.subwords import FILE, Subwords
from engine.tagger_head import Head
from engine.tags import best, spans, windows
from engine.unigram import subwords
from gateway.detection.tagging import LABELS
from gateway.weights import DIGEST, DIRECTORY, NAME, open_weights

MOST = 50 * 1024 * 1024
"""Bytes of a file: what a repository still takes."""
LEAST = 0.95
"""Of the things that float32 finds, the share that int8 finds too, and the reverse (F1)."""
CARD = "MODEL_CARD.md"
TEXTS = json.loads((Path(__file__).parent / "agreement.json").read_text(encoding="utf-8"))
"""Invented, like every text in this tree; `--texts` adds lines of `{"text"}`."""


@dataclass(frozen=True)
class Agreement:
    """How far int8 and float32 say the same."""

    tokens: int
    cosine: float
    labels: float
    things: int
    f1: float


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--weights", type=Path, default=DIRECTORY)
    parser.add_argument("--card", type=Path, help="the model card, to lie beside the weights")
    parser.add_argument("--texts", type=Path, nargs="*", default=(), help="lines of JSON")
    chosen = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        model = ModelStore(work / "store").add(str(chosen.checkpoint.resolve()), name=NAME)
        if problem := _unfit(model):
            print(problem, file=sys.stderr)
            return 1
        agreed = agreement(chosen.checkpoint, model, work, [*TEXTS, *_read(chosen.texts)])
        manifest = model.manifest
        report = {
            "digest": model.digest,
            "bytes": {name: file.size for name, file in manifest.files.items()},
            "layers": manifest.layers,
            "vocabulary": manifest.vocabulary,
            "self_check": {
                "cosine": manifest.self_check.cosine,
                "agreement": manifest.self_check.agreement,
            },
            "int8_and_float32": vars(agreed),
        }
        print(json.dumps(report))
        if agreed.f1 < LEAST:
            print(f"int8 finds other things than float32 (F1 {agreed.f1})", file=sys.stderr)
            return 1
        place(model, chosen.weights)
    if chosen.card:
        shutil.copyfile(chosen.card, chosen.weights / CARD)
    open_weights(chosen.weights)
    return 0


def place(model: InstalledModel, weights: Path) -> None:
    """Put a model in place of the one that is there, and its digest beside it."""
    weights.mkdir(parents=True, exist_ok=True)
    target, old = weights / NAME, weights / f"{NAME}.old"
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        target.rename(old)
    shutil.copytree(model.path, target)
    (weights / DIGEST).write_text(model.digest + "\n", encoding="ascii")
    shutil.rmtree(old, ignore_errors=True)


def agreement(
    checkpoint: Path, model: InstalledModel, work: Path, texts: Sequence[str]
) -> Agreement:
    """Run `texts` through the model as written and through its source in float32."""
    pieces, head = subwords((model.path / FILE).read_bytes()), Head.load(model.path)
    (full := work / "float32").mkdir()
    encoder = bert.read(checkpoint)
    ct2.write_encoder(full, encoder, pieces.vocabulary, pieces.unk, quantization="float32")
    scored = []
    for path, kind in ((model.path, "int8"), (full, "float32")):
        replicas = ct2.EncoderReplicas(path, replicas=1, threads=1, compute_type=kind)
        scored.append([_scores(text, pieces, head, replicas) for text in texts])
        replicas.close()
    left, right = (np.concatenate(each) for each in scored)
    norms = np.linalg.norm(left, axis=1) * np.linalg.norm(right, axis=1)
    found = [
        {
            (number, *thing)
            for number, scores in enumerate(each)
            for thing in spans(best(scores + head.shift, head.scheme), head.scheme)
        }
        for each in scored
    ]
    both, either = len(found[0] & found[1]), len(found[0]) + len(found[1])
    return Agreement(
        tokens=len(left),
        cosine=round(float(((left * right).sum(axis=1) / norms).mean()), 5),
        labels=round(float((left.argmax(axis=1) == right.argmax(axis=1)).mean()), 5),
        things=len(found[1]),
        f1=round(2 * both / either, 5) if either else 1.0,
    )


def _scores(
    text: str, pieces: Subwords, head: Head, replicas: ct2.EncoderReplicas
) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    ids = pieces.encode_all([text])[0].ids.tolist()
    kept = [np.zeros((0, len(head.scheme.labels)), np.float32)]
    for part in windows(len(ids), head.tagging.window - 2, head.tagging.overlap):
        row = [pieces.first, *ids[part.start : part.end], pieces.last]
        scores = head.scores(replicas.states([row])[0])
        kept.append(scores[part.first - part.start : part.last - part.start])
    return np.concatenate(kept)


def _unfit(model: InstalledModel) -> str | None:
    types = set(Head.load(model.path).scheme.types)
    if strange := types - LABELS:
        return f"the gateway knows no type {min(strange)}: it knows {', '.join(sorted(LABELS))}"
    large = [name for name, file in model.manifest.files.items() if file.size > MOST]
    return f"{large[0]} is larger than {MOST >> 20} MiB" if large else None


def _read(files: Sequence[Path]) -> Iterator[str]:
    for file in files:
        for line in file.read_text(encoding="utf-8").splitlines():
            yield json.loads(line)["text"]


if __name__ == "__main__":
    sys.exit(main())
