"""A release as people and programs are shown it, over HTTP and on the command line alike."""

from __future__ import annotations

import datetime as dt
from typing import TypedDict

from gateway.policy.releases.desk import Desk
from gateway.policy.releases.trust import reason_of
from gateway.policy.releases.version import Part, Version


class ShownRelease(TypedDict):
    """A release; times are UTC, to the second."""

    number: int
    state: str
    release: str
    note: str
    author: str | None
    approver: str | None
    alone: bool
    reason: str | None
    drafted: str
    begins: str | None
    activated: str | None


def version_view(desk: Desk, version: Version) -> ShownRelease:
    """Return where a release stands, and who signed it, by name."""
    signers, signed = desk.store.signers(), desk.store.signatures(version.number)
    people = {part: signers[each.signer].person for part, each in signed.items()}
    alone = signed.get(Part.ALONE)
    return {
        "number": version.number,
        "state": str(version.state),
        "release": version.digest,
        "note": version.note,
        "author": people.get(Part.AUTHOR, people.get(Part.ALONE)),
        "approver": people.get(Part.APPROVER),
        "alone": version.alone,
        "reason": None if alone is None else reason_of(alone.statement),
        "drafted": iso(version.drafted),
        "begins": None if version.begins is None else iso(version.begins),
        "activated": None if version.activated is None else iso(version.activated),
    }


def iso(milliseconds: int) -> str:
    """Return a time as UTC, to the second."""
    return dt.datetime.fromtimestamp(milliseconds // 1000, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
