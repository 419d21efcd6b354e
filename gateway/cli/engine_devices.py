"""`intramural engine devices` and `plan`: what this machine has, and what would run on which."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.common import fail, print_json, settings_of
from gateway.settings import parse_bytes

if TYPE_CHECKING:
    import engine
    from engine.footprint import Shaped
    from gateway.settings import Settings

_Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_LEAST = 1 << 20
"""Bytes: whoever names fewer than a megabyte forgot the letter."""
_HEAD = ("model", "device", "type", "replicas", "context", "batch", "weights", "work", "memory")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(devices)
    app.command()(plan)


def devices(
    measure: Annotated[
        bool, typer.Option("--measure", help="Measure how fast memory is: a tenth of a second.")
    ] = False,
    json: _Json = False,
) -> None:
    """Show what this process may compute with."""
    import engine

    found = engine.detect_devices()
    bandwidth = engine.measure_bandwidth(found.cores) if measure else None
    if json:
        print_json({"devices": found, "bandwidth": bandwidth})
        return
    for name, value in _described(found, bandwidth):
        typer.echo(f"{name:<10} {value}")


def plan(  # noqa: PLR0913, PLR0917 - each is an option of the command
    context: typer.Context,
    memory: Annotated[
        str | None,
        typer.Option(
            help="Memory of another machine: 8G.", metavar="SIZE", show_default="this machine's"
        ),
    ] = None,
    cores: Annotated[
        int | None,
        typer.Option(min=1, help="Cores of another machine.", show_default="this machine's"),
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(
            help="A model of the store, or a common one; may be repeated.", metavar="NAME"
        ),
    ] = None,
    parameters: Annotated[
        list[str] | None,
        typer.Option(
            help="A model of about that many parameters: 1.7B; may be repeated.", metavar="SIZE"
        ),
    ] = None,
    json: _Json = False,
) -> None:
    """Show what runs on this machine, or on one of --memory and --cores.

    Models that are named are planned together. For another machine without names, each model of
    the store and each common one is planned alone: what could run there. Of the settings,
    engine.memory and engine.prefer do not count for another machine; embeddings and dictation are
    never in it.
    """
    import engine
    from gateway.generation.local import wish_of

    settings = settings_of(context)
    elsewhere = memory is not None or cores is not None
    wish = wish_of(settings.engine)
    machine = engine.detect_devices()
    if elsewhere:
        try:
            size = machine.memory_total if memory is None else parse_bytes(memory)
        except ValueError as error:
            fail(f"--memory: {error}", 2)
        if size < _LEAST:
            fail(f"--memory: {memory} are bytes, and nothing runs in them: write {memory}G", 2)
        machine = engine.Devices.box(cores or machine.cores, size)
        # This machine's budget and devices say nothing about another.
        wish = replace(wish, prefer=("cpu",), memory=None)
    models = _models(settings, model or [], parameters or [])
    if elsewhere and not models:
        _show_each(machine, _all(settings), wish, json)
        return
    try:
        made = engine.make_plan(machine, models or _served(settings), wish)
    except (engine.DoesNotFit, engine.NoDevice) as error:
        fail(str(error))
    if json:
        print_json({"budget": made.budget, "memory": made.memory, "models": made.models})
        return
    _table([_row(each) for each in made.models])
    typer.echo(
        f"\nmodels take {_size(made.memory)} at most, of {_size(made.budget)} that are there "
        "for them"
    )


def _show_each(
    machine: engine.Devices, models: Sequence[Shaped], wish: engine.Wish, json: bool
) -> None:
    import engine

    found: list[tuple[str, engine.ModelPlan | None]] = []
    for model in models:
        try:
            found.append((model.name, engine.make_plan(machine, [model], wish).models[0]))
        except engine.DoesNotFit:
            found.append((model.name, None))
    if json:
        print_json({"candidates": [{"model": name, "plan": made} for name, made in found]})
        return
    _table([_row(made) if made else (name, "does not fit") for name, made in found])
    typer.echo(
        "\neach alone; several at once: --model NAME --model NAME. A context that is shorter than "
        "the model's own is what memory allows"
    )


def _models(settings: Settings, names: Sequence[str], sizes: Sequence[str]) -> list[Shaped]:
    import engine

    store = {each.name: each for each in _stored(settings)} if names else {}
    chosen: list[Shaped] = []
    for name in names:
        found = store.get(name) or engine.known_model(name)
        if found is None:
            common = ", ".join(each.name for each in engine.KNOWN)
            fail(
                f"there is no model {name} that generates in the store; common ones are {common}", 2
            )
        chosen.append(found)
    for size in sizes:
        try:
            chosen.append(engine.nearest(engine.parse_parameters(size)))
        except ValueError as error:
            fail(f"--parameters: {error}", 2)
    return chosen


def _served(settings: Settings) -> list[Shaped]:
    """Return what `intramural serve` would load."""
    stored = {each.name: each for each in _stored(settings)}
    names = settings.engine.models or tuple(stored)
    if missing := [name for name in names if name not in stored]:
        fail(f"there is no model {missing[0]} that generates: see `intramural model list`")
    if not names:
        fail(
            "there is no model yet that generates: `intramural model add --default`, or name one "
            "with --model"
        )
    return [stored[name] for name in names]


def _all(settings: Settings) -> list[Shaped]:
    import engine

    stored = _stored(settings)
    names = {each.name for each in stored}
    return [*stored, *(each for each in engine.KNOWN if each.name not in names)]


def _stored(settings: Settings) -> list[engine.Manifest]:
    """Return what generates: the plan is of what shares the memory that is left."""
    import engine

    try:
        stored = engine.ModelStore(settings.models).list()
    except engine.ModelError as error:
        fail(str(error))
    return [each for each in stored if each.task == "generate"]


def _row(made: engine.ModelPlan) -> tuple[str, ...]:
    index = f" {','.join(map(str, made.device_index))}" if made.device == "cuda" else ""
    return (
        made.model,
        made.device + index,
        made.compute_type,
        f"{made.replicas} x {made.threads}",
        f"{made.context:,}",
        f"{made.limits.max_batch} in {made.limits.max_tokens:,}",
        _size(made.weights),
        _size(made.working),
        _size(made.weights + made.working),
    )


def _table(rows: Sequence[tuple[str, ...]]) -> None:
    """Print rows under the heads; a row may end early."""
    widths = [
        max(len(row[at]) for row in (_HEAD, *(row for row in rows if len(row) == len(_HEAD))))
        for at in range(len(_HEAD))
    ]
    widths[0] = max(len(row[0]) for row in (_HEAD, *rows))
    for row in (_HEAD, *rows):
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=False))
        typer.echo("  ".join(cells).rstrip())


def _described(found: engine.Devices, bandwidth: float | None) -> Iterator[tuple[str, str]]:
    machine, limits = found.processor, found.container
    yield "processor", f"{machine.model}; {' '.join(machine.isa) or 'no vector unit that is known'}"
    yield "cores", f"{found.cores} logical, {found.physical} physical for this process"
    yield "machine", f"{machine.logical} logical, {machine.physical} physical"
    if machine.caches:
        yield (
            "caches",
            ", ".join(
                f"L{each.level}{'' if each.kind == 'Unified' else each.kind[0].lower()} "
                f"{_size(each.size)} x {each.count}"
                for each in machine.caches
            ),
        )
    yield "memory", f"{_size(found.memory)} can be taken, of {_size(found.memory_total)}"
    if bandwidth is not None:
        yield "bandwidth", f"{bandwidth / 1e9:.1f} GB/s, read and written by {found.cores} threads"
    for node in machine.nodes if len(machine.nodes) > 1 else ():
        yield f"NUMA {node.number}", f"{len(node.cpus)} processors, {_size(node.memory)}"
    bounds = []
    if limits.cores is not None:
        bounds.append(f"{limits.cores:g} cores")
    if limits.memory is not None:
        bounds.append(_size(limits.memory))
    yield "container", " and ".join(bounds) or "no limit"
    yield "int8 on", "the processor" if "int8" in found.compute_types else "nothing"
    for each in found.cuda:
        yield f"CUDA {each.index}", " ".join(sorted(each.compute_types))
    if not found.cuda:
        yield "CUDA", "none"


def _size(size: int) -> str:
    for unit, name in ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")):
        if size >= unit:
            return f"{size / unit:.1f} {name}".replace(".0 ", " ")
    return f"{size} B"
