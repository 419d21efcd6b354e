"""Telephones, accounts, cards and other numbers that German, French and Spanish papers share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final

from training.documents import Piece, Pieces
from training.fillers import numbers
from training.fillers.base import Cast
from training.fillers.europe_people import EuropeanPeople
from training.fillers.europe_places import EuropeanPlaces
from training.fillers.people import ascii_of

_CAPITALS: Final = "ABCDEF"


class EuropeanNumbers(EuropeanPeople, EuropeanPlaces):
    """Numbers, addresses of mail and names of users."""

    phones: ClassVar[Sequence[str]]

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

    def slot_insurance_spaced(self, scene: Cast) -> Pieces:
        """Return an insurance number one figure at a time."""
        text, label = self.slot("insurance")(scene)[0]
        return (Piece(" ".join(char for char in text if char.isalnum()), label),)

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


_ABROAD: Final = (
    "+49 1## #######", "+33 6 ## ## ## ##", "+34 6## ### ###", "+43 6## #######", "+41 79 ### ## ##",
    "+90 5## ### ## ##", "+48 ### ### ###", "+44 7### ######", "+39 3## #######", "+351 9## ### ###",
    "+212 6########", "+380 ## ### ## ##", "0090 5#########", "+1 (%##) %##-####", "+86 13# #### ####",
)  # fmt: skip
