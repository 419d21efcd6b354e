"""Fine-tunes a checkpoint on labelled and on generated documents, for as long as it is given.

Run: python -m training.train START --data FOLDER --out DIRECTORY [--generated FILE ...]
     [--minutes 40] [--rate 4e-4] [--teacher CHECKPOINT]

The embeddings stay as they are: few of the 60,000 pieces occur in training, and names that do not
must stay near those that do. The weights that are written are a running mean of the last steps'.

With `--teacher` another network of as many layers teaches it, beside the labels (`losses.py`).
"""

from __future__ import annotations

import argparse
import math
import random
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor
from transformers import BertForTokenClassification

from training.examples import SOURCES, Example, read
from training.losses import from_labels, from_teacher
from training.network import load
from training.surrogates import swapped
from training.windows import Row, batches, rows

_WARM = 150
"""Steps over which the rate rises."""
_MEMORY = 0.998
"""How much of the running mean a step leaves."""
BATCH = 3072
"""Pieces in a batch, padding among them."""
_CASES = ((0.07, str.lower), (0.10, str.upper), (0.12, str.title))
_SWAPPED = 0.6


def main() -> None:
    """Train, and write the checkpoint."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("start", type=Path)
    parser.add_argument("--data", type=Path, required=True, help="the folder of labelled documents")
    parser.add_argument("--generated", type=Path, nargs="*", default=[])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=40)
    parser.add_argument("--rate", type=float, default=4e-4, help="the highest rate of learning")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--teacher", type=Path, help="a checkpoint of the same layers and pieces")
    arguments = parser.parse_args()
    torch.manual_seed(arguments.seed)
    torch.set_num_threads(arguments.threads)
    draw = random.Random(arguments.seed)
    labelled = [
        example
        for source in SOURCES
        for example in read(arguments.data / f"{source.name}.jsonl", ages=source.ages)
        for _ in range(source.weight)
    ]
    labelled += [example for path in arguments.generated for example in read(path)]
    tokenizer = Tokenizer.from_file(str(arguments.start / "tokenizer.json"))
    model = load(arguments.start)
    teacher = load(arguments.teacher).eval() if arguments.teacher else None
    loss = partial(from_teacher, model, teacher) if teacher else partial(from_labels, model)
    stream = _batches(tokenizer, labelled, draw)
    _train(model, loss, stream, arguments.rate, arguments.minutes * 60)
    model.save_pretrained(arguments.out)
    shutil.copy(arguments.start / "tokenizer.json", arguments.out)


def varied(example: Example, draw: random.Random) -> Example:
    """Return `example` as this pass sees it: with other names, or in other letters."""
    if not example.written:
        return example
    if draw.random() < _SWAPPED:
        example = swapped(example, draw)
    chance = draw.random()
    for below, change in _CASES:
        if chance < below:
            changed = change(example.text)
            # A few letters become two, and the spans would be elsewhere.
            return replace(example, text=changed) if len(changed) == len(example.text) else example
    return example


def _batches(
    tokenizer: Tokenizer, labelled: Sequence[Example], draw: random.Random
) -> Iterator[Sequence[Row]]:
    """Yield batches without end, each pass over the examples as it sees them."""
    while True:
        seen = [varied(each, draw) for each in labelled]
        yield from batches(list(rows(tokenizer, seen, draw)), BATCH, draw)


def _train(
    model: BertForTokenClassification,
    loss_over: Callable[[Sequence[Row]], Tensor],
    stream: Iterator[Sequence[Row]],
    rate: float,
    seconds: float,
) -> None:
    model.bert.embeddings.requires_grad_(requires_grad=False)
    model.bert.embeddings.LayerNorm.requires_grad_(requires_grad=True)
    learnt = [(name, each) for name, each in model.named_parameters() if each.requires_grad]
    optimizer = torch.optim.AdamW(
        [
            {"params": [each for _, each in learnt if each.ndim > 1], "weight_decay": 0.01},
            {"params": [each for _, each in learnt if each.ndim <= 1], "weight_decay": 0.0},
        ],
        rate,
        betas=(0.9, 0.98),
        fused=True,
    )
    mean = {name: each.detach().clone() for name, each in learnt}
    began = time.monotonic()
    losses: list[float] = []
    model.train()
    for step, batch in enumerate(stream, 1):
        done = (time.monotonic() - began) / seconds
        if done >= 1:
            break
        for group in optimizer.param_groups:
            group["lr"] = rate * min(1, step / _WARM) * _cosine(done)
        loss = loss_over(batch)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_([each for _, each in learnt], 1.0)
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
        kept = min(_MEMORY, (1 + step) / (10 + step))
        with torch.no_grad():
            for name, each in learnt:
                mean[name].lerp_(each, 1 - kept)
        if step % 200 == 0:
            print(f"{done:4.0%}  step {step}  loss {sum(losses) / len(losses):.4f}", flush=True)
            losses.clear()
    model.load_state_dict(mean, strict=False)


def _cosine(done: float) -> float:
    return 0.02 + 0.98 * (1 + math.cos(math.pi * done)) / 2


if __name__ == "__main__":
    main()
