"""Imports a Hugging Face checkpoint: a directory with a configuration, safetensors and a tokenizer.

Only safetensors, never code and never pickles: the converter, a process of its own without network
or hub, sees links to the files that were checked here and nothing else of the directory.
"""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final, TypeVar

import msgspec
import numpy as np

from engine import ct2
from engine.decoder import Shape
from engine.errors import BrokenSource, ModelError, UnsupportedModel
from engine.huggingface_config import Config, decoded, ids, shape_of
from engine.huggingface_tokenizer import Settings, build, template_of
from engine.importer import CHECK_TEXT, Imported, compare
from engine.prompts import Prompts
from engine.sources import LICENCE, MAX_LICENCE, Progress

_T = TypeVar("_T")

# What the two processes pass each other, in one directory.
CHECKPOINT: Final = "checkpoint"
JOB: Final = "job.json"
CONVERTED: Final = "converted"
LOGITS: Final = "logits.npy"
RESULT: Final = "result.json"

_OPTIONAL: Final = ("tokenizer_config.json", "generation_config.json", "chat_template.jinja")
_WEIGHTS: Final = ("model.safetensors", "model.safetensors.index.json")
_SHARD: Final = re.compile(r"[\w.-]+\.safetensors\Z")
_PICKLES: Final = frozenset({".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle"})
_FRONT_MATTER: Final = re.compile(r"---\r?\n(.*?)\r?\n---\s", re.DOTALL)
_README: Final = "README.md"
_TITLES: Final = {
    "apache-2.0": re.compile(r"\s*Apache License\s+Version 2\.0, January 2004"),
    "mit": re.compile(r"\s*(The )?MIT License"),
}


class Job(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the parent has read out of the checkpoint."""

    shape: Shape
    vocabulary: list[str]
    special: ct2.SpecialTokens
    tokens: list[int]
    """What the source's logits are wanted after."""
    quantization: str = "int8"


class Result(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why it failed, or what it was done with."""

    failure: str | None = None
    versions: dict[str, str] = {}


class _Generation(msgspec.Struct, frozen=True):
    eos_token_id: int | list[int] | None = None


class _Index(msgspec.Struct, frozen=True):
    weight_map: dict[str, str]


def files_of(directory: Path) -> tuple[Path, ...]:
    """Return the files that an import reads, all of them regular or links to one.

    Raises `BrokenSource`, or `UnsupportedModel` for weights that are not safetensors.
    """
    for name in ("config.json", "tokenizer.json"):
        if not (directory / name).is_file():
            raise BrokenSource(
                f"the directory is no Hugging Face checkpoint that can be imported: no {name}"
            )
    weights = [name for name in _WEIGHTS if (directory / name).is_file()]
    if not weights:
        pickled = sorted(path.name for path in directory.iterdir() if path.suffix in _PICKLES)
        if pickled:
            raise UnsupportedModel(
                f"pickled weights ({pickled[0][:60]}) can run code when they are read, so they are "
                "refused; get the checkpoint's safetensors"
            )
        raise BrokenSource("the checkpoint has no model.safetensors; download it again")
    names = ["config.json", "tokenizer.json", weights[0]]
    if weights[0] == _WEIGHTS[1]:
        index = decoded((directory / _WEIGHTS[1]).read_bytes(), _WEIGHTS[1], _Index)
        shards = sorted(set(index.weight_map.values()))
        for shard in shards:
            if _SHARD.match(shard) is None or not (directory / shard).is_file():
                raise BrokenSource(f"the file of weights {shard[:60]!r} is missing")
        names += shards
    names += [name for name in _OPTIONAL if (directory / name).is_file()]
    return tuple(directory / name for name in names)


def licence_of(directory: Path) -> tuple[str | None, dict[str, bytes]]:
    """Return the licence that the checkpoint names, if any, and the texts that it brings along.

    The name is the `license` of README.md's metadata, else that of a text whose title is known.
    """
    texts = {
        path.name: path.read_bytes()
        for path in sorted(directory.iterdir())
        if LICENCE.match(path.name) and path.is_file() and path.stat().st_size <= MAX_LICENCE
    }
    readme = directory / _README
    if readme.is_file() and readme.stat().st_size <= MAX_LICENCE:
        front = _FRONT_MATTER.match(readme.read_text("utf-8", "replace"))
        for key in ("license_name", "license"):
            found = re.search(
                rf"^{key}:[ \t]*[\"']?([\w.+-]+)", front[1] if front else "", re.MULTILINE
            )
            if found and found[1].lower() != "other":
                return found[1][:64], texts
    for text in texts.values():
        for name, title in _TITLES.items():
            if title.match(text.decode("utf-8", "replace")):
                return name, texts
    return None, texts


def import_checkpoint(directory: Path, work: Path, target: Path, progress: Progress) -> Imported:
    """Write the model of `directory` into the empty directory `target`; `work` is for what is left.

    Everything is refused that can be before the converter starts. Raises a `ModelError`.
    """
    progress("read", None)
    files = files_of(directory)
    config = decoded((directory / "config.json").read_bytes(), "config.json", Config)
    architecture, shape = shape_of(config)
    read = _read(directory, config, shape)
    _require_extra()
    progress("read", 1.0)
    progress("convert", None)
    versions = _run(files, read.job, work)
    for path in (work / CONVERTED).iterdir():
        path.rename(target / path.name)
    read.prompts.save(target, read.template)
    progress("convert", 1.0)
    progress("check", None)
    source = np.load(work / LOGITS, allow_pickle=False)
    checked = compare(target, read.job.tokens, source)
    progress("check", 1.0)
    return Imported(
        architecture=architecture,
        shape=shape,
        licence=None,
        bos=read.bos,
        end_tokens=read.prompts.end_tokens,
        self_check=checked,
        versions={"ctranslate2": ct2.VERSION, **versions},
    )


@dataclass(frozen=True, slots=True)
class _Read:
    """What was made of a checkpoint's small files."""

    prompts: Prompts
    template: str | None
    bos: int | None
    job: Job


def _read(directory: Path, config: Config, shape: Shape) -> _Read:
    settings = _optional(directory / "tokenizer_config.json", Settings)
    generation = _optional(directory / "generation_config.json", _Generation)
    ends = [*ids(generation.eos_token_id), *ids(config.eos_token_id)]
    raw = (directory / "tokenizer.json").read_bytes()
    tokenizer, vocabulary, specials = build(raw, settings, ends, shape.vocabulary)
    path = directory / "chat_template.jinja"
    template = template_of(settings, path.read_text("utf-8") if path.is_file() else None)
    try:
        prompts = Prompts(tokenizer, vocabulary, specials, template)
    except Exception as error:  # Whatever Jinja raises while it compiles what a file brought.
        raise UnsupportedModel("the chat template cannot be compiled") from error
    first = vocabulary[specials.end[0]]
    job = Job(
        shape=shape,
        vocabulary=vocabulary,
        special=ct2.SpecialTokens(
            bos=first if specials.bos is None else vocabulary[specials.bos],
            eos=first,
            unk=vocabulary[0],
        ),
        tokens=prompts.text(CHECK_TEXT)[: shape.context],
    )
    return _Read(prompts, template, specials.bos, job)


def _run(files: tuple[Path, ...], job: Job, work: Path) -> dict[str, str]:
    """Start the converter on links to `files` and return the versions of what it used."""
    checkpoint = work / CHECKPOINT
    checkpoint.mkdir()
    for path in files:
        (checkpoint / path.name).symlink_to(path.resolve())
    (work / JOB).write_bytes(msgspec.json.encode(job))
    done = subprocess.run(  # noqa: S603 - a fixed program, and a directory of ours
        [sys.executable, "-P", "-m", "engine.huggingface_convert", str(work.resolve())],
        check=False,
        capture_output=True,
        stdin=subprocess.DEVNULL,
        cwd=work,
        env=environment(work),
    )
    if done.returncode < 0:
        raise ModelError(
            f"the conversion was ended by signal {-done.returncode}; it needs over five bytes "
            "of memory for each parameter of the model"
        )
    try:
        result = msgspec.json.decode((work / RESULT).read_bytes(), type=Result)
    except (OSError, msgspec.DecodeError) as error:
        raise ModelError("the converter did not start: see `pip check`") from error
    if done.returncode != 0 or result.failure is not None:
        reason = re.sub(r"[^\x20-\x7e]+", " ", result.failure or "")[:300]
        raise BrokenSource(f"the checkpoint cannot be converted: {reason}")
    return result.versions


def environment(work: Path) -> dict[str, str]:
    """Return all that the converter's environment holds: nothing of ours, and no hub."""
    home = str(work.resolve())
    return {
        "HF_HUB_OFFLINE": "1",
        "TRANSFORMERS_OFFLINE": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_HOME": home,
        "HOME": home,
        "LC_ALL": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
        # Where this package is; `-P` keeps the current directory out.
        "PYTHONPATH": str(Path(__file__).resolve().parents[1]),
    }


def _require_extra() -> None:
    if any(find_spec(name) is None for name in ("torch", "transformers")):
        raise ModelError(
            "importing a Hugging Face checkpoint needs PyTorch and transformers: "
            "install the extra: pip install 'intramural[convert]'"
        )


def _optional(path: Path, kind: type[_T]) -> _T:
    return decoded(path.read_bytes() if path.is_file() else b"{}", path.name, kind)
