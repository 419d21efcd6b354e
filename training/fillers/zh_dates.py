"""Days and ages as Chinese papers write them."""

from __future__ import annotations

import datetime as dt
from typing import Final

from training.documents import Piece, Pieces
from training.fillers.base import TODAY, Cast, Fillers

_FIGURES: Final = "〇一二三四五六七八九"
_TEN: Final = 10


def in_words(number: int) -> str:
    """Return a number below 100 in Chinese figures."""
    ten, one = divmod(number, _TEN)
    tens = "" if ten == 0 else ("十" if ten == 1 else _FIGURES[ten] + "十")
    return tens + (_FIGURES[one] if one or not ten else "")


class ChineseDates(Fillers):
    """Days and ages."""

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

    def slot_date_weekday(self, scene: Cast) -> Pieces:
        """`周三`, `星期五`, `礼拜二`."""
        day = scene.rng.choice("一二三四五六日")
        return (Piece(scene.rng.choice(("周", "周", "星期", "礼拜")) + day, "DATE_TIME"),)

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
