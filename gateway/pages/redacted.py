"""A page of redacted documents: what stands in for what, by colour and by name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from gateway import __version__
from gateway.domain.entities import EntityType
from gateway.domain.policy import Profile
from gateway.pages.kinds import kind_of
from gateway.pages.writing import page


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch of redacted text; one without a type is as it was written."""

    text: str = field(repr=False)
    entity: EntityType | None = None

    @property
    def kind(self) -> str:
        """Return the kind that decides its colour."""
        return "" if self.entity is None else kind_of(self.entity)


@dataclass(frozen=True, slots=True)
class Shown:
    """One document."""

    name: str
    stretches: tuple[Stretch, ...]


def write(title: str, documents: Sequence[Shown], profile: Profile) -> str:
    """Return the page. It holds the redacted texts alone."""
    counts = Counter(
        each.entity for one in documents for each in one.stretches if each.entity is not None
    )
    rows = [
        (entity, kind_of(entity), count, str(profile.rule(entity).operator))
        for entity, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    ]
    return page(
        "redacted.html",
        title=title,
        version=__version__,
        profile=profile.name,
        documents=documents,
        rows=rows,
        total=counts.total(),
    )
