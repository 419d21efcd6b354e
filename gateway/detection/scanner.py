"""Step 7's eye: identifiers that have a form, in a few hundred characters of a model's output."""

from __future__ import annotations

import re
from typing import Final

from gateway.detection import contact, labelled, numbers
from gateway.detection.rules import Rules, find
from gateway.detection.spans import grow
from gateway.detection.view import view_of
from gateway.domain.findings import Finding, Findings

_DIGIT: Final = re.compile(r"[0-9]")
_WITHOUT_DIGITS: Final[Rules] = (contact.EMAIL, contact.WEB, contact.IPV6, contact.MAC)
_RULES: Final[Rules] = (*contact.SHAPED, *numbers.SHAPED, *labelled.SHAPED)


class ShapeScanner:
    """Patterns and check digits only. Stateless: one serves all streams, and costs nothing."""

    def scan(self, text: str) -> Findings:
        """Return the shaped identifiers of `text`. See `gateway.domain.ports.OutputScanner`."""
        view = view_of(text)
        # Most pieces of an answer hold no digit, and only addresses do without one.
        rules = _RULES if _DIGIT.search(view.text) else _WITHOUT_DIGITS
        found = set()
        for each in find(rules, view.text):
            grown = grow(each, view.text)
            start, end = view.original(grown.start, grown.end)
            found.add(Finding(start, end, each.entity, each.score, each.recognizer))
        return tuple(sorted(found))
