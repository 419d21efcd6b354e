"""Quality of detection: `make eval`. Ours on annotated notes, and beside it Presidio's default.

Sets are files of `{"id", "text", "spans"}` lines given by path, or all of a directory: that of
INTRAMURAL_REDACTION_DATA, else `../shared/redaction/dev`. Nothing is downloaded.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime as dt
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

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
    """Presidio as it comes (`benchmarks/presidio.py`). `close` ends its process."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.presidio"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    async def detect(self, texts: Sequence[RawText]) -> Sequence[Findings]:
        """Return what Presidio finds. Its default reads every language as English."""
        return [self._analyze(text.reveal()) for text in texts]

    def _analyze(self, text: str) -> Findings:
        asked, answered = self._process.stdin, self._process.stdout
        assert asked is not None
        assert answered is not None
        asked.write(json.dumps(text) + "\n")
        asked.flush()
        return tuple(
            Finding(start, end, EntityType(entity), score, recognizer)
            for start, end, entity, score, recognizer in json.loads(answered.readline())
        )

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


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
    with ExitStack() as stack:
        stack.callback(detector.close)
        if arguments.against:
            systems["Presidio"] = peer = PresidioDefault()
            stack.callback(peer.close)
        try:
            done = measure(files, systems, arguments.most)
        except NotesError as error:
            sys.exit(str(error))
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
    arguments.html.chmod(0o600)
    arguments.html.write_text(write(done, dt.datetime.now(dt.UTC)))
    sys.stderr.write(f"Misses and false findings in context: {arguments.html}\n")


if __name__ == "__main__":
    main()
