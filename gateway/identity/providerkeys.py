"""The provider's keys as they are known now, kept fresh by a thread of their own.

Rules: whoever asks never waits for the network. Whatever tokens ask for, two fetches begin at least
`refetch` seconds apart. The last good set stands in for an absent provider for `max_age` seconds,
and then nobody is believed.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from gateway import logs
from gateway.identity.fetch import FetchError
from gateway.identity.jwks import JwksError, PublicKey

_ASKED: Final = 256
"""How many unknown key ids are remembered."""


class KeysUnavailable(Exception):  # noqa: N818 - reads as a state
    """There is no set of keys that is good now."""


class KeyPending(Exception):  # noqa: N818 - as above
    """No key has this id yet; the provider is being asked. Try again in a moment."""


class KeyUnknown(Exception):  # noqa: N818 - as above
    """The provider was asked since, and has no key with this id."""


@dataclass(frozen=True, slots=True)
class Timing:
    """In seconds. See `settings.Oidc`."""

    refresh: float
    refetch: float
    max_age: float


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One good set. `number` is that of its fetch."""

    number: int
    keys: Mapping[str, PublicKey]
    at: float


class ProviderKeys:
    """Keys by id. `start` begins the thread, `close` ends it."""

    def __init__(
        self,
        fetch: Callable[[], Mapping[str, PublicKey]],
        timing: Timing,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fetch = fetch
        self._timing = timing
        self._monotonic = monotonic
        self._change = threading.Condition()
        self._snapshot: Snapshot | None = None
        self._asked: OrderedDict[str, int] = OrderedDict()
        self._begun = 0
        self._ended = 0
        self._last = 0.0
        self._wanted = False
        self._failed = False
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="oidc-keys", daemon=True)

    def start(self, wait: float) -> None:
        """Begin to fetch; return after the first attempt, good or not, or after `wait` seconds."""
        self._thread.start()
        with self._change:
            self._change.wait_for(lambda: self._ended > 0, wait)

    def close(self) -> None:
        """Begin no more fetches. One that runs is left to its time limit."""
        with self._change:
            self._closed = True
            self._change.notify_all()

    def current(self) -> Snapshot:
        """Return the newest good set. Raises `KeysUnavailable` if there is none, or it is old."""
        snapshot = self._snapshot
        if snapshot is None or self._monotonic() - snapshot.at > self._timing.max_age:
            raise KeysUnavailable
        return snapshot

    def find(self, snapshot: Snapshot, kid: str) -> PublicKey:
        """Return the key `kid`. Raises `KeyPending`, or `KeyUnknown` once that is certain.

        The provider is asked in either case, soon, but not more often than the timing allows.
        """
        if key := snapshot.keys.get(kid):
            return key
        with self._change:
            asked = self._asked.setdefault(kid, self._begun)
            if len(self._asked) > _ASKED:
                self._asked.popitem(last=False)
            self._wanted = True
            self._change.notify_all()
        # A fetch that had begun when it was first asked for may have missed it.
        raise KeyUnknown if snapshot.number > asked else KeyPending

    def due_in(self) -> float:
        """Return in how many seconds the next fetch may begin, and should."""
        if self._begun == 0:
            return 0.0
        soon = self._wanted or self._failed
        pause = self._timing.refetch if soon else self._timing.refresh
        return self._last + pause - self._monotonic()

    def refresh(self) -> None:
        """Fetch once, now. A failure is logged and leaves what there is."""
        with self._change:
            self._begun += 1
            self._wanted = False
            self._last = at = self._monotonic()
            number = self._begun
        failed = True
        try:
            keys = self._fetch()
            failed = False
        except (FetchError, JwksError) as error:
            logs.alarm("oidc_keys_unavailable", error=error.reason)
        except Exception as error:  # noqa: BLE001 - the thread has to live; logged by type and place
            logs.unexpected(error)
        with self._change:
            if not failed:
                self._snapshot = Snapshot(number, keys, at)
            self._failed = failed
            self._ended = number
            self._change.notify_all()
        if not failed:
            logs.event("oidc_keys_fetched", count=len(keys))

    def _run(self) -> None:
        while True:
            with self._change:
                while not self._closed and (pause := self.due_in()) > 0:
                    self._change.wait(pause)
                if self._closed:
                    return
            self.refresh()
