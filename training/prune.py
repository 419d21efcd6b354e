"""Leaves a checkpoint its most useful heads: `python -m training.prune CHECKPOINT --data FOLDER`.

The softmax over every head's scores is a fifth of an encoder's time on a processor, and most heads
can be missed (Michel et al., Are sixteen heads really better than one?, NeurIPS 2019). A head is
as useful as the loss changes with it: the mean over labelled windows of |output x gradient|, there
equation 2. Each layer keeps as many. The activation becomes ReLU, which costs nothing. What comes
out has forgotten much: `training.train --teacher CHECKPOINT` brings it back.
"""

from __future__ import annotations

import argparse
import random
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor
from transformers import BertForTokenClassification

from training.examples import SOURCES, read
from training.losses import from_labels
from training.network import empty, load
from training.train import BATCH
from training.windows import Row, batches, rows

_BATCHES = 60


def main() -> None:
    """Write the smaller checkpoint."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--data", type=Path, required=True, help="the folder of labelled documents")
    parser.add_argument("--generated", type=Path, nargs="*", default=[])
    parser.add_argument("--heads", type=int, default=6, help="heads that a layer keeps")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    draw = random.Random(1)
    labelled = [
        example
        for source in SOURCES
        for example in read(arguments.data / f"{source.name}.jsonl", ages=source.ages)
    ]
    labelled += [example for path in arguments.generated for example in islice(read(path), 500)]
    tokenizer = Tokenizer.from_file(str(arguments.checkpoint / "tokenizer.json"))
    model = load(arguments.checkpoint)
    seen = batches(list(rows(tokenizer, labelled, draw)), BATCH, draw)[:_BATCHES]
    kept = [sorted(each.topk(arguments.heads).indices.tolist()) for each in usefulness(model, seen)]
    print("heads that stay:", kept)
    smaller = pruned(model, kept)
    smaller.save_pretrained(arguments.out)
    for name in ("tokenizer.json", "tagger.json"):
        shutil.copy(arguments.checkpoint / name, arguments.out)


def usefulness(model: BertForTokenClassification, seen: Sequence[Sequence[Row]]) -> list[Tensor]:
    """Return the usefulness of each head, layer by layer."""
    count = model.config.num_attention_heads
    with _outputs(model) as outputs:
        useful = [torch.zeros(count) for _ in model.bert.encoder.layer]
        for batch in seen:
            from_labels(model, batch).backward()  # type: ignore[no-untyped-call]
            for layer, output in enumerate(outputs):
                assert output.grad is not None
                parts = (output * output.grad).float().unflatten(-1, (count, -1))
                useful[layer] += parts.sum(-1).abs().sum((0, 1)).detach()
            outputs.clear()
            model.zero_grad()
    return useful


@contextmanager
def _outputs(model: BertForTokenClassification) -> Iterator[list[Tensor]]:
    """Collect what the heads of each layer put out, with its gradient."""
    outputs: list[Tensor] = []

    def keep(_module: object, arguments: tuple[Tensor, ...]) -> None:
        arguments[0].retain_grad()
        outputs.append(arguments[0])

    hooks = [
        layer.attention.output.dense.register_forward_pre_hook(keep)
        for layer in model.bert.encoder.layer
    ]
    yield outputs
    for hook in hooks:
        hook.remove()


def pruned(
    model: BertForTokenClassification, kept: Sequence[Sequence[int]]
) -> BertForTokenClassification:
    """Return a network of the heads `kept` of each layer, the same number in all."""
    config = model.config.__class__.from_dict(model.config.to_dict())
    head: int = model.bert.encoder.layer[0].attention.self.attention_head_size
    config.num_attention_heads, config.head_dim = len(kept[0]), head
    config.hidden_act = "relu"
    state = model.state_dict()
    for layer, heads in enumerate(kept):
        units = torch.cat([torch.arange(each * head, (each + 1) * head) for each in heads])
        at = f"bert.encoder.layer.{layer}.attention"
        for name in ("query", "key", "value"):
            for kind in ("weight", "bias"):
                state[f"{at}.self.{name}.{kind}"] = state[f"{at}.self.{name}.{kind}"][units]
        state[f"{at}.output.dense.weight"] = state[f"{at}.output.dense.weight"][:, units]
    smaller = empty(config)
    smaller.load_state_dict(state)
    return smaller


if __name__ == "__main__":
    main()
