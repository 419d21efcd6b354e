"""Places of the United States, Britain, Ireland and the Commonwealth, and their telephones."""

from __future__ import annotations

from typing import ClassVar, Final

from training.documents import Piece, Pieces
from training.fillers.abroad import address as address_abroad
from training.fillers.base import Cast, Fillers
from training.fillers.people import Person
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
_DIGITS: Final = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_HOME: Final = ("US",) * 10 + ("GB",) * 4 + ("CA", "AU", "IE", "NZ", "ZA", "IN")
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


class EnglishPlaces(Fillers):
    """Where people of English documents live and how they are reached."""

    def home(self, scene: Cast) -> Town:
        """Return the town of this document's patient."""
        if "home" not in scene.notes:
            scene.notes["home"] = town(scene.rng, self.split, _HOME)
        found = scene.notes["home"]
        assert isinstance(found, Town)
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
            pieces += [
                Piece(", "),
                Piece(scene.rng.choice((home.state, _STATES[home.state])), "LOCATION"),
            ]
        elif scene.rng.random() < 0.4:
            pieces += [Piece(", "), Piece(_COUNTRIES[home.country][0], "LOCATION")]
        return tuple(pieces)

    def slot_state(self, scene: Cast) -> Pieces:
        """`California`; a county or province elsewhere."""
        home = self.home(scene)
        if home.state:
            return (
                Piece(
                    scene.rng.choice((home.state, _STATES[home.state], _STATES[home.state])),
                    "LOCATION",
                ),
            )
        return (Piece(scene.rng.choice(_REGIONS[home.country]), "LOCATION"),)

    def slot_state_code(self, scene: Cast) -> Pieces:
        """`CA`, or a region's name."""
        home = self.home(scene)
        return (Piece(home.state or scene.rng.choice(_REGIONS[home.country]), "LOCATION"),)

    def slot_country(self, scene: Cast) -> Pieces:
        """Return a country, labelled as the patient's origin or a stay is."""
        return (Piece(scene.rng.choice(words("en/countries")), "LOCATION"),)

    def slot_country_home(self, scene: Cast) -> Pieces:
        """Return the country where the patient lives."""
        return (Piece(scene.rng.choice(_COUNTRIES[self.home(scene).country]), "LOCATION"),)

    def slot_county(self, scene: Cast) -> Pieces:
        """`Marion County`."""
        name = town(scene.rng, self.split, ("US",)).name
        return (
            Piece(
                scene.rng.choice(
                    (
                        f"{name} County",
                        f"County {name}",
                        f"{name} Township",
                        f"North {name}",
                        f"the {name} area",
                    )
                ).removeprefix("the "),
                "LOCATION",
            ),
        )

    def slot_street(self, scene: Cast) -> Pieces:
        """`14 Oak Lane`."""
        return (Piece(self._street(scene), "STREET_ADDRESS"),)

    def slot_unit(self, scene: Cast) -> Pieces:
        """`Apt. 12B`, on a line of its own."""
        unit = scene.rng.choice(
            ("Apt. {n}", "Apt {n}{l}", "Suite {n:03}", "Unit {n}", "Flat {n}{l}", "Building {l}")
        )
        return (
            Piece(
                unit.format(n=scene.rng.randint(1, 990), l=scene.rng.choice("ABCD")),
                "STREET_ADDRESS",
            ),
        )

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
        number = str(
            rng.randint(1, 220)
            if british
            else rng.choice((rng.randint(1, 999), rng.randint(1000, 19999)))
        )
        if british and rng.random() < 0.08:
            number += rng.choice("ABCabc")
        if rng.random() < 0.03 and not british:
            return rng.choice(
                (
                    f"PO Box {rng.randint(10, 9999)}",
                    f"P.O. Box {rng.randint(10, 99999)}",
                    f"RR {rng.randint(1, 9)} Box {rng.randint(1, 400)}",
                )
            )
        line = f"{number} {name}"
        if rng.random() < 0.18:
            unit = rng.choice(
                ("Apt {n}", "Apt. {n}{l}", "Unit {n}", "Suite {n}", "#{n}", "Ste {n}", "Floor {n}")
                if not british
                else ("Flat {n}", "Flat {n}{l}", "Unit {n}")
            )
            unit = unit.format(n=rng.randint(1, 400), l=rng.choice("ABCD"))
            line = (
                f"{unit}, {line}" if british else rng.choice((f"{line}, {unit}", f"{line} {unit}"))
            )
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
        if scene.rng.random() < 0.05:
            return self.slot_address_abroad(scene)
        home = self.home(scene)
        city, code = Piece(home.name, "LOCATION"), self.slot_postcode(scene)[0]
        street = self.slot_street(scene)[0]
        pieces = [street, Piece(comma), city]
        if home.state:
            pieces += [
                Piece(scene.rng.choice((", ", ", ", " "))),
                Piece(scene.rng.choice((home.state, home.state, _STATES[home.state])), "LOCATION"),
                Piece(" "),
                code,
            ]
        elif home.country in {"CA", "AU"}:
            pieces += [
                Piece(scene.rng.choice((", ", " "))),
                Piece(scene.rng.choice(_REGIONS[home.country]), "LOCATION"),
                Piece(" "),
                code,
            ]
        else:
            pieces += [Piece(scene.rng.choice((comma, " "))), code]
        if scene.rng.random() < 0.1:
            pieces += [Piece(comma), Piece(scene.rng.choice(_COUNTRIES[home.country]), "LOCATION")]
        return tuple(pieces)

    def slot_street_abroad(self, scene: Cast) -> Pieces:
        """`Via Tasso 129`, `Lindenstraße 4`."""
        return (Piece(address_abroad(scene.rng, self.split).street, "STREET_ADDRESS"),)

    def slot_address_abroad(self, scene: Cast) -> Pieces:
        """`Via Tasso 129, 80121 Napoli, Italy`, in an order of the writer's own."""
        found = address_abroad(scene.rng, self.split)
        street = Piece(found.street, "STREET_ADDRESS")
        code, place = Piece(found.postcode, "POSTCODE"), Piece(found.town, "LOCATION")
        if scene.rng.random() < 0.15:
            place = Piece(found.town.upper(), "LOCATION")
        country = Piece(found.country, "LOCATION")
        comma = Piece(scene.rng.choice((", ", ", ", "\n", " ")))
        order = scene.rng.choice((
            (street, comma, code, Piece(" "), place),
            (street, comma, code, Piece(" "), place, comma, country),
            (street, comma, place, Piece(" "), code, comma, country),
            (street, comma, place, comma, country, Piece(" "), code),
            (code, Piece(" "), street, comma, place, comma, country),
        ))  # fmt: skip
        return tuple(order)

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
            number += scene.rng.choice((" ext. ", " x", " ext ", " extension ")) + str(
                scene.rng.randint(10, 9999)
            )
        return (Piece(number, "PHONE_NUMBER"),)

    def slot_fax(self, scene: Cast) -> Pieces:
        """Return a fax number."""
        return (Piece(self.slot_phone(scene)[0].text, "FAX_NUMBER"),)

    def slot_phone_extension(self, scene: Cast) -> Pieces:
        """Return the digits of an extension or a pager."""
        return (
            Piece(
                self.shaped(
                    scene, scene.rng.choice(("####", "#####", "###-####", "%-####", "###"))
                ),
                "PHONE_NUMBER",
            ),
        )

    def slot_phone_spoken(self, scene: Cast) -> Pieces:
        """`five five five two one oh nine`."""
        digits = self.shaped(scene, scene.rng.choice(("%##%##%###", "%##%###", "0########")))
        zero = scene.rng.choice(("zero", "oh"))
        said = [zero if digit == "0" else _DIGITS[int(digit)] for digit in digits]
        return (Piece(" ".join(said), "PHONE_NUMBER"),)

    def slot_mrn_spoken(self, scene: Cast) -> Pieces:
        """`four four one nine zero two`, or the digits apart."""
        digits = self.shaped(scene, scene.rng.choice(("######", "#######", "########")))
        words_of = _DIGITS if scene.rng.random() < 0.7 else "0123456789"
        return (Piece(" ".join(words_of[int(digit)] for digit in digits), "MEDICAL_RECORD_NUMBER"),)

    def slot_email(self, scene: Cast) -> Pieces:
        """Return an office's mail address."""
        name = scene.rng.choice(
            (
                "info",
                "records",
                "referrals",
                "appointments",
                "cardiology.clinic",
                "ward7",
                "frontdesk",
                "billing",
                "bookings",
            )
        )
        return (Piece(f"{name}@{scene.rng.choice(self.mail_domains)}", "EMAIL_ADDRESS"),)

    mail_domains: ClassVar = (
        "example.com", "example.org", "example.net", "mail.example.com", "nhs.example.org",
        "hospital.example.org", "clinic.example.net", "gmail.example", "yahoo.example",
        "outlook.example", "stmarys.example.org", "uni.example.edu", "health.example.gov",
    )  # fmt: skip
