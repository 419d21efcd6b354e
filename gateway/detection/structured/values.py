"""One value of a structured payload: where it stands, what its place says it is, how it is written."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.domain.entities import EntityType
from gateway.domain.places import Place


@dataclass(frozen=True, slots=True)
class Value:
    """`start` to `end` of the text that the payload was found in; every value is scanned."""

    start: int
    end: int
    place: Place
    """How it is written, within what the payload itself is written in."""
    entity: EntityType | None = None
    """What its place says it is; None where only scanning can tell."""
    recognizer: str = ""
    whole: bool = False
    """Whether what is found in it is treated as all of it: half a date is no date."""
    label: str = ""
    """What its place is called, for those who read it with the text."""
    after: str = "\n\n"
    """What parts it from the next value: an empty line, for an address goes on in the next line."""
    name: bool = False
    """Whether it is the name of a field, such as programs choose: nothing is found in it."""
    file: bool = False
    """Whether it is base64, to be opened and treated as a text of its own."""
