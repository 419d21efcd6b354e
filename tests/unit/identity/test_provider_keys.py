"""Keys stay fresh without anybody waiting, and without a token deciding how often one asks."""

from __future__ import annotations

import threading

import pytest

from gateway.identity.jwks import PublicKey
from gateway.identity.providerkeys import (
    KeyPending,
    KeysUnavailable,
    KeyUnknown,
    ProviderKeys,
    Timing,
)
from tests.fakes.provider import TIMING, Provider, Tick, public, rsa


@pytest.fixture
def provider() -> Provider:
    return Provider()


@pytest.fixture
def tick() -> Tick:
    return Tick()


@pytest.fixture
def keys(provider: Provider, tick: Tick) -> ProviderKeys:
    return ProviderKeys(provider.fetch, TIMING, tick)


def find(keys: ProviderKeys, kid: str = "rsa-0") -> PublicKey:
    return keys.find(keys.current(), kid)


def test_before_the_first_good_fetch_there_are_no_keys(
    keys: ProviderKeys, provider: Provider
) -> None:
    with pytest.raises(KeysUnavailable):
        keys.current()
    provider.down = "unreachable"
    keys.refresh()
    with pytest.raises(KeysUnavailable):
        keys.current()
    provider.down = None
    keys.refresh()
    assert find(keys)


def test_the_next_fetch_is_due_after_the_refresh_time(keys: ProviderKeys, tick: Tick) -> None:
    assert keys.due_in() == 0
    keys.refresh()
    assert keys.due_in() == 300
    tick.now += 300
    assert keys.due_in() <= 0


def test_after_a_failure_it_is_tried_again_soon_but_not_at_once(
    keys: ProviderKeys, provider: Provider
) -> None:
    provider.down = "timeout"
    keys.refresh()
    assert keys.due_in() == 10


def test_a_flood_of_unknown_ids_causes_one_fetch_an_interval(
    keys: ProviderKeys, provider: Provider, tick: Tick
) -> None:
    keys.refresh()
    for number in range(60_000):  # A minute at 1,000 a second.
        tick.now += 0.001
        with pytest.raises(KeyPending):
            find(keys, f"unknown {number}")
        if keys.due_in() <= 0:
            keys.refresh()
    assert provider.fetches <= 1 + 6
    assert len(keys._asked) <= 256


def test_an_id_is_unknown_once_a_fetch_that_began_later_lacks_it(
    keys: ProviderKeys, provider: Provider, tick: Tick
) -> None:
    keys.refresh()
    with pytest.raises(KeyPending):
        find(keys, "rsa-1")
    provider.down = "unreachable"
    keys.refresh()
    with pytest.raises(KeyPending):  # A failed fetch tells nothing.
        find(keys, "rsa-1")
    provider.down = None
    tick.now += 1
    keys.refresh()
    with pytest.raises(KeyUnknown):
        find(keys, "rsa-1")
    assert keys.due_in() == 10  # And still the provider is asked again.
    provider.members.append(public(rsa(1)))
    keys.refresh()
    assert find(keys, "rsa-1")


def test_an_id_that_a_running_fetch_may_have_missed_is_pending(tick: Tick) -> None:
    provider = Provider()
    asked: list[type[Exception]] = []

    def fetch() -> object:
        if provider.fetches == 1:
            with pytest.raises(KeyPending):
                find(keys, "new")
        return provider.fetch()

    keys = ProviderKeys(fetch, TIMING, tick)  # type: ignore[arg-type]
    keys.refresh()
    keys.refresh()
    for _ in range(2):
        try:
            find(keys, "new")
        except (KeyPending, KeyUnknown) as error:
            asked.append(type(error))
        keys.refresh()
    assert asked == [KeyPending, KeyUnknown]


def test_in_an_outage_the_last_good_keys_hold_until_they_are_too_old(
    keys: ProviderKeys, provider: Provider, tick: Tick
) -> None:
    keys.refresh()
    provider.down = "unreachable"
    for _ in range(360):
        tick.now += 10
        keys.refresh()
        assert find(keys)
    tick.now += 0.1
    with pytest.raises(KeysUnavailable):
        keys.current()
    provider.down = None
    keys.refresh()
    assert find(keys)


@pytest.mark.parametrize("fault", ["duplicate", "empty"])
def test_a_bad_answer_leaves_the_last_good_keys(
    keys: ProviderKeys, provider: Provider, fault: str
) -> None:
    keys.refresh()
    provider.members = [public(rsa(1)), public(rsa(1))] if fault == "duplicate" else []
    keys.refresh()
    assert find(keys)


def test_a_key_that_is_withdrawn_is_gone_with_the_next_fetch(
    keys: ProviderKeys, provider: Provider
) -> None:
    keys.refresh()
    provider.members = [public(rsa(1))]
    keys.refresh()
    with pytest.raises(KeyPending):
        find(keys, "rsa-0")


def test_a_fault_that_nobody_foresaw_does_not_end_the_thread(
    capsys: pytest.CaptureFixture[str],
) -> None:
    rounds = threading.Semaphore(0)
    good = Provider()

    def fetch() -> object:
        rounds.release()
        if rounds._value < 2:
            raise RuntimeError("a text that must not be logged")
        return good.fetch()

    keys = ProviderKeys(fetch, Timing(0.01, 0.01, 60))  # type: ignore[arg-type]
    keys.start(5)
    try:
        for _ in range(500):
            try:
                assert find(keys)
                break
            except KeysUnavailable:
                threading.Event().wait(0.01)
        else:
            raise AssertionError("no keys")
    finally:
        keys.close()
        keys._thread.join(5)
    assert not keys._thread.is_alive()
    assert "must not be logged" not in "".join(capsys.readouterr())


def test_the_start_waits_for_the_first_attempt_and_no_longer() -> None:
    let = threading.Event()

    def fetch() -> object:
        let.wait(20)
        return Provider().fetch()

    keys = ProviderKeys(fetch, TIMING)  # type: ignore[arg-type]
    keys.start(0.05)
    with pytest.raises(KeysUnavailable):
        keys.current()
    let.set()
    keys.close()
    keys._thread.join(5)
    assert find(keys)
