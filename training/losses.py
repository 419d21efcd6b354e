"""How far a network is from what it should say: from labels, and from another network.

A teacher of as many layers teaches by what it says of each piece and by what it holds after each
layer (Jiao et al., TinyBERT, Findings of EMNLP 2020), beside the labels.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, kl_div, log_softmax, mse_loss
from transformers import BertForTokenClassification

from training.labels import LABELS
from training.windows import UNJUDGED, Row

_LABELS, _SAYS, _HOLDS = 0.5, 1.0, 1.0
"""What labels count beside a teacher, and what it says and what it holds."""
_WARMTH = 2.0
"""The temperature at which a teacher speaks: what it holds for unlikely is heard, too."""
_START, _PAD, _END = 0, 1, 2


def _tensors(batch: Sequence[Row]) -> tuple[Tensor, Tensor, Tensor]:
    """Return the pieces, the labels and what is no padding, `[rows, longest]` each."""
    longest = max(len(row.pieces) for row in batch) + 2
    pieces = torch.full((len(batch), longest), _PAD)
    labels = torch.full((len(batch), longest), UNJUDGED)
    shown = torch.zeros(len(batch), longest)
    for index, row in enumerate(batch):
        end = len(row.pieces) + 1
        pieces[index, 0] = _START
        pieces[index, 1:end] = torch.tensor(row.pieces)
        pieces[index, end] = _END
        labels[index, 1:end] = torch.tensor(row.labels)
        shown[index, : end + 1] = 1
    return pieces, labels, shown


def _by_labels(scores: Tensor, labels: Tensor) -> Tensor:
    return cross_entropy(
        scores.float().view(-1, len(LABELS)), labels.view(-1), ignore_index=UNJUDGED
    )


def from_labels(model: BertForTokenClassification, batch: Sequence[Row]) -> Tensor:
    """Return how far the network is from the labels."""
    pieces, labels, shown = _tensors(batch)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        scores = model(input_ids=pieces, attention_mask=shown).logits
    return _by_labels(scores, labels)


def from_teacher(
    model: BertForTokenClassification, teacher: BertForTokenClassification, batch: Sequence[Row]
) -> Tensor:
    """Return how far the network is from its teacher, and from the labels."""
    pieces, labels, shown = _tensors(batch)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        own = model(input_ids=pieces, attention_mask=shown, output_hidden_states=True)
        with torch.no_grad():
            right = teacher(input_ids=pieces, attention_mask=shown, output_hidden_states=True)
    real = shown.bool()
    says = kl_div(
        log_softmax(own.logits[real].float() / _WARMTH, -1),
        log_softmax(right.logits[real].float() / _WARMTH, -1),
        reduction="batchmean",
        log_target=True,
    )
    holds = [
        mse_loss(left[real].float(), there[real].float()) / there[real].float().var()
        for left, there in zip(own.hidden_states[1:], right.hidden_states[1:], strict=True)
    ]
    return (
        _LABELS * _by_labels(own.logits, labels)
        + _SAYS * _WARMTH**2 * says
        + _HOLDS * torch.stack(holds).mean()
    )
