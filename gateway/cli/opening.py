"""Detection on this machine, as a gateway with the same settings would find it."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import TYPE_CHECKING

import msgspec
import typer

from gateway.cli.common import fail, settings_of
from gateway.domain.errors import ExchangeError
from gateway.settings import Settings

if TYPE_CHECKING:
    from gateway.detection.detector import PresidioDetector


def check_names_nobody(context: typer.Context, text: str, what: str) -> None:
    """Say so and end the command if a text that is kept for years names somebody.

    Also where detection fails: then nothing is kept.
    """
    from gateway import freetext
    from gateway.auditing import KeptSubjects
    from gateway.installation import subject_key, vault_of
    from gateway.secretfiles import SecretFileError

    settings = settings_of(context)
    detector = open_local_detector(context)
    try:
        whose = freetext.Whose(KeptSubjects(vault_of(settings)), subject_key(settings.keys))
        asyncio.run(freetext.check_names_nobody(detector, whose, text, what))
    except SecretFileError as error:
        fail(str(error))
    except ExchangeError as error:
        fail(error.message)
    finally:
        detector.close()


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
