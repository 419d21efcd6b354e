"""The leaves of the audit log: what is said about an exchange, and its exact bytes.

DURABLE FORMAT, version 1. A leaf is hashed and stored as the bytes that `encode` returns, for ever:
never reorder, rename or drop a key, and never change how a value is written; add a version instead.
JSON with sorted ASCII keys, no white space, integers below 2^53 and no floats, which equals RFC 8785
for these values. A leaf holds no text, no patient identifier, and no hash of either.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gateway.domain.errors import Code
from gateway.domain.exchange import Action, FinishReason, Purpose

VERSION: Final = 1
MAX_LEAF: Final = 2048
"""Bytes. A record that is longer is a programming error, not a client's: every field is bounded."""


class Status(StrEnum):
    """How an exchange that reached an engine ended."""

    COMPLETED = "completed"
    CANCELLED = "cancelled"
    """The client went away; what had been generated is counted."""
    FAILED = "failed"
    LOST = "lost"
    """The process ended between intent and outcome; written at the next start."""


@dataclass(frozen=True, slots=True)
class Intent:
    """An engine is about to see redacted text."""

    exchange: str
    """UUIDv7, the id of the exchange in every record, log line and response header."""
    time: int
    """Milliseconds since the Unix epoch."""
    actor: str
    client: str
    action: Action
    purpose: Purpose
    model: str
    model_digest: str
    profile: str
    release: str
    rules: tuple[str, ...]
    findings: Mapping[str, int]
    """How many findings of each entity type redaction treated."""
    prompt_tokens: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """How it ended. One for each intent, and none without one."""

    exchange: str
    time: int
    status: Status
    code: Code | None = None
    finish_reason: FinishReason | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0
    restored: int = 0
    invented: int = 0


@dataclass(frozen=True, slots=True)
class Refusal:
    """No engine saw anything. Unknown parts of the question are `None`."""

    exchange: str
    time: int
    actor: str
    client: str
    action: Action
    code: Code
    purpose: Purpose | None = None
    model: str | None = None
    """A model of ours; the client's own words for another one are never recorded."""
    profile: str | None = None
    release: str | None = None
    rules: tuple[str, ...] = ()


class AdminAct(StrEnum):
    """What an administrator or the program itself did to the installation."""

    KEY_CREATED = "key_created"
    KEY_REVOKED = "key_revoked"
    GATEWAY_STARTED = "gateway_started"
    GATEWAY_STOPPED = "gateway_stopped"
    POLICY_ACTIVATED = "policy_activated"


@dataclass(frozen=True, slots=True)
class Admin:
    """An administrative act. `target` is an id of ours (a key id, a release digest), never a name."""

    exchange: str
    time: int
    actor: str
    act: AdminAct
    target: str


Record = Intent | Outcome | Refusal | Admin

_TEXT: Final = re.compile(r"[\x20-\x7e]{0,128}\Z")


def encode(record: Record) -> bytes:
    """Return the leaf of `record`: at most `MAX_LEAF` bytes of canonical JSON.

    Raises `ValueError` if a field is not printable ASCII of at most 128 characters, is a number out
    of range, or if the leaf is too long: nothing that a client sends may reach these limits.
    """
    match record:
        case Intent():
            kind = "intent"
        case Outcome():
            kind = "outcome"
        case Refusal():
            kind = "refusal"
        case Admin():
            kind = "admin"
    fields: dict[str, object] = {"v": VERSION, "kind": kind}
    for name in record.__dataclass_fields__:
        value = getattr(record, name)
        if value is not None:
            fields[name] = _checked(name, value)
    leaf = json.dumps(fields, sort_keys=True, separators=(",", ":"), allow_nan=False).encode(
        "ascii"
    )
    if len(leaf) > MAX_LEAF:
        raise ValueError(f"a {kind} leaf is longer than {MAX_LEAF} bytes")
    return leaf


def _checked(name: str, value: object) -> object:
    match value:
        case str():
            if not _TEXT.match(value):
                raise ValueError(f"{name} is not printable ASCII of at most 128 characters")
            return str(value)
        case int() if not isinstance(value, bool):
            if not 0 <= value < 2**53:
                raise ValueError(f"{name} is out of range")
            return value
        case tuple():
            return [_checked(name, item) for item in value]
        case Mapping():
            return {_checked(name, key): _checked(name, item) for key, item in value.items()}
        case _:
            raise ValueError(f"{name} is of a type that a leaf does not hold")
