"""What German, French and Spanish share: the forms of a name, addresses, houses, counts."""

from __future__ import annotations

import datetime as dt
from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar, Final

from training.documents import Piece, Pieces
from training.fillers import numbers
from training.fillers.base import TODAY, Cast, Fillers
from training.fillers.people import Person, ascii_of, initial
from training.fillers.places import abroad, town
from training.lists import share, words

_CAPITALS: Final = "ABCDEF"


class European(Fillers):
    """What stands in the slots of a European language that writes hospital names by pattern."""

    # Countries of home, several times for those that are more common.
    countries: ClassVar[Sequence[str]]
    short_days: ClassVar[Sequence[str]]
    short_months: ClassVar[Sequence[str]]
    phones: ClassVar[Sequence[str]]
    # Patterns of postcodes by country.
    postcodes: ClassVar[dict[str, Sequence[str]]]
    kept = Fillers.kept | {"wardcode", "nationalid", "case"}
    people_with_two_names: ClassVar[float] = 0.0
    neg_time: ClassVar[Sequence[str]] = ("{h}:{m:02}", "{h:02}:{m:02}", "{h}.{m:02}")

    # -- the ways to write a name

    def form_full(self, scene: Cast, person: Person) -> Pieces:
        """`Anna Meier`, in one of the ways that a hospital writes a full name."""
        given, family = person.given, person.family
        if not family:
            return self.person(given)
        if person.middle and scene.rng.random() < 0.12:
            given = f"{given} {scene.rng.choice((person.middle, initial(person.middle)))}"
        roll = scene.rng.random()
        if roll < 0.66:
            return self.person(f"{given} {family}")
        if roll < 0.76:
            return self.form_initial_last(scene, person)
        if roll < 0.84:
            return self.person(f"{family} {given}")
        return self.form_half_upper(scene, person)

    def form_last_first(self, scene: Cast, person: Person) -> Pieces:
        """`Meier, Anna`, `MEIER Anna` or `Meier Anna`."""
        if not person.family:
            return self.person(person.given)
        family = person.family if scene.rng.random() < 0.7 else person.family.upper()
        return self.person(f"{family}{scene.rng.choice((', ', ', ', ' '))}{person.given}")

    def form_upper(self, scene: Cast, person: Person) -> Pieces:
        """`ANNA MEIER` or `MEIER ANNA`."""
        parts = [person.given, person.family]
        if scene.rng.random() < 0.5:
            parts.reverse()
        return self.person(" ".join(part for part in parts if part).upper())

    def form_half_upper(self, scene: Cast, person: Person) -> Pieces:
        """`MEIER Anna`, `Anna MEIER`, `MEIER, ANNA`."""
        family = person.family.upper()
        if not family:
            return self.person(person.given.upper())
        return self.person(
            scene.rng.choice(
                (
                    f"{family} {person.given}",
                    f"{person.given} {family}",
                    f"{family}, {person.given.upper()}",
                )
            )
        )

    def form_last_upper(self, scene: Cast, person: Person) -> Pieces:
        """`MEIER`."""
        return self.person((person.family or person.given).upper())

    def form_last_lower(self, scene: Cast, person: Person) -> Pieces:
        """`meier`."""
        return self.person((person.family or person.given).lower())

    def form_lower(self, scene: Cast, person: Person) -> Pieces:
        """`anna meier`."""
        return self.person(f"{person.given} {person.family}".strip().lower())

    def form_initial_last(self, scene: Cast, person: Person) -> Pieces:
        """`A. Meier`, `A Meier`, `J-P. MEIER`."""
        first = initial(person.given)
        if "-" in person.given and scene.rng.random() < 0.5:
            first = first.replace(".-", "-")
        family = person.family if scene.rng.random() < 0.8 else person.family.upper()
        return self.person(f"{first} {family}".strip())

    def form_last_initial(self, scene: Cast, person: Person) -> Pieces:
        """`M.`, as in "Frau M."."""
        last = (person.family or person.given)[:1].upper()
        return self.person(
            scene.rng.choice(
                (
                    f"{last}.",
                    f"{last}.",
                    f"{last}.",
                    f"{person.given} {last}.",
                    f"{person.given[:1]}.{last}.",
                )
            )
        )

    def form_sign(self, scene: Cast, person: Person) -> Pieces:
        """`Mei`, `am` or `AM`: what a nurse signs a chart with."""
        first, last = ascii_of(person.given)[:1], ascii_of(person.family or person.given)
        return self.person(
            scene.rng.choice(
                (
                    f"{first}{last[:1]}".upper(),
                    f"{first}{last[:1]}",
                    last[:3].title(),
                    f"{first}.{last[:1]}.".upper(),
                )
            )
        )

    def form_maiden(self, scene: Cast, person: Person) -> Pieces:
        """Return a family name that the person had before."""
        return self.person(self.invent(scene).family or "Abel")

    def form_genitive(self, scene: Cast, person: Person) -> Pieces:
        """`Marijas`, the ending being of the name."""
        name = scene.rng.choice((person.given, person.family or person.given))
        return self.person(name + ("'" if name.endswith(("s", "z", "x", "ß")) else "s"))

    # -- days

    def written(self, scene: Cast, day: dt.date, pattern: str) -> str:
        """Return a day as a pattern has it, its month now and then with a capital."""
        if self.lang != "de" and "{mon" in pattern and scene.rng.random() < 0.12:
            fields = self._date_fields(scene, day)
            fields["month"], fields["mon"] = (
                str(fields["month"]).capitalize(),
                str(fields["mon"]).capitalize(),
            )
            return pattern.format_map(fields)
        return super().written(scene, day, pattern)

    def slot_date_spaced(self, scene: Cast) -> Pieces:
        """`3 0 0 3 2 0 2 1`, as scanners read the boxes of a form."""
        day = self.birthday(scene) if scene.rng.random() < 0.4 else self.day(scene)
        return (Piece(" ".join(day.strftime("%d%m%Y")), "DATE_TIME"),)

    def slot_insurance_spaced(self, scene: Cast) -> Pieces:
        """Return an insurance number one figure at a time."""
        text, label = self.slot("insurance")(scene)[0]
        return (Piece(" ".join(char for char in text if char.isalnum()), label),)

    def slot_date_monthrange(self, scene: Cast) -> Pieces:
        """`10-11/2022`."""
        day = self.day(scene)
        later = min(12, day.month + 2)
        year = scene.rng.choice((f"{day.year}", f"{day.year % 100:02}"))
        return (
            Piece(f"{day.month:02}", "DATE_TIME"),
            Piece(scene.rng.choice(("-", "–", " - "))),
            Piece(f"{later:02}/{year}", "DATE_TIME"),
        )

    def slot_date_day(self, scene: Cast) -> Pieces:
        """Return a day, mostly without its year."""
        pattern = scene.rng.choice(self.short_days)
        return (Piece(self.written(scene, self.day(scene), pattern), "DATE_TIME"),)

    def slot_date_short(self, scene: Cast) -> Pieces:
        """Return a day as charts write it."""
        return self.slot_date_day(scene) if scene.rng.random() < 0.4 else self.slot_date_num(scene)

    def slot_date_num(self, scene: Cast) -> Pieces:
        """Return a day in figures."""
        pattern = scene.rng.choice(
            ("{dd}/{mm}/{y}", "{dd}/{mm}/{yy}", "{d}/{m}/{yy}", "{dd}-{mm}-{y}")
            if self.lang != "de"
            else ("{dd}.{mm}.{y}", "{d}.{m}.{y}", "{dd}.{mm}.{yy}", "{d}.{m}.{yy}")
        )
        return (Piece(self.written(scene, self.day(scene), pattern), "DATE_TIME"),)

    def slot_date_month(self, scene: Cast) -> Pieces:
        """Return a month with its year."""
        pattern = scene.rng.choice(self.short_months)
        return (Piece(self.written(scene, self.day(scene), pattern), "DATE_TIME"),)

    def slot_date_monthonly(self, scene: Cast) -> Pieces:
        """Return a month's name."""
        return (Piece(self.written(scene, self.day(scene), "{month}"), "DATE_TIME"),)

    def slot_date_monthnum(self, scene: Cast) -> Pieces:
        """`03/26`."""
        return (
            Piece(
                self.written(scene, self.day(scene), scene.rng.choice(("{mm}/{yy}", "{mm}/{y}"))),
                "DATE_TIME",
            ),
        )

    def slot_date_year(self, scene: Cast) -> Pieces:
        """Return a year, rarely of two figures."""
        return self.slot_year(scene)

    def slot_date_dayonly(self, scene: Cast) -> Pieces:
        """Return a day of the month, which a later date completes."""
        day = str(self.day(scene).day)
        return (Piece(f"{day}." if self.lang == "de" else day, "DATE_TIME"),)

    joiners: ClassVar[Sequence[str]] = ("-", " - ", "–")

    # What stands before a month or a year and belongs to it: "Mitte März 2019", "fin 2025".
    loosely: ClassVar[Sequence[str]]

    def slot_date_loose(self, scene: Cast) -> Pieces:
        """Return a part of a month or of a year."""
        return (
            Piece(
                self.written(scene, self.day(scene), scene.rng.choice(self.loosely)), "DATE_TIME"
            ),
        )

    def slot_date_range(self, scene: Cast) -> Pieces:
        """Return two days and what joins them."""
        first = self.day(scene)
        last = first + dt.timedelta(days=scene.rng.randint(1, 20))
        short, long = scene.rng.choice(
            (
                ("{dd}.{mm}.", "{dd}.{mm}.{yy}"),
                ("{dd}.{mm}.{y}", "{dd}.{mm}.{y}"),
                ("{d}.", "{d}.{m}.{y}"),
            )
            if self.lang == "de"
            else (
                ("{dd}/{mm}", "{dd}/{mm}/{y}"),
                ("{dd}/{mm}/{y}", "{dd}/{mm}/{y}"),
                ("{dd}", "{dd}/{mm}/{yy}"),
            )
        )
        return (
            Piece(self.written(scene, first, short), "DATE_TIME"),
            Piece(scene.rng.choice(self.joiners)),
            Piece(self.written(scene, last, long), "DATE_TIME"),
        )

    def slot_date_words(self, scene: Cast) -> Pieces:
        """Return a birthday as it is dictated."""
        return (Piece(self.spoken(self.birthday(scene)), "DATE_OF_BIRTH"),)

    @abstractmethod
    def spoken(self, day: dt.date) -> str:
        """Return a day in words."""

    def slot_date_early(self, scene: Cast) -> Pieces:
        """Return another person's birthday."""
        day = TODAY - dt.timedelta(days=scene.rng.randint(7000, 33000))
        return self._dated(scene, day, "DATE_OF_BIRTH")

    # -- places

    def home(self, scene: Cast) -> str:
        """Return the country of this document."""
        return str(scene.note("country", self.countries))

    def place(self, scene: Cast) -> str:
        """Return a town of the document's country."""
        name = town(scene.rng, self.split, (self.home(scene),)).name
        return name.split(" (")[0]

    def slot_city(self, scene: Cast) -> Pieces:
        """Return a town."""
        text = self.place(scene)
        return (
            Piece(
                text.upper() if self.lang == "fr" and scene.rng.random() < 0.15 else text,
                "LOCATION",
            ),
        )

    def slot_city2(self, scene: Cast) -> Pieces:
        """Return another town."""
        return self.slot_city(scene)

    def slot_city_lower(self, scene: Cast) -> Pieces:
        """Return a town without capitals."""
        return (Piece(self.place(scene).lower(), "LOCATION"),)

    def slot_village(self, scene: Cast) -> Pieces:
        """Return an invented village, or a town."""
        return (Piece(self.village(scene), "LOCATION"),)

    def village(self, scene: Cast) -> str:
        """Return a village made of halves, or a town."""
        parts = words(f"{self.lang}/village_parts")
        heads = [part.rstrip("+") for part in parts if not part.startswith("+")]
        tails = [part[1:] for part in parts if part.startswith("+")]
        roll = scene.rng.random()
        if roll < 0.3:
            return self.place(scene)
        middle = self.root(scene)
        if roll < 0.5:
            return self.joined(scene.rng.choice(heads), self.place(scene))
        if roll < 0.8:
            return self.joined(middle, scene.rng.choice(tails))
        return self.joined(scene.rng.choice(heads), middle)

    @staticmethod
    def joined(head: str, tail: str) -> str:
        """Return two halves of a village's name as one."""
        if head.endswith((" ", "-")):
            return head + tail
        if tail.startswith(("sur-", "les-", "en-", "le-", "aux-", "sous-", "la-")):
            return f"{head}-{tail}"
        return (head + tail.lower()) if not tail.startswith(" ") else head + tail

    def root(self, scene: Cast) -> str:
        """Return what a street is named after."""
        name = "street_roots" if self.lang == "de" else "roots"
        return scene.rng.choice(share(words(f"{self.lang}/{name}"), self.split))

    def slot_region(self, scene: Cast) -> Pieces:
        """Return a district or province."""
        return (
            Piece(scene.rng.choice(share(words(f"{self.lang}/regions"), self.split)), "LOCATION"),
        )

    def slot_country(self, scene: Cast) -> Pieces:
        """Return a country, its article unlabelled."""
        text = scene.rng.choice(words(f"{self.lang}/countries"))
        head, _, name = text.rpartition(" ")
        return (Piece(f"{head} "), Piece(name, "LOCATION")) if head else (Piece(name, "LOCATION"),)

    homeland: ClassVar[str]

    def slot_homeland(self, scene: Cast) -> Pieces:
        """Return the country that most documents of the language are from."""
        return (Piece(self.homeland, "LOCATION"),)

    def slot_abroad(self, scene: Cast) -> Pieces:
        """Return a town of any country."""
        return (Piece(abroad(scene.rng, self.split).name.split(" (")[0], "LOCATION"),)

    def slot_postcode(self, scene: Cast) -> Pieces:
        """Return a postcode of the document's country."""
        return (
            Piece(
                self.shaped(scene, scene.rng.choice(self.postcodes[self.home(scene)])), "POSTCODE"
            ),
        )

    def slot_street(self, scene: Cast) -> Pieces:
        """Return a street with its number."""
        return (Piece(self.patterned(scene, "street_patterns"), "STREET_ADDRESS"),)

    def slot_street_lower(self, scene: Cast) -> Pieces:
        """Return a street without capitals."""
        return (Piece(self.patterned(scene, "street_patterns").lower(), "STREET_ADDRESS"),)

    def patterned(self, scene: Cast, name: str) -> str:
        """Return a pattern of the split's own with its fields filled."""
        rng = scene.rng
        pattern = rng.choice(share(words(f"{self.lang}/{name}"), self.split))
        who = self.invent(scene)
        family = who.family or who.given
        fields: dict[str, object] = {
            "name": family, "family": family, "given": who.given, "NAME": family.upper(),
            "GIVEN": who.given.upper(), "city": self.place(scene), "root": self.root(scene),
            "village": self.village(scene), "n": rng.choice((rng.randint(1, 40), rng.randint(1, 250))),
            "f": rng.randint(1, 9), "l": rng.choice("abcd"), "L": rng.choice(_CAPITALS),
            "day": rng.randint(1, 28), "month": rng.choice(self.months),
        }  # fmt: skip
        for field, file in (
            ("saint", "saints"), ("saintf", "saintsf"), ("rootf", "rootsf"), ("plural", "plurals"),
            ("virgin", "virgins"),
        ):  # fmt: skip
            if "{" + field + "}" in pattern:
                fields[field] = rng.choice(share(words(f"{self.lang}/{file}"), self.split))
        if "{ROOTF}" in pattern:
            fields["ROOTF"] = rng.choice(share(words(f"{self.lang}/rootsf"), self.split)).upper()
        return self.smoothed(pattern.format_map(fields))

    def smoothed(self, text: str) -> str:
        """Return a filled pattern with its joints made right ("de Évreux" is "d'Évreux")."""
        return text

    # -- houses

    def slot_hospital(self, scene: Cast) -> Pieces:
        """Return a hospital."""
        text = self.patterned(scene, "hospital_patterns")
        return (Piece(text.upper() if scene.rng.random() < 0.06 else text, "ORGANIZATION"),)

    def slot_hospital2(self, scene: Cast) -> Pieces:
        """Return another hospital."""
        return self.slot_hospital(scene)

    def slot_facility(self, scene: Cast) -> Pieces:
        """Return a home, a practice or a centre."""
        return (Piece(self.patterned(scene, "facility_patterns"), "ORGANIZATION"),)

    def slot_facilityname(self, scene: Cast) -> Pieces:
        """Return the bare name of a home, where the word before it says what it is."""
        return (Piece(self.patterned(scene, "facility_names"), "ORGANIZATION"),)

    def slot_org(self, scene: Cast) -> Pieces:
        """Return an employer, a service or a school."""
        return (Piece(self.patterned(scene, "org_patterns"), "ORGANIZATION"),)

    # Codes of wards; shapes as in `base`.
    wards: ClassVar[Sequence[str]]

    def slot_wardcode(self, scene: Cast) -> Pieces:
        """Return a ward's code: `A33`, `4B`."""
        return (Piece(self.shaped(scene, scene.rng.choice(self.wards)), "ORGANIZATION"),)

    # -- ages

    age_words: ClassVar[tuple[Sequence[str], Sequence[str], Sequence[str]]]  # years, months, days

    def slot_age(self, scene: Cast) -> Pieces:
        """Return the patient's age with its unit."""
        years = self.age(scene)
        if years == 0:
            kind = scene.rng.choice((1, 1, 2))
            number = scene.rng.randint(2, 18 if kind == 1 else 28)
            return self.aged(scene.rng.choice(self.age_words[kind]).format(n=number), 0)
        return self.aged(
            scene.rng.choice(self.age_words[0]).format(n=years if years > 1 else 2), years
        )

    def slot_age_other(self, scene: Cast) -> Pieces:
        """Return another person's age with its unit."""
        years = scene.rng.randint(2, 101)
        return self.aged(scene.rng.choice(self.age_words[0]).format(n=years), years)

    def slot_age_num(self, scene: Cast) -> Pieces:
        """Return the patient's age in figures."""
        return self.aged(str(self.age(scene)), self.age(scene))

    # -- numbers that all write alike

    def slot_phone(self, scene: Cast) -> Pieces:
        """Return a telephone number of home, now and then of another country."""
        shapes = self.phones if scene.rng.random() < 0.95 else _ABROAD
        return (Piece(self.shaped(scene, scene.rng.choice(shapes)), "PHONE_NUMBER"),)

    def slot_fax(self, scene: Cast) -> Pieces:
        """Return a fax number."""
        return (Piece(self.slot_phone(scene)[0].text, "FAX_NUMBER"),)

    def slot_email(self, scene: Cast) -> Pieces:
        """Return the mail address of a person or an office."""
        rng = scene.rng
        domain = rng.choice(self.mail_domains)
        if rng.random() < 0.5:
            domain = ascii_of(self.place(scene)) + rng.choice(self.mail_endings)
        if rng.random() < 0.2:
            return (Piece(f"{rng.choice(self.offices)}@{domain}", "EMAIL_ADDRESS"),)
        name = self.form_email(
            scene, scene.person(rng.choice(("doctor", "nurse", "patient", "clerk")))
        )[0].text
        return (Piece(f"{name.split('@')[0]}@{domain}", "EMAIL_ADDRESS"),)

    offices: ClassVar[Sequence[str]] = ("info",)
    mail_endings: ClassVar[Sequence[str]] = (".example",)

    def slot_username(self, scene: Cast) -> Pieces:
        """Return a user's name."""
        made = self.form_username(scene, scene.person("clerk"))
        if scene.rng.random() < 0.3:
            return (
                Piece(
                    self.shaped(scene, scene.rng.choice(("##", "19##", "20##"))) + made[0].text,
                    "USERNAME",
                ),
            )
        return made

    def slot_iban(self, scene: Cast) -> Pieces:
        """Return an IBAN, in groups of four or in one."""
        country = self.home(scene)
        length = {"DE": 18, "AT": 16, "CH": 17, "FR": 23, "BE": 12, "ES": 20}.get(country, 20)
        code = country if country in {"DE", "AT", "CH", "FR", "BE", "ES"} else self.countries[0]
        number = numbers.mistyped(scene.rng, numbers.iban(scene.rng, code, length))
        if scene.rng.random() < 0.7:
            number = numbers.grouped(number, (4,) * 8)
        return (Piece(number, "IBAN_CODE"),)

    # -- numbers and names of life outside the hospital

    def slot_card(self, scene: Cast) -> Pieces:
        """Return a payment card's number, mostly with its check digit."""
        rng = scene.rng
        number = numbers.luhn(rng.choice(("4", "51", "52", "53")) + numbers.digits(rng, 14))[:16]
        number = numbers.mistyped(rng, number if len(number) == 16 else numbers.luhn(number[:15]))
        return (
            Piece(
                rng.choice(
                    (
                        numbers.grouped(number, (4, 4, 4, 4)),
                        number,
                        numbers.grouped(number, (4, 4, 4, 4), "-"),
                    )
                ),
                "CREDIT_CARD",
            ),
        )

    def slot_account(self, scene: Cast) -> Pieces:
        """Return a customer's or an account's number."""
        return (
            Piece(
                self.shaped(
                    scene,
                    scene.rng.choice(
                        ("########", "##########", "K-######", "####-####", "KD######", "%#####")
                    ),
                ),
                "ACCOUNT_NUMBER",
            ),
        )

    def slot_order(self, scene: Cast) -> Pieces:
        """Return the number of an order, a booking or an employee."""
        return (
            Piece(
                self.shaped(
                    scene,
                    scene.rng.choice(
                        (
                            "@@@###",
                            "^^^^^#",
                            "#########",
                            "RE-####-####",
                            "##-#####",
                            "@#######",
                            "BST######",
                        )
                    ),
                ),
                "OTHER_ID",
            ),
        )

    def slot_driver(self, scene: Cast) -> Pieces:
        """Return a driving licence's number."""
        return (
            Piece(
                self.shaped(
                    scene,
                    scene.rng.choice(
                        (
                            "@##^^####^#",
                            "########",
                            "########-@",
                            "##@@#####",
                            "@@@@@.######.@@.###",
                            "############",
                        )
                    ),
                ),
                "LICENSE_NUMBER",
            ),
        )

    def slot_ssn(self, scene: Cast) -> Pieces:
        """Return a number of the social insurance or of the tax office."""
        return (
            Piece(
                self.shaped(
                    scene,
                    scene.rng.choice(
                        (
                            "## ###### @ ###",
                            "##%#####@###",
                            "###.####.####.##",
                            "##############",
                            "### ### ### ###",
                            "%##########",
                        )
                    ),
                ),
                "NATIONAL_ID",
            ),
        )

    def slot_mac(self, scene: Cast) -> Pieces:
        """Return a network card's address."""
        pairs = [f"{scene.rng.randrange(256):02x}" for _ in range(6)]
        return (Piece(scene.rng.choice((":".join(pairs), "-".join(pairs).upper())), "MAC_ADDRESS"),)

    def slot_geo(self, scene: Cast) -> Pieces:
        """Return coordinates."""
        north, east = scene.rng.uniform(35, 60), scene.rng.uniform(-10, 20)
        return (
            Piece(
                scene.rng.choice(
                    (
                        f"{north:.4f}, {east:.4f}",
                        f"[{north:.2f},{east:.3f}]",
                        f"{north:.4f}° N, {abs(east):.4f}° E",
                    )
                ).strip("[]"),
                "LOCATION",
            ),
        )

    def slot_secret(self, scene: Cast) -> Pieces:
        """Return a password."""
        return (
            Piece(
                self.shaped(
                    scene,
                    scene.rng.choice(
                        ("^^^^!##", "@^^^-^^##", "^#^#^#^#", "Sommer%###!", "@@##$^^", "^^^^^^^^")
                    ),
                ).swapcase(),
                "OTHER_ID",
            ),
        )

    def slot_flat(self, scene: Cast) -> Pieces:
        """Return the number of a flat."""
        return (
            Piece(
                scene.rng.choice(
                    (
                        f"{scene.rng.randint(1, 99)}",
                        f"{scene.rng.randint(1, 30)}{scene.rng.choice(_CAPITALS)}",
                    )
                ),
                "STREET_ADDRESS",
            ),
        )

    def form_first_lower(self, scene: Cast, person: Person) -> Pieces:
        """`anna`."""
        return self.person(person.given.lower())

    # -- what is easily taken for an identifier, and is none

    def slot_neg_lab(self, scene: Cast) -> Pieces:
        """Return a laboratory value."""
        return (Piece(self.shaped(scene, scene.rng.choice(words(f"{self.lang}/lab_values")))),)

    def slot_neg_dose(self, scene: Cast) -> Pieces:
        """Return an amount with its unit."""
        amount = scene.rng.choice(
            (
                "5",
                "10",
                "20",
                "25",
                "40",
                "50",
                "75",
                "80",
                "100",
                "150",
                "250",
                "500",
                "600",
                "1000",
                "2,5",
                "0,5",
                "1,25",
                "12,5",
                "47,5",
                "0,4",
                "1",
            )
        )
        return (
            Piece(
                amount + scene.rng.choice((" mg", "mg", " mg", " mg", " µg", " g", " ml", " mg/d")),
            ),
        )

    def slot_neg_time(self, scene: Cast) -> Pieces:
        """Return an hour of the day."""
        pattern = scene.rng.choice(self.neg_time)
        return (
            Piece(
                pattern.format(
                    h=scene.rng.randint(0, 23),
                    m=scene.rng.choice((0, 15, 30, 45, scene.rng.randint(0, 59))),
                )
            ),
        )

    def slot_neg_weight(self, scene: Cast) -> Pieces:
        """Return a body weight."""
        return (
            Piece(
                scene.rng.choice(
                    (
                        f"{scene.rng.randint(2, 110)} kg",
                        f"{scene.rng.randint(40, 99)},{scene.rng.randint(0, 9)} kg",
                        f"{scene.rng.randint(1800, 4600)} g",
                    )
                )
            ),
        )

    def slot_neg_range(self, scene: Cast) -> Pieces:
        """Return a range of reference values."""
        low = scene.rng.randint(1, 40)
        return (
            Piece(f"{low}{scene.rng.choice(('-', '–', ' - '))}{low + scene.rng.randint(2, 90)}"),
        )

    def slot_neg_amount(self, scene: Cast) -> Pieces:
        """Return a sum of money."""
        return (
            Piece(
                scene.rng.choice(
                    (
                        f"{scene.rng.randint(5, 900)} €",
                        f"{scene.rng.randint(5, 900)},{scene.rng.randint(10, 99)} EUR",
                        f"{scene.rng.randint(10, 5000)} Euro",
                    )
                ),
            ),
        )

    def slot_neg_citation(self, scene: Cast) -> Pieces:
        """Return a reference to the literature: its authors are no patients."""
        rng = scene.rng
        style = rng.choice(
            ("{last} {initial}", "{last}, {initial}.", "{initial}. {last}", "{LAST}, {initial}.")
        )
        authors = []
        for _ in range(rng.randint(2, 7)):
            who = self.invent(scene)
            last = who.family or who.given
            authors.append(
                style.format(last=last, LAST=last.upper(), initial=who.given[:1].upper())
            )
        titles = (
            "Diagnosis and management of acute myeloid leukemia in adults",
            "Recommendations of the working group",
            "Long-term outcome after surgery",
            "A randomised controlled trial",
            "Practice guideline update",
            "European consensus statement",
            "Treatment of chronic heart failure",
            "1st edition",
        )
        journals = (
            "Blood",
            "Lancet",
            "N Engl J Med",
            "Circulation",
            "J Clin Oncol",
            "Eur Heart J",
            "BMJ",
            "Dtsch Arztebl",
            "Rev Esp Cardiol",
            "Presse Med",
        )
        year, volume, page = rng.randint(1995, 2026), rng.randint(3, 400), rng.randint(1, 900)
        end = rng.choice(
            (
                f"{year};{volume}({rng.randint(1, 12)}):{page}-{page + 9}",
                f"{year} {volume}:{page}-{page + 7}",
                f"{year}; {volume}: {page}",
            )
        )
        return (
            Piece(
                f"{', '.join(authors)}{rng.choice((' et al. ', '. ', ': '))}{rng.choice(titles)}. {rng.choice(journals)} {end}."
            ),
        )

    def slot_neg_grid(self, scene: Cast) -> Pieces:
        """Return columns of figures, as monitors and scanned axes leave them."""
        rng = scene.rng
        count = rng.randint(5, 16)
        kind = rng.choice(("steps", "numbers", "same", "values", "clock"))
        if kind == "steps":
            step, start = rng.choice((0.5, 1, 2, 5, 10)), rng.randint(0, 20)
            return (Piece(" ".join(f"{start + step * i:g}" for i in range(count))),)
        if kind == "same":
            return (Piece(" ".join([str(rng.randint(0, 9))] * count)),)
        if kind == "values":
            return (Piece(" | ".join(f"{rng.uniform(1, 200):.1f}" for _ in range(count))),)
        numbers_ = " ".join(
            str(rng.choice((rng.randint(1, 99), rng.randint(100, 9999)))) for _ in range(count)
        )
        return (
            Piece(
                numbers_
                if kind == "numbers"
                else f"(1){rng.randint(0, 23)}:{rng.randint(10, 59)} {numbers_}"
            ),
        )

    def slot_neg_digits7(self, scene: Cast) -> Pieces:
        """Return seven digits that name an office."""
        return (Piece(numbers.digits(scene.rng, 7)),)


_ABROAD: Final = (
    "+49 1## #######", "+33 6 ## ## ## ##", "+34 6## ### ###", "+43 6## #######", "+41 79 ### ## ##",
    "+90 5## ### ## ##", "+48 ### ### ###", "+44 7### ######", "+39 3## #######", "+351 9## ### ###",
    "+212 6########", "+380 ## ### ## ##", "0090 5#########", "+1 (%##) %##-####", "+86 13# #### ####",
)  # fmt: skip
