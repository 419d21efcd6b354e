"""`/anonymize` and `/deanonymize`: the caller's operators on stretches that the caller names."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from gateway.domain.entities import EntityType
from gateway.domain.errors import Code, ExchangeError
from gateway.domain.findings import Finding
from gateway.domain.policy import Profile
from gateway.domain.ports import Detector
from gateway.domain.redaction import Secrets
from gateway.domain.text import RawText
from gateway.presidio.errors import invalid
from gateway.presidio.operators import Anonymizer, Deanonymizer, Decrypt, Replace, Unseal, name_of
from gateway.treatment import Treated, Work, counted

DEFAULT = "DEFAULT"
"""The name under which a request gives the operator for all other types."""

MAX_COVERED: Final = 4_000_000
"""Characters of all stretches of a request together. Those that overlap are all carried out: ten
thousand over one long text would fill the memory with copies of it."""


@dataclass(frozen=True, slots=True, order=True)
class Stretch:
    """`text[start:end]`, as the caller names it."""

    start: int
    end: int
    entity: str = field(repr=False)
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """What became of a stretch: where it stands in the result, and what stands there."""

    start: int
    end: int
    entity: str = field(repr=False)
    text: str = field(repr=False)
    operator: str
    score: float | None


@dataclass(frozen=True, slots=True)
class Result:
    """One text with its operators applied; the items from the last to the first, as Presidio."""

    text: str = field(repr=False)
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Operated(Treated):
    """The result for each text."""

    results: tuple[Result, ...]


@dataclass(frozen=True, slots=True)
class Operating(Work):
    """Texts, the stretches of each, and an operator for each type."""

    documents: tuple[RawText, ...] = field(repr=False)
    stretches: tuple[tuple[Stretch, ...], ...]
    operators: Mapping[str, Anonymizer | Deanonymizer] = field(repr=False)
    resolve: bool
    """Whether overlapping stretches are resolved first: in findings, not in what was made."""

    def texts(self) -> Iterable[RawText]:
        """Return the texts."""
        return self.documents

    async def carry_out(
        self,
        detector: Detector,  # noqa: ARG002 - the caller says what is where
        profile: Profile,
        secrets: Secrets,
        caller: str,  # noqa: ARG002
    ) -> Operated:
        """Apply the operators.

        Raises `ExchangeError` with INVALID_REQUEST or LIMIT_EXCEEDED, or with POLICY_DENIED where
        what this installation sealed is to be opened, and the profile opens nothing.
        """
        operators = {
            entity: Unseal.under(profile, secrets) if _is_ours(operator) else operator
            for entity, operator in self.operators.items()
        }
        return await asyncio.to_thread(self._operate, operators)

    def _operate(self, operators: Mapping[str, Anonymizer | Deanonymizer | Unseal]) -> Operated:
        covered = sum(
            max(0, min(each.end, len(text)) - each.start)
            for text, some in zip(self.documents, self.stretches, strict=True)
            for each in some
        )
        if covered > MAX_COVERED:
            raise ExchangeError(
                Code.LIMIT_EXCEEDED,
                f"The results cover more than {MAX_COVERED} characters together. Send fewer that "
                "overlap, or fewer texts.",
            )
        results = tuple(
            apply(text.reveal(), stretches, operators, resolve=self.resolve)
            for text, stretches in zip(self.documents, self.stretches, strict=True)
        )
        kinds = (
            Finding(0, 1, EntityType(item.entity)) for result in results for item in result.items
        )
        return Operated(counts=counted(kinds), results=results)


def _is_ours(operator: Anonymizer | Deanonymizer) -> bool:
    return isinstance(operator, Decrypt) and operator.key is None


def apply(
    text: str,
    stretches: Sequence[Stretch],
    operators: Mapping[str, Anonymizer | Deanonymizer | Unseal],
    *,
    resolve: bool,
) -> Result:
    """Return `text` with each stretch treated by the operator of its type, or by the default.

    Raises `ExchangeError` with INVALID_REQUEST for a stretch outside of the text or without an
    operator.
    """
    for stretch in stretches:
        if stretch.start > stretch.end:
            raise invalid("Invalid input, start index must be smaller than end index")
        if stretch.end > len(text):
            raise invalid(
                f"Invalid analyzer result, start: {stretch.start} and end: {stretch.end}, while "
                f"text length is only {len(text)}."
            )
    chosen = list(_resolved(text, stretches)) if resolve else list(stretches)
    made: list[tuple[Stretch, str, str]] = []
    pieces: list[str] = []
    reach = len(text)
    for stretch in sorted(chosen, key=lambda each: (each.start, each.end), reverse=True):
        operator = operators.get(stretch.entity) or operators.get(DEFAULT)
        if operator is None:
            raise invalid("There is no operator for a type of the results, and no DEFAULT.")
        stands_in = operator.on(text[stretch.start : stretch.end], stretch.entity)
        # Where two of different types overlap, each is replaced, and neither leaves a character.
        pieces += (text[min(stretch.end, reach) : reach], stands_in)
        reach = min(reach, stretch.start)
        made.append((stretch, stands_in, name_of(operator)))
    pieces.append(text[:reach])
    whole = "".join(reversed(pieces))
    return Result(whole, tuple(_items(whole, pieces, made)))


def _items(
    whole: str, pieces: Sequence[str], made: Sequence[tuple[Stretch, str, str]]
) -> Iterator[Item]:
    end = len(whole)
    for index, (stretch, stands_in, operator) in enumerate(made):
        end -= len(pieces[2 * index])
        start = end - len(stands_in)
        yield Item(start, end, stretch.entity, stands_in, operator, stretch.score)
        end = start


def _resolved(text: str, stretches: Sequence[Stretch]) -> Iterator[Stretch]:
    """Yield stretches as Presidio resolves them by default (MERGE_SIMILAR_OR_CONTAINED).

    Those of one type that overlap become one; one inside of another goes, of two at the same place
    the lower score; then those of one type with nothing but blanks between become one.
    """
    previous: Stretch | None = None
    for stretch in _uncontained(_united(stretches)):
        if previous is not None:
            between = text[previous.end : stretch.start]
            if previous.entity == stretch.entity and between and not between.strip(" "):
                stretch = replace(stretch, start=previous.start)  # noqa: PLW2901
            else:
                yield previous
        previous = stretch
    if previous is not None:
        yield previous


def _united(stretches: Sequence[Stretch]) -> list[Stretch]:
    by_type: dict[str, list[Stretch]] = defaultdict(list)
    for stretch in sorted(stretches, key=lambda each: (each.start, each.end)):
        kept = by_type[stretch.entity]
        if kept and min(kept[-1].end, stretch.end) > max(kept[-1].start, stretch.start):
            score = max((kept[-1].score or 0, stretch.score or 0))
            kept[-1] = replace(kept[-1], end=max(kept[-1].end, stretch.end), score=score)
        else:
            kept.append(stretch)
    return [each for kept in by_type.values() for each in kept]


def _uncontained(stretches: list[Stretch]) -> Iterator[Stretch]:
    reach = -1
    last: Stretch | None = None
    ordered = sorted(stretches, key=lambda each: (each.start, -each.end, -(each.score or 0)))
    for stretch in ordered:
        same = last is not None and (last.start, last.end) == (stretch.start, stretch.end)
        if not same and stretch.end > reach:
            yield stretch
        reach, last = max(reach, stretch.end), stretch


def anonymizers(named: Mapping[str, Anonymizer]) -> Mapping[str, Anonymizer]:
    """Return the operators of a request with Presidio's default: the type in angle brackets."""
    return {DEFAULT: Replace(), **named}
