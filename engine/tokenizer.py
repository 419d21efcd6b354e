"""A tokenizer out of GGUF metadata, and from token ids back to bytes.

Control tokens (`<|im_end|>`) are not part of the vocabulary that text is encoded with, so no text
whatever can become one; only a chat template's own words can (see `prompts.py`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers

from engine.errors import BrokenSource, UnsupportedTokenizer

NORMAL, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE = range(1, 7)
"""Kinds of tokens, as in `tokenizer.ggml.token_type`."""

# The regular expressions are those of the models' own `tokenizer.json`.
_LLAMA3: Final = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|"
    r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_QWEN2: Final = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}|"
    r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
LOOKS_LIKE_MARKUP: Final = re.compile(r"[<\[]\S+[>\]]\Z")
# Ends of a turn that a file may forget to name in its metadata.
ENDS: Final = (
    "<|im_end|>",
    "<|eot_id|>",
    "<|eom_id|>",
    "<|end_of_text|>",
    "<|endoftext|>",
    "<end_of_turn>",
    "<|end|>",
)


class Specials(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The tokens that are not text, and which of them mean what. Part of the store's format 1."""

    tokens: dict[str, int]
    """Every control token, and every user-defined one that looks like markup."""
    silent: tuple[int, ...]
    """Ids that decode to nothing."""
    bos: int | None
    add_bos: bool
    end: tuple[int, ...]
    """Ids that end a reply, the model's own end of sequence first."""
    spm: bool
    """Whether tokens are SentencePiece's (`▁`, `<0x0A>`) or GPT-2's byte alphabet."""
    strip_space: bool
    """Whether encoding puts a space before the text (SentencePiece's dummy prefix)."""


def build(metadata: Callable[[str], Any], rows: int) -> tuple[Tokenizer, list[str], Specials]:
    """Return the tokenizer, the vocabulary padded to `rows` unique strings, and the specials."""
    tokens = metadata("tokenizer.ggml.tokens")
    kinds = metadata("tokenizer.ggml.token_type")
    if not tokens or len(tokens) > rows:
        raise BrokenSource("the GGUF file's vocabulary does not fit its embeddings")
    kinds = kinds or [NORMAL] * len(tokens)
    if len(kinds) != len(tokens):
        raise BrokenSource("the GGUF file's token types are not as many as its tokens")
    marked = {
        token: index
        for index, (token, kind) in enumerate(zip(tokens, kinds, strict=True))
        if token
        and (
            kind in {CONTROL, UNKNOWN} or (kind == USER_DEFINED and LOOKS_LIKE_MARKUP.match(token))
        )
    }
    plain = {
        token: index
        for index, (token, kind) in enumerate(zip(tokens, kinds, strict=True))
        if token not in marked and kind != UNUSED
    }
    model = metadata("tokenizer.ggml.model")
    match model:
        case "gpt2":
            tokenizer, add_bos = _byte_level(metadata, plain)
        case "llama":
            raise UnsupportedTokenizer("SentencePiece tokenizers are not supported yet")
        case _:
            raise UnsupportedTokenizer(f"tokenizer {str(model)[:40]!r} is not supported")
    configured = metadata("tokenizer.ggml.add_bos_token")
    specials = Specials(
        tokens=marked,
        silent=tuple(
            index for index, kind in enumerate(kinds) if kind in {CONTROL, UNKNOWN, UNUSED}
        ),
        bos=_token_id(metadata, "bos", len(tokens)),
        add_bos=add_bos if configured is None else bool(configured),
        end=_ends(metadata, marked, len(tokens)),
        spm=model == "llama",
        strip_space=False,
    )
    return tokenizer, unique(tokens, rows), specials


def _byte_level(metadata: Callable[[str], Any], plain: dict[str, int]) -> tuple[Tokenizer, bool]:
    merges = metadata("tokenizer.ggml.merges") or []
    pairs = [tuple(merge.split(" ", 1)) for merge in merges]
    pairs = [pair for pair in pairs if len(pair) == 2 and "".join(pair) in plain]  # noqa: PLR2004
    pre = metadata("tokenizer.ggml.pre")
    split = pre_tokenizers.Split
    byte_level = pre_tokenizers.ByteLevel
    normalizer = None
    add_bos = ignore_merges = False
    match pre:
        case "smollm":
            steps = [
                pre_tokenizers.Digits(individual_digits=True),
                byte_level(add_prefix_space=False, use_regex=True),
            ]
        case "gpt-2":
            steps = [byte_level(add_prefix_space=False, use_regex=True)]
        case "llama-bpe":
            steps = [
                split(Regex(_LLAMA3), "isolated"),
                byte_level(add_prefix_space=False, use_regex=False),
            ]
            add_bos = ignore_merges = True
        case "qwen2":
            normalizer = normalizers.NFC()
            steps = [
                split(Regex(_QWEN2), "isolated"),
                byte_level(add_prefix_space=False, use_regex=False),
            ]
        case _:
            raise UnsupportedTokenizer(
                f"pre-tokenizer {str(pre)[:40]!r} is not supported; "
                "supported are smollm, gpt-2, llama-bpe, qwen2"
            )
    try:
        bpe = models.BPE(vocab=plain, merges=pairs, ignore_merges=ignore_merges)
    except Exception as error:
        raise BrokenSource("the GGUF file's merges do not fit its vocabulary") from error
    tokenizer = Tokenizer(bpe)
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(steps)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer, add_bos


def _token_id(metadata: Callable[[str], Any], name: str, count: int) -> int | None:
    value = metadata(f"tokenizer.ggml.{name}_token_id")
    if value is None:
        return None
    if not 0 <= int(value) < count:
        raise BrokenSource(f"the GGUF file's {name} token is not in its vocabulary")
    return int(value)


def _ends(metadata: Callable[[str], Any], marked: Mapping[str, int], count: int) -> tuple[int, ...]:
    named = [_token_id(metadata, name, count) for name in ("eos", "eot", "eom")]
    found = [index for index in named if index is not None]
    found += [marked[token] for token in ENDS if token in marked]
    if not found:
        raise BrokenSource("the GGUF file names no token that ends a reply")
    return tuple(dict.fromkeys(found))


def unique(tokens: list[str], rows: int) -> list[str]:
    """CTranslate2 looks tokens up by their string: none may be twice there, nor missing."""
    seen: set[str] = set()
    distinct = []
    for index in range(rows):
        token = tokens[index] if index < len(tokens) else f"<extra_id_{index}>"
        while token in seen:
            token = f"{token}<{index}>"
        seen.add(token)
        distinct.append(token)
    return distinct


def byte_table(vocabulary: list[str], specials: Specials) -> list[bytes]:
    """Return for each token id the bytes that it stands for; none for a silent one."""
    alphabet = _byte_alphabet()
    silent = set(specials.silent)
    table = []
    for index, token in enumerate(vocabulary):
        if index in silent:
            table.append(b"")
        elif token in specials.tokens:
            table.append(token.encode())
        else:
            table.append(
                b"".join(
                    bytes([alphabet[character]]) if character in alphabet else character.encode()
                    for character in token
                )
            )
    return table


def unspeakable(vocabulary: list[str], specials: Specials) -> bytes:
    """Return the bytes that no token spells: SmolLM2 lacks six of ASCII's controls and a few more.

    A character with one of them becomes U+FFFD.
    """
    if specials.spm:
        return b""
    known = set(vocabulary)
    return bytes(byte for token, byte in _byte_alphabet().items() if token not in known)


def _byte_alphabet() -> dict[str, int]:
    """GPT-2's reversible mapping of bytes to printable characters (`bytes_to_unicode`)."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    alphabet = {chr(byte): byte for byte in printable}
    rest = [byte for byte in range(256) if byte not in printable]
    alphabet |= {chr(256 + index): byte for index, byte in enumerate(rest)}
    return alphabet
