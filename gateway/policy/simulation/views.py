"""Reports of this package as values that a program can read, and as rows of a table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from gateway.domain.exchange import Purpose
from gateway.policy.explain import spoken
from gateway.policy.simulation.necessary import Line
from gateway.policy.simulation.replay import Findings, Treatment, Who
from gateway.policy.simulation.tallies import Table, Tally

CSV_HEADER: Final = (
    *("section", "actor", "client", "action", "purpose", "model", "entity", "before", "after"),
    *("records", "findings", "most", "examples"),
)
NECESSARY_HEADER: Final = (
    *("client", "purpose", "entity", "exchanges", "of", "share", "findings", "need"),
    *("profile", "operator", "suggestion", "examples"),
)


def as_json(found: Findings, candidate: str, against: str) -> dict[str, Any]:
    """Return the whole report. The same log and releases give the same value."""
    return {
        "candidate": candidate,
        "against": against,
        "records": found.records,
        "decisions": found.decisions,
        "same": found.same,
        "undecided": found.undecided,
        "loses": [_who(who, tally) for who, tally in found.loses],
        "gains": [_who(who, tally) for who, tally in found.gains],
        "profiles": [
            {"client": key[0], "purpose": key[1].value, "before": key[2], "after": key[3]}
            | numbers_as_json(tally)
            for key, tally in found.profiles
        ],
        "operators": [treatment_as_json(key, tally) for key, tally in found.operators],
        "limits": [
            {"limit": key.limit, "profile": key.profile, "value": key.value, "most": tally.most}
            | numbers_as_json(tally)
            for key, tally in found.limits
        ],
        "unrestored": [
            {"before": key[0], "after": key[1], "pseudonyms": tally.findings}
            | numbers_as_json(tally)
            for key, tally in found.unrestored
        ],
        "restored": [
            {"before": key[0], "after": key[1], "findings": tally.findings} | numbers_as_json(tally)
            for key, tally in found.restored
        ],
        "kept": [
            {"before": key[0], "kept": key[1].value, "after": key[2], "would_keep": key[3].value}
            | numbers_as_json(tally)
            for key, tally in found.kept
        ],
        "unknown": [{"actor": key} | numbers_as_json(tally) for key, tally in found.unknown],
        "otherwise": [{"actor": key} | numbers_as_json(tally) for key, tally in found.otherwise],
        "left_out": _left_out(found),
    }


def as_rows(found: Findings) -> Iterator[tuple[str | int, ...]]:
    """Yield the report under `CSV_HEADER`."""
    yield from _access_rows(found)
    for (client, purpose, before, after), tally in found.profiles:
        blank = ("", client, "", _value(purpose), "", "")
        yield ("profiles", *blank, before, after, *numbers(tally))
    for each, tally in found.operators:
        before = f"{spoken(each.before)} ({each.profile_before})"
        after = f"{spoken(each.after)} ({each.profile_after})"
        yield ("operators", *("",) * 5, each.entity, before, after, *numbers(tally))
    for limit, tally in found.limits:
        after = f"{limit.limit} {limit.value} ({limit.profile})"
        yield ("limits", *("",) * 7, after, *numbers(tally))
    for section, replies in (("unrestored", found.unrestored), ("restored", found.restored)):
        for (before, after), tally in replies:
            yield (section, *("",) * 6, before, after, *numbers(tally))
    for (old, kept, new, keeps), tally in found.kept:
        yield ("kept", *("",) * 6, f"{kept} ({old})", f"{keeps} ({new})", *numbers(tally))
    for section, actors in (("unknown", found.unknown), ("otherwise", found.otherwise)):
        for actor, tally in actors:
            yield (section, actor, *("",) * 7, *numbers(tally))


def _access_rows(found: Findings) -> Iterator[tuple[str | int, ...]]:
    for section, table in (("loses", found.loses), ("gains", found.gains)):
        for who, tally in table:
            key = (who.actor, who.client, who.action.value, who.purpose.value, who.model, "")
            yield (section, *key, who.before, who.after, *numbers(tally))


def necessary_as_json(line: Line) -> dict[str, Any]:
    """Return one line of the report on what is necessary."""
    return {
        "client": line.client,
        "purpose": line.purpose.value,
        "entity": line.entity,
        "exchanges": line.exchanges,
        "of": line.of,
        "share": round(line.share, 4),
        "findings": line.findings,
        "need": line.need.value,
        "profile": line.profile,
        "operator": line.operator,
        "suggestion": line.suggestion,
        "examples": list(line.examples),
    }


def necessary_as_row(line: Line) -> tuple[str | int | float, ...]:
    """Return the same under `NECESSARY_HEADER`."""
    values = necessary_as_json(line)
    values["examples"] = _indices(line.examples)
    return tuple(values[name] for name in NECESSARY_HEADER)


def _who(who: Who, tally: Tally) -> dict[str, Any]:
    return {
        "actor": who.actor,
        "client": who.client,
        "action": who.action.value,
        "purpose": who.purpose.value,
        "model": who.model,
        "before": who.before,
        "after": who.after,
    } | numbers_as_json(tally)


def treatment_as_json(each: Treatment, tally: Tally) -> dict[str, Any]:
    """Return one type that would be treated otherwise."""
    return {
        "entity": each.entity,
        "before": spoken(each.before),
        "after": spoken(each.after),
        "profile_before": each.profile_before,
        "profile_after": each.profile_after,
        "findings": tally.findings,
    } | numbers_as_json(tally)


def numbers_as_json(tally: Tally) -> dict[str, Any]:
    """Return how many records, and a few of them."""
    return {"records": tally.records, "examples": list(tally.examples)}


def numbers(tally: Tally) -> tuple[int, int, int, str]:
    """Return the last columns of `CSV_HEADER`."""
    return tally.records, tally.findings, tally.most, _indices(tally.examples)


def _indices(examples: tuple[int, ...] | list[int]) -> str:
    return " ".join(map(str, examples))


def _value(purpose: Purpose) -> str:
    return purpose.value


def _left_out(found: Findings) -> dict[str, int]:
    tables: dict[str, Table[Any]] = {
        name: getattr(found, name)
        for name in (
            *("loses", "gains", "profiles", "operators", "limits", "unrestored"),
            *("restored", "kept", "unknown", "otherwise"),
        )
    }
    return {name: table.others.records for name, table in tables.items() if table.others.records}
