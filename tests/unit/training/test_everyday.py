"""The words of everyday are those of our documents, and nobody in them is called so."""

from __future__ import annotations

from gateway.detection.word_lists import EVERYDAY
from training.everyday import everyday


def test_the_list_is_made_of_the_documents_and_of_no_name_in_them() -> None:
    made = everyday()
    assert len(EVERYDAY) > 20_000
    assert made >= EVERYDAY, sorted(EVERYDAY - made)[:20]
    # Only surnames of further lists were left out of it.
    assert len(made - EVERYDAY) < len(made) / 4
    assert {"hausmeister", "porridge", "ruhig"} <= EVERYDAY


def test_what_somebody_is_called_is_no_word_of_everyday() -> None:
    assert EVERYDAY.isdisjoint({"rose", "koch", "petit", "blanco", "frost", "herbst", "calvo"})
