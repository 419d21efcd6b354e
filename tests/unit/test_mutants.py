"""A mutant whose line is gone would stop `make mutants`, and keep every later one from running."""

from __future__ import annotations

import pytest

from tools.mutants import MUTANTS, ROOT, Mutant


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.what)
def test_the_line_that_a_mutant_changes_is_there_once_and_its_tests_are_there(
    mutant: Mutant,
) -> None:
    assert (ROOT / mutant.file).read_text().count(mutant.old) == 1
    assert mutant.old != mutant.new
    assert mutant.tests
    for test in mutant.tests:
        assert (ROOT / test).exists()
