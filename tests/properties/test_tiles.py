"""Tiles are those of C2SP tlog-tiles: compared with an oracle that hashes every range by itself."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.merkle import (
    EMPTY_ROOT,
    ProofError,
    check_inclusion,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
)
from gateway.domain.proofs import LogProof, parse_proof
from gateway.domain.tiles import WIDTH, TileName, Tiles, parse_path, range_root_of

LEAVES = [b'{"n":%d}' % n for n in range(70_000)]
HASHES = [leaf_hash(leaf) for leaf in LEAVES]


def tree_hash(start: int, end: int) -> bytes:
    """MTH of RFC 6962 2.1, word for word, over the leaves of this module."""
    if start == end:
        return sha256().digest()
    if end - start == 1:
        return HASHES[start]
    split = 1
    while split * 2 < end - start:
        split *= 2
    return sha256(b"\1" + tree_hash(start, start + split) + tree_hash(start + split, end)).digest()


def oracle(size: int) -> dict[str, bytes]:
    """Every file of a log of `size` leaves, from the text of the specification."""
    files: dict[str, bytes] = {}
    level = 0
    while size >> 8 * level:
        there = size >> 8 * level
        for index in range(-(-there // 256)):
            width = min(256, there - index * 256)
            suffix = "" if width == 256 else f".p/{width}"
            assert index < 1000
            span = 256**level
            files[f"tile/{level}/{index:03d}{suffix}"] = b"".join(
                tree_hash((index * 256 + at) * span, (index * 256 + at + 1) * span)
                for at in range(width)
            )
            if level == 0:
                files[f"tile/entries/{index:03d}{suffix}"] = b"".join(
                    bytes(divmod(len(leaf), 256)) + leaf
                    for leaf in LEAVES[index * 256 : index * 256 + width]
                )
        level += 1
    return files


def grown(size: int, cuts: list[int]) -> tuple[Tiles, dict[str, bytes]]:
    tiles = Tiles()
    files: dict[str, bytes] = {}
    stops = sorted({cut for cut in cuts if cut < size} | {size})
    for stop in stops:
        start = tiles.size
        for tile in tiles.extend(LEAVES[start:stop], HASHES[start:stop]):
            assert tile.name.path not in files  # A full tile is handed out once.
            files[tile.name.path] = tile.content()
    files |= {tile.name.path: tile.content() for tile in tiles.partial()}
    return tiles, files


@settings(max_examples=40, deadline=None)
@given(size=st.integers(0, 3000), cuts=st.lists(st.integers(0, 3000), max_size=6))
def test_the_tiles_of_any_size_are_those_of_the_specification(size: int, cuts: list[int]) -> None:
    tiles, files = grown(size, cuts)
    assert files == oracle(size)
    assert tiles.size == size
    assert tiles.root() == tree_hash(0, size)


@pytest.mark.parametrize("size", [255, 256, 257, 65_535, 65_536, 65_537, 70_000])
def test_the_tiles_at_the_edges_of_a_level_are_those_of_the_specification(size: int) -> None:
    tiles, files = grown(size, [])
    assert files == oracle(size)
    assert tiles.root() == tree_hash(0, size)


def test_a_tree_of_70000_has_the_tiles_that_the_specification_counts() -> None:
    _, files = grown(70_000, [])
    levels = [name.split("/")[1] for name in files]
    assert levels.count("0") == 274
    assert "tile/0/273.p/112" in files
    assert "tile/1/000" in files
    assert "tile/1/001.p/17" in files
    assert "tile/2/000.p/1" in files


def test_no_tree_has_no_tiles() -> None:
    assert grown(0, []) == grown(0, [0])[0:0] or grown(0, [])[1] == {}
    assert Tiles().root() == EMPTY_ROOT


@given(
    level=st.one_of(st.none(), st.integers(0, 63)),
    index=st.integers(0, 2**40),
    width=st.integers(1, 256),
)
def test_a_path_is_read_back_as_its_name(level: int | None, index: int, width: int) -> None:
    name = TileName(level, index, width)
    assert parse_path(name.path) == name


def test_the_example_of_the_specification_has_its_path() -> None:
    assert TileName(3, 1_234_067).path == "tile/3/x001/x234/067"
    assert TileName(None, 1_234_067, 8).path == "tile/entries/x001/x234/067.p/8"


@pytest.mark.parametrize(
    "path",
    [
        "tile/00/000",
        "tile/64/000",
        "tile/0/0000",
        "tile/0/x000/000",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/001/000",
        "tile/data/000",
        "tile/0/000.p",
        "tile/0/000\n",
        "../tile/0/000",
    ],
)
def test_any_other_path_is_not_a_tile(path: str) -> None:
    assert parse_path(path) is None


@settings(max_examples=60, deadline=None)
@given(data=st.data(), size=st.integers(1, 70_000))
def test_proofs_by_reading_hashes_are_those_by_hashing_everything(
    data: st.DataObject, size: int
) -> None:
    index = data.draw(st.integers(0, size - 1))
    asked: list[int] = []

    def hashes(level: int, first: int, count: int) -> bytes:
        assert first // WIDTH == (first + count - 1) // WIDTH, "two tiles at once"
        assert first + count <= size >> 8 * level, "a hash that this log does not have"
        asked.append(count)
        span = 256**level
        return b"".join(tree_hash(at * span, (at + 1) * span) for at in range(first, first + count))

    path = inclusion_proof(index, size, range_root_of(hashes))
    check_inclusion(index=index, size=size, leaf=HASHES[index], proof=path, root=tree_hash(0, size))
    assert sum(asked) <= 128 * 17 * 2
    first = data.draw(st.integers(0, size))
    assert consistency_proof(first, size, range_root_of(hashes)) == consistency_proof(
        first, size, tree_hash
    )


def test_a_leaf_that_no_bundle_can_hold_is_refused() -> None:
    with pytest.raises(ValueError, match="too long"):
        Tiles().extend([bytes(65_536)], [bytes(32)])


def test_an_edge_is_taken_up_where_it_was_left() -> None:
    def hashes(level: int, first: int, count: int) -> bytes:
        span = 256**level
        return b"".join(tree_hash(at * span, (at + 1) * span) for at in range(first, first + count))

    for size in (0, 1, 255, 256, 300, 65_536, 66_000):
        tiles = Tiles.resume(size, hashes, LEAVES[size - size % 256 : size])
        assert (tiles.size, tiles.root()) == (size, tree_hash(0, size))
        tiles.extend(LEAVES[size : size + 700], HASHES[size : size + 700])
        assert tiles.root() == tree_hash(0, size + 700)
    with pytest.raises(ValueError, match="leaves of its width"):
        Tiles.resume(300, hashes, [])
    with pytest.raises(ValueError, match="hashes of its width"):
        Tiles.resume(300, lambda *_: b"", LEAVES[256:300])


CHECKPOINT = b"intramural/ward-1\n3\nAAAA\n\n\xe2\x80\x94 intramural/ward-1 AAAA\n"


@given(
    index=st.integers(0, 10**18),
    path=st.lists(st.binary(min_size=32, max_size=32), max_size=63),
)
def test_a_proof_is_read_back_as_it_was_written(index: int, path: list[bytes]) -> None:
    proof = LogProof(index, tuple(path), CHECKPOINT)
    assert parse_proof(proof.encode()) == proof


def test_extra_data_of_a_proof_is_passed_over() -> None:
    raw = LogProof(7, (bytes(32),), CHECKPOINT).encode()
    assert raw.startswith(b"c2sp.org/tlog-proof@v1\nindex 7\nAAAA")
    with_extra = raw.replace(b"index 7", b"extra YWdl\nindex 7")
    assert parse_proof(with_extra) == parse_proof(raw)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"@v1", b"@v2"),
        (b"index 7", b"index 07"),
        (b"index 7", b"index -1"),
        (b"index 7\n", b""),
        (b"index 7", b"extra ?\nindex 7"),
        (b"index 7", b"index 7\r"),
        (b"AAAA=\n\n", b"AAA=\n\n"),
        (b"AAAA=\n\n", b"AAAB=\n\n"),
        (b"AAAA=\n\n", b"AAAA=\n"),
        (b"index 7\n", b"index 7\n" + b"A" * 43 + b"=\n" * 1),
        (b"index 7\n", b"index 7\n" + (b"A" * 43 + b"=\n") * 63),
        (b"index 7", b"index 7 \xc3\xa4"),
        (CHECKPOINT, b""),
        (CHECKPOINT, CHECKPOINT + bytes(70_000)),
    ],
)
def test_what_is_not_a_proof_is_refused(old: bytes, new: bytes) -> None:
    raw = LogProof(7, (bytes(32),), CHECKPOINT).encode()
    assert old in raw
    if new == b"index 7\n" + b"A" * 43 + b"=\n":
        parse_proof(raw.replace(old, new, 1))  # One hash more is a proof, if not of this leaf.
        return
    with pytest.raises(ProofError):
        parse_proof(raw.replace(old, new, 1))
