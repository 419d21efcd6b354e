"""Identifiers as people write them: every kind that has a form, in every form that is supported.

All are invented: digits are drawn, check digits are made right. A form is a way to write a value;
`BARE` forms stand in a sentence without any word for them, `LABELLED` ones after a label.
"""

# ruff: noqa: E501 - a table is read across

from __future__ import annotations

import random
import string
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from gateway.detection.label_words import CHINESE, NUMBERS, STRONG, WEAK
from gateway.domain import checksums as c
from gateway.domain import entities as e
from gateway.domain.checkdigits import Kind

Make = Callable[[random.Random], str]


class Form(NamedTuple):
    """One way to write one kind of identifier."""

    name: str
    entity: e.EntityType
    make: Make


def _pattern(pattern: str) -> Make:
    """Return a maker: 9 is any digit, 8 none but 0 and 1, A a capital, a a small letter."""

    def make(chance: random.Random) -> str:
        picks = {
            "9": string.digits,
            "8": "23456789",
            "7": "1234567",
            "A": string.ascii_uppercase,
            "a": string.ascii_lowercase,
            "B": "BCDFGHJKLMNPRSTVWXYZ",
            "P": "ABCDEFGHJKLMPRSTVWXYZ",
            "M": "ACDEFGHJKMNPQRTUVWXY",
        }
        return "".join(chance.choice(picks[char]) if char in picks else char for char in pattern)

    return make


def _groups(kind: Kind, *sizes: int, by: str = " ") -> Make:
    def make(chance: random.Random) -> str:
        return grouped(kind.make(chance.randrange), *sizes, by=by)

    return make


def grouped(value: str, *sizes: int, by: str = " ") -> str:
    """Return `value` in groups of `sizes`, the last with what is left."""
    parts, rest = [], value
    for size in sizes:
        parts.append(rest[:size])
        rest = rest[size:]
    return by.join([*parts, rest] if rest else parts)


def _of(kind: Kind) -> Make:
    return lambda chance: kind.make(chance.randrange)


def _ssn(by: str) -> Make:
    def make(chance: random.Random) -> str:
        area = chance.choice([*range(1, 666), *range(667, 900)])
        return f"{area:03d}{by}{chance.randint(1, 99):02d}{by}{chance.randint(1, 9999):04d}"

    return make


def _itin(chance: random.Random) -> str:
    return f"9{chance.randint(0, 99):02d} {chance.choice([50, 65, 70, 88, 92, 94, 99])} {chance.randint(0, 9999):04d}"


def _dni(form: str) -> Make:
    def make(chance: random.Random) -> str:
        value = c.DNI.make(lambda n: chance.randrange(min(n, 10)))
        number, letter = value[:-1], value[-1]
        return form.format(number, letter, number[:2], number[2:5], number[5:], letter.lower())

    return make


def _nie(form: str) -> Make:
    def make(chance: random.Random) -> str:
        value = c.DNI.complete(chance.choice("XYZ") + f"{chance.randrange(10**7):07d}A") or ""
        return form.format(value[0], value[1:8], value[8])

    return make


def _lower_x(chance: random.Random) -> str:
    while not (value := c.RESIDENT.make(chance.randrange)).endswith("X"):
        pass
    return value.lower()


def _old_resident(chance: random.Random) -> str:
    return f"11010{chance.randint(1, 9)}{chance.randint(20, 99)}{chance.randint(1, 12):02d}{chance.randint(1, 28):02d}{chance.randint(0, 999):03d}"


def _iban(chance: random.Random) -> str:
    country = chance.choice(["DE", "ES", "FR", "GB", "CH", "AT", "NL", "IT", "BE", "PT"])
    letters = {"GB": 4, "NL": 4, "IT": 1}.get(country, 0)
    body = "".join(chance.choices(string.ascii_uppercase, k=letters))
    body += "".join(chance.choices(string.digits, k=c.IBAN_LENGTHS[country] - 4 - letters))
    return c.IBAN.complete(f"{country}00{body}") or ""


def _fours(by: str, *, lower: bool = False) -> Make:
    def make(chance: random.Random) -> str:
        value = _iban(chance)
        value = by.join(value[i : i + 4] for i in range(0, len(value), 4))
        return value.lower() if lower else value

    return make


def _amex(chance: random.Random) -> str:
    value = c.CARD.complete("37" + "".join(chance.choices(string.digits, k=13))) or _amex(chance)
    return value if " " in value else grouped(value, 4, 6)


def _udi(chance: random.Random) -> str:
    return f"(01){c.GTIN.make(chance.randrange)}(17){chance.randint(25, 39)}0{chance.randint(1, 9)}15(10)LOT{chance.randint(100, 99999)}"


def _uuid(chance: random.Random) -> str:
    return grouped("".join(chance.choices("0123456789abcdef", k=32)), 8, 4, 4, 4, by="-")


def _ipv4(chance: random.Random) -> str:
    return ".".join(str(chance.randint(1, 254)) for _ in range(4))


def _ipv6(chance: random.Random) -> str:
    groups = [f"{chance.randrange(0x1000, 0x10000):x}" for _ in range(8)]
    return ":".join(groups) if chance.random() < 0.5 else ":".join(groups[:3]) + "::" + groups[3]


def _mac(by: str, size: int) -> Make:
    def make(chance: random.Random) -> str:
        value = "".join(chance.choices("0123456789ABCDEF", k=12))
        return by.join(value[i : i + size] for i in range(0, 12, size))

    return make


def _word(chance: random.Random) -> str:
    return "".join(chance.choices(string.ascii_lowercase, k=chance.randint(3, 9)))


def _email(form: str) -> Make:
    return lambda chance: form.format(
        _word(chance),
        _word(chance),
        _word(chance),
        chance.choice(["com", "org", "de", "fr", "es", "net"]),
        chance.randint(1, 99),
    )


_ENGLISH_DIGITS: Final = [
    "oh",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
]
_GERMAN_DIGITS: Final = [
    "null",
    "eins",
    "zwei",
    "drei",
    "vier",
    "fünf",
    "sechs",
    "sieben",
    "acht",
    "neun",
]
_SPANISH_DIGITS: Final = [
    "cero",
    "uno",
    "dos",
    "tres",
    "cuatro",
    "cinco",
    "seis",
    "siete",
    "ocho",
    "nueve",
]
_FRENCH_PAIRS: Final = [
    "dix",
    "onze",
    "douze",
    "treize",
    "quatorze",
    "quinze",
    "seize",
    "vingt",
    "vingt-deux",
    "trente",
    "trente-quatre",
    "quarante",
    "cinquante-six",
    "soixante",
    "soixante-douze",
    "quatre-vingts",
    "quatre-vingt-dix",
    "quatre-vingt-douze",
]
_CHINESE_DIGITS: Final = list("零一二三四五六七八九")


def _spelt(words: list[str], digits: int, by: str = " ") -> Make:
    return lambda chance: by.join(chance.choice(words) for _ in range(digits))


def _spelt_french(chance: random.Random) -> str:
    return (
        "zéro "
        + chance.choice(["un", "deux", "trois", "quatre", "six", "sept"])
        + " "
        + " ".join(chance.choices(_FRENCH_PAIRS, k=4))
    )


def _phones() -> Iterator[Form]:
    forms = {
        "us": [
            "(888) 999-9999",
            "888-999-9999",
            "888.999.9999",
            "888 999 9999",
            "+1 888 999 9999",
            "+1-888-999-9999",
            "1-888-999-9999",
            "+1 (888) 999-9999",
            "001-888-999-9999",
            "(888)999-9999",
            "888-999-9999 x9999",
            "888-999-9999 ext. 999",
            "888.999.9999 ext 99",
            "888/999-9999",
        ],
        "german": [
            "030 9999999",
            "030/9999999",
            "030-9999999",
            "(030) 9999999",
            "0151 99999999",
            "0170/9999999",
            "+49 30 9999999",
            "+49 (0)30 9999999",
            "+49(0)30/999999-99",
            "0049 30 9999999",
            "+49 151 99999999",
            "+493099999999",
            "0341/9999-999",
            "0341 99 99 99",
            "089 9999-9999",
            "08999999999",
            "+49-89-999999",
            "030 9999999 Durchwahl 99",
        ],
        "austrian": [
            "+43 1 99999-9999",
            "+43(0)333 999-9999",
            "01/99999-999",
            "0664 9999999",
            "0043 664 9999999",
        ],
        "swiss": [
            "+41 44 999 99 99",
            "044 999 99 99",
            "+41 (0)44 999 99 99",
            "079 999 99 99",
            "0041 79 999 99 99",
        ],
        "french": [
            "01 89 89 89 89",
            "01.89.89.89.89",
            "01-89-89-89-89",
            "0189898989",
            "06 99 99 99 99",
            "06.99.99.99.99",
            "0699999999",
            "+33 1 89 89 89 89",
            "+33 (0)1 89 89 89 89",
            "+33189898989",
            "0033 1 89 89 89 89",
            "01/89/89/89/89",
            "01 89 89 89 89 poste 999",
            "0 805 999 999",
        ],
        "spanish": [
            "688 999 999",
            "688 99 99 99",
            "688-999-999",
            "688.999.999",
            "91 999 99 99",
            "93-999-99-99",
            "988 999 999",
            "988-99-99-99",
            "688999999",
            "988999999",
            "+34 688 999 999",
            "+34 688999999",
            "+34688999999",
            "0034 688 999 999",
            "918 999999",
            "91 9999999",
        ],
        "british": [
            "020 7999 9999",
            "+44 20 7999 9999",
            "07799 999999",
            "07799999999",
            "(0161) 999 9999",
            "+44 (0)7799 999999",
            "+447799 999999",
            "01632 999999",
            "0161 999 9999",
        ],
        "chinese": [
            "13899999999",
            "138 9999 9999",
            "138-9999-9999",
            "+86 138 9999 9999",
            "+86 13899999999",
            "+86-138-9999-9999",
            "010-89999999",
            "(010)89999999",
            "010 89999999",
            "0755-8999999",
            "021-89999999",
            "0086 138 9999 9999",
            "86-10-89999999",
            "400-999-9999",
        ],
    }
    for country, patterns in forms.items():
        for pattern in patterns:
            # A leading code is kept: only what follows it is drawn.
            yield Form(f"{country} {pattern}", e.PHONE_NUMBER, _phone(pattern))
    yield Form("spelt english", e.PHONE_NUMBER, _spelt(_ENGLISH_DIGITS, 7))
    yield Form("spelt english ten", e.PHONE_NUMBER, _spelt(_ENGLISH_DIGITS, 10, "-"))
    yield Form("spelt german", e.PHONE_NUMBER, _spelt(_GERMAN_DIGITS, 9))
    yield Form("spelt spanish", e.PHONE_NUMBER, _spelt(_SPANISH_DIGITS, 9))
    yield Form("spelt chinese", e.PHONE_NUMBER, _spelt(_CHINESE_DIGITS, 11, ""))
    yield Form("spelt french", e.PHONE_NUMBER, _spelt_french)
    for pattern in (
        "01.99.99.99.99",
        "01 99 99 99 99",
        "06.99.99.99.99",
        "888-999-9999",
        "688 999 999",
        "+49 30 99999999",
    ):
        yield Form(f"mangled {pattern}", e.PHONE_NUMBER, _mangled_phone(pattern))


_FIXED: Final = (
    "0 805",
    "918",
    "+86",
    "+49",
    "+43",
    "+41",
    "+33",
    "+34",
    "+44",
    "+1",
    "0049",
    "0043",
    "0041",
    "0033",
    "0034",
    "0086",
    "001",
    "0664",
    "0755",
    "(010)",
    "(0161)",
    "(030)",
    "0151",
    "0170",
    "0341",
    "01632",
    "0161",
    "0800",
    "138",
    "010",
    "030",
    "089",
    "044",
    "079",
    "021",
    "020",
    "400",
    "077",
    "01",
    "06",
    "91",
    "93",
    "86",
)


def _phone(pattern: str) -> Make:
    def make(chance: random.Random) -> str:
        fixed = next((lead for lead in _FIXED if pattern.startswith(lead)), "")
        rest = pattern[len(fixed) :].replace("(0)", "(z)")
        drawn = "".join(_pattern(char)(chance) if char in "89" else char for char in rest)
        return fixed + drawn.replace("(z)", "(0)")

    return make


def _mangled_phone(pattern: str) -> Make:
    def make(chance: random.Random) -> str:
        looks = {"0": "Oo", "1": "lI", "5": "S"}
        while True:
            value = list(_phone(pattern)(chance))
            first = 1 if value[0] == "+" else 0
            places = [i for i, char in enumerate(value) if char in looks and i > first]
            if places:
                for place in chance.sample(places, min(len(places), chance.randint(1, 2))):
                    value[place] = chance.choice(looks[value[place]])
                return "".join(value)

    return make


def _date(form: str) -> Make:
    def make(chance: random.Random) -> str:
        year, month, day = chance.randint(2016, 2026), chance.randint(1, 12), chance.randint(1, 28)
        return form.format(
            y=year,
            m=month,
            d=day,
            s=year % 100,
            n=_NAMES_OF[form.split("|", maxsplit=1)[0]][month - 1] if "|" in form else "",
        ).partition("|")[2] or form.format(y=year, m=month, d=day, s=year % 100)

    return make


_NAMES_OF: Final[dict[str, list[str]]] = {
    "en": [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
    "en3": ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
    "de": [
        "Januar",
        "Februar",
        "März",
        "April",
        "Mai",
        "Juni",
        "Juli",
        "August",
        "September",
        "Oktober",
        "November",
        "Dezember",
    ],
    "fr": [
        "janvier",
        "février",
        "mars",
        "avril",
        "mai",
        "juin",
        "juillet",
        "août",
        "septembre",
        "octobre",
        "novembre",
        "décembre",
    ],
    "es": [
        "enero",
        "febrero",
        "marzo",
        "abril",
        "mayo",
        "junio",
        "julio",
        "agosto",
        "septiembre",
        "octubre",
        "noviembre",
        "diciembre",
    ],
}
_DATE_FORMS: Final = (
    "{d}/{m}/{y}", "{m}/{d}/{y}", "{d:02d}/{m:02d}/{y}", "{d:02d}/{m:02d}/{s:02d}", "{d}.{m}.{y}", "{d:02d}.{m:02d}.{y}", "{d:02d}.{m:02d}.{s:02d}",
    "{d}. {m}. {y}", "{d:02d}-{m:02d}-{y}", "{d:02d}-{m:02d}-{s:02d}", "{y}-{m:02d}-{d:02d}", "{y}/{m:02d}/{d:02d}", "{y}.{m:02d}.{d:02d}", "{y}{m:02d}{d:02d}",
    "{y}年{m}月{d}日", "{m}月{d}日", "{y}年{m}月", "{y} 年 {m} 月 {d} 日", "{y}年{m:02d}月{d:02d}号", "{m:02d}/{y}", "{m}.{y}",
    "{y}-{m:02d}-{d:02d}T10:22:31Z", "{y}-{m:02d}-{d:02d} 14:05", "{d:02d}.{m:02d}.{y} 14:05",
    "en|{n} {d}, {y}", "en|{d} {n} {y}", "en|{n} {d}", "en|{n} {y}", "en|{d}th of {n} {y}", "en3|{n} {d}, {y}", "en3|{d} {n} {s:02d}", "en3|{d:02d}-{n}-{y}", "en3|{d:02d}{n}{y}",
    "de|{d}. {n} {y}", "de|{d}. {n}", "de|{n} {y}", "fr|{d} {n} {y}", "fr|{d} {n}", "fr|{n} {y}", "es|{d} de {n} de {y}", "es|{d} de {n} del {y}", "es|{d} de {n}", "es|{n} de {y}",
)  # fmt: skip
_BIRTH_FORMS: Final = (
    "DOB: {d:02d}/{m:02d}/{y}", "D.O.B. {m}/{d}/{s:02d}", "Date of Birth: {y}-{m:02d}-{d:02d}", "born {d:02d}/{m:02d}/{y}", "born in {y}", "DOB {d:02d}{m:02d}{y}",
    "geb. {d}.{m}.{y}", "geb. am {d:02d}.{m:02d}.{s:02d}", "Geburtsdatum: {d:02d}.{m:02d}.{y}", "geboren am {d}.{m}.{y}",
    "né le {d:02d}/{m:02d}/{y}", "née le {d:02d}.{m:02d}.{s:02d}", "Date de naissance : {d:02d}/{m:02d}/{y}", "DDN {d:02d}/{m:02d}/{y}",
    "Fecha de nacimiento: {d:02d}/{m:02d}/{y}", "nacido el {d}/{m}/{y}", "F. Nac.: {d:02d}-{m:02d}-{y}", "FN: {d:02d}/{m:02d}/{s:02d}",
    "出生日期:{y}年{m}月{d}日", "出生日期:{y}-{m:02d}-{d:02d}", "生日 {y}.{m:02d}.{d:02d}", "生于{y}年{m}月",
)  # fmt: skip
_AGE_FORMS: Final = (
    "{}-year-old", "{} year old", "{}yo", "{} y/o", "{} y.o.", "{} yrs old", "{} years of age", "age {}", "Age: {}", "aged {}", "{}-jährige", "{}-jähriger", "{} Jahre alt", "{}jähriger", "Alter: {}",
    "âgé de {} ans", "âgée de {} ans", "une femme de {} ans", "Âge : {}", "mujer de {} años", "Edad: {}", "Edad: {} años", "de {} años de edad", "{}岁", "年龄:{}", "年龄:{}岁", "{}周岁", "{} 岁",
)  # fmt: skip


def _bare() -> Iterator[Form]:
    for by, name in (("-", "hyphens"), (" ", "spaces"), (".", "dots")):
        yield Form(f"ssn {name}", e.US_SSN, _ssn(by))
    yield Form("itin", e.US_SSN, _itin)
    yield Form("card", e.CREDIT_CARD, _of(c.CARD))
    yield Form("card spaced", e.CREDIT_CARD, _groups(c.CARD, 4, 4, 4, 4))
    yield Form("card hyphens", e.CREDIT_CARD, _groups(c.CARD, 4, 4, 4, 4, by="-"))
    yield Form("card amex", e.CREDIT_CARD, _amex)
    yield Form("iban", e.IBAN_CODE, _iban)
    yield Form("iban fours", e.IBAN_CODE, _fours(" "))
    yield Form("iban hyphens", e.IBAN_CODE, _fours("-"))
    yield Form("iban small", e.IBAN_CODE, _fours("", lower=True))
    for by in ("", " ", "-"):
        yield Form(f"nhs by {by!r}", e.NATIONAL_ID, _groups(c.NHS, 3, 3, by=by))
        yield Form(f"mbi by {by!r}", e.HEALTH_PLAN_NUMBER, _pattern(f"8MM9{by}MM9{by}MM99"))
        yield Form(f"nass by {by!r}", e.HEALTH_PLAN_NUMBER, _groups(c.NASS, 2, 8, by=by))
    yield Form("nass slashes", e.HEALTH_PLAN_NUMBER, _groups(c.NASS, 2, 8, by="/"))
    for by in ("", " ", "."):
        yield Form(f"nir by {by!r}", e.NATIONAL_ID, _groups(c.NIR, 1, 2, 2, 2, 3, 3, by=by))
    yield Form("nir key apart", e.NATIONAL_ID, _groups(c.NIR, 13))
    yield Form("nir boxes", e.NATIONAL_ID, _groups(c.NIR, *[1] * 15))
    yield Form("resident", e.NATIONAL_ID, _of(c.RESIDENT))
    yield Form("resident small x", e.NATIONAL_ID, _lower_x)
    yield Form("resident spaced", e.NATIONAL_ID, _groups(c.RESIDENT, 6, 8))
    yield Form("resident old", e.NATIONAL_ID, _old_resident)
    yield Form("german tax", e.NATIONAL_ID, _of(c.TAX_ID))
    yield Form("german tax spaced", e.NATIONAL_ID, _groups(c.TAX_ID, 2, 3, 3))
    yield Form("kvnr", e.HEALTH_PLAN_NUMBER, _of(c.KVNR))
    yield Form("kvnr spaced", e.HEALTH_PLAN_NUMBER, _groups(c.KVNR, 4, 3))
    yield Form("pension", e.NATIONAL_ID, _of(c.PENSION))
    yield Form("pension spaced", e.NATIONAL_ID, _groups(c.PENSION, 2, 6, 1, 2))
    yield Form("pension letter apart", e.NATIONAL_ID, _groups(c.PENSION, 8, 1))
    yield Form("identity card", e.NATIONAL_ID, _of(c.IDENTITY_CARD))
    for form in ("{0}{1}", "{0}-{1}", "{2}.{3}.{4}-{1}", "{0} {1}", "{0}{5}"):
        yield Form(f"dni {form}", e.NATIONAL_ID, _dni(form))
    for form in ("{0}{1}{2}", "{0}-{1}-{2}", "{0}{1}-{2}"):
        yield Form(f"nie {form}", e.NATIONAL_ID, _nie(form))
    yield Form("ahv", e.NATIONAL_ID, _groups(c.AHV, 3, 4, 4, by="."))
    yield Form("ahv bare", e.NATIONAL_ID, _of(c.AHV))
    yield Form("svnr", e.NATIONAL_ID, _groups(c.SVNR, 4))
    yield Form("svnr bare", e.NATIONAL_ID, _of(c.SVNR))
    yield Form(
        "rijksregister",
        e.NATIONAL_ID,
        lambda chance: "{}.{}.{}-{}.{}".format(
            *grouped(c.RIJKSREGISTER.make(chance.randrange), 2, 2, 2, 3).split()
        ),
    )
    yield Form(
        "nino",
        e.NATIONAL_ID,
        lambda chance: (
            f"{chance.choice(['AB', 'CE', 'HJ', 'KL', 'PR'])}{chance.randrange(10**6):06d}{chance.choice('ABCD')}"
        ),
    )
    yield Form(
        "nino spaced",
        e.NATIONAL_ID,
        lambda chance: (
            f"{chance.choice(['AB', 'CE', 'HJ', 'KL', 'PR'])} {grouped(f'{chance.randrange(10**6):06d}', 2, 2)} {chance.choice('ABCD')}"
        ),
    )
    yield from _references()
    yield from _phones()
    for form in _DATE_FORMS:
        yield Form(f"date {form}", e.DATE_TIME, _date(form))


def _references() -> Iterator[Form]:
    yield Form("dea", e.LICENSE_NUMBER, _of(c.DEA))
    yield Form("npi", e.LICENSE_NUMBER, _of(c.NPI))
    yield Form("vin", e.VEHICLE_ID, _of(c.VIN))
    yield Form("mrz", e.PASSPORT, _of(c.MRZ))
    yield Form("udi", e.DEVICE_ID, _udi)
    yield Form("uuid", e.OTHER_ID, _uuid)
    yield Form("ipv4", e.IP_ADDRESS, _ipv4)
    yield Form("ipv6", e.IP_ADDRESS, _ipv6)
    for by, size in ((":", 2), ("-", 2), (".", 4)):
        yield Form(f"mac by {by!r}", e.MAC_ADDRESS, _mac(by, size))
    for form in (
        "{0}.{1}@{2}.{3}",
        "{0}{4}@{2}.{3}",
        "{0}_{1}@mail.{2}.{3}",
        "{0} (at) {2} (dot) {3}",
        "{0}.{1} @ {2}.{3}",
        "{0} dot {1} at {2} dot com",
        "{0}-{1}@{2}-klinik.{3}",
    ):
        yield Form(f"email {form}", e.EMAIL_ADDRESS, _email(form))
    for form in (
        "https://www.{0}.{3}/{1}?id={4}",
        "www.{0}-{1}.{3}",
        "http://{0}.{1}.{3}",
        "portal.{0}.{3}/{1}",
    ):
        yield Form(f"url {form}", e.URL, _email(form))
    yield Form("handle", e.USERNAME, lambda chance: f"@{_word(chance)}_{chance.randint(1, 999)}")
    yield Form(
        "photo file",
        e.PHOTO_ID,
        lambda chance: (
            f"IMG_{chance.randint(1000, 99999)}.{chance.choice(['jpg', 'png', 'dcm', 'tiff'])}"
        ),
    )
    yield Form("zip+4", e.POSTCODE, _pattern("99999-9999"))
    for form in ("SW1A 9BB", "B8 9BB", "B88 9BB", "BA8 9BB"):
        yield Form(f"uk postcode {form}", e.POSTCODE, lambda chance, form=form: _uk(chance, form))
    yield Form(
        "canada postcode",
        e.POSTCODE,
        lambda chance: (
            f"{chance.choice('KLMV')}{chance.randint(0, 9)}{chance.choice('ABC')} {chance.randint(0, 9)}{chance.choice('ABC')}{chance.randint(0, 9)}"
        ),
    )
    for form in ("A-8999", "D-89999", "CH-8999", "F-89999"):
        yield Form(f"country postcode {form}", e.POSTCODE, _country(form))
    yield Form(
        "french plate",
        e.VEHICLE_ID,
        lambda chance: f"{_plate(chance, 2)}-{chance.randint(1, 999):03d}-{_plate(chance, 2)}",
    )
    yield Form(
        "chinese plate",
        e.VEHICLE_ID,
        lambda chance: (
            f"{chance.choice('京沪粤苏浙川')}{chance.choice('ABCDE')}{''.join(chance.choices('ABCDEFGHJK', k=1))}{chance.randrange(10**4):04d}"
        ),
    )
    yield Form(
        "chinese plate dot",
        e.VEHICLE_ID,
        lambda chance: (
            f"{chance.choice('京沪粤苏浙川')}{chance.choice('ABCDE')}·{chance.randrange(10**5):05d}"
        ),
    )
    yield Form(
        "date chinese numerals",
        e.DATE_TIME,
        lambda chance: (
            f"二〇{chance.choice('一二')}{chance.choice('一三五九')}年{chance.choice('三五六十')}月{chance.choice('三五六')}日"
        ),
    )


def _uk(chance: random.Random, form: str) -> str:
    out = ""
    for index, char in enumerate(form):
        match char:
            case "B" if index == 0:
                out += chance.choice("BCDEGLMNST")
            case "B":
                out += chance.choice("ABDEFGHJLN")
            case "8" | "9":
                out += str(chance.randint(1, 9))
            case "A" if index == 1:
                out += chance.choice("ABDEHLNS")
            case _:
                out += char
    return out


def _country(form: str) -> Make:
    letters, _, digits = form.partition("-")
    return lambda chance: letters + "-" + _pattern(digits)(chance)


def _plate(chance: random.Random, letters: int) -> str:
    return "".join(chance.choices("ABCDEFGHJKLMNPQRSTVWXYZ", k=letters))


BARE: Final[tuple[Form, ...]] = tuple(_bare())
BIRTHS: Final = _BIRTH_FORMS
AGES: Final = _AGE_FORMS


def birth(chance: random.Random, form: str) -> str:
    """Return a birth date with its label."""
    return form.format(
        y=chance.randint(1925, 2015),
        m=chance.randint(1, 12),
        d=chance.randint(1, 28),
        s=chance.randint(25, 99),
    )


VALUES: Final[tuple[str, ...]] = (
    "999999", "99999999", "9999999999", "AA-999999", "A9999999", "999-999-999", "99 999 999", "9999-9999", "A999999/99", "AA999999A", "9999/99999", "99-9999999", "#999999", "AA 9999999", "999.999.999",
)  # fmt: skip
"""How a number is written after a label, whatever it is."""


def labels() -> Iterator[tuple[e.EntityType, str, str]]:
    """Yield each label with its type and how it is joined to a number."""
    for entity, source in STRONG.items():
        for phrase in source.replace("\n", ";").split(";"):
            if phrase.strip():
                yield entity, phrase.strip(), "strong"
    for entity, source in WEAK.items():
        for phrase in source.replace("\n", ";").split(";"):
            if phrase.strip():
                yield entity, phrase.strip(), "weak"
    for entity, words in CHINESE.items():
        for phrase in words.split():
            yield entity, phrase, "chinese"


def value(chance: random.Random) -> str:
    """Return a number as it may stand after a label."""
    drawn = _pattern(chance.choice(VALUES))(chance)
    # "ID" or "NO" before a number is said of it; no number has them for its own letters.
    return value(chance) if drawn.split(" ")[0].lower() in NUMBERS else drawn


SENTENCES: Final[tuple[str, ...]] = (
    "It is {} and that is all.", "see {}", "{}", "({})", "Es lautet {}.", "Voir {}, svp.", "Es {} según consta.", "见 {} 。", "\t{}\n", '"{}"', "| {} |", "then {}; later", "为{},请核对",
)  # fmt: skip


_ANALYTES: Final = (
    "WBC", "Hgb", "Platelets", "Sodium", "Potassium", "Creatinine", "Glucose", "LDH", "CRP", "Ferritin", "TSH", "Leukozyten", "Thrombozyten", "Kreatinin", "Hämoglobin",
    "Leucocytes", "Plaquettes", "Créatinine", "Glycémie", "Leucocitos", "Plaquetas", "Creatinina", "Glucemia", "Hemoglobina", "白细胞", "血红蛋白", "血小板", "肌酐", "谷丙转氨酶",
)  # fmt: skip
_MEASURES: Final = (
    "mg/dL",
    "g/L",
    "mmol/l",
    "U/L",
    "ng/ml",
    "/mm3",
    "µg/L",
    "UI/l",
    "%",
    "10^9/L",
    "mEq/l",
    "pg/mL",
)
_DRUGS: Final = (
    "Metformin",
    "Ramipril",
    "amoxicilina",
    "paracétamol",
    "bisoprolol",
    "头孢曲松",
    "insulin",
    "furosemida",
    "heparin",
    "oxaliplatine",
)


def _result(chance: random.Random) -> str:
    comma = chance.choice(".,")
    low, high = sorted((chance.randint(1, 900), chance.randint(1, 9000)))
    value = chance.choice(
        [
            f"{chance.randint(1, 99)}{comma}{chance.randint(0, 99)}",
            str(chance.randint(1, 9999)),
            f"{chance.randint(1, 450)}{comma}000",
        ]
    )
    around = chance.choice(["({}-{})", "[{}-{}]", "ref. {}-{}", "({} - {})"]).format(low, high)
    return f"{chance.choice(_ANALYTES)} {value} {chance.choice(_MEASURES)} {around}"


def _dose(chance: random.Random) -> str:
    drug, dose = (
        chance.choice(_DRUGS),
        chance.choice([5, 10, 40, 75, 100, 250, 500, 875, 1000, 5000]),
    )
    times = chance.choice(
        [
            "1-0-1",
            "1-0-0-0",
            "0-0-1",
            "q12h",
            "BID x 7 days",
            "cada 8 horas",
            "3 fois par jour",
            "3x täglich",
            "每日2次",
            "10-0-10",
            "18-0-12",
        ]
    )
    return f"{drug} {dose} {chance.choice(['mg', 'UI', 'units', 'IE', 'mL'])} {times}"


def _finding(chance: random.Random) -> str:
    n = chance.randint
    return chance.choice([
        f"BP {n(90, 180)}/{n(50, 110)} mmHg, HR {n(40, 150)}, RR {n(10, 40)}, SpO2 {n(80, 100)}%", f"TA {n(90, 180)}/{n(50, 110)}, FC {n(40, 150)} lpm",
        f"RR {n(90, 180)}/{n(50, 110)} mmHg, HF {n(40, 150)}/min", f"nodule {n(1, 9)}.{n(0, 9)} x {n(1, 9)}.{n(0, 9)} cm", f"LVEF {n(20, 40)}-{n(41, 70)}%",
        f"pain {n(0, 10)}/10", f"Gleason {n(3, 5)}+{n(3, 5)}", f"T{n(1, 4)}N{n(0, 3)}M{n(0, 1)}", f"ICD-10 {chance.choice('CEIJKN')}{n(10, 99)}.{n(0, 9)}", f"CPT {n(10000, 99999)}",
        f"LOINC {n(1000, 99999)}-{n(0, 9)}", f"SNOMED CT {n(10**6, 10**9)}", f"PMID {n(10**6, 4 * 10**7)}", f"NCT{n(0, 10**8 - 1):08d}", f"doi:10.{n(1000, 9999)}/abc.{n(2000, 2024)}.{n(1, 999)}",
        f"QTc {n(380, 520)} ms", f"p = 0.{n(1, 999):03d}, n = {n(10, 99999)}", f"95% CI 0.{n(10, 99)}-1.{n(10, 99)}", f"Table {n(1, 9)}, page {n(1, 1999)}", f"{n(1000, 2000)}-{n(2001, 4000)} mL/day",
        f"L{n(1, 4)}/{n(2, 5)} and C{n(3, 5)}-C{n(6, 7)}", f"{n(1, 4)}-{n(5, 9)} Wochen", f"depuis {n(1, 30)} ans", f"hace {n(1, 30)} años", f"seit {n(1, 30)} Jahren", f"for {n(1, 30)} years", f"{n(1, 30)}年病史",
        f"FEV1 {n(1, 4)},{n(10, 99)} l ({n(40, 110)} %)", f"GCS {n(3, 15)} (E{n(1, 4)}V{n(1, 5)}M{n(1, 6)})", "24/7", f"USD {n(1, 9)},{n(100, 999)}.00", f"{n(10, 99)},{n(10, 99)} €", f"version {n(1, 9)}.{n(0, 9)}.{n(0, 9)}",
        f"series {n(1, 9)} image {n(1, 400)}", f"1:{n(10, 9999)}", f"{n(2, 40)} x 10^9/L", f"{n(36, 41)},{n(0, 9)} °C", f"{n(100, 999)} {n(100, 999)}/mm3", f"Studie {chance.choice(['KEYNOTE', 'CHECKMATE', 'EORTC'])}-{n(100, 999)}",
    ])  # fmt: skip


def nobodys(chance: random.Random) -> str:
    """Return a line of results, doses, findings and codes: numbers enough, and none of them a person's."""
    return "; ".join(chance.choice([_result, _dose, _finding])(chance) for _ in range(6)) + "."


PLATES: Final[tuple[str, ...]] = (
    "7PPP999", "PPP 9999", "PPP-9999", "P-PP 9999", "PP PP 999", "PP-PP 99", "PP89 PPP", "PP-999-PP", "9999 BBB", "P-9999-PP", "京P99999", "沪PP9999",
)  # fmt: skip
"""Number plates, which only a label tells from other letters and digits."""


def plate(chance: random.Random, form: str) -> str:
    """Return a number plate of that form."""
    return form[0] + _pattern(form[1:])(chance) if form[0] in "京沪" else _pattern(form)(chance)
