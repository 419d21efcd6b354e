"""A release's way into force: one writes it, another approves it, and every step is recorded."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import apsw
import pytest

from gateway.domain.errors import Code, ExchangeError, LedgerUnavailable
from gateway.domain.records import AdminAct
from gateway.policy.problems import Problem
from gateway.policy.release import ACCESS
from gateway.policy.releases.archive import pack
from gateway.policy.releases.signing import PersonalKey
from gateway.policy.releases.store import DATABASE, PolicyStore
from gateway.policy.releases.version import STEPS, Part, State, Step
from tests.fakes.releases import (
    APPROVER,
    AUTHOR,
    FILES,
    OPERATOR,
    Office,
    person,
    policy,
)


def refused(code: Code, call: Callable[[], object]) -> ExchangeError:
    with pytest.raises(ExchangeError) as raised:
        call()
    assert raised.value.code is code, raised.value.message
    return raised.value


def test_from_a_draft_to_the_release_in_force(office: Office) -> None:
    version = office.active()
    found = office.desk.in_force()
    assert found is not None
    assert (found[0], found[1].digest) == (version, version.digest)
    assert version.state is State.ACTIVE
    assert office.said() == [
        AdminAct.POLICY_DRAFTED,
        AdminAct.POLICY_SUBMITTED,
        AdminAct.POLICY_APPROVED,
        AdminAct.POLICY_ACTIVATING,
        AdminAct.POLICY_ACTIVATED,
    ]
    assert {target for _, _, target, _ in office.acts} == {version.digest}
    assert [actor for actor, *_ in office.acts] == [
        AUTHOR.id,
        AUTHOR.id,
        APPROVER.id,
        OPERATOR.id,
        OPERATOR.id,
    ]


def test_where_nothing_was_activated_nothing_is_in_force(office: Office) -> None:
    office.approved()
    assert office.desk.in_force() is None


def test_the_next_one_retires_the_one_before_and_back_again(office: Office) -> None:
    one, two = office.active(1), office.active(2)
    assert office.desk.version(one.number).state is State.RETIRED
    office.desk.roll_back(OPERATOR, one.number)
    assert office.desk.version(two.number).state is State.RETIRED
    found = office.desk.in_force()
    assert found is not None
    assert found[0].digest == one.digest
    assert office.said()[-2:] == [AdminAct.POLICY_ROLLING_BACK, AdminAct.POLICY_ACTIVATED]


def test_no_step_leads_on_from_where_it_must_not(office: Office) -> None:
    steps: dict[Step, Callable[[int], object]] = {
        Step.SUBMIT: lambda n: office.desk.submit(AUTHOR, n, office.keys["Ada"].id, b""),
        Step.APPROVE: lambda n: office.desk.approve(APPROVER, n, office.keys["Grace"].id, b""),
        Step.REJECT: lambda n: office.desk.reject(APPROVER, n),
        Step.SCHEDULE: lambda n: office.desk.schedule(OPERATOR, n, office.clock.now + 1),
        Step.UNSCHEDULE: lambda n: office.desk.unschedule(OPERATOR, n),
        Step.ACTIVATE: lambda n: office.desk.activate(OPERATOR, n),
        Step.ROLL_BACK: lambda n: office.desk.roll_back(OPERATOR, n),
        Step.EMERGENCY: lambda n: office.desk.emergency(AUTHOR, n, "signer:0", b"", "no reason"),
    }
    assert steps.keys() == STEPS.keys() - {Step.RETIRE}
    number = office.drafted().number
    version = office.desk.version(number)
    for state in State:
        office.desk.store.put(replace(version, state=state))
        for step, do in steps.items():
            if state in STEPS[step][0]:
                continue
            refused(Code.RELEASE_CONFLICT, lambda do=do: do(number))  # type: ignore[misc]
            assert office.desk.version(number).state is state
            assert office.said()[-1] is AdminAct.POLICY_REFUSED


def test_who_wrote_it_cannot_approve_it_under_any_key(office: Office) -> None:
    number = office.submitted().number
    # Ada's second key, registered as an approver's under another spelling of her name: refused.
    spare = PersonalKey.generate()
    refused(
        Code.RELEASE_CONFLICT,
        lambda: office.desk.add_signer(OPERATOR, " ada".strip(), Part.APPROVER, spare.public),
    )
    # Somebody else's key in the hands of whoever submitted it, or of their namesake: refused.
    for by in (AUTHOR, person("ADA", "approver"), replace(APPROVER, id=AUTHOR.id)):
        refused(Code.SELF_APPROVAL, lambda by=by: office.approve(number, by=by))  # type: ignore[misc]
    # A key that signs as an author signs no approval.
    signature = office.sign(number, Part.APPROVER, "Ada")
    error = refused(
        Code.SIGNATURE_REFUSED,
        lambda: office.desk.approve(APPROVER, number, office.keys["Ada"].id, signature),
    )
    assert "as author, not as approver" in error.message
    assert office.desk.version(number).state is State.SUBMITTED
    refused(Code.RELEASE_CONFLICT, lambda: office.desk.activate(OPERATOR, number))


def test_the_second_key_of_a_person_whose_first_was_revoked_does_not_approve_either(
    office: Office,
) -> None:
    number = office.submitted().number
    office.desk.revoke_signer(OPERATOR, office.keys["Ada"].id)
    first = office.keys["Ada"]
    office.hire("ada", Part.APPROVER)
    refused(Code.SELF_APPROVAL, lambda: office.approve(number, "ada"))
    assert first.id != office.keys["ada"].id


def test_a_signature_of_something_else_does_not_count(office: Office) -> None:
    one, two = office.submitted(1).number, office.submitted(2).number
    grace = office.keys["Grace"]
    other = office.sign(one, Part.APPROVER, "Grace")
    stranger = PersonalKey.generate()
    for key, signature in (
        (grace.id, other),
        (grace.id, b""),
        (grace.id, bytes(64)),
        (grace.id, grace.sign(b"")),
        (stranger.id, stranger.sign(office.desk.statement(two, Part.APPROVER, stranger.id))),
    ):
        refused(
            Code.SIGNATURE_REFUSED,
            lambda k=key, s=signature: office.desk.approve(APPROVER, two, k, s),  # type: ignore[misc]
        )
    assert office.desk.version(two).state is State.SUBMITTED


def test_a_revoked_key_signs_nothing_and_what_it_signed_goes_no_further(office: Office) -> None:
    submitted, approved, grace = office.submitted(1), office.approved(2), office.keys["Grace"]
    office.clock.now += 1000
    office.desk.revoke_signer(OPERATOR, grace.id)
    refused(Code.SIGNATURE_REFUSED, lambda: office.approve(submitted.number))
    error = refused(Code.SIGNATURE_REFUSED, lambda: office.desk.activate(OPERATOR, approved.number))
    assert "revoked since it signed" in error.message
    assert office.desk.in_force() is None


def test_a_key_revoked_by_a_clock_that_was_ahead_signs_nothing_once_it_is_set_back(
    office: Office,
) -> None:
    submitted, approved, grace = office.submitted(1), office.approved(2), office.keys["Grace"]
    office.clock.now += 86_400_000
    office.desk.revoke_signer(OPERATOR, grace.id)
    office.clock.now -= 86_400_000 - 1000
    refused(Code.SIGNATURE_REFUSED, lambda: office.approve(submitted.number))
    refused(Code.SIGNATURE_REFUSED, lambda: office.desk.activate(OPERATOR, approved.number))


def test_what_was_in_force_before_a_key_was_revoked_can_be_again(office: Office) -> None:
    one, _ = office.active(1), office.active(2)
    office.clock.now += 1000
    office.desk.revoke_signer(OPERATOR, office.keys["Grace"].id)
    assert office.desk.roll_back(OPERATOR, one.number).state is State.ACTIVE


def test_unless_the_key_was_already_known_to_others_when_it_signed(office: Office) -> None:
    one, two = office.active(1), office.active(2)
    office.clock.now += 1000
    office.desk.revoke_signer(OPERATOR, office.keys["Grace"].id, since=one.drafted)
    refused(Code.SIGNATURE_REFUSED, lambda: office.desk.roll_back(OPERATOR, one.number))
    refused(Code.SIGNATURE_REFUSED, office.desk.in_force)
    assert office.desk.version(two.number).state is State.ACTIVE


def test_a_revocation_never_moves_to_a_later_time(office: Office) -> None:
    grace, start = office.keys["Grace"].id, office.clock.now
    office.clock.now += 1000
    assert office.desk.revoke_signer(OPERATOR, grace, since=start).revoked == start
    assert office.desk.revoke_signer(OPERATOR, grace).revoked == start
    assert office.desk.revoke_signer(OPERATOR, grace, since=start + 10**9).revoked == start


def test_one_of_two_approvals_at_the_same_time_is_refused(office: Office) -> None:
    office.hire("Barbara", Part.APPROVER)
    number = office.submitted().number
    signatures = {name: office.sign(number, Part.APPROVER, name) for name in ("Grace", "Barbara")}
    gate = threading.Barrier(2)
    outcomes: list[object] = []

    def approve(name: str) -> None:
        gate.wait()
        try:
            by = person(name, "approver")
            outcomes.append(
                office.desk.approve(by, number, office.keys[name].id, signatures[name]).state
            )
        except ExchangeError as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=approve, args=(name,)) for name in signatures]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, outcomes)) == ["approved", "release_conflict"]
    assert office.said().count(AdminAct.POLICY_APPROVED) == 1


def test_a_policy_that_does_not_check_goes_no_further(office: Office) -> None:
    broken = {
        **FILES,
        ACCESS: FILES[ACCESS] + b'@id("x") forbid (principal in Rolle::"x", action, resource);',
    }
    error = refused(Code.RELEASE_INVALID, lambda: office.desk.draft(AUTHOR, pack(broken), "broken"))
    assert "access.cedar" in error.message
    vectors = {
        **FILES,
        "vectors/access.yaml": FILES["vectors/access.yaml"]
        .replace(b"profile: treatment", b"profile: research")
        .replace(b"permit: treatment", b"permit: research"),
    }
    draft = office.desk.draft(AUTHOR, pack(vectors), "vectors fail")
    key = office.keys["Ada"].id
    signature = office.sign(draft.number, Part.AUTHOR, "Ada")
    refused(Code.RELEASE_INVALID, lambda: office.desk.submit(AUTHOR, draft.number, key, signature))
    assert office.desk.version(draft.number).state is State.DRAFT
    assert office.said()[-1] is AdminAct.POLICY_REFUSED
    refused(Code.RELEASE_INVALID, lambda: office.emergency(draft.number))


def test_what_speaks_against_a_release_here_is_asked_again_when_it_is_activated(
    office: Office,
) -> None:
    number = office.approved().number
    office.problems = [Problem("models.yaml", 5, "`default` leads to a model that is not served")]
    error = refused(Code.RELEASE_INVALID, lambda: office.desk.activate(OPERATOR, number))
    assert "not served" in error.message
    assert office.desk.version(number).state is State.APPROVED


def test_without_a_ledger_no_step_is_taken(office: Office) -> None:
    number = office.approved().number
    office.down = True
    for do in (
        lambda: office.desk.activate(OPERATOR, number),
        lambda: office.desk.reject(APPROVER, number),
        lambda: office.desk.schedule(OPERATOR, number, office.clock.now + 1),
        lambda: office.drafted(2),
        lambda: office.desk.revoke_signer(OPERATOR, office.keys["Ada"].id),
    ):
        with pytest.raises(LedgerUnavailable):
            do()
    assert [each.state for each in office.desk.store.versions()] == [State.APPROVED]
    assert office.desk.store.signers()[office.keys["Ada"].id].revoked is None


def test_what_was_done_and_could_not_be_said_is_said_later(office: Office) -> None:
    number = office.approved().number

    def fail(act: AdminAct) -> None:
        office.down = act is AdminAct.POLICY_ACTIVATED

    office.before = fail
    with pytest.raises(LedgerUnavailable):
        office.desk.activate(OPERATOR, number)
    assert office.desk.version(number).state is State.ACTIVE
    office.before = lambda _: None
    office.down = False
    office.desk.settle()
    office.desk.settle()
    assert office.acts[-1][:2] == (OPERATOR.id, AdminAct.POLICY_ACTIVATED)
    assert office.said().count(AdminAct.POLICY_ACTIVATED) == 1


def test_a_scheduled_release_comes_into_force_when_its_time_has_come(office: Office) -> None:
    one, two = office.active(1), office.approved(2)
    begins = office.clock.now + 1000
    office.desk.schedule(OPERATOR, two.number, begins)
    assert office.acts[-1] == (OPERATOR.id, AdminAct.POLICY_SCHEDULED, two.digest, begins)
    assert office.desk.due() == ()
    office.clock.now = begins
    (version,) = office.desk.due()
    assert version.digest == two.digest
    assert office.desk.version(one.number).state is State.RETIRED
    assert office.acts[-1][:2] == ("gateway", AdminAct.POLICY_ACTIVATED)
    assert office.desk.due() == ()


def test_a_schedule_is_in_the_future_and_can_be_taken_back(office: Office) -> None:
    number = office.approved().number
    refused(Code.INVALID_REQUEST, lambda: office.desk.schedule(OPERATOR, number, office.clock.now))
    office.desk.schedule(OPERATOR, number, office.clock.now + 5)
    assert office.desk.unschedule(OPERATOR, number).begins is None
    office.clock.now += 5
    assert office.desk.due() == ()


def test_a_scheduled_release_that_may_not_be_in_force_any_more_leaves_the_old_one(
    office: Office,
) -> None:
    one, two = office.active(1), office.approved(2)
    office.desk.schedule(OPERATOR, two.number, office.clock.now + 5)
    office.clock.now += 5
    office.desk.revoke_signer(OPERATOR, office.keys["Grace"].id)
    assert office.desk.due() == ()
    assert office.desk.version(one.number).state is State.ACTIVE
    assert office.desk.version(two.number).state is State.APPROVED
    assert (AdminAct.POLICY_REFUSED, f"{two.digest} signature_refused") in [
        (act, target) for _, act, target, _ in office.acts
    ]


def test_a_schedule_that_nobody_carried_out_does_not_undo_what_came_into_force_since(
    office: Office,
) -> None:
    office.active(1)
    two, three, four = (office.approved(number) for number in (2, 3, 4))
    for version in (two, three):
        office.desk.schedule(OPERATOR, version.number, office.clock.now + version.number)
    office.clock.now += 10
    office.desk.activate(OPERATOR, four.number)
    assert office.desk.due() == ()
    assert office.desk.version(four.number).state is State.ACTIVE
    assert {office.desk.version(each.number).state for each in (two, three)} == {State.APPROVED}
    assert (AdminAct.POLICY_REFUSED, f"{two.digest} release_conflict") in [
        (act, target) for _, act, target, _ in office.acts
    ]


def test_of_two_schedules_that_are_late_the_later_one_holds(office: Office) -> None:
    office.active(1)
    two, three = office.approved(2), office.approved(3)
    office.desk.schedule(OPERATOR, two.number, office.clock.now + 2)
    office.desk.schedule(OPERATOR, three.number, office.clock.now + 1)
    office.clock.now += 10
    assert [each.number for each in office.desk.due()] == [three.number, two.number]
    assert office.desk.version(two.number).state is State.ACTIVE


def test_in_an_emergency_one_person_alone_puts_a_release_in_force_and_it_alarms(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    version = office.emergency(office.drafted().number)
    assert (version.state, version.alone) == (State.ACTIVE, True)
    assert office.said()[-2:] == [AdminAct.POLICY_EMERGENCY, AdminAct.POLICY_ACTIVATED]
    said = capsys.readouterr()
    assert "policy_emergency" in said.out + said.err
    assert "error" in said.out + said.err
    found = office.desk.in_force()
    assert found is not None
    assert found[0].alone


def test_an_emergency_still_needs_a_reason_and_a_good_signature(office: Office) -> None:
    number, ada = office.drafted().number, office.keys["Ada"]
    signature = office.sign(number, Part.ALONE, "Ada", "the ward cannot work")
    for reason, code in (
        ("", Code.INVALID_REQUEST),
        ("another reason", Code.SIGNATURE_REFUSED),
    ):
        refused(
            code,
            lambda r=reason: office.desk.emergency(AUTHOR, number, ada.id, signature, r),  # type: ignore[misc]
        )
    office.desk.revoke_signer(OPERATOR, ada.id)
    refused(Code.SIGNATURE_REFUSED, lambda: office.emergency(number))
    assert office.desk.in_force() is None


def test_an_emergency_is_approved_afterwards_by_somebody_else(office: Office) -> None:
    number = office.emergency(office.drafted().number).number
    refused(Code.SELF_APPROVAL, lambda: office.approve(number, by=AUTHOR))
    assert not office.approve(number).alone
    assert office.desk.in_force() is not None


def test_nobody_rolls_back_to_what_one_person_alone_put_in_force(office: Office) -> None:
    alone = office.emergency(office.drafted(1).number)
    office.active(2)
    refused(Code.SIGNATURE_REFUSED, lambda: office.desk.roll_back(OPERATOR, alone.number))
    office.approve(alone.number)
    assert office.desk.roll_back(OPERATOR, alone.number).state is State.ACTIVE


def test_an_archive_that_somebody_exchanged_is_not_put_in_force(
    office: Office, tmp_path: Path
) -> None:
    number = office.active().number
    db = apsw.Connection(str(tmp_path / "state" / DATABASE))
    db.execute("UPDATE version SET archive = ? WHERE number = ?", (pack(policy(9)), number))
    refused(Code.RELEASE_INVALID, office.desk.in_force)
    # Nor one with a digest that fits the archive: nobody signed that.
    from gateway.policy.release import digest

    db.execute("UPDATE version SET digest = ? WHERE number = ?", (digest(policy(9)), number))
    refused(Code.SIGNATURE_REFUSED, office.desk.in_force)
    db.close()


def test_the_register_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    from gateway.policy.releases.store import PolicyStoreError

    path = tmp_path / DATABASE
    PolicyStore(path).close()
    db = apsw.Connection(str(path))
    db.pragma("user_version", 9)
    db.close()
    with pytest.raises(PolicyStoreError, match="version 9"):
        PolicyStore(path)


def test_the_same_policy_is_not_two_releases_unless_the_first_was_rejected(office: Office) -> None:
    one = office.drafted()
    refused(Code.RELEASE_CONFLICT, office.drafted)
    office.desk.reject(APPROVER, one.number)
    two = office.drafted()
    assert (two.digest, two.number) == (one.digest, one.number + 1)


def test_a_key_that_signs_anything_is_nobodys(office: Office) -> None:
    for public in (bytes(32), bytes([1, *bytes(31)]), bytes([0xEC, *[0xFF] * 30, 0x7F]), b"short"):
        refused(
            Code.INVALID_REQUEST,
            lambda p=public: office.desk.add_signer(OPERATOR, "Eve", Part.APPROVER, p),  # type: ignore[misc]
        )


def test_who_submitted_for_another_does_not_approve_it_through_that_key(office: Office) -> None:
    number, ada = office.drafted().number, office.keys["Ada"].id
    other = person("Mary", "policy_author")
    office.desk.submit(other, number, ada, office.sign(number, Part.AUTHOR, "Ada"))
    refused(Code.SELF_APPROVAL, lambda: office.approve(number, by=replace(APPROVER, id=other.id)))


@pytest.mark.parametrize("alone", [True, False])
@pytest.mark.parametrize(
    "change",
    [
        "UPDATE signature SET signature = zeroblob(64)",
        "UPDATE signature SET statement = CAST(statement || ' ' AS BLOB)",
        "UPDATE version SET note = 'something else'",
        "UPDATE installation SET id = 'another'",
        "DELETE FROM signature",
    ],
)
def test_signatures_are_checked_again_whenever_a_release_is_loaded(
    office: Office,
    tmp_path: Path,
    alone: bool,  # noqa: FBT001 - a parameter of the test
    change: str,
) -> None:
    if alone:
        office.emergency(office.drafted().number)
    else:
        office.active()
    assert office.desk.in_force() is not None
    db = apsw.Connection(str(tmp_path / "state" / DATABASE))
    db.execute(change)
    db.close()
    refused(Code.SIGNATURE_REFUSED, office.desk.in_force)
