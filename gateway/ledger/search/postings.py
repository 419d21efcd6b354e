"""Which records of a block answer to a term, as bits; and walking many blocks from the newest on.

A block is `BLOCK` records. What is stored is the bits as they are, or, where fewer answer, their
places in two bytes each, little-endian: the length says which.
"""

from __future__ import annotations

import heapq
from array import array
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Final

BLOCK: Final = 2048
"""Records. Part of the index's format."""
FULL: Final = (1 << BLOCK) - 1
_BYTES: Final = BLOCK // 8
_SPARSE: Final = _BYTES // 2 - 1
"""The most places that are shorter than the bits."""

Blocks = Iterator[tuple[int, int]]
"""Numbers of blocks, falling, each once, and the bits of the records in it."""


def pack(places: Sequence[int]) -> bytes:
    """Return what is stored for the rising `places` of records in a block."""
    if len(places) <= _SPARSE:
        packed = array("H", places)
        return packed.tobytes()
    bits = bytearray(_BYTES)
    for place in places:
        bits[place >> 3] |= 1 << (place & 7)
    return bytes(bits)


def unpack(stored: bytes) -> int:
    """Return the bits that `pack` stored."""
    if len(stored) == _BYTES:
        return int.from_bytes(stored, "little")
    packed = array("H")
    packed.frombytes(stored)
    bits = 0
    for place in packed:
        bits |= 1 << place
    return bits


def unpack_common(stored: Sequence[bytes]) -> int:
    """Return the bits that all of what `pack` stored have: mostly few, so places are met first."""
    if len(stored) == 1:
        return unpack(stored[0])
    some, *more = sorted(stored, key=len)
    if len(some) == _BYTES:
        bits = FULL
        for each in stored:
            bits &= unpack(each)
        return bits
    places = set(memoryview(some).cast("H"))
    for each in more:
        if len(each) == _BYTES:
            places = {place for place in places if each[place >> 3] >> (place & 7) & 1}
        else:
            places.intersection_update(memoryview(each).cast("H"))
    return sum(1 << place for place in places)


def falling(bits: int) -> Iterator[int]:
    """Yield the places of `bits`, the highest first."""
    while bits:
        place = bits.bit_length() - 1
        yield place
        bits ^= 1 << place


def any_of(sources: Sequence[Blocks]) -> Blocks:
    """Yield what at least one source has."""
    if len(sources) == 1:
        yield from sources[0]
        return
    merged = heapq.merge(*sources, key=itemgetter(0), reverse=True)
    for number, same in groupby(merged, key=itemgetter(0)):
        bits = 0
        for _, more in same:
            bits |= more
        yield number, bits


def all_of(sources: Sequence[Blocks]) -> Blocks:
    """Yield what every source has; blocks in which that is nothing are passed over."""
    if len(sources) == 1:
        yield from sources[0]
        return
    try:
        heads = [next(source) for source in sources]
        while True:
            lowest = min(number for number, _ in heads)
            if all(number == lowest for number, _ in heads):
                bits = FULL
                for _, more in heads:
                    bits &= more
                if bits:
                    yield lowest, bits
                heads = [next(source) for source in sources]
            for place, source in enumerate(sources):
                while heads[place][0] > lowest:
                    heads[place] = next(source)
    except StopIteration:
        return


def as_blocks(indices: Iterable[int]) -> Blocks:
    """Yield the blocks of the falling `indices` of records."""
    for number, same in groupby(indices, key=lambda index: index // BLOCK):
        bits = 0
        for index in same:
            bits |= 1 << (index % BLOCK)
        yield number, bits
