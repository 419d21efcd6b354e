"""Every decision about whom to believe when a release is signed, approved or put in force.

No disk, no clock, no exceptions to it: two persons, each with a key that is theirs and good, or one
person in an emergency that is called one. Each function returns nothing, or raises.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from gateway.domain.duties import same_person
from gateway.domain.errors import Code, ExchangeError
from gateway.domain.exchange import Caller
from gateway.policy.releases.signing import statement, verifies
from gateway.policy.releases.version import (
    STEPS,
    Part,
    Signature,
    Signer,
    Step,
    Version,
)

Signatures = Mapping[Part, Signature]
Signers = Mapping[str, Signer]


def may(version: Version, step: Step) -> None:
    """Raise RELEASE_CONFLICT unless `step` leads on from where the version stands."""
    before, _ = STEPS[step]
    if step is Step.APPROVE and version.alone:
        return  # What one person put in force is approved afterwards, or rolled back.
    if version.state not in before:
        raise ExchangeError(
            Code.RELEASE_CONFLICT,
            f"Release {version.number} is {version.state}, and {step.replace('_', ' ')} needs one "
            f"that is {' or '.join(sorted(before))}. `intramural policy releases` lists them.",
        )


def signed(signer: Signer | None, part: Part, now: int, said: bytes, signature: bytes) -> Signer:
    """Return `signer`, who signed `said` as `part` with a key that is good now.

    Raises SIGNATURE_REFUSED, which says what is wrong with it.
    """
    if signer is None:
        raise _refused("No key of that id is registered: `intramural policy signers list`.")
    if part is not Part.ALONE and signer.part is not part:
        raise _refused(
            f"This key signs as {signer.part}, not as {part}: nobody writes and approves."
        )
    # Whenever that was: a clock that was ahead then must not keep the key good until now.
    if signer.revoked is not None or not signer.good(now):
        raise _refused("This key was revoked, so nothing that it signs counts.")
    if not verifies(signer.public, signature, said):
        raise _refused(
            "The signature is not of this release by this key. Sign what "
            "`/admin/policy/releases/NUMBER/statement` returns, without a line feed."
        )
    return signer


def another(
    version: Version, signatures: Signatures, signers: Signers, by: Caller, person: str
) -> None:
    """Raise SELF_APPROVAL unless who approves is nobody who wrote, signed or handed in."""
    for part in (Part.AUTHOR, Part.ALONE):
        earlier = signatures.get(part)
        if earlier is None:
            continue
        writer = signers[earlier.signer]
        if (
            same_person(writer.person, person)
            or same_person(writer.person, by.name)
            or earlier.caller == by.id
        ):
            raise self_approval()
    if version.drafted_by == by.id:
        raise self_approval()


def self_approval() -> ExchangeError:
    """Return what who approves their own release is told."""
    return ExchangeError(
        Code.SELF_APPROVAL,
        "Nobody approves what they wrote or asked for themselves, whichever key they do it with: "
        "ask another approver.",
    )


def in_force(installation: str, version: Version, signatures: Signatures, signers: Signers) -> None:
    """Raise SIGNATURE_REFUSED unless this version may be in force by the signatures it has.

    Two persons signed it, the second what the first had signed; or one person did, and it is marked
    as that. A signature counts that came while its key was good.
    """
    if version.alone:
        _holds(installation, version, signatures, signers, Part.ALONE)
        return
    approver = signatures.get(Part.APPROVER)
    if approver is None:
        raise _refused(f"Release {version.number} was not approved by a second person.")
    for part in (Part.ALONE, Part.AUTHOR):
        first = signatures.get(part)
        if first is None or approver.statement != statement(
            installation, version, Part.APPROVER, approver.signer, author=first.statement
        ):
            continue
        _holds(installation, version, signatures, signers, part)
        _holds(installation, version, signatures, signers, Part.APPROVER)
        one, two = signers[first.signer], signers[approver.signer]
        if same_person(one.person, two.person) or first.caller == approver.caller:
            raise self_approval()
        return
    raise _refused(f"The approval of release {version.number} is not of what its author signed.")


def newly_in_force(signatures: Signatures, signers: Signers, now: int) -> None:
    """Raise SIGNATURE_REFUSED if a key was revoked since it signed.

    Before the first time all are to be good at that moment; later, when they signed is enough.
    """
    for each in signatures.values():
        signer = signers[each.signer]
        if signer.revoked is not None or not signer.good(now):
            raise _refused(
                f"The key of {signer.person} was revoked since it signed: draft the release again "
                "and have it signed anew."
            )


def _holds(
    installation: str, version: Version, signatures: Signatures, signers: Signers, part: Part
) -> None:
    found = signatures.get(part)
    signer = None if found is None else signers.get(found.signer)
    if found is None or signer is None:
        raise _refused(f"Release {version.number} lacks the signature of its {part}.")
    if part is not Part.ALONE and signer.part is not part:
        raise _refused(f"Release {version.number} was signed as {part} by a key that may not.")
    if not signer.good(found.received):
        raise _refused(
            f"The key of {signer.person} counted as revoked when it signed release "
            f"{version.number}: roll back to another one."
        )
    # The approver's words are compared by the caller, who knows what they approve; the others' name
    # the version, and a reason that only they hold.
    prefix_holds = part is Part.APPROVER or _about(installation, version, found)
    if not prefix_holds or not verifies(signer.public, found.signature, found.statement):
        raise _refused(f"The {part}'s signature of release {version.number} does not hold.")


def _about(installation: str, version: Version, found: Signature) -> bool:
    """Say whether a statement is about this version, whatever reason it gives."""
    reason = reason_of(found.statement) if found.part is Part.ALONE else None
    return found.statement == statement(
        installation, version, found.part, found.signer, reason=reason
    )


def reason_of(said: bytes) -> str | None:
    """Return the reason that a statement gives."""
    try:
        words = json.loads(said.partition(b"\n")[2])
        reason = words.get("reason")
    except (ValueError, AttributeError):
        return None
    return reason if isinstance(reason, str) else None


def _refused(message: str) -> ExchangeError:
    return ExchangeError(Code.SIGNATURE_REFUSED, message)
