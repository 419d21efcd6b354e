"""Detection on this machine, as a gateway with the same settings would find it."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import msgspec
import typer

from gateway.cli.common import fail
from gateway.domain.errors import ExchangeError
from gateway.settings import Settings

if TYPE_CHECKING:
    from gateway.detection.detector import PresidioDetector


def open_local_detector(context: typer.Context, workers: int | None = None) -> PresidioDetector:
    """Return the detector over the shipped weights and the site's dictionary; the caller closes it.

    `workers` other than those of the settings read at the same time. What is wrong is said, and the
    command ends.
    """
    from gateway.detection.dictionary import SiteDictionary
    from gateway.detection.dictionary_file import DictionaryError
    from gateway.secretfiles import SecretFileError
    from gateway.weights import open_detector

    site = detection = None
    try:
        if isinstance(context.obj, Settings):
            site = SiteDictionary(context.obj.dictionary, context.obj.keys)
            detection = context.obj.detection
            if workers is not None:
                detection = msgspec.structs.replace(detection, workers=workers)
        return open_detector(dt.datetime.now(dt.UTC).year, detection, site)
    except ExchangeError as error:
        fail(error.message)
    except (DictionaryError, SecretFileError) as error:
        fail(str(error))
