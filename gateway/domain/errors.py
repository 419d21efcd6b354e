"""Everything that can be said to a client who does not get an answer: one stable code each.

A message says what to do next and never quotes what the client sent (invariant 6).
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gateway.domain.exchange import Caller


class Code(StrEnum):
    """Stable: clients and auditors match on these. Add, never rename."""

    # who
    MISSING_CREDENTIALS = "missing_credentials"
    INVALID_CREDENTIALS = "invalid_credentials"
    REVOKED_CREDENTIALS = "revoked_credentials"
    EXPIRED_CREDENTIALS = "expired_credentials"
    TOKEN_NOT_YET_VALID = "token_not_yet_valid"  # noqa: S105 - a code, no secret
    NETWORK_NOT_ALLOWED = "network_not_allowed"
    # what was sent
    INVALID_JSON = "invalid_json"
    INVALID_ENCODING = "invalid_encoding"
    INVALID_REQUEST = "invalid_request"
    UNKNOWN_FIELD = "unknown_field"
    UNSUPPORTED_PARAMETER = "unsupported_parameter"
    INVALID_MESSAGES = "invalid_messages"
    BODY_TOO_LARGE = "body_too_large"
    HEADERS_TOO_LARGE = "headers_too_large"
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type"
    REQUEST_TIMEOUT = "request_timeout"
    NOT_FOUND = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    MODEL_NOT_FOUND = "model_not_found"
    MODEL_NOT_FOR_TASK = "model_not_for_task"
    CONTEXT_LENGTH_EXCEEDED = "context_length_exceeded"
    UNREADABLE_AUDIO = "unreadable_audio"
    AUDIO_TOO_LONG = "audio_too_long"
    # whether
    PURPOSE_REQUIRED = "purpose_required"
    UNKNOWN_PURPOSE = "unknown_purpose"
    PURPOSE_NOT_ALLOWED = "purpose_not_allowed"
    SCOPE_EXCEEDED = "scope_exceeded"
    UNKNOWN_PROFILE = "unknown_profile"
    PROFILE_NOT_STRICTER = "profile_not_stricter"
    POLICY_DENIED = "policy_denied"
    LIMIT_EXCEEDED = "limit_exceeded"
    ENTITY_BLOCKED = "entity_blocked"
    DUTY_REFUSED = "duty_refused"
    REVIEW_REFUSED = "review_refused"
    # releases of the policy
    RELEASE_NOT_FOUND = "release_not_found"
    RELEASE_CONFLICT = "release_conflict"
    RELEASE_INVALID = "release_invalid"
    SIGNATURE_REFUSED = "signature_refused"
    SELF_APPROVAL = "self_approval"
    GRANT_REFUSED = "grant_refused"
    """All that a caller learns. The record holds one of the next five, or what the vault said."""
    GRANT_UNKNOWN = "grant_unknown"
    GRANT_OF_ANOTHER = "grant_of_another"
    GRANT_NOT_ACTIVE = "grant_not_active"
    GRANT_PURPOSE = "grant_purpose"
    GRANT_PATIENT = "grant_patient"
    GRANT_STATE = "grant_state"
    """The grant is past what is asked of it: approved, refused or ended already."""
    GRANT_OWN = "grant_own"
    """Nobody approves what they asked for."""
    GRANT_REQUIRED = "grant_required"
    PAYLOAD_NOT_KEPT = "payload_not_kept"
    PAYLOAD_SHREDDED = "payload_shredded"
    PAYLOAD_DAMAGED = "payload_damaged"
    PAYLOAD_HELD = "payload_held"
    # this side
    CLIENT_DISCONNECTED = "client_disconnected"
    OVERLOADED = "overloaded"
    RATE_LIMITED = "rate_limited"
    QUOTA_EXCEEDED = "quota_exceeded"
    SHUTTING_DOWN = "shutting_down"
    DETECTION_FAILED = "detection_failed"
    IDENTITY_UNAVAILABLE = "identity_unavailable"
    POLICY_UNAVAILABLE = "policy_unavailable"
    AUDIT_UNAVAILABLE = "audit_unavailable"
    AUDIT_UNWITNESSED = "audit_unwitnessed"
    MODEL_UNAVAILABLE = "model_unavailable"
    ENGINE_FAILED = "engine_failed"
    ENGINE_TIMEOUT = "engine_timeout"
    ENGINE_UNAVAILABLE = "engine_unavailable"
    INTERNAL_ERROR = "internal_error"


class ExchangeError(Exception):
    """An exchange that ends here, with a code and a sentence that may be shown to the client.

    `param` names the request field at fault, from our own schema or shortened by the edge;
    `retry_after` is in how many seconds the same request may succeed, where that is known.
    """

    def __init__(
        self,
        code: Code,
        message: str,
        *,
        param: str | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.param = param
        self.retry_after = retry_after


class AuthenticationError(ExchangeError):
    """Who asks is not believed. `caller` is set where the credential has a known owner."""

    def __init__(self, code: Code, message: str, *, caller: Caller | None = None) -> None:
        super().__init__(code, message)
        self.caller = caller


class LedgerUnavailable(ExchangeError):  # noqa: N818 - reads as a state, as in DESIGN.md
    """No durable record, no service."""

    def __init__(self) -> None:
        super().__init__(
            Code.AUDIT_UNAVAILABLE,
            "The audit ledger cannot store a record, so nothing was sent to a model. "
            "Try again later; the operator can run `intramural doctor`.",
        )
