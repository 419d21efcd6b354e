"""A vault in memory, and holds and grants that say what a test wants.

`MemoryVault` passes `tests/contracts/test_vault.py`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from gateway.domain.errors import Code, ExchangeError, LedgerUnavailable
from gateway.domain.exchange import Caller
from gateway.domain.payloads import Part, Payload, Words
from gateway.domain.records import AccessAct
from gateway.domain.subjects import Subjects

NOBODY = Subjects()


@dataclass
class MemoryVault:
    """`ports.Vault`. `fail` parts cannot be kept; with `persist_failed` they are all the same."""

    fail: set[Part] = field(default_factory=set)
    persist_failed: bool = False
    kept: dict[tuple[str, Part], Words] = field(default_factory=dict)
    subjects: dict[str, Subjects] = field(default_factory=dict)
    shredded: set[str] = field(default_factory=set)
    damaged: set[str] = field(default_factory=set)

    async def keep(
        self, exchange: str, part: Part, subjects: Subjects, words: Words | None
    ) -> str | None:
        if part not in self.fail or self.persist_failed:
            self._keep(exchange, part, subjects, words)
        if part in self.fail:
            raise LedgerUnavailable
        if not words or exchange in self.shredded:
            return None
        return hashlib.sha256(f"{exchange} {part}".encode()).hexdigest()

    def _keep(self, exchange: str, part: Part, subjects: Subjects, words: Words | None) -> None:
        known = self.subjects.get(exchange, NOBODY)
        if exchange not in self.shredded:
            self.subjects[exchange] = known.and_also(subjects)
            if words:
                self.kept[exchange, part] = words

    def open(self, exchange: str) -> Payload:
        request = self.kept.get((exchange, Part.REQUEST))
        reply = self.kept.get((exchange, Part.REPLY))
        if exchange in self.shredded:
            raise ExchangeError(Code.PAYLOAD_SHREDDED, "It was shredded.")
        if exchange in self.damaged:
            raise ExchangeError(Code.PAYLOAD_DAMAGED, "It is damaged.")
        if request is None and reply is None:
            raise ExchangeError(Code.PAYLOAD_NOT_KEPT, "Nothing was kept.")
        return Payload(exchange, request, reply)

    def about(self, exchange: str) -> Subjects:
        return self.subjects.get(exchange, NOBODY)

    def find(self, fingerprint: bytes, before: str | None, limit: int) -> Sequence[str]:
        found = [
            exchange
            for exchange, whom in reversed(self.subjects.items())
            if fingerprint in {*whom.patients, *whom.names}
        ]
        start = 0 if before is None else found.index(before) + 1
        return found[start : start + limit]

    def shred(self, exchange: str) -> None:
        """Make one exchange unreadable."""
        self.shredded.add(exchange)
        self.subjects.pop(exchange, None)
        for part in Part:
            self.kept.pop((exchange, part), None)


@dataclass
class FakeGrants:
    """`ports.Grants`: `grant` is what everybody has, and `None` is nobody's."""

    grant: str | None = "grant-1"
    asked: list[tuple[str, AccessAct, tuple[bytes, ...]]] = field(default_factory=list)
    held: frozenset[bytes] = frozenset()
    """Whom the grant is for, where somebody asks for that."""

    def patients(self, _caller: Caller) -> frozenset[bytes]:
        return frozenset() if self.grant is None else self.held

    def check(self, caller: Caller, act: AccessAct, patients: Sequence[bytes]) -> str:
        self.asked.append((caller.id, act, tuple(patients)))
        if self.grant is None:
            raise ExchangeError(Code.GRANT_REQUIRED, "Ask for a grant.")
        return self.grant


@dataclass
class FakeHolds:
    """`ports.Holds`: what is named is held."""

    names: set[str] = field(default_factory=set)

    def held(self, what: str) -> bool:
        return what in self.names

    def in_force(self) -> frozenset[str]:
        return frozenset()
