"""The alert rules of a data directory: `alerts/NAME.yaml`, one rule to a file, strict YAML.

A new data directory gets the shipped ones; what somebody wrote is never replaced.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from gateway.domain.alerting import ALERT_TERM, Hours, Rule
from gateway.domain.questions import Question, QuestionError, ask
from gateway.files import create_file, make_directory
from gateway.policy import strictyaml as strict
from gateway.policy.problems import problem
from gateway.policy.strictyaml import Node

FOLDER: Final = "alerts"
MAX_RULES: Final = 64
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,31}\Z")
_TIME: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])\Z")
_SPAN: Final = re.compile(r"([1-9][0-9]{0,3})([smhd])\Z")
_UNIT_MS: Final = {"s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_LONGEST: Final = 7 * _UNIT_MS["d"]
_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MAX_COUNT: Final = 100_000

SHIPPED: Final = {
    "break-glass": """\
says: Somebody learned who a pseudonym is, or read a kept text, under a grant.
when: [kind=access, access=reidentify, access=read_payload]
""",
    "bulk-use": """\
says: One caller began more than 1000 exchanges within an hour.
when: [kind=intent]
count: 1000
within: 1h
quiet: 1h
""",
    "bulk-patients": """\
says: One caller touched 200 patients within an hour, as far as limits count patients.
when: [kind=intent]
count: 200
of: patients
within: 1h
quiet: 1h
""",
    "bulk-search": """\
says: One auditor asked for 50 patients within an hour.
when: [kind=access, target=patient]
count: 50
within: 1h
quiet: 1h
""",
    "denied-burst": """\
says: One caller was refused 20 times within ten minutes.
when: [kind=refusal]
count: 20
within: 10m
quiet: 1h
""",
    "duty-refused": """\
says: Somebody asked for what their roles do not give.
when: [act=duty_refused]
quiet: 10m
""",
    "key-recovered": """\
says: A login of the host made itself an operator's key, past everybody with that duty.
when: [act=key_recovered]
""",
    "log-keys": """\
says: A signing key of the log was added or ended.
when: [act=log_key_added, act=log_key_ended]
""",
    "unusual-hour": """\
says: Somebody read the audit at an unusual hour.
when: [kind=access]
outside:
  from: "06:00"
  to: "20:00"
  days: [mon, tue, wed, thu, fri]
quiet: 12h
""",
}
"""What a new data directory begins with, by file name."""


def install(data: Path) -> None:
    """Write the shipped rules where there is no folder of rules. Raises `OSError`."""
    folder = data / FOLDER
    if folder.exists():
        return
    make_directory(folder)
    for name, text in SHIPPED.items():
        create_file(folder / f"{name}.yaml", text.encode(), 0o600)


def load(data: Path) -> tuple[tuple[Rule, ...], str]:
    """Return the rules, in the order of their names, and a digest of their files.

    Raises `PolicyError`, which names file and line, or `OSError`. No folder is no rule.
    """
    folder = data / FOLDER
    rules: list[Rule] = []
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.yaml")) if folder.is_dir() else ():
        if path.name.startswith("."):
            continue
        content = path.read_bytes()
        digest.update(b"%s\0%d\0%s" % (path.name.encode(), len(content), content))
        rules.append(read_rule(path.stem, content))
    if len(rules) > MAX_RULES:
        raise problem(FOLDER, None, f"more than {MAX_RULES} rules")
    return tuple(rules), digest.hexdigest()


def read_rule(name: str, content: bytes) -> Rule:
    """Return the rule in a file; raises `PolicyError`."""
    file = f"{FOLDER}/{name}.yaml"
    if not _NAME.match(name):
        raise problem(file, None, "the name of a rule is of a-z, 0-9 and hyphens, at most 32")
    root = strict.parse(file, content)
    fields = root.fields(("says", "when"), ("count", "of", "within", "outside", "quiet"))
    count = strict.integer(fields["count"], 1, _MAX_COUNT) if "count" in fields else 1
    within = _span(fields.get("within"))
    if count > 1 and not within:
        raise root.wrong("missing key `within`: a count needs a time, such as 1h")
    if within and count == 1:
        raise root.wrong("missing key `count`: a time needs a number, 2 or more")
    return Rule(
        id=name,
        says=strict.text(fields["says"]),
        when=_when(fields["when"]),
        count=count,
        of_patients=_of_patients(fields.get("of")),
        within=within,
        outside=_hours(fields["outside"]) if "outside" in fields else None,
        quiet=_span(fields.get("quiet")),
    )


def _when(node: Node) -> Question:
    items = strict.sequence(node).items
    words = [strict.text(item) for item in items]
    try:
        question = ask(words, 0)
    except QuestionError as error:
        at = items[error.place - 1] if error.place else node
        raise at.wrong(str(error).partition(": ")[2] or str(error)) from None
    for item, word in zip(items, words, strict=True):
        if word.partition("=")[0] in {"since", "until", "exchange", "review"}:
            raise item.wrong("a rule sees records as they arrive: no time, exchange or review")
        if word == ALERT_TERM:
            raise item.wrong("an alert about alerts would never end")
    return question


def _of_patients(node: Node | None) -> bool:
    if node is None:
        return False
    if (word := strict.text(node)) not in {"records", "patients"}:
        raise node.wrong(
            f"write `records` or `patients`{strict.meant(word, ['records', 'patients'])}"
        )
    return word == "patients"


def _span(node: Node | None) -> int:
    if node is None:
        return 0
    matched = _SPAN.match(strict.text(node))
    span = int(matched[1]) * _UNIT_MS[matched[2]] if matched else 0
    if not 0 < span <= _LONGEST:
        raise node.wrong("a time such as 10m, 1h or 2d is wanted here, 7d at most")
    return span


def _hours(node: Node) -> Hours:
    fields = strict.mapping(node).fields(("from", "to"), ("days",))
    days: Sequence[int] = range(7)
    if "days" in fields:
        named = strict.sequence(fields["days"]).items
        for item in named:
            if strict.text(item) not in _DAYS:
                raise item.wrong(f"a day is one of {', '.join(_DAYS)}")
        days = [_DAYS.index(strict.text(item)) for item in named]
    start, end = _minute(fields["from"]), _minute(fields["to"])
    if start == end:
        raise node.wrong("from and to are the same: that is no time at all")
    return Hours(start, end, frozenset(days))


def _minute(node: Node) -> int:
    matched = _TIME.match(strict.text(node))
    if matched is None:
        raise node.wrong('a time of day is wanted here, such as "06:00", in quotes')
    return 60 * int(matched[1]) + int(matched[2])
