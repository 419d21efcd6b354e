"""The auditor's and the administrator's routes in the OpenAPI document: a row for each.

A row says which duty a caller needs, what they send, and what comes back: the very types that the
handlers decode and make. Errors are RFC 9457's outside of `/v1`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, get_args

from gateway.domain.duties import Duty, roles_for
from gateway.domain.questions import FIELDS
from gateway.domain.records import (
    Access,
    Admin,
    Alert,
    Difference,
    Intent,
    Outcome,
    Refusal,
    Review,
)
from gateway.http.audit import NDJSON, RecordPage, ReviewMade, ReviewRequest, SearchRequest
from gateway.http.errors import Problem
from gateway.http.exports import ExportRequest
from gateway.http.grants import AskRequest, WaitingGrants
from gateway.http.policy import (
    ActivationRequest,
    DraftRequest,
    RevocationRequest,
    ScheduleRequest,
    SignatureRequest,
    SignerRequest,
)
from gateway.http.usage import UsageReport
from gateway.http.vault import KeptPayload, Shredded, ShredRequest
from gateway.identity.grants.shown import ShownGrant
from gateway.ledger.exports.forms import MEDIA
from gateway.ledger.shown import ShownProof
from gateway.policy.releases.archive import MEDIA_TYPE
from gateway.policy.releases.version import Signer
from gateway.policy.releases.view import ShownRelease

RECORDS: Final = (Intent, Outcome, Refusal, Admin, Access, Review, Alert, Difference)
_ONE, _HISTORY = "ShownRecord", "ReviewHistory"
"""Components that no type has: what a leaf says, and more."""
_BINARY: Final = MappingProxyType({"type": "string", "format": "binary"})


@dataclass(frozen=True, slots=True)
class Row:
    """One operation. `duties`: the first is what it takes; the others do as well, or besides."""

    method: str
    path: str
    summary: str
    duties: Sequence[Duty]
    takes: Any = None
    gives: Any = None
    status: int = 200
    media: Sequence[str] = ("application/json",)
    query: Mapping[str, str] = field(default_factory=dict)
    note: str = ""


_PATIENT: Final = "Who names somebody needs `search_patient` besides."
_RELEASES: Final = "/admin/policy/releases"
_GRANTS: Final = "/admin/grants"
_SIGNERS: Final = "/admin/policy/signers"
_STEPS: Final = (
    ("submit", "Sign a draft as its author, and ask for approval", Duty.WRITE_POLICY),
    ("approve", "Sign what another person wrote", Duty.APPROVE_POLICY),
    ("reject", "Put a release away for good", Duty.APPROVE_POLICY),
    ("withdraw", "Put a release away for good, as its author", Duty.WRITE_POLICY),
    ("rollback", "Put an earlier release in force again", Duty.ACTIVATE_POLICY),
)
_SIGNED: Final = frozenset({"submit", "approve"})
_ASKED: Final = {name: f"The word `{name}=…` of a question." for name in FIELDS} | {
    "limit": "Records of a page, at most 1,000.",
    "before": "Only below this index: `next` of the page before.",
}

ROWS: Final = (
    Row(
        *("get", "/audit/records", "Search records", (Duty.READ_AUDIT,), None, RecordPage),
        media=("application/json", NDJSON),
        query=_ASKED,
    ),
    Row(
        *("post", "/audit/search", "Search records, also by patient", (Duty.READ_AUDIT,)),
        *(SearchRequest, RecordPage),
        media=("application/json", NDJSON),
        note=_PATIENT,
    ),
    Row(
        *("get", "/audit/records/{index}", "Show one record and its proof", (Duty.READ_AUDIT,)),
        *(None, _ONE),
    ),
    Row(
        *("get", "/audit/records/{index}/reviews", "Show what was said about a record"),
        *((Duty.REVIEW,), None, _HISTORY),
    ),
    Row(
        *("post", "/audit/records/{index}/reviews", "Say what a record is", (Duty.REVIEW,)),
        *(ReviewRequest, ReviewMade, 201),
    ),
    Row(
        *("post", "/audit/exports", "Export records", (Duty.EXPORT,), ExportRequest),
        gives=_BINARY,
        media=tuple(dict.fromkeys(MEDIA.values())),
        note=_PATIENT,
    ),
    Row(
        *("get", "/audit/payloads/{exchange}", "Show kept texts, under a grant"),
        *((Duty.READ_PAYLOAD,), None, KeptPayload),
    ),
    Row(
        *("post", "/audit/shred", "Make kept texts unreadable for ever", (Duty.SHRED,)),
        *(ShredRequest, Shredded),
    ),
    Row(
        *("post", _GRANTS, "Ask for a grant", (Duty.ASK_GRANT,), AskRequest, ShownGrant, 201),
    ),
    Row("get", _GRANTS, "Show what others ask for", (Duty.APPROVE_GRANT,), None, WaitingGrants),
    Row(
        *("get", f"{_GRANTS}/{{grant_id}}", "Show a grant", (Duty.ASK_GRANT, Duty.APPROVE_GRANT)),
        *(None, ShownGrant),
    ),
    Row(
        *("post", f"{_GRANTS}/{{grant_id}}/approve", "Approve a grant", (Duty.APPROVE_GRANT,)),
        *(None, ShownGrant),
    ),
    Row(
        *("post", f"{_GRANTS}/{{grant_id}}/refuse", "Refuse a grant", (Duty.APPROVE_GRANT,)),
        *(None, ShownGrant),
    ),
    Row(
        *("post", f"{_GRANTS}/{{grant_id}}/end", "End a grant before its time"),
        *((Duty.ASK_GRANT, Duty.APPROVE_GRANT), None, ShownGrant),
    ),
    Row(
        *("get", "/admin/usage", "Report use and cost", (Duty.READ_USAGE,), None, UsageReport),
        media=("application/json", "text/csv"),
        query={
            "from": "The first day: 2026-10-01.",
            "to": "The day after the last.",
            "by": "department, client, actor or model.",
            "format": "json or csv.",
        },
    ),
    Row(
        *("get", _RELEASES, "List the releases", (Duty.READ_POLICY,), None, list[ShownRelease]),
    ),
    Row(
        *("post", _RELEASES, "Hand in a draft", (Duty.WRITE_POLICY,), DraftRequest),
        *(ShownRelease, 201),
    ),
    Row(
        *("get", f"{_RELEASES}/{{number}}", "Show a release", (Duty.READ_POLICY,)),
        *(None, ShownRelease),
    ),
    Row(
        *("get", f"{_RELEASES}/{{number}}/archive", "Hand out a release", (Duty.READ_POLICY,)),
        *(None, _BINARY),
        media=(MEDIA_TYPE,),
    ),
    Row(
        *("get", f"{_RELEASES}/{{number}}/statement", "Say what a signer signs"),
        *((Duty.READ_POLICY,), None, _BINARY),
        media=("application/octet-stream",),
        query={
            "part": "author, approver, or alone.",
            "signer": "The id of the signer's key.",
            "reason": "Of an emergency, with part=alone.",
        },
    ),
    *(
        Row(
            *("post", f"{_RELEASES}/{{number}}/{step}", summary, (duty,)),
            *(SignatureRequest if step in _SIGNED else None, ShownRelease),
        )
        for step, summary, duty in _STEPS
    ),
    Row(
        *("post", f"{_RELEASES}/{{number}}/schedule", "Put a release in force at a time"),
        *((Duty.ACTIVATE_POLICY,), ScheduleRequest, ShownRelease),
    ),
    Row(
        *("post", f"{_RELEASES}/{{number}}/activate", "Put a release in force"),
        *((Duty.ACTIVATE_POLICY,), ActivationRequest, ShownRelease),
        note="With signer, signature and reason it is an emergency, and needs "
        f"`{Duty.EMERGENCY_POLICY}` instead.",
    ),
    Row(
        *("get", _SIGNERS, "Show whose signatures count", (Duty.READ_POLICY,), None, list[Signer]),
    ),
    Row(
        *("post", _SIGNERS, "Register a person's public key", (Duty.MANAGE_KEYS,)),
        *(SignerRequest, Signer, 201),
    ),
    Row(
        *("post", f"{_SIGNERS}/{{signer}}/revoke", "Let a key's signatures count no more"),
        *((Duty.MANAGE_KEYS,), RevocationRequest, Signer),
    ),
)


def types() -> tuple[Any, ...]:
    """Return what schemas are needed of."""
    named = [kind for row in ROWS for kind in (row.takes, row.gives) if _typed(kind)]
    return tuple(dict.fromkeys([*map(_bare, named), *RECORDS, ShownProof, Problem]))


def paths(schema_of: Mapping[Any, Any], errors: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the operations by path. `errors` are the responses that are none of success."""
    problem = {"application/problem+json": {"schema": schema_of[Problem]}}
    failed = {status: {**each, "content": problem} for status, each in errors.items()}
    found: dict[str, dict[str, Any]] = {}
    for row in ROWS:
        found.setdefault(row.path, {})[row.method] = _operation(row, schema_of, failed)
    return found


def finish(components: dict[str, Any], schema_of: Mapping[Any, Any]) -> None:
    """Add what is shown of records: a leaf of one kind, its index, and what belongs to it."""

    def more(**properties: Any) -> dict[str, Any]:  # noqa: ANN401 - schemas
        return {"type": "object", "required": list(properties), "properties": properties}

    record = {"$ref": "#/components/schemas/Record"}
    number, text = {"type": "integer", "minimum": 0}, {"type": "string"}
    components["Record"] = {
        "allOf": [
            more(index=number, kind=text, v=number),
            {"properties": {"review": {**text, "description": "Where its review stands."}}},
            {"anyOf": [schema_of[kind] for kind in RECORDS]},
        ]
    }
    components[_ONE] = {"allOf": [record, more(proof=schema_of[ShownProof])]}
    said = {"allOf": [record, {"properties": {"comment": text}}]}
    components[_HISTORY] = more(reviews={"type": "array", "items": said})
    components["RecordPage"]["properties"]["records"] = {"type": "array", "items": record}


def _operation(row: Row, schema_of: Mapping[Any, Any], failed: Mapping[str, Any]) -> dict[str, Any]:
    roles = sorted({role for duty in row.duties for role in roles_for(duty)})
    needs = " or ".join(f"`{duty}`" for duty in row.duties)
    operation: dict[str, Any] = {
        "summary": row.summary,
        "description": f"Needs the duty {needs}: {', '.join(roles)}. {row.note}".strip(),
        "tags": [row.path.split("/")[1]],
        "x-duty": [duty.value for duty in row.duties],
        "responses": {
            str(row.status): {
                "description": "Done",
                "content": {name: _content(row, name, schema_of) for name in row.media},
            }
        }
        | dict(failed),
    }
    if parameters := _parameters(row):
        operation["parameters"] = parameters
    if row.takes is not None:
        schema = {"application/json": {"schema": schema_of[row.takes]}}
        operation["requestBody"] = {"required": True, "content": schema}
    return operation


def _content(row: Row, media: str, schema_of: Mapping[Any, Any]) -> dict[str, Any]:
    if media != "application/json":
        return {"schema": dict(_BINARY)}
    if isinstance(row.gives, str):
        return {"schema": {"$ref": f"#/components/schemas/{row.gives}"}}
    if (bare := _bare(row.gives)) is row.gives:
        return {"schema": schema_of[row.gives]}
    return {"schema": {"type": "array", "items": schema_of[bare]}}


def _parameters(row: Row) -> list[dict[str, Any]]:
    words = [part[1:-1] for part in row.path.split("/") if part.startswith("{")]
    numbers = {"index", "number"}
    return [
        {
            "name": word,
            "in": "path",
            "required": True,
            "schema": {"type": "integer" if word in numbers else "string"},
        }
        for word in words
    ] + [
        {"name": name, "in": "query", "description": said, "schema": {"type": "string"}}
        for name, said in row.query.items()
    ]


def _typed(kind: object) -> bool:
    return not (kind is None or kind is _BINARY or isinstance(kind, str))


def _bare(kind: Any) -> Any:  # noqa: ANN401 - a type, or a list of one
    return get_args(kind)[0] if get_args(kind) else kind
