"""What a tagger says is doubted by what stands around it, and by nothing more."""

from __future__ import annotations

import pytest

from gateway.detection.doubted import is_nobodys
from gateway.domain.entities import (
    AGE,
    DATE_TIME,
    LOCATION,
    OTHER_ID,
    PERSON,
    PHONE_NUMBER,
    EntityType,
)
from gateway.domain.findings import Finding


def _doubted(text: str, value: str, entity: EntityType, score: float = 0.6) -> bool:
    start = text.index(value)
    return is_nobodys(text, Finding(start, start + len(value), entity, score, "tagger"))


@pytest.mark.parametrize(
    ("text", "value", "entity"),
    [
        ("BP 150/92 on arrival", "150/92", DATE_TIME),
        ("Trocarts 10/5/5 posés", "10/5/5", DATE_TIME),
        ("Score de Snell: 5/11", "5/11", DATE_TIME),
        ("EVA 3/10 au repos", "3/10", DATE_TIME),
        ("13.1.2030, 08.15 Uhr Wiederaufnahme", "08.15", DATE_TIME),
        ("arrived at 0715 by car", "0715", DATE_TIME),
        ("arrived at 0715 by car", "0715", PHONE_NUMBER),
        ("platelets < 50", "50", AGE),
        ("Hb 103", "103", AGE),
        ("**Geb.** folgt", "**Geb.**", OTHER_ID),
        ("moved to Bed 12", "Bed 12", LOCATION),
        ("MC: dolor torácico", "MC", PERSON),
        ("Leuko 6.01, Ery 4.57", "Leuko", PERSON),
        ("陪同的其子签字", "其子", PERSON),
    ],
)
def test_it_is_nobodys(text: str, value: str, entity: EntityType) -> None:
    assert _doubted(text, value, entity)


@pytest.mark.parametrize(
    ("text", "value", "entity", "score"),
    [
        ("seen 10/92 in clinic", "10/92", DATE_TIME, 0.6),
        ("reviewed 5/11 on the ward", "5/11", DATE_TIME, 0.6),
        ("Termin am 08.15 vereinbart", "08.15", DATE_TIME, 0.6),
        ("born at 1948 or so", "1948", DATE_TIME, 0.6),
        ("age > 91", "91", AGE, 0.6),
        ("call 0715 5550", "0715 5550", PHONE_NUMBER, 0.6),
        ("Maier: stabil", "Maier", PERSON, 0.6),
        ("Maier 4.5. entlassen", "Maier", PERSON, 0.6),
        # A ward's list of temperatures: who is sure of a name is believed.
        ("Maier 37,8", "Maier", PERSON, 0.95),
        ("Anna Maier 37,8", "Anna Maier", PERSON, 0.6),
    ],
)
def test_it_stays_somebodys(text: str, value: str, entity: EntityType, score: float) -> None:
    assert not _doubted(text, value, entity, score)
