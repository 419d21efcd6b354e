"""The shipped policy as files, to be broken by tests."""

from __future__ import annotations

import pytest

from gateway.policy.release import read
from gateway.policy.shipped import shipped_policies


@pytest.fixture
def files() -> dict[str, bytes]:
    return dict(read(shipped_policies()))
