"""Pieces of patterns that several recognizers share: letters, name words, label separators."""

# ruff: noqa: E501 - a pattern cut to a hundred columns is read worse than a long one

from __future__ import annotations

from typing import Final

_LATIN_GREEK_CYRILLIC: Final = [chr(code) for code in (*range(0x41, 0x530), *range(0x1E00, 0x1F00))]
U: Final = "[" + "".join(char for char in _LATIN_GREEK_CYRILLIC if char.isupper()) + "]"
"""One capital letter. Python's `re` has no class for it."""
A: Final = r"[^\W\d_]"
"""One letter of any script."""

WORD: Final = rf"(?:[Aa][ls]-|[Ee]l-|[DdOoLlNM]')?{U}{A}{{1,24}}(?:['-]{A}{{1,24}}){{0,3}}"
"""A word that begins with a capital: Smith, SMITH, McDonald, O'Brien, Smith-Jones, al-Rashid."""
INITIAL: Final = rf"{U}(?![\w'-])\.?"
PARTICLE: Final = (
    r"(?:van der|van den|van de|van|von der|von|vom|zum|zur|zu|de la|de las|de los|del|della|den|der"
    r"|des|de|di|da|dos|das|do|du|la|le|el|al|bin|ibn|ben|bint|abu|ter|ten|af|av|san|ap|"
    r"Van der|Van den|Van de|Von der|De la|De los)"
)
GAP: Final = r"(?:[ ]{1,2}|\t)"
"""White space within a name: never a line's end, nor the gap between two columns."""
_WITHIN: Final = PARTICLE.replace("|vom|zum|zur|zu|", "|")
"""Particles within a name: "Herr Maier zur Kontrolle" is Maier."""
_POSTS: Final = (
    r"(?!(?:Chefarzt|Chefärztin|Oberarzt|Oberärztin|Assistenzarzt|Assistenzärztin|Stationsarzt"
    r"|Stationsärztin|Facharzt|Fachärztin|Servicio|Unidad|Dossier)\b)"
)
"""What stands right behind a name in a signature, and is none of it."""
FULL: Final = (
    rf"(?:{INITIAL}{GAP}?){{0,2}}(?:{PARTICLE}{GAP})?{WORD}"
    rf"(?:{GAP}(?:{_WITHIN}{GAP})?{_POSTS}(?:{WORD}|{INITIAL})){{0,3}}"
)
"""A person's name as written out, initials and particles included."""

MARK: Final = r"[\s*_\"'`|>\]]{0,4}[:=|#][\s*_\"'`|<\[(#]{0,6}"
"""What parts a label from its value: a colon, also in JSON, Markdown and tables."""
SUFFIX: Final = r"(?:,?[ ](?:Jr|Sr|II|III|IV)\b\.?)?"
"""What stands behind a family name, or nothing."""
