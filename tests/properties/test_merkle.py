"""The tree against a naive recursive oracle, written from RFC 9162 2.1 alone."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gateway.domain.merkle import (
    Frontier,
    ProofError,
    check_consistency,
    check_inclusion,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    levels_of,
    root_of,
)


def mth(leaves: list[bytes]) -> bytes:
    if not leaves:
        return sha256().digest()
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0]).digest()
    k = split(len(leaves))
    return sha256(b"\x01" + mth(leaves[:k]) + mth(leaves[k:])).digest()


def path(m: int, leaves: list[bytes]) -> list[bytes]:
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if m < k:
        return [*path(m, leaves[:k]), mth(leaves[k:])]
    return [*path(m - k, leaves[k:]), mth(leaves[:k])]


def proof(m: int, leaves: list[bytes], *, whole: bool = True) -> list[bytes]:
    if m == len(leaves):
        return [] if whole else [mth(leaves)]
    k = split(len(leaves))
    if m <= k:
        return [*proof(m, leaves[:k], whole=whole), mth(leaves[k:])]
    return [*proof(m - k, leaves[k:], whole=False), mth(leaves[:k])]


def split(n: int) -> int:
    k = 1
    while 2 * k < n:
        k *= 2
    return k


def some_leaves(n: int) -> list[bytes]:
    return [b"leaf %d" % i for i in range(n)]


def subtree_of(leaves: list[bytes]):  # type: ignore[no-untyped-def]  # noqa: ANN201
    hashes = [leaf_hash(leaf) for leaf in leaves]
    return lambda start, end: root_of(hashes[start:end])


sizes = st.integers(1, 130)


@given(st.lists(st.binary(max_size=8), max_size=80))
def test_a_frontier_has_the_root_of_the_oracle(leaves: list[bytes]) -> None:
    frontier = Frontier()
    for leaf in leaves:
        frontier.append(leaf_hash(leaf))
    assert frontier.root() == mth(leaves)
    again = Frontier.from_bytes(frontier.size, frontier.to_bytes())
    assert again.root() == frontier.root()


@given(st.lists(st.integers(0, 2500), max_size=4))
def test_extending_is_appending_one_by_one(parts: list[int]) -> None:
    fast, slow, n = Frontier(), Frontier(), 0
    for part in parts:
        hashes = [leaf_hash(b"%d" % i) for i in range(n, n + part)]
        fast.extend(hashes)
        for hashed in hashes:
            slow.append(hashed)
        n += part
    assert (fast.size, fast.nodes) == (slow.size, slow.nodes)


@given(st.integers(0, 8), st.integers(0, 3), st.data())
def test_planting_the_beginning_of_a_tree_is_appending_its_leaves(
    height: int, before: int, data: st.DataObject
) -> None:
    hashes = [leaf_hash(b"%d" % i) for i in range(4 << height)]
    first, slow = before << height, Frontier()
    width = data.draw(st.integers(0, 1 << height))
    for hashed in hashes[: first + width]:
        slow.append(hashed)
    planted = Frontier()
    planted.extend(hashes[:first])
    planted.plant(levels_of(hashes[first : first + (1 << height)]), width)
    assert (planted.size, planted.nodes) == (slow.size, slow.nodes)


@given(sizes, st.data())
def test_inclusion_is_proved_as_the_oracle_does(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    leaves = some_leaves(size)
    made = inclusion_proof(index, size, subtree_of(leaves))
    assert list(made) == path(index, leaves)
    check_inclusion(
        index=index, size=size, leaf=leaf_hash(leaves[index]), proof=made, root=mth(leaves)
    )


@given(sizes, st.data())
def test_consistency_is_proved_as_the_oracle_does(size: int, data: st.DataObject) -> None:
    first = data.draw(st.integers(1, size))
    leaves = some_leaves(size)
    made = consistency_proof(first, size, subtree_of(leaves))
    assert list(made) == proof(first, leaves)
    check_consistency(
        first=first,
        second=size,
        proof=made,
        first_root=mth(leaves[:first]),
        second_root=mth(leaves),
    )


@given(sizes, st.data())
def test_a_wrong_leaf_index_or_node_proves_nothing(size: int, data: st.DataObject) -> None:
    leaves = some_leaves(size)
    index = data.draw(st.integers(0, size - 1))
    made = list(inclusion_proof(index, size, subtree_of(leaves)))
    leaf, root, claimed = leaf_hash(leaves[index]), mth(leaves), index
    match data.draw(st.sampled_from(["leaf", "root", "index", "node", "longer", "shorter"])):
        case "leaf":
            leaf = leaf_hash(b"another")
        case "root":
            root = leaf_hash(b"another")
        case "index":
            claimed = data.draw(st.integers(0, size - 1))
            assume(claimed != index)
        case "node":
            assume(made)
            made[data.draw(st.integers(0, len(made) - 1))] = leaf_hash(b"another")
        case "longer":
            made.insert(data.draw(st.integers(0, len(made))), leaf_hash(b"another"))
        case _:
            assume(made)
            del made[data.draw(st.integers(0, len(made) - 1))]
    with pytest.raises(ProofError):
        check_inclusion(index=claimed, size=size, leaf=leaf, proof=made, root=root)


@given(st.integers(2, 130), st.data())
def test_a_changed_consistency_proof_proves_nothing(size: int, data: st.DataObject) -> None:
    leaves = some_leaves(size)
    first = data.draw(st.integers(1, size - 1))
    made = list(consistency_proof(first, size, subtree_of(leaves)))
    older, newer, claimed = mth(leaves[:first]), mth(leaves), first
    match data.draw(st.sampled_from(["older", "newer", "first", "node", "longer", "shorter"])):
        case "older":
            older = leaf_hash(b"another")
        case "newer":
            newer = leaf_hash(b"another")
        case "first":
            claimed = data.draw(st.integers(1, size))
            assume(claimed != first)
        case "node":
            made[data.draw(st.integers(0, len(made) - 1))] = leaf_hash(b"another")
        case "longer":
            made.insert(data.draw(st.integers(0, len(made))), leaf_hash(b"another"))
        case _:
            del made[data.draw(st.integers(0, len(made) - 1))]
    with pytest.raises(ProofError):
        check_consistency(
            first=claimed, second=size, proof=made, first_root=older, second_root=newer
        )
