"""Numbers that training makes carry their check digits, and now and then a typing error.

Each law is written as its standard states it for a reader, which is not how the maker computes it.
"""

# ruff: noqa: S311 - chance that repeats is the point

import random
from collections.abc import Callable

import pytest

from training.fillers import numbers

TIMES = 300


def alphabet(char: str) -> int:
    return int(char, 36)


def luhn(number: str) -> bool:
    doubled = [int(d) * (1 + i % 2) for i, d in enumerate(reversed(number))]
    return sum(sum(divmod(value, 10)) for value in doubled) % 10 == 0


def iban(number: str) -> bool:
    return int("".join(str(alphabet(c)) for c in number[4:] + number[:4])) % 97 == 1


def kvnr(number: str) -> bool:
    body = f"{alphabet(number[0]) - 9:02}{number[1:]}"
    weighted = [int(d) * w for d, w in zip(body, (1, 2) * 5, strict=False)]
    return sum(value // 10 + value % 10 for value in weighted) % 10 == int(number[-1])


def steuer_id(number: str) -> bool:
    rest = 10
    for digit in number[:-1]:
        rest = (rest + int(digit)) % 10 or 10
        rest = rest * 2 % 11
    return (rest + int(number[-1])) % 10 == 1


def svnr(number: str) -> bool:
    weights = (3, 7, 9, 0, 5, 8, 4, 2, 1, 6)
    return sum(int(d) * w for d, w in zip(number, weights, strict=True)) % 11 == int(number[3])


def ahv(number: str) -> bool:
    return sum(int(d) * (1, 3)[i % 2] for i, d in enumerate(number)) % 10 == 0


def nir(number: str) -> bool:
    bare = number[:13].replace("2A", "19").replace("2B", "18")
    return bare.isdigit() and (int(bare) + int(number[13:])) % 97 == 0


def dni(number: str) -> bool:
    return "TRWAGMYFPDXBNJZSQVHLCKE".index(number[-1]) == int(number[:-1]) % 23


def nie(number: str) -> bool:
    return dni(str("XYZ".index(number[0])) + number[1:])


def nass(number: str) -> bool:
    province, body, control = number[:2], number[2:10], number[10:]
    if body.startswith("0"):
        return (int(province) * 10**7 + int(body)) % 97 == int(control)
    return int(province + body) % 97 == int(control)


def rut(number: str) -> bool:
    total = sum(int(d) * w for d, w in zip(number[-2::-1], (2, 3, 4, 5, 6, 7, 2, 3), strict=False))
    return (total + (10 if number[-1] == "K" else int(number[-1]))) % 11 == 0


def resident(number: str) -> bool:
    total = 0
    for char in number:  # ISO 7064 MOD 11-2, digit by digit
        total = (total * 2 + (10 if char == "X" else int(char))) % 11
    return total == 1


def taiwan(number: str) -> bool:
    code = 10 + "ABCDEFGHJKLMNPQRSTUVXYWZIO".index(number[0])
    weights = (1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1)
    return sum(int(d) * w for d, w in zip(f"{code}{number[1:]}", weights, strict=True)) % 10 == 0


def credit_code(number: str) -> bool:
    known = "0123456789ABCDEFGHJKLMNPQRTUWXY"
    weighted = sum(known.index(c) * pow(3, i, 31) for i, c in enumerate(number[:-1]))
    return (weighted + known.index(number[-1])) % 31 == 0


LAWS: list[tuple[Callable[[random.Random], str], Callable[[str], bool], str]] = [
    (lambda rng: numbers.luhn(numbers.digits(rng, 15)), luhn, "4111111111111111"),
    (lambda rng: numbers.iban(rng, "DE", 18), iban, "DE89370400440532013000"),
    (numbers.german_health_insurance, kvnr, "A123456780"),
    (numbers.german_tax_id, steuer_id, "86095742719"),
    (lambda rng: numbers.austrian_insurance(rng, "010180"), svnr, "1237010180"),
    (numbers.swiss_insurance, ahv, "7569217076985"),
    (lambda rng: numbers.french_insurance(rng, "f", 1955, 8), nir, "255081416802538"),
    (numbers.spanish_identity, dni, "12345678Z"),
    (numbers.spanish_foreigner, nie, "X1234567L"),
    (numbers.spanish_insurance, nass, "281234567840"),
    (numbers.chilean_identity, rut, "123456785"),
    (
        lambda rng: numbers.chinese_identity(rng, "110105", "19491231"),
        resident,
        "11010519491231002X",
    ),
    (numbers.taiwanese_identity, taiwan, "A123456789"),
    (numbers.chinese_credit_code, credit_code, "91350100M000100Y43"),
]


@pytest.mark.parametrize(("make", "law", "example"), LAWS)
def test_a_number_keeps_the_law_of_its_kind(
    make: Callable[[random.Random], str], law: Callable[[str], bool], example: str
) -> None:
    assert law(example)
    rng = random.Random(3)
    for _ in range(TIMES):
        number = make(rng)
        assert law(number), number


@pytest.mark.parametrize(("make", "law"), [(make, law) for make, law, _ in LAWS])
def test_some_numbers_hold_a_typing_error_and_most_do_not(
    make: Callable[[random.Random], str], law: Callable[[str], bool]
) -> None:
    rng = random.Random(4)
    wrong = sum(not law(numbers.mistyped(rng, make(rng))) for _ in range(TIMES))
    assert 0.03 * TIMES < wrong < 0.25 * TIMES


def test_groups_hold_every_character() -> None:
    assert numbers.grouped("255081416802538", (1, 2, 2, 2, 3, 3, 2)) == "2 55 08 14 168 025 38"
    assert numbers.grouped("1234567", (3,)) == "123 4567"
