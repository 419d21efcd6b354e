"""Cells of a table that somebody may open in a spreadsheet."""

from __future__ import annotations

from typing import Final

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")
"""What makes a spreadsheet take a cell for a formula or a command (OWASP, "CSV Injection")."""


def harmless(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula: with an apostrophe before one.

    Applied to every cell. Nothing of ours begins so, and what an administrator named may.
    """
    return f"'{cell}" if cell.lstrip(" ").startswith(_FORMULA) else cell
