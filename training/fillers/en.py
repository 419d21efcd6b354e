"""English: names of everywhere, places of the United States, Britain, Ireland and the Commonwealth."""

from __future__ import annotations

from typing import ClassVar, Final

from training.documents import Piece, Pieces
from training.fillers.base import Cast, Fillers
from training.fillers.people import Person, initial
from training.fillers.places import Town, abroad, town
from training.lists import share, words

_STATES: Final = {
    "AK": "Alaska", "AL": "Alabama", "AR": "Arkansas", "AZ": "Arizona", "CA": "California",
    "CO": "Colorado", "CT": "Connecticut", "DC": "District of Columbia", "DE": "Delaware",
    "FL": "Florida", "GA": "Georgia", "HI": "Hawaii", "IA": "Iowa", "ID": "Idaho",
    "IL": "Illinois", "IN": "Indiana", "KS": "Kansas", "KY": "Kentucky", "LA": "Louisiana",
    "MA": "Massachusetts", "MD": "Maryland", "ME": "Maine", "MI": "Michigan", "MN": "Minnesota",
    "MO": "Missouri", "MS": "Mississippi", "MT": "Montana", "NC": "North Carolina",
    "ND": "North Dakota", "NE": "Nebraska", "NH": "New Hampshire", "NJ": "New Jersey",
    "NM": "New Mexico", "NV": "Nevada", "NY": "New York", "OH": "Ohio", "OK": "Oklahoma",
    "OR": "Oregon", "PA": "Pennsylvania", "RI": "Rhode Island", "SC": "South Carolina",
    "SD": "South Dakota", "TN": "Tennessee", "TX": "Texas", "UT": "Utah", "VA": "Virginia",
    "VT": "Vermont", "WA": "Washington", "WI": "Wisconsin", "WV": "West Virginia",
    "WY": "Wyoming",
}  # fmt: skip
_COUNTRIES: Final = {
    "US": ("USA", "United States", "U.S.A."), "GB": ("United Kingdom", "UK", "England"),
    "AU": ("Australia",), "CA": ("Canada",), "IE": ("Ireland",), "NZ": ("New Zealand",),
    "ZA": ("South Africa",), "IN": ("India",),
}  # fmt: skip
_HOME: Final = ("US",) * 10 + ("GB",) * 4 + ("CA", "AU", "IE", "NZ", "ZA", "IN")
_TEENS: Final = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
).split()
_TENS: Final = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_TWENTY: Final = 20
_HUNDRED: Final = 100


def in_words(number: int) -> str:
    """Return a number below 110 in words."""
    if number >= _HUNDRED:
        rest = number - _HUNDRED
        return "one hundred" + (f" and {in_words(rest)}" if rest else "")
    if number < _TWENTY:
        return _TEENS[number]
    ten, one = divmod(number, 10)
    return _TENS[ten - 2] + (f"-{_TEENS[one]}" if one else "")


class English(Fillers):
    """What stands in English slots."""

    lang = "en"
    cultures = (
        (26, "faker:en_US"), (5, "faker:en"), (9, "faker:en_GB"), (4, "faker:en_IE"), (3, "faker:en_NZ"),
        (6, "faker:en_IN"), (2, "faker:en_KE"), (2, "faker:en_NG"), (1, "faker:yo_NG"),
        (1, "faker:ig_NG"), (1, "faker:tw_GH"), (1, "faker:zu_ZA"), (1, "faker:sw"),
        (6, "faker:es_MX"), (2, "faker:es_ES"), (2, "faker:pt_BR"), (2, "faker:de_DE"),
        (2, "faker:fr_FR"), (2, "faker:it_IT"), (1, "faker:nl_NL"), (1, "faker:no_NO"),
        (1, "faker:sv_SE"), (1, "faker:da_DK"), (1, "faker:fi_FI"), (1, "faker:pl_PL"),
        (1, "faker:cs_CZ"), (1, "faker:hu_HU"), (1, "faker:tr_TR"), (1, "faker:ro_RO"),
        (1, "faker:hr_HR"), (1, "faker:id_ID"), (1, "faker:en_PK"), (1, "faker:lt_LT"),
        (1, "faker:ga_IE"), (1, "faker:is_IS"), (6, "own:words"), (7, "own:east"), (7, "own:south"),
    )  # fmt: skip
    months = (
        "January", "February", "March", "April", "May", "June", "July", "August", "September",
        "October", "November", "December",
    )  # fmt: skip
    months_short = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    weekdays = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
    weekdays_short = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    days = (
        (14, "{m}/{d}/{y}"), (8, "{mm}/{dd}/{y}"), (7, "{m}/{d}/{yy}"), (3, "{mm}-{dd}-{y}"),
        (2, "{m}-{d}-{yy}"), (5, "{dd}/{mm}/{y}"), (2, "{d}.{m}.{y}"), (1, "{dd}.{mm}.{yy}"),
        (6, "{y}-{mm}-{dd}"), (1, "{y}/{mm}/{dd}"), (8, "{month} {d}, {y}"), (4, "{month} {ord}, {y}"),
        (2, "{month} {ord} {y}"), (4, "{mon} {d}, {y}"), (2, "{mon}. {d}, {y}"), (2, "{mon} {ord} {y}"),
        (5, "{d} {month} {y}"), (3, "{d} {mon} {y}"), (2, "{dd}-{mon}-{y}"), (1, "{dd}{mon}{y}"),
        (1, "{dd}-{mon}-{yy}"), (2, "{ord} {month} {y}"), (1, "the {ord} of {month}"),
        (1, "the {ord} of {month} {y}"), (1, "{ord} of {month}, {y}"), (3, "{month} {d}"),
        (2, "{month} {ord}"), (2, "{mon} {d}"), (2, "{m}/{d}"), (2, "{mm}/{dd}"),
        (1, "{weekday}, {month} {d}, {y}"), (1, "{wd} {d} {mon} {y}"), (1, "{weekday} {ord} {month}"),
        (1, "{weekday} {m}/{d}"), (1, "{wd} {m}/{d}/{yy}"),
    )  # fmt: skip
    times = (
        (4, "{m}/{d}/{y} {hh}:{mi}"), (3, "{mm}/{dd}/{y} {h12}:{mi} {AP}"), (2, "{mm}/{dd}/{yy} {hh}{mi}"),
        (3, "{y}-{mm}-{dd} {hh}:{mi}"), (3, "{y}-{mm}-{dd}T{hh}:{mi}:{ss}Z"),
        (1, "{y}-{mm}-{dd}T{hh}:{mi}:{ss}+01:00"), (2, "{dd}/{mm}/{y} {hh}:{mi}"),
        (2, "{dd} {mon} {y} {hh}:{mi}"), (1, "{month} {d}, {y} at {h12}:{mi} {ap}"),
        (1, "{weekday}, {month} {d}, {y} at {h12}:{mi} {AP}"), (1, "{mon} {d}, {y}, {hh}:{mi}"),
        (1, "{dd}-{mon}-{y} {hh}:{mi}:{ss}"),
    )  # fmt: skip
    shapes: ClassVar = {
        "mrn": (
            "MEDICAL_RECORD_NUMBER",
            (
                "#######", "########", "######", "#########", "##########", "@#######", "@@######",
                "@@-######", "MRN######", "##-##-##", "###-##-##", "###-###-###", "@-########",
                "@@@######", "MR-####-####", "M########", "H#######", "##### ###", "@@#### ####",
                "00######", "E########", "^^^^^^^#", "##/######", "######-#",
            ),
        ),
        "visit": ("MEDICAL_RECORD_NUMBER", ("#########", "V#########", "ENC-########", "FIN ########", "E-######", "@@########", "##-####-###")),
        "ssn": ("US_SSN", ("%##-##-####", "%##-##-####", "%## ## ####", "%########", "%##.##.####", "XXX-XX-####", "***-**-####")),
        "nhs": ("NATIONAL_ID", ("### ### ####", "##########", "###-###-####")),
        "national": ("NATIONAL_ID", ("@@######@", "####-###-####", "#### #### ####", "#######@@", "## ### ### ###", "#### ##### #", "########-@")),
        "insurance": (
            "HEALTH_PLAN_NUMBER",
            (
                "@@@#########", "W##########", "#@@#-@@#-@@##", "#########-##", "HPN-########", "BCBS-######",
                "@#########", "XEP###@#####", "POL-####-####", "###########", "#@@#@@#@@##", "GRP ######",
                "@@##-####-####", "##########@",
            ),
        ),
        "account": ("ACCOUNT_NUMBER", ("########", "##########", "############", "####-####-##", "ACC-######", "A/C ########", "#########-#", "HAR#########", "INV-####-####", "##-##-## ########")),
        "card": ("CREDIT_CARD", ("4### #### #### ####", "5###-####-####-####", "37## ###### #####", "4###############", "6011 #### #### ####", "**** **** **** ####")),
        "iban": ("IBAN_CODE", ("GB## @@@@ #### #### #### ##", "DE## #### #### #### #### ##", "IE##@@@@##############", "FR## #### #### #### #### #### ###", "NL##@@@@##########")),
        "npi": ("LICENSE_NUMBER", ("1#########", "2#########")),
        "dea": ("LICENSE_NUMBER", ("@@#######", "B@#######", "M@#######")),
        "licence": ("LICENSE_NUMBER", ("@#######", "######", "RN-######", "MD######", "##-######", "GMC #######", "@@-#####", "@###-####-####", "########@", "D###-###-##-###-#")),
        "accession": ("OTHER_ID", ("S##-#####", "@@-##-######", "##-@@-#####", "########", "ACC#########", "SP-####-#####", "###-##-####", "R#########", "##:@#####", "CT##-####")),
        "specimen": ("OTHER_ID", ("@##-#####", "L########", "##########", "@@##-####@", "B-######", "SPN-######", "#######-##")),
        "order": ("OTHER_ID", ("#########", "ORD-######", "RX#######", "RX-####-####", "######-####", "@@@-####", "CLM########", "REF-######", "TKT-#####", "#@##-####-###")),
        "study": ("OTHER_ID", ("###-####", "@@@-##-###", "SUBJ-####", "P###", "NCT-###-##", "##-###-@@")),
        "serial": ("DEVICE_ID", ("SN########", "@@@######", "PJN######@", "###-######-###", "@@#########", "(01)##############(21)@######", "@#######", "######@@", "S/N @@##-######")),
        "vin": ("VEHICLE_ID", ("1HGCM#####A######", "WVWZZZ@@Z@@######", "JTDK@#####3######")),
        "plate": ("VEHICLE_ID", ("@@@ ####", "@@## @@@", "#@@@###", "@@@-###", "@@ ## @@ ####", "###-@@@", "@###@@@")),
        "passport": ("PASSPORT", ("#########", "@########", "@@#######", "C########", "@# ######")),
        "employee": ("OTHER_ID", ("E######", "EMP-####", "######", "S#####", "HR-######", "STAFF ####", "@@####")),
        "photo": ("PHOTO_ID", ("IMG_####", "DSC#####", "IMG-########-@@####", "photo_######", "DICOM-########")),
        "biometric": ("BIOMETRIC_ID", ("FP-######", "FPT-####-@@@@", "VP#######", "IRIS-@@##-####", "BIO########")),
        "mac": ("MAC_ADDRESS", ("00:1A:2B:#C:##:#E", "3C-5A-##-##-1F-##", "a4:5e:60:##:##:##")),
        "ip": ("IP_ADDRESS", ("10.##.1##.#", "192.168.1.##", "172.16.#.2##", "1##.#2.1##.##", "2001:db8::####:##", "fe80::1ff:fe##:####")),
        "url": ("URL", ("https://portal.example.org/patients/######", "http://chart.example.com/r/@@####", "www.example.org/visit/#####", "https://example.net/u/####-####", "https://results.example.org/?id=#######")),
        "postcode.us": ("POSTCODE", ("#####", "#####", "#####", "#####-####")),
        "postcode.gb": ("POSTCODE", ("@@# #@@", "@@## #@@", "@# #@@", "@## #@@", "@#@ #@@")),
        "postcode.ca": ("POSTCODE", ("@#@ #@#", "@#@#@#")),
        "postcode.au": ("POSTCODE", ("####",)),
        "postcode.nz": ("POSTCODE", ("####",)),
        "postcode.za": ("POSTCODE", ("####",)),
        "postcode.in": ("POSTCODE", ("######", "### ###")),
        "postcode.ie": ("POSTCODE", ("@## @@##", "@## @#@#")),
    }  # fmt: skip

    # -- people

    def _title(self, person: Person, scene: Cast) -> str:
        plain = ("Mr.", "Mr") if person.sex == "m" else ("Mrs.", "Ms.", "Miss", "Ms", "Mrs")
        return str(scene.note(f"title {person.given} {person.family}", plain))

    def form_full(self, scene: Cast, person: Person) -> Pieces:
        """`Mary A. Smith`, in one of the ways that people write a full name."""
        given, family, middle = person.given, person.family, person.middle
        if not family:
            return self.person(given)
        name = f"{given} {family}"
        if middle and scene.rng.random() < 0.45:
            name = f"{given} {scene.rng.choice((initial(middle), middle[:1], middle))} {family}"
        elif person.nick and scene.rng.random() < 0.06:
            name = scene.rng.choice((f'{given} "{person.nick}" {family}', f"{given} ({person.nick}) {family}"))
        elif scene.rng.random() < 0.02:
            name += scene.rng.choice((" Jr.", ", Jr.", " III", " Sr.", " II"))
        return self.person(name)

    def form_last_first(self, scene: Cast, person: Person) -> Pieces:
        """`Smith, Mary A.`."""
        if not person.family:
            return self.person(person.given)
        middle = scene.rng.choice(("", "", f" {initial(person.middle)}", f" {person.middle}")) if person.middle else ""
        return self.person(f"{person.family}, {person.given}{middle}")

    def form_upper(self, scene: Cast, person: Person) -> Pieces:
        """`MARY SMITH`."""
        return self.person(f"{person.given} {person.family}".strip().upper())

    def form_last_upper(self, scene: Cast, person: Person) -> Pieces:
        """`SMITH`."""
        return self.person((person.family or person.given).upper())

    def form_last_first_upper(self, scene: Cast, person: Person) -> Pieces:
        """`SMITH, MARY A`."""
        return self.person(self.form_last_first(scene, person)[0].text.upper())

    def form_half_upper(self, scene: Cast, person: Person) -> Pieces:
        """`SMITH, Mary` or `Mary SMITH`."""
        family = person.family.upper()
        return self.person(scene.rng.choice((f"{family}, {person.given}", f"{person.given} {family}", f"{family} {person.given}")).strip(", "))

    def form_initial_last(self, scene: Cast, person: Person) -> Pieces:
        """`M. Smith`, `M Smith` or `M. A. Smith`."""
        first = initial(person.given)
        if person.middle and scene.rng.random() < 0.2:
            first += scene.rng.choice((" ", "")) + initial(person.middle)
        name = f"{first} {person.family}".strip()
        return self.person(name if scene.rng.random() < 0.7 else name.replace(".", ""))

    def form_first_initial(self, scene: Cast, person: Person) -> Pieces:
        """`Mary S.`."""
        last = initial(person.family)
        return self.person(f"{person.given} {last if scene.rng.random() < 0.8 else last[:1]}".strip())

    def form_nick(self, scene: Cast, person: Person) -> Pieces:
        """`Bob`."""
        return self.person(person.nick or person.given)

    def form_lower(self, scene: Cast, person: Person) -> Pieces:
        """`mary smith`."""
        return self.person(f"{person.given} {person.family}".strip().lower())

    def form_formal(self, scene: Cast, person: Person) -> Pieces:
        """`Mrs. Smith`, the title unlabelled."""
        return (Piece(f"{self._title(person, scene)} "), *self.form_last(scene, person))

    def form_title(self, scene: Cast, person: Person) -> Pieces:
        """`Mrs.`."""
        return (Piece(self._title(person, scene)),)

    def form_dr(self, scene: Cast, person: Person) -> Pieces:
        """`Dr. Smith`, `Dr Mary Smith` or `Dr. M. Smith`."""
        title = str(scene.note("dr", ("Dr. ", "Dr. ", "Dr ", "Dr. ", "DR. ", "dr. ")))
        form = scene.rng.choice((self.form_last, self.form_last, self.form_last, self.form_full, self.form_plain, self.form_initial_last))
        return (Piece(title), *form(scene, person))

    def form_signed(self, scene: Cast, person: Person) -> Pieces:
        """`Mary Smith, MD`, the degree unlabelled."""
        form = scene.rng.choice((self.form_full, self.form_plain, self.form_initial_last, self.form_last_first))
        degree = scene.note(f"degree {person.given} {person.family}", _DEGREES.get(person.role, _DEGREES["doctor"]))
        front, back = scene.rng.choice((("", f", {degree}"), ("", f", {degree}"), ("Dr. ", ""), ("Dr ", f" {degree}"), ("", f" {degree}")))
        return tuple(piece for piece in (Piece(front), *form(scene, person), Piece(back)) if piece.text)

    def form_any(self, scene: Cast, person: Person) -> Pieces:
        """Return the person in whatever form."""
        form = scene.rng.choice((self.form_full, self.form_formal, self.form_plain, self.form_first, self.form_last, self.form_initial_last, self.form_first_initial, self.form_last_first))
        return form(scene, person)

    def form_hl7(self, scene: Cast, person: Person) -> Pieces:
        """`SMITH^MARY^A`."""
        parts = [person.family or person.given, person.given, person.middle[:1]]
        pieces: list[Piece] = []
        for part in parts:
            if pieces:
                pieces.append(Piece("^"))
            if part:
                pieces.append(Piece(part.upper() if scene.note("hl7", (True, False)) else part, "PERSON"))
        return tuple(pieces)

    def form_given_json(self, scene: Cast, person: Person) -> Pieces:
        """`"Mary", "Anne"`, the inside of a FHIR list of given names."""
        pieces = [Piece('"'), Piece(person.given, "PERSON"), Piece('"')]
        if person.middle:
            pieces += [Piece(', "'), Piece(person.middle, "PERSON"), Piece('"')]
        return tuple(pieces)

    def form_he(self, scene: Cast, person: Person) -> Pieces:
        """`he` or `she`."""
        return (Piece("he" if person.sex == "m" else "she"),)

    def form_He(self, scene: Cast, person: Person) -> Pieces:  # noqa: N802 - the slot's own capital
        """`He` or `She`."""
        return (Piece("He" if person.sex == "m" else "She"),)

    def form_his(self, scene: Cast, person: Person) -> Pieces:
        """`his` or `her`."""
        return (Piece("his" if person.sex == "m" else "her"),)

    def form_His(self, scene: Cast, person: Person) -> Pieces:  # noqa: N802 - as form_He
        """`His` or `Her`."""
        return (Piece("His" if person.sex == "m" else "Her"),)

    def form_him(self, scene: Cast, person: Person) -> Pieces:
        """`him` or `her`."""
        return (Piece("him" if person.sex == "m" else "her"),)

    def form_sex(self, scene: Cast, person: Person) -> Pieces:
        """`male` or `female`."""
        return (Piece("male" if person.sex == "m" else "female"),)

    def form_Sex(self, scene: Cast, person: Person) -> Pieces:  # noqa: N802 - as form_He
        """`Male` or `Female`."""
        return (Piece("Male" if person.sex == "m" else "Female"),)

    def form_mf(self, scene: Cast, person: Person) -> Pieces:
        """`M` or `F`."""
        return (Piece(person.sex.upper()),)

    def form_man(self, scene: Cast, person: Person) -> Pieces:
        """`man`, `woman`, `gentleman`, `lady`, ..."""
        young = scene.fillers.age(scene) < 16  # noqa: PLR2004 - about where "boy" ends
        if young:
            return (Piece("boy" if person.sex == "m" else "girl"),)
        return (Piece(scene.rng.choice(("man", "man", "gentleman", "male") if person.sex == "m" else ("woman", "woman", "lady", "female"))),)

    def form_relation(self, scene: Cast, person: Person) -> Pieces:
        """`wife`, `brother`, ..., fitting the person's sex."""
        male = ("husband", "son", "father", "brother", "partner", "grandson", "uncle", "nephew", "neighbour", "friend")
        female = ("wife", "daughter", "mother", "sister", "partner", "granddaughter", "aunt", "niece", "neighbor", "friend")
        return (Piece(scene.rng.choice(male if person.sex == "m" else female)),)

    # -- dates and ages

    def ordinal(self, day: int) -> str:
        """`1st`, `2nd`, `13th`."""
        return f"{day}{_ORDINALS.get(day if day in _TEENTHS else day % 10, 'th')}"

    def slot_date_short(self, scene: Cast) -> Pieces:
        """`03/14` or `14 Mar`."""
        return (Piece(self.written(scene, self.day(scene), scene.rng.choice(("{m}/{d}", "{mm}/{dd}", "{d} {mon}", "{mon} {d}", "{d}/{m}"))), "DATE_TIME"),)

    def slot_date_month(self, scene: Cast) -> Pieces:
        """`March 2019`, `03/2019`, `Q2 2021`, `early 2020`, without the adjective."""
        return (Piece(self.written(scene, self.day(scene), scene.rng.choice(("{month} {y}", "{mon} {y}", "{mm}/{y}", "{m}/{yy}", "{month}", "{month} of {y}", "{mon} '{yy}", "Q{q} {y}"))), "DATE_TIME"),)

    def slot_date_loose(self, scene: Cast) -> Pieces:
        """`Christmas 2018`, `summer of 2019`, `Labor Day`."""
        feast = scene.rng.choice(("Christmas", "Christmas Eve", "Thanksgiving", "Easter", "Labor Day", "New Year's Day", "Memorial Day", "Halloween", "Boxing Day", "Diwali", "Eid", "Ramadan", "Passover", "Good Friday", "the Fourth of July", "Valentine's Day", "Easter Sunday"))
        season = scene.rng.choice(("spring", "summer", "autumn", "fall", "winter"))
        year = str(self.day(scene).year)
        return (Piece(scene.rng.choice((feast, f"{feast} {year}", f"{feast} of {year}", f"{season} of {year}", f"{season} {year}", f"the {season} of {year}", f"{year}-{int(year[2:]) + 1:02}")), "DATE_TIME"),)

    def slot_weekday(self, scene: Cast) -> Pieces:
        """`Monday`."""
        return (Piece(scene.rng.choice((*self.weekdays, *self.weekdays, *self.weekdays_short)), "DATE_TIME"),)

    def slot_date_spoken(self, scene: Cast) -> Pieces:
        """`march the third twenty nineteen`."""
        day = self.day(scene)
        number = self.ordinal(day.day) if scene.rng.random() < 0.6 else str(day.day)
        year = scene.rng.choice((str(day.year), f"twenty {in_words(day.year % 100)}" if day.year >= 2010 else str(day.year), ""))  # noqa: PLR2004 - as it is said
        text = scene.rng.choice((f"{self.months[day.month - 1]} {number} {year}", f"the {number} of {self.months[day.month - 1]} {year}"))
        return (Piece(text.strip().lower(), "DATE_TIME"),)

    def slot_age_words(self, scene: Cast) -> Pieces:
        """`sixty-seven`."""
        return self.aged(in_words(self.age(scene)), self.age(scene))

    def slot_age_aged(self, scene: Cast) -> Pieces:
        """`67-year-old`, `67 y/o`, `67yo`: the figure alone is labelled."""
        years = self.age(scene)
        if years < 2:  # noqa: PLR2004 - smaller children are counted in months
            number = str(years * 12 + scene.rng.randint(1, 11))
            unit = scene.rng.choice(("-month-old", " month old", "mo", "-month-old", " m/o"))
            return (Piece(number, "AGE"), Piece(unit))
        number = in_words(years) if scene.rng.random() < 0.04 else str(years)
        unit = scene.rng.choice(("-year-old", "-year-old", "-year-old", " year old", " year-old", "yo", " yo", " y/o", "y.o.", " y.o.", "-yo", " years old", "yr old", " yr old"))
        return (*self.aged(number, years), Piece(unit))

    def slot_age_sex(self, scene: Cast) -> Pieces:
        """`67M`, `67 yo F`."""
        sex = scene.person("patient").sex.upper()
        unit = scene.rng.choice((sex, sex, f" {sex}", f"yo{sex}", f" yo {sex}", f"yo {sex}", f"/{sex}", f"y {sex}"))
        return (*self.aged(str(self.age(scene)), self.age(scene)), Piece(unit))

    # -- places

    def home(self, scene: Cast) -> Town:
        """Return the town of this document's patient."""
        if "home" not in scene.notes:
            scene.notes["home"] = town(scene.rng, self.split, _HOME)
        found = scene.notes["home"]
        assert isinstance(found, Town)  # noqa: S101 - notes hold anything
        return found

    def slot_city(self, scene: Cast) -> Pieces:
        """Return the patient's town."""
        return (Piece(self.home(scene).name, "LOCATION"),)

    def slot_city_other(self, scene: Cast) -> Pieces:
        """Return another town of the same country."""
        return (Piece(town(scene.rng, self.split, (self.home(scene).country,)).name, "LOCATION"),)

    def slot_city_abroad(self, scene: Cast) -> Pieces:
        """Return a town anywhere."""
        return (Piece(abroad(scene.rng, self.split).name, "LOCATION"),)

    def slot_city_state(self, scene: Cast) -> Pieces:
        """`Fresno, CA` or `Fresno, California`; elsewhere with the country, or alone."""
        home = self.home(scene)
        pieces = [Piece(home.name, "LOCATION")]
        if home.state:
            pieces += [Piece(", "), Piece(scene.rng.choice((home.state, _STATES[home.state])), "LOCATION")]
        elif scene.rng.random() < 0.4:
            pieces += [Piece(", "), Piece(_COUNTRIES[home.country][0], "LOCATION")]
        return tuple(pieces)

    def slot_state(self, scene: Cast) -> Pieces:
        """`California`; a county or province elsewhere."""
        home = self.home(scene)
        if home.state:
            return (Piece(scene.rng.choice((home.state, _STATES[home.state], _STATES[home.state])), "LOCATION"),)
        return (Piece(scene.rng.choice(_REGIONS[home.country]), "LOCATION"),)

    def slot_state_code(self, scene: Cast) -> Pieces:
        """`CA`, or a region's name."""
        home = self.home(scene)
        return (Piece(home.state or scene.rng.choice(_REGIONS[home.country]), "LOCATION"),)

    def slot_country(self, scene: Cast) -> Pieces:
        """Return a country, labelled as the patient's origin or a stay is."""
        return (Piece(scene.rng.choice(words("en/countries")), "LOCATION"),)

    def slot_county(self, scene: Cast) -> Pieces:
        """`Marion County`."""
        name = town(scene.rng, self.split, ("US",)).name
        return (Piece(scene.rng.choice((f"{name} County", f"County {name}", f"{name} Township", f"North {name}", f"the {name} area")).removeprefix("the "), "LOCATION"),)

    def slot_street(self, scene: Cast) -> Pieces:
        """`14 Oak Lane`."""
        return (Piece(self._street(scene), "STREET_ADDRESS"),)

    def slot_street_name(self, scene: Cast) -> Pieces:
        """`Oak Lane`."""
        return (Piece(self._street(scene, numbered=False), "STREET_ADDRESS"),)

    def _street(self, scene: Cast, *, numbered: bool = True) -> str:
        british = self.home(scene).country not in {"US", "CA"}
        rng = scene.rng
        root = rng.choice((
            rng.choice(share(words("en/street_roots"), self.split)),
            rng.choice(share(words("en/street_roots"), self.split)),
            scene.fillers.invent(scene).family or "Main",
            town(rng, self.split, (self.home(scene).country,)).name,
        ))  # fmt: skip
        kind = rng.choice(_STREETS_GB if british else _STREETS_US)
        name = f"{root} {kind}"
        if not british:
            if rng.random() < 0.15:
                name = f"{self.ordinal(rng.randint(1, 190))} {kind}"
            if rng.random() < 0.2:
                name = f"{rng.choice(('N', 'S', 'E', 'W', 'N.', 'S.', 'North', 'West', 'NE', 'SW', 'East'))} {name}"
            elif rng.random() < 0.04:
                name += rng.choice((" NW", " SE", " N", " South"))
        if not numbered:
            return name
        number = str(rng.randint(1, 220) if british else rng.choice((rng.randint(1, 999), rng.randint(1000, 19999))))
        if british and rng.random() < 0.08:
            number += rng.choice("ABCabc")
        if rng.random() < 0.03 and not british:
            return rng.choice((f"PO Box {rng.randint(10, 9999)}", f"P.O. Box {rng.randint(10, 99999)}", f"RR {rng.randint(1, 9)} Box {rng.randint(1, 400)}"))
        line = f"{number} {name}"
        if rng.random() < 0.18:
            unit = rng.choice(("Apt {n}", "Apt. {n}{l}", "Unit {n}", "Suite {n}", "#{n}", "Ste {n}", "Floor {n}") if not british else ("Flat {n}", "Flat {n}{l}", "Unit {n}"))
            unit = unit.format(n=rng.randint(1, 400), l=rng.choice("ABCD"))
            line = f"{unit}, {line}" if british else rng.choice((f"{line}, {unit}", f"{line} {unit}"))
        return line

    def slot_postcode(self, scene: Cast) -> Pieces:
        """Return a post code of the patient's country."""
        return self.slot(f"postcode.{self.home(scene).country.lower()}")(scene)

    def slot_address(self, scene: Cast) -> Pieces:
        """Return an address on one line: street, town, region and post code apart."""
        return self._address(scene, scene.rng.choice((", ", ", ", ", ", " ")))

    def slot_address_lines(self, scene: Cast) -> Pieces:
        """Return an address on two or three lines."""
        return self._address(scene, "\n")

    def _address(self, scene: Cast, comma: str) -> Pieces:
        home = self.home(scene)
        city, code = Piece(home.name, "LOCATION"), self.slot_postcode(scene)[0]
        street = self.slot_street(scene)[0]
        pieces = [street, Piece(comma), city]
        if home.state:
            pieces += [Piece(scene.rng.choice((", ", ", ", " "))), Piece(scene.rng.choice((home.state, home.state, _STATES[home.state])), "LOCATION"), Piece(" "), code]
        elif home.country in {"CA", "AU"}:
            pieces += [Piece(scene.rng.choice((", ", " "))), Piece(scene.rng.choice(_REGIONS[home.country]), "LOCATION"), Piece(" "), code]
        else:
            pieces += [Piece(scene.rng.choice((comma, " "))), code]
        if scene.rng.random() < 0.1:
            pieces += [Piece(comma), Piece(scene.rng.choice(_COUNTRIES[home.country]), "LOCATION")]
        return tuple(pieces)

    def form_address(self, scene: Cast, person: Person) -> Pieces:
        """Return the person's address on one line."""
        return self.slot_address(scene)

    # -- telephones

    def slot_phone(self, scene: Cast) -> Pieces:
        """Return a telephone number of the patient's country, now and then of another."""
        country = self.home(scene).country
        shapes = _PHONES[country if scene.rng.random() < 0.9 else scene.rng.choice(sorted(_PHONES))]
        number = self.shaped(scene, scene.rng.choice(shapes))
        if scene.rng.random() < 0.04:
            number += scene.rng.choice((" ext. ", " x", " ext ", " extension ")) + str(scene.rng.randint(10, 9999))
        return (Piece(number, "PHONE_NUMBER"),)

    def slot_fax(self, scene: Cast) -> Pieces:
        """Return a fax number."""
        return (Piece(self.slot_phone(scene)[0].text, "FAX_NUMBER"),)

    def slot_phone_extension(self, scene: Cast) -> Pieces:
        """Return the digits of an extension or a pager."""
        return (Piece(self.shaped(scene, scene.rng.choice(("####", "#####", "###-####", "%-####", "x####"))), "PHONE_NUMBER"),)

    def slot_email(self, scene: Cast) -> Pieces:
        """Return an office's mail address."""
        name = scene.rng.choice(("info", "records", "referrals", "appointments", "cardiology.clinic", "ward7", "frontdesk", "billing", "bookings"))
        return (Piece(f"{name}@{scene.rng.choice(self.mail_domains)}", "EMAIL_ADDRESS"),)

    mail_domains: ClassVar = (
        "example.com", "example.org", "example.net", "mail.example.com", "nhs.example.org",
        "hospital.example.org", "clinic.example.net", "gmail.example", "yahoo.example",
        "outlook.example", "stmarys.example.org", "uni.example.edu", "health.example.gov",
    )  # fmt: skip

    # -- organisations

    def slot_hospital(self, scene: Cast) -> Pieces:
        """`St. Anne's Hospital`, `Fresno General Hospital`."""
        return (Piece(self._hospital(scene), "ORGANIZATION"),)

    def _hospital(self, scene: Cast) -> str:
        rng = scene.rng
        place = rng.choice((self.home(scene).name, town(rng, self.split, (self.home(scene).country,)).name))
        family = scene.fillers.invent(scene).family or "Mercy"
        pattern = rng.choice(share(words("en/hospital_patterns"), self.split))
        saint = rng.choice(words("en/saints"))
        return pattern.format(city=place, name=family, saint=saint, root=rng.choice(share(words("en/street_roots"), self.split)))

    def slot_hospital_other(self, scene: Cast) -> Pieces:
        """Return another hospital."""
        return self.slot_hospital(scene)

    def slot_hospital_short(self, scene: Cast) -> Pieces:
        """`OSH`-like letters that name a house: `SMH`, `UCL`."""
        letters = "".join(word[0] for word in self._hospital(scene).replace("'", "").split() if word[0].isupper())
        return (Piece(letters if len(letters) > 2 else f"{letters}GH", "ORGANIZATION"),)  # noqa: PLR2004 - two letters name nothing

    def slot_clinic(self, scene: Cast) -> Pieces:
        """`Oakwood Family Practice`."""
        return self._organisation(scene, "en/clinic_patterns")

    def slot_ward(self, scene: Cast) -> Pieces:
        """`Ward 7B`, `4 West`."""
        rng = scene.rng
        text = self._pattern(scene, "en/ward_patterns").format(n=rng.randint(1, 40), f=rng.randint(1, 12), l=rng.choice("ABCDEFG"), d=rng.choice(("North", "South", "East", "West")), D=rng.choice("NSEW"), root=rng.choice(share(words("en/street_roots"), self.split)), name=scene.fillers.invent(scene).family or "Nightingale")
        return (Piece(text, "ORGANIZATION"),)

    def slot_room(self, scene: Cast) -> Pieces:
        """`Room 412`, `Bed 12B`."""
        rng = scene.rng
        return (Piece(rng.choice(("Room {n}", "Rm {n}", "Bed {b}", "Room {n}{l}", "room {n}", "bed {b}{l}", "Bay {b}", "Bay {b} Bed {b}")).format(n=rng.randint(100, 999), b=rng.randint(1, 36), l=rng.choice("ABCD")), "LOCATION"),)

    def slot_company(self, scene: Cast) -> Pieces:
        """`Baker & Sons Ltd`."""
        return self._organisation(scene, "en/company_patterns")

    def slot_insurer(self, scene: Cast) -> Pieces:
        """`Blue Harbor Health Plan`."""
        return self._organisation(scene, "en/insurer_patterns")

    def slot_pharmacy(self, scene: Cast) -> Pieces:
        """`Young's Pharmacy`."""
        return self._organisation(scene, "en/pharmacy_patterns")

    def slot_school(self, scene: Cast) -> Pieces:
        """`Lincoln Elementary School`."""
        return self._organisation(scene, "en/school_patterns")

    def slot_home(self, scene: Cast) -> Pieces:
        """`Willow Creek Nursing Home`."""
        return self._organisation(scene, "en/home_patterns")

    def slot_lab(self, scene: Cast) -> Pieces:
        """`Meridian Pathology Laboratories`."""
        return self._organisation(scene, "en/lab_patterns")

    def _pattern(self, scene: Cast, name: str) -> str:
        return scene.rng.choice(share(words(name), self.split))

    def _organisation(self, scene: Cast, name: str) -> Pieces:
        rng = scene.rng
        text = self._pattern(scene, name).format(
            city=town(rng, self.split, (self.home(scene).country,)).name,
            name=scene.fillers.invent(scene).family or "Cole",
            name2=scene.fillers.invent(scene).family or "Hart",
            saint=rng.choice(words("en/saints")),
            root=rng.choice(share(words("en/street_roots"), self.split)),
            n=rng.randint(1, 99),
        )
        return (Piece(text, "ORGANIZATION"),)

    # -- what is easily taken for an identifier, and is none

    def slot_neg_dose(self, scene: Cast) -> Pieces:
        """`metoprolol 25 mg PO BID`."""
        rng = scene.rng
        drug = self.slot("neg.drug")(scene)[0].text
        amount = rng.choice(_AMOUNTS)
        route = rng.choice((" PO", " IV", " SC", " IM", " by mouth", " SL", "", "", " po", " topically", " inhaled"))
        often = rng.choice((" BID", " TID", " QID", " daily", " once daily", " q6h", " q8h PRN", " qHS", " nightly", " every 12 hours", " weekly", " bd", " tds", " od", " x 7 days", " q4-6h prn pain", " at bedtime", " stat", " 1-0-1", ""))
        return (Piece(f"{drug} {amount}{route}{often}"),)

    def slot_neg_lab(self, scene: Cast) -> Pieces:
        """`Na 138`, `WBC 11.2 x10^9/L`."""
        return self._numbered(scene, "en/lab_values")

    def slot_neg_vital(self, scene: Cast) -> Pieces:
        """`BP 120/80`."""
        return self._numbered(scene, "en/vital_signs")

    def slot_neg_number(self, scene: Cast) -> Pieces:
        """Return a figure that stands alone in clinical text: `3/5`, `12-14`, `0730`, `1:80`."""
        return self._numbered(scene, "en/bare_numbers")

    def _numbered(self, scene: Cast, name: str) -> Pieces:
        return (Piece(self.shaped(scene, scene.rng.choice(words(name)))),)

    def slot_neg_time(self, scene: Cast) -> Pieces:
        """`14:30`, `0800`, `2 pm`."""
        rng = scene.rng
        hour, minute = rng.randint(0, 23), rng.choice((0, 15, 30, 45, rng.randint(0, 59)))
        return (Piece(rng.choice((f"{hour:02}:{minute:02}", f"{hour:02}{minute:02}", f"{hour % 12 or 12} {'am' if hour < 12 else 'pm'}", f"{hour % 12 or 12}:{minute:02} {'AM' if hour < 12 else 'PM'}", f"{hour:02}{minute:02} hrs", f"{hour:02}{minute:02}h"))),)

    def slot_neg_relative(self, scene: Cast) -> Pieces:
        """`yesterday`, `three days ago`, `in 6 weeks`."""
        rng = scene.rng
        number = rng.choice(("2", "3", "4", "5", "6", "10", "12", "two", "three", "four", "six", "several", "a few"))
        unit = rng.choice(("days", "weeks", "months", "hours", "years"))
        return (Piece(rng.choice(("yesterday", "today", "this morning", "last night", "overnight", "last week", "last month", f"{number} {unit} ago", f"{number} {unit} ago", f"for the past {number} {unit}", f"{number} {unit} prior", "earlier today", "this evening", f"over the last {number} {unit}"))),)


_ORDINALS: Final = {1: "st", 2: "nd", 3: "rd"}
_TEENTHS: Final = frozenset({11, 12, 13})
_DEGREES: Final = {
    "doctor": (
        "MD", "M.D.", "MD", "DO", "D.O.", "MD, PhD", "FRCP", "MBBS", "MRCP", "FACS", "MD, FACC",
        "MBChB", "FRCS", "PA-C", "NP", "PhD", "DDS", "M.D., Ph.D.", "MB BCh", "MD, MPH",
    ),
    "nurse": (
        "RN", "RN", "R.N.", "RN, BSN", "LPN", "CRNA", "APRN", "ARNP", "NP", "DNP", "RGN", "RN, CCRN",
        "CNM", "BSN, RN", "LVN", "CNA",
    ),
    "therapist": ("PT", "DPT", "OTR/L", "CCC-SLP", "LCSW", "PsyD", "RD", "RPh", "PharmD", "MSW", "BSc"),
}  # fmt: skip
_AMOUNTS: Final = (
    *(f"{n} mg" for n in (5, 10, 15, 20, 25, 40, 50, 75, 80, 81, 100, 150, 200, 250, 300, 325, 400, 500, 600, 650, 750, 800, 850, 1000)),
    *(f"{n}mg" for n in (5, 10, 20, 40, 50, 100, 250, 500, 1000)),
    *(f"{n} mg" for n in ("2.5", "0.5", "1.25", "12.5", "0.125", "6.25", "7.5", "37.5")),
    *(f"{n} mcg" for n in (25, 50, 75, 88, 100, 112, 125, 500)),
    *(f"{n} units" for n in (4, 6, 8, 10, 12, 18, 20, 24, 36, 5000)),
    "1 g", "2 g", "1g", "4.5 g", "3.375 g", "2000 IU", "50,000 units", "1 tab", "2 tablets", "1 puff",
    "2 puffs", "5 mL", "10 mL", "0.1 mg/kg", "15 mg/kg", "1 mg/kg", "5%", "0.9%", "10 mEq", "20 mEq",
    "500-125 mg", "800-160 mg", "5-325 mg", "90 mcg/actuation", "100 units/mL", "8 mg/hr",
)  # fmt: skip
_STREETS_US: Final = (
    "Street", "St", "St.", "Avenue", "Ave", "Ave.", "Road", "Rd", "Drive", "Dr", "Lane", "Ln",
    "Boulevard", "Blvd", "Court", "Ct", "Place", "Pl", "Way", "Circle", "Parkway", "Terrace",
    "Trail", "Highway", "Square", "Loop", "Pike",
)  # fmt: skip
_STREETS_GB: Final = (
    "Street", "Road", "Road", "Avenue", "Lane", "Close", "Crescent", "Gardens", "Terrace", "Drive",
    "Way", "Grove", "Place", "Mews", "Court", "Hill", "Square", "Walk", "Rise", "Row", "Green",
    "Park", "St", "Rd",
)  # fmt: skip
_REGIONS: Final = {
    "GB": ("Kent", "Essex", "Surrey", "Yorkshire", "Lancashire", "Devon", "Cornwall", "Norfolk", "Suffolk", "Dorset", "Somerset", "Cheshire", "Cumbria", "Fife", "West Midlands", "Gwynedd", "County Durham", "Tyne and Wear"),
    "CA": ("ON", "Ontario", "QC", "Quebec", "BC", "British Columbia", "AB", "Alberta", "MB", "Manitoba", "NS", "Nova Scotia", "SK", "NB"),
    "AU": ("NSW", "VIC", "QLD", "WA", "SA", "TAS", "New South Wales", "Queensland", "Victoria"),
    "IE": ("Co. Cork", "County Kerry", "Co. Galway", "County Mayo", "Co. Wicklow", "Leinster"),
    "NZ": ("Otago", "Canterbury", "Waikato", "Northland", "Taranaki"),
    "ZA": ("Gauteng", "Western Cape", "KwaZulu-Natal", "Limpopo"),
    "IN": ("Kerala", "Maharashtra", "Tamil Nadu", "Karnataka", "Punjab", "Gujarat", "West Bengal", "Uttar Pradesh"),
}  # fmt: skip
_PHONES: Final = {
    "US": ("(%##) %##-####", "(%##) %##-####", "%##-%##-####", "%##-%##-####", "%##.%##.####", "+1 %## %## ####", "1-%##-%##-####", "%########%", "+1-%##-%##-####", "(%##)%##-####", "%## %## ####", "%##-####", "555-####", "(555) %##-####", "001-%##-%##-####"),
    "GB": ("020 7### ####", "0161 ### ####", "07### ######", "07#########", "+44 7### ######", "+44 (0)20 #### ####", "01### ######", "(01##) ### ####", "0800 ### ####", "0044 7### ### ###", "01### ### ###"),
    "CA": ("(416) %##-####", "604-%##-####", "+1 514 %## ####", "%##.%##.####", "1 (%##) %##-####"),
    "AU": ("04## ### ###", "(0#) #### ####", "+61 4## ### ###", "1300 ### ###", "03 9### ####"),
    "IE": ("08# ### ####", "(01) ### ####", "+353 8# ### ####", "021 ### ####"),
    "NZ": ("021 ### ####", "(09) ### ####", "+64 21 ### ###", "03 ### ####"),
    "ZA": ("08# ### ####", "+27 8# ### ####", "(011) ### ####"),
    "IN": ("+91 98### #####", "098########", "9#########", "022-2### ####", "+91-%#########"),
    "XX": ("+49 30 #######", "+33 6 ## ## ## ##", "+34 6## ### ###", "+86 13# #### ####", "+52 55 #### ####", "+55 11 9####-####", "+81 3-####-####", "+971 50 ### ####", "+234 80# ### ####", "+31 6 ########", "+47 ### ## ###", "+41 79 ### ## ##"),
}  # fmt: skip
