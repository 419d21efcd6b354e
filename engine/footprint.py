"""What a decoder takes of memory, out of its shape alone. Pure; checked against real loads.

The constants were measured with CTranslate2 4.8.5 on a processor, over models of 135M and 530M
parameters; `tests/unit/engine/test_footprint.py` holds the formulas to what a load really takes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

GROWTH: Final = 1.5
"""Keys and values are copied into a longer tensor at each step, layer by layer, and the allocator
cannot put the next into the hole of the last: their memory comes to 1.1 to 1.4 times their size."""
REPLICA: Final = 48 << 20
"""What a replica's thread takes however short its batches are: stack, arena, work space."""
TOKENIZER: Final = 64 << 20
"""The tokenizer and the tables of a model's vocabulary, in Python."""

BYTES: Final = {"int8": 1, "int8_float32": 1, "int8_float16": 1, "float16": 2, "float32": 4}
"""Of one weight, by compute type."""
_STATE: Final = {"int8_float16": 2, "float16": 2}
"""Of one number between the layers, where that is not four."""


class Shaped(Protocol):
    """A decoder's shape: a `Manifest` has it, and so has a row of the table in `known.py`."""

    @property
    def name(self) -> str:
        """The name in the store, or of the family."""
        ...

    @property
    def context_length(self) -> int:
        """Positions of one prompt and its reply."""
        ...

    @property
    def layers(self) -> int: ...  # noqa: D102 - as in `decoder.Shape`
    @property
    def heads(self) -> int: ...  # noqa: D102
    @property
    def heads_kv(self) -> int: ...  # noqa: D102
    @property
    def head_dim(self) -> int: ...  # noqa: D102
    @property
    def hidden(self) -> int: ...  # noqa: D102
    @property
    def feed_forward(self) -> int: ...  # noqa: D102
    @property
    def vocabulary(self) -> int: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Footprint:
    """Bytes of one model under one compute type, by what they depend on."""

    weights: int
    """Once, whatever the replicas: they share them."""
    loading: int
    """On top of the weights, while they are read: each layer's matrices are in memory twice."""
    position: int
    """For each position of a batch: its rows times the longest prompt and reply in it."""
    pair: int
    """For each row and each pair of positions of its prompt: attention is worked out at once."""

    def batch(self, rows: int, prompt: int, reply: int) -> int:
        """Return the working memory of one batch."""
        return rows * (self.position * (prompt + reply) + self.pair * prompt * prompt)

    def positions(self, context: int) -> int:
        """Return how many positions one job that fills `context` takes: nearly all of it prompt."""
        return -(-self.batch(1, context, 0) // self.position)

    def longest(self, context: int) -> int:
        """Return the working memory of that job."""
        return self.positions(context) * self.position


def footprint(model: Shaped, compute_type: str = "int8") -> Footprint:
    """Return what `model` takes. Raises `ValueError` for a compute type that is not in `BYTES`."""
    if compute_type not in BYTES:
        raise ValueError(f"compute_type is one of {', '.join(BYTES)}")
    weight, state = BYTES[compute_type], _STATE.get(compute_type, 4)
    inner, inner_kv = model.heads * model.head_dim, model.heads_kv * model.head_dim
    rows = 2 * inner + 2 * inner_kv + 2 * model.feed_forward + model.hidden
    layer = 2 * model.hidden * (inner + inner_kv) + 3 * model.hidden * model.feed_forward
    matrices = model.layers * layer
    # Embedding and output: an output that is tied to the embedding is loaded as a copy of it.
    vocabulary = model.vocabulary * model.hidden
    scales = 4 * (model.layers * rows + 2 * model.vocabulary)
    # CTranslate2 repeats each head of keys and values for all the heads that share it, and keeps
    # the repeated ones: sharing them saves weights, and not this.
    keys = model.layers * inner * 2 * state
    activations = state * (6 * model.hidden + 3 * model.feed_forward)
    return Footprint(
        weights=(matrices + 2 * vocabulary) * weight + scales,
        loading=(matrices + vocabulary) * weight,
        position=max(int(GROWTH * keys), keys + activations),
        pair=model.heads * state,
    )


def estimate(
    model: Shaped,
    *,
    replicas: int = 1,
    context: int | None = None,
    compute_type: str = "int8",
) -> int:
    """Return the bytes that `model` takes at least to be served: weights and working memory.

    Each of `replicas` can then run one job that fills `context` (the model's own if absent), or
    as many shorter ones as fit into the same room.
    """
    sizes = footprint(model, compute_type)
    job = sizes.longest(min(context or model.context_length, model.context_length))
    working = TOKENIZER + replicas * (REPLICA + job)
    return sizes.weights + max(sizes.loading, working)
