"""What a tagger says is doubted by what stands around it, and by nothing more."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.detection.called import as_said
from gateway.detection.doubted import is_nobodys
from gateway.domain.entities import (
    AGE,
    DATE_TIME,
    LOCATION,
    ORGANIZATION,
    OTHER_ID,
    PERSON,
    PHONE_NUMBER,
    STREET_ADDRESS,
    URL,
    USERNAME,
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
        ("Box 7 | hora 03:42", "Box 7", STREET_ADDRESS),
        ("3  PHAKO LI  RUHIG ANSPRECHEN", "RUHIG ANSPRECHEN", PERSON),
        ("Porridge at eight, then bath", "Porridge", PERSON),
        ("Hausmeister kommt um 8", "Hausmeister", ORGANIZATION),
        ("母健在,91岁", "健", PERSON),
        ("由本人陈述,可靠", "陈", PERSON),
        ("祝顺颂\n时祺", "顺颂", PERSON),
        ("Interpreter (Mandarin) booked", "Mandarin", PERSON),
        ("líquido en espacio de Morrison", "Morrison", PERSON),
        ("polygone de Willis complet", "Willis", LOCATION),
        ("Sexo/Edad: M / 44", "M", PERSON),
        ("P : poursuivre", "P", PERSON),
        ("由孙女小敏送入", "孙", PERSON),
        ("sutura Berta (R1) con", "R1", ORGANIZATION),
        ("Nos dijo el celador que", "celador", PERSON),
        ("责任护士宣教", "宣教", PERSON),
        ("阿嬤今天精神好", "阿嬤", PERSON),
        ("se retira a las 3 p. m. sin novedad", "m", PERSON),
        ("visto 9:30 a.m. por guardia", "a.m.", PERSON),
        ("ingresa a las 10 a. m. con dolor", "10 a", AGE),
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
        ("RFA Seg. VI danach", "VI", PERSON),
        ("Institut Kettenacker & Partner", "& Partner", ORGANIZATION),
        ("SD: Sohn zu Besuch", "SD", PERSON),
        ("SD: Sohn zu Besuch", "Sohn", PERSON),
        ("BEFUND MRT Schädel vom", "Schädel", LOCATION),
        ("患者本人及女儿", "本人", PERSON),
        ("胰岛又称朗格汉斯岛", "朗格汉斯岛", PERSON),
        ("《中国药典》2020年版", "2020年", DATE_TIME),
        ("Caused by: java.io.IOException at", "java.io.IOException", URL),
        ("at org.acme.start.Boot.main(x)", "org.acme.start.Boot.main", URL),
        ("(Bootstrap.java:486)", "Bootstrap.java:486", PHONE_NUMBER),
        ("from react-hooks@8.0.1", "react-hooks@8.0.1", PHONE_NUMBER),
        ("nginx:1.25.3-alpine", "1.25.3-alpine", PHONE_NUMBER),
        ("-p 8080:80 -v", "8080:80", PHONE_NUMBER),
        ("(X11; Linux x86_64)", "x86_64", PHONE_NUMBER),
        ("Tel. fijo 981 55 02 17", "fijo", PHONE_NUMBER),
        ("key=lambda s: s.room_id", "s.room_id", ORGANIZATION),
        ("Empfehlung 4.12: Bei", "4.12", DATE_TIME),
        ("siehe Kapitel 8.3", "8.3", DATE_TIME),
        ("véase la tabla 7", "7", DATE_TIME),
        ("I'm 5'11\", blue eyes", "5'11", DATE_TIME),
        ("the latest 2023 guidelines", "2023", DATE_TIME),
        ("Cheville - CSGO 2.71", "Cheville", LOCATION),
        ("The Shepherd Ltd. Orchestra was", "Orchestra", PERSON),
        ("Fehlercode 0x80070005: verweigert", "0x80070005", OTHER_ID),
        ("SWIFT CAIXESBBXXX.", "SWIFT", PERSON),
        ("mit 2246 Patienten", "2246", OTHER_ID),
        ("CIP 34009 333 112 4 8", "34009 333 112 4 8", OTHER_ID),
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
        ("hombre de 71 a. más su esposa", "71 a", AGE, 0.6),
        ("signed A. M. at noon", "A. M.", PERSON, 0.6),
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
        ("seen by c.h.batch.Purgell", "Purgell", PERSON, 0.4),
        ("seen by Porridge today", "Porridge", PERSON, 0.95),
        ("患者陈述,男", "陈述", PERSON, 0.95),
        ("患者于是心,男", "于是心", PERSON, 0.6),
        ("transferred to ICU 4B", "ICU 4B", LOCATION, 0.6),
        ("asked ED about it", "ED", PERSON, 0.6),
        ("by maria.lopez.ruiz today", "maria.lopez.ruiz", PERSON, 0.6),
        ("Frau Null kam", "Null", PERSON, 0.6),
        ("Termin am 11.12", "11.12", DATE_TIME, 0.6),
        ("入院10日", "10日", DATE_TIME, 0.6),
        ("Stadium IV (AJCC 2009)", "2009", DATE_TIME, 0.6),
        ("operated in 2003, then", "2003", DATE_TIME, 0.6),
        ("seen 4.12. in clinic", "4.12.", DATE_TIME, 0.6),
        ("call 212.555.0142", "212.555.0142", PHONE_NUMBER, 0.5),
        ("org.uk and de.wikipedia.org", "de.wikipedia.org", URL, 0.5),
        ("klinika.rs und mehr", "klinika.rs", URL, 0.5),
        ("write to anna@mail", "anna@mail", USERNAME, 0.5),
        ("ID 2246 in the list", "2246", OTHER_ID, 0.5),
        ("Herr Vi kam", "Vi", PERSON, 0.6),
        ("ambulant im OP II am", "II", ORGANIZATION, 0.6),
        ("Frau Sohn-Meier kam", "Sohn-Meier", PERSON, 0.6),
        ("Ich rufe Galle an", "Galle", PERSON, 0.6),
        ("Poste : 66.43", "66.43", PHONE_NUMBER, 0.5),
        ("P.O. Box 7, Leeds", "Box 7", STREET_ADDRESS, 0.6),
        ("la madre de Morrison", "Morrison", PERSON, 0.6),
        ("由孙女士陪同", "孙", PERSON, 0.6),
        ("OG. Viszeralchirurgie B / Zi", "B", ORGANIZATION, 0.6),
        ("ask ALI about it", "ALI", PERSON, 0.5),
        ("on ward R1 now", "R1", ORGANIZATION, 0.6),
    ],
)
def test_it_stays_somebodys(text: str, value: str, entity: EntityType, score: float) -> None:
    assert not _doubted(text, value, entity, score)


@pytest.mark.parametrize("entity", [PHONE_NUMBER, OTHER_ID, PERSON, DATE_TIME, AGE, LOCATION])
def test_what_is_nothing_but_marks_is_nobodys(entity: EntityType) -> None:
    assert _doubted("Tel. ; und", ";", entity)
    assert _doubted("Tel. ... und", "...", entity)


@given(
    st.text("aB3 .;:/(-'\n\u4e2d\u7248\u00e4@#", min_size=1, max_size=40),
    st.integers(0, 39),
    st.integers(1, 40),
    st.sampled_from([PERSON, LOCATION, ORGANIZATION, DATE_TIME, AGE, PHONE_NUMBER, OTHER_ID, URL]),
    st.floats(0.01, 1),
)
def test_whatever_a_tagger_names_is_asked_without_a_fault(
    text: str, start: int, length: int, entity: EntityType, score: float
) -> None:
    start = min(start, len(text) - 1)
    end = min(start + length, len(text))
    found = Finding(start, end, entity, score, "tagger")
    is_nobodys(text, found)
    said = as_said(text, found)
    assert 0 <= said.start < said.end <= len(text)


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


@pytest.mark.parametrize(
    ("text", "tagged", "called"),
    [
        ("con su sobrina Ainhoa (688)", "sobrina Ainhoa", "Ainhoa"),
        ("her husband Leo came", "her husband Leo", "Leo"),
        ("Sohn Heung kam", "Sohn Heung", "Sohn Heung"),
        ("4471  PÖCKSTEINER Leopoldine  mitvers.", "PÖCKSTEINER", "PÖCKSTEINER Leopoldine"),
        ("DUQUESNOY Jean-Yves\nné", "DUQUESNOY", "DUQUESNOY Jean-Yves"),
        ("Romero and Hall Orchestra was", "Hall Orchestra", "Hall"),
        ("HOFMANN Befund\n", "HOFMANN", "HOFMANN"),
        ("HOFMANN Leni kam", "HOFMANN", "HOFMANN"),
    ],
)
def test_a_name_is_without_its_kin_and_with_what_its_capitals_begin(
    text: str, tagged: str, called: str
) -> None:
    start = text.index(tagged)
    found = as_said(text, Finding(start, start + len(tagged), PERSON, 0.6, "tagger"))
    assert text[found.start : found.end] == called


def test_a_few_capitals_of_which_the_tagger_thinks_little_are_nobodys() -> None:
    assert _doubted("Contacto con CSMA ayer", "CSMA", PERSON, 0.19)
    assert not _doubted("Contacto con CSMA ayer", "CSMA", PERSON, 0.2)
    assert not _doubted("Contacto con Ali ayer", "Ali", PERSON, 0.2)


@pytest.mark.parametrize(
    ("text", "tagged", "said"),
    [
        ("12 bis, venelle des Lices", "venelle des Lices", "12 bis, venelle des Lices"),
        ("(4 rue Haute)", "rue Haute", "4 rue Haute"),
        ("TA 12/8 rue Haute", "rue Haute", "rue Haute"),
        ("en 2019 rue Haute 4", "rue Haute 4", "rue Haute 4"),
    ],
)
def test_a_street_has_the_house_before_it(text: str, tagged: str, said: str) -> None:
    start = text.index(tagged)
    finding = Finding(start, start + len(tagged), STREET_ADDRESS, 0.6, "tagger")
    found = as_said(text, finding)
    assert text[found.start : found.end] == said


def test_a_class_behind_its_package_is_doubted_where_the_tagger_doubts_it() -> None:
    assert _doubted("c.h.batch.Purge - 12 rows", "Purge", PERSON, 0.1)
