"""What German, French and Spanish share, put together."""

from __future__ import annotations

from training.fillers.base import Fillers
from training.fillers.europe_dates import EuropeanDates
from training.fillers.europe_negatives import EuropeanNegatives
from training.fillers.europe_numbers import EuropeanNumbers


class European(EuropeanNumbers, EuropeanDates, EuropeanNegatives):
    """What stands in the slots of a European language that writes hospital names by pattern."""

    kept = Fillers.kept | {"wardcode", "nationalid", "case"}
