"""What people write about records names nobody, and without detection nothing is kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from gateway.detection.detector import PresidioDetector
from gateway.domain.errors import Code, ExchangeError
from gateway.domain.findings import Finding, Findings
from gateway.domain.subjects import patient
from gateway.domain.text import RawText
from gateway.freetext import NAMING, Whose, check_names_nobody
from gateway.weights import open_detector


class Says:
    """`ports.Detector` with one answer."""

    def __init__(self, *found: Finding) -> None:
        self.found = found

    async def detect(self, texts: Sequence[RawText]) -> Sequence[Findings]:
        return [self.found for _ in texts]


class Known:
    """An index of one patient; or of nobody knows whom, and an error."""

    def __init__(self, number: str = "", error: ExchangeError | None = None) -> None:
        self.fingerprint = patient(b"k" * 32, number)
        self.error = error

    def find(self, fingerprint: bytes, _before: str | None, _limit: int) -> Sequence[str]:
        if self.error is not None:
            raise self.error
        return ["x"] if fingerprint == self.fingerprint else []


NOBODY = Whose(Known(), b"k" * 32)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("48210377", "48210377"),
        ("no. 48 21-0377, again", "48210377"),
        ("the one of 48.210.377", "48210377"),
        ("ab48210377 is it", "AB 48210377"),
        ("asked about AB-482", "AB482"),
        ("record 17 4821 0377", "48210377"),
        ("of 48\u00a0210  377\n", "48210377"),
        ("in bed A 12345", "A12345"),
    ],
)
async def test_a_number_that_stands_alone_is_refused_if_it_is_a_patients(
    text: str, number: str
) -> None:
    with pytest.raises(ExchangeError) as caught:
        await check_names_nobody(Says(), Whose(Known(number), b"k" * 32), text, "comment")
    assert caught.value.code is Code.ENTITY_BLOCKED
    await check_names_nobody(Says(), Whose(Known("99120455"), b"k" * 32), text, "comment")


async def test_where_nobody_can_tell_whose_numbers_these_are_nothing_passes() -> None:
    broken = Whose(Known(error=ExchangeError(Code.AUDIT_UNAVAILABLE, "No.")), b"k" * 32)
    with pytest.raises(ExchangeError):
        await check_names_nobody(Says(), broken, "record 48210", "comment")
    await check_names_nobody(Says(), broken, "no number at all", "comment")


@pytest.mark.parametrize("entity", sorted(NAMING))
async def test_what_names_a_patient_is_refused_with_its_type_and_without_its_words(
    entity: str,
) -> None:
    finding = Finding(0, 8, entity)  # type: ignore[arg-type]
    inside = Finding(0, 8, "OTHER_ID", within=(finding,))  # type: ignore[arg-type]
    for found in (finding, inside):
        with pytest.raises(ExchangeError) as caught:
            await check_names_nobody(Says(found), NOBODY, "Thornton was here", "comment")
        assert caught.value.code is Code.ENTITY_BLOCKED
        assert entity in caught.value.message
        assert "Thornton" not in caught.value.message


@pytest.mark.parametrize("answer", [[], [(), ()]])
async def test_without_an_answer_of_detection_nothing_passes(answer: list[Findings]) -> None:
    class Silent:
        async def detect(self, _texts: Sequence[RawText]) -> Sequence[Findings]:
            return answer

    with pytest.raises(ExchangeError) as caught:
        await check_names_nobody(Silent(), NOBODY, "no", "comment")
    assert caught.value.code is Code.DETECTION_FAILED


@pytest.fixture(scope="module")
def detector() -> Iterator[PresidioDetector]:
    detector = open_detector(2026, None, None)
    yield detector
    detector.close()


@pytest.mark.parametrize(
    "text",
    [
        "Asked the ward: a night shift, as agreed on 2026-11-20.",
        "Subpoena 26-cv-1042 of the district court",
        "key:6m4fl2o4wt read record 48210",
        "no",
    ],
)
async def test_a_reason_that_says_something_and_names_nobody_passes(
    detector: PresidioDetector, text: str
) -> None:
    await check_names_nobody(detector, NOBODY, text, "reason")


@pytest.mark.parametrize(
    "text",
    [
        "Asked about Margaret Thornton, who was on ward 5.",
        "The one with MRN 48210377.",
        "call (617) 555-0142",
    ],
)
async def test_a_patient_is_found_by_the_detection_that_ships(
    detector: PresidioDetector, text: str
) -> None:
    with pytest.raises(ExchangeError) as caught:
        await check_names_nobody(detector, NOBODY, text, "comment")
    assert caught.value.code is Code.ENTITY_BLOCKED
