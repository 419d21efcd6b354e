"""Chinese: names, places and numbers of China, with some of Taiwan in traditional characters."""

from __future__ import annotations

import datetime as dt
import random
from typing import ClassVar, Final

from training.documents import Piece, Pieces
from training.fillers import numbers
from training.fillers.base import TODAY, Cast, Fillers
from training.fillers.people import Culture, Person, ascii_of, culture, invent
from training.lists import share, words

_FIGURES: Final = "〇一二三四五六七八九"
_TEN: Final = 10
_TWENTY: Final = 20


def in_words(number: int) -> str:
    """Return a number below 100 in Chinese figures."""
    ten, one = divmod(number, _TEN)
    tens = "" if ten == 0 else ("十" if ten == 1 else _FIGURES[ten] + "十")
    return tens + (_FIGURES[one] if one or not ten else "")


class Chinese(Fillers):
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

    # -- people

    def invent(self, scene: Cast) -> Person:
        """Return a new person: Han mostly, of a minority, of abroad, of Taiwan."""
        source = self.weighted(scene, self.cultures)
        if source == "han":
            return self._han(scene.rng)
        if source in ("minority", "foreign"):
            name = scene.rng.choice(share(words(f"zh/names_{source}"), self.split))
            return Person(name, "", "", scene.rng.choice("fm"))
        found = culture(self.split, source)
        person = invent(
            scene.rng,
            Culture(found.female, found.male, tuple(f for f in found.family if len(f) == 1)),
            found,
        )
        return Person(
            person.given.replace("-", ""),
            "",
            person.family[:1] if person.family.isascii() is False else "陳",
            person.sex,
        )

    def _han(self, rng: random.Random) -> Person:
        sex = rng.choice("fm")
        own = tuple(share(words("zh/given_f" if sex == "f" else "zh/given_m"), self.split))
        both = tuple(share(words("zh/given_both"), self.split))
        roll = rng.random()
        if roll < 0.04:
            family = rng.choice(words("zh/surnames_double"))
        elif roll < 0.16:
            family = rng.choice(share(words("zh/surnames_rare"), self.split))
        else:
            common = words("zh/surnames")  # Surnames repeat across splits as they do across China.
            family = common[min(int(rng.expovariate(1 / 28)), len(common) - 1)]
        pool = own * 2 + both
        given = rng.choice(pool)
        if rng.random() < 0.72:
            second = rng.choice(pool)
            given += second if rng.random() > 0.05 else given
        return Person(given, "", family, sex)

    def form_full(self, scene: Cast, person: Person) -> Pieces:
        """`王建国`, now and then with a space or a mask as forms print it."""
        roll = scene.rng.random()
        if person.family and len(person.given) == 1 and roll < 0.06:
            return self.person(f"{person.family}{scene.rng.choice(('　', ' '))}{person.given}")
        if person.family and roll > 0.985:
            return self.person(
                person.family + scene.rng.choice(("某", "某某", "*" * len(person.given), "XX"))
            )
        return self.person(person.family + person.given)

    def form_last(self, scene: Cast, person: Person) -> Pieces:
        """`王`; now and then the whole name, as before a title."""
        if scene.rng.random() < 0.25:
            return self.form_plain(scene, person)
        return self.form_surname(scene, person)

    def form_plain(self, scene: Cast, person: Person) -> Pieces:
        """`王建国`."""
        return self.person(person.family + person.given)

    def form_surname(self, scene: Cast, person: Person) -> Pieces:
        """`王`."""
        return self.person(person.family or person.given)

    def form_first(self, scene: Cast, person: Person) -> Pieces:
        """`建国`."""
        return self.person(person.given)

    form_givenonly = form_first

    def form_pinyin(self, scene: Cast, person: Person) -> Pieces:
        """`Wang Jianguo`, out of a list of names in Latin letters."""
        east = culture(self.split, "own:east")
        other = invent(scene.rng, east, east)
        given, family = other.given, other.family or "Wang"
        return self.person(
            scene.rng.choice(
                (
                    f"{family} {given}",
                    f"{given} {family}",
                    f"{family.upper()} {given}",
                    f"{family.upper()}, {given.upper()}",
                )
            )
        )

    kept_forms = Fillers.kept_forms | {"tw", "pinyin", "foreign"}

    def form_tw(self, scene: Cast, person: Person) -> Pieces:
        """`陳雅婷`, in traditional characters."""
        source = culture(self.split, "faker:zh_TW")
        family = scene.rng.choice([name for name in source.family if len(name) == 1])
        return self.person(
            family + scene.rng.choice(source.female if person.sex == "f" else source.male)
        )

    def form_foreign(self, scene: Cast, person: Person) -> Pieces:
        """`约翰·史密斯`."""
        return self.person(scene.rng.choice(share(words("zh/names_foreign"), self.split)))

    # -- days

    def _one(self, scene: Cast, pattern: str, label: str = "DATE_TIME") -> Pieces:
        return (Piece(self.written(scene, self.day(scene), pattern), label),)

    def slot_date_day(self, scene: Cast) -> Pieces:
        """`3月5日`, `5月3号`, `3.5`."""
        return self._one(
            scene,
            scene.rng.choice(
                (
                    "{m}月{d}日",
                    "{m}月{d}日",
                    "{m}月{d}号",
                    "{y}年{m}月{d}日",
                    "{mm}-{dd}",
                    "{m}.{d}",
                    "{m}/{d}",
                    "{y}.{m}.{d}",
                    "{d}日",
                )
            ),
        )

    def slot_date_num(self, scene: Cast) -> Pieces:
        """Return a day in figures."""
        return self._one(
            scene,
            scene.rng.choice(
                ("{y}-{mm}-{dd}", "{y}.{m}.{d}", "{y}/{m}/{d}", "{y}{mm}{dd}", "{yy}-{m}-{d}")
            ),
        )

    def slot_date_month(self, scene: Cast) -> Pieces:
        """`2019年3月`."""
        return self._one(
            scene,
            scene.rng.choice(
                (
                    "{y}年{m}月",
                    "{y}年{m}月",
                    "{y}年{mm}月",
                    "{y}-{mm}",
                    "{y}.{m}",
                    "{yy}年{m}月",
                    "{y}年{m}月份",
                )
            ),
        )

    def slot_date_monthonly(self, scene: Cast) -> Pieces:
        """`3月`."""
        return self._one(scene, "{m}月")

    def slot_date_year(self, scene: Cast) -> Pieces:
        """`2012年`."""
        year = scene.rng.randint(1970, TODAY.year)
        return (
            Piece(
                scene.rng.choice(
                    (f"{year}年", f"{year}年", f"{year}年", str(year), f"{year % 100:02}年")
                ),
                "DATE_TIME",
            ),
        )

    def slot_date_range(self, scene: Cast) -> Pieces:
        """Return two days and what joins them."""
        first = self.day(scene)
        last = first + dt.timedelta(days=scene.rng.randint(1, 20))
        pattern = scene.rng.choice(("{y}-{mm}-{dd}", "{y}年{m}月{d}日", "{y}.{m}.{d}"))
        short = scene.rng.choice((pattern, pattern.replace("{y}年", "").replace("{y}.", "")))
        return (
            Piece(self.written(scene, first, pattern), "DATE_TIME"),
            Piece(scene.rng.choice(("至", "-", "～", " 至 ", "—", "到"))),
            Piece(self.written(scene, last, short), "DATE_TIME"),
        )

    def slot_date_roc(self, scene: Cast) -> Pieces:
        """`68年5月3日` of the Republic's count, without its name."""
        born = self.birthday(scene)
        year = max(1, born.year - 1911)
        return (
            Piece(
                scene.rng.choice(
                    (
                        f"{year}年{born.month}月{born.day}日",
                        f"{year}/{born.month:02}/{born.day:02}",
                        f"{year}.{born.month}.{born.day}",
                    )
                ),
                "DATE_OF_BIRTH",
            ),
        )

    def slot_date_words(self, scene: Cast) -> Pieces:
        """`二〇一九年三月五日`."""
        day = self.day(scene)
        year = "".join(_FIGURES[int(figure)] for figure in str(day.year))
        return (
            Piece(
                f"{year}年{in_words(day.month)}月{in_words(day.day)}{scene.rng.choice('日号')}",
                "DATE_TIME",
            ),
        )

    # -- ages

    def slot_age(self, scene: Cast) -> Pieces:
        """`67岁`, `3个月`, `六十七岁`."""
        rng, years = scene.rng, self.age(scene)
        if years == 0:
            return self.aged(
                rng.choice(
                    (
                        f"{rng.randint(2, 11)}个月",
                        f"{rng.randint(2, 11)}月龄",
                        f"{rng.randint(1, 28)}天",
                        f"{rng.randint(2, 11)}月{rng.randint(1, 28)}天",
                        f"{rng.randint(2, 11)}个月大",
                    )
                ),
                0,
            )
        figure = in_words(years) if rng.random() < 0.04 and years < 100 else str(years)
        return self.aged(f"{figure}{rng.choice(('岁', '岁', '岁', '岁', ' 岁', '周岁'))}", years)

    def slot_age_other(self, scene: Cast) -> Pieces:
        """Return another person's age with its unit."""
        years = scene.rng.randint(2, 101)
        return self.aged(f"{years}{scene.rng.choice(('岁', '岁', ' 岁', '周岁'))}", years)

    def slot_age_num(self, scene: Cast) -> Pieces:
        """Return the patient's age in figures."""
        return self.aged(str(self.age(scene)), self.age(scene))

    # -- places

    def _area(self, scene: Cast) -> tuple[str, str, str]:
        """Return a province, a city and a district of the split."""
        line = str(scene.rng.choice(share(words("zh/areas"), self.split)))
        province, city, district = line.split()
        return province, city, district

    def slot_city(self, scene: Cast) -> Pieces:
        """`成都市`, `苏州`, `河北省邯郸市`, `邯郸市永年区`."""
        province, city, district = self._area(scene)
        bare = city.removesuffix("市") if len(city) > 2 else city
        whole = province + city if province != city else city
        return (
            Piece(
                scene.rng.choice((city, city, bare, bare, whole, city + district, district)),
                "LOCATION",
            ),
        )

    def slot_city2(self, scene: Cast) -> Pieces:
        """Return another town."""
        return self.slot_city(scene)

    def slot_region(self, scene: Cast) -> Pieces:
        """`河北省邯郸市永年区`."""
        province, city, district = self._area(scene)
        whole = province + city if province != city else city
        return (
            Piece(
                scene.rng.choice((province, whole, whole + district, province.removesuffix("省"))),
                "LOCATION",
            ),
        )

    def slot_homeland(self, scene: Cast) -> Pieces:
        """Return the country that most documents of the language are from."""
        return (Piece("中国", "LOCATION"),)

    def slot_country(self, scene: Cast) -> Pieces:
        """Return a country."""
        return (Piece(self._pick(scene, "countries"), "LOCATION"),)

    def slot_secret(self, scene: Cast) -> Pieces:
        """Return a password."""
        shape = scene.rng.choice(("^^^^!##", "^#^#^#^#", "@@##$^^", "######"))
        return (Piece(self.shaped(scene, shape).lower(), "OTHER_ID"),)

    def _pick(self, scene: Cast, name: str) -> str:
        return scene.rng.choice(share(words(f"zh/{name}"), self.split))

    def slot_address(self, scene: Cast) -> Pieces:
        """Return an address: its areas as a place, its street as an address; or one whole."""
        rng = scene.rng
        province, city, district = self._area(scene)
        area = rng.choice(
            (
                city + district,
                (province if province != city else "") + city + district,
                district,
                city,
                "本市" + district,
            )
        )
        road, estate, village = (
            self._pick(scene, "roads"),
            self._pick(scene, "estates"),
            self._pick(scene, "villages"),
        )
        number = rng.randint(1, 380)
        flat = f"{rng.randint(1, 33)}{rng.choice(('栋', '号楼', '幢', '#'))}{rng.choice(('', f'{rng.randint(1, 4)}单元'))}{rng.randint(1, 33)}{rng.randint(0, 9):02}{rng.choice(('室', '号', ''))}"
        street = rng.choice(
            (
                f"{road}{number}号", f"{road}{number}号{estate}{flat}", f"{estate}{flat}", f"{road}{number}号{flat}",
                f"{road}{number}弄{rng.randint(1, 60)}号{rng.randint(101, 903)}室", f"{village[:2]}镇{village}村{rng.randint(1, 12)}组",
                f"{village[:2]}乡{village}村{in_words(rng.randint(1, 10))}组{number}号", f"{village}村{number}号",
                f"{village[:2]}街道{estate}{flat}", f"{road}与{self._pick(scene, 'roads')}交叉口",
            )
        )  # fmt: skip
        if area.startswith("本市"):
            return (Piece("本市"), Piece(area[2:], "LOCATION"), Piece(street, "STREET_ADDRESS"))
        return (Piece(area, "LOCATION"), Piece(street, "STREET_ADDRESS"))

    # -- houses

    def _house(self, scene: Cast, name: str) -> str:
        _, city, district = self._area(scene)
        bare = city.removesuffix("市") if len(city) > 2 else city
        return self._pick(scene, name).format(
            city=city, bare=bare, district=district, n=in_words(scene.rng.randint(1, 9)), estate=self._pick(scene, "estates"),
            village=self._pick(scene, "villages"), name=self._han(scene.rng).family + self._han(scene.rng).given,
            root=self._pick(scene, "roots"),
        )  # fmt: skip

    def slot_hospital(self, scene: Cast) -> Pieces:
        """`邯郸市第一人民医院`."""
        return (Piece(self._house(scene, "hospital_patterns"), "ORGANIZATION"),)

    def slot_facility(self, scene: Cast) -> Pieces:
        """`永年区卫生院`, `夕阳红养老院`."""
        return (Piece(self._house(scene, "facility_patterns"), "ORGANIZATION"),)

    def slot_org(self, scene: Cast) -> Pieces:
        """Return an employer or a school."""
        return (Piece(self._house(scene, "org_patterns"), "ORGANIZATION"),)

    def slot_ward(self, scene: Cast) -> Pieces:
        """`心内科`, which says nothing, or `骨科二病区`, which does."""
        department = self.slot("neg.department")(scene)[0].text
        roll = scene.rng.random()
        if roll < 0.6:
            return (Piece(department),)
        number = scene.rng.choice(
            (in_words(scene.rng.randint(1, 9)), str(scene.rng.randint(1, 25)))
        )
        return (
            Piece(
                scene.rng.choice(
                    (
                        f"{department}{number}病区",
                        f"{department}{number}病房",
                        f"{number}病区",
                        f"{number}楼{department}",
                        f"{department}（{number}）",
                    )
                ),
                "ORGANIZATION",
            ),
        )

    # -- Taiwan

    def slot_city_tw(self, scene: Cast) -> Pieces:
        """`臺北市大安區`."""
        return (Piece(self._pick(scene, "areas_tw"), "LOCATION"),)

    def slot_address_tw(self, scene: Cast) -> Pieces:
        """`臺北市大安區和平東路二段76號3樓`."""
        rng = scene.rng
        road = rng.choice(
            (
                "中正路",
                "中山路",
                "民生東路",
                "和平東路",
                "忠孝東路",
                "復興南路",
                "自由路",
                "光復路",
                "文化路",
                "建國路",
                "博愛路",
                "成功路",
            )
        )
        street = f"{road}{rng.choice(('', f'{in_words(rng.randint(1, 6))}段'))}{rng.choice(('', f'{rng.randint(1, 200)}巷'))}{rng.randint(1, 400)}號{rng.choice(('', f'{rng.randint(2, 15)}樓', f'{rng.randint(2, 15)}樓之{rng.randint(1, 4)}'))}"
        return (*self.slot_city_tw(scene), Piece(street, "STREET_ADDRESS"))

    def slot_hospital_tw(self, scene: Cast) -> Pieces:
        """`臺中榮民總醫院`."""
        city = self._pick(scene, "areas_tw")[:2]
        return (
            Piece(
                scene.rng.choice(
                    (
                        f"{city}榮民總醫院",
                        f"{city}醫學大學附設醫院",
                        f"{city}市立聯合醫院",
                        f"{city}長庚紀念醫院",
                        f"{city}慈濟醫院",
                        f"國立{city}大學附設醫院",
                        f"{city}馬偕紀念醫院",
                    )
                ),
                "ORGANIZATION",
            ),
        )

    def slot_nationalid_tw(self, scene: Cast) -> Pieces:
        """Return a Taiwanese national id."""
        return (
            Piece(
                numbers.mistyped(scene.rng, numbers.taiwanese_identity(scene.rng)), "NATIONAL_ID"
            ),
        )

    # -- numbers

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
