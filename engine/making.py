"""A model out of a source: the importer that it needs, and the manifest that seals what was made.

All is written into one empty directory; `store` puts it in its place when it is whole.
"""

from __future__ import annotations

import time
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Final

from msgspec.structs import replace as replaced

from engine import embedder_import, tagger_import
from engine.bert import EncoderShape
from engine.decoder import Shape
from engine.errors import BrokenSource
from engine.huggingface import files_of, import_checkpoint, licence_of
from engine.importer import IMPORTER, Imported, import_gguf
from engine.manifest import (
    FORMAT,
    Manifest,
    Origin,
    SelfCheck,
    Task,
    sha256_of,
    write_manifest,
)
from engine.sources import Located, Progress
from engine.whisper_source import WhisperShape, WhisperSource, import_whisper

_IMPORTERS: Final = {
    "embed": (embedder_import.import_embedder, embedder_import.FILES),
    "tag": (tagger_import.import_tagger, tagger_import.FILES),
}


def make(
    located: Located, name: str, target: Path, progress: Progress, *, unsafe_quality: bool
) -> tuple[Manifest, str]:
    """Write the model of a source into the empty directory `target`; return what seals it.

    Raises a `ModelError`. The digest is that of the manifest.
    """
    task = _task_of(located.path)
    located, origin = _described(located, task)
    if task == "generate":
        build = import_checkpoint if located.path.is_dir() else import_gguf
        made = build(located.path, target, progress, unsafe_quality=unsafe_quality)
    else:
        made = _IMPORTERS[task][0](located.path, target, progress)
    return _sealed(target, name, task, located, origin, made)


def make_transcriber(source: WhisperSource, name: str, target: Path, progress: Progress) -> None:
    """Write the Whisper model of `source` into the empty directory `target`, and seal it."""
    shape, checked = import_whisper(source, target, progress)
    for file, content in source.licences.items():
        (target / file).write_bytes(content)
    made = _manifest(
        name, "transcribe", shape, Origin(source.origin, archives=source.archives), checked
    )
    write_manifest(
        target,
        replaced(
            made,
            architecture="whisper",
            quantization="int8 when loaded",
            licence=source.licence,
            versions={"ctranslate2": version("ctranslate2")},
        ),
    )


def _task_of(path: Path) -> Task:
    if embedder_import.is_embedder(path):
        return "embed"
    return "tag" if tagger_import.is_tagger(path) else "generate"


def _described(located: Located, task: Task) -> tuple[Located, Origin]:
    """Return a source with the licence that it names, and what it is known by."""
    if not located.path.is_dir():
        origin = Origin(located.origin, sha256_of(located.path), located.archive_sha256)
        return located, origin
    if task == "generate":
        read = {path.name: sha256_of(path) for path in files_of(located.path)}
    else:
        files = _IMPORTERS[task][1]
        if missing := [file for file in files if not (located.path / file).is_file()]:
            raise BrokenSource(f"the checkpoint has no {missing[0]}; download it again")
        read = {file: sha256_of(located.path / file) for file in files}
    licence, texts = licence_of(located.path)
    described = replace(
        located, licence=located.licence or licence, licences=located.licences | texts
    )
    return described, Origin(located.origin, None, located.archive_sha256, read)


def _sealed(  # noqa: PLR0913, PLR0917 - what a manifest is made of
    target: Path, name: str, task: Task, located: Located, origin: Origin, imported: Imported
) -> tuple[Manifest, str]:
    """Write the licences and the manifest, and make all of it durable."""
    for file, content in located.licences.items():
        (target / file).write_bytes(content)
    template = target / "chat_template.jinja"
    manifest = replaced(
        _manifest(name, task, imported.shape, origin, imported.self_check),
        architecture=imported.architecture,
        bos=imported.bos,
        end_tokens=imported.end_tokens,
        chat_template_sha256=sha256_of(template) if template.exists() else None,
        licence=located.licence or imported.licence,
        versions=imported.versions,
        quality=imported.quality,
    )
    return write_manifest(target, manifest)


def _manifest(
    name: str,
    task: Task,
    shape: Shape | EncoderShape | WhisperShape,
    origin: Origin,
    checked: tuple[int, float, float],
) -> Manifest:
    """Return what every manifest says; nothing yet of what only some models have."""
    return Manifest(
        format=FORMAT,
        name=name,
        architecture="",
        quantization="int8",
        created=int(time.time()),
        context_length=shape.context,
        layers=shape.layers,
        heads=shape.heads,
        heads_kv=shape.heads_kv,
        head_dim=shape.head_dim,
        hidden=shape.hidden,
        feed_forward=shape.feed_forward,
        vocabulary=shape.vocabulary,
        bos=None,
        end_tokens=(),
        chat_template_sha256=None,
        licence=None,
        origin=origin,
        self_check=SelfCheck(*checked),
        versions={},
        files={},
        importer=IMPORTER,
        task=task,
    )
