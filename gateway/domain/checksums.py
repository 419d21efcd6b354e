"""Numbers that carry check digits, each kind by its own standard (`checkdigits.Kind`)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

from gateway.domain.checkdigits import Kind

_DIGITS: Final = "0123456789"
_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_D: Final = (_DIGITS,)
_TEN: Final = 10


def _span(first: int, last: int, width: int = 2) -> tuple[str, ...]:
    return tuple(f"{number:0{width}d}" for number in range(first, last + 1))


_YY: Final = _span(0, 99)
_MM: Final = _span(1, 12)
_DD: Final = _span(1, 28)
_YYYY: Final = _span(1925, 2015, 4)


def _weighted(digits: str, weights: Sequence[int]) -> int:
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False))


def _cross_sum(digits: str, weights: Sequence[int]) -> int:
    products = (int(digit) * weight for digit, weight in zip(digits, weights, strict=True))
    return sum(sum(divmod(product, _TEN)) for product in products)


# Payment cards and what borrows their check digit.


def _luhn_digit(body: str) -> str:
    return str(-_cross_sum(body, [2 - index % 2 for index in range(len(body))][::-1]) % _TEN)


def luhn(digits: str) -> bool:
    """Say whether the last digit is right: ISO/IEC 7812-1 annex B."""
    return _luhn_digit(digits[:-1]) == digits[-1]


def _last_luhn(value: str) -> str | None:
    # All digits equal: a filler, not a number.
    return None if len(set(value[:-1])) == 1 else value[:-1] + _luhn_digit(value[:-1])


def _npi(value: str) -> str:
    return value[:9] + _luhn_digit("80840" + value[:9])


CARD: Final = Kind(
    "payment card: ISO/IEC 7812-1",
    re.compile(r"\d{12,19}"),
    (("4", "51", "52", "53", "54", "55"), *_D * 14),
    _last_luhn,
)
NPI: Final = Kind("US NPI: 45 CFR 162.406", re.compile(r"[12]\d{9}"), ("12", *_D * 9), _npi)
RPPS: Final = Kind("French RPPS", re.compile(r"1\d{10}"), ("1", *_D * 10), _last_luhn)
FINESS: Final = Kind("French FINESS", re.compile(r"\d{9}"), (_span(1, 95), *_D * 7), _last_luhn)


# Bank accounts.

IBAN_LENGTHS: Final[dict[str, int]] = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22,
    "BR": 29, "BY": 28, "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "DO": 28,
    "EE": 20, "EG": 29, "ES": 24, "FI": 18, "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23,
    "GL": 18, "GR": 27, "GT": 28, "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IQ": 23, "IS": 26,
    "IT": 27, "JO": 30, "KW": 30, "KZ": 20, "LB": 28, "LC": 32, "LI": 21, "LT": 20, "LU": 20,
    "LV": 21, "LY": 25, "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MR": 27, "MT": 31, "MU": 30,
    "NL": 18, "NO": 15, "PK": 24, "PL": 28, "PS": 29, "PT": 25, "QA": 29, "RO": 24, "RS": 22,
    "SA": 24, "SC": 31, "SE": 24, "SI": 19, "SK": 24, "SM": 27, "ST": 25, "SV": 28, "TL": 23,
    "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20,
}  # fmt: skip
"""Characters of an IBAN by its country: ISO 13616 registry."""


def _iban(value: str) -> str | None:
    if IBAN_LENGTHS.get(value[:2]) != len(value):
        return None
    number = int("".join(str(int(char, 36)) for char in value[4:] + value[:2]) + "00")
    return f"{value[:2]}{98 - number % 97:02d}{value[4:]}"


IBAN: Final = Kind(
    "IBAN: ISO 13616, ISO 7064 MOD 97-10",
    re.compile(r"[A-Z]{2}\d{2}[0-9A-Z]{11,30}"),
    (("DE00" + "1", "DE00" + "7"), *_D * 17),
    _iban,
)


def _aba(value: str) -> str:
    return value[:8] + str(-_weighted(value[:8], (3, 7, 1, 3, 7, 1, 3, 7)) % _TEN)


ABA: Final = Kind(
    "US routing number: ABA",
    re.compile(r"(?:0[0-9]|1[0-2]|2[1-9]|3[0-2]|6[1-9]|7[0-2]|80)\d{7}"),
    (("01", "02", "11", "12", "21", "26", "31"), *_D * 7),
    _aba,
)


# The United States.


def ssn(digits: str) -> bool:
    """Say whether the Social Security Administration could have issued this number."""
    area, group, serial = digits[:3], digits[3:5], digits[5:]
    return area not in {"000", "666"} and area < "900" and group != "00" and serial != "0000"


def itin(digits: str) -> bool:
    """Say whether this is a taxpayer's number by its form: 900 to 999, group 50 and up (IRS)."""
    return digits[0] == "9" and digits[3:5] >= "50" and digits[3:5] not in {"89", "93"}


def _dea(value: str) -> str:
    digits = [int(char) for char in value[2:8]]
    return value[:8] + str((sum(digits[0::2]) + 2 * sum(digits[1::2])) % _TEN)


DEA: Final = Kind(
    "US DEA registration: 21 CFR 1301",
    re.compile(r"[ABCDEFGHJKLMPRSTUX][A-Z9]\d{7}"),
    ("ABFM", _LETTERS, *_D * 7),
    _dea,
)

_VIN_VALUES: Final = dict(
    zip(
        "ABCDEFGHJKLMNPRSTUVWXYZ",
        [1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 7, 9, 2, 3, 4, 5, 6, 7, 8, 9],
        strict=True,
    )
) | {str(digit): digit for digit in range(10)}
_VIN_WEIGHTS: Final = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_VIN_LETTERS: Final = "ABCDEFGHJKLMNPRSTUVWXYZ"


def _vin(value: str) -> str | None:
    if value.isdigit() or value.isalpha():
        return None  # No manufacturer's code is of digits alone: a long number is not a vehicle.
    pairs = zip(value, _VIN_WEIGHTS, strict=True)
    total = sum(_VIN_VALUES[char] * weight for char, weight in pairs)
    return f"{value[:8]}{'0123456789X'[total % 11]}{value[9:]}"


VIN: Final = Kind(
    "vehicle identification number: 49 CFR 565.15(c)",
    re.compile(r"[A-HJ-NPR-Z0-9]{11}[A-HJ-NPR-Z0-9]{2}\d{4}"),
    ("12345JKLSVWZ", *(_VIN_LETTERS + _DIGITS,) * 7, "0", *(_VIN_LETTERS,) * 2, *_D * 6),
    _vin,
)


def _gs1(value: str) -> str:
    weights = [3 - 2 * (index % 2) for index in range(len(value) - 1)][::-1]
    return value[:-1] + str(-_weighted(value[:-1], weights) % _TEN)


GTIN: Final = Kind(
    "GTIN, the first part of a UDI: GS1 General Specifications 7.9",
    re.compile(r"\d{8}|\d{12,14}"),
    ("0", *_D * 13),
    _gs1,
)


# The United Kingdom.


def _nhs(value: str) -> str | None:
    check = -_weighted(value[:9], range(10, 1, -1)) % 11
    if check == _TEN or len(set(value[:9])) == 1:
        return None  # 10 is never issued, and one digit ten times is a filler.
    return value[:9] + str(check)


NHS: Final = Kind(
    "NHS number (England, Wales, Isle of Man): modulus 11",
    re.compile(r"\d{10}"),
    ("49", *_D * 9),
    _nhs,
)


# Germany, Austria, Switzerland, the Netherlands, Belgium.


def _kvnr(value: str) -> str:
    digits = f"{ord(value[0]) - 64:02d}{value[1:9]}"
    return value[:9] + str(_cross_sum(digits, (1, 2) * 5) % _TEN)


KVNR: Final = Kind(
    "German Krankenversichertennummer: § 290 SGB V",
    re.compile(r"[A-Z]\d{9}"),
    (_LETTERS, *_D * 9),
    _kvnr,
)


def _tax_id(value: str) -> str | None:
    counts = Counter(value[:10])
    most = sorted(counts.values())
    # Exactly one of the first ten digits comes twice or three times, never three in a row.
    if most[-1] not in {2, 3} or most[-2] > 1 or any(digit * 3 in value[:10] for digit in counts):
        return None
    product = _TEN
    for char in value[:10]:
        product = ((int(char) + product) % _TEN or _TEN) * 2 % 11
    return value[:10] + str((11 - product) % _TEN)


TAX_ID: Final = Kind(
    "German tax identification number: § 139b AO, ISO 7064 MOD 11,10",
    re.compile(r"[1-9]\d{10}"),
    ("123456789", *_D * 10),
    _tax_id,
)


def _pension(value: str) -> str:
    digits = f"{value[:8]}{ord(value[8]) - 64:02d}{value[9:11]}"
    weights = (2, 1, 2, 5, 7, 1, 2, 1, 2, 1, 2, 1)
    return value[:11] + str(_cross_sum(digits, weights) % _TEN)


PENSION: Final = Kind(
    "German Rentenversicherungsnummer: § 147 SGB VI, VKVV § 4",
    re.compile(r"\d{2}(?:0[1-9]|[1-8]\d)(?:0[1-9]|1[0-2])\d{2}[A-Z]\d{3}"),
    (("02", "10", "12", "53", "65"), _DD, _MM, _YY, _LETTERS, *_D * 3),
    _pension,
)


def icao_digit(value: str) -> str:
    """Return the check digit of `value`: ICAO Doc 9303 part 3, 4.9."""
    values = (0 if char == "<" else int(char, 36) for char in value)
    weights = (7, 3, 1)
    return str(sum(v * weights[i % 3] for i, v in enumerate(values)) % _TEN)


def _icao(value: str) -> str:
    return value[:9] + icao_digit(value[:9])


_GERMAN_SERIAL: Final = "CFGHJKLMNPRTVWXYZ0123456789"
IDENTITY_CARD: Final = Kind(
    "German Personalausweis and Reisepass with check digit: ICAO Doc 9303",
    re.compile(r"[CFGHJKLMNPRTVWXYZ][CFGHJKLMNPRTVWXYZ0-9]{8}\d"),
    ("CFGHJKLTXYZ", *(_GERMAN_SERIAL,) * 8, "0"),
    _icao,
)
_MRZ_TAIL: Final = r"[A-Z<]{3}\d{6}[0-9<][MFX<]\d{7}[A-Z0-9<]{14}[0-9<]{2}"


def _mrz(value: str) -> str:
    number, born, expiry, personal = value[:9], value[13:19], value[21:27], value[28:42]
    line = (
        f"{number}{icao_digit(number)}{value[10:13]}{born}{icao_digit(born)}{value[20]}"
        f"{expiry}{icao_digit(expiry)}{personal}"
    )
    own = value[42] if value[42] == "<" and personal == "<" * 14 else icao_digit(personal)
    line += own
    return line + icao_digit(line[:10] + line[13:20] + line[21:43])


MRZ: Final = Kind(
    "second line of a passport: ICAO Doc 9303 part 4, 4.2.2",
    re.compile(rf"[A-Z0-9<]{{9}}[0-9<]{_MRZ_TAIL}"),
    (
        *("CFGHJKLTXYZ", *(_GERMAN_SERIAL,) * 8, "0", ("D<<", "GBR", "USA", "FRA", "ESP", "CHN")),
        *(_YY, _MM, _DD, "0", "MF<", ("27", "28", "31"), _MM, _DD, "0", ("<" * 14,), "0", "0"),
    ),
    _mrz,
)


def _social_insurance(value: str) -> str | None:
    total = _weighted(value[:3] + value[4:], (3, 7, 9, 5, 8, 4, 2, 1, 6)) % 11
    return None if total == _TEN else f"{value[:3]}{total}{value[4:]}"


SVNR: Final = Kind(
    "Austrian Sozialversicherungsnummer",
    re.compile(r"[1-9]\d{3}(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|1[0-5])\d{2}"),
    (_span(100, 999, 3), "0", _DD, _MM, _YY),
    _social_insurance,
)
AHV: Final = Kind(
    "Swiss AHV number: EAN-13 with 756", re.compile(r"756\d{10}"), (("756",), *_D * 10), _gs1
)


def _bsn(value: str) -> str | None:
    check = _weighted(value[:8], range(9, 1, -1)) % 11
    return None if check == _TEN or len(set(value[:8])) == 1 else value[:8] + str(check)


BSN: Final = Kind("Dutch BSN: the eleven test", re.compile(r"\d{9}"), ("123", *_D * 8), _bsn)


def _register(value: str) -> str:
    old, new = (97 - int(prefix + value[:9]) % 97 for prefix in ("", "2"))
    # The century is not in the number: which of two keys is right tells it.
    key = new if value[9:] == f"{new:02d}" else old
    return f"{value[:9]}{key:02d}"


RIJKSREGISTER: Final = Kind(
    "Belgian national register number",
    re.compile(r"\d{2}(?:0\d|1[0-2])(?:[0-2]\d|3[01])\d{5}"),
    (_YY, _MM, _DD, *_D * 5),
    _register,
)


# France.


def _nir(value: str) -> str:
    number = value[:13].replace("2A", "19").replace("2B", "18")
    return f"{value[:13]}{97 - int(number) % 97:02d}"


NIR: Final = Kind(
    "French NIR: 97 less the number modulo 97, 2A and 2B are Corsica",
    re.compile(r"[1-478]\d{2}(?:0[1-9]|1[0-2]|[2-9]\d)(?:\d{2}|2[AB])\d{8}"),
    ("12", _YY, _MM, (*_span(1, 19), "2A", "2B", *_span(21, 95)), *_D * 8),
    _nir,
)


# Spain.

_DNI_LETTERS: Final = "TRWAGMYFPDXBNJZSQVHLCKE"


def _dni(value: str) -> str:
    number = value[:-1].translate(str.maketrans("XYZ", "012"))
    return value[:-1] + _DNI_LETTERS[int(number) % 23]


DNI: Final = Kind(
    "Spanish DNI and NIE: the letter is the number modulo 23",
    re.compile(r"[XYZ\d]\d{7}[A-Z]"),
    (_DIGITS + "XYZ", *_D * 7, "A"),
    _dni,
)


def _nass(value: str) -> str:
    province, number = int(value[:2]), int(value[2:10])
    base = province * 10**7 + number if number < 10**7 else int(value[:10])
    return f"{value[:10]}{base % 97:02d}"


NASS: Final = Kind(
    "Spanish NASS: the first ten digits modulo 97",
    re.compile(r"(?:0[1-9]|[1-4]\d|5[0-3]|66)\d{10}"),
    (_span(1, 52), *_D * 10),
    _nass,
)


# China.

_RESIDENT_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_REGIONS: Final = ("11", "12", "13", "21", "31", "32", "33", "37", "42", "44", "51", "61")


def _resident(value: str) -> str:
    return value[:17] + "10X98765432"[_weighted(value[:17], _RESIDENT_WEIGHTS) % 11]


RESIDENT: Final = Kind(
    "Chinese resident identity card: GB 11643-1999, ISO 7064 MOD 11-2",
    re.compile(r"[1-9]\d{5}(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dX]"),
    (_REGIONS, _span(1, 99, 4), _YYYY, _MM, _DD, *_D * 4),
    _resident,
)

KINDS: Final[tuple[Kind, ...]] = (
    CARD, NPI, RPPS, FINESS, IBAN, ABA, DEA, VIN, GTIN, NHS, KVNR, TAX_ID, PENSION, IDENTITY_CARD,
    MRZ, SVNR, AHV, BSN, RIJKSREGISTER, NIR, DNI, NASS, RESIDENT,
)  # fmt: skip
