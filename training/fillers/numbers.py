"""Numbers with check digits, as offices issue them, and as people mistype them.

Every maker takes its chance and returns the bare characters. `mistyped` gives one number in eight a
wrong character: a typing error is an identifier too, and no tagger may learn to lean on a checksum.
"""

from __future__ import annotations

import random
from typing import Final

_DNI: Final = "TRWAGMYFPDXBNJZSQVHLCKE"
_RESIDENT: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_TAIWAN: Final = "ABCDEFGHJKLMNPQRSTUVXYWZIO"
_CREDIT: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # GB 32100-2015 leaves out I, O, S, V and Z.
_CREDIT_WEIGHTS: Final = tuple(pow(3, i, 31) for i in range(17))
_MISTYPED: Final = 8


def digits(rng: random.Random, count: int) -> str:
    """Return `count` digits."""
    return "".join(rng.choice("0123456789") for _ in range(count))


def mistyped(rng: random.Random, number: str) -> str:
    """Return `number`, one time in eight with one digit changed."""
    if rng.randrange(_MISTYPED):
        return number
    at = rng.choice([i for i, char in enumerate(number) if char.isdigit()])
    return number[:at] + rng.choice("0123456789") + number[at + 1 :]


def luhn(number: str) -> str:
    """Return `number` with its ISO/IEC 7812-1 check digit."""
    total = 0
    for index, char in enumerate(reversed(number)):
        value = int(char) * (2 - index % 2)
        total += value - 9 * (value > 9)
    return number + str(-total % 10)


def iban(rng: random.Random, country: str, length: int) -> str:
    """Return an IBAN (ISO 13616) whose account is digits."""
    account = digits(rng, length)
    turned = "".join(str(int(char, 36)) for char in account + country + "00")
    return f"{country}{98 - int(turned) % 97:02}{account}"


def german_health_insurance(rng: random.Random) -> str:
    """Return a Krankenversichertennummer: a letter, eight digits and a check digit."""
    letter, body = rng.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ"), digits(rng, 8)
    counted = f"{ord(letter) - 64:02}{body}"
    return (
        letter
        + body
        + str(sum(sum(divmod(int(d) * (1 + i % 2), 10)) for i, d in enumerate(counted)) % 10)
    )


def german_tax_id(rng: random.Random) -> str:
    """Return a Steuer-ID of eleven digits (ISO 7064 MOD 11,10)."""
    body = rng.choice("123456789") + digits(rng, 9)
    product = 10
    for char in body:
        product = ((int(char) + product) % 10 or 10) * 2 % 11
    return body + str((11 - product) % 10)


def austrian_insurance(rng: random.Random, born: str) -> str:
    """Return a Sozialversicherungsnummer: serial, check digit, and `born` as DDMMYY."""
    while True:
        serial = str(rng.randint(100, 999))
        weights = (3, 7, 9, 5, 8, 4, 2, 1, 6)
        check = sum(int(d) * w for d, w in zip(serial + born, weights, strict=True)) % 11
        if check < 10:
            return f"{serial}{check}{born}"


def swiss_insurance(rng: random.Random) -> str:
    """Return an AHV number of thirteen digits (EAN-13)."""
    body = "756" + digits(rng, 9)
    return body + str(-sum(int(d) * (1 + 2 * (i % 2)) for i, d in enumerate(body)) % 10)


def french_insurance(rng: random.Random, sex: str, year: int, month: int) -> str:
    """Return a NIR with its key, fifteen characters."""
    place = rng.choice((f"{rng.randint(1, 95):02}", f"{rng.randint(1, 95):02}", "99", "2A", "2B"))
    body = f"{'2' if sex == 'f' else '1'}{year % 100:02}{month:02}{place}{digits(rng, 6)}"
    number = int(body.replace("2A", "19").replace("2B", "18"))
    return f"{body}{97 - number % 97:02}"


def belgian_register(rng: random.Random, year: int, month: int, day: int) -> str:
    """Return a Belgian national register number of eleven digits."""
    body = f"{year % 100:02}{month:02}{day:02}{rng.randint(1, 997):03}"
    return f"{body}{97 - int(('2' if year >= 2000 else '') + body) % 97:02}"


def spanish_identity(rng: random.Random) -> str:
    """Return a DNI of eight digits and a letter."""
    number = rng.randint(1_000_000, 99_999_999)
    return f"{number:08}{_DNI[number % 23]}"


def spanish_foreigner(rng: random.Random) -> str:
    """Return a NIE."""
    letter, body = rng.choice("XYZ"), digits(rng, 7)
    return f"{letter}{body}{_DNI[int(str('XYZ'.index(letter)) + body) % 23]}"


def spanish_insurance(rng: random.Random) -> str:
    """Return a NASS: province, eight digits and two of control (modulo 97)."""
    province, body = rng.randint(1, 52), rng.randint(0, 99_999_999)
    base = province * (10**7 if body < 10**7 else 10**8) + body
    return f"{province:02}{body:08}{base % 97:02}"


def chilean_identity(rng: random.Random) -> str:
    """Return a RUT: digits and a check character modulo 11."""
    body = str(rng.randint(4_000_000, 26_000_000))
    total = sum(int(d) * (2 + i % 6) for i, d in enumerate(reversed(body)))
    return body + "0K987654321"[total % 11]


def mexican_curp(rng: random.Random, born: str, sex: str) -> str:
    """Return a CURP: four letters, `born` as YYMMDD, sex, state, consonants and two more."""
    letters = "".join(
        rng.choice(kind) for kind in ("BCDFGHLMPRSTV", "AEIOU", "BCDGHLMRST", "ABCDEJLMR")
    )
    state = rng.choice(("DF", "JC", "MC", "NL", "OC", "PL", "VZ", "YN"))
    rest = "".join(rng.choice("BCDFGLMNRSTVZ") for _ in range(3))
    return f"{letters}{born}{'M' if sex == 'f' else 'H'}{state}{rest}{rng.choice('0A')}{rng.randint(0, 9)}"


def chinese_identity(rng: random.Random, area: str, born: str) -> str:
    """Return a resident id (GB 11643-1999): area, `born` as YYYYMMDD, serial, check character."""
    body = area + born + digits(rng, 3)
    total = sum(int(d) * w for d, w in zip(body, _RESIDENT, strict=True))
    return body + "10X98765432"[total % 11]


def taiwanese_identity(rng: random.Random) -> str:
    """Return a Taiwanese national id: a letter, nine digits."""
    letter = rng.choice("ABCDEFGHJKLMNPQRSTUVXYWZIO")
    code = 10 + _TAIWAN.index(letter)
    body = rng.choice("12") + digits(rng, 7)
    total = (
        code // 10
        + code % 10 * 9
        + sum(int(d) * w for d, w in zip(body, range(8, 0, -1), strict=True))
    )
    return letter + body + str(-total % 10)


def chinese_credit_code(rng: random.Random) -> str:
    """Return a unified social credit code (GB 32100-2015), eighteen characters."""
    body = "12" + digits(rng, 6) + "".join(rng.choice(_CREDIT) for _ in range(9))
    total = sum(_CREDIT.index(c) * w for c, w in zip(body, _CREDIT_WEIGHTS, strict=True))
    return body + _CREDIT[-total % 31]


def grouped(number: str, sizes: tuple[int, ...], separator: str = " ") -> str:
    """Return `number` in groups: `grouped("123456", (1, 2, 3))` is `1 23 456`."""
    parts, at = [], 0
    for size in sizes:
        parts.append(number[at : at + size])
        at += size
    return separator.join(part for part in (*parts, number[at:]) if part)
