"""What a hospital's settings choose of what is found; its dictionary is beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol, Self

from gateway.detection.structured.hl7 import STANDARD, Custom


class Settings(Protocol):
    """The settings that choose it, as `gateway.settings.Detection` has them."""

    @property
    def hl7_fields(self) -> Mapping[str, str]:
        """What fields of HL7 v2 hold that only this hospital knows: `"ZPI-3" = "PERSON"`."""

    @property
    def hl7_z_segments(self) -> str:
        """`remove` where all fields of a Z-segment are treated."""

    @property
    def other_scripts(self) -> str:
        """`find` where words in scripts that detection does not read are treated."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is found beside what every hospital finds, and what is not."""

    custom: Custom = STANDARD
    """What the hospital knows of its own fields of HL7 v2."""
    other_scripts: bool = True
    """Whether words in scripts that detection does not read are found."""

    @classmethod
    def by(cls, settings: Settings) -> Self:
        """Return what `settings` choose."""
        custom = Custom.named(settings.hl7_fields, remove_z=settings.hl7_z_segments == "remove")
        return cls(custom, settings.other_scripts == "find")

    def written(self) -> str:
        """Return it as one text, the same for all that choose the same."""
        fields = sorted(
            f"{segment}-{field}={entity}" for (segment, field), entity in self.custom.fields.items()
        )
        return f"{' '.join(fields)}\n{self.custom.remove_z}\n{self.other_scripts}"


USUAL: Final = Chosen()
"""What is found where the settings choose nothing."""
