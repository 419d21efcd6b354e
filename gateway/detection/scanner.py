"""Step 7's eye: identifiers that have a form, in a few hundred characters of a model's output."""

from __future__ import annotations

import re
from typing import Final

from gateway.detection import contact
from gateway.detection.numbers import Numbers
from gateway.detection.rules import find
from gateway.detection.spans import grow
from gateway.detection.view import view_of
from gateway.domain.findings import Finding, Findings

_DIGIT: Final = re.compile(r"[0-9]")
_NUMBERS: Final = Numbers(reference_year=0)
"""No date is old in the year nought: dates that a model writes are not what is sought here."""
_UNSURE: Final = ("date.", "birth.", "age.", "postcode.")
_UNSHAPED: Final = frozenset({
    "contact.phone_national", "contact.phone_grouped", "contact.phone_local", "contact.phone_spelt",
    "id.digits", "id.digits_hyphenated", "id.letters_digits", "id.digits_letters", "id.mixed",
    "id.hashed", "id.dsn", "label.other", "label.account", "label.device", "label.photo",
})  # fmt: skip
"""What a person would have to confirm, and a scanner of invented text would find all over."""


class ShapeScanner:
    """Patterns and check digits only. Stateless: one serves all streams, and costs nothing."""

    def scan(self, text: str) -> Findings:
        """Return the shaped identifiers of `text`. See `gateway.domain.ports.OutputScanner`."""
        view = view_of(text)
        # Most pieces of an answer hold no digit, and only addresses do without one.
        candidates = list(find(contact.SHAPED, view.text))
        if _DIGIT.search(view.text):
            candidates += [each for each in _NUMBERS.find(view.text) if _sure(each)]
        found = set()
        for each in candidates:
            grown = grow(each, view.text)
            start, end = view.original(grown.start, grown.end)
            found.add(Finding(start, end, each.entity, each.score, each.recognizer))
        return tuple(sorted(found))


def _sure(finding: Finding) -> bool:
    return not finding.recognizer.startswith(_UNSURE) and finding.recognizer not in _UNSHAPED
