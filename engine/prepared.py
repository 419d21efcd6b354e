"""The vocabulary of an installed tagger, by the library that holds it in the least memory."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

from tokenizers import Tokenizer

from engine.errors import BrokenSource
from engine.pieces import Pieces
from engine.subwords import HIDDEN, Encoded, encode_all, forget, in_segments

_FRAMES: Final = (("[CLS]", "[SEP]"), (f"{HIDDEN}<s>", f"{HIDDEN}</s>"))


class Prepared:
    """A vocabulary that was checked when its model was imported, and is loaded as it was written.

    Safe to use from several threads. It keeps no word that it has read.
    """

    def __init__(self, path: Path) -> None:
        """Take the file of an installed model. Raises `BrokenSource`."""
        try:
            raw = path.read_bytes()
            self._loaded = Pieces.of(raw) or Tokenizer.from_str(raw.decode())
        except Exception as error:  # The libraries in Rust and C++ raise bare exceptions.
            raise BrokenSource(f"{path.name} cannot be read") from error
        if not isinstance(self._loaded, Pieces):
            forget(self._loaded)
        found = [tuple(map(self._loaded.token_to_id, pair)) for pair in _FRAMES]
        known = [pair for pair in found if None not in pair]
        if not known:
            raise BrokenSource(f"{path.name} has no tokens around an input")
        self.first, self.last = known[0]

    def encode_all(self, texts: Sequence[str]) -> list[Encoded]:
        """Return the pieces of each text; see `engine.subwords.Subwords`."""
        loaded = self._loaded
        if isinstance(loaded, Pieces):
            return in_segments(texts, partial(map, loaded.encode))
        return encode_all(loaded, texts)
