"""The sealed table: what it gives back, when it drops, and that nothing in it can be read."""

from __future__ import annotations

import gc
import pickle

import pytest
from cryptography.exceptions import InvalidTag

from engine.cache import ENTRY_BYTES, SealedCache

QUESTION = b"How is [PERSON]? CANARY-QUESTION"
ANSWER = b"[PERSON] is well. CANARY-ANSWER"


def cache(max_bytes: int = 100_000, ttl: float = 60.0) -> SealedCache:
    return SealedCache(max_bytes=max_bytes, ttl=ttl)


def reachable(root: object) -> list[object]:
    """All that a dump of the object would show: whatever its references lead to, but for code."""
    seen: dict[int, object] = {}
    todo = [root]
    while todo:
        each = todo.pop()
        if id(each) in seen or isinstance(each, type):
            continue
        seen[id(each)] = each
        todo += gc.get_referents(each)
    return list(seen.values())


def test_what_was_put_comes_back_until_it_is_too_old() -> None:
    table = cache(ttl=10)
    name = table.name(QUESTION)
    assert table.get(name, 0) is None
    table.put(name, ANSWER, 0)
    assert table.get(name, 9.9) == ANSWER
    assert table.get(name, 10) is None
    assert (len(table), table.size) == (0, 0)


def test_use_does_not_make_an_entry_younger() -> None:
    table = cache(ttl=10)
    name = table.name(QUESTION)
    table.put(name, ANSWER, 0)
    assert all(table.get(name, now) == ANSWER for now in range(10))
    assert table.get(name, 10) is None


def test_the_least_recently_used_goes_first() -> None:
    table = cache(3 * (ENTRY_BYTES + 100))
    names = [table.name(bytes([each])) for each in range(4)]
    for name in names[:3]:
        table.put(name, ANSWER, 0)
    assert table.get(names[0], 1) == ANSWER
    table.put(names[3], ANSWER, 2)
    assert [table.get(name, 3) is None for name in names] == [False, True, False, False]


def test_what_is_larger_than_all_is_not_kept_and_drives_nothing_out() -> None:
    table = cache(1000)
    small, large = table.name(b"small"), table.name(b"large")
    table.put(small, ANSWER, 0)
    table.put(large, bytes(1000), 0)
    assert table.get(large, 0) is None
    assert table.get(small, 0) == ANSWER


def test_a_second_value_takes_the_place_of_the_first() -> None:
    table = cache()
    name = table.name(QUESTION)
    table.put(name, bytes(100), 0)
    table.put(name, ANSWER, 1)
    assert table.get(name, 2) == ANSWER
    assert (len(table), table.size) == (1, 12 + len(ANSWER) + 16 + ENTRY_BYTES)


def test_the_time_of_the_next_drop_is_known() -> None:
    table = cache(ttl=10)
    assert table.expire(0) is None
    table.put(table.name(b"a"), ANSWER, 0)
    table.put(table.name(b"b"), ANSWER, 4)
    assert table.expire(5) == 10
    assert table.expire(10) == 14
    assert len(table) == 1


def test_nothing_in_the_table_can_be_read() -> None:
    table = cache()
    for each in range(20):
        table.put(table.name(QUESTION + bytes([each])), ANSWER, 0)
    dump = [each for each in reachable(table) if isinstance(each, bytes | bytearray | str)]
    assert sum(len(each) > 40 for each in dump) >= 20
    for each in dump:
        shown = each.encode() if isinstance(each, str) else bytes(each)
        for word in (b"CANARY", b"PERSON", b"well"):
            assert word not in shown
    assert "CANARY" not in repr(table)


def test_the_same_answer_is_sealed_differently_each_time() -> None:
    table = cache()
    names = [table.name(bytes([each])) for each in range(50)]
    for name in names:
        table.put(name, ANSWER, 0)
        table.put(name, ANSWER, 0)
    sealed = list(table._sealed.values())
    assert len({each[:12] for each in sealed}) == len({each[12:] for each in sealed}) == 50


def test_an_entry_in_the_place_of_another_does_not_open() -> None:
    table = cache()
    one, two = table.name(b"one"), table.name(b"two")
    table.put(one, b"the answer to one", 0)
    table.put(two, b"the answer to two", 0)
    table._sealed[two] = table._sealed[one]
    with pytest.raises(InvalidTag):
        table.get(two, 1)


def test_no_two_caches_know_a_question_by_the_same_name() -> None:
    assert cache().name(QUESTION) != cache().name(QUESTION)


def test_a_cache_does_not_leave_the_process() -> None:
    with pytest.raises(TypeError, match="not to be pickled"):
        pickle.dumps(cache())


def test_a_cache_that_was_cleared_holds_nothing() -> None:
    table = cache()
    table.put(table.name(QUESTION), ANSWER, 0)
    table.clear()
    assert (len(table), table.size, table.get(table.name(QUESTION), 0)) == (0, 0, None)
