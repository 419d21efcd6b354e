"""What a rereading of texts found, as a value that a program can read, and as rows of a table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from gateway.policy.explain import spoken
from gateway.policy.simulation.tallies import Table
from gateway.policy.simulation.texts import TextFindings
from gateway.policy.simulation.views import numbers, numbers_as_json, treatment_as_json


def texts_as_json(found: TextFindings) -> dict[str, Any]:
    """Return the whole of it: counts and indices in the log, never a text."""
    tables: dict[str, Table[Any]] = {
        name: getattr(found, name) for name in ("differ", "refused", "types", "operators")
    }
    return {
        "opened": found.opened,
        "same": found.same,
        "differ": [
            {"before": key[0], "after": key[1]} | numbers_as_json(tally)
            for key, tally in found.differ
        ],
        "refused": [
            {
                "profile_before": key.profile_before,
                "before": key.before,
                "profile_after": key.profile_after,
                "after": key.after,
            }
            | numbers_as_json(tally)
            for key, tally in found.refused
        ],
        "types": [
            {"entity": key.entity, "today": "more" if key.more else "fewer"}
            | {"findings": tally.findings}
            | numbers_as_json(tally)
            for key, tally in found.types
        ],
        "operators": [treatment_as_json(key, tally) for key, tally in found.operators],
        "untreated": [
            {"entity": each.entity, "profile": each.profile_after, "findings": findings}
            for each, findings in found.untreated
        ],
        "unopened": [{"why": why.value} | numbers_as_json(tally) for why, tally in found.unopened],
        "left_out": {
            name: table.others.records for name, table in tables.items() if table.others.records
        },
    }


def texts_as_rows(found: TextFindings | None) -> Iterator[tuple[str | int, ...]]:
    """Yield it under `views.CSV_HEADER`; nothing, where no texts were asked for."""
    if found is None:
        return
    blank = ("",) * 5
    for (before, after), tally in found.differ:
        yield ("texts_differ", *blank, "", before, after, *numbers(tally))
    for each, tally in found.refused:
        before = f"{each.before} ({each.profile_before})"
        yield (
            *("texts_refused", *blank, "", before, f"{each.after} ({each.profile_after})"),
            *numbers(tally),
        )
    for row, tally in found.operators:
        before = f"{spoken(row.before)} ({row.profile_before})"
        after = f"{spoken(row.after)} ({row.profile_after})"
        yield ("texts_operators", *blank, row.entity, before, after, *numbers(tally))
    for change, tally in found.types:
        today = "more" if change.more else "fewer"
        yield ("texts_types", *blank, change.entity, "", today, *numbers(tally))
    for why, tally in found.unopened:
        yield ("texts_unopened", *blank, "", "", why.value, *numbers(tally))
