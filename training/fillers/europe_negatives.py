"""What is easily taken for an identifier in German, French and Spanish papers, and is none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from training.documents import Piece, Pieces
from training.fillers import numbers
from training.fillers.base import Cast
from training.fillers.common_negatives import CommonNegatives
from training.lists import words


class EuropeanNegatives(CommonNegatives):
    """Values, doses, hours, sums, references and columns of figures."""

    neg_time: ClassVar[Sequence[str]] = ("{h}:{m:02}", "{h:02}:{m:02}", "{h}.{m:02}")

    def slot_neg_lab(self, scene: Cast) -> Pieces:
        """Return a laboratory value."""
        return (Piece(self.shaped(scene, scene.rng.choice(words(f"{self.lang}/lab_values")))),)

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
                "600",
                "1000",
                "2,5",
                "0,5",
                "1,25",
                "12,5",
                "47,5",
                "0,4",
                "1",
            )
        )
        return (
            Piece(
                amount + scene.rng.choice((" mg", "mg", " mg", " mg", " µg", " g", " ml", " mg/d")),
            ),
        )

    def slot_neg_time(self, scene: Cast) -> Pieces:
        """Return an hour of the day."""
        pattern = scene.rng.choice(self.neg_time)
        return (
            Piece(
                pattern.format(
                    h=scene.rng.randint(0, 23),
                    m=scene.rng.choice((0, 15, 30, 45, scene.rng.randint(0, 59))),
                )
            ),
        )

    def slot_neg_weight(self, scene: Cast) -> Pieces:
        """Return a body weight."""
        return (
            Piece(
                scene.rng.choice(
                    (
                        f"{scene.rng.randint(2, 110)} kg",
                        f"{scene.rng.randint(40, 99)},{scene.rng.randint(0, 9)} kg",
                        f"{scene.rng.randint(1800, 4600)} g",
                    )
                )
            ),
        )

    def slot_neg_range(self, scene: Cast) -> Pieces:
        """Return a range of reference values."""
        low = scene.rng.randint(1, 40)
        return (
            Piece(f"{low}{scene.rng.choice(('-', '–', ' - '))}{low + scene.rng.randint(2, 90)}"),
        )

    def slot_neg_amount(self, scene: Cast) -> Pieces:
        """Return a sum of money."""
        return (
            Piece(
                scene.rng.choice(
                    (
                        f"{scene.rng.randint(5, 900)} €",
                        f"{scene.rng.randint(5, 900)},{scene.rng.randint(10, 99)} EUR",
                        f"{scene.rng.randint(10, 5000)} Euro",
                    )
                ),
            ),
        )

    def slot_neg_citation(self, scene: Cast) -> Pieces:
        """Return a reference to the literature: its authors are no patients."""
        rng = scene.rng
        style = rng.choice(
            ("{last} {initial}", "{last}, {initial}.", "{initial}. {last}", "{LAST}, {initial}.")
        )
        authors = []
        for _ in range(rng.randint(2, 7)):
            who = self.invent(scene)
            last = who.family or who.given
            authors.append(
                style.format(last=last, LAST=last.upper(), initial=who.given[:1].upper())
            )
        titles = (
            "Diagnosis and management of acute myeloid leukemia in adults",
            "Recommendations of the working group",
            "Long-term outcome after surgery",
            "A randomised controlled trial",
            "Practice guideline update",
            "European consensus statement",
            "Treatment of chronic heart failure",
            "1st edition",
        )
        journals = (
            "Blood",
            "Lancet",
            "N Engl J Med",
            "Circulation",
            "J Clin Oncol",
            "Eur Heart J",
            "BMJ",
            "Dtsch Arztebl",
            "Rev Esp Cardiol",
            "Presse Med",
        )
        year, volume, page = rng.randint(1995, 2026), rng.randint(3, 400), rng.randint(1, 900)
        end = rng.choice(
            (
                f"{year};{volume}({rng.randint(1, 12)}):{page}-{page + 9}",
                f"{year} {volume}:{page}-{page + 7}",
                f"{year}; {volume}: {page}",
            )
        )
        return (
            Piece(
                f"{', '.join(authors)}{rng.choice((' et al. ', '. ', ': '))}{rng.choice(titles)}. {rng.choice(journals)} {end}."
            ),
        )

    def slot_neg_grid(self, scene: Cast) -> Pieces:
        """Return columns of figures, as monitors and scanned axes leave them."""
        rng = scene.rng
        count = rng.randint(5, 16)
        kind = rng.choice(("steps", "numbers", "same", "values", "clock"))
        if kind == "steps":
            step, start = rng.choice((0.5, 1, 2, 5, 10)), rng.randint(0, 20)
            return (Piece(" ".join(f"{start + step * i:g}" for i in range(count))),)
        if kind == "same":
            return (Piece(" ".join([str(rng.randint(0, 9))] * count)),)
        if kind == "values":
            return (Piece(" | ".join(f"{rng.uniform(1, 200):.1f}" for _ in range(count))),)
        numbers_ = " ".join(
            str(rng.choice((rng.randint(1, 99), rng.randint(100, 9999)))) for _ in range(count)
        )
        return (
            Piece(
                numbers_
                if kind == "numbers"
                else f"(1){rng.randint(0, 23)}:{rng.randint(10, 59)} {numbers_}"
            ),
        )

    def slot_neg_digits7(self, scene: Cast) -> Pieces:
        """Return seven digits that name an office."""
        return (Piece(numbers.digits(scene.rng, 7)),)
