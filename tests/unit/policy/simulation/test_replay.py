"""What a simulation says, beside an oracle that decides each record freshly under both releases."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

import pytest

from gateway.domain.entities import EntityType
from gateway.domain.errors import Code
from gateway.domain.exchange import Action, Caller, Model
from gateway.domain.policy import Deny, Keep, Operator, Profile
from gateway.domain.records import Intent, Outcome, Record, Refusal
from gateway.domain.standing import Standing
from gateway.policy.decider import CedarDecider
from gateway.policy.release import Release, build, read
from gateway.policy.shipped import shipped_policies
from gateway.policy.simulation.replay import Findings, Replay
from gateway.policy.simulation.sides import Side
from gateway.policy.simulation.tallies import EXAMPLES, Table
from gateway.policy.simulation.views import as_json, as_rows
from tests.fakes.traffic import changed, standings, traffic

SHIPPED = dict(read(shipped_policies()))


def known(_actor: str, digest: str | None) -> Standing | None:
    return standings().get(digest or "")


def replayed(
    candidate: Release, against: Release, records: Iterable[Record], know: object = known
) -> Findings:
    replay = Replay(Side(candidate), Side(against), know)  # type: ignore[arg-type]
    for index, record in enumerate(records):
        replay.take(index, record)
    return replay.found


def leads_back(profile: Profile, entity: str) -> bool:
    made = ("pseudonym", "surrogate", "date_shift", "encrypt")
    return profile.restore and profile.rule(EntityType(entity)).operator in made


class Oracle:
    """Decides one record at a time, from nothing, and remembers nothing but counts."""

    def __init__(self, candidate: Release, against: Release) -> None:
        self._releases = (against, candidate)
        self.counts: Counter[tuple[object, ...]] = Counter()
        self._intents: dict[str, Intent] = {}

    def take(self, record: Record) -> None:
        if isinstance(record, Outcome):
            intent = self._intents[record.exchange]
            before, after = self._both(intent)
            if isinstance(before, Profile) and isinstance(after, Profile):
                most = after.limits.max_output_tokens
                if most < record.completion_tokens <= before.limits.max_output_tokens:
                    self.counts["limits", after.name, most] += 1
                if record.restored and before.restore and not after.restore:
                    self.counts["unrestored", before.name, after.name] += 1
                if intent.action in {Action.CHAT, Action.COMPLETE} and any(
                    count and leads_back(after, entity) and not leads_back(before, entity)
                    for entity, count in intent.findings.items()
                ):
                    self.counts["restored", before.name, after.name] += 1
            return
        assert isinstance(record, Intent | Refusal)
        before, after = self._both(record)
        if isinstance(record, Intent):
            self._intents[record.exchange] = record
        if isinstance(before, Profile) and not isinstance(after, Profile):
            self.counts["loses", record.actor, record.action, before.name, after] += 1
        elif isinstance(after, Profile) and not isinstance(before, Profile):
            self.counts["gains", record.actor, record.action, before, after.name] += 1
        elif isinstance(before, Profile) and isinstance(after, Profile):
            self._treated(record, before, after)

    def _treated(self, record: Intent | Refusal, before: Profile, after: Profile) -> None:
        blocked = False
        if isinstance(record, Intent):
            for entity, count in record.findings.items():
                two = before.rule(entity), after.rule(entity)  # type: ignore[arg-type]
                if count and two[0] != two[1]:
                    self.counts["operators", entity, *two, after.name] += 1
                    self.counts["findings", entity, *two, after.name] += count
                    blocked = blocked or two[1].operator is Operator.BLOCK
        if blocked:
            code = str(Code.ENTITY_BLOCKED)
            self.counts["loses", record.actor, record.action, before.name, code] += 1
        elif before.name != after.name:
            self.counts["profiles", record.client, before.name, after.name] += 1

    def _both(self, record: Intent | Refusal) -> tuple[Profile | str, Profile | str]:
        who = standings()[record.standing or ""]
        caller = Caller(
            record.actor, record.client, who.roles, who.groups, record.client, who.assurance
        )
        answers: list[Profile | str] = []
        named: str | None = None
        for release in self._releases:
            assert record.purpose is not None
            decision = CedarDecider(release).decide(
                caller, record.action, Model(record.model or "", "", 0, 0), record.purpose
            )
            if isinstance(decision, Deny):
                answers.append(str(decision.code))
                continue
            granted = decision.profile
            if not answers and record.profile not in {None, granted.name}:
                named = record.profile
            stricter = None if named is None else release.profile(named)
            if named is None or named == granted.name:
                answers.append(granted)
            elif stricter is None:
                answers.append(str(Code.UNKNOWN_PROFILE))
            elif stricter.strictness < granted.strictness:
                answers.append(str(Code.PROFILE_NOT_STRICTER))
            else:
                answers.append(stricter.within(granted))
        return answers[0], answers[1]


def told(found: Findings) -> Counter[tuple[object, ...]]:
    """Return what a report says in the oracle's words."""
    counts: Counter[tuple[object, ...]] = Counter()
    for name, table in (("loses", found.loses), ("gains", found.gains)):
        for who, tally in table:
            counts[name, who.actor, who.action, who.before, who.after] += tally.records
    for (client, _, before, after), tally in found.profiles:
        counts["profiles", client, before, after] += tally.records
    for each, tally in found.operators:
        key = (each.entity, each.before, each.after, each.profile_after)
        counts["operators", *key] += tally.records
        counts["findings", *key] += tally.findings
    for limit, tally in found.limits:
        if limit.limit == "max_output_tokens":
            counts["limits", limit.profile, limit.value] += tally.records
    for names, tally in found.unrestored:
        counts["unrestored", *names] += tally.records
    for names, tally in found.restored:
        counts["restored", *names] += tally.records
    return counts


@pytest.mark.parametrize("seed", range(3))
def test_a_simulation_says_what_an_oracle_says_that_decides_each_record_freshly(seed: int) -> None:
    against, candidate = build(SHIPPED), build(changed(SHIPPED))
    records = list(traffic(against, seed, 500))
    oracle = Oracle(candidate, against)
    for record in records:
        oracle.take(record)
    found = replayed(candidate, against, records)
    assert told(found) == +oracle.counts
    assert {kind for kind, *_ in oracle.counts} >= {
        *("loses", "gains", "operators", "limits", "unrestored", "restored"),
    }
    assert found.unknown.others.records == len(found.unknown) == 0


def test_a_release_beside_itself_changes_nothing() -> None:
    release = build(SHIPPED)
    found = replayed(release, release, traffic(release, 5, 200))
    assert found.same == found.decisions > 0
    assert not told(found)
    assert len(found.otherwise) == 0


def test_the_same_log_gives_the_same_report_byte_for_byte() -> None:
    against, candidate = build(SHIPPED), build(changed(SHIPPED))
    reports = []
    for _ in range(2):
        found = replayed(candidate, against, traffic(against, 7, 200))
        rows = [list(row) for row in as_rows(found)]
        reports.append(json.dumps([as_json(found, candidate.digest, against.digest), rows]))
    assert reports[0] == reports[1]


def test_examples_are_the_first_records_of_their_kind_and_few() -> None:
    against, candidate = build(SHIPPED), build(changed(SHIPPED))
    records = list(traffic(against, 1, 400))
    found = replayed(candidate, against, records)
    tally = max((tally for _, tally in found.operators), key=lambda tally: tally.records)
    assert tally.records > EXAMPLES == len(tally.examples)
    assert tally.examples == sorted(tally.examples)
    assert all(isinstance(records[index], Intent) for index in tally.examples)


def test_a_caller_whose_roles_nobody_knows_is_counted_and_not_guessed() -> None:
    release = build(SHIPPED)
    found = replayed(release, release, traffic(release, 2, 100), lambda *_: None)
    assert found.decisions == 0
    assert sum(tally.records for _, tally in found.unknown) > 0


def test_roles_that_do_not_explain_what_was_decided_are_told() -> None:
    release = build(SHIPPED)
    wrong = Standing(frozenset({"nobody"}), frozenset(), next(iter(standings().values())).assurance)
    found = replayed(release, release, traffic(release, 2, 100), lambda *_: wrong)
    assert sum(tally.records for _, tally in found.otherwise) > 0


def test_a_limit_on_requests_in_flight_bites_where_they_overlapped() -> None:
    against = build(SHIPPED)
    files = dict(SHIPPED)
    files["profiles/treatment.yaml"] += b"  max_in_flight: 1\n"
    intents = [
        each
        for each in traffic(against, 3, 400)
        if isinstance(each, Intent) and each.profile == "treatment" and each.actor == "key:0000"
    ][:3]
    found = replayed(build(files), against, intents)
    ((limit, tally),) = found.limits
    assert (limit.limit, limit.value, tally.records, tally.most) == ("max_in_flight", 1, 2, 3)


def test_exchanges_of_which_other_texts_would_be_kept_are_told() -> None:
    against = build(SHIPPED)
    files = dict(SHIPPED)
    files["profiles/treatment.yaml"] += b"keep: all\n"
    candidate = build(files)
    found = replayed(candidate, against, traffic(against, 3, 200))
    ((key, tally),) = found.kept
    assert key == ("treatment", Keep.NOTHING, "treatment", Keep.ALL)
    assert 0 < tally.records <= found.decisions - found.same
    told = as_json(found, candidate.digest, against.digest)
    assert [(each["kept"], each["would_keep"]) for each in told["kept"]] == [("nothing", "all")]
    assert [row[0] for row in as_rows(found)] == ["kept"]


def test_refusals_before_policy_was_asked_are_left_alone() -> None:
    release = build(SHIPPED)
    early = [
        replace(each, release=None)
        for each in traffic(release, 4, 100)
        if isinstance(each, Refusal)
    ]
    found = replayed(release, release, early)
    assert (found.undecided, found.decisions) == (len(early), 0)


def test_a_table_keeps_its_first_rows_and_counts_the_rest_together() -> None:
    table: Table[int] = Table(2)
    for number in (1, 2, 3, 2, 4):
        table[number].add(number)
    assert [(key, tally.records) for key, tally in table] == [(2, 2), (1, 1)]
    assert table.others.records == 2
