"""Spanish: names of everywhere, places and numbers of Spain and Latin America."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar, Final

from training.documents import Piece, Pieces
from training.fillers import numbers
from training.fillers.base import Cast
from training.fillers.es_short import ShortSpanish
from training.fillers.people import Person

_ONES: Final = (
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
    "diez",
    "once",
    "doce",
    "trece",
    "catorce",
    "quince",
    "dieciséis",
    "diecisiete",
    "dieciocho",
    "diecinueve",
    "veinte",
    "veintiuno",
    "veintidós",
    "veintitrés",
    "veinticuatro",
    "veinticinco",
    "veintiséis",
    "veintisiete",
    "veintiocho",
    "veintinueve",
)
_TENS: Final = ("treinta", "cuarenta", "cincuenta", "sesenta", "setenta", "ochenta", "noventa")
_THIRTY: Final = 30


def in_words(number: int) -> str:
    """Return a number below 100 in words."""
    if number < _THIRTY:
        return _ONES[number]
    ten, one = divmod(number, 10)
    return _TENS[ten - 3] + (f" y {_ONES[one]}" if one else "")


class Spanish(ShortSpanish):
    """What stands in Spanish slots."""

    lang = "es"
    homeland = "España"
    countries = ("ES",) * 9 + ("MX", "MX", "AR", "CO", "CL", "PE")
    cultures = (
        (30, "faker:es_ES"), (10, "faker:es_MX"), (5, "faker:es_CO"), (4, "faker:es_CL"),
        (3, "faker:es_AR"), (2, "faker:es_CA"), (20, "own:es_more"), (8, "own:migrants"),
        (2, "own:south"), (2, "own:east"), (2, "faker:ro_RO"), (2, "faker:pt_BR"), (2, "faker:it_IT"),
        (2, "faker:en_US"), (1, "faker:de_DE"), (1, "faker:fr_FR"),
    )  # fmt: skip
    months = (
        "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre",
        "octubre", "noviembre", "diciembre",
    )  # fmt: skip
    months_short = (
        "ene",
        "feb",
        "mar",
        "abr",
        "may",
        "jun",
        "jul",
        "ago",
        "sep",
        "oct",
        "nov",
        "dic",
    )
    weekdays = ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo")
    weekdays_short = ("lun", "mar", "mié", "jue", "vie", "sáb", "dom")
    days = (
        (26, "{dd}/{mm}/{y}"), (6, "{d}/{m}/{y}"), (8, "{dd}/{mm}/{yy}"), (3, "{d}/{m}/{yy}"),
        (16, "{d} de {month} de {y}"), (2, "{d} de {month} del {y}"), (2, "{d} {month} {y}"),
        (5, "{dd}-{mm}-{y}"), (3, "{dd}-{mm}-{yy}"), (2, "{dd}.{mm}.{y}"), (2, "{y}-{mm}-{dd}"),
        (2, "{dd}-{mon}-{y}"), (1, "{d} {mon} {y}"), (1, "{dd}/{mon}/{y}"), (1, "{dd}{mm}/{y}"),
    )  # fmt: skip
    times = ((3, "{dd}/{mm}/{y} {hh}:{mi}"), (1, "{y}-{mm}-{dd}T{hh}:{mi}:{ss}"))
    short_days = (
        "{d} de {month}", "{d} de {month}", "{dd}/{mm}", "{d}/{m}", "{dd}/{mm}/{yy}", "{d} de {month} de {y}",
        "{d}-{m}", "{dd}/{mm}/{y}", "{d} {mon}",
    )  # fmt: skip
    short_months = (
        "{month} de {y}", "{month} de {y}", "{month} del {y}", "{month} {y}", "{mm}/{y}", "{mm}/{yy}", "{mon} {y}",
        "{month} {yy}", "{mon}-{yy}",
    )  # fmt: skip
    loosely = (
        "principios de {month} de {y}", "mediados de {month}", "finales de {month} de {y}", "finales de {y}",
        "primeros de {month}", "mediados de {y}", "verano de {y}", "primavera de {y}", "otoño del {y}",
        "Navidad de {y}", "Semana Santa de {y}", "{month} de {y}", "{month}",
    )  # fmt: skip
    joiners = ("-", " - ", " al ", " al ", " a ")
    age_words = (
        ("{n} años", "{n} años", "{n} años", "{n}a", "{n} a"),
        ("{n} meses", "{n} meses", "{n} semanas", "{n} m"),
        ("{n} días",),
    )
    postcodes: ClassVar = {
        "ES": ("28###", "0%###", "%####", "4%###", "%####"),
        "MX": ("0%###", "%####", "C.P. %####".replace("C.P. ", "")),
        "AR": ("%###", "C1###@@@", "B1###@@@"),
        "CO": ("11####", "05####"),
        "CL": ("83#####", "######0"),
        "PE": ("15###", "LIMA ##".replace("LIMA ", "150")),
    }
    phones = (
        "91 ### ## ##", "93 ### ## ##", "9## ## ## ##", "9## ### ###", "9########", "6## ### ###", "6########",
        "6## ## ## ##", "7## ### ###", "+34 6## ### ###", "+34 9## ## ## ##", "0034 9########", "(34) 9## ### ###",
        "34%########", "9##-###-###", "981 ######", "+52 55 #### ####", "55 #### ####", "(55) ####-####", "33-####-####",
        "+54 11 ####-####", "011 ####-####", "+57 3## ### ####", "3## ### ## ##", "+56 9 #### ####", "(01) ###-####",
        "+51 9## ### ###", "9## ## #### ".strip(),
    )  # fmt: skip
    wards = (
        "%ª @",
        "#@",
        "%ª Norte",
        "#ª Sur",
        "@#",
        "#-@",
        "%.ª planta".replace("planta", "B"),
        "###-#",
        "A#",
        "B%",
        "#ª Izda",
        "@-#",
    )
    shapes: ClassVar = {
        "mrn": ("MEDICAL_RECORD_NUMBER", ("#######", "######", "########", "%######", "#########", "AN##########", "%##.###")),
        "case": ("MEDICAL_RECORD_NUMBER", ("#######", "########", "##########", "######", "2###/######", "%########")),
        "sample": ("OTHER_ID", ("##B####", "B-##-####", "##-####", "##B00#####", "C##-###", "########", "##/#####", "BIO-##-#####")),
        "device": ("DEVICE_ID", ("@@@######@", "@@######", "#########", "SN######", "@##@#", "######")),
        "otherid": ("OTHER_ID", ("2###-######-##", "@@@-####", "########", "#########", "@@-####/##", "P#######")),
        "ip": ("IP_ADDRESS", ("10.%#.1%#.#", "192.168.#.1##", "172.16.%.##")),
        "url": ("URL", ("www.hospital@@.example", "https://salud.example.es/informe/#####", "www.clinica@@@.example", "https://cita.example.org/?id=#####")),
        "passport": ("PASSPORT", ("@@@######", "@@######", "@########", "G########")),
        "ext": ("PHONE_NUMBER", ("####", "#####", "###", "%####")),
    }  # fmt: skip
    offices = (
        "info",
        "admision",
        "cita.previa",
        "secretaria.urologia",
        "atencionpaciente",
        "consultas",
    )
    mail_domains = (
        "ya.example",
        "hotmail.example",
        "telefonica.example",
        "salud.example.es",
        "hospital.example.org",
        "gmail.example",
    )
    mail_endings = ("-salud.example", ".example", ".hospital.example.es")

    def form_last(self, scene: Cast, person: Person) -> Pieces:
        """`García`, or both family names."""
        return self.person(self._families(scene, person, 0.4))

    def _families(self, scene: Cast, person: Person, both: float) -> str:
        """Return one family name or, in a share of cases, the person's two, always the same two."""
        family = person.family or person.given
        second = str(
            scene.note(f"second {person.given} {family}", [self.invent(scene).family or "Gil"])
        )
        return f"{family} {second}" if scene.rng.random() < both and " " not in family else family

    def _whole(self, scene: Cast, person: Person, both: float) -> Person:
        return Person(person.given, person.middle, self._families(scene, person, both), person.sex)

    def form_full(self, scene: Cast, person: Person) -> Pieces:
        """`Ana García López`, in one of the ways that a hospital writes a full name."""
        if not person.family:
            return self.person(person.given)
        return super().form_full(scene, self._whole(scene, person, 0.65))

    def form_last_first(self, scene: Cast, person: Person) -> Pieces:
        """`García López, Ana`."""
        if not person.family:
            return self.person(person.given)
        return super().form_last_first(scene, self._whole(scene, person, 0.75))

    def form_half_upper(self, scene: Cast, person: Person) -> Pieces:
        """`GARCÍA LÓPEZ, ANA`."""
        return super().form_half_upper(scene, self._whole(scene, person, 0.7))

    def slot_date_theyear(self, scene: Cast) -> Pieces:
        """`año 2003`."""
        return (Piece(f"año {self.slot_year(scene)[0].text}", "DATE_TIME"),)

    def slot_age_words(self, scene: Cast) -> Pieces:
        """`tres años`, `cinco meses`."""
        years = self.age(scene)
        if years == 0 or years >= 100:
            months = scene.rng.randint(2, 20)
            return self.aged(f"{in_words(months)} meses{scene.rng.choice(('', '', ' y medio'))}", 0)
        if years == 1:
            return self.aged("un año", 1)
        return self.aged(f"{in_words(years)} años", years)

    def slot_insurance(self, scene: Cast) -> Pieces:
        """Return a NASS: twelve digits, mostly in groups of two, eight and two."""
        rng = scene.rng
        number = numbers.mistyped(rng, numbers.spanish_insurance(rng))
        grouped = numbers.grouped(number, (2, 8, 2))
        return (
            Piece(
                rng.choice(
                    (
                        grouped,
                        grouped,
                        number,
                        grouped.replace(" ", "/"),
                        grouped.replace(" ", "-"),
                        number[:11],
                    )
                ),
                "HEALTH_PLAN_NUMBER",
            ),
        )

    def slot_nationalid(self, scene: Cast) -> Pieces:
        """Return a DNI, NIE, CIP, CURP, RUT or cédula."""
        rng, born = scene.rng, self.birthday(scene)
        dni = numbers.spanish_identity(rng)
        match rng.choice(("dni", "dni", "dni", "nie", "cip", "curp", "rut", "cc")):
            case "dni":
                number = rng.choice(
                    (
                        dni,
                        f"{dni[:8]}-{dni[8]}",
                        f"{dni[:2]}.{dni[2:5]}.{dni[5:8]}-{dni[8]}",
                        f"{dni[:8]} {dni[8]}",
                        dni.lower(),
                    )
                )
            case "nie":
                nie = numbers.spanish_foreigner(rng)
                number = rng.choice((nie, f"{nie[0]}-{nie[1:8]}-{nie[8]}"))
            case "cip":
                number = self.shaped(
                    scene,
                    rng.choice(
                        (
                            "@@@@##########",
                            "@@@@ # ###### ###",
                            "BBBBBBB@@######",
                            "CYL##########",
                            "@@@@############",
                        )
                    ),
                )
            case "curp":
                number = numbers.mexican_curp(rng, born.strftime("%y%m%d"), rng.choice("fm"))
            case "rut":
                rut = numbers.chilean_identity(rng)
                number = rng.choice(
                    (f"{rut[:-1]}-{rut[-1]}", f"{rut[:-7]}.{rut[-7:-4]}.{rut[-4:-1]}-{rut[-1]}")
                )
            case _:
                number = rng.choice(
                    (
                        numbers.digits(rng, 10),
                        f"{rng.randint(1, 99)}.{numbers.digits(rng, 3)}.{numbers.digits(rng, 3)}",
                        numbers.digits(rng, 8),
                    )
                )
        return (Piece(numbers.mistyped(rng, number), "NATIONAL_ID"),)

    def slot_license(self, scene: Cast) -> Pieces:
        """Return a colegiado's number."""
        shapes = (
            "## ## #####",
            "## ## #####",
            "##/##/#####",
            "28#######",
            "#########",
            "##-#####",
            "%####",
            "28 28 #####",
            "#### ####",
        )
        return (Piece(self.shaped(scene, scene.rng.choice(shapes)), "LICENSE_NUMBER"),)

    def slot_plate(self, scene: Cast) -> Pieces:
        """Return a vehicle's plate."""
        return (
            Piece(
                self.shaped(
                    scene,
                    scene.rng.choice(
                        ("#### @@@", "####-@@@", "M-####-@@", "@@@-##-##", "@@ ### @@")
                    ),
                ),
                "VEHICLE_ID",
            ),
        )

    def slot_ward(self, scene: Cast) -> Pieces:
        """Return a floor: the word, and its code."""
        return (
            Piece(scene.rng.choice(("planta ", "Planta ", "unidad ", "control "))),
            *self.slot_wardcode(scene),
        )

    def slot_neg_servicecaps(self, scene: Cast) -> Pieces:
        """Return a department in capitals."""
        return (Piece(self.slot("neg.service")(scene)[0].text.upper()),)

    def slot_neg_time(self, scene: Cast) -> Pieces:
        """Return an hour of the day."""
        return (Piece(f"{scene.rng.randint(0, 23):02}:{scene.rng.randint(0, 59):02}"),)

    def spoken(self, day: dt.date) -> str:
        """`tres de mayo de mil novecientos sesenta`."""
        rest = day.year % 100
        year = ("mil novecientos" if day.year < 2000 else "dos mil") + (
            f" {in_words(rest)}" if rest else ""
        )
        return f"{in_words(day.day)} de {self.months[day.month - 1]} de {year}"
