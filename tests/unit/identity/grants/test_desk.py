"""Who gets a grant, who gives it, how long it lasts, and what is recorded of it."""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.domain.canonical import encode
from gateway.domain.errors import Code, ExchangeError, LedgerUnavailable
from gateway.domain.exchange import Caller, Purpose
from gateway.domain.policy import Reidentify
from gateway.domain.records import Access, AccessAct, Admin, AdminAct
from gateway.domain.subjects import patient
from gateway.identity.grants.desk import GrantDesk
from gateway.identity.grants.grant import AccessGrant, GrantState
from gateway.identity.grants.ratchet import Ratchet
from gateway.identity.grants.store import DATABASE, forget
from tests.fakes.grants import (
    APPROVER,
    COLLEAGUE,
    DOCTOR,
    KEY,
    NUMBER,
    REASON,
    SECOND,
    Office,
    person,
    request,
)

HIM = [patient(KEY, NUMBER)]
OTHER = [patient(KEY, "99999999")]
MINUTE = 60_000
EXCHANGE = "0199f2c4-0000-7000-8000-000000000001"


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def active(office: Office) -> tuple[GrantDesk, AccessGrant]:
    desk = office.desk()
    return desk, desk.approve(APPROVER, desk.ask(DOCTOR, request()).id)


def use(
    desk: GrantDesk,
    grant: str,
    caller: Caller = DOCTOR,
    purpose: Purpose = Purpose.BTG,
    patients: list[bytes] | None = None,
) -> None:
    desk.use(caller, grant, purpose, EXCHANGE, HIM if patients is None else patients, None)


def acts(office: Office) -> list[tuple[AdminAct, str]]:
    return [(each.act, each.actor) for each in office.records if isinstance(each, Admin)]


def last(office: Office) -> Access:
    record = office.records[-1]
    assert isinstance(record, Access)
    return record


def test_a_grant_is_asked_for_by_one_and_approved_by_another(office: Office) -> None:
    desk = office.desk()
    asked = desk.ask(DOCTOR, request(minutes=30))
    assert (asked.state, asked.until) == (GrantState.ASKED, None)
    approved = desk.approve(APPROVER, asked.id)
    assert approved.state is GrantState.ACTIVE
    assert approved.until == office.clock.now_ms() + 30 * MINUTE
    assert acts(office) == [
        (AdminAct.GRANT_ASKED, "key:doctor"),
        (AdminAct.GRANT_APPROVED, "key:approver"),
    ]
    record = office.records[1]
    assert isinstance(record, Admin)
    assert (record.target, record.purpose, record.until) == (
        *(asked.id, Purpose.BTG, approved.until),
    )


def test_before_its_approval_nothing_may_be_done_under_it(office: Office) -> None:
    desk = office.desk()
    asked = desk.ask(DOCTOR, request())
    with pytest.raises(ExchangeError) as refused:
        use(desk, asked.id)
    assert refused.value.code is Code.GRANT_REFUSED
    assert last(office).code is Code.GRANT_NOT_ACTIVE


@pytest.mark.parametrize(
    "other",
    [
        DOCTOR,
        person("second-key", "approver", name="doctor"),
        person("third-key", "approver", name="Doc.Tor"),
    ],
)
def test_nobody_approves_what_they_asked_for_not_even_with_another_key(
    office: Office, other: Caller
) -> None:
    desk = office.desk()
    asked = desk.ask(DOCTOR, request())
    for decide in (desk.approve, desk.refuse):
        with pytest.raises(ExchangeError) as refused:
            decide(other, asked.id)
        assert refused.value.code is Code.GRANT_OWN
        assert acts(office)[-1] == (AdminAct.DUTY_REFUSED, other.id)
    assert desk.show(DOCTOR, asked.id)[0].state is GrantState.ASKED


def test_where_no_second_person_is_needed_it_is_active_at_once(office: Office) -> None:
    office.decider.terms = Reidentify(allowed=True, second_person=False, minutes=5)
    grant = office.desk().ask(DOCTOR, request())
    assert (grant.state, grant.decider, grant.minutes) == (GrantState.ACTIVE, "policy", 5)
    assert acts(office)[-1] == (AdminAct.GRANT_APPROVED, "policy")


@pytest.mark.parametrize(
    ("caller", "purpose", "terms"),
    [
        (DOCTOR, Purpose.TREAT, Reidentify(allowed=True)),
        (person("x", "auditor"), Purpose.BTG, Reidentify(allowed=True)),
        (DOCTOR, Purpose.BTG, Reidentify()),
    ],
)
def test_what_policy_does_not_allow_cannot_be_asked_for(
    office: Office, caller: Caller, purpose: Purpose, terms: Reidentify
) -> None:
    office.decider.terms = terms
    with pytest.raises(ExchangeError) as refused:
        office.desk().ask(caller, request(purpose))
    assert refused.value.code is Code.POLICY_DENIED
    assert office.records == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"patient": ""}, {"patient": "abc"}, {"patient": "-" * 10}, {"patient": "4" * 65},
        {"patient": "482\n10377"}, {"patient": "\uff14\uff18\uff12\uff11"}, {"reason": "because"},
        {"reason": " " * 50}, {"reason": "x" * 1001}, {"reason": "a reason \x00 with a byte"},
        {"minutes": 0}, {"minutes": -5}, {"minutes": 61}, {"minutes": 10**12},
    ],
)  # fmt: skip
def test_a_request_that_is_none_is_refused_without_a_word_of_it(
    office: Office, wrong: dict[str, object]
) -> None:
    with pytest.raises(ExchangeError) as refused:
        office.desk().ask(DOCTOR, request(**wrong))  # type: ignore[arg-type]
    assert refused.value.code is Code.INVALID_REQUEST
    value = str(next(iter(wrong.values())))
    assert len(value) < 5 or value not in refused.value.message
    assert office.records == []


def test_a_use_is_recorded_with_its_grant_before_it_is_allowed(office: Office) -> None:
    desk, grant = active(office)
    use(desk, grant.id)
    record = last(office)
    assert (record.access, record.grant, record.code) == (AccessAct.REIDENTIFY, grant.id, None)
    assert (record.target, record.purpose, record.actor) == (EXCHANGE, Purpose.BTG, "key:doctor")
    assert desk.show(DOCTOR, grant.id)[0].uses == 1
    office.fail = True
    with pytest.raises(LedgerUnavailable):
        use(desk, grant.id)
    assert desk.show(DOCTOR, grant.id)[0].uses == 1


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"caller": COLLEAGUE}, Code.GRANT_OF_ANOTHER),
        ({"purpose": Purpose.TREAT}, Code.GRANT_PURPOSE),
        ({"patients": OTHER}, Code.GRANT_PATIENT),
        ({"patients": []}, Code.GRANT_PATIENT),
        ({"grant": "nothing"}, Code.GRANT_UNKNOWN),
    ],
)
def test_whatever_does_not_fit_is_refused_in_the_same_words_and_recorded_as_it_was(
    office: Office, arguments: dict[str, object], code: Code
) -> None:
    desk, grant = active(office)
    with pytest.raises(ExchangeError) as refused:
        use(desk, **{"grant": grant.id, **arguments})  # type: ignore[arg-type]
    assert refused.value.code is Code.GRANT_REFUSED
    assert last(office).code is code
    with pytest.raises(ExchangeError) as another:
        use(desk, "unknown", COLLEAGUE, Purpose.HMARKT, OTHER)
    assert refused.value.message == another.value.message


def test_what_a_caller_wrote_for_an_exchange_is_in_no_record_unless_there_is_one(
    office: Office,
) -> None:
    desk, grant = active(office)
    with pytest.raises(ExchangeError):
        desk.use(DOCTOR, grant.id, Purpose.BTG, "Margaret Thornton", [], Code.PAYLOAD_NOT_KEPT)
    with pytest.raises(ExchangeError):
        desk.use(DOCTOR, "Margaret Thornton", Purpose.BTG, EXCHANGE, HIM, None)
    assert "Thornton" not in "".join(encode(each).decode() for each in office.records)


def test_it_ends_by_itself(office: Office) -> None:
    desk, grant = active(office)
    office.clock.now += 60 * MINUTE - 1
    use(desk, grant.id)
    office.clock.now += 1
    with pytest.raises(ExchangeError):
        use(desk, grant.id)
    assert desk.show(DOCTOR, grant.id)[0].state is GrantState.ENDED
    assert desk.sweep() == 1
    assert acts(office)[-1] == (AdminAct.GRANT_ENDED, "gateway")
    assert desk.sweep() == 0


def test_a_clock_that_is_set_back_does_not_make_it_longer(office: Office) -> None:
    desk, grant = active(office)
    office.clock.now += 50 * MINUTE
    use(desk, grant.id)
    office.clock.now -= 1000 * MINUTE
    office.passed += 9 * MINUTE
    use(desk, grant.id)
    office.passed += 1 * MINUTE
    with pytest.raises(ExchangeError):
        use(desk, grant.id)
    # Nor does a restart with that clock: the time that was written down stands.
    with pytest.raises(ExchangeError):
        use(office.desk(), grant.id)


steps = st.lists(
    st.tuples(st.integers(-(10**9), 10**9), st.integers(0, 10**6), st.booleans()), max_size=20
)


@given(steps)
def test_time_goes_forward_only_and_never_slower_than_it_passes(
    moves: list[tuple[int, int, bool]],
) -> None:
    clocks = {"wall": 10**12, "passed": 0}

    def started() -> Ratchet:
        return Ratchet(lambda: clocks["wall"], lambda: clocks["passed"])

    ratchet = started()
    before = ratchet.now(0)
    for jump, elapsed, restart in moves:
        clocks["wall"] += jump
        clocks["passed"] += elapsed
        if restart:
            ratchet = started()
        now = ratchet.now(before)
        assert now >= before + (0 if restart else elapsed)
        assert now >= clocks["wall"]
        before = now


def test_it_can_be_ended_early_by_who_asked_and_by_who_approves(office: Office) -> None:
    for who in (DOCTOR, SECOND):
        desk, grant = active(office)
        assert desk.end(who, grant.id).state is GrantState.ENDED
        assert acts(office)[-1] == (AdminAct.GRANT_ENDED, who.id)
        with pytest.raises(ExchangeError):
            use(desk, grant.id)
        with pytest.raises(ExchangeError) as over:
            desk.end(who, grant.id)
        assert over.value.code is Code.GRANT_STATE
    with pytest.raises(ExchangeError) as unknown:
        desk.end(COLLEAGUE, active(office)[1].id)
    assert unknown.value.code is Code.GRANT_UNKNOWN


def test_what_was_refused_or_waited_a_day_cannot_be_approved(office: Office) -> None:
    desk = office.desk()
    refused = desk.refuse(APPROVER, desk.ask(DOCTOR, request()).id)
    assert refused.state is GrantState.REFUSED
    late = desk.ask(DOCTOR, request())
    office.clock.now += 24 * 60 * MINUTE
    for each in (refused, late):
        with pytest.raises(ExchangeError) as past:
            desk.approve(APPROVER, each.id)
        assert past.value.code is Code.GRANT_STATE


def test_of_many_approvals_at_once_one_counts_and_one_is_recorded(office: Office) -> None:
    asked = office.desk().ask(DOCTOR, request())
    desks = [office.desk() for _ in range(6)]
    told: Counter[str] = Counter()
    gate = threading.Barrier(6)

    def approve(number: int) -> None:
        gate.wait()
        try:
            desks[number].approve(person(f"approver-{number}", "approver"), asked.id)
            told["approved"] += 1
        except ExchangeError as error:
            told[str(error.code)] += 1

    threads = [threading.Thread(target=approve, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told == {"approved": 1, "grant_state": 5}
    assert Counter(act for act, _ in acts(office))[AdminAct.GRANT_APPROVED] == 1


def test_without_a_ledger_nothing_happens(office: Office) -> None:
    desk = office.desk()
    asked = desk.ask(DOCTOR, request())
    office.fail = True
    for step in (
        lambda: desk.ask(DOCTOR, request()),
        lambda: desk.approve(APPROVER, asked.id),
        lambda: desk.end(DOCTOR, asked.id),
    ):
        with pytest.raises(LedgerUnavailable):
            step()
    office.fail = False
    assert [each.id for each, _ in desk.waiting(APPROVER)] == [asked.id]


def test_it_survives_the_process(office: Office) -> None:
    _, grant = active(office)
    use(office.desk(), grant.id)
    assert office.desk().show(DOCTOR, grant.id)[0].uses == 1


def test_approvers_see_what_waits_and_nobody_a_list_of_anything_else(office: Office) -> None:
    desk = office.desk()
    asked = desk.ask(DOCTOR, request())
    assert [(grant.id, why) for grant, why in desk.waiting(APPROVER)] == [(asked.id, REASON)]
    assert list(desk.waiting(DOCTOR)) == []
    desk.approve(APPROVER, asked.id)
    assert list(desk.waiting(APPROVER)) == []
    with pytest.raises(ExchangeError):
        desk.show(COLLEAGUE, asked.id)


def test_once_its_patient_is_forgotten_a_grant_says_no_reason_and_opens_nothing(
    office: Office,
) -> None:
    desk = office.desk()
    waits = desk.ask(DOCTOR, request())
    _, grant = active(office)
    forget(office.path / DATABASE, grant.patient)
    assert [(each.id, why) for each, why in desk.waiting(APPROVER)] == [(waits.id, "")]
    with pytest.raises(ExchangeError) as error:
        use(desk, grant.id)
    assert error.value.code is Code.GRANT_REFUSED
    assert desk.end(DOCTOR, grant.id).state is GrantState.ENDED


def test_nobody_holds_more_grants_than_can_be_overseen(office: Office) -> None:
    desk = office.desk()
    for _ in range(20):
        desk.ask(DOCTOR, request())
    with pytest.raises(ExchangeError) as refused:
        desk.ask(DOCTOR, request())
    assert refused.value.code is Code.RATE_LIMITED
    desk.ask(COLLEAGUE, request())


def test_it_opens_kept_texts_of_its_patient_too(office: Office) -> None:
    desk, grant = active(office)
    assert desk.check(DOCTOR, AccessAct.READ_PAYLOAD, HIM + OTHER) == grant.id
    for caller, patients in ((DOCTOR, OTHER), (DOCTOR, []), (COLLEAGUE, HIM)):
        with pytest.raises(ExchangeError) as refused:
            desk.check(caller, AccessAct.READ_PAYLOAD, patients)
        assert refused.value.code is Code.GRANT_REQUIRED


def test_neither_the_patient_nor_the_reason_is_in_any_file_record_or_repr(
    office: Office, tmp_path: Path
) -> None:
    desk, grant = active(office)
    use(desk, grant.id)
    said = repr(grant) + repr(request()) + "".join(encode(each).decode() for each in office.records)
    data = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    for secret in (NUMBER, "48210377", REASON, "allergy"):
        assert secret not in said
        assert secret.encode() not in data
    asked = office.records[0]
    assert isinstance(asked, Admin)
    assert asked.sealed is not None
    assert len(asked.sealed) == 64


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(st.lists(st.sampled_from("aArRsue"), max_size=12))
def test_no_order_of_steps_lets_a_use_through_that_was_not_approved_in_time(
    office: Office, order: list[str]
) -> None:
    desk = office.desk()
    grant = desk.ask(DOCTOR, request())
    good_until = -1
    open_ = True
    for step in order:
        now = office.clock.now_ms()
        try:
            match step:
                case "a":
                    desk.approve(APPROVER, grant.id)
                    assert open_
                    assert good_until < 0
                    good_until = now + 60 * MINUTE
                case "A":
                    desk.approve(DOCTOR, grant.id)
                    raise AssertionError("one's own")
                case "r" | "R":
                    desk.refuse(SECOND, grant.id)
                    open_ = False
                case "e":
                    desk.end(DOCTOR, grant.id)
                    open_, good_until = False, 0
                case "s":
                    office.clock.now += 25 * MINUTE
                    desk.sweep()
                case _:
                    use(desk, grant.id)
                    assert now < good_until
        except ExchangeError:
            if step == "u":
                assert not now < good_until
    with contextlib.suppress(ExchangeError):
        desk.end(SECOND, grant.id)
