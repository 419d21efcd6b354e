"""Is a leaf canonical? The same answer as `domain.records.decode`, several times faster.

A verifier asks this of every leaf. Each struct lists its fields in the order of the leaf, so that
decoding strictly and encoding again gives the same bytes for a canonical leaf and for no other.
`tests/unit/ledger/test_leaves.py` keeps the two in step.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Final, Literal

import msgspec
from msgspec import UNSET, UnsetType

from gateway.domain.entities import entity_type
from gateway.domain.errors import Code
from gateway.domain.exchange import Action, CacheStatus, FinishReason, Purpose
from gateway.domain.records import (
    MAX_LEAF,
    AccessAct,
    AdminAct,
    Kind,
    ReviewState,
    Status,
    decode,
)

_Text = Annotated[str, msgspec.Meta(max_length=128)]
_Id = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
_Number = Annotated[int, msgspec.Meta(ge=0, lt=2**53)]
_V3 = Literal[3]


class IntentLeaf(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False, kw_only=True):
    """An intent, its fields in the order of their names."""

    action: Action
    actor: _Text
    client: _Text
    department: _Text | UnsetType = UNSET
    exchange: _Id
    findings: dict[str, _Number]
    kind: Literal["intent"]
    model: _Text
    model_digest: _Text
    patients: _Number | UnsetType = UNSET
    profile: _Text
    prompt_tokens: _Number
    purpose: Purpose
    release: _Text
    reserved: _Number | UnsetType = UNSET
    rules: tuple[_Text, ...]
    sealed: _Text | UnsetType = UNSET
    standing: _Text | UnsetType = UNSET
    time: _Number
    v: Literal[1, 3]

    def __post_init__(self) -> None:
        """Raise `ValueError` unless the version is the one that its fields make."""
        later = (self.department, self.patients, self.reserved, self.sealed, self.standing)
        _check_version(self.v, 3 if any(field is not UNSET for field in later) else 1)


class OutcomeLeaf(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False, kw_only=True):
    """An outcome, its fields in the order of their names."""

    audio_ms: _Number | UnsetType = UNSET
    cache: CacheStatus | UnsetType = UNSET
    code: Code | UnsetType = UNSET
    completion_tokens: _Number
    exchange: _Id
    findings: dict[str, _Number] | UnsetType = UNSET
    finish_reason: FinishReason | UnsetType = UNSET
    invented: _Number
    kind: Literal["outcome"]
    prompt_tokens: _Number
    restored: _Number
    sealed: _Text | UnsetType = UNSET
    status: Status
    time: _Number
    v: Literal[1, 2, 3]

    def __post_init__(self) -> None:
        """Raise `ValueError` unless the version is the one that its fields make."""
        later = (self.audio_ms, self.cache, self.findings)
        second = any(field is not UNSET for field in later)
        _check_version(self.v, 3 if self.sealed is not UNSET else 2 if second else 1)


class RefusalLeaf(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False, kw_only=True):
    """A refusal, its fields in the order of their names."""

    action: Action
    actor: _Text
    client: _Text
    code: Code
    department: _Text | UnsetType = UNSET
    exchange: _Id
    kind: Literal["refusal"]
    model: _Text | UnsetType = UNSET
    profile: _Text | UnsetType = UNSET
    purpose: Purpose | UnsetType = UNSET
    release: _Text | UnsetType = UNSET
    rules: tuple[_Text, ...]
    standing: _Text | UnsetType = UNSET
    time: _Number
    v: Literal[1, 3]

    def __post_init__(self) -> None:
        """Raise `ValueError` unless the version is the one that its fields make."""
        later = (self.department, self.standing)
        _check_version(self.v, 3 if any(field is not UNSET for field in later) else 1)


class AdminLeaf(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False, kw_only=True):
    """An administrative act, its fields in the order of their names."""

    act: AdminAct
    actor: _Text
    exchange: _Id
    kind: Literal["admin"]
    purpose: Purpose | UnsetType = UNSET
    sealed: _Text | UnsetType = UNSET
    target: _Text
    time: _Number
    until: _Number | UnsetType = UNSET
    v: Literal[1, 3]

    def __post_init__(self) -> None:
        """Raise `ValueError` unless the version is the one that its fields make."""
        later = (self.purpose, self.sealed, self.until)
        _check_version(self.v, 3 if any(field is not UNSET for field in later) else 1)


class AccessLeaf(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False, kw_only=True):
    """A look at what is kept, its fields in the order of their names."""

    access: AccessAct
    actor: _Text
    client: _Text
    code: Code | UnsetType = UNSET
    exchange: _Id
    grant: _Text | UnsetType = UNSET
    kind: Literal["access"]
    purpose: Purpose | UnsetType = UNSET
    target: _Text
    time: _Number
    v: _V3


class ReviewLeaf(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False, kw_only=True):
    """What an auditor makes of a record, its fields in the order of their names."""

    actor: _Text
    exchange: _Id
    kind: Literal["review"]
    record: _Number
    sealed: _Text | UnsetType = UNSET
    state: ReviewState | UnsetType = UNSET
    time: _Number
    v: _V3


class AlertLeaf(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """What a rule of the site's found, its fields in the order of their names."""

    actor: _Text
    count: _Number
    exchange: _Id
    kind: Literal["alert"]
    record: _Number
    rule: _Text
    time: _Number
    v: _V3


class DifferenceLeaf(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False, kw_only=True
):
    """What a candidate release would have decided, its fields in the order of their names."""

    code: Code | UnsetType = UNSET
    exchange: _Id
    kind: Literal["difference"]
    profile: _Text | UnsetType = UNSET
    release: _Text
    rules: tuple[_Text, ...]
    time: _Number
    v: _V3


Leaf = (
    IntentLeaf
    | OutcomeLeaf
    | RefusalLeaf
    | AdminLeaf
    | AccessLeaf
    | ReviewLeaf
    | AlertLeaf
    | DifferenceLeaf
)

STRUCTS: Final[dict[Kind, type[Leaf]]] = {
    Kind.INTENT: IntentLeaf,
    Kind.OUTCOME: OutcomeLeaf,
    Kind.REFUSAL: RefusalLeaf,
    Kind.ADMIN: AdminLeaf,
    Kind.ACCESS: AccessLeaf,
    Kind.REVIEW: ReviewLeaf,
    Kind.ALERT: AlertLeaf,
    Kind.DIFFERENCE: DifferenceLeaf,
}
_MARKS: Final[tuple[tuple[bytes, Callable[[bytes], Leaf]], ...]] = tuple(
    (f'"kind":"{kind.value}"'.encode(), msgspec.json.Decoder(struct).decode)
    for kind, struct in STRUCTS.items()
)
_encode = msgspec.json.Encoder(order="deterministic").encode
_entities: set[str] = set()


def read_leaf(leaf: bytes) -> Leaf:
    """Return the fields of a leaf; `ValueError` unless `domain.records.decode` takes it."""
    parse = _reader(leaf)
    # A backslash or DEL is rare, and which of their spellings is canonical is a long story.
    slow = b"\\" in leaf or b"\x7f" in leaf or len(leaf) > MAX_LEAF or not leaf.isascii()
    if slow:
        decode(leaf)
    try:
        value = parse(leaf)
    except msgspec.DecodeError:
        raise ValueError("a leaf does not hold a record of this format") from None
    if not slow and _encode(value) != leaf:
        raise ValueError("a leaf is not in its canonical form")
    found = value.findings if isinstance(value, IntentLeaf | OutcomeLeaf) else UNSET
    if found is not UNSET and not _entities.issuperset(found):
        # Few names are in use, and a regular expression for each of them would cost more than
        # all the rest; a name is remembered once it was found good.
        _entities.update(map(entity_type, found))
    return value


def _reader(leaf: bytes) -> Callable[[bytes], Leaf]:
    # Quotation marks inside a string are escaped, so this finds a key and not someone's text.
    for mark, parse in _MARKS:
        if mark in leaf:
            return parse
    raise ValueError("a leaf does not say what kind of record it holds")


def _check_version(said: int, meant: int) -> None:
    if said != meant:
        raise ValueError("a leaf is of the lowest version that has its fields")
