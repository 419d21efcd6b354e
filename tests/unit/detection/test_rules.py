"""What spares a rule work (`needs`, `cues`, `begins`) changes nothing of what it finds."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.detection.recognizers import topics
from gateway.detection.rules import Rule, Topic, find
from gateway.detection.view import view_of

VECTORS = Path(__file__).parents[2] / "vectors" / "recognizers"
RULES = [
    rule
    for topic in topics(2025).values()
    if isinstance(topic, Topic)
    for rule in topic.rules
    if rule.needs or rule.cues or rule.begins
]
PIECES = [
    *("Name", "PATIENT", "patient name", "fullName", "patientName", "emergency contact name"),
    *("Signed by", "name is", "it's under", "Named", "called", "I AM", "also known as", "aka"),
    *("Dr.", ", RN", " MD", "Smith", "ann", "Ann", "van der", "O'Malley", "née", "PRÉNOM", "Éa"),
    *("Boston", ", MA", " 02115", "Apt 4", "5 Main Street", "Broadway", "Bergstraße 3", " hof 12"),
    *("Via Roma 5", " rue de ", "CHU", "Hospital", "Clínica", "48.85662, 2.35222", "postfach 12"),
    *("00:11:22:33:44:55", "0011.2233.4455", "a@b.org", "www.a.de", "user: a1", "@ann", "fe80::1"),
    *("Transcriptionist **: Ann Lee", "emergency contact's preferred name = Bo Li", "Dear Ann"),
    *(
        "LG",
        "vlg,",
        "Ta",
        "MfG.",
        "Hgb",
        "vista ",
        "Freundliche Grüße",
        "Gruss",
        "saludos",
        "Cordialement",
    ),
    *(
        "Mrs",
        "PROF",
        "Señora",
        "Priv.-Doz",
        "Uncle",
        "Herrn",
        "CRNA",
        "No. 12 Elm Road",
        "no7 Elm St",
    ),
    *(
        "CASO ÍNDICE",
        "Wm. Ann Lee",
        "Mª Ann",
        "OBASEKI,RUGUE",
        "-Gesamtschule",
    ),
    *(
        "Astrid-Lindgren",
        "RÉSIDENCE Les Pins",
        "(imm. Ann",
        "AVDA. DE TOLOSA 118",
        "RUE DE LYON 5",
        "Gässchen 5, Bonn",
    ),
    *(":", "=", "|", "#", '"', "'", "\n", ", ", ".", "(01)", "<", "12", "张", "姓名", "患者"),
    # What a pattern that ignores case takes for i, s and k.
    *("PAT\u0130ENT", "pat\u0131ent", "\u017figned by", "lin\u212a", "NAME \u0130s"),
]


def _without(rule: Rule) -> Rule:
    return replace(rule, needs=None, cues=(), begins=None)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_finds_in_the_vectors_what_it_finds_unspared(rule: Rule) -> None:
    for path in sorted(VECTORS.glob("*.jsonl")):
        texts = [json.loads(line)["text"] for line in path.read_text().splitlines()]
        text = view_of("\n".join(texts)).text
        assert list(find((rule,), text)) == list(find((_without(rule),), text))


@settings(max_examples=200)
@given(pieces=st.lists(st.tuples(st.sampled_from(PIECES), st.sampled_from(["", " "]))))
def test_rules_find_in_any_text_what_they_find_unspared(pieces: list[tuple[str, str]]) -> None:
    text = "".join(piece + space for piece, space in pieces)
    for rule in RULES:
        assert list(find((rule,), text)) == list(find((_without(rule),), text)), rule.name
