"""A register of releases in a fresh directory."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.releases import Office, open_office


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return open_office(tmp_path)
