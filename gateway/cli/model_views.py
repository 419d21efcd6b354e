"""How `intramural model` shows models, measurements and what it is doing."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import typer

import engine

if TYPE_CHECKING:
    from rich.progress import TaskID

_WIDE: Final = 120
_MB: Final = 1_000_000
_SHOWN: Final = 12
"""Hexadecimal digits of a digest that people compare; scripts have --json."""
_STAGES: Final = {
    "download": "Downloading",
    "unpack": "Unpacking",
    "read": "Reading",
    "measure": "Computing in float32",
    "convert": "Converting to int8",
    "check": "Checking and measuring",
    "verify": "Verifying",
    "load": "Loading and warming up",
    "prefill": "Reading prompts",
    "decode": "Writing replies, at once:",
}


def print_models(models: Iterable[tuple[engine.Manifest, str]]) -> None:
    """Print a table of manifests and their digests, then what has no place in a narrow table."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("model", "task"):
        table.add_column(heading, no_wrap=True)
    for heading in ("size", "context"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("digest", no_wrap=True)
    listed = tuple(models)
    for manifest, digest in listed:
        table.add_row(
            Text(manifest.name),
            Text(manifest.task),
            f"{manifest.size / _MB:.0f} MB",
            str(manifest.context_length),
            digest[:_SHOWN],
        )
    # In a pipe there is no width to keep to, and a folded name could not be searched for.
    Console(width=None if sys.stdout.isatty() else _WIDE).print(table)
    for manifest, _ in listed:
        licence = manifest.licence or "licence unknown"
        typer.echo(
            f"{manifest.name}: {manifest.architecture}, {manifest.quantization}; {licence}; "
            f"{manifest.origin.source}"
        )
        typer.echo(f"  int8: {quality_of(manifest)}")


def quality_of(manifest: engine.Manifest) -> str:
    """Return in words what int8 costs of a model, as far as it was measured."""
    figures = manifest.quality
    if figures is None and manifest.task != "generate":
        return f"checked at import (cosine {manifest.self_check.cosine:.4f})"
    if figures is None:
        return "never measured"
    ratio = figures.accuracy_ratio
    accuracy = "no accuracy to compare" if ratio is None else f"{ratio:.1%} of its accuracy"
    return (
        f"{figures.size_ratio:.1%} of float32's size, {accuracy}, "
        f"{figures.perplexity_ratio:.3f} times its perplexity"
    )


def print_speed(speed: engine.Speed) -> None:
    """Print what was measured."""
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column()
    table.add_column(justify="right")
    table.add_row(f"prompts of {speed.prompt_tokens} tokens", f"{speed.prefill:.0f} tokens/s")
    for streams, rate in speed.decode.items():
        name = "1 reply" if streams == 1 else f"{streams} replies at once"
        table.add_row(name, f"{rate:.0f} tokens/s")
    table.add_row("loaded in", f"{speed.load_seconds:.1f} s")
    table.add_row("memory when loaded", f"{speed.load_bytes / _MB:.0f} MB")
    table.add_row("memory at its peak", f"{speed.peak_bytes / _MB:.0f} MB")
    console = Console(highlight=False)
    console.print(f"{speed.model}, {speed.replicas} replicas")
    console.print(table)


class _Bars:
    """Draws one bar for each stage on standard error, where somebody looks at it."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        console = Console(stderr=True)
        self.drawing = Progress(
            TextColumn("{task.description:<28}"),
            BarColumn(),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,  # In a file or a pipe a bar is noise.
        )
        self._stage = ""
        self._task: TaskID

    def __call__(self, stage: str, done: float | None) -> None:
        """Show how much of `stage`, a word and what it is done to, is done."""
        if stage != self._stage:
            self._stage = stage
            word, _, rest = stage.partition(" ")
            self._task = self.drawing.add_task(f"{_STAGES.get(word, word)} {rest}".strip())
            self.drawing.update(self._task, total=None)
        if done is not None:
            self.drawing.update(self._task, total=1.0, completed=done)


@contextmanager
def stages() -> Iterator[engine.Progress]:
    """Give what draws the stages of an import, a verification or a measurement."""
    bars = _Bars()
    with bars.drawing:
        yield bars
