"""What is easily taken for an identifier in every language, and is none."""

from __future__ import annotations

from typing import Final

from training.documents import Piece, Pieces
from training.fillers.base import Cast, Fillers
from training.lists import share, words

_MEASURED: Final = (
    "Hb", "Hgb", "HB", "Hkt", "Hct", "Na", "K", "Cl", "Ca", "Mg", "CRP", "PCT", "WBC", "PLT", "Plt",
    "Ery", "Leuko", "Thrombo", "MCV", "MCH", "ESR", "BSG", "Cr", "BUN", "TSH", "LDH", "CK", "ALT",
    "AST", "GGT", "ALP", "INR", "PTT", "Fe", "EF", "HR", "RR", "HF", "AF", "Temp", "SpO2", "BZ", "Glu",
    "pH", "pO2", "pCO2", "BE", "FiO2", "PEEP", "VT", "PSA", "AFP", "CEA", "Trop", "BNP", "Ferritin",
)  # fmt: skip
_CODES: Final = (
    "SELF", "SPO", "MTH", "FTH", "CHD", "SIB", "GRD", "EMC", "PAR", "SEL", "OTH", "UNK", "ASKU",
    "LUT", "CAT", "MOS", "JEW", "BUD", "HIN", "PRO", "NON", "ORT", "MET", "BAP", "VAR", "PRN", "WPN",
    "CP", "PH", "FX", "NET", "IP", "OP", "ER", "AMB", "INP", "EMER", "AUTH", "COMP", "LIVE", "STAT",
    "ROUT", "TIMED", "SURG", "MED", "PED", "OBS", "CAR", "NEU", "URO", "DISCH", "HOME", "EXP", "LTC",
    "NKDA", "DA", "FA", "MO", "SV", "MI", "MARRIED", "SINGLE", "WIDOWED", "YES", "NO", "TRUE", "ACTIVE",
    "SEMI", "PRIV", "WARD", "LAB", "RAD", "PATH", "MICRO", "CHEM", "HEM", "BLD", "SER", "PLAS", "UR",
    "CSF", "SWAB", "TISS", "NM", "ST", "TX", "CE", "CWE", "FINAL", "PRELIM", "CORR", "POS", "NEG", "IND",
)  # fmt: skip
_UNITS: Final = (
    "mg/dL", "mmol/L", "g/L", "g/dl", "10*3/uL", "10*9/L", "U/L", "IU/mL", "mL/min", "mm[Hg]", "/min",
    "%", "ng/mL", "pg/mL", "umol/l", "mEq/L", "kg/m2", "cel", "Cel", "sec", "MG", "TAB", "ML", "MCG", "EA",
)  # fmt: skip


class CommonNegatives(Fillers):
    """Columns of figures, values without a unit, codes of forms, names of goods; never labelled."""

    def slot_neg_column(self, scene: Cast) -> Pieces:
        """`4 0 2 7 1 5`, as scales and growth charts leave their figures in a scan."""
        rng = scene.rng
        highest = rng.choice((3, 9, 9, 10, 31, 100))
        between = rng.choice((" ", " ", "  ", " | ", ", ", "\n", "\t"))
        figures = [str(rng.randint(0, highest)) for _ in range(rng.randint(4, 16))]
        return (Piece(between.join(figures)),)

    def slot_neg_value(self, scene: Cast) -> Pieces:
        """`Hb 103`: a value whose unit everybody knows, and so nobody writes."""
        rng = scene.rng
        value = rng.choice(
            (
                str(rng.randint(2, 12)),
                str(rng.randint(20, 99)),
                str(rng.randint(60, 180)),
                str(rng.randint(90, 650)),
                f"{rng.uniform(0.1, 40):.1f}",
                f"{rng.uniform(0.1, 40):.1f}".replace(".", ","),
            )
        )
        return (
            Piece(f"{rng.choice(_MEASURED)}{rng.choice((' ', ' ', ' ', ': ', '-', '='))}{value}"),
        )

    def slot_neg_result(self, scene: Cast) -> Pieces:
        """`103`, `7.4`: the figure alone, as a field of its own."""
        rng = scene.rng
        return (Piece(rng.choice((str(rng.randint(1, 320)), f"{rng.uniform(0.1, 40):.1f}"))),)

    def slot_neg_code(self, scene: Cast) -> Pieces:
        """`SELF`, `LUT`: what a coded field says of kin, faith, place or state."""
        return (Piece(scene.rng.choice(_CODES)),)

    def slot_neg_unit(self, scene: Cast) -> Pieces:
        """`mmol/L`, as a field of its own."""
        return (Piece(scene.rng.choice(_UNITS)),)

    def slot_neg_trade(self, scene: Cast) -> Pieces:
        """Return the trade name of a drug, a device or a dressing, often in capitals."""
        name = scene.rng.choice(share(words("trade_names"), self.split))
        return (Piece(scene.rng.choice((name, name, name.upper(), name.upper(), name.lower()))),)
