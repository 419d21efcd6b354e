"""One text, one exchange, one grant: what comes back, and the one refusal for all else."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.domain.errors import Code, ExchangeError, LedgerUnavailable
from gateway.domain.exchange import Conversation, Message, Purpose, Role
from gateway.domain.findings import Finding
from gateway.domain.payloads import Part, Words
from gateway.domain.policy import Operator, Reidentify
from gateway.domain.records import Access
from gateway.domain.redaction import Secrets, redact
from gateway.domain.reidentify import restored
from gateway.domain.subjects import Subjects, patient
from gateway.domain.text import RawText
from gateway.reidentification import PER_MINUTE, Pace, Reidentification, Wanted
from tests.fakes.grants import APPROVER, DOCTOR, KEY, MODEL, NUMBER, Office, request
from tests.fakes.policy import profile
from tests.fakes.vault import MemoryVault

NAME = "Margaret Thornton"
EXCHANGE = "0199f2c4-0000-7000-8000-000000000001"
OTHER = "0199f2c4-0000-7000-8000-000000000002"
MAP = {"PERSON_412": RawText(NAME), "MRN_007": RawText(NUMBER)}
ABOUT = Subjects(patients=(patient(KEY, NUMBER),))


class Ward:
    """An installation in which one exchange is kept, and one grant is active."""

    def __init__(self, path: Path) -> None:
        self.office = Office(path)
        self.vault = MemoryVault()
        self.keep(EXCHANGE, ABOUT)
        self.desk = self.office.desk()
        asked = self.desk.ask(DOCTOR, request())
        self.grant = self.desk.approve(APPROVER, asked.id).id
        self.service = Reidentification(self.office.decider, MODEL, self.vault, self.desk)

    def keep(self, exchange: str, about: Subjects, words: Words | None = None) -> None:
        self.vault.subjects[exchange] = about
        self.vault.kept[exchange, Part.REQUEST] = words or Words(pseudonyms=MAP)

    def restore(
        self,
        text: str = "PERSON_412 is here",
        *,
        exchange: str = EXCHANGE,
        purpose: Purpose = Purpose.BTG,
        grant: str | None = None,
    ) -> str:
        wanted = Wanted(grant or self.grant, purpose, exchange, RawText(text))
        return self.service.restore(DOCTOR, wanted)[0].reveal()

    @property
    def uses(self) -> list[Access]:
        return [each for each in self.office.records if isinstance(each, Access)]


@pytest.fixture
def ward(tmp_path: Path) -> Ward:
    return Ward(tmp_path)


def test_what_a_pseudonym_stands_for_comes_back(ward: Ward) -> None:
    assert ward.restore("[PERSON_412]'s record, **Person\\_412**, is MRN_007.") == (
        f"{NAME}'s record, **{NAME}**, is {NUMBER}."
    )
    assert [each.code for each in ward.uses] == [None]


def test_pseudonyms_of_another_exchange_stay(ward: Ward) -> None:
    assert ward.restore("PERSON_413 and PERSON_412a") == "PERSON_413 and PERSON_412a"


def test_a_text_without_pseudonyms_comes_back_as_it_is_and_is_a_use(ward: Ward) -> None:
    text = "Nothing to see: MRN 48210377, margaret@example.org"
    assert ward.restore(text) == text
    assert len(ward.uses) == 1


def test_nothing_is_restored_before_the_use_is_durable(ward: Ward) -> None:
    opened = []
    ward.vault.open = opened.append  # type: ignore[assignment, method-assign]
    ward.office.fail = True
    with pytest.raises(LedgerUnavailable):
        ward.restore()
    assert opened == []


def refused(ward: Ward, **arguments: object) -> tuple[str, Code | None]:
    with pytest.raises(ExchangeError) as error:
        ward.restore(**arguments)  # type: ignore[arg-type]
    assert error.value.code is Code.GRANT_REFUSED
    return error.value.message, ward.uses[-1].code


def test_whatever_is_wrong_the_caller_is_told_the_same_and_the_record_the_truth(
    ward: Ward,
) -> None:
    ward.keep(OTHER, Subjects(patients=(patient(KEY, "11112222"),)))
    told = [
        refused(ward, exchange=OTHER),
        refused(ward, exchange="0199f2c4-0000-7000-8000-00000000ffff"),
        refused(ward, exchange="no id at all"),
        refused(ward, purpose=Purpose.TREAT),
        refused(ward, grant="0199f2c4-0000-7000-8000-00000000eeee"),
    ]
    ward.vault.damaged.add(EXCHANGE)
    told.append(refused(ward))
    ward.vault.damaged.clear()
    ward.keep(EXCHANGE, ABOUT, Words(redacted=(RawText("PERSON_412"),)))
    told.append(refused(ward))
    ward.keep(EXCHANGE, ABOUT)
    ward.office.decider.terms = Reidentify()
    told.append(refused(ward))
    ward.office.decider.terms = Reidentify(allowed=True)
    ward.office.clock.now += 61 * 60_000
    told.append(refused(ward))
    assert len({message for message, _ in told}) == 1
    assert [code for _, code in told] == [
        *(Code.GRANT_PATIENT, Code.GRANT_PATIENT, Code.GRANT_PATIENT, Code.GRANT_PURPOSE),
        *(Code.GRANT_UNKNOWN, Code.PAYLOAD_DAMAGED, Code.PAYLOAD_NOT_KEPT, Code.POLICY_DENIED),
        Code.GRANT_NOT_ACTIVE,
    ]


def test_a_shredded_exchange_says_no_more_than_one_that_never_was(ward: Ward) -> None:
    ward.vault.shred(EXCHANGE)
    _, code = refused(ward)
    assert code is Code.GRANT_PATIENT


@pytest.mark.parametrize("operator", [Operator.PSEUDONYM, Operator.SURROGATE])
def test_what_redaction_made_is_undone(operator: Operator) -> None:
    text = f"{NAME} came in."
    made = redact(
        Conversation((Message(Role.USER, (RawText(text),)),)),
        [(Finding(0, len(NAME), "PERSON", 1.0, "test"),)],  # type: ignore[arg-type]
        profile(default=operator),
        Secrets(pseudonym=b"p" * 32, hash=b"h" * 32),
        "key:1",
    )
    (redacted,) = (each.for_engine() for each in made.conversation.texts())
    assert NAME not in redacted
    meanings = made.stand_ins.meanings() | made.pseudonyms.meanings()
    back, count = restored(
        RawText(redacted), {name: RawText(value) for name, value in meanings.items()}
    )
    assert (back.reveal(), count) == (text, 1)


def test_tries_have_a_pace_that_a_clock_set_back_does_not_stop_for_ever(ward: Ward) -> None:
    pace = Pace(ward.office.clock)
    for _ in range(PER_MINUTE):
        pace.take("key:doctor")
    with pytest.raises(ExchangeError) as refused:
        pace.take("key:doctor")
    assert refused.value.code is Code.RATE_LIMITED
    pace.take("key:colleague")
    ward.office.clock.now -= 10 * 60_000
    pace.take("key:doctor")


def test_nothing_of_it_shows_itself(ward: Ward) -> None:
    wanted = Wanted(ward.grant, Purpose.BTG, EXCHANGE, RawText(NAME))
    assert NAME not in repr(wanted)
    assert "Reidentification object" in repr(ward.service)
