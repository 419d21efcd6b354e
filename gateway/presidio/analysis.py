"""`/analyze`: where identifiers are, as far as the caller asks. Nothing here touches an engine.

A threshold, a list of types or an allow-list narrows what this caller is told, and nothing else:
the record counts what detection found, and no later request is treated otherwise.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Final

from gateway.domain import entities
from gateway.domain.entities import EntityType
from gateway.domain.errors import Code, ExchangeError
from gateway.domain.findings import Finding, Findings
from gateway.domain.policy import Profile
from gateway.domain.ports import Detector
from gateway.domain.redaction import Secrets, merge
from gateway.domain.text import RawText
from gateway.presidio.adhoc import AdHoc, Context
from gateway.presidio.expressions import Expression
from gateway.treatment import Treated, Work, counted, found_in

LANGUAGES: Final = ("de", "en", "es", "fr", "zh")
"""Languages that a request may name. Detection is the same for all of them."""
ALIASES: Final[Mapping[str, EntityType]] = {
    "US_PASSPORT": entities.PASSPORT,
    "UK_PASSPORT": entities.PASSPORT,
    "ES_PASSPORT": entities.PASSPORT,
    "US_DRIVER_LICENSE": entities.LICENSE_NUMBER,
    "UK_DRIVING_LICENCE": entities.LICENSE_NUMBER,
    "MEDICAL_LICENSE": entities.LICENSE_NUMBER,
    "US_NPI": entities.LICENSE_NUMBER,
    "US_MBI": entities.HEALTH_PLAN_NUMBER,
    "US_BANK_NUMBER": entities.ACCOUNT_NUMBER,
    "UK_VEHICLE_REGISTRATION": entities.VEHICLE_ID,
    "US_ITIN": entities.NATIONAL_ID,
    "UK_NHS": entities.NATIONAL_ID,
    "UK_NINO": entities.NATIONAL_ID,
    "UK_POSTCODE": entities.POSTCODE,
    "ES_NIF": entities.NATIONAL_ID,
    "ES_NIE": entities.NATIONAL_ID,
    "DE_TAX_ID": entities.NATIONAL_ID,
    "DE_HEALTH_INSURANCE": entities.HEALTH_PLAN_NUMBER,
    "ZIP_CODE": entities.POSTCODE,
}
"""Types of Presidio's that are found here under a wider name. Who asks for one by name is told it
under that name, so that a client's own rule for the type applies."""


MAX_BROUGHT: Final = 10_000
"""Matches of a request's own recognizers, whatever their score: an expression that matches
everywhere finds no more."""

MAX_STEPS: Final = 500_000_000
"""Of a request's own expressions: their programs' lengths times the texts'. At worst ten seconds of
a thread, which RE2 spends without the interpreter's lock."""


def names_for(asked: frozenset[str]) -> Mapping[EntityType, EntityType]:
    """Return, for each type that can be found, the name that it is asked for by."""
    wider = {ALIASES[name]: EntityType(name) for name in sorted(asked & ALIASES.keys())}
    return wider | {EntityType(name): EntityType(name) for name in asked}


@dataclass(frozen=True, slots=True, repr=False)
class Narrowing:
    """What the caller wants to be told. Every default tells all."""

    told_as: Mapping[EntityType, EntityType] | None = None
    """The types that are asked for, each with the name that it is told under; None asks for all."""
    threshold: float = 0.0
    allowed: frozenset[str] = frozenset()
    allowed_expression: Expression | None = None

    def keep(self, text: str, findings: Iterable[Finding]) -> Iterator[Finding]:
        """Yield the findings that are asked for, under the names that they are asked for."""
        for each in findings:
            if each.score < self.threshold or self._is_allowed(text[each.start : each.end]):
                continue
            if self.told_as is None:
                yield each
            elif (name := self.told_as.get(each.entity)) is not None:
                yield replace(each, entity=name)

    def _is_allowed(self, words: str) -> bool:
        if words in self.allowed:
            return True
        return self.allowed_expression is not None and self.allowed_expression.matches_in(words)


@dataclass(frozen=True, slots=True)
class Analyzed(Treated):
    """The findings of each text: disjoint, in the order of their offsets."""

    findings: tuple[Findings, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Analysis(Work):
    """Texts to be looked at."""

    documents: tuple[RawText, ...] = field(repr=False)
    narrowing: Narrowing
    ad_hoc: tuple[AdHoc, ...] = ()
    around: tuple[str, ...] = field(default=(), repr=False)
    """Words that stand near the texts, e.g. the name of a column (Presidio's `context`)."""

    def texts(self) -> Iterable[RawText]:
        """Return the texts."""
        return self.documents

    async def carry_out(
        self,
        detector: Detector,
        profile: Profile,
        secrets: Secrets,  # noqa: ARG002 - nothing is made of the findings
        caller: str,  # noqa: ARG002
    ) -> Analyzed:
        """Detect, run the client's own recognizers, and keep what is asked for."""
        if sum(map(len, self.documents)) * self._cost() > MAX_STEPS:
            raise _too_much("would take too long on a text of this length")
        found = await found_in(detector, self.documents)
        return await asyncio.to_thread(self._report, found, profile)

    def _cost(self) -> int:
        """Return the steps for each character at worst.

        Each pattern may match the whole text, and what it matches is compared with the allow-list.
        """
        patterns = [pattern.expression.cost for each in self.ad_hoc for pattern in each.patterns]
        allowed = self.narrowing.allowed_expression
        return sum(patterns) + (0 if allowed is None else allowed.cost * (1 + len(patterns)))

    def _report(self, found: Sequence[Findings], profile: Profile) -> Analyzed:
        reported = []
        brought = 0
        contexts = {id(each): Context(each, self.around) for each in self.ad_hoc}
        for document, findings in zip(self.documents, found, strict=True):
            text = document.reveal()
            matching = (each for ad_hoc in self.ad_hoc for each in ad_hoc.matches(text))
            matches = list(islice(matching, MAX_BROUGHT + 1 - brought))
            brought += len(matches)
            if brought > MAX_BROUGHT:
                raise _too_much(f"find more than {MAX_BROUGHT} times")
            weighed = (contexts[id(each.by)].finding(each, text) for each in matches)
            own = [each for each in weighed if each is not None]
            reported.append(
                tuple(merge(tuple(self.narrowing.keep(text, (*findings, *own))), profile))
            )
        whole = (each for findings in found for each in merge(findings, profile))
        return Analyzed(counts=counted(whole), findings=tuple(reported))


def _too_much(what: str) -> ExchangeError:
    return ExchangeError(
        Code.LIMIT_EXCEEDED,
        f"The ad_hoc_recognizers {what}. Bring fewer and narrower ones, or send less text.",
        param="ad_hoc_recognizers",
    )
