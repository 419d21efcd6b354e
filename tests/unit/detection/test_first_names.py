"""Given names that stand alone, and the other rules of names in odd places. All invented."""

from __future__ import annotations

import pytest

from gateway.detection import announced, contact, doubted, first_names, named_fields, names, titled
from gateway.detection.first_names import FIRST_NAMES
from gateway.detection.nobodys_words import is_nobodys_word
from gateway.detection.ordinary import is_ordinary
from gateway.detection.rules import find
from gateway.detection.vocabulary import EPONYMS
from gateway.domain.entities import PERSON
from gateway.domain.findings import Finding
from gateway.domain.person_names import fold

RULES = (
    *first_names.RULES,
    *announced.RULES,
    *titled.RULES,
    *named_fields.RULES,
    *names.RULES,
    *contact.RULES,
)


def found(text: str) -> set[str]:
    return {text[each.start : each.end] for each in find(RULES, text)}


def test_no_given_name_is_a_word_a_disease_or_one_that_is_nobodys() -> None:
    assert len(FIRST_NAMES) > 1000
    for name in FIRST_NAMES:
        assert fold(name) == name
        assert not is_ordinary(name)
        assert name not in EPONYMS
        assert not is_nobodys_word(name)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("ich glaub die Vroni bringt ihn", "Vroni"),
        ("swapped with Ravinder for tonight", "Ravinder"),
        ("war Karl-Heinz da", "Karl-Heinz"),
        ("bei Annegret-Gudrun gelassen", "Annegret-Gudrun"),
        ("Aurélie est venue", "Aurélie"),
        ("Ravinder's mother", "Ravinder"),
        ("Gruß an Jürgen.", "Jürgen"),
    ],
)
def test_a_given_name_is_found_wherever_it_stands(text: str, name: str) -> None:
    assert found(text) == {name}


@pytest.mark.parametrize(
    "text",
    [
        "L-Thyroxin Henning 75 1-0-0",
        "L-Thyroxin Henning 75 mg",
        "the Ulrich sign is absent",
        "admitted to St. Walburga",
        "Klinik Hildegard",
        "see Hildegard-Klinik",
        "/data/Ravinder/notes",
        "Ravinder.exe",
        "ravinder",
        "RAVINDER",
        "Ravinderweg",
    ],
)
def test_what_is_called_after_somebody_is_not_somebody(text: str) -> None:
    assert found(text) == set()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Sibs: Quvo 4, Zelti 6.", {"Quvo", "Zelti"}),
        ("Geschwister: Quvo (3), Zelti (5)", {"Quvo", "Zelti"}),
        ("Children: none. Quvo 4", set()),
        ("Kinder: Amoxi 250 mg, Ibu 20 mg", set()),
        ("no kin here: Quvo 4, Zelti 6", set()),
        ("tel. voraus 14:15 (kd)", {"kd"}),
        ("Entnahme 14:15 (min)", set()),
        ("Beginn 08:30 Uhr (mez)", set()),
        ("mitgegeben. HZ vb", {"vb"}),
        ("Frequenz 50 Hz vb", set()),
        ("d: 08/19/25 t: 08/20/25 RL/kmb job 77", {"RL/kmb"}),
        ("08/20/25 RL/kmb job 77", set()),
        ("[19:02] Quvo: hab angerufen", {"Quvo"}),
        ("[19:02] quvo", set()),
        ("Lee, RN CCM x6120", {"Lee", "6120"}),
        ("Lee, RN x6120 now", {"Lee"}),
        ("at magnification x4050", set()),
        ("at power x4000", set()),
        ("HI NYHA III", set()),
        ("bei Pfleger Quvo", {"Quvo"}),
    ],
)
def test_names_and_numbers_are_found_by_what_stands_around_them(
    text: str, expected: set[str]
) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    ("text", "value", "nobody"),
    [
        ("B: Die kenne ich", "B", True),
        ("Q: Who came?", "Q", True),
        ("J: Who came?", "J", False),
        ("seen by B. today", "B", False),
        ("ist jo da", "jo", True),
        ("ist Jo da", "Jo", False),
        ("die Nabelschnur", "Nabelschnur", True),
        ("die Frau Nabelschnurer", "Nabelschnurer", False),
    ],
)
def test_who_asks_and_what_german_writes_large_is_nobody(
    text: str, value: str, *, nobody: bool
) -> None:
    start = text.index(value)
    finding = Finding(start, start + len(value), PERSON, 0.5, "tagger.person")
    assert doubted.is_nobodys(text, finding) is nobody
