"""What is easily taken for an identifier in English text, and is none."""

from __future__ import annotations

from typing import Final

from training.documents import Piece, Pieces
from training.fillers.base import Cast
from training.fillers.common_negatives import CommonNegatives
from training.lists import words

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

_JOURNALS: Final = (
    "N Engl J Med", "Lancet", "JAMA", "BMJ", "Ann Intern Med", "Circulation", "J Am Coll Cardiol",
    "Chest", "Gut", "Blood", "Neurology", "Radiology", "Pediatrics", "Diabetes Care", "Br J Anaesth",
    "Cochrane Database Syst Rev", "Clin Infect Dis", "J Clin Oncol", "Am J Psychiatry", "Kidney Int",
)  # fmt: skip


class EnglishNegatives(CommonNegatives):
    """Doses, values, hours and words that only relate; never labelled."""

    def slot_neg_dose(self, scene: Cast) -> Pieces:
        """`metoprolol 25 mg PO BID`."""
        rng = scene.rng
        drug = self.slot("neg.drug")(scene)[0].text
        amount = rng.choice(_AMOUNTS)
        route = rng.choice(
            (
                " PO",
                " IV",
                " SC",
                " IM",
                " by mouth",
                " SL",
                "",
                "",
                " po",
                " topically",
                " inhaled",
            )
        )
        often = rng.choice(
            (
                " BID",
                " TID",
                " QID",
                " daily",
                " once daily",
                " q6h",
                " q8h PRN",
                " qHS",
                " nightly",
                " every 12 hours",
                " weekly",
                " bd",
                " tds",
                " od",
                " x 7 days",
                " q4-6h prn pain",
                " at bedtime",
                " stat",
                " 1-0-1",
                "",
            )
        )
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
        return (
            Piece(
                rng.choice(
                    (
                        f"{hour:02}:{minute:02}",
                        f"{hour:02}{minute:02}",
                        f"{hour % 12 or 12} {'am' if hour < 12 else 'pm'}",
                        f"{hour % 12 or 12}:{minute:02} {'AM' if hour < 12 else 'PM'}",
                        f"{hour:02}{minute:02} hrs",
                        f"{hour:02}{minute:02}h",
                    )
                )
            ),
        )

    def slot_neg_relative(self, scene: Cast) -> Pieces:
        """`yesterday`, `three days ago`, `in 6 weeks`."""
        rng = scene.rng
        number = rng.choice(
            ("2", "3", "4", "5", "6", "10", "12", "two", "three", "four", "six", "several", "a few")
        )
        unit = rng.choice(("days", "weeks", "months", "hours", "years"))
        return (
            Piece(
                rng.choice(
                    (
                        "yesterday",
                        "today",
                        "this morning",
                        "last night",
                        "overnight",
                        "last week",
                        "last month",
                        f"{number} {unit} ago",
                        f"{number} {unit} ago",
                        f"for the past {number} {unit}",
                        f"{number} {unit} prior",
                        "earlier today",
                        "this evening",
                        f"over the last {number} {unit}",
                    )
                )
            ),
        )

    def slot_neg_year(self, scene: Cast) -> Pieces:
        """`2019`, the year of a guideline, a law or a trial."""
        return (Piece(str(scene.rng.randint(1985, 2026))),)

    def slot_neg_citation(self, scene: Cast) -> Pieces:
        """`(Lee et al. 2018)`, `Ann Intern Med 2019;170:22-30`: published, so no patient's."""
        rng = scene.rng
        family = self.invent(scene).family or "Lee"
        other = self.invent(scene).family or "Ray"
        letter, year = rng.choice("ABCDEGHJKLMPRST"), rng.randint(1988, 2025)
        journal = rng.choice(_JOURNALS)
        volume, page = rng.randint(3, 412), rng.randint(1, 2900)
        text = rng.choice((
            f"({family} et al., {year})", f"{family} et al. {year}", f"{family} et al.",
            f"({family} and {other}, {year})", f"{family} {letter}, et al. {journal}. {year};{volume}:{page}-{page + 8}.",
            f"{journal} {year};{volume}({rng.randint(1, 24)}):{page}-{page + 11}", f"{journal} {year}",
            f"PMID: {rng.randint(8000000, 38999999)}", f"doi:10.{rng.randint(1000, 1199)}/j.{rng.randint(10000, 99999)}",
            f"NCT0{rng.randint(1000000, 6999999)}", f"[{rng.randint(1, 140)}]", f"ref. {rng.randint(1, 80)}",
            f"{letter}. {family}, {journal}, {year}",
        ))  # fmt: skip
        return (Piece(text),)
