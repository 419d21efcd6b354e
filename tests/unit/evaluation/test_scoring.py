"""The figures of an evaluation, on notes whose answer can be counted by hand."""

from __future__ import annotations

import importlib.util
import json
import os
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from gateway.domain.entities import EntityType
from gateway.domain.findings import Finding, Findings
from gateway.evaluation.labels import Tier
from gateway.evaluation.notes import Annotation, Note, read
from gateway.evaluation.scoring import Figures, f2, score
from gateway.evaluation.telling import is_plain_age, told

ROOT = Path(__file__).parents[3]


def note(text: str, *spans: tuple[str, str], name: str = "n1") -> Note:
    """A note in which each `(words, label)` is annotated where it first stands."""
    marks = tuple(
        Annotation(text.index(words), text.index(words) + len(words), label)
        for words, label in spans
    )
    return Note(name, text, marks)


def found(text: str, *words: str, entity: str = "PERSON", by: str = "one") -> Findings:
    return tuple(
        Finding(text.index(each), text.index(each) + len(each), EntityType(entity), 0.9, by)
        for each in words
    )


def one(each: Note, findings: Findings) -> Figures:
    return score([each], [findings])


def test_one_visible_character_makes_a_miss() -> None:
    each = note("Seen by Rosalind Tanaka-Sato.", ("Rosalind Tanaka-Sato", "NAME"))
    figures = one(each, found(each.text, "Rosalind Tanaka"))
    share = figures.tiers[Tier.DIRECT]
    assert (share.recall, share.part) == (0.0, 1)
    assert share.visible == pytest.approx(4 / 18)
    (miss,) = figures.misses
    assert "".join(each.text[place] for place in miss.visible) == "Sato"


def test_a_finding_counts_whatever_its_type_says() -> None:
    each = note("MRN 4471902", ("4471902", "MEDICAL_RECORD_NUMBER"))
    figures = one(each, found(each.text, "4471902", entity="PHONE_NUMBER"))
    assert figures.tiers[Tier.DIRECT].recall == 1.0
    assert figures.judged.precision == 1.0


def test_a_title_a_degree_and_the_name_of_a_field_decide_nothing() -> None:
    text = "Dr. Reyes, MD wrote. Patient ID: 4471902 and Medicare 1EG4-TE5"
    each = note(
        text, ("Dr. Reyes, MD", "NAME"), ("Patient ID: 4471902", "ID"), ("Medicare 1EG4-TE5", "ID")
    )
    figures = one(each, found(text, "Reyes", "4471902", "1EG4-TE5"))
    assert figures.tiers[Tier.DIRECT].recall == 1.0
    assert not figures.misses


@pytest.mark.parametrize(
    ("text", "kind", "left"),
    [
        ("Prof. Dr. Anneke Vos", "NAME", "AnnekeVos"),
        ("Mrs", "NAME", "Mrs"),
        ("M. Laurent Petit", "NAME", "LaurentPetit"),
        ("Helen Park, RN, Ward 5", "NAME", "HelenPark"),
        ("Do Van Minh", "NAME", "DoVanMinh"),
        ("Fax: 555-0142", "CONTACT", "5550142"),
        ("AB-1234", "ID", "AB1234"),
        ("one two three four five 6", "ID", "onetwothreefourfive6"),
        ("Tel: unknown", "CONTACT", "Telunknown"),
    ],
)
def test_what_tells_something(text: str, kind: str, left: str) -> None:
    assert "".join(text[place] for place in told(text, 0, len(text), kind)) == left


@pytest.mark.parametrize(
    ("words", "entity", "plain"),
    [
        ("67-year-old", "AGE", True),
        ("34F", "AGE", True),
        ("aged 45", "DATE_TIME", True),
        ("53 años", "AGE", True),
        ("70", "AGE", True),
        ("70", "MEDICAL_RECORD_NUMBER", False),
        ("91-year-old", "AGE", False),
        ("07", "AGE", False),
        ("3 days", "DATE_TIME", False),
        ("12/11", "DATE_TIME", False),
    ],
)
def test_a_plain_age_is_no_false_finding(words: str, entity: str, *, plain: bool) -> None:
    assert is_plain_age(words, entity) is plain


def test_what_the_source_annotates_beside_phi_is_on_neither_side() -> None:
    each = note("Her profession is baker.", ("baker", "PROFESSION"))
    figures = one(each, found(each.text, "baker"))
    assert figures.judged.precision is None
    assert Tier.PHI not in figures.tiers
    assert figures.labels["PROFESSION"].whole == 1


def test_an_unknown_label_is_phi() -> None:
    each = note("Case 8-B", ("8-B", "WARD_CODE"))
    assert one(each, ()).tiers[Tier.PHI].recall == 0.0


def test_findings_without_an_annotation_are_false_and_counted_per_thousand_characters() -> None:
    text = "Parkinson's disease, " + "x " * 490
    figures = one(note(text), found(text, "Parkinson"))
    assert figures.false_rate == pytest.approx(1000 / len(text))
    assert figures.free_false_rate == figures.false_rate
    assert [case.entity for case in figures.false] == ["PERSON"]


def test_documents_are_clean_by_tier() -> None:
    each = note("Ilse Vos, 3 May", ("Ilse Vos", "NAME"), ("3 May", "DATE"))
    figures = one(each, found(each.text, "Ilse Vos"))
    assert figures.clean_share(Tier.DIRECT) == 1.0
    assert figures.clean_share(Tier.PHI) == 0.0


def test_it_is_known_who_alone_finds_and_who_alone_is_wrong() -> None:
    text = "Ilse Vos has Wilson disease and Crohn disease."
    each = note(text, ("Ilse Vos", "NAME"))
    findings = (
        *found(text, "Ilse Vos", "Wilson", by="model"),
        *found(text, "Ilse Vos", by="rule"),
        *found(text, "Wilson", by="rule"),
        *found(text, "Crohn", by="model"),
    )
    figures = one(each, findings)
    assert figures.recognizers["model"].false_alone == 1
    assert figures.recognizers["rule"].false_alone == 0
    assert figures.recognizers["model"].judged.false == 2
    assert figures.recognizers["rule"].alone == 0


def test_f2_weighs_recall_four_times() -> None:
    assert f2(1.0, 0.5) == pytest.approx(5 * 0.5 / 3)
    assert f2(None, 0.5) is None
    assert f2(0.0, 0.0) == 0.0


def test_findings_that_do_not_fit_the_notes_are_an_error() -> None:
    with pytest.raises(ValueError, match="not as many"):
        score([note("a")], [])


def _data() -> Path:
    named = os.environ.get("INTRAMURAL_REDACTION_DATA")
    return Path(named) if named else ROOT.parent / "shared" / "redaction" / "dev"


def _scorer() -> ModuleType:
    """The scorer that comes with the data, written by other hands from the same definitions."""
    path = _data().parent / "score.py"
    if not path.exists():
        pytest.skip("the annotated data and its scorer are not on this machine")
    spec = importlib.util.spec_from_file_location("scorer", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _sampled(each: Note) -> Iterator[Finding]:
    """Findings as a middling system would make them: whole, cut, missing, and beside the point."""
    for number, span in enumerate(each.spans):
        cut = min(span.end - 1, span.start + 3)
        end = span.end if number % 3 else max(cut, span.start + 1)
        if number % 7:
            yield Finding(span.start, end, EntityType("PERSON" if number % 2 else "AGE"))
    step = 97
    for start in range(11, len(each.text) - 20, step):
        yield Finding(start, start + 5 + start % 9, EntityType("AGE" if start % 2 else "ID"))


@pytest.mark.parametrize("name", ["asq_phi", "eds_fr", "grascco", "meddocan", "presidio_research"])
def test_both_scorers_give_the_same_figures(name: str) -> None:
    scorer = _scorer()
    notes = read(_data() / f"{name}.jsonl")
    findings = [tuple(_sampled(each)) for each in notes]
    ours = score(notes, findings)
    gold = [json.loads(line) for line in (_data() / f"{name}.jsonl").read_text().splitlines()]
    spans = [
        {
            "id": each.id,
            "spans": [{"start": f.start, "end": f.end, "label": f.entity} for f in found],
        }
        for each, found in zip(notes, findings, strict=True)
    ]
    theirs, _, _ = scorer.score(gold, spans)
    assert (ours.judged.true, ours.judged.false) == (theirs["pred_tp"], theirs["pred_fp"])
    assert ours.false_rate == pytest.approx(theirs["fp_per_1k_chars"])
    assert ours.clean_share(Tier.PHI) == pytest.approx(theirs["doc_clean_phi"])
    assert ours.clean_share(Tier.DIRECT) == pytest.approx(theirs["doc_clean_direct"])
    for tier in (Tier.DIRECT, Tier.PHI):
        share, other = ours.tiers[tier], theirs["by"][f"TIER:{tier}"]
        assert share.annotations == other["n"]
        assert share.recall == pytest.approx(other["recall"])
        assert share.visible == pytest.approx(other["leak"])
        assert f2(share.recall, ours.judged.precision) == pytest.approx(other["f2"])
    for label, share in ours.labels.items():
        other = theirs["by"].get(f"label:{label}") or theirs["by"][f"ignored:{label}"]
        assert (share.annotations, share.recall) == (other["n"], pytest.approx(other["recall"]))
        assert share.visible == pytest.approx(other["leak"])
