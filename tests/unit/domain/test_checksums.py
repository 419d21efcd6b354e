"""Check digits: published examples hold, wrong digits do not, and what is made is valid."""

from __future__ import annotations

import random

import pytest

from gateway.domain import checksums as c
from gateway.domain.checkdigits import Kind, bare

EXAMPLES: list[tuple[Kind, str]] = [
    (c.CARD, "4111111111111111"),
    (c.CARD, "378282246310005"),
    (c.IBAN, "DE89370400440532013000"),
    (c.IBAN, "GB82WEST12345698765432"),
    (c.IBAN, "FR1420041010050500013M02606"),
    (c.IBAN, "ES9121000418450200051332"),
    (c.IBAN, "CH9300762011623852957"),
    (c.ABA, "111000025"),
    (c.NPI, "1234567893"),
    (c.DEA, "AB1234563"),
    (c.VIN, "1HGCM82633A004352"),
    (c.VIN, "1M8GDM9AXKP042788"),
    (c.GTIN, "4006381333931"),
    (c.GTIN, "96385074"),
    (c.NHS, "9434765919"),
    (c.KVNR, "A123456780"),
    (c.TAX_ID, "86095742719"),
    (c.TAX_ID, "65929970489"),
    (c.PENSION, "65170839J003"),
    (c.IDENTITY_CARD, "L01X00T471"),
    (c.IDENTITY_CARD, "C01X00T478"),
    (c.MRZ, "L898902C36UTO7408122F1204159ZE184226B<<<<<10"),
    (c.MRZ, "C01X00T478D<<6408125F2702283<<<<<<<<<<<<<<<4"),
    (c.SVNR, "1237010180"),
    (c.AHV, "7569217076985"),
    (c.BSN, "111222333"),
    (c.RIJKSREGISTER, "85073003328"),
    (c.RIJKSREGISTER, "17073003384"),
    (c.NIR, "255081416802538"),
    (c.DNI, "12345678Z"),
    (c.DNI, "X1234567L"),
    (c.NASS, "281234567840"),
    (c.RESIDENT, "11010519491231002X"),
    (c.RESIDENT, "440524188001010014"),
]
NAMES = [f"{kind.name} {value}" for kind, value in EXAMPLES]


@pytest.mark.parametrize(("kind", "value"), EXAMPLES, ids=NAMES)
def test_a_published_example_holds(kind: Kind, value: str) -> None:
    assert kind.valid(value)


@pytest.mark.parametrize(("kind", "value"), EXAMPLES, ids=NAMES)
def test_most_single_wrong_digits_do_not_hold(kind: Kind, value: str) -> None:
    wrong = [
        value[:index] + digit + value[index + 1 :]
        for index, old in enumerate(value)
        if old.isdigit()
        for digit in "0123456789"
        if digit != old
    ]
    assert sum(map(kind.valid, wrong)) <= len(wrong) // 8


@pytest.mark.parametrize("kind", c.KINDS, ids=lambda kind: kind.name)
def test_what_is_made_is_valid_and_completing_it_changes_nothing(kind: Kind) -> None:
    chance = random.Random(4)  # noqa: S311 - the same numbers in every run
    made = [kind.make(chance.randrange) for _ in range(300)]
    assert all(map(kind.valid, made))
    assert [kind.complete(value) for value in made] == made
    assert len(set(made)) > 290


@pytest.mark.parametrize(("kind", "value"), EXAMPLES, ids=NAMES)
def test_completing_a_mistyped_number_makes_it_valid(kind: Kind, value: str) -> None:
    for index, old in enumerate(value):
        if old.isdigit():
            typo = value[:index] + str((int(old) + 1) % 10) + value[index + 1 :]
            completed = kind.complete(typo)
            assert completed is None or kind.valid(completed)


@pytest.mark.parametrize("kind", c.KINDS, ids=lambda kind: kind.name)
@pytest.mark.parametrize("value", ["", "A", "0", "X" * 17, "9" * 44, "É" * 10, "1" * 200_000])
def test_what_is_no_such_number_is_refused_and_never_raises(kind: Kind, value: str) -> None:
    assert not kind.valid(value)
    assert kind.complete(value) is None or kind is c.RIJKSREGISTER or len(value) == 44


@pytest.mark.parametrize("kind", [c.CARD, c.NHS, c.BSN], ids=lambda kind: kind.name)
def test_a_filler_of_one_digit_is_no_number(kind: Kind) -> None:
    for digit in "0123456789":
        for length in range(8, 20):
            assert not kind.valid(digit * length)


def test_a_choice_that_leads_to_no_number_ends() -> None:
    with pytest.raises(ValueError, match="can be issued"):
        c.TAX_ID.make(lambda _: 0)


def test_a_number_that_was_never_issued_is_no_social_security_number() -> None:
    assert c.ssn("078051120")
    assert not any(map(c.ssn, ["000123456", "666123456", "900123456", "123001234", "123450000"]))


def test_a_taxpayers_number_begins_with_nine_and_has_a_high_group() -> None:
    assert c.itin("912701234")
    assert not any(map(c.itin, ["812701234", "912121234", "912891234", "912931234"]))


def test_bare_is_without_separators_and_in_capitals() -> None:
    assert bare("de89 3704-0044.0532") == "DE89370400440532"
