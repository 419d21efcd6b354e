"""German: names of everywhere, places and numbers of Germany, Austria and Switzerland."""

from __future__ import annotations

import datetime as dt
from typing import ClassVar, Final

from training.documents import Piece, Pieces
from training.fillers import numbers
from training.fillers.base import Cast
from training.fillers.europe import European
from training.fillers.people import Person

_ONES: Final = (
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
    "zehn",
    "elf",
    "zwölf",
    "dreizehn",
    "vierzehn",
    "fünfzehn",
    "sechzehn",
    "siebzehn",
    "achtzehn",
    "neunzehn",
)
_TENS: Final = (
    "zwanzig",
    "dreißig",
    "vierzig",
    "fünfzig",
    "sechzig",
    "siebzig",
    "achtzig",
    "neunzig",
)
_TWENTY: Final = 20


def in_words(number: int) -> str:
    """Return a number below 100 in words."""
    if number < _TWENTY:
        return _ONES[number]
    ten, one = divmod(number, 10)
    ones = "ein" if one == 1 else _ONES[one]
    return (f"{ones}und" if one else "") + _TENS[ten - 2]


class German(European):
    """What stands in German slots."""

    lang = "de"
    homeland = "Deutschland"
    countries = ("DE",) * 7 + ("AT",) * 2 + ("CH",)
    cultures = (
        (30, "faker:de_DE"), (8, "faker:de_AT"), (6, "faker:de_CH"), (16, "own:de_more"),
        (14, "own:migrants"), (4, "faker:tr_TR"), (3, "own:south"), (2, "own:east"), (3, "faker:hr_HR"),
        (2, "faker:it_IT"), (2, "faker:ro_RO"), (1, "faker:cs_CZ"), (1, "faker:hu_HU"),
        (1, "faker:nl_NL"), (1, "faker:da_DK"), (1, "faker:fr_FR"), (1, "faker:es_ES"),
        (1, "faker:en_US"), (2, "own:words"),
    )  # fmt: skip
    months = (
        "Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September",
        "Oktober", "November", "Dezember",
    )  # fmt: skip
    months_short = (
        "Jan.",
        "Feb.",
        "Mrz.",
        "Apr.",
        "Mai",
        "Jun.",
        "Jul.",
        "Aug.",
        "Sept.",
        "Okt.",
        "Nov.",
        "Dez.",
    )
    weekdays = ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag")
    weekdays_short = ("Mo", "Di", "Mi", "Do", "Fr", "Sa", "So")
    days = (
        (22, "{dd}.{mm}.{y}"), (12, "{d}.{m}.{y}"), (9, "{dd}.{mm}.{yy}"), (6, "{d}.{m}.{yy}"),
        (8, "{d}. {month} {y}"), (3, "{d}. {mon} {y}"), (2, "{dd}. {month} {y}"), (3, "{d}/{m}/{y}"),
        (1, "{dd}/{mm}/{yy}"), (2, "{y}-{mm}-{dd}"), (1, "{d}. {m}. {y}"), (1, "{dd} {mm}.{y}"), (1, "{dd}.{mm} {y}"), (1, "{dd},{mm}.{y}"), (1, "{d}.{m} {yy}"), (1, "{dd}-{mm}-{y}"),
        (1, "{d}.{month} {y}"), (1, "{dd}{mm}{y}"), (1, "{dd} {mm} {y}"),
    )  # fmt: skip
    times = (
        (3, "{dd}.{mm}.{y} {hh}:{mi}"),
        (2, "{dd}.{mm}.{y}, {hh}:{mi} Uhr"),
        (1, "{y}-{mm}-{dd}T{hh}:{mi}:{ss}"),
    )
    short_days = (
        "{d}.{m}.", "{dd}.{mm}.", "{d}. {month}", "{d}. {month}", "{dd}. {mon}", "{dd}.{mm}.{yy}",
        "{d}.{m}.{y}", "{dd}.{mm}", "{d}.{month}", "{d}.{mm}.",
    )  # fmt: skip
    short_months = (
        "{month} {y}", "{month} {y}", "{mm}/{yy}", "{mm}/{y}", "{m}/{yy}", "{mon} {y}", "{month} {yy}", "{m}/{yy}", "{m}/{yy}", "{m}/{y}", "{mm}/{y}", "{mon}{yy}",
        "{mm}.{y}", "{mm}/{yy}",
    )  # fmt: skip
    loosely = (
        "Anfang {month} {y}", "Mitte {month} {y}", "Ende {month} {y}", "Anfang {month}", "Mitte {month}",
        "Ende {y}", "Anfang {y}", "Mitte {mm}/{yy}", "Ostern {y}", "Weihnachten {y}", "Frühjahr {y}",
        "Sommer {y}", "Herbst {y}", "Winter {y}/{y2}", "KW {m}/{yy}", "Q{q}/{y}", "{month} {y}",
    )  # fmt: skip
    joiners = ("-", " - ", "–", " bis ", " bis zum ")
    age_words = (
        ("{n} Jahre", "{n} Jahre", "{n} J.", "{n}J", "{n} Jahren"),
        ("{n} Monate", "{n} Mon.", "{n} Wochen"),
        ("{n} Tage", "{n} Lebenstage"),
    )
    postcodes: ClassVar = {
        "DE": ("0%###", "#####", "%####", "D-%####", "%####"),
        "AT": ("%###", "A-%###", "%###"),
        "CH": ("%###", "CH-%###", "%###"),
    }
    phones = (
        "+43 (###) ##-###-#####", "+43 (###) ##", "0##/###-####", "030 ###-#### o. ####", "030 ###-####", "0##-###-######", "0%###-##-####",
        "0%# ######", "0%#/#######", "0%##-######", "0%### ####", "0%###/####-#", "0%## ####-###",
        "(0%##) #####", "+49 %## #######", "+49 (0)%## #####-##", "+49 1## ########", "0049 %# ######",
        "01%# #######", "01##/########", "017# ### ## ##", "016########", "+43 %## ####-0", "+43 6## #######",
        "0664/### ## ##", "+43(0)%## ###-####", "0%##/##-##", "+41 %# ### ## ##", "079 ### ## ##", "0%% ### ## ##",
        "0%##-###-######", "0%## / ## ## ##", "0%#.######", "030 #### - ####", "089/####-##",
    )  # fmt: skip
    wards = (
        "A##", "A#", "B#", "C#", "@##", "@#", "%@", "#@", "##", "M#", "PS#", "CH##", "N#", "K#", "@@##", "I#",
        "#.#", "# Nord", "# Süd", "#A", "#B", "3 West", "@#.#", "@#-@", "@@-#", "U#", "Ebene #",
    )  # fmt: skip
    shapes: ClassVar = {
        "mrn": ("MEDICAL_RECORD_NUMBER", ("#######", "########", "%#########", "######", "@#######", "###-####", "P-######", "%## ## ##")),
        "case": ("MEDICAL_RECORD_NUMBER", ("########", "##########", "############", "A-##########", "F######", "%###/##", "##-######", "2###-#####", "40########")),
        "sample": ("OTHER_ID", ("H#####/##", "##/#####", "E/2###/######", "H-##-#####", "H##-#####", "2###:####", "@####/##", "Z-##-####", "########", "##-#####-#")),
        "device": ("DEVICE_ID", ("@@@######@", "@@######", "#########", "RNA######@", "SN ######", "@@-####-##", "@##@#", "######")),
        "otherid": ("OTHER_ID", ("######-####", "#-##-@##", "## XVII ###/##", "### F ###/##", "VNR #######", "ST-####-##", "@@@####", "MSG######")),
        "ip": ("IP_ADDRESS", ("10.%#.1%#.#", "192.168.#.1##", "172.16.%.##")),
        "url": ("URL", ("www.klinikum-@@.example", "https://portal.klinik.example/befund/####", "www.praxis-@@@.example", "https://termin.example.org/?p=#####")),
        "passport": ("PASSPORT", ("C^^^^^^^#", "L^^^^^^^#", "L########", "P #######", "X#######", "T22000129#")),
        "ext": ("PHONE_NUMBER", ("####", "###", "#####", "%-####", "%##-##")),
    }  # fmt: skip
    offices = (
        "info",
        "termin.dot",
        "sekretariat",
        "aufnahme",
        "anmeldung",
        "kardiologie",
        "station4b",
        "sozialdienst",
    )
    mail_domains = (
        "web.example",
        "gmx.example",
        "t-online.example",
        "klinikum.example.org",
        "praxis.example.net",
        "mail.example.com",
    )
    mail_endings = ("-klinik.example", ".example", "-uk.example.org")

    def slot_age_adj(self, scene: Cast) -> Pieces:
        """`78-jährige`, `3-monatiger`, `siebzigjährige`."""
        years = self.age(scene)
        rng = scene.rng
        if years == 0:
            return self.aged(
                f"{rng.randint(2, 18)}-{rng.choice(('monatige', 'monatiger', 'wöchiges'))}", 0
            )
        ending = rng.choice(
            ("jährige", "jähriger", "jährigen", "jähr.", "jährige", "jähriges", "jährig")
        )
        if rng.random() < 0.08 and years < 100:
            text = in_words(years)
            return self.aged(
                (text.replace("eins", "ein") if years == 1 else text).capitalize() + ending, years
            )
        return self.aged(f"{years}{rng.choice(('-', '-', '-', '', ' ', '–'))}{ending}", years)

    def slot_insurance(self, scene: Cast) -> Pieces:
        """Return a KVNR, an Austrian SVNR or a Swiss AHV number, by the country of home."""
        rng = scene.rng
        match self.home(scene):
            case "AT":
                number = numbers.austrian_insurance(rng, self.birthday(scene).strftime("%d%m%y"))
                number = numbers.mistyped(rng, number)
                number = rng.choice(
                    (number, f"{number[:4]} {number[4:]}", f"{number[:4]}/{number[4:]}")
                )
            case "CH":
                number = numbers.mistyped(rng, numbers.swiss_insurance(rng))
                number = rng.choice((number, numbers.grouped(number, (3, 4, 4, 2), ".")))
            case _:
                number = numbers.mistyped(rng, numbers.german_health_insurance(rng))
                number = rng.choice(
                    (number, number, numbers.grouped(number, (1, 3, 3, 3)), number.lower())
                )
        return (Piece(number, "HEALTH_PLAN_NUMBER"),)

    def slot_nationalid(self, scene: Cast) -> Pieces:
        """Return a Steuer-ID."""
        number = numbers.mistyped(scene.rng, numbers.german_tax_id(scene.rng))
        return (
            Piece(scene.rng.choice((number, numbers.grouped(number, (2, 3, 3, 3)))), "NATIONAL_ID"),
        )

    def slot_license(self, scene: Cast) -> Pieces:
        """Return a doctor's or a practice's number of nine digits."""
        return (
            Piece(
                self.shaped(
                    scene, scene.rng.choice(("#########", "#########", "%#####/##", "### ### ###"))
                ),
                "LICENSE_NUMBER",
            ),
        )

    def slot_plate(self, scene: Cast) -> Pieces:
        """Return a vehicle's plate."""
        shapes = (
            "@ @@ ###",
            "@@@-@@ ##",
            "M-@@ ####",
            "HH @ ###",
            "@@-@@ ###",
            "W-#####@",
            "ZH ######",
            "G ### @@",
            "GR ##@@@",
        )
        return (Piece(self.shaped(scene, scene.rng.choice(shapes)), "VEHICLE_ID"),)

    def slot_ward(self, scene: Cast) -> Pieces:
        """Return a ward: the word, and its code, name or number as the identifier."""
        word = scene.rng.choice(
            (
                "Station",
                "Station",
                "Stat.",
                "Station",
                "Intensivstation",
                "ITS",
                "IMC",
                "Innere",
                "Chirurgie",
                "Bettenstation",
                "Pflegestation",
            )
        )
        if word == "Station" and scene.rng.random() < 0.2:
            return (Piece("Station "), Piece(self.root(scene), "ORGANIZATION"))
        if word in {"ITS", "IMC", "Innere", "Chirurgie", "Intensivstation"}:
            return (
                Piece(f"{word} "),
                Piece(
                    scene.rng.choice(("1", "2", "3", "I", "II", "III", "A", "B")), "ORGANIZATION"
                ),
            )
        return (Piece(f"{word} "), *self.slot_wardcode(scene))

    def slot_weekday(self, scene: Cast) -> Pieces:
        """Return a day of the week, which names a day where a course is told."""
        names = (*self.weekdays, *self.weekdays, *(f"{short}." for short in self.weekdays_short))
        return (Piece(scene.rng.choice(names), "DATE_TIME"),)

    acronyms: ClassVar = {
        "train": ("UKE", "UKSH", "MHH", "KSW", "AKH", "UKM", "KRH", "BWK", "LUKS", "KSB", "DHZ", "UKR", "BKH"),
        "eval": ("USZ", "UKB", "UMG", "LKI", "KSA", "RKU", "SKM", "ZfP"),
    }  # fmt: skip

    def slot_acronym(self, scene: Cast) -> Pieces:
        """Return a hospital's few letters, as those who work around it write them."""
        return (Piece(scene.rng.choice(self.acronyms[self.split]), "ORGANIZATION"),)

    def form_cut(self, scene: Cast, person: Person) -> Pieces:
        """`Achterb`: the beginning of a name, as somebody searches for it."""
        name = person.family or person.given
        return self.person(name[: max(3, len(name) - scene.rng.randint(1, 4))])

    def slot_wardnum(self, scene: Cast) -> Pieces:
        """Return the number of one of several clinics of a kind."""
        return (Piece(scene.rng.choice(("I", "II", "III", "IV")), "ORGANIZATION"),)

    def slot_unit(self, scene: Cast) -> Pieces:
        """Return the letter or the number behind the name of a department: `Chirurgie B`."""
        codes = ("A", "B", "C", "D", "E", "1", "2", "3", "4", "I", "II", "III", "IV")
        return (Piece(scene.rng.choice(codes), "ORGANIZATION"),)

    def spoken(self, day: dt.date) -> str:
        """`dritter mai neunzehnhundertsechzig`."""
        first = {1: "erster", 3: "dritter", 7: "siebter", 8: "achter"}.get(day.day)
        ordinal = first or in_words(day.day) + ("ter" if day.day < _TWENTY else "ster")
        year = (
            f"neunzehnhundert{in_words(day.year % 100) if day.year % 100 else ''}"
            if day.year < 2000
            else f"zweitausend{in_words(day.year % 100) if day.year % 100 else ''}"
        )
        return f"{ordinal} {self.months[day.month - 1].lower()} {year}"
