"""`intramural detect`: what the gateway would find in a text, before any policy is applied.

The group's other commands have files of their own; `detect FILES` is `detect text FILES`.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from gateway.cli import detect_dictionary, detect_eval
from gateway.cli.common import examples, fail, print_json
from gateway.cli.default import DefaultGroup
from gateway.cli.opening import open_local_detector
from gateway.domain.errors import ExchangeError
from gateway.domain.text import RawText

if TYPE_CHECKING:
    from gateway.detection.detector import PresidioDetector


class _Detect(DefaultGroup):
    default = "text"


group = typer.Typer(
    cls=_Detect,
    help="What detection finds: in a text (`detect FILES`), how well, and the site's own names.",
    epilog=examples(
        "detect letter.txt",
        "detect eval notes.jsonl --html misses.html",
    ),
)
detect_eval.register(group)
group.add_typer(detect_dictionary.app, name="dictionary")


def register(app: typer.Typer) -> None:
    """Add the commands on texts to the root of the command line."""
    app.add_typer(group, name="detect")


@group.command(name="text")
def detect(
    context: typer.Context,
    files: Annotated[
        list[Path] | None,
        typer.Argument(help="Text files; standard input if none.", dir_okay=False),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="One line of JSON for each finding.")
    ] = False,
    show_text: Annotated[
        bool, typer.Option("--show-text", help="Print the matched text, too.")
    ] = False,
    jsonl: Annotated[
        bool,
        typer.Option(
            "--jsonl", help='Read lines {"id", "text"}, write lines {"id", "spans", "ms"}.'
        ),
    ] = False,
) -> None:
    """Find what may identify a patient: offsets and types, the text only with --show-text."""
    sources = [(str(path), _read(path)) for path in files or []] or [("-", sys.stdin.buffer.read())]
    detector = open_local_detector(context)
    try:
        for name, raw in sources:
            if jsonl:
                asyncio.run(_score_lines(detector, raw))
            else:
                asyncio.run(_show(detector, name, raw, as_json=as_json, show_text=show_text))
    except ExchangeError as error:
        fail(error.message)
    except UnicodeDecodeError:
        fail("the input is not UTF-8: convert it first")
    except msgspec.DecodeError:
        fail('a line of the input is not {"id": "…", "text": "…"}')
    finally:
        detector.close()


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        fail(f"cannot read {path}: {error.strerror}")


async def _show(
    detector: PresidioDetector, name: str, raw: bytes, *, as_json: bool, show_text: bool
) -> None:
    from gateway.detection.report import lines

    text = raw.decode()
    (findings,) = await detector.detect([RawText(text)])
    found = lines(text, findings, show_text=show_text)
    if as_json:
        for line in found:
            print_json(line)
        return
    typer.echo(f"{name}: {len(found)} findings in {len(text)} characters")
    for line in found:
        place = f"{line.start:>7} {line.end:>7}"
        row = f"{place}  {line.entity:<22} {line.score:4.2f}  {line.recognizer:<28}"
        typer.echo(f"{row} {line.text!r}" if line.text is not None else row.rstrip())


async def _score_lines(detector: PresidioDetector, raw: bytes) -> None:
    from gateway.detection.report import Document, predict

    decoder = msgspec.json.Decoder(Document)
    documents = [decoder.decode(line) for line in raw.splitlines() if line.strip()]
    async for prediction in predict(detector, documents):
        print_json(prediction)
