"""Areas, addresses and houses of China, and some of Taiwan."""

from __future__ import annotations

from training.documents import Piece, Pieces
from training.fillers.base import Cast
from training.fillers.zh_dates import in_words
from training.fillers.zh_people import ChinesePeople
from training.lists import share, words


class ChinesePlaces(ChinesePeople):
    """Places and houses."""

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

    def slot_hospital_short(self, scene: Cast) -> Pieces:
        """`省人医`, `邯郸二院`, as colleagues call a house."""
        return (Piece(self._house(scene, "hospital_short"), "ORGANIZATION"),)

    def slot_authority(self, scene: Cast) -> Pieces:
        """Return a court, the police or an office."""
        return (Piece(self._house(scene, "authorities"), "ORGANIZATION"),)

    def slot_landmark(self, scene: Cast) -> Pieces:
        """Return a sight, a market or a station, which places somebody as a street does."""
        return (Piece(self._house(scene, "landmarks"), "LOCATION"),)

    def slot_road(self, scene: Cast) -> Pieces:
        """Return a street without a number."""
        return (Piece(self._pick(scene, "roads"), "STREET_ADDRESS"),)

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
