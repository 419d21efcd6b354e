"""What a hospital's settings choose of what is found is part of what detection is made of."""

from __future__ import annotations

import pytest

from gateway.detection.chosen import USUAL, Chosen
from gateway.detection.made_of import digest
from gateway.settings import Detection


def test_settings_that_choose_nothing_are_the_usual_ones() -> None:
    assert Chosen.by(Detection()) == USUAL
    assert digest(Chosen.by(Detection(workers=4, timeout=5))) == digest()


@pytest.mark.parametrize(
    "settings",
    [
        Detection(other_scripts="keep"),
        Detection(hl7_z_segments="remove"),
        Detection(hl7_fields={"ZPI-3": "PERSON"}),
        Detection(hl7_fields={"ZPI-3": "LOCATION"}),
        Detection(hl7_fields={"ZPI-3": "PERSON", "ZPI-4": "PERSON"}),
    ],
)
def test_each_choice_has_a_digest_of_its_own(settings: Detection) -> None:
    others = {digest(), digest(Chosen.by(Detection(hl7_fields={"ZPI-4": "PERSON"})))}
    assert digest(Chosen.by(settings)) not in others


def test_the_order_in_which_fields_are_written_changes_nothing() -> None:
    one = {"ZPI-3": "PERSON", "ZPI-12": "LOCATION"}
    other = dict(reversed(one.items()))
    assert digest(Chosen.by(Detection(hl7_fields=one))) == digest(
        Chosen.by(Detection(hl7_fields=other))
    )
