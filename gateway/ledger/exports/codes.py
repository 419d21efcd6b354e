"""The codes that our events use, each of its system, and where BALP says what they are for.

BALP: IHE ITI Basic Audit Log Patterns 1.1 (https://profiles.ihe.net/ITI/BALP/). Codes that are ours
are of a system whose name is a URN: nothing of it is on the web.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from gateway.domain.records import AdminAct
from gateway.ledger.exports.resources import Coding

_TYPE: Final = "http://terminology.hl7.org/CodeSystem/audit-event-type"
_REST: Final = "http://hl7.org/fhir/restful-interaction"
_DCM: Final = "http://dicom.nema.org/resources/ontology/DCM"
_ENTITY: Final = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
_ROLE: Final = "http://terminology.hl7.org/CodeSystem/object-role"
_PARTICIPATION: Final = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
REASON: Final = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
_BALP: Final = "https://profiles.ihe.net/ITI/BALP/"
ABSENT: Final = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"

CREATE: Final = f"{_BALP}StructureDefinition/IHE.BasicAudit.Create"
PATIENT_CREATE: Final = f"{_BALP}StructureDefinition/IHE.BasicAudit.PatientCreate"
READ: Final = f"{_BALP}StructureDefinition/IHE.BasicAudit.Read"

REST: Final = Coding(system=_TYPE, code="rest", display="Restful Operation")
INTERACTION_CREATE: Final = Coding(system=_REST, code="create", display="create")
INTERACTION_READ: Final = Coding(system=_REST, code="read", display="read")
INTERACTION_SEARCH: Final = Coding(system=_REST, code="search", display="search")

ACTIVITY: Final = Coding(system=_DCM, code="110100", display="Application Activity")
LOG_USED: Final = Coding(system=_DCM, code="110101", display="Audit Log Used")
EXPORTED: Final = Coding(system=_DCM, code="110106", display="Export")
SECURITY_ALERT: Final = Coding(system=_DCM, code="110113", display="Security Alert")
AUTHENTICATION: Final = Coding(system=_DCM, code="110114", display="User Authentication")
STARTED: Final = Coding(system=_DCM, code="110120", display="Application Start")
STOPPED: Final = Coding(system=_DCM, code="110121", display="Application Stop")
LOGIN: Final = Coding(system=_DCM, code="110122", display="Login")
OVERRIDE: Final = Coding(system=_DCM, code="110127", display="Emergency Override Started")
OVERRIDE_ENDED: Final = Coding(system=_DCM, code="110138", display="Emergency Override Stopped")
CONFIGURED: Final = Coding(system=_DCM, code="110129", display="Security Configuration")
RESTRICTED: Final = Coding(system=_DCM, code="110132", display="Use of Restricted Function")
USER_CHANGED: Final = Coding(system=_DCM, code="110137", display="User Security Attributes Changed")

APPLICATION: Final = Coding(system=_DCM, code="110150", display="Application")
DESTINATION: Final = Coding(system=_DCM, code="110152", display="Destination Role ID")
SENDER: Final = Coding(system=_DCM, code="110153", display="Source Role ID")
AUTHOR: Final = Coding(system=_PARTICIPATION, code="AUT", display="author (originator)")
RECIPIENT: Final = Coding(system=_PARTICIPATION, code="IRCP", display="information recipient")

PERSON: Final = Coding(system=_ENTITY, code="1", display="Person")
SYSTEM_OBJECT: Final = Coding(system=_ENTITY, code="2", display="System Object")
OTHER: Final = Coding(system=_ENTITY, code="4", display="Other")
REQUEST_ID: Final = Coding(
    system=f"{_BALP}CodeSystem/BasicAuditEntityType", code="XrequestId", display="X-Request-Id"
)
PATIENT: Final = Coding(system=_ROLE, code="1", display="Patient")
REPORT: Final = Coding(system=_ROLE, code="3", display="Report")
DOMAIN_RESOURCE: Final = Coding(system=_ROLE, code="4", display="Domain Resource")
SECURITY_RESOURCE: Final = Coding(system=_ROLE, code="13", display="Security Resource")
JOB: Final = Coding(system=_ROLE, code="20", display="Job")
QUERY: Final = Coding(system=_ROLE, code="24", display="Query")
APPLICATION_SERVER: Final = Coding(
    system="http://terminology.hl7.org/CodeSystem/security-source-type",
    code="4",
    display="Application Server",
)
BREAK_GLASS: Final = Coding(system=REASON, code="BTG")

SUCCESS: Final = "0"
MINOR: Final = "4"
SERIOUS: Final = "8"
"""http://terminology.hl7.org/CodeSystem/audit-event-outcome; 12 is for what we never survive."""

REFUSED: Final = frozenset({AdminAct.DUTY_REFUSED, AdminAct.POLICY_REFUSED})
"""Acts that were not done: what they are about was asked for, and refused."""
ACTS: Final[Mapping[AdminAct, tuple[Coding, Coding]]] = MappingProxyType(
    {
        AdminAct.KEY_CREATED: (SECURITY_ALERT, USER_CHANGED),
        AdminAct.KEY_REVOKED: (SECURITY_ALERT, USER_CHANGED),
        AdminAct.KEY_ROTATED: (SECURITY_ALERT, USER_CHANGED),
        AdminAct.KEY_RECOVERED: (SECURITY_ALERT, OVERRIDE),
        AdminAct.SIGNER_ADDED: (SECURITY_ALERT, USER_CHANGED),
        AdminAct.SIGNER_REVOKED: (SECURITY_ALERT, USER_CHANGED),
        AdminAct.GRANT_APPROVED: (SECURITY_ALERT, OVERRIDE),
        AdminAct.GRANT_ENDED: (SECURITY_ALERT, OVERRIDE_ENDED),
        AdminAct.GATEWAY_STARTED: (ACTIVITY, STARTED),
        AdminAct.GATEWAY_STOPPED: (ACTIVITY, STOPPED),
        AdminAct.DUTY_REFUSED: (SECURITY_ALERT, RESTRICTED),
    }
)
OTHER_ACT: Final = (SECURITY_ALERT, CONFIGURED)
"""An act that is not listed changes how the gateway is set up: policy, dictionary, grants, keys."""


def ours(kind: str, code: str) -> Coding:
    """Return a code of this program: of an action, an act, a kind of look."""
    return Coding(system=f"urn:intramural:{kind}", code=code)
