"""A record's leaf: its exact bytes, and back.

DURABLE FORMAT, versions 1 to 3. A leaf is hashed and stored as the bytes that `encode` returns,
for ever: never reorder, rename or drop a key, and never change how a value is written; add a
version instead.
JSON with sorted ASCII keys, no white space, integers below 2^53, no floats: this equals RFC 8785
for these values.
Versions 2 and 3 add fields that may be absent, and version 3 adds kinds. A leaf is of the lowest
version that has its kind and its fields, so a record without them has the bytes that it always had.
`encode` and `decode` are exact inverses: there is one sequence of bytes for a record, and no other
sequence of bytes decodes to it, so a verifier may demand that encoding a decoded leaf returns it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from enum import StrEnum
from typing import Final

from gateway.domain.entities import entity_type
from gateway.domain.errors import Code
from gateway.domain.exchange import Action, CacheStatus, FinishReason, Purpose
from gateway.domain.records import (
    CLASSES,
    AccessAct,
    AdminAct,
    Kind,
    Record,
    ReviewState,
    Status,
    kind_of,
)

_SINCE: Final[Mapping[tuple[str, str], int]] = {
    ("outcome", "audio_ms"): 2,
    ("outcome", "cache"): 2,
    ("outcome", "findings"): 2,
    ("intent", "department"): 3,
    ("intent", "patients"): 3,
    ("intent", "reserved"): 3,
    ("intent", "sealed"): 3,
    ("intent", "standing"): 3,
    ("outcome", "sealed"): 3,
    ("refusal", "standing"): 3,
    ("refusal", "department"): 3,
    ("admin", "purpose"): 3,
    ("admin", "sealed"): 3,
    ("admin", "until"): 3,
    ("access", "exchange"): 3,
    ("alert", "exchange"): 3,
    ("difference", "exchange"): 3,
    ("review", "exchange"): 3,
}
"""The version that brought a field of a kind of record, where it was not the first.

A kind that is new as a whole is of the version of its field `exchange`, which every record has.
"""
MAX_LEAF: Final = 2048
"""Bytes. A longer record is a programming error, not a client's: every field is bounded where it is
made (names by the key store, rules by the decider), and all known entity types together fit."""


def since(kind: Kind, field: str) -> int:
    """Return the version of a leaf that brought a field of this kind of record."""
    return _SINCE.get((kind.value, field), 1)


def encode(record: Record) -> bytes:
    """Return the leaf of `record`: at most `MAX_LEAF` bytes of canonical JSON.

    Raises `ValueError` if a field is of the wrong type, is not printable ASCII of at most 128
    characters, is a number out of range, or if the leaf is too long: nothing that a client sends
    may reach these limits.
    """
    kind = kind_of(record)
    leaf: dict[str, object] = {"kind": kind.value}
    version = 1
    for name, check, optional, brought in _FIELDS[kind]:
        value = getattr(record, name)
        if value is not None:
            leaf[name] = check(name, value)
            if brought > version:  # noqa: PLR1730 - a call for each field of each record
                version = brought
        elif not optional:
            raise ValueError(f"{name} is missing")
    leaf["v"] = version
    encoded = _dump(leaf).encode("ascii")
    if len(encoded) > MAX_LEAF:
        raise ValueError(f"a leaf is at most {MAX_LEAF} bytes")
    return encoded


def decode(leaf: bytes) -> Record:
    """Return the record whose leaf this is; `ValueError` unless `encode` gives exactly `leaf`.

    The message never quotes the leaf: a leaf that does not decode may hold anything.
    """
    try:
        values = json.loads(leaf.decode("ascii"))
        kind = Kind(values.pop("kind"))
        del values["v"]  # Encoding again writes the one version that these fields make.
        for name, enum in _ENUMS.items():
            if name in values:
                values[name] = enum(values[name])
        if "rules" in values:
            values["rules"] = tuple(values["rules"])
        record = CLASSES[kind](**values)
        encoded = encode(record)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise ValueError("a leaf does not hold a record of this format") from None
    if encoded != leaf:
        raise ValueError("a leaf is not in its canonical form")
    return record


_dump = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False).encode

_TEXT: Final = re.compile(r"[\x20-\x7e]{0,128}\Z")


def _text(name: str, value: object) -> object:
    if type(value) is not str or not _TEXT.match(value):
        raise ValueError(f"{name} is not printable ASCII of at most 128 characters")
    return value


def _id(name: str, value: object) -> object:
    if not value:
        raise ValueError(f"{name} is empty")
    return _text(name, value)


def _number(name: str, value: object) -> object:
    if type(value) is not int or not 0 <= value < 2**53:
        raise ValueError(f"{name} is not an integer from 0 up to 2^53")
    return value


def _rules(name: str, value: object) -> object:
    if not isinstance(value, tuple):
        raise ValueError(f"{name} is not a tuple")  # noqa: TRY004 - one kind of error for a bad record
    return [_text(name, item) for item in value]


def _counts(name: str, value: object) -> object:
    if not isinstance(value, Mapping):
        raise ValueError(f"{name} is not a mapping")  # noqa: TRY004 - as above
    return {entity_type(key): _number(name, item) for key, item in value.items()}


def _enum(name: str, value: object) -> object:
    if type(value) is not _ENUMS[name]:
        raise ValueError(f"{name} is not a {_ENUMS[name].__name__}")
    return value.value


_ENUMS: Final[Mapping[str, type[StrEnum]]] = {
    "access": AccessAct,
    "act": AdminAct,
    "action": Action,
    "cache": CacheStatus,
    "code": Code,
    "finish_reason": FinishReason,
    "purpose": Purpose,
    "state": ReviewState,
    "status": Status,
}
_Check = Callable[[str, object], object]
_CHECKS: Final[Mapping[str, _Check]] = {
    "exchange": _id,
    "time": _number,
    "prompt_tokens": _number,
    "completion_tokens": _number,
    "restored": _number,
    "invented": _number,
    "audio_ms": _number,
    "count": _number,
    "record": _number,
    "patients": _number,
    "reserved": _number,
    "until": _number,
    "rules": _rules,
    "findings": _counts,
    **dict.fromkeys(_ENUMS, _enum),
}
"""How a field is checked and written; one that is not here is text."""
_FIELDS: Final[Mapping[Kind, tuple[tuple[str, _Check, bool, int], ...]]] = {
    kind: tuple(
        (
            field.name,
            _CHECKS.get(field.name, _text),
            field.default is not MISSING,
            since(kind, field.name),
        )
        for field in fields(record_class)
    )
    for kind, record_class in CLASSES.items()
}
"""Of each field: its name, how it is checked, whether it may be absent, and since which version."""
