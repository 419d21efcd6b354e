"""`intramural policy evaluate`: measure detection as the releases of a site demand it."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from gateway.cli.common import fail, settings_of
from gateway.cli.opening import open_local_detector
from gateway.cli.person import As, person
from gateway.cli.policy_desk import open_register
from gateway.domain.duties import Duty
from gateway.domain.records import AdminAct


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(evaluate)


def evaluate(
    context: typer.Context,
    file: Annotated[
        Path, typer.Argument(metavar="NOTES", help="JSONL, as `detect eval` takes it.")
    ],
    _as: As = None,
) -> None:
    """Measure detection on the site's notes: what a release with `evaluation.yaml` asks for."""
    from gateway.domain.errors import ExchangeError
    from gateway.evaluation.demands import reached
    from gateway.evaluation.notes import NotesError, read
    from gateway.evaluation.run import evaluate as measure
    from gateway.files import replace_file
    from gateway.inforce import Measured, measured_file

    settings = settings_of(context)
    caller = person(context, Duty.READ_POLICY)
    try:
        notes = read(file)
    except NotesError as error:
        fail(str(error), 2)
    try:
        detector = open_local_detector(context)
        try:
            done = asyncio.run(measure(detector, notes, name=file.stem))
        finally:
            detector.close()
    except ExchangeError as error:
        fail(error.message)
    found = Measured(
        detection=detector.digest,
        time=time.time_ns() // 1_000_000,
        notes=len(notes),
        reached=dict(reached(done.figures)),
    )
    with open_register(context) as desk:
        desk.record(caller.id, AdminAct.POLICY_EVALUATED, found.detection)
        replace_file(measured_file(settings), msgspec.json.encode(found), 0o600)
    for name, value in found.reached.items():
        typer.echo(f"  {name:<12}{'not measured' if value is None else f'{value:.4f}'}")
