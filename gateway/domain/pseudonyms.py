"""Stand-ins for what identifies: short, stable within a conversation, and meaningless outside it.

A pseudonym is `TAG_nnn`: the tag says what it stands for, so the model can reason about it, and
three digits tell one from another. It stands without brackets, because a model then treats it as a
name (`docs/adr/0003`). A person has one number under every form of the name (`persons.py`), and a
letter behind it tells the forms apart, so that each comes back as it was. The digits come from a
keyed hash of the value and of the conversation, not
from counting: a later turn gives the same value the same pseudonym (a shortened history too, unless
a value that went before had a number close to it), and two conversations share nothing. The map
lives as long as its exchange.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Final, NoReturn

from gateway.domain.entities import KNOWN, EntityType, tag
from gateway.domain.places import stand_ins

_NUMBERS: Final = 1000
_VARIANTS: Final = "abcdefghijklmnopqrstuvwxyz"
SHAPE: Final = re.compile(
    r"\[(?P<bracketed>[A-Za-z][A-Za-z0-9_\\]*_[0-9]{3}[a-z]?)\]"
    r"|(?<![A-Za-z0-9_\\])(?P<bare>[A-Za-z][A-Za-z0-9_\\]*_[0-9]{3}[a-z]?)(?![A-Za-z0-9_])"
)
"""How a model may write one: brackets lost, other case, the underscore escaped (Markdown)."""
_TAGS: Final = "|".join(sorted({re.escape(tag(known)) for known in KNOWN}))
_ISSUED: Final = re.compile(rf"(?:{_TAGS})_[0-9]{{3}}[a-z]?")
_OURS: Final = re.compile(
    rf"\[(?:{_TAGS})(?::[0-9a-f]{{16}}|:e1:[0-9a-f]{{8}}:[a-z2-7]{{45,4096}}"
    rf"|_[0-9]{{3}}[a-z]?)?\]"
    rf"|(?<![A-Za-z0-9_])(?:{_TAGS})_[0-9]{{3}}[a-z]?(?![A-Za-z0-9_])"
)


class TooManyPseudonyms(Exception):  # noqa: N818 - reads as a state
    """One exchange holds more distinct values of a type than there are numbers."""


def conversation_key(secret: bytes, caller: str, opening: Iterable[str]) -> bytes:
    """Return the key of a conversation: 32 bytes from our secret, the caller and its first words.

    Clients send the whole history with each turn, so the opening names the conversation without
    any state on this side, and no two callers share a key.
    """
    digest = hmac.new(secret, b"conversation\0", hashlib.sha256)
    for part in (caller, *opening):
        encoded = part.encode("utf-8", "surrogatepass")
        digest.update(len(encoded).to_bytes(8, "big") + encoded)
    return digest.digest()


def canonical(entity: EntityType, surface: str) -> str:
    """Return what two spellings of one value share: case, width and spacing; for numbers, marks."""
    folded = " ".join(unicodedata.normalize("NFKC", surface).casefold().split())
    if any(character.isdigit() for character in folded):
        folded = "".join(character for character in folded if character.isalnum())
    return f"{entity}\0{folded}"


def own_tags(text: str) -> list[tuple[int, int]]:
    """Return the places in `text` that hold a tag of ours, e.g. out of an earlier reply.

    They are not found again: a tag has no room for anything that identifies.
    """
    return [match.span() for match in _OURS.finditer(text)]


class Pseudonyms:
    """The pseudonyms of one exchange and what they stand for. Never shown, never pickled.

    `taken` are pseudonyms that the caller's own text already holds: they are not issued, or what
    the caller wrote would be restored to someone's data.
    """

    __slots__ = ("_by_identity", "_by_surface", "_key", "_near", "_restores", "_taken")

    def __init__(self, key: bytes, taken: frozenset[str] = frozenset()) -> None:
        self._key = key
        self._taken = taken
        self._by_identity: dict[str, list[str]] = {}
        self._by_surface: dict[tuple[str, str], str] = {}
        self._restores: dict[str, str] = {}
        self._near: dict[str, set[str]] = {}

    @classmethod
    def known(cls, meanings: Mapping[str, str]) -> tuple[Pseudonyms, dict[str, str]]:
        """Return the pseudonyms among `meanings`, to be restored once more, and what is none."""
        found, others = cls(b""), {}
        for name, value in meanings.items():
            if _ISSUED.fullmatch(name):
                found._restores[name] = value
            else:
                others[name] = value
        return found, others

    def __repr__(self) -> str:
        return f"<Pseudonyms {len(self._restores)}>"

    def __len__(self) -> int:
        return len(self._restores)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a re-identification map is not to be pickled")

    def stand_in(self, entity: EntityType, surface: str, identity: str | None = None) -> str:
        """Return the pseudonym of `surface`, `TAG_nnn`; another spelling adds a letter to it.

        Surfaces of one `identity` share a number: that of a person (`persons.py`), or, if there is
        none, what spellings of one value have in common. Raises `TooManyPseudonyms` when the
        numbers of the type are used up.
        """
        meant = canonical(entity, surface) if identity is None else f"{entity}\0{identity}"
        known = self._by_surface.get((meant, surface))
        if known is None:
            known = self._issue(entity, meant)
            self._by_surface[meant, surface] = known
            self._restores[known] = surface
        return known

    def restore(self, name: str) -> str | None:
        """Return what the pseudonym `name` stands for, however the model wrote it, or `None`."""
        stem, _, number = name.replace("\\", "").rpartition("_")
        return self._restores.get(f"{stem.upper()}_{number}")

    def meanings(self) -> dict[str, str]:
        """Return what each pseudonym stands for: the map that alone makes re-identification."""
        return dict(self._restores)

    def tags(self) -> frozenset[str]:
        """Return the tags of the pseudonyms that were issued."""
        return frozenset(name.rpartition("_")[0] for name in self._restores)

    def begins(self, fragment: str) -> bool:
        """Say whether a pseudonym of this exchange begins with `fragment`, but is not it."""
        start = fragment.replace("\\", "").upper()
        return any(name != start and name.startswith(start) for name in self._restores)

    def _issue(self, entity: EntityType, identity: str) -> str:
        spellings = self._by_identity.setdefault(identity, [])
        letter = len(spellings) % (len(_VARIANTS) + 1)
        if letter == 0:
            # The first, or one more than there are letters for: that takes another number.
            name = self._free_number(entity, identity)
        else:
            name = spellings[-letter] + _VARIANTS[letter - 1]
        spellings.append(name)
        return name

    def _free_number(self, entity: EntityType, identity: str) -> str:
        digest = hmac.digest(self._key, identity.encode("utf-8", "surrogatepass"), "sha256")
        start = int.from_bytes(digest[:8], "big") % _NUMBERS
        word = tag(entity)
        # A model that slips on one digit must not name another patient. Past the hundred numbers
        # or so that can be kept two digits apart, any free one has to do.
        near = self._near.setdefault(word, set())
        for avoided in (near, ()):
            for step in range(_NUMBERS):
                number = f"{(start + step) % _NUMBERS:03d}"
                name = f"{word}_{number}"
                if number in avoided or name in self._restores or name in self._taken:
                    continue
                near.update(_slips(number))
                return name
        raise TooManyPseudonyms


@cache  # There are as many as numbers, and they say nothing of what a number stands for.
def _slips(number: str) -> frozenset[str]:
    """Return every number that differs from `number` in one digit, and `number`."""
    return frozenset(
        number[:place] + digit + number[place + 1 :]
        for place in range(len(number))
        for digit in "0123456789"
    )


def written_pseudonyms(texts: Iterable[str]) -> frozenset[str]:
    """Return every pseudonym-shaped word in `texts`, without brackets, letters folded as issued."""
    found = set()
    for text in texts:
        for match in SHAPE.finditer(text):
            name = (match["bracketed"] or match["bare"]).replace("\\", "")
            stem, _, number = name.rpartition("_")
            found.add(f"{stem.upper()}_{number[:3]}")
        found.update(name.rstrip(_VARIANTS) for _, _, name in stand_ins(text))
    return frozenset(found)
