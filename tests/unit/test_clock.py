import uuid

import pytest

from gateway.clock import SystemClock


def test_an_id_is_a_uuid_of_version_7_that_holds_the_time() -> None:
    clock = SystemClock()
    before = clock.now_ms()
    made = uuid.UUID(clock.new_id())
    assert made.version == 7
    assert made.variant == uuid.RFC_4122
    assert before <= made.int >> 80 <= clock.now_ms() + 1


def test_ids_grow_even_if_the_clock_jumps_back(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SystemClock()
    first = clock.new_id()
    monkeypatch.setattr(clock, "now_ms", lambda: 1_000_000)
    later = [clock.new_id() for _ in range(10_000)]
    assert [first, *later] == sorted({first, *later})
