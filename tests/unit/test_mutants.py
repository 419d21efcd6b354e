"""A mutant whose line is gone would stop `make mutants`, and keep every later one from running."""

from __future__ import annotations

import shutil
from pathlib import Path
from queue import SimpleQueue

import pytest

from tools.mutants import MUTANTS, ROOT, Mutant, run


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.what)
def test_the_line_that_a_mutant_changes_is_there_once_and_its_tests_are_there(
    mutant: Mutant,
) -> None:
    source = (ROOT / mutant.file).read_text()
    assert source.count(mutant.old) == 1
    compile(source.replace(mutant.old, mutant.new), mutant.file, "exec")  # Or no test could run.
    assert mutant.old != mutant.new
    assert mutant.tests
    for test in mutant.tests:
        assert (ROOT / test).exists()


@pytest.fixture
def free(tmp_path: Path) -> SimpleQueue[Path]:
    """One tree of one line and one test."""
    (tmp_path / "tests").mkdir()
    shutil.copy(ROOT / "tests" / "conftest.py", tmp_path / "tests")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    (tmp_path / "law.py").write_text("LIMIT = 3\n")
    (tmp_path / "tests" / "test_law.py").write_text(
        "from law import LIMIT\n\n\ndef test_three() -> None:\n    assert 2 < LIMIT < 9\n"
    )
    free: SimpleQueue[Path] = SimpleQueue()
    free.put(tmp_path)
    return free


def changed(new: str) -> Mutant:
    return Mutant(1, "another limit", "law.py", "LIMIT = 3", new, ("tests/test_law.py",))


def test_a_mutant_is_caught_by_a_test_that_fails_and_its_line_is_put_back(
    free: SimpleQueue[Path],
) -> None:
    assert run(changed("LIMIT = 1"), free) == "tests/test_law.py::test_three"
    tree = free.get_nowait()
    assert (tree / "law.py").read_text() == "LIMIT = 3\n"


def test_a_mutant_that_no_test_notices_survives(free: SimpleQueue[Path]) -> None:
    assert run(changed("LIMIT = 4"), free) is None


def test_a_mutant_that_keeps_its_tests_from_running_is_not_caught(free: SimpleQueue[Path]) -> None:
    with pytest.raises(SystemExit, match="did not run"):
        run(changed("LIMIT = ="), free)
