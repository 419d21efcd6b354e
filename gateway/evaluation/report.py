"""An evaluation as JSON for scripts, and as lines for a terminal. Neither holds any text."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from gateway.evaluation.labels import CLASSES, Tier
from gateway.evaluation.run import Evaluation
from gateway.evaluation.scoring import Figures, Judged, Share, by_recognizer, f2


class ShareLine(msgspec.Struct, frozen=True):
    """Recall and what belongs to it, of a tier, a class or a label."""

    annotations: int
    recall: float | None
    part_recall: float | None
    visible: float | None
    precision: float | None = None
    f2: float | None = None


class RecognizerLine(msgspec.Struct, frozen=True):
    """What one recognizer brings."""

    true: int
    false: int
    annotations_alone: int
    false_alone: int


class Report(msgspec.Struct, frozen=True):
    """One system on one set."""

    system: str
    set: str
    documents: int
    characters: int
    direct: ShareLine
    phi: ShareLine
    precision: float | None
    documents_clean: float | None
    documents_clean_direct: float | None
    false_per_1k_characters: float
    false_per_1k_characters_without_phi: float | None
    ms_per_1k_characters: float | None
    ms_per_document_p50: float | None
    classes: dict[str, ShareLine]
    labels: dict[str, ShareLine]
    recognizers: dict[str, RecognizerLine]


def report(evaluation: Evaluation) -> Report:
    """Return the figures as plain data."""
    figures = evaluation.figures
    precision = figures.judged.precision
    return Report(
        system=evaluation.system,
        set=evaluation.set,
        documents=figures.documents,
        characters=figures.characters,
        direct=_line(figures.tiers.get(Tier.DIRECT, Share()), precision),
        phi=_line(figures.tiers.get(Tier.PHI, Share()), precision),
        precision=_short(precision),
        documents_clean=_short(figures.clean_share(Tier.PHI)),
        documents_clean_direct=_short(figures.clean_share(Tier.DIRECT)),
        false_per_1k_characters=round(figures.false_rate, 3),
        false_per_1k_characters_without_phi=_short(figures.free_false_rate, 3),
        ms_per_1k_characters=_short(figures.rate, 3),
        ms_per_document_p50=_short(figures.median, 3),
        classes={name: _line(each, right) for name, each, right in class_rows(figures)},
        labels={name: _line(share, None) for name, share in sorted(figures.labels.items())},
        recognizers={
            name: RecognizerLine(each.judged.true, each.judged.false, each.alone, each.false_alone)
            for name, each in by_recognizer(figures)
        },
    )


def class_rows(figures: Figures) -> Iterator[tuple[str, Share, float | None]]:
    """Yield each class that is annotated or was found, with its share and its precision."""
    seen = set(figures.classes) | set(figures.judged_classes)
    for name in (*(each for each in CLASSES if each in seen), *sorted(seen - set(CLASSES))):
        judged = figures.judged_classes.get(name, Judged())
        yield name, figures.classes.get(name, Share()), judged.precision


def _line(share: Share, precision: float | None) -> ShareLine:
    part = share.part / share.annotations if share.annotations else None
    return ShareLine(
        annotations=share.annotations,
        recall=_short(share.recall),
        part_recall=_short(part),
        visible=_short(share.visible, 5),
        precision=_short(precision),
        f2=_short(f2(share.recall, precision)),
    )


def _short(value: float | None, digits: int = 4) -> float | None:
    return None if value is None else round(value, digits)


_HEAD = f"{'':<14}{'n':>7}{'recall':>9}{'precision':>11}{'F2':>8}{'visible':>10}"


def lines(found: Report) -> Iterator[str]:
    """Yield the report for people, without the recognizers."""
    clean, free = found.documents_clean, found.false_per_1k_characters_without_phi
    yield f"{found.set}: {found.system}, {found.documents} documents"
    yield _HEAD
    for name, each in (("DIRECT", found.direct), ("PHI", found.phi), *found.classes.items()):
        label = f"  {name}" if name in found.classes else name
        yield (
            f"{label:<14}{each.annotations:>7}{_number(each.recall):>9}"
            f"{_number(each.precision):>11}{_number(each.f2):>8}{percent(each.visible):>10}"
        )
    yield (
        f"documents without a leak {percent(clean)} · false findings per 1,000 characters "
        f"{found.false_per_1k_characters:.2f}"
        + ("" if free is None else f" (without PHI {free:.2f})")
        + f" · {_number(found.ms_per_1k_characters, 1)} ms per 1,000 characters"
    )


def recognizer_lines(found: Report, most: int = 12) -> Iterator[str]:
    """Yield what each recognizer brings, the one with the most false findings first."""
    yield f"{'recognizer':<34}{'right':>7}{'false':>7}{'false alone':>13}{'only finder':>13}"
    for name, each in list(found.recognizers.items())[:most]:
        yield (
            f"{name[:33]:<34}{each.true:>7}{each.false:>7}{each.false_alone:>13}"
            f"{each.annotations_alone:>13}"
        )
    if len(found.recognizers) > most:
        yield f"… and {len(found.recognizers) - most} more (--json has all)"


def percent(share: float | None) -> str:
    """Return a share for people."""
    return "-" if share is None else f"{100 * share:.2f} %"


def _number(value: float | None, digits: int = 3) -> str:
    return "-" if value is None else f"{value:.{digits}f}"
