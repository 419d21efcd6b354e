"""The tagger's weights as they were shipped: opened when every byte is theirs, or not at all.

They lie in the package, beside the digest of their manifest; `training/export.py` writes both.
Rule: without them there is no detection, and without detection no gateway.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from engine import EngineError, InstalledModel, ModelError, ModelStore, Overloaded, Tag, Tagger
from gateway.detection import tagging
from gateway.detection.chosen import Chosen
from gateway.detection.detector import PresidioDetector
from gateway.detection.dictionary import SiteDictionary
from gateway.domain.errors import Code, ExchangeError
from gateway.settings import Detection

DIRECTORY: Final = Path(tagging.__file__).parent / "weights"
NAME: Final = "tagger"
DIGEST: Final = "tagger.sha256"
"""Holds the SHA-256 of the manifest, which holds those of all other files."""


def open_weights(directory: Path = DIRECTORY) -> InstalledModel:
    """Compare every byte with what was shipped and return the model.

    Raises `ExchangeError` with DETECTION_FAILED.
    """
    try:
        expected = (directory / DIGEST).read_text(encoding="ascii").strip()
        model = ModelStore(directory).open(NAME, "tag")
    except (ModelError, OSError, UnicodeDecodeError) as error:
        raise _refused() from error
    if model.digest != expected:
        raise _refused()
    return model


class ShippedTagger:
    """The engine's tagger over the shipped weights, as detection wants it."""

    def __init__(self, model: InstalledModel, settings: Detection) -> None:
        try:
            self._tagger = Tagger(model, replicas=settings.replicas, threads=settings.threads)
        except EngineError as error:
            raise _refused() from error
        if not set(self._tagger.types) <= tagging.LABELS:
            self._tagger.close()
            raise _refused()

    async def tag_soon(self, texts: Sequence[str]) -> Sequence[Sequence[Tag]]:
        """See `gateway.detection.tagging.Tagger`. Raises `ExchangeError` where it is full."""
        try:
            return await self._tagger.tag_soon(texts)
        except Overloaded:
            raise ExchangeError(
                Code.OVERLOADED, "Too many texts wait for detection. Try again shortly."
            ) from None

    @property
    def healthy(self) -> bool:
        """Whether a replica is left that does not stand still."""
        return self._tagger.healthy

    def close(self) -> None:
        """End the threads; blocks for one batch."""
        self._tagger.close()


def open_detector(
    reference_year: int,
    settings: Detection | None = None,
    dictionary: SiteDictionary | None = None,
) -> PresidioDetector:
    """Return the detector over the shipped weights; the caller closes it. Raises as they do."""
    host = settings or Detection()
    return PresidioDetector(
        reference_year=reference_year,
        tagger=ShippedTagger(open_weights(), host),
        workers=host.workers,
        timeout=host.timeout,
        dictionary=dictionary,
        chosen=Chosen.by(host),
    )


def _refused() -> ExchangeError:
    return ExchangeError(
        Code.DETECTION_FAILED,
        "The weights of detection are not those that were shipped: a file is missing or has "
        "changed. Find out why, then install intramural again.",
    )
