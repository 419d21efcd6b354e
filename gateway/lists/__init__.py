"""Lists of names, cities and streets as data files, see NOTICE; read once, handed to the domain."""

from __future__ import annotations

from functools import cache
from importlib import resources

from gateway.domain.stock import Stock, read_cities, read_names, read_streets


@cache
def shipped_stock() -> Stock:
    """Return the lists that come with the program. Some milliseconds the first time."""
    return Stock(
        names=read_names(_lines("names.txt")),
        cities=read_cities(_lines("cities.txt")),
        streets=read_streets(_lines("streets.txt")),
    )


def _lines(name: str) -> list[str]:
    return resources.files(__name__).joinpath(name).read_text(encoding="utf-8").splitlines()
