"""Every name of people, streets and towns that Faker has, of all its locales in Latin letters."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterable, Iterator
from typing import Final

import faker.providers.address
import faker.providers.person

_FOREIGN: Final = re.compile(r"[\u0400-\u1fff\u3040-\u30ff\uac00-\ud7af]")
_LONGEST_NAME: Final = 40


def of_faker() -> Iterator[str]:
    """Yield them, some several times."""
    for package in (faker.providers.person, faker.providers.address):
        for module in pkgutil.iter_modules(package.__path__):
            provider = importlib.import_module(f"{package.__name__}.{module.name}").Provider
            for attribute in dir(provider):
                values = getattr(provider, attribute)
                if not attribute.startswith("_") and isinstance(values, list | tuple | dict):
                    yield from _usable(values)


def _usable(values: Iterable[object]) -> Iterator[str]:
    for value in values:
        if (
            isinstance(value, str)
            and "{" not in value
            and len(value) < _LONGEST_NAME
            and not _FOREIGN.search(value)
        ):
            yield value
