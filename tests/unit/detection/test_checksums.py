"""Check digits: a published example holds, and no single wrong digit does."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gateway.detection import checksums as c

EXAMPLES: list[tuple[Callable[[str], bool], str]] = [
    (c.luhn, "4111111111111111"),
    (c.iban, "DE89370400440532013000"),
    (c.nhs, "9434765919"),
    (c.npi, "1234567893"),
    (c.dea, "AB1234563"),
    (c.vin, "1HGCM82633A004352"),
    (c.dni, "12345678Z"),
    (c.nir, "255081416802538"),
    (c.resident_id, "11010519491231002X"),
    (c.german_tax_id, "86095742719"),
    (c.german_health_insurance, "A123456780"),
]
NAMES = [check.__name__ for check, _ in EXAMPLES]


@pytest.mark.parametrize(("check", "value"), EXAMPLES, ids=NAMES)
def test_a_published_example_holds(check: Callable[[str], bool], value: str) -> None:
    assert check(value)


@pytest.mark.parametrize(("check", "value"), EXAMPLES, ids=NAMES)
def test_most_single_wrong_digits_do_not_hold(check: Callable[[str], bool], value: str) -> None:
    wrong = [
        value[:index] + digit + value[index + 1 :]
        for index, old in enumerate(value)
        if old.isdigit()
        for digit in "0123456789"
        if digit != old
    ]
    assert sum(map(check, wrong)) <= len(wrong) // 10


def test_a_number_that_was_never_issued_is_no_social_security_number() -> None:
    assert c.ssn("078051120")
    assert not any(map(c.ssn, ["000123456", "666123456", "900123456", "123001234", "123450000"]))
