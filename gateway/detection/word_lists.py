"""Words that are no names though they look so: drugs, products, terms, eponyms, plain words.

`lists/*.txt` hold them, some words a line, small and without accents as `fold` makes them. Names of
drugs and of diseases are facts; they were written down for this program from common clinical
knowledge, and no dictionary of others was copied. No word of them is a given name, a surname that
many people bear, or a town, but for those of `like_names.txt` and `eponyms_common.txt`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

_FOLDER: Final = Path(__file__).with_name("lists")


def _words(name: str) -> frozenset[str]:
    lines = (_FOLDER / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(word for line in lines if not line.startswith("#") for word in line.split())


DRUGS: Final = _words("drugs")
PRODUCTS: Final = _words("products")
"""Devices, dressings, reagents, programs, and who makes them."""
TERMS: Final = _words("terms")
"""Trials, societies, regimens, organisms and shorthand in capitals."""
EVERYDAY: Final = _words("everyday")
"""What notes say of everybody, in Latin letters: made by `training/everyday.py`."""
LIKE_NAMES: Final = _words("like_names")
"""Drugs, products and organisms that people or towns are called too: "Yasmin", "Salmonella"."""
EPONYMS_ALONE: Final = _words("eponyms_rare")
"""Names that are a disease or a sign also where no noun says so: hardly anybody is called so."""
EPONYMS_SHARED: Final = _words("eponyms_common")
"""Those that patients and their doctors bear as well."""
