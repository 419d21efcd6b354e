"""Check digits, each by its own standard. All take the bare characters, without separators."""

from __future__ import annotations

import re
from typing import Final

_NOT_ALNUM: Final = re.compile(r"[^0-9A-Za-z]")
_VIN_VALUES: Final = dict(
    zip(
        "ABCDEFGHJKLMNPRSTUVWXYZ",
        [1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 7, 9, 2, 3, 4, 5, 6, 7, 8, 9],
        strict=True,
    )
) | {str(digit): digit for digit in range(10)}
_VIN_WEIGHTS: Final = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_DNI_LETTERS: Final = "TRWAGMYFPDXBNJZSQVHLCKE"
_RRN_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def bare(value: str) -> str:
    """Return `value` without separators, in capitals."""
    return _NOT_ALNUM.sub("", value).upper()


def luhn(digits: str) -> bool:
    """ISO/IEC 7812-1 annex B."""
    total = 0
    for index, char in enumerate(reversed(digits)):
        value = int(char) * (1 + index % 2)
        total += value - 9 * (value > 9)  # noqa: PLR2004 - the sum of a two-digit number's digits
    return total % 10 == 0


def iban(value: str) -> bool:
    """ISO 13616: MOD 97-10 over the rearranged letters and digits."""
    return int("".join(str(int(char, 36)) for char in value[4:] + value[:4])) % 97 == 1


def nhs(digits: str) -> bool:
    """NHS number (England, Wales, Isle of Man): modulus 11."""
    check = 11 - sum(int(d) * w for d, w in zip(digits, range(10, 1, -1), strict=False)) % 11
    return check % 11 == int(digits[9]) and check != 10  # noqa: PLR2004 - 10 is never issued


def npi(digits: str) -> bool:
    """National Provider Identifier: Luhn after the prefix 80840 (45 CFR 162.406)."""
    return luhn("80840" + digits)


def dea(value: str) -> bool:
    """DEA registration: two letters, six digits, and the last digit of a weighted sum."""
    digits = [int(char) for char in value[2:]]
    return (sum(digits[0:5:2]) + 2 * sum(digits[1:6:2])) % 10 == digits[6]


def vin(value: str) -> bool:
    """Vehicle identification number: 49 CFR 565.15(c)."""
    total = sum(
        _VIN_VALUES[char] * weight for char, weight in zip(value, _VIN_WEIGHTS, strict=True)
    )
    return value[8] == "0123456789X"[total % 11]


def ssn(digits: str) -> bool:
    """Say whether the Social Security Administration could have issued this number."""
    area, group, serial = digits[:3], digits[3:5], digits[5:]
    return area not in {"000", "666"} and area < "900" and group != "00" and serial != "0000"


def dni(value: str) -> bool:
    """Spanish DNI and NIE: the letter is the number modulo 23."""
    number = value[:-1].translate(str.maketrans("XYZ", "012"))
    return _DNI_LETTERS[int(number) % 23] == value[-1]


def nir(value: str) -> bool:
    """French NIR: 97 minus the number modulo 97; 2A and 2B are Corsica."""
    number = value[:13].replace("2A", "19").replace("2B", "18")
    return number.isdigit() and 97 - int(number) % 97 == int(value[13:])


def resident_id(value: str) -> bool:
    """Chinese resident identity card: GB 11643-1999, ISO 7064 MOD 11-2."""
    total = sum(int(d) * w for d, w in zip(value[:17], _RRN_WEIGHTS, strict=True))
    return "10X98765432"[total % 11] == value[17]


def german_tax_id(digits: str) -> bool:
    """German tax identification number: ISO 7064 MOD 11,10."""
    product = 10
    for char in digits[:10]:
        product = ((int(char) + product) % 10 or 10) * 2 % 11
    return (11 - product) % 10 == int(digits[10])


def german_health_insurance(value: str) -> bool:
    """German Krankenversichertennummer: a letter, eight digits, and a weighted digit sum."""
    digits = f"{ord(value[0]) - 64:02d}{value[1:9]}"
    total = sum(sum(divmod(int(d) * (1 + i % 2), 10)) for i, d in enumerate(digits))
    return total % 10 == int(value[9])
