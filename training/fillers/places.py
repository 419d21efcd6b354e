"""Towns of the world, by country, from one list that all languages share."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from typing import NamedTuple

from training.lists import share, words


class Town(NamedTuple):
    """A town with its country's code and, in the United States, its state's."""

    country: str
    state: str
    name: str


@cache
def towns(split: str) -> Mapping[str, Sequence[Town]]:
    """Return the split's towns by country code."""
    found: dict[str, list[Town]] = defaultdict(list)
    for line in words("cities"):
        town = Town(*line.split("\t"))
        found[town.country].append(town)
    return {country: _split(entries, split) for country, entries in found.items()}


def _split(entries: Sequence[Town], split: str) -> Sequence[Town]:
    names = set(share([town.name for town in entries], split))
    return [town for town in entries if town.name in names]


def town(rng: random.Random, split: str, countries: Sequence[str]) -> Town:
    """Return a town of one of `countries` (a country may stand there several times)."""
    return rng.choice(towns(split)[rng.choice(countries)])


def abroad(rng: random.Random, split: str) -> Town:
    """Return a town of any country, each country alike."""
    everywhere = towns(split)
    return rng.choice(everywhere[rng.choice(sorted(everywhere))])
