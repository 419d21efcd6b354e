"""The tree against the vectors of other implementations."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.domain.merkle import (
    EMPTY_ROOT,
    Frontier,
    ProofError,
    check_consistency,
    check_inclusion,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    root_of,
)

VECTORS = json.loads(
    (Path(__file__).parents[2] / "vectors/merkle/rfc6962.json").read_text(encoding="ascii")
)
LEAVES = [bytes.fromhex(leaf) for leaf in VECTORS["leaves"]]
HASHES = [leaf_hash(leaf) for leaf in LEAVES]
ROOTS = [bytes.fromhex(root) for root in VECTORS["roots"]]


def subtree(start: int, end: int) -> bytes:
    return root_of(HASHES[start:end])


def test_the_empty_tree_has_the_hash_of_nothing() -> None:
    assert Frontier().root() == EMPTY_ROOT == bytes.fromhex(VECTORS["empty_root"])


def test_a_frontier_gives_the_reference_roots() -> None:
    frontier = Frontier()
    for hashed, root in zip(HASHES, ROOTS, strict=True):
        frontier.append(hashed)
        assert frontier.root() == root


@pytest.mark.parametrize("vector", VECTORS["inclusion"])
def test_inclusion_proofs_are_those_of_the_reference(vector: dict) -> None:  # type: ignore[type-arg]
    index, size = vector["index"], vector["size"]
    expected = tuple(bytes.fromhex(node) for node in vector["proof"])
    assert inclusion_proof(index, size, subtree) == expected
    check_inclusion(
        index=index, size=size, leaf=HASHES[index], proof=expected, root=ROOTS[size - 1]
    )


@pytest.mark.parametrize("vector", VECTORS["consistency"])
def test_consistency_proofs_are_those_of_the_reference(vector: dict) -> None:  # type: ignore[type-arg]
    first, second = vector["first"], vector["second"]
    expected = tuple(bytes.fromhex(node) for node in vector["proof"])
    assert consistency_proof(first, second, subtree) == expected
    check_consistency(
        first=first,
        second=second,
        proof=expected,
        first_root=ROOTS[first - 1],
        second_root=ROOTS[second - 1],
    )


@pytest.mark.parametrize("first", [2, 9])
def test_a_larger_tree_does_not_begin_a_smaller_one(first: int) -> None:
    with pytest.raises(ProofError):
        check_consistency(
            first=first, second=1, proof=(), first_root=ROOTS[1], second_root=ROOTS[0]
        )


def test_the_empty_tree_begins_every_tree_but_only_with_its_own_root() -> None:
    check_consistency(first=0, second=3, proof=(), first_root=EMPTY_ROOT, second_root=ROOTS[2])
    with pytest.raises(ProofError):
        check_consistency(first=0, second=3, proof=(), first_root=ROOTS[0], second_root=ROOTS[2])


def test_a_frontier_takes_one_node_for_each_bit_of_its_size() -> None:
    with pytest.raises(ValueError, match="one node for each bit"):
        Frontier(3, [EMPTY_ROOT])
    with pytest.raises(ValueError, match="32 bytes"):
        Frontier(1, [b"short"])


@pytest.mark.parametrize(("index", "size"), [(0, 0), (3, 3), (-1, 3)])
def test_there_is_no_proof_for_a_leaf_that_is_not_there(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="no such leaf"):
        inclusion_proof(index, size, subtree)
    with pytest.raises(ProofError):
        check_inclusion(index=index, size=size, leaf=HASHES[0], proof=(), root=ROOTS[0])


def test_an_inner_node_does_not_pass_for_a_leaf() -> None:
    with pytest.raises(ProofError, match="too short"):
        check_inclusion(index=0, size=4, leaf=subtree(0, 2), proof=(subtree(2, 4),), root=ROOTS[3])


def test_a_consistency_proof_that_stops_half_way_proves_nothing() -> None:
    with pytest.raises(ProofError, match="too short"):
        check_consistency(
            first=1, second=4, proof=(subtree(1, 2),), first_root=HASHES[0], second_root=ROOTS[1]
        )
