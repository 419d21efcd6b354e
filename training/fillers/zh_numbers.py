"""Numbers of China and Taiwan, addresses of mail and names of users."""

from __future__ import annotations

from training.documents import Piece, Pieces
from training.fillers import numbers
from training.fillers.base import Cast, Fillers
from training.fillers.people import ascii_of, culture, invent


class ChineseNumbers(Fillers):
    """Numbers, and what a user is called."""

    def slot_nationalid_tw(self, scene: Cast) -> Pieces:
        """Return a Taiwanese national id."""
        return (
            Piece(
                numbers.mistyped(scene.rng, numbers.taiwanese_identity(scene.rng)), "NATIONAL_ID"
            ),
        )

    def slot_nationalid(self, scene: Cast) -> Pieces:
        """Return a resident id of eighteen characters, rarely of fifteen, spaced or masked."""
        rng, born = scene.rng, self.birthday(scene)
        area = (
            rng.choice(
                (
                    "11",
                    "12",
                    "13",
                    "14",
                    "15",
                    "21",
                    "22",
                    "31",
                    "32",
                    "33",
                    "34",
                    "35",
                    "37",
                    "41",
                    "42",
                    "43",
                    "44",
                    "45",
                    "50",
                    "51",
                    "52",
                    "53",
                    "61",
                    "62",
                    "65",
                )
            )
            + f"{rng.randint(1, 30):02}{rng.randint(1, 35):02}"
        )
        number = numbers.mistyped(rng, numbers.chinese_identity(rng, area, born.strftime("%Y%m%d")))
        roll = rng.random()
        if roll < 0.04:
            number = area + born.strftime("%y%m%d") + numbers.digits(rng, 3)
        elif roll < 0.1:
            number = numbers.grouped(number, (6, 8, 4))
        elif roll < 0.13:
            number = f"{number[:6]}********{number[14:]}"
        elif roll < 0.16:
            number = number.lower()
        return (Piece(number, "NATIONAL_ID"),)

    def slot_creditcode(self, scene: Cast) -> Pieces:
        """Return the unified social credit code of a house."""
        return (Piece(numbers.chinese_credit_code(scene.rng), "OTHER_ID"),)

    def slot_insurance(self, scene: Cast) -> Pieces:
        """Return a number of the medical insurance or of its card."""
        shapes = (
            "@########",
            "############",
            "##########",
            "1#########S",
            "@@#######@",
            "00########",
            "C########",
            "#########",
        )
        return (Piece(self.shaped(scene, scene.rng.choice(shapes)), "HEALTH_PLAN_NUMBER"),)

    def slot_phone(self, scene: Cast) -> Pieces:
        """Return a mobile or a land line."""
        shapes = (
            "13#########", "15#########", "18#########", "13# #### ####", "138-####-####", "17#########", "19#########",
            "+86 13# #### ####", "010-########", "021-########", "0%##-%######", "0%##-########", "(0%##)%#######",
            "%#######", "028 ########", "400-###-####", "86-1##########".replace("1##", "15#"), "0%##-%#######-#",
        )  # fmt: skip
        return (Piece(self.shaped(scene, scene.rng.choice(shapes)), "PHONE_NUMBER"),)

    def slot_plate(self, scene: Cast) -> Pieces:
        """`川A·12345`."""
        head = scene.rng.choice("京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼")
        return (
            Piece(
                head
                + self.shaped(
                    scene,
                    scene.rng.choice(
                        ("@·#####", "@#####", "@@####", "@·@####", "AD#####", "@###@#")
                    ),
                ),
                "VEHICLE_ID",
            ),
        )

    def slot_email(self, scene: Cast) -> Pieces:
        """Return a mail address."""
        rng = scene.rng
        east = culture(self.split, "own:east")
        other = invent(rng, east, east)
        name = rng.choice(
            (
                numbers.digits(rng, rng.randint(8, 10)),
                ascii_of(other.given + other.family),
                ascii_of(other.given)[:1] + ascii_of(other.family) + str(rng.randint(1, 99)),
            )
        )
        return (
            Piece(
                f"{name or 'yiban'}@{rng.choice(('qq.example', '163.example.com', 'hospital.example.cn', '126.example', 'sina.example', 'med.example.edu.cn'))}",
                "EMAIL_ADDRESS",
            ),
        )

    def slot_username(self, scene: Cast) -> Pieces:
        """Return a user's name or an employee's number."""
        rng = scene.rng
        return (
            Piece(
                rng.choice(
                    (
                        self.shaped(scene, "####"),
                        self.shaped(scene, "%####"),
                        "wx_" + self.shaped(scene, "^^^^##").lower(),
                        self.slot_email(scene)[0].text.split("@")[0],
                    )
                ),
                "USERNAME",
            ),
        )

    def slot_secret(self, scene: Cast) -> Pieces:
        """Return a password."""
        shape = scene.rng.choice(("^^^^!##", "^#^#^#^#", "@@##$^^", "######"))
        return (Piece(self.shaped(scene, shape).lower(), "OTHER_ID"),)
