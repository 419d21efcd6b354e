"""Is a leaf canonical? The same answer as `domain.canonical.decode`, several times faster.

A verifier asks this of every leaf. Each struct lists its fields in the order of the leaf, so that
decoding strictly and encoding again gives the same bytes for a canonical leaf and for no other.
`tests/unit/ledger/test_leaves.py` keeps the two in step.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, compress
from operator import attrgetter
from typing import Annotated, Final, Literal

import msgspec
from msgspec import UNSET, UnsetType

from gateway.domain.canonical import MAX_LEAF, decode, since
from gateway.domain.entities import entity_type
from gateway.domain.errors import Code
from gateway.domain.exchange import Action, CacheStatus, FinishReason, Purpose
from gateway.domain.records import AccessAct, AdminAct, Kind, ReviewState, Status

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
    """How leaves of one kind and version are read."""

    decoder: msgspec.json.Decoder[Leaf]
    """Takes this version alone, and no field that came with a later one."""
    brought: tuple[Callable[[Leaf], object], ...]
    """What takes the fields that this version brought from a leaf, which has at least one."""

    @classmethod
    def of(cls, kind: Kind, version: int) -> _Form:
        struct = STRUCTS[kind]
        names = struct.__struct_fields__
        exact = msgspec.defstruct(
            f"{struct.__name__}{version}",
            [
                *((name, UnsetType, UNSET) for name in names if since(kind, name) > version),
                ("v", Literal[version]),
            ],
            bases=(struct,),
            forbid_unknown_fields=True,
            frozen=True,
            gc=False,
            kw_only=True,
        )
        # What most leaves have (`standing`, `sealed`) is late in the alphabet.
        brought = reversed([name for name in names if since(kind, name) == version])
        first = version == since(kind, "exchange")
        return cls(msgspec.json.Decoder(exact), () if first else tuple(map(attrgetter, brought)))

    def is_lowest(self, leaves: Sequence[Leaf]) -> bool:
        """Return whether an earlier version would do for none of these."""
        for field in self.brought:
            leaves = [leaf for leaf in leaves if field(leaf) is UNSET]
            if not leaves:
                return True
        return not self.brought


_KIND: Final = b'"kind":"'
_ENOUGH: Final = len(_KIND) + 3
"""Bytes from there on that tell kinds apart: a guess, which the decoder of the kind confirms.

Quotation marks inside a string are escaped, so what is found is a key and not someone's text.
"""
_FORMS: Final[Mapping[bytes, _Form]] = {
    f'"kind":"{kind.value}"'.encode()[:_ENOUGH] + b"%d" % version: _Form.of(kind, version)
    for kind, struct in STRUCTS.items()
    for version in {since(kind, name) for name in struct.__struct_fields__}
}
"""By the beginning of the kind, and the version, as a leaf has them."""
_findings: Final[Callable[[Leaf], Collection[str]]] = attrgetter("findings")
_encoder = msgspec.json.Encoder(order="deterministic")
_entities: set[str] = set()


def read_leaf(leaf: bytes) -> Leaf:
    """Return the fields of a leaf; `ValueError` unless `domain.canonical.decode` takes it."""
    at = leaf.find(_KIND)
    return _read_alike(leaf[at : at + _ENOUGH] + leaf[-2:-1], [leaf])[0]


def read_leaves(leaves: Sequence[bytes]) -> list[Leaf]:
    """Return what `read_leaf` returns for each, in less time; `ValueError` if it refuses any.

    Leaves of one kind and version go through the decoder and back together, a line each.
    """
    marks = [leaf[(at := leaf.find(_KIND)) : at + _ENOUGH] + leaf[-2:-1] for leaf in leaves]
    alike = {
        mark: iter(_read_alike(mark, [*compress(leaves, map(mark.__eq__, marks))]))
        for mark in set(marks)
    }
    return [*map(next, map(alike.__getitem__, marks))]


def _read_alike(mark: bytes, leaves: Sequence[bytes]) -> list[Leaf]:
    form, joined = _FORMS.get(mark), b"\n".join(leaves)
    if form is None:
        raise ValueError("a leaf is of no kind and version that this program knows")
    if _is_long_story(joined, max(map(len, leaves))):
        return [_read_slowly(form, leaf) for leaf in leaves]
    try:
        values = form.decoder.decode_lines(joined)
    except msgspec.DecodeError:
        raise ValueError("a leaf does not hold a record of this format") from None
    # The encoder writes no line feed but at the end of each: as many lines as leaves, and the same
    # bytes, is each leaf for itself.
    if len(values) != len(leaves) or _encoder.encode_lines(values) != joined + b"\n":
        raise ValueError("a leaf is not in its canonical form")
    if not form.is_lowest(values):
        raise ValueError("a leaf is of the lowest version that has its fields")
    _check_entities(values)
    return values


def _read_slowly(form: _Form, leaf: bytes) -> Leaf:
    decode(leaf)
    try:
        return form.decoder.decode(leaf)
    except msgspec.DecodeError:
        raise ValueError("a leaf does not hold a record of this format") from None


def _is_long_story(leaf: bytes, longest: int) -> bool:
    """Return whether only `decode` knows: rare, and which spelling is canonical is a long story."""
    return longest > MAX_LEAF or b"\\" in leaf or b"\x7f" in leaf or not leaf.isascii()


def _check_entities(leaves: Sequence[Leaf]) -> None:
    """Raise `ValueError` for what is no entity type.

    Few names are in use, and a regular expression for each of them would cost more than all the
    rest; a name is remembered once it was found good.
    """
    if isinstance(leaves[0], IntentLeaf | OutcomeLeaf):
        # `None` passes over what is unset, and what is empty.
        found = set(chain.from_iterable(filter(None, map(_findings, leaves))))
        if not _entities.issuperset(found):
            _entities.update(map(entity_type, found))
