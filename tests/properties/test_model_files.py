"""A doctored model file is read or refused as a `ModelError`, never anything else."""

from __future__ import annotations

import contextlib
import struct
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from engine import ModelError, gguf, huggingface, tokenizer
from tests.unit.engine import checkpoint
from tests.unit.engine.tiny import Tiny

EXTREMES = [0, 1, 2**31 - 1, 2**32 - 1, 2**40, 2**60, 2**63, 2**64 - 1]


@dataclass(frozen=True, repr=False)
class Whole:
    """A good file, and where to put what is made of it. A failing test does not show its bytes."""

    content: bytes
    path: Path


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    work = tmp_path_factory.mktemp("gguf")
    content = Tiny("llama", layers=1).write(work / "whole.gguf").read_bytes()
    return Whole(content, work / "doctored.gguf")


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    source = checkpoint.write(tmp_path_factory.mktemp("checkpoint"), Tiny("llama", layers=1))
    path = source / "model.safetensors"
    return Whole(path.read_bytes(), path)


def read_all(path: Path) -> None:
    """Do all that an import does before it computes anything."""
    source = gguf.read(path)
    shape = source.decoder.shape
    tokenizer.build(source.metadata, shape.vocabulary)
    source.decoder.embedding()
    source.decoder.layer(0, "up")


CHANGES = st.lists(
    st.one_of(
        st.tuples(st.integers(0, 10**9), st.binary(min_size=1, max_size=4)),
        st.tuples(
            st.integers(0, 10**9), st.sampled_from(EXTREMES).map(lambda n: struct.pack("<Q", n))
        ),
    ),
    min_size=1,
    max_size=3,
)


def doctor(whole: Whole, changes: list[tuple[int, bytes]], within: int) -> Path:
    """Overwrite some of the first bytes, in a new file: the one before may still be mapped."""
    made = bytearray(whole.content)
    for where, what in changes:
        at = where % within
        made[at : at + len(what)] = what
    whole.path.unlink(missing_ok=True)
    whole.path.write_bytes(made[: len(whole.content)])
    return whole.path


SLOWLY = settings(
    deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@SLOWLY
@given(changes=CHANGES)
@example(changes=[(8, struct.pack("<Q", 2**60))])
@example(changes=[(16, struct.pack("<Q", 2**60))])
@example(changes=[(24, struct.pack("<Q", 2**60))])
@example(changes=[(1196, b"\0")])  # Broke a token's UTF-8, and out came a UnicodeDecodeError.
def test_a_doctored_gguf_file_is_read_or_refused(
    whole: Whole, changes: list[tuple[int, bytes]]
) -> None:
    path = doctor(whole, changes, 12_000)
    with contextlib.suppress(ModelError):
        read_all(path)


@SLOWLY
@given(changes=CHANGES)
def test_a_doctored_file_of_weights_is_read_or_refused(
    weights: Whole, changes: list[tuple[int, bytes]]
) -> None:
    path = doctor(weights, changes, 1_500)
    with contextlib.suppress(ModelError):
        huggingface.read_checkpoint(path.parent).decoder.layer(0, "up")
