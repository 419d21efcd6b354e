"""What a caller was when policy decided: roles, groups and assurance, as one short digest.

Roles change, and a token's are kept nowhere. The digest in a record says which ones decided; a
table beside the ledger (`policy/standings.py`) says what each digest stands for, and a reader
checks the one against the other.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from gateway.domain.exchange import Assurance, Caller

# DURABLE FORMAT, version 1: records hold the digest for ever. Never change what is hashed; a new
# way of hashing gets a new prefix.
_PREFIX: Final = b"intramural standing 1\n"
_LENGTH: Final = 32
"""Hexadecimal digits: 128 bits."""


@dataclass(frozen=True, slots=True)
class Standing:
    """The part of a caller that policy sees and no other field of a record tells."""

    roles: frozenset[str]
    groups: frozenset[str]
    assurance: Assurance

    @property
    def digest(self) -> str:
        """Return the digest that stands in records: 32 hexadecimal digits."""
        return _digest(self)

    def encoded(self) -> bytes:
        """Return the one way to write it: what is hashed, and what the table holds."""
        whole = [sorted(self.roles), sorted(self.groups), self.assurance.value]
        return json.dumps(whole, separators=(",", ":")).encode("ascii")

    @staticmethod
    def decoded(data: bytes) -> Standing:
        """Return what `encoded` wrote; `ValueError` for anything else."""
        try:
            roles, groups, assurance = json.loads(data)
            standing = Standing(frozenset(roles), frozenset(groups), Assurance(assurance))
            words = {type(each) for each in (*roles, *groups)}
            good = words <= {str} and standing.encoded() == data
        except (ValueError, TypeError, RecursionError):
            good = False
        if not good:
            raise ValueError("this is not how a standing is written")
        return standing


def standing_of(caller: Caller) -> Standing:
    """Return what `caller` is."""
    return Standing(caller.roles, caller.groups, caller.assurance)


@lru_cache(4096)
def _digest(standing: Standing) -> str:
    return hashlib.sha256(_PREFIX + standing.encoded()).hexdigest()[:_LENGTH]
