"""Tiny random BERT models, written as checkpoints and computed here.

The forward pass is from the paper and Hugging Face's description of the model, one token and one
head at a time; it shares nothing with `engine`.
"""

from __future__ import annotations

import json
import math
import string
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]

TOKENS = [
    "[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]",
    *string.ascii_lowercase, *(f"##{letter}" for letter in string.ascii_lowercase),
    *string.digits, *string.punctuation, "anna", "##son", "ward", "fever",
]  # fmt: skip
CLS, SEP = TOKENS.index("[CLS]"), TOKENS.index("[SEP]")
PIECES = [
    "<s>", "<pad>", "</s>", "<unk>", "▁", "▁¶", "¶",
    *string.ascii_letters, *string.digits, *string.punctuation,
    "▁Anna", "son", "▁ward", "▁f", "ever", "fi", "é", "🙂", "患", "者",
]  # fmt: skip
"""Of a Unigram vocabulary, as SentencePiece makes them."""


@dataclass
class TinyBert:
    """A model with random weights; large enough ones that a mistake shows."""

    layers: int = 2
    heads: int = 2
    hidden: int = 64
    head_dim: int | None = None
    """The width of a head where the heads do not make up that of the network."""
    activation: str = "gelu"
    feed: int = 96
    positions: int = 64
    epsilon: float = 1e-12
    prefix: str = ""
    skipped: int = 0
    """Positions that RoBERTa never uses, one more than the number of its padding token."""
    tokens: list[str] = field(default_factory=lambda: TOKENS)
    weights: dict[str, Array] = field(default_factory=dict)
    head: tuple[Array, Array] = field(init=False)

    def __post_init__(self) -> None:
        random = np.random.default_rng(11)

        def matrix(*shape: int) -> Array:
            return random.normal(0, 1.5 / math.sqrt(shape[-1]), shape).astype(np.float32)

        def dense(name: str, out: int, into: int) -> None:
            self.weights[f"{name}.weight"] = matrix(out, into)
            self.weights[f"{name}.bias"] = random.normal(0, 0.5, out).astype(np.float32)

        def norm(name: str) -> None:
            self.weights[f"{name}.weight"] = random.normal(1, 0.3, self.hidden).astype(np.float32)
            self.weights[f"{name}.bias"] = random.normal(0, 0.3, self.hidden).astype(np.float32)

        for name, rows in (
            ("word", len(self.tokens)),
            ("position", self.positions),
            ("token_type", 2),
        ):
            table = random.normal(0, 1, (rows, self.hidden)).astype(np.float32)
            self.weights[f"embeddings.{name}_embeddings.weight"] = table
        norm("embeddings.LayerNorm")
        for index in range(self.layers):
            at = f"encoder.layer.{index}"
            for part in ("self.query", "self.key", "self.value"):
                dense(f"{at}.attention.{part}", self.heads * self.width, self.hidden)
            dense(f"{at}.attention.output.dense", self.hidden, self.heads * self.width)
            norm(f"{at}.attention.output.LayerNorm")
            dense(f"{at}.intermediate.dense", self.feed, self.hidden)
            dense(f"{at}.output.dense", self.hidden, self.feed)
            norm(f"{at}.output.LayerNorm")

    @property
    def width(self) -> int:
        return self.head_dim or self.hidden // self.heads

    # -- writing -----------------------------------------------------------------------------

    def write(self, directory: Path, **config: Any) -> Path:
        """Write a sentence embedder's checkpoint."""
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "1_Pooling").mkdir(exist_ok=True)
        write_json(
            directory / "config.json",
            {
                "architectures": ["BertModel"],
                "model_type": "bert",
                "hidden_act": self.activation,
                "hidden_size": self.hidden,
                "intermediate_size": self.feed,
                "max_position_embeddings": self.positions,
                "num_attention_heads": self.heads,
                "num_hidden_layers": self.layers,
                "vocab_size": len(self.tokens),
                "layer_norm_eps": self.epsilon,
                "type_vocab_size": 2,
            }
            | ({"head_dim": self.head_dim} if self.head_dim else {})
            | config,
        )
        write_json(
            directory / "1_Pooling" / "config.json",
            {"word_embedding_dimension": self.hidden, "pooling_mode_mean_tokens": True},
        )
        kinds = ("Transformer", "Pooling", "Normalize")
        write_json(
            directory / "modules.json",
            [{"type": f"sentence_transformers.models.{kind}"} for kind in kinds],
        )
        made = tokenizer() if self.tokens is TOKENS else unigram(self.tokens)
        (directory / "tokenizer.json").write_text(json.dumps(made))
        self.write_tensors(directory / "model.safetensors")
        return directory

    def write_tagger(self, directory: Path, labels: list[str], **cut: Any) -> Path:
        """Write a token classifier's checkpoint, with random weights of its last layer."""
        random = np.random.default_rng(5)
        kind, base = ("XLMRoberta", "roberta.") if self.skipped else ("Bert", "bert.")
        self.prefix = base
        config: dict[str, Any] = {"id2label": dict(enumerate(labels))}
        if self.skipped:
            config["pad_token_id"] = self.skipped - 1
        self.write(directory, architectures=[f"{kind}ForTokenClassification"], **config)
        (directory / "modules.json").unlink()
        if cut:
            write_json(directory / "tagger.json", cut)
        self.head = (
            random.normal(0, 1, (len(labels), self.hidden)).astype(np.float32),
            random.normal(0, 1, len(labels)).astype(np.float32),
        )
        encoder = self.weights
        self.weights = {f"{base}{name}": values for name, values in encoder.items()}
        self.weights |= {"classifier.weight": self.head[0], "classifier.bias": self.head[1]}
        self.prefix = ""
        self.write_tensors(directory / "model.safetensors")
        self.weights = encoder
        return directory

    def scores(self, tokens: list[int]) -> Array:
        """Return the scores of the labels for each token, the two around them included."""
        weight, bias = self.head
        return np.asarray([weight @ state + bias for state in self.states(tokens)])

    def write_tensors(self, path: Path, *, dtype: str = "F32") -> None:
        """Write safetensors by the format's description."""
        header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
        body = b""
        for name, values in self.weights.items():
            raw = encoded(values, dtype)
            header[self.prefix + name] = {
                "dtype": dtype,
                "shape": list(values.shape),
                "data_offsets": [len(body), len(body) + len(raw)],
            }
            body += raw
        words = json.dumps(header).encode()
        path.write_bytes(len(words).to_bytes(8, "little") + words + body)

    # -- computing ---------------------------------------------------------------------------

    def states(self, tokens: list[int]) -> Array:
        """Return the last hidden states, one position at a time."""
        w = self.weights
        table = {
            name: w[f"embeddings.{name}_embeddings.weight"].astype(np.float64)
            for name in ("word", "position", "token_type")
        }
        rows = [
            self._norm(
                table["word"][token]
                + table["position"][place + self.skipped]
                + table["token_type"][0],
                "embeddings.LayerNorm",
            )
            for place, token in enumerate(tokens)
        ]
        active = {"gelu": gelu, "relu": relu}[self.activation]
        for index in range(self.layers):
            at = f"encoder.layer.{index}"
            mixed = self._attend(f"{at}.attention.self", rows)
            rows = [
                self._norm(
                    row + self._dense(mix, f"{at}.attention.output.dense"),
                    f"{at}.attention.output.LayerNorm",
                )
                for row, mix in zip(rows, mixed, strict=True)
            ]
            fed = [
                self._dense(
                    np.array([active(x) for x in self._dense(row, f"{at}.intermediate.dense")]),
                    f"{at}.output.dense",
                )
                for row in rows
            ]
            rows = [
                self._norm(row + more, f"{at}.output.LayerNorm")
                for row, more in zip(rows, fed, strict=True)
            ]
        return np.asarray(rows, dtype=np.float32)

    def _dense(self, row: Any, name: str) -> Any:
        return self.weights[f"{name}.weight"] @ row + self.weights[f"{name}.bias"]

    def _norm(self, row: Any, name: str) -> Any:
        deviation = math.sqrt(row.var() + self.epsilon)
        return (row - row.mean()) / deviation * self.weights[f"{name}.weight"] + self.weights[
            f"{name}.bias"
        ]

    def _attend(self, name: str, rows: list[Any]) -> list[Any]:
        width = self.width
        query, key, value = (
            [self._dense(row, f"{name}.{part}") for row in rows]
            for part in ("query", "key", "value")
        )
        mixed = []
        for q in query:
            heads = []
            for head in range(self.heads):
                part = slice(head * width, (head + 1) * width)
                scores = [float(q[part] @ k[part]) / math.sqrt(width) for k in key]
                shares = np.exp(np.array(scores) - max(scores))
                shares /= shares.sum()
                heads.append(sum(share * v[part] for share, v in zip(shares, value, strict=True)))
            mixed.append(np.concatenate(heads))
        return mixed


def gelu(x: float) -> float:
    return 0.5 * x * (1 + math.erf(x / math.sqrt(2)))


def relu(x: float) -> float:
    return max(x, 0.0)


def encoded(values: Array, dtype: str) -> bytes:
    if dtype == "F32":
        return values.astype("<f4").tobytes()
    if dtype == "F16":
        return values.astype("<f2").tobytes()
    assert dtype == "BF16"
    return (values.astype("<f4").view("<u4") >> 16).astype("<u2").tobytes()


def tokenizer() -> dict[str, Any]:
    return {
        "version": "1.0",
        "truncation": {"max_length": 8, "strategy": "LongestFirst", "stride": 0},
        "padding": None,
        "added_tokens": [
            {"id": index, "content": TOKENS[index], "special": True, "single_word": False,
             "lstrip": False, "rstrip": False, "normalized": False}
            for index in range(5)
        ],
        "normalizer": {
            "type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True,
            "strip_accents": None, "lowercase": True,
        },
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": None,
        "decoder": None,
        "model": {
            "type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100,
            "vocab": {token: index for index, token in enumerate(TOKENS)},
        },
    }  # fmt: skip


def unigram(pieces: list[str]) -> dict[str, Any]:
    """Return a tokenizer as multilingual ones are: compatible forms, line ends kept as a piece."""
    return {
        "version": "1.0",
        "truncation": {"max_length": 8, "strategy": "LongestFirst", "stride": 0},
        "padding": None,
        "added_tokens": [
            {"id": index, "content": pieces[index], "special": True, "single_word": False,
             "lstrip": False, "rstrip": False, "normalized": False}
            for index in range(4)
        ],
        "normalizer": {
            "type": "Sequence",
            "normalizers": [
                {"type": "NFKC"},
                {"type": "Replace", "pattern": {"Regex": "\r\n?|\n"}, "content": " ¶ "},
                {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "},
            ],
        },
        "pre_tokenizer": {
            "type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True
        },
        "post_processor": None,
        "decoder": None,
        "model": {
            "type": "Unigram", "unk_id": 3, "byte_fallback": False,
            "vocab": [[piece, -float(index > 3) - (len(piece) == 1)]
                      for index, piece in enumerate(pieces)],
        },
    }  # fmt: skip


def write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value))
