"""What is wrong with a directory of policy: file, line, and what to do about it.

Policy files are an administrator's own words, not a patient's: a problem may quote them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing to put right. `line` counts from 1; `None` means the file as a whole."""

    file: str
    line: int | None
    message: str

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{place}: {self.message}"


class PolicyError(Exception):
    """The directory holds no policy that can be used, and nothing of it was loaded."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


def problem(file: str, line: int | None, message: str) -> PolicyError:
    """Return an error that consists of this one problem."""
    return PolicyError([Problem(file, line, message)])
