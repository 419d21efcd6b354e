"""The way back, under a grant: the stand-ins of one exchange in a text become what they stand for.

The same search as in a reply on its way out, so whatever a model made of a stand-in is found, and
nothing else is touched. Who asks learns of the stand-ins that they already hold, and of no other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from gateway.domain.findings import Finding
from gateway.domain.guard import StreamGuard
from gateway.domain.policy import Invented, Limits, Profile
from gateway.domain.pseudonyms import Pseudonyms
from gateway.domain.standins import StandIns
from gateway.domain.text import RawText

_PLAIN: Final = Profile(
    name="reidentify",
    strictness=1,
    entities=MappingProxyType({}),
    restore=True,
    invented=Invented.MASK,
    limits=Limits(1, 1),
)
"""Restores; nothing is looked for that could be treated."""


class _Nothing:
    """A scanner that finds nothing: what the caller wrote is the caller's own."""

    def scan(self, text: str) -> Sequence[Finding]:  # noqa: ARG002 - the port's
        return ()


def restored(text: RawText, meanings: Mapping[str, RawText]) -> tuple[RawText, int]:
    """Return `text` with the stand-ins of `meanings` restored, and how many there were."""
    pseudonyms, others = Pseudonyms.known({name: raw.reveal() for name, raw in meanings.items()})
    stand_ins = StandIns()
    for stand_in, original in others.items():
        stand_ins.add(stand_in, original)
    guard = StreamGuard(pseudonyms, _PLAIN, _Nothing(), stand_ins=stand_ins)
    whole = guard.feed(text.reveal()) + guard.finish()
    return RawText(whole), guard.restored
