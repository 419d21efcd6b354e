"""The Merkle tree of RFC 6962 and its proofs: hashing, a frontier that grows, checking.

Nothing here stores a tree. Proofs are made from a function that gives the root of a range of
leaves, so that a list, a database or tiles can stand behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from typing import Final

HASH_SIZE: Final = 32
EMPTY_ROOT: Final = sha256().digest()
"""Root of a tree without leaves (RFC 9162 2.1.1)."""

_LEAF: Final = b"\x00"
_NODE: Final = b"\x01"
_CHUNK: Final = 1 << 8

Levels = Sequence[Sequence[bytes]]
"""The nodes of a perfect tree, level by level: its leaf hashes first, its root last."""
RangeRoot = Callable[[int, int], bytes]
"""`(start, end)` to the Merkle tree hash of the leaves `start` up to but not including `end`."""


class ProofError(Exception):
    """A proof does not prove what it should."""


def leaf_hash(leaf: bytes) -> bytes:
    """Return the hash of a leaf (RFC 9162 2.1.1)."""
    return sha256(_LEAF + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node (RFC 9162 2.1.1)."""
    return sha256(_NODE + left + right).digest()


class Frontier:
    """The right edge of a tree: the roots of its perfect subtrees, the largest first.

    One node for each bit of `size` that is set, so a tree of any size takes O(log n) to hold, to
    append to and to hash. The nodes decide the root, so whoever trusts a root can check a frontier.
    """

    __slots__ = ("nodes", "size")

    def __init__(self, size: int = 0, nodes: Iterable[bytes] = ()) -> None:
        """Take up a tree of `size` leaves; `ValueError` if the nodes cannot be its frontier."""
        self.size = size
        self.nodes = list(nodes)
        if size < 0 or len(self.nodes) != size.bit_count():
            raise ValueError("a frontier has one node for each bit that is set in its size")
        if any(len(node) != HASH_SIZE for node in self.nodes):
            raise ValueError(f"a node is {HASH_SIZE} bytes")

    @classmethod
    def from_bytes(cls, size: int, data: bytes) -> Frontier:
        """Return the frontier that `to_bytes` wrote."""
        return cls(size, (data[i : i + HASH_SIZE] for i in range(0, len(data), HASH_SIZE)))

    def to_bytes(self) -> bytes:
        """Return the nodes, one after the other."""
        return b"".join(self.nodes)

    def copy(self) -> Frontier:
        """Return an independent frontier of the same tree."""
        return Frontier(self.size, self.nodes)

    def append(self, leaf: bytes) -> None:
        """Add one leaf by its leaf hash."""
        self._merge(leaf, 1)

    def extend(self, leaves: Sequence[bytes]) -> None:
        """Add leaves by their hashes; the same as appending each, and faster for many."""
        start = 0
        while start < len(leaves):
            if self.size % _CHUNK == 0 and len(leaves) - start >= _CHUNK:
                self.plant(levels_of(leaves[start : start + _CHUNK]), _CHUNK)
                start += _CHUNK
            else:
                self._merge(leaves[start], 1)
                start += 1

    def plant(self, levels: Levels, width: int) -> None:
        """Add the first `width` leaves of the perfect tree whose nodes `levels_of` returned.

        Nothing but the right edge is hashed. `size` is a multiple of that tree's width.
        """
        for level in reversed(range(len(levels))):
            if width >> level & 1:
                self._merge(levels[level][(width >> level) - 1], 1 << level)

    def root(self) -> bytes:
        """Return the Merkle tree hash of everything appended so far."""
        if not self.nodes:
            return EMPTY_ROOT
        root = self.nodes[-1]
        for node in reversed(self.nodes[:-1]):
            root = node_hash(node, root)
        return root

    def _merge(self, node: bytes, width: int) -> None:
        """Add the root of a perfect subtree of `width` leaves; `size` is a multiple of `width`."""
        size, nodes = self.size, self.nodes
        self.size += width
        while size & width:
            node = sha256(b"\x01" + nodes.pop() + node).digest()
            width <<= 1
        nodes.append(node)


def levels_of(leaves: Sequence[bytes]) -> Levels:
    """Return the nodes of the perfect tree over leaf hashes.

    The number of leaves is a power of two: `ValueError` if not.
    """
    level = leaves
    levels = [level]
    while len(level) > 1:
        level = [
            sha256(b"\x01" + left + right).digest()
            for left, right in zip(level[::2], level[1::2], strict=True)
        ]
        levels.append(level)
    return levels


def root_of(leaves: Sequence[bytes]) -> bytes:
    """Return the Merkle tree hash of leaf hashes."""
    frontier = Frontier()
    frontier.extend(leaves)
    return frontier.root()


def inclusion_proof(index: int, size: int, range_root: RangeRoot) -> tuple[bytes, ...]:
    """Return the audit path of leaf `index` in the tree of `size` leaves (RFC 9162 2.1.3.1)."""
    if not 0 <= index < size:
        raise ValueError("no such leaf in a tree of this size")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(range_root(middle, end))
            end = middle
        else:
            path.append(range_root(start, middle))
            start = middle
    return tuple(reversed(path))


def check_inclusion(
    *, index: int, size: int, leaf: bytes, proof: Sequence[bytes], root: bytes
) -> None:
    """Return if `leaf` (a leaf hash) is number `index` of the tree with `root` and `size` leaves.

    Raises `ProofError` if that is not so, or not proved. Steps as in RFC 9162 2.1.3.2.
    """
    if not 0 <= index < size:
        raise ProofError("no such leaf in a tree of this size")
    _check_hashes(leaf, root, *proof)
    fn, sn = index, size - 1
    computed = leaf
    for sibling in proof:
        if sn == 0:
            raise ProofError("the inclusion proof is too long")
        if fn & 1 or fn == sn:
            computed = node_hash(sibling, computed)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            computed = node_hash(computed, sibling)
        fn, sn = fn >> 1, sn >> 1
    if sn != 0:
        raise ProofError("the inclusion proof is too short")
    if computed != root:
        raise ProofError("the inclusion proof leads to another root")


def consistency_proof(first: int, second: int, range_root: RangeRoot) -> tuple[bytes, ...]:
    """Return the proof that a tree of `first` leaves begins one of `second` (RFC 9162 2.1.4.1)."""
    if not 0 <= first <= second:
        raise ValueError("a tree begins only a tree that is at least as large")
    if first in {0, second}:
        return ()
    path: list[bytes] = []
    start, end, whole = 0, second, True
    while first != end:
        middle = start + _split(end - start)
        if first <= middle:
            path.append(range_root(middle, end))
            end = middle
        else:
            path.append(range_root(start, middle))
            start, whole = middle, False
    if not whole:
        path.append(range_root(start, end))
    return tuple(reversed(path))


def check_consistency(
    *, first: int, second: int, proof: Sequence[bytes], first_root: bytes, second_root: bytes
) -> None:
    """Return if the tree with `first_root` is a prefix of the tree with `second_root`.

    Raises `ProofError` if that is not so, or not proved. Steps as in RFC 9162 2.1.4.2; an empty
    tree begins every tree, with the empty root and an empty proof.
    """
    if not 0 <= first <= second:
        raise ProofError("a tree begins only a tree that is at least as large")
    _check_hashes(first_root, second_root, *proof)
    if first in {0, second}:
        if proof:
            raise ProofError("the consistency proof is too long")
        if first_root != (second_root if first == second else EMPTY_ROOT):
            raise ProofError("the trees differ")
        return
    path = list(proof)
    if first.bit_count() == 1:
        path.insert(0, first_root)
    if not path:
        raise ProofError("the consistency proof is too short")
    if _walk(path, first, second) != (first_root, second_root):
        raise ProofError("the consistency proof leads to another root")


def _walk(path: Sequence[bytes], first: int, second: int) -> tuple[bytes, bytes]:
    """Return the two roots that a consistency path leads to (RFC 9162 2.1.4.2, steps 3 to 6)."""
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    older = newer = path[0]
    for sibling in path[1:]:
        if sn == 0:
            raise ProofError("the consistency proof is too long")
        if fn & 1 or fn == sn:
            older, newer = node_hash(sibling, older), node_hash(sibling, newer)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            newer = node_hash(newer, sibling)
        fn, sn = fn >> 1, sn >> 1
    if sn != 0:
        raise ProofError("the consistency proof is too short")
    return older, newer


def _split(size: int) -> int:
    """Return the largest power of two that is smaller than `size` (`size` > 1)."""
    return 1 << ((size - 1).bit_length() - 1)


def _check_hashes(*hashes: bytes) -> None:
    if any(len(value) != HASH_SIZE for value in hashes):
        raise ProofError(f"a hash is {HASH_SIZE} bytes")
