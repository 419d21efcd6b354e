"""Each exchange has one life: an intent and at most one outcome after it, or a refusal alone.

What a stretch of the log says about lives is drawn up without knowing what was before it, and then
holds or does not hold after that.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import apsw

from gateway.domain.records import Status
from gateway.ledger import store
from gateway.ledger.dropped import dropped_by
from gateway.ledger.errors import VerificationError
from gateway.ledger.leaves import IntentLeaf, Leaf, RefusalLeaf, read_leaf


@dataclass(frozen=True, slots=True)
class StretchOfLives:
    """What some leaves in a row say, each exchange of which begins and ends at most once there."""

    starts: Sequence[str]
    """Exchanges with an intent or a refusal there."""
    opened: AbstractSet[str]
    """Those whose intent has no outcome there."""
    closed: AbstractSet[str]
    """Those with an outcome there, and their intent before."""
    counts: Counter[str]
    lost: int
    dropped: int


def lives_in(leaves: Sequence[Leaf]) -> StretchOfLives | None:
    """Return what these leaves say of exchanges; `None` if that depends on what was before."""
    starts: list[str] = []
    opened: set[str] = set()
    closed: list[str] = []
    lost = dropped = 0
    for leaf in leaves:
        if leaf.kind == "outcome":
            if leaf.exchange in opened:
                opened.remove(leaf.exchange)
            else:
                closed.append(leaf.exchange)
            lost += leaf.status is Status.LOST
        elif leaf.kind == "intent":
            starts.append(leaf.exchange)
            opened.add(leaf.exchange)
        elif leaf.kind == "refusal":
            starts.append(leaf.exchange)
        elif leaf.kind == "admin":
            dropped = max(dropped, dropped_by(leaf))
    # Twice the same one, or an outcome before its intent: only one after the other tells which
    # record is at fault.
    if len({*starts, *closed}) != len(starts) + len(closed):
        return None
    counts: Counter[str] = Counter(leaf.kind for leaf in leaves)
    return StretchOfLives(starts, opened, {*closed}, counts, lost, dropped)


class Lives:
    """Where every exchange stands, after the leaves so far."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.open: set[str] = set()
        """Those that have an intent and no outcome."""
        self.lost = 0
        self.dropped = 0
        """Up to which record the log says that all were dropped."""
        self._started = array("q")

    def follow(self, leaves: Sequence[Leaf], start: int) -> None:
        """Take each exchange the next steps in its life; raise if one of them may not be taken."""
        opened, started = self.open, self._started
        for number, leaf in enumerate(leaves, start):
            # What a leaf is costs least to ask like this, and it is asked ten million times.
            if leaf.kind == "outcome":
                if leaf.exchange not in opened:
                    raise VerificationError("an outcome without an open intent", index=number)
                opened.remove(leaf.exchange)
                self.lost += leaf.status is Status.LOST
            elif leaf.kind == "intent":
                started.append(hash(leaf.exchange))
                opened.add(leaf.exchange)
            elif leaf.kind == "refusal":
                started.append(hash(leaf.exchange))
            elif leaf.kind == "admin":
                self.dropped = max(self.dropped, dropped_by(leaf))
        self.counts.update(leaf.kind for leaf in leaves)

    def holds(self, stretch: StretchOfLives) -> bool:
        """Return whether `follow` would take the leaves of that stretch next."""
        return self.open >= stretch.closed and self.open.isdisjoint(stretch.starts)

    def take(self, stretch: StretchOfLives) -> None:
        """Do what `follow` does with the leaves of a stretch that holds."""
        self.open -= stretch.closed
        self.open |= stretch.opened
        # Hashed here: a text has another hash in each process.
        self._started.extend(map(hash, stretch.starts))
        self.counts.update(stretch.counts)
        self.lost += stretch.lost
        self.dropped = max(self.dropped, stretch.dropped)

    def check_starts(self, db: apsw.Connection) -> None:
        """Raise if two intents or refusals are of one exchange.

        One number for each exchange, not its id: a log of ten million exchanges takes 80 MB. Where
        two numbers are equal the leaves are asked again, so a collision accuses nobody.
        """
        import numpy as np

        numbers = np.sort(np.array(self._started, dtype=np.int64))
        doubtful = set(numbers[1:][numbers[1:] == numbers[:-1]].tolist())
        if not doubtful:
            return
        seen: set[str] = set()
        for chunk in store.read_leaves(db):
            for index, leaf in chunk:
                value = read_leaf(leaf)
                if (
                    not isinstance(value, IntentLeaf | RefusalLeaf)
                    or hash(value.exchange) not in doubtful
                ):
                    continue
                if value.exchange in seen:
                    raise VerificationError(
                        "its exchange has an intent or a refusal already", index=index
                    )
                seen.add(value.exchange)
