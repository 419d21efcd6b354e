"""The weights that ship: every byte is theirs, or nothing starts."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path

import pytest

from engine import ModelStore, Overloaded
from gateway import weights
from gateway.detection.tagging import LABELS
from gateway.domain.entities import PERSON
from gateway.domain.errors import Code, ExchangeError
from gateway.domain.text import RawText
from gateway.settings import Detection
from gateway.weights import DIGEST, DIRECTORY, NAME, ShippedTagger, open_detector, open_weights
from tests.unit.engine.bert import PIECES, TinyBert
from training import export

FEW = ["O", *(f"{prefix}-PERSON" for prefix in "BIES")]


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    """Tiny weights as the export places them."""
    source = TinyBert(tokens=PIECES).write_tagger(tmp_path / "source", FEW, window=24, overlap=8)
    model = ModelStore(tmp_path / "store").add(str(source), name=NAME)
    export.place(model, tmp_path / "weights")
    return tmp_path / "weights"


def refused(directory: Path) -> str:
    with pytest.raises(ExchangeError) as caught:
        open_weights(directory)
    assert caught.value.code is Code.DETECTION_FAILED
    assert "install intramural again" in caught.value.message
    return caught.value.message


def test_weights_as_they_were_placed_are_opened(shipped: Path) -> None:
    model = open_weights(shipped)
    assert (model.name, model.manifest.task) == ("tagger", "tag")


def test_a_byte_that_has_changed_in_any_file_is_refused(shipped: Path) -> None:
    files = sorted(path for path in shipped.rglob("*") if path.is_file())
    assert len(files) > 6
    for path in files:
        raw = path.read_bytes()
        for place in (0, len(raw) // 2, len(raw) - 2):
            path.write_bytes(raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :])
            refused(shipped)
        path.write_bytes(raw)
    assert open_weights(shipped)


def test_a_file_that_is_missing_or_was_added_is_refused(shipped: Path) -> None:
    (shipped / NAME / "extra.bin").write_bytes(b"x")
    refused(shipped)
    (shipped / NAME / "extra.bin").unlink()
    for name in (DIGEST, f"{NAME}/model.bin", f"{NAME}/manifest.json"):
        path = shipped / name
        raw = path.read_bytes()
        path.unlink()
        refused(shipped)
        path.write_bytes(raw)
    shutil.rmtree(shipped / NAME)
    refused(shipped)


def test_a_manifest_written_anew_over_other_files_is_refused(shipped: Path, tmp_path: Path) -> None:
    other = TinyBert(tokens=PIECES, layers=1).write_tagger(tmp_path / "other", FEW)
    model = ModelStore(tmp_path / "forged").add(str(other), name=NAME)
    shutil.rmtree(shipped / NAME)
    shutil.copytree(model.path, shipped / NAME)
    refused(shipped)


def test_weights_for_another_gateway_are_refused(tmp_path: Path) -> None:
    source = TinyBert(tokens=PIECES).write_tagger(tmp_path / "source", ["O", "PLANET"])
    model = ModelStore(tmp_path / "store").add(str(source), name=NAME)
    with pytest.raises(ExchangeError) as caught:
        ShippedTagger(model, Detection())
    assert caught.value.code is Code.DETECTION_FAILED


async def test_a_full_queue_is_said_to_be_one(
    shipped: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tagger = ShippedTagger(open_weights(shipped), Detection(replicas=1))

    async def full(_: object) -> None:
        raise Overloaded

    monkeypatch.setattr(tagger._tagger, "tag_soon", full)
    with pytest.raises(ExchangeError) as caught:
        await tagger.tag_soon(["Anna"])
    tagger.close()
    assert caught.value.code is Code.OVERLOADED


def test_a_detector_whose_tagger_was_closed_fails_and_says_that_it_is_not_well() -> None:
    detector = open_detector(2025)
    assert detector.healthy
    detector._tagger.close()
    assert not detector.healthy
    with pytest.raises(ExchangeError) as caught:
        asyncio.run(detector.detect([RawText("Mrs Thornton")]))
    detector.close()
    assert caught.value.code is Code.DETECTION_FAILED


def test_the_weights_in_this_tree_are_whole_and_find_people_in_five_languages() -> None:
    model = open_weights()
    assert max(file.size for file in model.manifest.files.values()) <= export.MOST
    detector = open_detector(2025)
    texts = {
        "Mrs. Margaret Thornton was seen today.": "Thornton",
        "Herr Jürgen Weißmüller klagt über Husten.": "Weißmüller",
        "Mme Hélène Dubois est sortie hier.": "Dubois",
        "La paciente Lucía Fernández ingresó ayer.": "Fernández",
        "患者张伟入院。": "张伟",
    }
    found = asyncio.run(detector.detect([RawText(text) for text in texts]))
    detector.close()
    for (text, name), findings in zip(texts.items(), found, strict=True):
        people = [text[each.start : each.end] for each in findings if each.entity == PERSON]
        assert any(name in each for each in people), text


def test_labels_of_the_weights_are_those_that_detection_knows() -> None:
    tagging = json.loads((DIRECTORY / NAME / "tagger.json").read_text())
    assert {label.partition("-")[2] for label in tagging["labels"]} - {""} <= LABELS


def test_an_export_writes_what_the_gateway_opens_and_says_how_well_int8_does(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = TinyBert(tokens=PIECES).write_tagger(tmp_path / "source", FEW, window=24, overlap=8)
    monkeypatch.setattr(export, "LEAST", 0.0)  # Random weights are at home nowhere.
    for _ in range(2):
        assert export.main([str(source), "--weights", str(tmp_path / "weights")]) == 0
    report = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert report["digest"] == open_weights(tmp_path / "weights").digest
    assert report["int8_and_float32"]["cosine"] > 0.9
    assert not (tmp_path / "weights" / f"{NAME}.old").exists()


def test_an_export_that_does_not_agree_with_its_source_leaves_the_weights_alone(
    shipped: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = open_weights(shipped).digest
    monkeypatch.setattr(export, "LEAST", 1.1)
    assert export.main([str(tmp_path / "source"), "--weights", str(shipped)]) == 1
    assert open_weights(shipped).digest == before


def test_an_export_of_types_that_nobody_knows_is_refused(tmp_path: Path, shipped: Path) -> None:
    source = TinyBert(tokens=PIECES).write_tagger(tmp_path / "planets", ["O", "PLANET"])
    assert export.main([str(source), "--weights", str(shipped)]) == 1


def test_the_name_of_the_model_is_that_of_its_folder() -> None:
    assert (DIRECTORY / NAME).is_dir()
    assert weights.DIRECTORY.parent.name == "detection"
