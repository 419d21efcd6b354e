"""The records of the audit log: what is said about an exchange, an administrator's act, a look.

A record holds no text, no patient identifier, and no hash of either. Its kinds and fields are a
durable format: `canonical` says what their bytes are, and what may change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gateway.domain.errors import Code
from gateway.domain.exchange import Action, CacheStatus, FinishReason, Purpose


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
    sealed: str | None = None
    """SHA-256 of the sealed request, where the profile keeps it. Since version 3."""
    standing: str | None = None
    """Digest of the caller's roles, groups and assurance (`standing.py`). Since version 3."""
    department: str | None = None
    """The group that the caller's use is counted under, where it has one. Since version 3."""
    patients: int | None = None
    """How many patients the caller touches by it that it had not within the last hour, where a
    limit counts them. Since version 3."""
    reserved: int | None = None
    """Tokens that were set aside for prompt and reply, where a limit counts them: what a lost
    exchange is counted as. Since version 3."""


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
    findings: Mapping[str, int] | None = None
    """Of a transcription: how many findings of each type redaction treated in what was heard.

    Absent from the outcomes of all else, whose findings their intents hold. Since version 2.
    """
    cache: CacheStatus | None = None
    """How the reply came, where the engine did not make it for this exchange. Since version 2."""
    audio_ms: int | None = None
    """Of a transcription: how long the recording lasts, in milliseconds. Since version 2."""
    sealed: str | None = None
    """SHA-256 of the sealed reply, where the profile keeps it. Since version 3."""


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
    standing: str | None = None
    """As in an intent. Since version 3."""
    department: str | None = None
    """As of an intent. Since version 3."""


class AdminAct(StrEnum):
    """What an administrator or the program itself did to the installation."""

    KEY_CREATED = "key_created"
    KEY_REVOKED = "key_revoked"
    KEY_ROTATED = "key_rotated"
    """It has a new secret; `until` says how long the one before it still works."""
    KEY_RECOVERED = "key_recovered"
    """A login of the host made an operator's key, which lives until `until`: break-glass."""
    GATEWAY_STARTED = "gateway_started"
    GATEWAY_STOPPED = "gateway_stopped"
    POLICY_DRAFTED = "policy_drafted"
    POLICY_SUBMITTED = "policy_submitted"
    POLICY_APPROVED = "policy_approved"
    POLICY_REJECTED = "policy_rejected"
    POLICY_SCHEDULED = "policy_scheduled"
    POLICY_UNSCHEDULED = "policy_unscheduled"
    POLICY_ACTIVATING = "policy_activating"
    """Somebody is about to put a release in force; `policy_activated` says that it is."""
    POLICY_ROLLING_BACK = "policy_rolling_back"
    """As `policy_activating`, of one that was in force before."""
    POLICY_EMERGENCY = "policy_emergency"
    """As `policy_activating`, by one person alone."""
    POLICY_ACTIVATED = "policy_activated"
    POLICY_LOADED = "policy_loaded"
    """A running gateway decides by it from now on."""
    POLICY_REFUSED = "policy_refused"
    """A step, or a gateway's change to a release, was refused: the target ends with the code."""
    POLICY_EVALUATED = "policy_evaluated"
    """Detection was measured on the site's notes; the target is the digest of detection."""
    SIGNER_ADDED = "signer_added"
    SIGNER_REVOKED = "signer_revoked"
    DICTIONARY_LOADED = "dictionary_loaded"
    DICTIONARY_REMOVED = "dictionary_removed"
    DICTIONARY_CORRECTED = "dictionary_corrected"
    LOG_KEY_ADDED = "log_key_added"
    """The log is signed with one more key from now on; the target is its vkey."""
    LOG_KEY_ENDED = "log_key_ended"
    WITNESS_REFUTED = "witness_refuted"
    """A witness has seen another history of this log; the target is its name in the settings."""
    WITNESSES_SILENT = "witnesses_silent"
    """Too few have cosigned for too long: no new work."""
    WITNESSES_BACK = "witnesses_back"
    SHADOW_STARTED = "shadow_started"
    """A candidate decides beside the release in force; the target is its digest."""
    SHADOW_STOPPED = "shadow_stopped"
    GRANT_ASKED = "grant_asked"
    """Somebody asks to learn who a pseudonym is; the target is the id of the grant."""
    GRANT_APPROVED = "grant_approved"
    GRANT_REFUSED = "grant_refused"
    GRANT_ENDED = "grant_ended"
    HOLD_PLACED = "hold_placed"
    """The target is an exchange or a quarter; the reason is sealed by a salted digest."""
    HOLD_LIFTED = "hold_lifted"
    QUARTER_SEALED = "quarter_sealed"
    """Its records were copied to a file; the target is the quarter and their indices."""
    RECORDS_DROPPED = "records_dropped"
    """All before an index are to go; the target is the quarter and that index: `2026Q4:12800`."""
    RECORD_SHREDDED = "record_shredded"
    """The texts of an exchange were made unreadable; the target is the exchange."""
    PATIENT_SHREDDED = "patient_shredded"
    """All that was kept of a patient, and the index of it; the target does not say whose."""
    EPOCH_SHREDDED = "epoch_shredded"
    ALERTS_CHANGED = "alerts_changed"
    """Other rules raise alerts from now on; the target is the digest of their files."""
    DUTY_REFUSED = "duty_refused"
    """Somebody asked for what their roles do not give, or with a key that works no more or is for
    other things: the target is the duty, with the code where it was the key."""


@dataclass(frozen=True, slots=True)
class Admin:
    """An administrative act. `target` is an id of ours (a key, a release), never a name."""

    exchange: str
    time: int
    actor: str
    act: AdminAct
    target: str
    purpose: Purpose | None = None
    """Of a grant: what it is for. Since version 3."""
    until: int | None = None
    """When what was done ends by itself, or begins: milliseconds since the epoch. Version 3."""
    sealed: str | None = None
    """SHA-256 of what was said about it (a reason), which is sealed apart. Since version 3."""


class AccessAct(StrEnum):
    """How somebody looked at what the gateway keeps."""

    SEARCH = "search"
    """Of records; the target is none, or `patient` where the question named one."""
    EXPORT = "export"
    READ_PAYLOAD = "read_payload"
    REIDENTIFY = "reidentify"
    REPORT = "report"
    """Of what many records say together; the target is which report."""


@dataclass(frozen=True, slots=True)
class Access:
    """Somebody looked at the audit, at a kept text, or at who a pseudonym is. Since version 3.

    It is durable before anything is shown. With `code`, nothing was.
    """

    exchange: str
    time: int
    actor: str
    client: str
    access: AccessAct
    target: str
    """An id of ours: an exchange, an export's form, or empty."""
    grant: str | None = None
    """Id of the break-glass grant that it was done under."""
    purpose: Purpose | None = None
    code: Code | None = None


class ReviewState(StrEnum):
    """Where the review of a record stands."""

    OPEN = "open"
    EXPLAINED = "explained"
    ESCALATED = "escalated"


@dataclass(frozen=True, slots=True)
class Review:
    """What an auditor makes of a record. Since version 3."""

    exchange: str
    time: int
    actor: str
    record: int
    """Index of the record in this log."""
    state: ReviewState | None = None
    """`None` is a comment alone."""
    sealed: str | None = None
    """SHA-256 of the comment, which is sealed apart."""


@dataclass(frozen=True, slots=True)
class Alert:
    """A rule of the site's found something that a person should look at. Since version 3."""

    exchange: str
    time: int
    rule: str
    """Id of the rule."""
    record: int
    """Index of the record that set it off."""
    actor: str
    """Who that record is about."""
    count: int = 1
    """How many records it took."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A candidate release would have decided an exchange otherwise. Since version 3."""

    exchange: str
    """Of the exchange that was decided, under the release in force."""
    time: int
    release: str
    """Digest of the candidate."""
    rules: tuple[str, ...]
    profile: str | None = None
    """The candidate's; `None` where it denies."""
    code: Code | None = None
    """Why it denies."""


Record = Intent | Outcome | Refusal | Admin | Access | Review | Alert | Difference


class RecordOrderError(RuntimeError):
    """An append that would break "one refusal, or one intent and one outcome": a programming error.

    Every ledger raises it for an outcome without an open intent, and for an intent or a refusal of
    an exchange that already has a record. Nothing was written.
    """


class Kind(StrEnum):
    """The kinds of record, as a leaf names them."""

    INTENT = "intent"
    OUTCOME = "outcome"
    REFUSAL = "refusal"
    ADMIN = "admin"
    ACCESS = "access"
    REVIEW = "review"
    ALERT = "alert"
    DIFFERENCE = "difference"


CLASSES: Final[Mapping[Kind, type[Record]]] = {
    Kind.INTENT: Intent,
    Kind.OUTCOME: Outcome,
    Kind.REFUSAL: Refusal,
    Kind.ADMIN: Admin,
    Kind.ACCESS: Access,
    Kind.REVIEW: Review,
    Kind.ALERT: Alert,
    Kind.DIFFERENCE: Difference,
}
_KINDS: Final[Mapping[type[Record], Kind]] = {each: kind for kind, each in CLASSES.items()}


def kind_of(record: Record) -> Kind:
    """Return which kind of record this is."""
    return _KINDS[type(record)]
