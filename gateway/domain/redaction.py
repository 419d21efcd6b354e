"""Step 4: raw text and findings in, redacted text out. The only maker of `RedactedText`.

Where findings overlap, the whole of their union is treated as the strictest of them asks, so no
character of a finding stays. Every text of the conversation goes through, in one pass, with one map
of pseudonyms: a person has one stand-in in every field, turn and tool call.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from gateway.domain import written
from gateway.domain.entities import PERSON
from gateway.domain.errors import Code, ExchangeError
from gateway.domain.exchange import Conversation, Counts, Role, Segment, Transcript, Word
from gateway.domain.findings import Finding, Findings, in_order
from gateway.domain.operators import Operators, Secrets
from gateway.domain.person_names import Mention, mention
from gateway.domain.persons import Person, Persons
from gateway.domain.places import read, write
from gateway.domain.policy import Operator, Profile
from gateway.domain.prompted import Prompted
from gateway.domain.pseudonyms import Pseudonyms, conversation_key, own_tags, written_pseudonyms
from gateway.domain.standins import StandIns, runs_on
from gateway.domain.text import _MAKER, RawText, RedactedText

__all__ = ["Redaction", "Secrets", "merge", "redact", "redact_transcript", "spoken"]

_WORD: Final = re.compile(r"[A-Za-z0-9_\\]")
_BY_PERSON: Final = frozenset({Operator.PSEUDONYM, Operator.SURROGATE})
"""Operators to which it matters who somebody is."""
_JOINTS: Final = frozenset("./-:,")


@dataclass(frozen=True, slots=True)
class Mark:
    """`start` to `end` of a redacted text stands in for what began at `source` of the original."""

    start: int
    end: int
    source: int


@dataclass(frozen=True, slots=True)
class Redaction:
    """What may travel, under which profile, what restores it, how much of each type was found."""

    profile: Profile
    conversation: Conversation[RedactedText]
    pseudonyms: Pseudonyms
    stand_ins: StandIns
    """What restores surrogates, dates and sealed values; empty where the profile does not."""
    counts: Counts
    marks: tuple[tuple[Mark, ...], ...] = ()
    """Of each text, in order: where something stands in."""
    says: Callable[[str], bool] = field(default=lambda _: False, repr=False, compare=False)
    """Says whether the model read a value: then it is no invention (`prompted.Prompted`)."""


def redact(
    conversation: Conversation[RawText],
    findings: Sequence[Findings],
    profile: Profile,
    secrets: Secrets,
    caller: str,
) -> Redaction:
    """Treat every finding in every text of `conversation` as `profile` says.

    `findings` holds one tuple for each of `conversation.texts()`, in that order. Raises
    `ExchangeError` with ENTITY_BLOCKED if a finding's type is blocked (or named by no rule), with
    DETECTION_FAILED if the findings do not fit the texts, with LIMIT_EXCEEDED past 1,000 values of
    one type.
    """
    texts = [raw.reveal() for raw in conversation.texts()]
    if len(findings) != len(texts):
        raise _misfit()
    taken = _taken(texts) if profile.restore else frozenset()
    key = conversation_key(secrets.pseudonym, caller, _opening(conversation))
    replies = frozenset(_replies(conversation))
    operators = Operators(profile, secrets, key, taken, texts, findings, replies)
    treatment = _Treatment(profile, operators)
    pieces = [treatment.pieces(text, found) for text, found in zip(texts, findings, strict=True)]
    redacted = [RedactedText("".join(each.text for each in one), _MAKER) for one in pieces]
    return Redaction(
        profile=profile,
        conversation=conversation.rebuild(redacted),
        pseudonyms=treatment.operators.pseudonyms,
        stand_ins=treatment.operators.stand_ins,
        counts=dict(sorted(treatment.counts.items())),
        marks=tuple(tuple(_marks(one)) for one in pieces),
        says=Prompted(redacted).says,
    )


def _marks(pieces: Sequence[_Piece]) -> Iterator[Mark]:
    place = 0
    for piece in pieces:
        if not piece.kept:
            yield Mark(place, place + len(piece.text), piece.start)
        place += len(piece.text)


def spoken(transcript: Transcript[RawText]) -> RawText:
    """Return all that was heard as one text, for detection: a name knows no segments."""
    return RawText(_laid_out(transcript)[0])


def redact_transcript(
    transcript: Transcript[RawText],
    findings: Sequence[Findings],
    profile: Profile,
    secrets: Secrets,
    caller: str,
) -> tuple[Transcript[RedactedText], Counts]:
    """Treat every finding in `spoken(transcript)`, and cut the result as the transcript was cut.

    A finding that begins in one segment or word and ends in another leaves its stand-in in the
    first and nothing in the others; whatever has no letter left goes to the one before it, with its
    time.
    Pseudonyms stay: nobody has said these words to the gateway but the recording. Raises as
    `redact`.
    """
    if len(findings) != 1:
        raise _misfit()
    text, places = _laid_out(transcript)
    taken = _taken([text]) if profile.restore else frozenset()
    key = conversation_key(secrets.pseudonym, caller, [text])
    treatment = _Treatment(profile, Operators(profile, secrets, key, taken, [text], findings))
    pieces = treatment.pieces(text, findings[0])
    starts, ends = [piece.start for piece in pieces], [piece.end for piece in pieces]

    def cut(start: int, end: int, reach: int) -> str:
        # Only the pieces that can have a share: a long recording has many words and many pieces.
        near = pieces[bisect_right(ends, start) : bisect_left(starts, max(end, reach))]
        return "".join(piece.within(start, end, reach) for piece in near)

    segments: list[Segment[RedactedText]] = []
    # What begins in the white space between two segments is the first one's.
    reaches = [*places, len(text)][1:]
    for segment, start, reach in zip(transcript.segments, places, reaches, strict=True):
        words: list[Word[RedactedText]] = []
        place = start
        for index, word in enumerate(segment.words, 1):
            begin, place = place, place + len(word.text)
            left = cut(begin, place, reach if index == len(segment.words) else place)
            if not words or any(map(str.isalnum, left)):
                words.append(Word(word.start, word.end, RedactedText(left, _MAKER)))
            else:
                # What is left is the comma after a name, or nothing.
                before = words[-1].text.for_engine()
                words[-1] = Word(words[-1].start, word.end, RedactedText(before + left, _MAKER))
        left = cut(start, start + len(segment.text), reach)
        if left.strip() or not segments:
            heard = RedactedText(left, _MAKER)
            segments.append(replace(segment, text=heard, words=tuple(words)))  # type: ignore[arg-type]
        else:
            segments[-1] = replace(segments[-1], end=segment.end)
    redacted = Transcript(tuple(segments), transcript.language, transcript.seconds)
    return redacted, dict(sorted(treatment.counts.items()))


def _laid_out(transcript: Transcript[RawText]) -> tuple[str, list[int]]:
    """Return the text of a transcript, and where in it each segment begins.

    Raises `ValueError` if the words of a segment are not its text.
    """
    text = ""
    places = []
    for segment in transcript.segments:
        said = segment.text.reveal()
        if segment.words and "".join(word.text.reveal() for word in segment.words) != said:
            raise ValueError("the words of a segment are not its text")
        if text and not text[-1].isspace() and not said[:1].isspace():
            text += " "
        places.append(len(text))
        text += said
    return text, places


def merge(findings: Findings, profile: Profile) -> Iterator[Finding]:
    """Yield disjoint findings that cover all of `findings`, in order of their offsets.

    A union is of the type whose operator is strictest; among equals the highest score, then the
    longest, then the first by name, so that the answer does not depend on the order given.
    """

    def rank(finding: Finding) -> tuple[float, int, float, int, str]:
        rule = profile.rule(finding.entity)
        return (
            rule.strictness,
            -rule.keep_last,
            finding.score,
            finding.end - finding.start,
            finding.entity,
        )

    group: list[Finding] = []
    end = 0
    for finding in sorted(findings, key=in_order):
        if group and finding.start >= end:
            yield _union(group, max(group, key=rank))
            group = []
        group.append(finding)
        end = max(end, finding.end)
    if group:
        yield _union(group, max(group, key=rank))


def _union(group: list[Finding], winner: Finding) -> Finding:
    if len(group) == 1:
        return winner
    return Finding(
        start=min(finding.start for finding in group),
        end=max(finding.end for finding in group),
        entity=winner.entity,
        score=winner.score,
        recognizer=winner.recognizer,
        # Findings of one value are at one place; of two values none overlap.
        place=winner.place,
        within=(),
    )


@dataclass(frozen=True, slots=True)
class _Piece:
    """What stands for `start` to `end` of a text."""

    start: int
    end: int
    text: str
    kept: bool
    """Whether it is what the text says there; else it stands in for it, and has no parts."""

    def __repr__(self) -> str:
        return f"<_Piece {self.start} to {self.end}>"

    def within(self, start: int, end: int, reach: int) -> str:
        """Return its share of `start` to `end`: a stand-in if its finding begins before `reach`."""
        if not self.kept:
            return self.text if start <= self.start < reach else ""
        return self.text[max(0, start - self.start) : max(0, end - self.start)]


def _kept(text: str, start: int, end: int) -> _Piece:
    return _Piece(start, end, text[start:end], kept=True)


class _Treatment:
    """One exchange's operators at work: the people met and the findings counted so far."""

    def __init__(self, profile: Profile, operators: Operators) -> None:
        self._profile = profile
        self.operators = operators
        self._persons = Persons()
        self.counts: Counter[str] = Counter()

    def apply(self, text: str, findings: Findings) -> str:
        return "".join(piece.text for piece in self.pieces(text, findings))

    def pieces(self, text: str, findings: Findings) -> list[_Piece]:
        """Return what becomes of `text`, in order: what is kept of it, and what stands in."""
        if any(finding.end > len(text) for finding in findings):
            raise _misfit()
        if not self._profile.restore:
            # Where nothing is restored, earlier replies come back with our tags in them. Elsewhere
            # a word of that shape is the caller's own, and is treated like any other.
            findings = _outside(own_tags(text), findings)
        pieces: list[_Piece] = []
        position = 0
        left = ""  # The two characters before what comes next.
        disjoint = list(merge(findings, self._profile))
        people = self._people(text, disjoint)
        for finding in disjoint:
            pieces.append(kept := _kept(text, position, finding.start))
            left = (left + kept.text[-2:])[-2:]
            surface = text[finding.start : finding.end]
            right = text[finding.end : finding.end + 2]
            stand_in = self._at_its_place(finding, surface, people.get(finding), left, right)
            pieces.append(_Piece(finding.start, finding.end, stand_in, kept=False))
            left = (left + stand_in[-2:])[-2:]
            position = finding.end
        pieces.append(_kept(text, position, len(text)))
        return pieces

    def _people(self, text: str, findings: Sequence[Finding]) -> dict[Finding, Person]:
        """Return who each person found in `text` is: one person has one stand-in everywhere."""
        if self._profile.rule(PERSON).operator not in _BY_PERSON:
            return {}
        found = [each for each in findings if each.entity == PERSON]
        met = self._persons.meet([_mention(text, each) for each in found])
        return dict(zip(found, met, strict=True))

    def _at_its_place(
        self, finding: Finding, surface: str, person: Person | None, left: str, right: str
    ) -> str:
        """Return what stands in for `surface`, written as its place asks.

        `left` and `right` are two characters beside it.
        """
        if finding.within:
            return write(self.apply(read(surface, finding.place), finding.within), finding.place)
        self.counts[finding.entity] += 1
        if finding.place:
            # The letter of an escape, as in "\\nMargaret", is none that a name runs into.
            left = "" if left[-2:-1] == "\\" else left
            right = "" if right[:1] == "\\" else right
        touches = _touches(left[-1:], right[:1])
        value = read(surface, finding.place)
        made = self.operators.stand_in(
            finding.entity,
            value,
            person,
            touches=touches or runs_on(left[-1:]) or runs_on(right[:1]) or _joined(left, right),
        )
        if made.text == value:
            return surface
        # In brackets, or a pseudonym that runs into its neighbours could not come back; in its own
        # inside of the caller's, which would be taken for them.
        apart = touches or (self._profile.restore and left[-1:] == "[" and right[:1] == "]")
        text = f"[{made.text}]" if made.is_pseudonym and apart else made.text
        placed = write(text, finding.place)
        if placed != text:
            self.operators.also(made, placed, value)
        return placed


def _mention(text: str, finding: Finding) -> Mention:
    """Return a person as named at a finding: the value, not how its place writes it."""
    said = mention(text, finding.start, finding.end)
    return replace(said, surface=read(said.surface, finding.place)) if finding.place else said


def _joined(before: str, after: str) -> bool:
    """Say whether a number goes on beside it, behind one mark: 08-09/08/07."""
    return (before[1:] in _JOINTS and before[:1].isdigit()) or (
        after[:1] in _JOINTS and after[1:].isdigit()
    )


def _taken(texts: Sequence[str]) -> frozenset[str]:
    """Return the pseudonyms that the caller's own words could be read as: never issued."""
    return written_pseudonyms(texts) | written.taken(texts)


def _touches(before: str, after: str) -> bool:
    return _WORD.match(before) is not None or _WORD.match(after) is not None


def _outside(tags: list[tuple[int, int]], findings: Findings) -> Findings:
    starts = [start for start, _ in tags]

    def inside(finding: Finding) -> bool:
        # Tags never overlap: only the last that begins no later can hold it.
        index = bisect_right(starts, finding.start) - 1
        return index >= 0 and finding.end <= tags[index][1]

    return tuple(finding for finding in findings if not inside(finding))


def _replies(conversation: Conversation[RawText]) -> Iterator[int]:
    """Yield the places, among the texts of `conversation`, of what the model said earlier."""
    place = 0
    for message in conversation.messages:
        count = sum(1 for _ in Conversation((message,)).texts())
        if message.role is Role.ASSISTANT:
            yield from range(place, place + count)
        place += count


def _opening(conversation: Conversation[RawText]) -> list[str]:
    """Return the texts up to and including the first that a user said."""
    opening = []
    for message in conversation.messages:
        opening += [text.reveal() for text in message.content]
        if message.role is Role.USER:
            break
    return opening


def _misfit() -> ExchangeError:
    return ExchangeError(
        Code.DETECTION_FAILED,
        "Detection did not answer for every text, so nothing was sent to a model. Try again; "
        "the operator can run `intramural doctor`.",
    )
