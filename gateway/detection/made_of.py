"""What detection is made of, for those who ask which one found something, and for the record."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from gateway import __version__
from gateway.detection.chosen import USUAL, Chosen
from gateway.detection.tagging import RECOGNIZER

_HERE: Final = Path(__file__).parent
_BESIDE: Final = (RECOGNIZER, "dictionary", "propagated", "structured")
"""What finds besides the rules of a topic."""


def recognizer_names(rules: Iterable[str]) -> tuple[str, ...]:
    """Return the names of the recognizers, those of `rules` among them, in alphabetical order."""
    return tuple(sorted({*rules, *_BESIDE}))


def digest(chosen: Chosen = USUAL) -> str:
    """Return the SHA-256 over the version, `chosen` and the files of this package, in hexadecimal.

    Two gateways with the same digest and dictionary find the same in a text.
    """
    whole = hashlib.sha256(f"{__version__}\n{chosen.written()}\n".encode())
    for path in sorted(_HERE.rglob("*")):
        # Of the weights their digest: every byte is compared with it when they are opened.
        heavy = "weights" in path.parts and path.suffix != ".sha256"
        if path.is_file() and "__pycache__" not in path.parts and not heavy:
            whole.update(hashlib.sha256(path.read_bytes()).digest())
    return whole.hexdigest()
