"""What goes wrong while CTranslate2 loads a model, in words for the operator."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from engine.errors import DoesNotFit, ModelError, NoDevice

_NO_MEMORY: Final = re.compile("out of memory|failed to allocate|alloc")
"""What CUDA, MKL and C++ say."""


@contextmanager
def loading(name: str, device: str = "cpu") -> Iterator[None]:
    """Load the model `name` inside. Raises `DoesNotFit`, `NoDevice` or `ModelError`."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        # A plan foresees the machine's memory, not a CUDA device's, nor what others take meanwhile.
        if isinstance(error, MemoryError) or _NO_MEMORY.search(str(error)):
            raise DoesNotFit(
                f"there was no memory left on {device} while {name} was loaded: choose "
                "a smaller model, stop what else uses it, or prefer another device "
                "(engine.prefer). Where `ulimit -v` or `-d` bounds this process, bound its cgroup "
                "instead: they count what is reserved and never used"
            ) from error
        if device == "cuda":
            raise NoDevice(
                f"the CUDA device could not load {name}: see whether `nvidia-smi` works, or "
                'do without it, engine.prefer = ["cpu"]'
            ) from error
        raise ModelError(
            f"CTranslate2 cannot load {name}: `intramural model verify {name}`, and if "
            "every byte is as imported, import it again"
        ) from error
