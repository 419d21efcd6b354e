"""The site's own names: staff, patients, wards and streets, found by a filter that holds no word.

A keyed fingerprint stands for each phrase, so neither the file nor the memory of the process can be
read back; who has the key as well can test a guess, which is why the key lies with the secrets.
Rule: a dictionary that cannot be read whole fails detection; there is no going on without it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from gateway import secretfiles
from gateway.detection.dictionary_file import DictionaryError, Filter, Fingerprints, Mark, decode
from gateway.detection.ordinary import is_ordinary
from gateway.detection.phrases import KEY_SIZE, MOST_WORDS, Word, fingerprint, words_of
from gateway.domain.entities import LOCATION, PERSON, STREET_ADDRESS, EntityType
from gateway.domain.findings import Finding

NAME: Final = "site.dictionary"
KEY: Final = "dictionary.key"
_WHOLE: Final = 0.95
_SINGLE: Final = 0.8
_PART: Final = 0.5
_LEAST: Final = 3
"""Letters of a single word that stands for somebody."""
_LEAST_SMALL: Final = 5
_LONGEST_GAP: Final = 3
"""Characters between two words of a phrase."""
_ABBREVIATED: Final = 3
_TYPES: Final[tuple[tuple[Mark, EntityType], ...]] = (
    (Mark.PATIENT, PERSON),
    (Mark.STAFF, PERSON),
    (Mark.STREET, STREET_ADDRESS),
    (Mark.WARD, LOCATION),
)


class Dictionary:
    """A filter and its key: what it finds in a text. Immutable."""

    __slots__ = ("_filter", "_key")

    def __init__(self, content: Filter, key: bytes) -> None:
        self._filter = content
        self._key = key

    def __repr__(self) -> str:
        return f"<Dictionary {len(self._filter.phrases)} phrases>"

    def find(self, text: str) -> Iterator[Finding]:
        """Yield the phrases of the dictionary in `text`. Linear in its length."""
        if not len(self._filter.phrases):
            return
        words = list(words_of(text))
        for first, last, marks in self._known(words, text):
            start, end = words[first].start, words[last].end
            single = first == last
            for kind, entity in _TYPES:
                if kind & marks and _is_meant(
                    text[start:end], words[first : last + 1], entity, marks
                ):
                    name = f"dictionary.{kind.name}".lower()
                    score = _SINGLE if single else _WHOLE
                    if marks & Mark.PART:
                        name, score = "site.family_name", _PART
                    yield Finding(start, end, entity, score, name)

    def allows(self, text: str, start: int, end: int) -> bool:
        """Say whether the site's allow-list has `text[start:end]`, whole or each word of it."""
        if not len(self._filter.phrases):
            return False
        words = [word.folded for word in words_of(text[start:end])]
        if not words or len(words) > MOST_WORDS:
            return False
        marks = self._marks_of([" ".join(words), *words])
        allowed = [bool(mark & Mark.ALLOW) for mark in marks]
        return allowed[0] or all(allowed[1:])

    def _known(self, words: Sequence[Word], text: str) -> Iterator[tuple[int, int, Mark]]:
        """Yield `(first, last, marks)` of the phrases among `words`."""
        distinct = list(dict.fromkeys(word.folded for word in words))
        prints = np.array([fingerprint(self._key, word) for word in distinct], np.uint64)
        single = dict(zip(distinct, self._look_up(prints), strict=True))
        begins = dict(zip(distinct, _holds(self._filter.firsts, prints), strict=True))
        places: list[tuple[int, int]] = []
        phrases: list[str] = []
        for first, word in enumerate(words):
            if mark := single[word.folded]:
                yield first, first, Mark(mark)
            if not begins[word.folded]:
                continue
            phrase = word.folded
            for last in range(first + 1, min(first + MOST_WORDS, len(words))):
                if not _is_gap(text, words[last - 1], words[last]):
                    break
                phrase = f"{phrase} {words[last].folded}"
                places.append((first, last))
                phrases.append(phrase)
        if phrases:
            for (first, last), mark in zip(places, self._marks_of(phrases), strict=True):
                if mark:
                    yield first, last, Mark(mark)

    def _marks_of(self, phrases: Sequence[str]) -> list[int]:
        seen = {phrase: fingerprint(self._key, phrase) for phrase in phrases}
        marks = self._look_up(np.array(list(seen.values()), np.uint64))
        found = dict(zip(seen, marks, strict=True))
        return [found[phrase] for phrase in phrases]

    def _look_up(self, prints: Fingerprints) -> list[int]:
        phrases = self._filter.phrases
        place = np.minimum(np.searchsorted(phrases, prints), len(phrases) - 1)
        marks: list[int] = np.where(phrases[place] == prints, self._filter.marks[place], 0).tolist()
        return marks


def _holds(held: Fingerprints, prints: Fingerprints) -> list[bool]:
    if not len(held):
        return [False] * len(prints)
    place = np.minimum(np.searchsorted(held, prints), len(held) - 1)
    answer: list[bool] = (held[place] == prints).tolist()
    return answer


def _is_gap(text: str, one: Word, two: Word) -> bool:
    """Say whether two words may be of one phrase, by what is between them."""
    if two.start - one.end > _LONGEST_GAP:
        return False
    mark = text[one.end : two.start].strip(" \t\r\n\u00a0'\u2019-")
    # A full stop ends a sentence, but for "St. Luke" and "M. Thornton".
    return mark in {"", ",", "/"} or (mark == "." and len(one.folded) <= _ABBREVIATED)


def _is_meant(written: str, words: Sequence[Word], entity: EntityType, marks: Mark) -> bool:
    """Say whether the words, by their case, are the name: "May Long" is, "may long" is not."""
    starts = [written[word.start - words[0].start] for word in words]
    capital = not any(start.islower() for start in starts)
    if len(words) > 1:
        return capital or not all(is_ordinary(word.folded) for word in words)
    word = words[0].folded
    if any(char.isdigit() for char in word):
        return len(word) > 1
    if len(word) < _LEAST or (entity == PERSON and is_ordinary(word)):
        return False
    if marks & Mark.PART or entity == LOCATION:
        return capital
    return capital or len(word) >= _LEAST_SMALL


class SiteDictionary:
    """The dictionary of this installation as its file is now. For use by several threads.

    Looks at the file's time and inode at each use and reads it again if they changed, so a load is
    in force with the next request. Without a file at the start there is no dictionary; a file that
    vanishes later is an error.
    """

    def __init__(self, directory: Path, keys: Path) -> None:
        """Read the file. Raises `DictionaryError` or `SecretFileError`."""
        self._path = directory / NAME
        self._key_path = keys / KEY
        self._lock = threading.Lock()
        self._seen: tuple[int, int, int] | None = None
        self._dictionary: Dictionary | None = None
        self.current()

    def current(self) -> Dictionary | None:
        """Return the dictionary, or `None` where the site has none. Raises as the constructor."""
        state = _state_of(self._path)
        if state == self._seen:
            return self._dictionary
        with self._lock:
            if state != self._seen:
                if state is None:
                    raise DictionaryError(f"{self._path} is gone: restore it from a backup")
                self._dictionary = open_dictionary(self._path, self._key_path)
                self._seen = state
            return self._dictionary


def open_dictionary(path: Path, key_path: Path) -> Dictionary:
    """Return the dictionary in `path`. Raises `DictionaryError` or `SecretFileError`."""
    content, key = read_filter(path, key_path)
    return Dictionary(content, key)


def read_filter(path: Path, key_path: Path) -> tuple[Filter, bytes]:
    """Return the filter in `path` and its key. Raises as `open_dictionary`."""
    key = secretfiles.read(key_path)
    if len(key) != KEY_SIZE:
        raise DictionaryError(f"{key_path} does not hold {KEY_SIZE} bytes: restore it")
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise DictionaryError(f"{path} cannot be read: {error.strerror}") from None
    try:
        return decode(raw, key), key
    except DictionaryError as error:
        raise DictionaryError(
            f"{path} cannot be used: {error}. Restore it from a backup with its key, or remove it "
            "and load the lists again with `intramural detect dictionary load`"
        ) from None


def _state_of(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise DictionaryError(f"{path} cannot be examined: {error.strerror}") from None
    return status.st_mtime_ns, status.st_ino, status.st_size
