"""What a record's actor was when it was decided: from the record's digest, or from the key itself.

Since version 3 a record holds the digest of its caller's standing, and the table beside the ledger
says what that was. Of an older record of an API key the key store knows it: a key's roles never
change. Of an older one by a token nobody knows, and nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Callable

from gateway.domain.exchange import Caller
from gateway.domain.standing import Standing, standing_of

Find = Callable[[str], Standing | None]
"""Returns what a digest stands for."""
KeyOf = Callable[[str], Caller | None]
"""Returns whom an API key stands for, by its principal, `key:…`."""


def reconstruct(find: Find, key_of: KeyOf) -> Callable[[str, str | None], Standing | None]:
    """Return the function that `Replay` asks. It answers from memory what it knows."""
    known: dict[tuple[str, str | None], Standing | None] = {}

    def standing(actor: str, digest: str | None) -> Standing | None:
        asked = (actor, digest)
        if asked not in known:
            if len(known) > 100_000:  # noqa: PLR2004 - more callers than any hospital has
                known.clear()
            known[asked] = _standing(actor, digest, find, key_of)
        return known[asked]

    return standing


def _standing(actor: str, digest: str | None, find: Find, key_of: KeyOf) -> Standing | None:
    if digest is not None and (found := find(digest)) is not None:
        return found
    caller = key_of(actor) if actor.startswith("key:") else None
    if caller is None:
        return None
    standing = standing_of(caller)
    # A key that is not what the record says it was is no witness.
    return standing if digest in {None, standing.digest} else None
