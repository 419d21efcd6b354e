"""Is a leaf canonical? The same answer as `domain.records.decode`, several times faster.

A verifier asks this of every leaf. Each struct lists its fields in the order of the leaf, so that
decoding strictly and encoding again gives the same bytes for a canonical leaf and for no other.
`tests/unit/ledger/test_leaves.py` keeps the two in step.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from operator import attrgetter
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
    since,
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


@dataclass(frozen=True, slots=True)
class _Form:
    """How leaves of one kind are read, and which of their fields came with a later version."""

    decoder: msgspec.json.Decoder[Leaf]
    later: tuple[tuple[int, Callable[[Leaf], object], object], ...]
    """Each later version, what takes its fields from a leaf, and what it takes if none is there."""

    @classmethod
    def of(cls, kind: Kind, struct: type[Leaf]) -> _Form:
        names: dict[int, list[str]] = {}
        for field in struct.__struct_fields__:
            names.setdefault(since(kind, field), []).append(field)
        later = (
            (version, attrgetter(*fields), UNSET if len(fields) == 1 else (UNSET,) * len(fields))
            for version, fields in names.items()
            if version > since(kind, "exchange")
        )
        return cls(msgspec.json.Decoder(struct), tuple(later))

    def has_version(self, version: int, leaves: Sequence[Leaf]) -> bool:
        """Return whether this is the lowest version that has the fields of each of these leaves."""
        for brought, fields, none in self.later:
            without = [*map(fields, leaves)].count(none)
            if brought > version and without != len(leaves):
                return False
            if brought == version and without:
                return False
        return True


_FORMS: Final[Mapping[bytes, _Form]] = {
    f'"kind":"{kind.value}"'.encode(): _Form.of(kind, struct) for kind, struct in STRUCTS.items()
}
_KIND: Final = b'"kind":"'
_ENOUGH: Final = len(_KIND) + 3
"""Bytes from there on that tell kinds apart: a guess, which the decoder of the kind confirms."""
_encoder = msgspec.json.Encoder(order="deterministic")
_entities: set[str] = set()


def read_leaf(leaf: bytes) -> Leaf:
    """Return the fields of a leaf; `ValueError` unless `domain.records.decode` takes it."""
    form = _FORMS.get(_mark(leaf))
    if form is None:
        raise ValueError("a leaf does not say what kind of record it holds")
    slow = _is_long_story(leaf, len(leaf))
    if slow:
        decode(leaf)
    try:
        value = form.decoder.decode(leaf)
    except msgspec.DecodeError:
        raise ValueError("a leaf does not hold a record of this format") from None
    if not slow and _encoder.encode(value) != leaf:
        raise ValueError("a leaf is not in its canonical form")
    if not form.has_version(value.v, [value]):
        raise ValueError("a leaf is of the lowest version that has its fields")
    _check_entities([value])
    return value


def read_leaves(leaves: Sequence[bytes]) -> list[Leaf]:
    """Return what `read_leaf` returns for each, in less time; `ValueError` if it refuses any.

    Leaves of one kind and version go through the decoder and back together, a line each.
    """
    groups: defaultdict[tuple[bytes, bytes], list[int]] = defaultdict(list)
    for position, leaf in enumerate(leaves):
        at = leaf.find(_KIND)
        groups[leaf[at : at + _ENOUGH], leaf[-2:-1]].append(position)
    found: dict[int, Leaf] = {}
    for positions in groups.values():
        alike = _read_alike([leaves[position] for position in positions])
        found.update(zip(positions, alike, strict=True))
    return [found[position] for position in range(len(leaves))]


def _read_alike(leaves: Sequence[bytes]) -> list[Leaf]:
    form, joined = _FORMS.get(_mark(leaves[0])), b"\n".join(leaves)
    if form is None or _is_long_story(joined, max(map(len, leaves))):
        return [read_leaf(leaf) for leaf in leaves]
    try:
        values = form.decoder.decode_lines(joined)
    except msgspec.DecodeError:
        return [read_leaf(leaf) for leaf in leaves]
    # The encoder writes no line feed but at the end of each: as many lines as leaves, and the same
    # bytes, is each leaf for itself. Whatever else it may be, each is asked alone.
    if (
        len(values) != len(leaves)
        or _encoder.encode_lines(values) != joined + b"\n"
        or len({value.v for value in values}) != 1
        or not form.has_version(values[0].v, values)
    ):
        return [read_leaf(leaf) for leaf in leaves]
    _check_entities(values)
    return values


def _is_long_story(leaf: bytes, longest: int) -> bool:
    """Return whether only `decode` knows: rare, and which spelling is canonical is a long story."""
    return longest > MAX_LEAF or b"\\" in leaf or b"\x7f" in leaf or not leaf.isascii()


def _mark(leaf: bytes) -> bytes:
    # Quotation marks inside a string are escaped, so this finds a key and not someone's text.
    start = leaf.find(_KIND)
    return leaf[start : leaf.find(b'"', start + len(_KIND)) + 1]


def _check_entities(leaves: Sequence[Leaf]) -> None:
    """Raise `ValueError` for what is no entity type.

    Few names are in use, and a regular expression for each of them would cost more than all the
    rest; a name is remembered once it was found good.
    """
    if type(leaves[0]) in {IntentLeaf, OutcomeLeaf}:
        found = set(chain.from_iterable(map(_findings, leaves)))
        if not _entities.issuperset(found):
            _entities.update(map(entity_type, found))


def _findings(leaf: Leaf) -> Collection[str]:
    match leaf:
        case IntentLeaf():
            return leaf.findings
        case OutcomeLeaf() if leaf.findings is not UNSET:
            return leaf.findings
        case _:
            return ()
