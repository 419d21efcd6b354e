"""Which pieces of the 250,000 are kept, and the tokenizer over them.

Kept are those that the five languages, the names of many peoples and the numbers of any use most.
A word whose own piece is gone is written in smaller ones, so nothing becomes unreadable.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers
from tokenizers.processors import TemplateProcessing
from wordfreq import top_n_list, word_frequency

from training.faker_names import of_faker
from training.packed import Packed

SIZE: Final = 60_000
_SPECIAL: Final = 4
"""`<s>`, `<pad>`, `</s>` and `<unk>`, in this order."""
_UNKNOWN: Final = 3
# Words of each language, by frequency. The other five are those of many patients' names.
_WORDS: Final = {
    "en": 250_000,
    "de": 250_000,
    "fr": 200_000,
    "es": 200_000,
    "zh": 120_000,
    "it": 20_000,
    "pt": 20_000,
    "nl": 20_000,
    "tr": 20_000,
    "pl": 20_000,
}
_MAIN: Final = 100_000
_NAME: Final = 3e-6
"""What one name counts, as a word's share of all words."""
_HAN: Final = 7_500
_SINGLE: Final = re.compile(r"[\u0370-\u03ff\u0400-\u04ff\u3040-\u30ff]")


def tokenizer(pieces: Sequence[tuple[str, float]]) -> Tokenizer:
    """Return the tokenizer over `pieces`: a line break and a tab are pieces of their own.

    They are white space to the vocabulary's makers; to a form they are what tells a value from the
    next label.
    """
    made = Tokenizer(models.Unigram(list(pieces), unk_id=_UNKNOWN, byte_fallback=False))
    made.normalizer = normalizers.Sequence(
        [
            normalizers.NFKC(),
            normalizers.Replace(Regex("\r\n?|\n"), " ¶ "),
            normalizers.Replace("\t", " | "),
            normalizers.Replace(Regex(" {2,}"), " "),
        ]
    )
    made.pre_tokenizer = pre_tokenizers.Metaspace(
        replacement="▁", prepend_scheme="always", split=True
    )
    made.post_processor = TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    return made


def choose(network: Packed, texts: Sequence[str]) -> tuple[list[int], Tokenizer]:
    """Return the rows of the embedding to keep, in their order, and the tokenizer over them."""
    whole = tokenizer(list(zip(network.pieces, network.scores, strict=True)))
    counts: Counter[int] = Counter()
    for words, weights in _evidence(texts):
        for encoding, weight in zip(
            whole.encode_batch(words, add_special_tokens=False), weights, strict=True
        ):
            for piece in encoding.ids:
                counts[piece] += weight  # type: ignore[assignment]  # Shares, not numbers.
    kept = set(range(_SPECIAL)) | set(_singles(network.pieces))
    for piece, _ in counts.most_common():
        if len(kept) >= SIZE:
            break
        kept.add(piece)
    rows = sorted(kept)
    pieces = [(network.pieces[row], network.scores[row]) for row in rows]
    # The two signs stand for what the normaliser writes; both begin a word there.
    pieces[rows.index(network.pieces.index("¶"))] = ("▁¶", -4.0)
    rows.append(network.pieces.index("|"))
    pieces.append(("▁|", -6.0))
    return rows, tokenizer(pieces)


def _evidence(texts: Sequence[str]) -> Iterator[tuple[list[str], list[float]]]:
    for lang, count in _WORDS.items():
        words = top_n_list(lang, count)
        share = 1.0 if count >= _MAIN else 0.2
        weights = [share * (word_frequency(word, lang) + 1e-9) for word in words]
        yield words, weights
        yield [word.capitalize() for word in words], [weight / 2 for weight in weights]
        yield [word.upper() for word in words], [weight / 20 for weight in weights]
    found = sorted(of_faker())
    yield found, [_NAME] * len(found)
    yield [name.upper() for name in found], [_NAME / 10] * len(found)
    yield [name.lower() for name in found], [_NAME / 10] * len(found)
    yield list(texts), [_NAME] * len(texts)
    numbers = [str(number) for number in range(2200)] + [f"{number:02d}" for number in range(100)]
    yield numbers, [1e-5] * len(numbers)


def _singles(pieces: Sequence[str]) -> Iterator[int]:
    """Yield the pieces of one character: all Latin ones and signs, the commonest Han ones."""
    han = 0
    for index, piece in enumerate(pieces[_SPECIAL:], _SPECIAL):
        char = piece.replace("▁", "")
        if len(char) > 1:
            continue
        name = unicodedata.name(char, "") if char else ""
        if name.startswith("CJK"):
            han += 1
            if han <= _HAN:
                yield index
        elif not char or name.startswith("LATIN") or not char.isalpha() or _SINGLE.match(char):
            yield index


def texts_of(folder: Path) -> list[str]:
    """Return the texts of all labelled documents in `folder`."""
    return [
        json.loads(line)["text"]
        for path in sorted(folder.glob("*.jsonl"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]
