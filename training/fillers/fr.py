"""French: names of everywhere, places and numbers of France, Belgium, Switzerland and Québec."""

from __future__ import annotations

import datetime as dt
import re
from typing import ClassVar, Final

from training.documents import Piece, Pieces
from training.fillers import numbers
from training.fillers.base import Cast
from training.fillers.europe import European
from training.fillers.people import Person

_ONES: Final = (
    "zéro",
    "un",
    "deux",
    "trois",
    "quatre",
    "cinq",
    "six",
    "sept",
    "huit",
    "neuf",
    "dix",
    "onze",
    "douze",
    "treize",
    "quatorze",
    "quinze",
    "seize",
    "dix-sept",
    "dix-huit",
    "dix-neuf",
)
_TENS: Final = (
    "vingt",
    "trente",
    "quarante",
    "cinquante",
    "soixante",
    "soixante",
    "quatre-vingt",
    "quatre-vingt",
)
_TWENTY: Final = 20
_VOWEL: Final = re.compile(r"\b([Dd])e ([AEÉÈÊIÎOÔUYH](?!au))")
_LE: Final = re.compile(r"\b(de|à) (Le|Les) ")


def in_words(number: int) -> str:
    """Return a number below 100 in words."""
    if number < _TWENTY:
        return _ONES[number]
    ten, one = divmod(number, 10)
    if ten in (7, 9):
        one += 10
    joint = " et " if one in (1, 11) and ten < 8 else " "
    return _TENS[ten - 2] + (f"{joint}{_ONES[one]}" if one else "")


class French(European):
    """What stands in French slots."""

    lang = "fr"
    homeland = "France"
    countries = ("FR",) * 8 + ("BE", "CH", "CA")
    cultures = (
        (30, "faker:fr_FR"), (6, "faker:fr_BE"), (4, "faker:fr_CH"), (5, "faker:fr_QC"),
        (8, "faker:fr_DZ"), (18, "own:fr_more"), (14, "own:migrants"), (3, "own:south"),
        (2, "own:east"), (3, "faker:pt_PT"), (2, "faker:it_IT"), (2, "faker:es_ES"),
        (1, "faker:de_DE"), (1, "faker:nl_BE"), (1, "faker:ro_RO"), (1, "faker:en_GB"),
    )  # fmt: skip
    months = (
        "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre",
        "octobre", "novembre", "décembre",
    )  # fmt: skip
    months_short = (
        "janv.",
        "févr.",
        "mars",
        "avr.",
        "mai",
        "juin",
        "juil.",
        "août",
        "sept.",
        "oct.",
        "nov.",
        "déc.",
    )
    weekdays = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
    weekdays_short = ("lun.", "mar.", "mer.", "jeu.", "ven.", "sam.", "dim.")
    days = (
        (26, "{dd}/{mm}/{y}"), (10, "{dd}/{mm}/{yy}"), (5, "{d}/{m}/{y}"), (3, "{d}/{m}/{yy}"),
        (14, "{ord} {month} {y}"), (3, "{ord} {mon} {y}"), (3, "{dd}.{mm}.{y}"), (2, "{dd}.{mm}.{yy}"),
        (3, "{dd}-{mm}-{y}"), (2, "{y}-{mm}-{dd}"), (1, "{y}/{mm}/{dd}"), (1, "{dd} {mm} {y}"),
        (1, "{ord} {month}, {y}"), (1, "{d}{mon}{yy}"), (1, "{dd}{mm}{y}"),
    )  # fmt: skip
    times = (
        (3, "{dd}/{mm}/{y} {hh}:{mi}"),
        (2, "{dd}/{mm}/{y} à {hh}h{mi}"),
        (1, "{y}-{mm}-{dd}T{hh}:{mi}:{ss}"),
    )
    short_days = (
        "{ord} {month}", "{ord} {month}", "{dd}/{mm}", "{d}/{m}", "{dd}/{mm}/{yy}", "{dd}/{mm}/{y}", "{dd}.{mm}",
        "{d}{mon}", "{ord} {month} {y}", "{d} / {mm}",
    )  # fmt: skip
    short_months = (
        "{month} {y}", "{month} {y}", "{month} {yy}", "{mm}/{y}", "{mm}/{yy}", "{mon} {y}", "{month} {y}",
    )  # fmt: skip
    loosely = (
        "début {month} {y}", "mi-{month} {y}", "fin {month} {y}", "fin {y}", "début {y}", "mi-{y}", "fin {month}",
        "début {month}", "courant {month} {y}", "courant {y}", "printemps {y}", "été {y}", "automne {y}",
        "Noël {y}", "Pâques {y}", "{month} {y}", "{month} {yy}",
    )  # fmt: skip
    joiners = ("-", " - ", " au ", " au ")
    neg_time = ("{h}h{m:02}", "{h}h", "{h:02}:{m:02}", "{h} h {m:02}", "{h}H{m:02}")
    age_words = (
        ("{n} ans", "{n} ans", "{n}ans", "{n} ans"),
        ("{n} mois", "{n} mois", "{n} semaines"),
        ("{n} jours",),
    )
    postcodes: ClassVar = {
        "FR": ("%####", "0%###", "75 0##", "%# ###", "750##", "F-%####"),
        "BE": ("%###", "B-%###"),
        "CH": ("1%##", "CH-1###"),
        "CA": ("H#@ #@#", "J#@ #@#", "G#@ #@#", "H#@#@#"),
    }
    phones = (
        "01 ## ## ## ##", "02 ## ## ## ##", "03 ## ## ## ##", "04 ## ## ## ##", "05.##.##.##.##", "06 ## ## ## ##",
        "06.##.##.##.##", "07 ## ## ## ##", "09 ## ## ## ##", "01.##.##.##.##", "01########", "06########",
        "01-##-##-##-##", "+33 1 ## ## ## ##", "+33 (0)6 ## ## ## ##", "+33 6########", "0033 1 ## ## ## ##",
        "08 ## ## ## ##", "03 ## ##.## ##", "O1.##.##.##.##", "0692 ## ## ##", "+32 2 ### ## ##", "02/### ## ##",
        "0475 ## ## ##", "+41 21 ### ## ##", "022 ### ## ##", "514 %##-####", "(418) %##-####", "01 ## ## ####",
    )  # fmt: skip
    wards = (
        "####", "UF ####".replace("UF ", ""), "%@", "@#", "%##", "# Nord", "# Sud", "B#", "Hopital de jour #".replace("Hopital de jour ", "HDJ"),
        "@@#", "#A", "3 Est", "@-#", "#ème B", "G#@",
    )  # fmt: skip
    shapes: ClassVar = {
        "mrn": ("MEDICAL_RECORD_NUMBER", ("##########", "80########", "#######", "########", "#########", "00########", "@#######")),
        "case": ("MEDICAL_RECORD_NUMBER", ("##########", "#########", "2########", "###########", "#######", "E#######", "##/#####")),
        "sample": ("OTHER_ID", ("##H#####", "H##-#####", "##.####", "##P#####", "B##/####", "##AP#####", "########", "@##-####-#")),
        "device": ("DEVICE_ID", ("@@@######@", "@@######", "#########", "SN######", "@##@#", "######", "###@##")),
        "otherid": ("OTHER_ID", ("2###-######-##", "@@@####", "########", "#########", "@@-####", "75########", "ID-RCB ####-A0####-##".replace("ID-RCB ", ""))),
        "ip": ("IP_ADDRESS", ("10.%#.1%#.#", "192.168.#.1##", "172.16.%.##")),
        "url": ("URL", ("www.chu-@@.example", "https://patient.chu.example/r/#####", "www.doc@@@.example/rdv", "https://resultats.example.org/@@####")),
        "passport": ("PASSPORT", ("##@@#####", "##@@#####", "@@######", "##CV#####")),
        "ext": ("PHONE_NUMBER", ("#####", "####", "## ##", "##.##", "%####")),
    }  # fmt: skip
    offices = ("info", "secretariat.cardio", "contact", "rdv", "admissions", "consultations")
    mail_domains = (
        "wanadoo.example",
        "orange.example",
        "free.example",
        "aphp.example",
        "chu.example.org",
        "laposte.example",
        "mssante.example",
        "medimail.example.com",
    )
    mail_endings = ("-chu.example", ".ch.example", ".example", "-chu.example.fr")

    def ordinal(self, day: int) -> str:
        """`1er`, `2`."""
        return "1er" if day == 1 else str(day)

    def slot_date_birth(self, scene: Cast) -> Pieces:
        """Return the patient's birthday, now and then in spaced figures as scanners read them."""
        if scene.rng.random() < 0.03:
            return (Piece(" ".join(self.birthday(scene).strftime("%d%m%Y")), "DATE_OF_BIRTH"),)
        return super().slot_date_birth(scene)

    def slot_date_num(self, scene: Cast) -> Pieces:
        """Return a day in figures, now and then as scanners and hurried hands leave it."""
        if scene.rng.random() < 0.9:
            return super().slot_date_num(scene)
        pattern = scene.rng.choice(
            (
                "{dd} . {mm} . {y}",
                "{dd}|{mm}|{y}",
                "{dd}/ {mm}/{yy}",
                "{dd}/{mm}/ {y}",
                "{y}/{mm}/{dd}",
                "{dd}X{y}",
                "{dd} / {mm}",
                "{mm}/{dd}/{y}",
            )
        )
        text = self.written(scene, self.day(scene), pattern)
        if scene.rng.random() < 0.2:
            text = " ".join(self.day(scene).strftime("%d%m%Y"))
        return (Piece(text, "DATE_TIME"),)

    def slot_email(self, scene: Cast) -> Pieces:
        """Return a mail address, now and then spaced."""
        text = super().slot_email(scene)[0].text
        if scene.rng.random() < 0.04:
            text = text.replace("@", " @ ").replace(".", " . ")
        return (Piece(text, "EMAIL_ADDRESS"),)

    def slot_insurance(self, scene: Cast) -> Pieces:
        """Return a NIR of fifteen or thirteen characters, spaced or not."""
        rng, born = scene.rng, self.birthday(scene)
        number = numbers.french_insurance(rng, rng.choice("fm"), born.year, born.month)
        number = numbers.mistyped(rng, number)
        if rng.random() < 0.15:
            number = number[:13]
        return (
            Piece(
                rng.choice(
                    (
                        number, numbers.grouped(number, (1, 2, 2, 2, 3, 3, 2)),
                        numbers.grouped(number, (1, 2, 2, 2, 3, 3, 2)), numbers.grouped(number, (13, 2)),
                        " ".join(number), numbers.grouped(number, (1, 2, 2, 2, 3, 3, 2), "."),
                        numbers.grouped(number, (1, 2, 2, 2, 3, 3), " ").replace(" " + number[13:], " / " + number[13:]),
                    )
                ),
                "HEALTH_PLAN_NUMBER",
            ),
        )  # fmt: skip

    def slot_nationalid(self, scene: Cast) -> Pieces:
        """Return a Belgian NISS, a Québec NAM or a Swiss AVS number."""
        rng, born = scene.rng, self.birthday(scene)
        match rng.choice(("BE", "CA", "CH")):
            case "BE":
                bare = numbers.mistyped(
                    rng, numbers.belgian_register(rng, born.year, born.month, born.day)
                )
                number = rng.choice(
                    (bare, f"{bare[:2]}.{bare[2:4]}.{bare[4:6]}-{bare[6:9]}.{bare[9:]}")
                )
            case "CA":
                bare = self.shaped(scene, "@@@@") + born.strftime("%y%m%d") + numbers.digits(rng, 2)
                number = rng.choice((bare, numbers.grouped(bare, (4, 4, 4))))
            case _:
                number = numbers.grouped(numbers.swiss_insurance(rng), (3, 4, 4, 2), ".")
        return (Piece(number, "NATIONAL_ID"),)

    def slot_license(self, scene: Cast) -> Pieces:
        """Return an RPPS, an ADELI or a FINESS number."""
        rng = scene.rng
        rpps = numbers.luhn("10" + numbers.digits(rng, 8))
        number = rng.choice(
            (
                rpps,
                rpps,
                numbers.grouped(rpps, (2, 3, 3, 3)),
                self.shaped(scene, "##1######"),
                self.shaped(scene, "## # ##### #"),
            )
        )
        return (Piece(numbers.mistyped(rng, number), "LICENSE_NUMBER"),)

    def slot_plate(self, scene: Cast) -> Pieces:
        """Return a vehicle's plate."""
        return (
            Piece(
                self.shaped(
                    scene,
                    scene.rng.choice(
                        (
                            "@@-###-@@",
                            "@@ ### @@",
                            "#### @@ ##",
                            "1-@@@-###",
                            "VD ######",
                            "@## @@@",
                        )
                    ),
                ),
                "VEHICLE_ID",
            ),
        )

    def slot_ward(self, scene: Cast) -> Pieces:
        """Return a unit: the word, and its code."""
        return (
            Piece(scene.rng.choice(("unité ", "secteur ", "UF ", "aile ", "étage "))),
            *self.slot_wardcode(scene),
        )

    def slot_hospitalname(self, scene: Cast) -> Pieces:
        """Return the bare name of a hospital, where the word before it says what it is."""
        return (Piece(self.patterned(scene, "hospital_names"), "ORGANIZATION"),)

    def slot_hospital_short(self, scene: Cast) -> Pieces:
        """Return the letters by which those who work there call a hospital: `CHUV`, `GHPS`."""
        shapes = (
            "CHU@",
            "CHU@@",
            "GH@@",
            "GH@@@",
            "CHI@",
            "CH@",
            "CHR@",
            "H@@",
            "H@P",
            "CL@@",
            "P@C",
            "CM@@",
        )
        known = (
            "CHUV",
            "HUG",
            "HFR",
            "HEGP",
            "HCL",
            "CHPF",
            "CHUM",
            "CHVR",
            "PSL",
            "HNFC",
            "CHSF",
            "GHPSO",
        )
        return (Piece(self.shaped(scene, scene.rng.choice((*shapes, *known))), "ORGANIZATION"),)

    def slot_hospital_lower(self, scene: Cast) -> Pieces:
        """`clinique du val`: a hospital as hurried hands write it."""
        return (Piece(self.slot("hospital")(scene)[0].text.lower(), "ORGANIZATION"),)

    def slot_date_weekday(self, scene: Cast) -> Pieces:
        """Return a day of the week, alone or with its number: `jeudi`, `mar. 12/03`."""
        pattern = scene.rng.choice(
            (
                "{weekday}",
                "{weekday}",
                "{weekday} {d}",
                "{weekday} {ord} {month}",
                "{wd} {dd}/{mm}",
                "{weekday} {dd}/{mm}",
            )
        )
        return (Piece(self.written(scene, self.day(scene), pattern), "DATE_TIME"),)

    def slot_city_upper(self, scene: Cast) -> Pieces:
        """Return a town as forms and postmarks have it."""
        return (Piece(self.slot_city(scene)[0].text.upper(), "LOCATION"),)

    def form_first_upper(self, scene: Cast, person: Person) -> Pieces:
        """`MARIE`."""
        return self.person(person.given.upper())

    def form_cut(self, scene: Cast, person: Person) -> Pieces:
        """Return the beginning of a family name, as somebody types it into a search."""
        name = person.family or person.given
        return self.person(name[: scene.rng.randint(4, 7)].strip(" -'"))

    def form_nick(self, scene: Cast, person: Person) -> Pieces:
        """`Fofo`, `Lili`: what a family calls somebody."""
        start = person.given.replace("-", "")[:2]
        return self.person(start + start.lower())

    def slot_neg_timefr(self, scene: Cast) -> Pieces:
        """`14h30`."""
        return self.slot_neg_time(scene)

    def spoken(self, day: dt.date) -> str:
        """`deux janvier mille neuf cent soixante dix huit`."""
        first = "premier" if day.day == 1 else in_words(day.day)
        rest = day.year % 100
        year = ("mille neuf cent" if day.year < 2000 else "deux mille") + (
            f" {in_words(rest)}" if rest else ""
        )
        return f"{first} {self.months[day.month - 1]} {year}"

    def smoothed(self, text: str) -> str:
        """`CHU d'Évreux`, `Hôpital du Mans`."""
        text = _LE.sub(
            lambda found: {"de Le": "du ", "de Les": "des ", "à Le": "au ", "à Les": "aux "}[
                f"{found[1]} {found[2]}"
            ],
            text,
        )
        return _VOWEL.sub(r"\1'\2", text)
