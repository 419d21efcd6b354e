"""Chinese: names, places and numbers of China, with some of Taiwan in traditional characters."""

from __future__ import annotations

from typing import ClassVar

from training.documents import Piece, Pieces
from training.fillers.base import Cast, Fillers
from training.fillers.common_negatives import CommonNegatives
from training.fillers.zh_dates import ChineseDates
from training.fillers.zh_numbers import ChineseNumbers
from training.fillers.zh_places import ChinesePlaces
from training.lists import words


class Chinese(ChinesePlaces, ChineseDates, ChineseNumbers, CommonNegatives):
    """What stands in Chinese slots."""

    lang = "zh"
    cultures = ((88, "han"), (5, "minority"), (4, "foreign"), (3, "faker:zh_TW"))
    months = tuple(f"{month}月" for month in range(1, 13))
    months_short = months
    weekdays = ("星期一", "星期二", "星期三", "星期四", "星期五", "星期六", "星期日")
    weekdays_short = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")
    days = (
        (26, "{y}年{m}月{d}日"), (6, "{y}年{mm}月{dd}日"), (16, "{y}-{mm}-{dd}"), (7, "{y}.{m}.{d}"),
        (4, "{y}.{mm}.{dd}"), (6, "{y}/{m}/{d}"), (3, "{y}/{mm}/{dd}"), (3, "{y} 年 {m} 月 {d} 日"),
        (2, "{y}{mm}{dd}"), (2, "{yy}年{m}月{d}日"), (2, "{m}月{d}日"), (1, "{y}-{m}-{d}"), (1, "{y}年{m}月{d}号"),
        (1, "{yy}.{m}.{d}"),
    )  # fmt: skip
    times = (
        (3, "{y}-{mm}-{dd} {hh}:{mi}"),
        (2, "{y}年{m}月{d}日{h}时{mi}分"),
        (1, "{y}-{mm}-{dd}T{hh}:{mi}:{ss}"),
    )
    kept = Fillers.kept | {"nationalid", "case", "address"}
    shapes: ClassVar = {
        "mrn": ("MEDICAL_RECORD_NUMBER", ("#######", "########", "00######", "##########", "ZY##########", "D######", "######", "2####%####", "@#######", "########-#", "M#########")),
        "case": ("MEDICAL_RECORD_NUMBER", ("##########", "############", "########")),
        "sample": ("OTHER_ID", ("2###-#####", "CT######", "MR#######", "B########", "##-#####", "US########", "XR##########", "P2###-####", "##########")),
        "device": ("DEVICE_ID", ("@@@######@", "@@######", "#########", "2#######", "SN######", "@##@#", "20########")),
        "otherid": ("OTHER_ID", ("########", "CTR####-###", "KY2###-###", "##########", "MSG#####", "@@##########")),
        "ip": ("IP_ADDRESS", ("10.%#.1%#.#", "192.168.#.1##", "172.16.%.##")),
        "url": ("URL", ("www.yiyuan@@.example", "https://report.hospital.example.cn/r/#####", "http://www.hosp@@@.example.cn")),
        "passport": ("PASSPORT", ("E########", "G########", "@########", "@@#######", "EA#######")),
        "ext": ("PHONE_NUMBER", ("####", "8###", "6####", "#####")),
        "license": ("LICENSE_NUMBER", ("1##############", "110##############", "2########", "1%0##########")),
        "account": ("ACCOUNT_NUMBER", ("6222 #### #### #### ###", "6217################".replace("#", "#", 1), "62284#############")),
        "phone.tw": ("PHONE_NUMBER", ("09##-######", "(02)####-####", "02-########", "0#-#######", "09########", "+886 9## ### ###")),
        "postcode": ("POSTCODE", ("######", "1#0###", "%#####", "51####")),
    }  # fmt: skip

    # -- what is easily taken for an identifier, and is none

    def slot_neg_lab(self, scene: Cast) -> Pieces:
        """Return a laboratory value."""
        return (Piece(self.shaped(scene, scene.rng.choice(words("zh/lab_values")))),)

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
                "0.1",
                "0.25",
                "0.5",
                "1",
                "2.5",
                "1.25",
            )
        )
        return (
            Piece(
                amount + scene.rng.choice(("mg", "mg", "mg", "g", "ml", "μg", " mg", "片", "u")),
            ),
        )

    def slot_neg_time(self, scene: Cast) -> Pieces:
        """`14:30`, `14时30分`, `下午3点`."""
        rng = scene.rng
        hour, minute = rng.randint(0, 23), rng.randint(0, 59)
        return (
            Piece(
                rng.choice(
                    (
                        f"{hour:02}:{minute:02}",
                        f"{hour:02}:{minute:02}",
                        f"{hour}时{minute:02}分",
                        f"{hour}:{minute:02}",
                        f"{rng.choice('上下')}午{rng.randint(1, 11)}点",
                        f"{rng.choice('上下')}午",
                    )
                )
            ),
        )
