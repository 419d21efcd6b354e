"""The tokenizer of a Hugging Face checkpoint, in the form that `prompts.py` loads.

It reads `tokenizer.json` itself, without transformers: what one of its classes would change on the
way is not wanted. As with GGUF, control tokens leave the vocabulary that text is encoded with. Only
byte-level BPE is read; what is not understood is refused by name.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from tokenizers import Tokenizer

from engine.errors import BrokenSource, UnsupportedTokenizer
from engine.tokenizer import ENDS, LOOKS_LIKE_MARKUP, Specials, unique

# What the encoding is compared on: scripts, numbers, runs of spaces, combining characters.
_SAMPLE: Final = (
    "Pt. Ana María Ñúñez, DOB 03/14/1952, BP 120/80 mmHg; I'll see her at 9:30.\n\n"
    "\tDr. Weiß: Überweisung, 37,5 °C   (e\u0301)  — 患者は発熱 Пациент 🙂\r\n"
)
_STEPS: Final = frozenset({"ByteLevel", "Digits", "Split"})
_NORMALIZERS: Final = frozenset({"NFC"})
_Named = str | dict[str, Any] | None


class Settings(msgspec.Struct, frozen=True):
    """What is read of `tokenizer_config.json`. A token is a string, or an object with `content`."""

    bos_token: _Named = None
    eos_token: _Named = None
    add_bos_token: bool | None = None
    chat_template: str | list[dict[str, str]] | None = None


class _Added(msgspec.Struct, frozen=True):
    id: int
    content: str
    special: bool = False
    single_word: bool = False
    lstrip: bool = False
    rstrip: bool = False


@dataclass(frozen=True, slots=True)
class _Vocabulary:
    """The tokens of the checkpoint, by kind: marked ones are never made out of a text."""

    plain: dict[str, int]
    added: tuple[_Added, ...]

    @property
    def marked(self) -> dict[str, int]:
        return {each.content: each.id for each in self.added if _is_marked(each)}

    @property
    def kept(self) -> tuple[_Added, ...]:
        return tuple(each for each in self.added if not _is_marked(each))

    def by_id(self) -> dict[int, str]:
        tokens = {index: token for token, index in self.plain.items()}
        return tokens | {each.id: each.content for each in self.added}


def build(
    raw: bytes, settings: Settings, ends: Sequence[int], rows: int
) -> tuple[Tokenizer, list[str], Specials]:
    """Return the tokenizer, the vocabulary padded to `rows` unique strings, and the specials.

    `raw` is `tokenizer.json`; `ends` are the ids that the model's own configuration ends a reply
    with. Raises `BrokenSource` or `UnsupportedTokenizer`.
    """
    try:
        data = msgspec.json.decode(raw, type=dict[str, Any])
        whole = Tokenizer.from_str(raw.decode())
        vocabulary = _vocabulary(data, rows)
    except (msgspec.MsgspecError, KeyError, TypeError, AttributeError, ValueError) as error:
        raise BrokenSource("tokenizer.json cannot be read; download it again") from error
    except Exception as error:  # The library in Rust raises bare exceptions.
        if isinstance(error, BrokenSource | UnsupportedTokenizer):
            raise
        raise BrokenSource("tokenizer.json cannot be read; download it again") from error
    _refuse_unknown(data)
    tokenizer = _plain(data, vocabulary)
    whole.no_truncation()
    whole.no_padding()
    if _ids(whole, _SAMPLE) != _ids(tokenizer, _SAMPLE):
        raise UnsupportedTokenizer(
            "the tokenizer encodes text in another way without its control tokens; "
            "such a tokenizer is not supported"
        )
    marked, tokens = vocabulary.marked, vocabulary.by_id()
    bos, add_bos = _beginning(whole, settings, tokens)
    eos = _id_of(settings.eos_token, tokens, "eos")
    found = [*([] if eos is None else [eos]), *ends]
    found += [marked[token] for token in ENDS if token in marked]
    if not found or not all(index in tokens for index in found):
        raise BrokenSource("the checkpoint names no token of its vocabulary that ends a reply")
    special = {each.id for each in vocabulary.added if each.special}
    specials = Specials(
        tokens=marked,
        silent=tuple(index for index in range(rows) if index in special or index not in tokens),
        bos=bos,
        add_bos=add_bos,
        end=tuple(dict.fromkeys(found)),
        spm=False,
        strip_space=False,
    )
    filled = [tokens.get(index, f"<extra_id_{index}>") for index in range(rows)]
    return tokenizer, unique(filled, rows), specials


def template_of(settings: Settings, file: str | None) -> str | None:
    """Return the chat template: the file's, else the one of the settings (their `default`)."""
    if file is not None:
        return file
    if not isinstance(settings.chat_template, list):
        return settings.chat_template
    for named in settings.chat_template:
        if named.get("name") == "default":
            return named.get("template")
    return None


def _is_marked(token: _Added) -> bool:
    return token.special or LOOKS_LIKE_MARKUP.match(token.content) is not None


def _vocabulary(data: dict[str, Any], rows: int) -> _Vocabulary:
    if data["model"].get("type") != "BPE":
        raise UnsupportedTokenizer(
            f"tokenizer {str(data['model'].get('type'))[:40]!r} is not supported; it has to be BPE"
        )
    added = tuple(msgspec.convert(data.get("added_tokens") or [], list[_Added]))
    plain = msgspec.convert(data["model"]["vocab"], dict[str, int])
    for token in added:
        if token.lstrip or token.rstrip or token.single_word:
            raise UnsupportedTokenizer("a token that takes spaces around it along is not supported")
        if len(token.content) < 2 or not (_is_marked(token) or token.content.isascii()):  # noqa: PLR2004
            raise UnsupportedTokenizer("an added token is a single character or not ASCII")
    vocabulary = _Vocabulary(plain, added)
    indices = [*plain.values(), *(each.id for each in added)]
    if not indices or min(indices) < 0 or max(indices) >= rows:
        raise BrokenSource("the checkpoint's vocabulary does not fit its embeddings")
    return vocabulary


def _refuse_unknown(data: dict[str, Any]) -> None:
    model = data["model"]
    for key in ("dropout", "byte_fallback", "continuing_subword_prefix", "end_of_word_suffix"):
        if model.get(key):
            raise UnsupportedTokenizer(f"a BPE tokenizer with {key} is not supported")
    for step in _flat(data.get("normalizer"), "normalizers"):
        if step.get("type") not in _NORMALIZERS:
            raise UnsupportedTokenizer(f"normalizer {_quoted(step)} is not supported")
    steps = list(_flat(data.get("pre_tokenizer"), "pretokenizers"))
    for step in steps:
        if step.get("type") not in _STEPS:
            raise UnsupportedTokenizer(f"pre-tokenizer {_quoted(step)} is not supported")
    levels = [step for step in steps if step.get("type") == "ByteLevel"]
    if not levels or any(step.get("add_prefix_space") for step in levels):
        raise UnsupportedTokenizer("only byte-level tokenizers without a prefix are supported")


def _flat(step: Any, within: str) -> Iterator[dict[str, Any]]:  # noqa: ANN401 - JSON
    """Yield the steps of a sequence, or the one step that there is."""
    if step is None:
        return
    if not isinstance(step, dict):
        raise BrokenSource("tokenizer.json cannot be read; download it again")
    if step.get("type") == "Sequence":
        for each in step.get(within) or ():
            yield from _flat(each, within)
    else:
        yield step


def _plain(data: dict[str, Any], vocabulary: _Vocabulary) -> Tokenizer:
    """Return the tokenizer of text alone: without control tokens, adding nothing around it."""
    changed = copy.copy(data)
    changed["model"] = model = copy.copy(data["model"])
    marked = vocabulary.marked
    plain = {token: index for token, index in vocabulary.plain.items() if token not in marked}
    pairs = [
        tuple(merge.split(" ", 1)) if isinstance(merge, str) else tuple(merge)
        for merge in model.get("merges") or ()
    ]
    model["merges"] = [
        list(pair)
        for pair in pairs
        if all(part in plain for part in pair) and "".join(pair) in plain
    ]
    # The library numbers an added token anew unless the model's vocabulary has it.
    model["vocab"] = plain | {each.content: each.id for each in vocabulary.kept}
    kept = {each.id for each in vocabulary.kept}
    changed["added_tokens"] = [
        each for each in data.get("added_tokens") or () if each["id"] in kept
    ]
    changed["post_processor"] = changed["truncation"] = changed["padding"] = None
    try:
        tokenizer = Tokenizer.from_str(msgspec.json.encode(changed).decode())
    except Exception as error:  # As above.
        raise BrokenSource("the checkpoint's merges do not fit its vocabulary") from error
    for each in vocabulary.kept:
        if tokenizer.token_to_id(each.content) != each.id:
            raise UnsupportedTokenizer("the tokenizer's added tokens are not supported")
    return tokenizer


def _beginning(
    whole: Tokenizer, settings: Settings, tokens: dict[int, str]
) -> tuple[int | None, bool]:
    """Return the token of the beginning, and whether a bare prompt begins with it."""
    bos = _id_of(settings.bos_token, tokens, "bos")
    bare, dressed = _ids(whole, "a"), whole.encode("a").ids
    adds = dressed != bare
    if adds and (dressed[1:] != bare or (bos is not None and dressed[0] != bos)):
        raise UnsupportedTokenizer("a tokenizer that adds more than its bos token is not supported")
    if adds:
        bos = dressed[0]
    if settings.add_bos_token is not None:
        adds = settings.add_bos_token and bos is not None
    return bos, adds


def _id_of(named: _Named, tokens: dict[int, str], what: str) -> int | None:
    content = named.get("content") if isinstance(named, dict) else named
    if content is None:
        return None
    for index, token in tokens.items():
        if token == content:
            return index
    raise BrokenSource(f"the checkpoint's {what} token is not in its vocabulary")


def _ids(tokenizer: Tokenizer, text: str) -> list[int]:
    ids: list[int] = tokenizer.encode(text, add_special_tokens=False).ids
    return ids


def _quoted(step: dict[str, Any]) -> str:
    return repr(str(step.get("type"))[:40])
