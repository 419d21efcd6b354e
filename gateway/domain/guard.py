"""Step 7: one state machine over the reply, which restores stand-ins and treats what was invented.

It sees only what the model wrote: text that it restored is never scanned, and so never masked
again. It holds back only the end of the stream that could still become a stand-in or an identifier:
the last word, before it the words with digits that a number may be spread over, and what begins
like a stand-in of several words that was issued in this exchange.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from gateway.domain import written
from gateway.domain.entities import tag
from gateway.domain.exchange import FinishReason
from gateway.domain.findings import Finding
from gateway.domain.places import stand_ins
from gateway.domain.policy import Invented, Operator, Profile
from gateway.domain.ports import OutputScanner
from gateway.domain.pseudonyms import Pseudonyms
from gateway.domain.standins import StandIns

MAX_HOLD: Final = 256
"""Characters held back at most, unless a stand-in of this exchange is longer and has begun: longer
than any identifier with a form, e-mail included."""
CONTEXT: Final = 96
"""Characters of released text that the scanner sees again, so that `MRN: ` still counts."""
_LAST_LATIN: Final = "\u024f"
_TRIGGERS: Final = frozenset("0123456789@:/")
_DIGITS: Final = frozenset("0123456789")
_FRAGMENT: Final = re.compile(
    r"\[?(?<![A-Za-z0-9_\\])(?P<name>[A-Za-z][A-Za-z0-9_\\]*_[0-9]{0,2})\Z"
)
_GROUP: Final = 4
"""Letters of a group inside a spaced-out number, such as the bank in an IBAN."""


_BEFORE: Final = 4
"""Characters of released text that tell whether a stand-in begins here or goes on."""


_BEFORE_JSON: Final = 16
"""The same, where the last of them may be an escape."""
_ESCAPE: Final = re.compile(r"\\\\|\\[bfnrt]|\\u[0-9A-Fa-f]{4}")


class Encoding(StrEnum):
    """What the stream is made of, so that what is put into it is of the same kind."""

    TEXT = "text"
    JSON = "json"
    """A reply in JSON, or the arguments of a tool call: a restored value is escaped as the inside
    of a string."""


@dataclass(frozen=True, slots=True)
class _Edit:
    """`held[start:end]` becomes `text`: a restored pseudonym, or the stand-in of an invention."""

    start: int
    end: int
    text: str
    invented: bool


@dataclass(frozen=True, slots=True)
class _Quoted:
    """Whether JSON, as far as it was read, stands inside a string, and behind a backslash there."""

    inside: bool
    escaped: bool

    def after(self, text: str) -> _Quoted:
        inside, escaped = self.inside, self.escaped
        for character in text:
            if escaped:
                escaped = False
            elif character == '"':
                inside = not inside
            else:
                escaped = inside and character == "\\"
        return _Quoted(inside, escaped)


class StreamGuard:
    """Feed it the reply in any pieces; what it returns, joined, does not depend on how it was cut.

    `restored` and `invented` count for the outcome record; `blocked` says that the reply ends here.
    `says` tells whether a value was in the prompt as the model read it, and so is no invention.
    """

    def __init__(  # noqa: PLR0913 - what restores, what treats, and what tells the two apart
        self,
        pseudonyms: Pseudonyms,
        profile: Profile,
        scanner: OutputScanner,
        *,
        stand_ins: StandIns | None = None,
        says: Callable[[str], bool] = lambda _: False,
        encoding: Encoding = Encoding.TEXT,
    ) -> None:
        self._pseudonyms = pseudonyms
        self._profile = profile
        self._scanner = scanner
        self._says = says
        self._encoding = encoding
        self._tags = pseudonyms.tags() if profile.restore else frozenset()
        self._stand_ins = stand_ins if profile.restore and stand_ins else None
        self._held = ""
        self._context = ""
        self._quoted = _Quoted(inside=False, escaped=False)
        self.restored = 0
        self.invented = 0
        self.blocked = False

    def feed(self, text: str) -> str:
        """Take the next piece; return what may be sent now, often less, sometimes nothing."""
        self._held += text
        return self._release(self._settled())

    def finish(self, *, cut_short: bool = False) -> str:
        """Return the rest: nothing follows that could change what it is.

        Where the reply was cut short, a pseudonym that it was cut in says nothing to anyone and is
        left out.
        """
        if cut_short and self._profile.restore:
            stem = _FRAGMENT.search(self._held)
            if stem is not None and self._pseudonyms.begins(stem["name"]):
                self._held = self._held[: stem.start()]
        return self._release(len(self._held))

    def aside(self, text: str, encoding: Encoding = Encoding.TEXT, *, before: str = "") -> str:
        """Return a whole text that is no part of the stream, treated and counted as that is.

        `before` is what the scanner is to know of the place where it stands.
        """
        other = self.beside(encoding, before=before)
        said = other.feed(text) + other.finish()
        self.count(other)
        return said

    def beside(self, encoding: Encoding = Encoding.TEXT, *, before: str = "") -> StreamGuard:
        """Return a guard for another text of the same reply, which counts for itself."""
        other = StreamGuard(
            self._pseudonyms,
            self._profile,
            self._scanner,
            stand_ins=self._stand_ins,
            says=self._says,
            encoding=encoding,
        )
        other._context = before[-CONTEXT:]
        return other

    def count(self, other: StreamGuard) -> None:
        """Count what another guard did: what it let through leaves with this reply."""
        self.restored += other.restored
        self.invented += other.invented
        self.blocked = self.blocked or other.blocked

    def reason(self, reason: FinishReason | None) -> FinishReason:
        """Return why the reply ended, seen from outside; `reason` is the engine's, if it ended."""
        return FinishReason.CONTENT_FILTER if self.blocked else reason or FinishReason.STOP

    def _release(self, length: int) -> str:
        if self.blocked or length == 0:
            return ""
        held = self._held
        edits = self._edits()
        for edit in reversed(edits):
            if edit.start < length < edit.end:
                length = edit.start
        pieces = []
        position = 0
        for edit in edits:
            if edit.end > length:
                break
            pieces.append(held[position : edit.start])
            position = edit.end
            self.invented += edit.invented
            self.restored += not edit.invented
            if edit.invented and self._profile.invented is Invented.BLOCK:
                self.blocked = True
                self._held = ""
                return "".join(pieces)
            pieces.append(edit.text)
        pieces.append(held[position:length])
        self._context = (self._context + held[:length])[-CONTEXT:]
        if self._encoding is Encoding.JSON:
            self._quoted = self._quoted.after(held[:length])
        self._held = held[length:]
        return "".join(pieces)

    def _edits(self) -> list[_Edit]:
        """Return what changes in the held text: disjoint, in order; a pseudonym wins an overlap."""
        edits = self._restorations()
        if self._tags and not _DIGITS.isdisjoint(self._held):
            edits += self._placed(edits)
        if not _TRIGGERS.isdisjoint(self._held):
            edits += self._inventions(edits)
        edits.sort(key=lambda edit: edit.start)
        return edits

    def _settled(self) -> int:
        """Return how much of the held text no continuation can turn into part of something else."""
        settled = _settled(self._held.translate(written.ALIKE))
        read = self._read(self._held)
        if self._tags:
            settled = min(settled, written.pending(read.translate(written.ALIKE), self._tags))
        if self._stand_ins is not None:
            settled = min(settled, self._stand_ins.pending(read))
        return settled

    def _read(self, text: str) -> str:
        r"""Return `text` with lines' ends for escapes, as long as it is.

        The letter of an escape, as in "\nPERSON_412", is none that a stand-in runs into.
        """
        if self._encoding is Encoding.TEXT or "\\" not in text:
            return text
        return _ESCAPE.sub(_blank, text)

    def _before(self) -> str:
        return self._context[-(_BEFORE if self._encoding is Encoding.TEXT else _BEFORE_JSON) :]

    def _restorations(self) -> list[_Edit]:
        """Return what is restored: disjoint, in order; of two that overlap, the one that begins."""
        found: list[_Edit] = []
        for edit in sorted([*self._pseudonyms_held(), *self._stand_ins_held()], key=_place):
            if not found or edit.start >= found[-1].end:
                found.append(edit)
        return found

    def _pseudonyms_held(self) -> Iterator[_Edit]:
        if not self._tags:
            return
        before = self._before()
        text = self._read(before + self._held).translate(written.ALIKE)
        for place in written.find(text, self._tags):
            if place.start < len(before):
                continue
            for name, ending in place.names():
                surface = self._pseudonyms.restore(name)
                if surface is not None:
                    restored = f"{place.emphasis}{self._encoded(surface)}{ending}{place.emphasis}"
                    start, end = place.start - len(before), place.end - len(before)
                    yield _Edit(start, end, restored, invented=False)
                    break

    def _stand_ins_held(self) -> Iterator[_Edit]:
        if self._stand_ins is None:
            return
        before = self._before()
        for place in self._stand_ins.find(self._read(before + self._held), len(before)):
            start, end = place.start - len(before), place.end - len(before)
            yield _Edit(start, end, self._encoded(place.original), invented=False)

    def _encoded(self, surface: str) -> str:
        match self._encoding:
            case Encoding.TEXT:
                return surface
            case Encoding.JSON:
                return json.dumps(surface, ensure_ascii=False)[1:-1]

    def _placed(self, restorations: Sequence[_Edit]) -> list[_Edit]:
        """Return what comes back where a date or an id was: pseudonyms have its form there."""
        before = self._context[-1:]
        found: list[_Edit] = []
        for start, end, name in stand_ins(before + self._held):
            edit = _Edit(start - len(before), end - len(before), name, invented=False)
            if edit.start < 0 or any(
                each.start < edit.end and edit.start < each.end for each in (*restorations, *found)
            ):
                continue
            surface = self._pseudonyms.restore(name)
            if surface is not None:
                found.append(replace(edit, text=self._encoded(surface)))
        return found

    def _inventions(self, restorations: Sequence[_Edit]) -> list[_Edit]:
        before = len(self._context)
        found: list[_Edit] = []
        position = read = 0
        quoted = self._quoted
        for finding in sorted(self._scanner.scan(self._context + self._held)):
            start, end = max(finding.start - before, position), finding.end - before
            if end <= start or self._is_known(finding, start, end, restorations):
                continue
            stand_in = self._stand_in(finding, end - start)
            if self._encoding is Encoding.JSON:
                # From where it was read last: the arguments of a call come as one long text.
                quoted, read = quoted.after(self._held[read:start]), start
                if not quoted.inside:
                    # Here was a number, or no JSON at all: a word needs quotation marks.
                    stand_in = f'"{stand_in}"'
            found.append(_Edit(start, end, stand_in, invented=True))
            position = end
        return found

    def _is_known(
        self, finding: Finding, start: int, end: int, restorations: Sequence[_Edit]
    ) -> bool:
        """Say whether it is a stand-in, of a type that the caller may see, or in the prompt."""
        if self._profile.rule(finding.entity).operator is Operator.KEEP:
            return True
        if any(edit.start < end and start < edit.end for edit in restorations):
            return True
        return self._says((self._context + self._held)[finding.start : finding.end])

    def _stand_in(self, finding: Finding, length: int) -> str:
        match self._profile.invented:
            case Invented.REPLACE:
                return f"[{tag(finding.entity)}]"
            case Invented.MASK:
                return "*" * length
            case Invented.BLOCK:
                return ""


def _blank(escape: re.Match[str]) -> str:
    # An escaped backslash stays: a model writes PERSON\\_412 so.
    return escape[0] if escape[0] == "\\\\" else "\n" * len(escape[0])


def _place(edit: _Edit) -> tuple[int, int]:
    return edit.start, -edit.end


def _settled(text: str) -> int:
    """Return how many characters of `text` no continuation can turn into part of something else."""
    limit = max(0, len(text) - MAX_HOLD)
    start = _word_start(text, len(text), limit)
    while start > limit:
        if not text[start - 1].isspace():
            break
        end = start - 1
        previous = _word_start(text, end, limit)
        word = text[previous:end]
        if not (_has_digit(word) or (word.isupper() and len(word) <= _GROUP)):
            break
        start = previous
    return start


def _word_start(text: str, end: int, limit: int) -> int:
    """Return where the word that ends at `end` begins: back to white space or another script.

    Scripts without spaces would otherwise be held back for whole sentences.
    """
    start = end
    while start > limit and not text[start - 1].isspace() and text[start - 1] <= _LAST_LATIN:
        start -= 1
    return start


def _has_digit(word: str) -> bool:
    return any(character.isdigit() for character in word)
