"""Reads a safetensors file: a header in JSON and plain numbers, never code.

Every offset is checked against the file before anything is read, so that a truncated or doctored
file is an error and not somebody else's bytes.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from engine.decoder import Array
from engine.errors import BrokenSource, UnsupportedModel

_MAX_HEADER: Final = 100_000_000
"""Bytes; the format's own limit."""
_WIDTHS: Final = {"F32": 4, "F16": 2, "BF16": 2}


class _Entry(msgspec.Struct, frozen=True):
    dtype: str
    shape: tuple[int, ...]
    data_offsets: tuple[int, int]


class Tensors:
    """The tensors of one file by name; each is read when it is asked for, as float32."""

    def __init__(self, path: Path) -> None:
        """Read the header. Raises `BrokenSource`."""
        self._path = path
        try:
            size = path.stat().st_size
            with path.open("rb") as file:
                length = int.from_bytes(file.read(8), "little")
                if not 2 <= length <= min(_MAX_HEADER, size - 8):  # noqa: PLR2004 - `{}`
                    raise BrokenSource("the weights are truncated or altered: no header")
                header = msgspec.json.decode(file.read(length), type=dict[str, msgspec.Raw])
            header.pop("__metadata__", None)
            self._entries = {
                name: msgspec.json.decode(raw, type=_Entry) for name, raw in header.items()
            }
        except (OSError, msgspec.DecodeError) as error:
            raise BrokenSource("the weights cannot be read; download them again") from error
        self._start = 8 + length
        for entry in self._entries.values():
            begin, end = entry.data_offsets
            if not 0 <= begin <= end <= size - self._start or min(entry.shape, default=1) < 0:
                raise BrokenSource("the weights are truncated or altered; download them again")

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    def form(self, name: str) -> tuple[int, ...] | None:
        """Return the shape of a tensor, or `None` where there is none of that name."""
        entry = self._entries.get(name)
        return None if entry is None else entry.shape

    def read(self, name: str) -> Array:
        """Return a tensor as float32. Raises `BrokenSource`, or `UnsupportedModel` for its type."""
        entry = self._entries[name]
        width = _WIDTHS.get(entry.dtype)
        if width is None:
            raise UnsupportedModel(f"weights of type {entry.dtype[:20]!r} are not supported")
        begin, end = entry.data_offsets
        if end - begin != width * math.prod(entry.shape):
            raise BrokenSource("the weights are truncated or altered; download them again")
        with self._path.open("rb") as file:
            file.seek(self._start + begin)
            raw = file.read(end - begin)
        values: Array
        match entry.dtype:
            case "F32":
                values = np.frombuffer(raw, "<f4").astype(np.float32)
            case "F16":
                values = np.frombuffer(raw, "<f2").astype(np.float32)
            case _:  # BF16 is the upper half of a float32.
                values = (np.frombuffer(raw, "<u2").astype(np.uint32) << 16).view(np.float32)
        if not np.isfinite(values).all():
            raise BrokenSource("the weights hold values that are no numbers")
        return values.reshape(entry.shape)
