"""What a tagger says is doubted by what stands around it, and by nothing more."""

from __future__ import annotations

import pytest

from gateway.detection.doubted import as_said, is_nobodys
from gateway.domain.entities import (
    AGE,
    DATE_TIME,
    LOCATION,
    ORGANIZATION,
    OTHER_ID,
    PERSON,
    PHONE_NUMBER,
    STREET_ADDRESS,
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
        ("Tlf. suegra (Naima)", "suegra", PERSON),
        ("Le beau-père est parti", "Le beau-père", PERSON),
        ("Tlf. 600 555 019", "Tlf", PERSON),
        ("(12, NULL, '1944')", "NULL", PERSON),
        ("[cron] c.h.batch.Purge - 12 rows", "c.h.batch.Purge", PERSON),
        ("transferred to ICU today", "ICU", LOCATION),
        ("the proband (III-4) is well", "III-4", ORGANIZATION),
        ("dpi[87]: doubtful", "87", ORGANIZATION),
        ("Zarit 54, Barthel 100", "Zarit 54, Barthel 100", STREET_ADDRESS),
        ("Aldrete 9. Informada", "Aldrete", PERSON),
        ("(0008,0020) DA [20240917]", "(0008,0020", PHONE_NUMBER),
        ("[A71]     #   8, 1 AccessionNumber", "]     #   8, 1 AccessionNumber", STREET_ADDRESS),
        ("#   4, 1 PatientAge", "PatientAge", PERSON),
        ("既往病史10年", "10年", DATE_TIME),
        ("OGTT 4.8/9.1/7.6。", "4.8/9.1/7.6", DATE_TIME),
        ("误工期180日", "180日", DATE_TIME),
        ("依据5.10.6条", "5.10.6", DATE_TIME),
        ("Visite à 22:41.", "22:41", DATE_TIME),
        ("Visite à 22h41.", "22h41", DATE_TIME),
        ("Souffle systolique 2/6", "2/6", DATE_TIME),
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
        ("in der Onkologie-Ambulanz 3 zur", "3", LOCATION, 0.6),
        ("12 Norton 16 Hill St", "Norton 16 Hill St", STREET_ADDRESS, 0.6),
        ("Norton 54 yo male", "Norton", PERSON, 0.6),
        ("Berg 45, seen today", "Berg", PERSON, 0.95),
        ("by jan.van.Dijk today", "jan.van.Dijk", PERSON, 0.6),
        ("seen by j.p.Smith today", "Smith", PERSON, 0.2),
        ("seen by c.h.batch.Purge", "Purge", PERSON, 0.4),
        ("transferred to ICU 4B", "ICU 4B", LOCATION, 0.6),
        ("asked ED about it", "ED", PERSON, 0.6),
        ("by maria.lopez.ruiz today", "maria.lopez.ruiz", PERSON, 0.6),
        ("Frau Null kam", "Null", PERSON, 0.6),
        ("Termin am 11.12", "11.12", DATE_TIME, 0.6),
        ("入院10日", "10日", DATE_TIME, 0.6),
    ],
)
def test_it_stays_somebodys(text: str, value: str, entity: EntityType, score: float) -> None:
    assert not _doubted(text, value, entity, score)


def test_a_date_has_its_day_of_the_week() -> None:
    text = "nächster Termin Mi 10.9. um acht"
    found = as_said(text, Finding(19, 24, DATE_TIME, 0.6, "tagger"))
    assert text[found.start : found.end] == "Mi 10.9."


@pytest.mark.parametrize(
    ("text", "tagged", "called"),
    [
        ("由其夫毕建国陪同", "其夫毕建国", "毕建国"),
        ("驾驶员老谭", "谭", "老谭"),
        ("谭医生", "谭", "谭"),
        ("老", "老", "老"),
        ("后天乐医生查房", "后天乐", "乐"),
        ("明天", "明天", "明天"),
    ],
)
def test_a_chinese_name_is_taken_as_somebody_is_called(text: str, tagged: str, called: str) -> None:
    start = text.index(tagged)
    found = as_said(text, Finding(start, start + len(tagged), PERSON, 0.6, "tagger"))
    assert text[found.start : found.end] == called


def test_a_class_behind_its_package_is_doubted_where_the_tagger_doubts_it() -> None:
    assert _doubted("c.h.batch.Purge - 12 rows", "Purge", PERSON, 0.1)
