"""Reads safetensors files: the only import of `safetensors`.

The library checks a header (sizes, offsets, no gap and no overlap, an end at the file's end); the
values are then mapped from the file here, since bfloat16 is not a type that NumPy has.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np

from engine.decoder import Array
from engine.errors import BrokenSource, UnsupportedModel

VERSION: Final = version("safetensors")
_BYTES: Final = {"F32": 4, "F16": 2, "BF16": 2}
_HEADER: Final = 8
"""A file begins with the length of its header, in 8 bytes, little-endian."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor of a file. The file is mapped whenever values are read: keep it till then."""

    name: str
    size: tuple[int, ...]
    _path: Path
    _type: str
    _offset: int

    def values(self) -> Array:
        """Return the values as float32; raises `BrokenSource` if one is not finite."""
        width = np.dtype(f"<u{_BYTES[self._type]}")
        try:
            raw: Any = np.memmap(
                self._path, dtype=width, mode="r", offset=self._offset, shape=self.size
            )
        except (OSError, ValueError) as error:  # It was complete a moment ago.
            raise BrokenSource(f"{self._path.name[:60]} has changed while it was read") from error
        match self._type:
            case "F32":
                values = np.array(raw.view(np.float32))
            case "F16":
                values = raw.view(np.float16).astype(np.float32)
            case _:  # The upper half of a float32.
                values = (raw.astype(np.uint32) << 16).view(np.float32)
        if not np.isfinite(values).all():
            raise BrokenSource(f"tensor {_short(self.name)} holds values that are not finite")
        result: Array = values
        return result


def read(paths: Iterable[Path]) -> dict[str, Tensor]:
    """Return the tensors of all files by name.

    Raises `BrokenSource` for a truncated or doctored file and for a name that is there twice,
    `UnsupportedModel` for numbers of another kind than floats of 16 or 32 bits.
    """
    found: dict[str, Tensor] = {}
    for path in paths:
        for tensor in _tensors(path):
            if tensor.name in found:
                raise BrokenSource(f"tensor {_short(tensor.name)} is in two files of weights")
            found[tensor.name] = tensor
    return found


def _tensors(path: Path) -> list[Tensor]:
    from safetensors import SafetensorError, safe_open

    tensors = []
    try:
        with path.open("rb") as head, safe_open(path, framework="numpy") as file:
            offset = _HEADER + int.from_bytes(head.read(_HEADER), "little")
            for name in file.offset_keys():
                part = file.get_slice(name)
                kind, size = str(part.get_dtype()), tuple(part.get_shape())
                if kind not in _BYTES:
                    raise UnsupportedModel(
                        f"tensor {_short(name)} is of type {kind[:20]}; F32, F16 and BF16 are "
                        "supported, so take a checkpoint that is not quantized"
                    )
                tensors.append(Tensor(name, size, path, kind, offset))
                offset += _BYTES[kind] * math.prod(size)
    except (SafetensorError, OSError) as error:
        raise BrokenSource(
            f"{path.name[:60]} cannot be read: it is truncated or altered; download it again"
        ) from error
    return tensors


def _short(name: str) -> str:
    return repr(name[:60])
