"""What all bodies have in common."""

from __future__ import annotations

import msgspec


class Concealed(msgspec.Struct, frozen=True):
    """A body, coming or going: it may hold a note, so it does not show itself when printed."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


class Strict(Concealed, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A body that a client sends: a field that is not listed is an error."""
