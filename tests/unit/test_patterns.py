"""Patterns mean the same in every Python that we run on.

Before Python 3.11.5 (and 3.11.2 is Debian's) a possessive repetition of a group that itself holds a
choice or a repetition may match what it must not: https://github.com/python/cpython/issues/106052.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator

import engine
import gateway
from gateway.detection.rules import Rule

_GIVE_BACK = {"BRANCH", "MAX_REPEAT", "MIN_REPEAT"}
_POSSESSIVE = {"POSSESSIVE_REPEAT", "ATOMIC_GROUP"}


def _holds(parsed: object, names: set[str]) -> bool:
    return any(name in names for name, _ in _operations(parsed))


def _operations(parsed: object) -> Iterator[tuple[str, object]]:
    """Yield every operation of a pattern that was parsed, with its argument."""
    if isinstance(parsed, re._parser.SubPattern):  # type: ignore[attr-defined]
        for operation, argument in parsed:
            yield str(operation), argument
            yield from _operations(argument)
    elif isinstance(parsed, tuple | list):
        for each in parsed:
            yield from _operations(each)


def _is_safe(pattern: re.Pattern[str]) -> bool:
    parsed = re._parser.parse(pattern.pattern, pattern.flags)  # type: ignore[attr-defined]
    return not any(
        name in _POSSESSIVE and _holds(argument, _GIVE_BACK)
        for name, argument in _operations(parsed)
    )


def _patterns(value: object) -> Iterator[re.Pattern[str]]:
    """Yield a pattern, those of a list of rules, and those of each rule."""
    if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
        yield value
    elif isinstance(value, tuple | list):
        for each in value:
            yield from _patterns(each)
    elif isinstance(value, Rule):
        yield from _patterns((value.pattern, value.needs))


def test_a_choice_that_is_repeated_possessively_is_noticed() -> None:
    assert not _is_safe(re.compile(r'"(?:[^"]|"")*+"|x'.replace('[^"]', "a+")))
    assert not _is_safe(re.compile(r"(?:(?:ab|cd)[0-9]{1,64}+){0,24}+"))
    assert _is_safe(re.compile(r"[0-9]{1,64}+(?:a[0-9]++)*+"))


def test_no_pattern_repeats_a_choice_possessively() -> None:
    seen = 0
    for package in (gateway, engine):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if module.name.endswith("__main__"):
                continue
            for name, value in vars(importlib.import_module(module.name)).items():
                for pattern in _patterns(value):
                    seen += 1
                    assert _is_safe(pattern), f"{module.name}.{name}"
    assert seen > 600
