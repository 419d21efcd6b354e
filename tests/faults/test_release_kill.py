"""A process that is killed while it puts a release in force leaves exactly one in force."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import apsw
import pytest

from gateway.domain.records import AdminAct
from gateway.policy.releases.store import DATABASE
from gateway.policy.releases.version import State
from tests.fakes.releases import open_office

_ROOT = Path(__file__).parents[2]
_PROGRAM = """
import os, signal, sys
from pathlib import Path

import apsw

from gateway.policy.releases.store import PolicyStore
from tests.fakes.releases import OPERATOR, open_office

folder, step, number = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
office = open_office(folder)
seen = 0


def die_at(*_):
    global seen
    seen += 1
    if seen == step:
        os.kill(os.getpid(), signal.SIGKILL)


# Every record, and every statement that SQLite runs, is a place to die before.
office.before = die_at
office.desk.store._db.trace_v2(apsw.SQLITE_TRACE_STMT, die_at)
office.desk.activate(OPERATOR, number)
print(seen)
"""


def run(folder: Path, step: int, number: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", _PROGRAM, folder, str(step), str(number)],
        capture_output=True,
        text=True,
        check=False,
        cwd=_ROOT,
        env={**os.environ, "PYTHONPATH": str(_ROOT)},
        timeout=60,
    )


def prepared(folder: Path) -> tuple[int, int]:
    office = open_office(folder)
    one, two = office.active(1).number, office.approved(2).number
    office.desk.store.close()
    return one, two


@pytest.mark.parametrize(
    "kills", [5, pytest.param(1000, marks=[pytest.mark.slow, pytest.mark.timeout(900)])]
)
def test_a_kill_at_every_step_leaves_exactly_one_release_in_force(
    tmp_path: Path, kills: int
) -> None:
    whole = tmp_path / "whole"
    _, number = prepared(whole)
    steps = int(run(whole, 0, number).stdout)
    assert steps > 10
    found = set()
    # Spread over all of them, the last one included: it comes after the change is durable.
    for step in {*range(steps, 0, -max(1, steps // kills))}:
        folder = tmp_path / f"step-{step}"
        one, two = prepared(folder)
        killed = run(folder, step, two)
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        office = open_office(folder)
        states = {each.number: each.state for each in office.desk.store.versions()}
        assert list(states.values()).count(State.ACTIVE) == 1, step
        assert states in (
            {one: State.ACTIVE, two: State.APPROVED},
            {one: State.RETIRED, two: State.ACTIVE},
        ), step
        found.add(states[two])
        in_force = office.desk.in_force()
        assert in_force is not None
        # What was done and could not be said is said by whoever comes next, once.
        office.desk.settle()
        assert office.said() in ([], [AdminAct.POLICY_ACTIVATED])
        if states[two] is State.APPROVED:
            assert office.said() == []
            assert office.desk.activate(office_operator(), two).state is State.ACTIVE
        office.desk.store.close()
    assert found == {State.APPROVED, State.ACTIVE}


def office_operator():  # noqa: ANN201 - a fake's value
    from tests.fakes.releases import OPERATOR

    return OPERATOR


def test_the_database_itself_refuses_a_second_release_in_force(tmp_path: Path) -> None:
    one, two = prepared(tmp_path)
    db = apsw.Connection(str(tmp_path / "state" / DATABASE))
    with pytest.raises(apsw.ConstraintError):
        db.execute("UPDATE version SET state = 'active' WHERE number = ?", (two,))
    assert db.execute("SELECT number FROM version WHERE state = 'active'").fetchall() == [(one,)]
    db.close()
