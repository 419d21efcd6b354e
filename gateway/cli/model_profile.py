"""`intramural model profile`: where the time of replies goes, as a table, a picture, a trace."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer

import engine
from gateway.cli.common import fail, print_json, settings_of
from gateway.cli.model_profile_views import as_json, busy, print_profile


def profile(  # noqa: PLR0913, PLR0917 - the options of one command
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="As `model list` shows it.", show_default=False)],
    concurrency: Annotated[int, typer.Option(min=1, max=1024, help="Jobs at a time.")] = 8,
    jobs: Annotated[
        int | None,
        typer.Option(min=1, max=4096, help="Jobs altogether.", show_default="as many as at a time"),
    ] = None,
    prompt_tokens: Annotated[int, typer.Option(min=1, help="Tokens of each prompt.")] = 128,
    tokens: Annotated[int, typer.Option(min=1, help="New tokens of each job, at most.")] = 64,
    svg: Annotated[
        Path | None, typer.Option(help="File for a picture.", dir_okay=False, show_default=False)
    ] = None,
    trace: Annotated[
        Path | None,
        typer.Option(
            help="File for a Chrome trace (Perfetto).", dir_okay=False, show_default=False
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show where time goes: tokenise, queue, prefill, decode, detokenise, callback.

    It loads the model as the settings say and runs jobs of its own. Run it where no gateway serves:
    the two would share the cores.
    """
    from gateway.generation.local import wish_of

    settings = settings_of(context)
    try:
        with busy(f"Profiling {name} …"):
            model = engine.ModelStore(settings.models).open(name, task="generate")
            wish = wish_of(settings.engine)
            measured = engine.profile_model(
                model,
                engine.make_plan(engine.detect_devices(), [model.manifest], wish).models[0],
                jobs=jobs or concurrency,
                concurrency=concurrency,
                prompt_tokens=prompt_tokens,
                tokens=tokens,
            )
    except engine.EngineError as error:
        fail(str(error))
    if svg is not None:
        _write(svg, engine.timeline(measured).encode())
    if trace is not None:
        _write(trace, msgspec.json.encode(engine.chrome_trace(measured)))
    if json:
        print_json(as_json(measured))
    else:
        print_profile(measured)


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        fail(f"cannot write {path}: {error.strerror}")
