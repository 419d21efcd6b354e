"""A network without some of its heads: what is left computes what it did, and can be taught."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install '.[train]'")
transformers = pytest.importorskip("transformers", reason="see PyTorch")

from training.labels import INDEX, LABELS  # noqa: E402 - they import PyTorch
from training.losses import from_labels, from_teacher  # noqa: E402
from training.network import empty, load  # noqa: E402
from training.prune import pruned, usefulness  # noqa: E402
from training.windows import Row  # noqa: E402

PIECES = torch.tensor([[0, 5, 6, 7, 2]])
BATCH = [Row([5, 6, 7], [INDEX["B-PERSON"], INDEX["E-PERSON"], INDEX["O"]]), Row([8], [0])]
STAY = [[0, 2], [1, 3]]
"""Of four heads in each of two layers."""


@pytest.fixture
def network() -> Any:
    torch.manual_seed(1)
    model = empty(
        transformers.BertConfig(
            vocab_size=12,
            hidden_size=16,
            num_hidden_layers=2,
            num_attention_heads=4,
            intermediate_size=20,
            max_position_embeddings=16,
            hidden_act="relu",
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
            initializer_range=0.5,
            id2label=dict(enumerate(LABELS)),
            label2id=dict(INDEX),
        )
    )
    return model.eval()


def silence(network: Any, stay: list[list[int]]) -> None:
    """Let the heads that do not stay say nothing."""
    for layer, heads in zip(network.bert.encoder.layer, stay, strict=True):
        weight = layer.attention.output.dense.weight.data.view(16, 4, 4)
        for head in {0, 1, 2, 3} - set(heads):
            weight[:, head] = 0


def says(network: Any) -> Any:
    with torch.no_grad():
        return network(input_ids=PIECES).logits


def test_heads_that_said_nothing_are_not_missed(network: Any) -> None:
    silence(network, STAY)
    smaller = pruned(network, STAY).eval()
    assert smaller.bert.encoder.layer[0].attention.self.query.weight.shape == (8, 16)
    assert torch.allclose(says(smaller), says(network), atol=1e-5)


def test_a_head_that_spoke_is_missed(network: Any) -> None:
    silence(network, STAY)
    assert not torch.allclose(says(pruned(network, [[0, 1], [1, 3]])), says(network), atol=1e-3)


def test_a_pruned_network_is_read_as_it_was_written(network: Any, tmp_path: Path) -> None:
    smaller = pruned(network, STAY).eval()
    smaller.save_pretrained(tmp_path)
    assert torch.equal(says(load(tmp_path).eval()), says(smaller))


def test_the_heads_that_say_something_are_the_useful_ones(network: Any) -> None:
    silence(network, STAY)
    for useful, heads in zip(usefulness(network, [BATCH]), STAY, strict=True):
        assert sorted(useful.topk(2).indices.tolist()) == heads
        assert useful.min() == 0


def test_who_says_what_the_teacher_says_has_the_labels_left_to_learn(network: Any) -> None:
    alone = from_labels(network, BATCH)
    assert torch.isclose(from_teacher(network, network, BATCH), 0.5 * alone, atol=1e-4)
    assert from_teacher(pruned(network, STAY), network, BATCH) > 0.5 * alone
