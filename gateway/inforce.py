"""Which policy is in force in an installation, and how a running gateway follows a change.

The settings say where it comes from: from a directory, which is read at the start, or from the
register of releases, which is looked at several times a second. A release that cannot be put in
force leaves the one before it, and is recorded, logged, and seen in `/health/ready` and by doctor.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from gateway import logs
from gateway.clock import SystemClock
from gateway.detection.chosen import Chosen
from gateway.detection.made_of import digest
from gateway.domain.errors import Code, ExchangeError, LedgerUnavailable
from gateway.domain.records import Admin, AdminAct
from gateway.evaluation.demands import Demands, missed
from gateway.policy.active import ActiveDecider
from gateway.policy.aliases import astray
from gateway.policy.check import check_release
from gateway.policy.problems import PolicyError, Problem, problem
from gateway.policy.release import EVALUATION, Release
from gateway.policy.release import load as load_directory
from gateway.policy.releases.desk import Desk
from gateway.policy.releases.store import DATABASE, PolicyStore, PolicyStoreError, RegisterReplaced
from gateway.settings import Settings

_INTERVAL: Final = 0.25
"""Seconds between two looks at the register: a change is followed within one."""

_LONGEST: Final = 2000
_REPLACED: Final = "register_replaced"
Append = Callable[[Admin], object]
"""Makes an administrative record durable, or raises."""


def open_desk(settings: Settings, append: Append, served: Collection[str] | None) -> Desk:
    """Return the desk over this installation's register, which is made if it is missing.

    `served` are the models that can be asked for, where that is known. Raises `PolicyStoreError`.
    """
    clock = SystemClock()

    def record(actor: str, act: AdminAct, target: str, until: int | None = None) -> None:
        append(Admin(clock.new_id(), clock.now_ms(), actor, act, target, until=until))

    store = PolicyStore(settings.state / DATABASE)
    return Desk(
        store,
        record,
        clock.now_ms,
        lambda release: (*examine(release, served), *unmet(settings, release)),
    )


def examine(release: Release, served: Collection[str] | None) -> Sequence[Problem]:
    """Return what speaks against deciding by `release` here: its vectors, its aliases."""
    lost = () if served is None else astray(release.aliases, served)
    return (*check_release(release).problems, *lost)


class Measured(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How good detection was on the site's own notes, when somebody last looked."""

    detection: str
    """Digest of what detection was made of then."""
    time: int
    notes: int
    reached: dict[str, float | None]


def measured_file(settings: Settings) -> Path:
    """Return where `intramural policy evaluate` leaves what it measured."""
    return settings.state / "evaluation.json"


def unmet(settings: Settings, release: Release) -> Sequence[Problem]:
    """Return which of the release's demands on detection are not met by what was measured."""
    if not release.demands:
        return ()
    again = "`intramural policy evaluate NOTES` measures detection on the site's own notes"
    try:
        found = msgspec.json.decode(measured_file(settings).read_bytes(), type=Measured)
    except (OSError, msgspec.DecodeError):
        return [Problem(EVALUATION, None, f"nothing was measured here yet: {again}")]
    if found.detection != digest(Chosen.by(settings.detection)):
        return [Problem(EVALUATION, None, f"it was measured with another detection: {again}")]
    return [
        Problem(EVALUATION, None, str(short))
        for short in missed(found.reached, Demands(**release.demands))
    ]


def release_in_force(settings: Settings, desk: Desk) -> Release:
    """Return what a gateway decides by at its start. Raises `PolicyError` or `ExchangeError`."""
    if settings.policy.mode == "directory":
        release = load_directory(settings.policies)
    elif (found := desk.in_force()) is not None:
        _, release = found
    else:
        raise problem(
            "policy",
            None,
            "no release is in force: draft, submit, approve and activate one (docs/releases.md), "
            'or set policy.mode to "directory"',
        )
    # Where the aliases lead is asked when it is known which models are served.
    if problems := check_release(release).problems:
        raise PolicyError(problems)
    return release


@dataclass(frozen=True, slots=True)
class Standing:
    """How it stands with the releases of an installation, for who looks after it."""

    found: str
    advice: str = ""
    broken: bool = False
    """Whether a gateway would not start."""


def standing_of(settings: Settings, served: Collection[str] | None) -> Standing:
    """Return what is in force by the register, and what is wrong with it."""

    def refuse(_: Admin) -> None:
        raise LedgerUnavailable  # A look records nothing, and changes nothing.

    try:
        desk = open_desk(settings, refuse, served)
    except PolicyStoreError as error:
        return Standing(str(error), "restore it from a backup", broken=True)
    try:
        release = release_in_force(settings, desk)
        active = desk.store.active()
        others = [
            f"{node} decides by {digest[:12]}…" + (f", for {problem[:200]}" if problem else "")
            for node, (digest, _, problem) in sorted(desk.store.serving().items())
            if digest != release.digest
        ]
        number = 0 if active is None else active.number
        found = f"release {number} ({release.digest[:12]}…) by releases"
        if active is not None and active.alone:
            return Standing(
                f"{found}, on one person's word",
                f"have it approved (`intramural policy approve {number}`), or roll back",
            )
        if problems := desk.examine(release):
            return Standing(f"{found}: {problems[0]}", "`intramural policy rollback`", broken=True)
        if others:
            return Standing(
                f"{found}, but {'; '.join(others)}", "read that gateway's log, or roll back"
            )
        return Standing(f"{found}, signed by two")
    except (ExchangeError, PolicyError) as error:
        return Standing(str(error), "`intramural policy rollback`", broken=True)
    finally:
        desk.store.close()


class Following:
    """Keeps a running gateway at the release that the register says is in force."""

    def __init__(self, settings: Settings, append: Append) -> None:
        """Load the release in force. Raises `PolicyStoreError`, `PolicyError`, `ExchangeError`."""
        self._settings = settings
        self._served: list[str] = []
        self.desk = open_desk(settings, append, self._served)
        try:
            self._release = release_in_force(settings, self.desk)
        except BaseException:
            self.close()
            raise
        self.decider = ActiveDecider(self._release)
        self._refused: str | None = None
        self._told: str | None = None
        self._anew = False

    def serving(self, models: Iterable[str]) -> None:
        """Learn which models can be asked for. Raises `PolicyError` if an alias leads past them."""
        self._served[:] = models
        if lost := tuple(astray(self._release.aliases, self._served)):
            raise PolicyError(lost)

    def close(self) -> None:
        """Close the register."""
        self.desk.store.close()

    @property
    def as_ordered(self) -> bool:
        """Say whether the gateway decides by what it was told to."""
        return self._refused is None and self._told is None

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Follow the register while the context lasts; SIGHUP makes it look anew at once."""
        hurry = asyncio.Event()
        loop = asyncio.get_running_loop()
        # On a terminal SIGHUP says that the terminal is gone, and ends this as every program. In a
        # thread other than the main one, where tests serve, there are no signals.
        if not sys.stdin.isatty():
            with contextlib.suppress(ValueError, RuntimeError):
                loop.add_signal_handler(signal.SIGHUP, self._look_anew, hurry)
        await asyncio.to_thread(self._serves)
        task = asyncio.create_task(self._follow(hurry), name="policy")
        try:
            yield
        finally:
            with contextlib.suppress(ValueError, RuntimeError):
                loop.remove_signal_handler(signal.SIGHUP)
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def _look_anew(self, hurry: asyncio.Event) -> None:
        self._anew = True
        hurry.set()

    async def _follow(self, hurry: asyncio.Event) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(hurry.wait(), _INTERVAL)
            hurry.clear()
            try:
                release = await asyncio.to_thread(self.look)
            except RegisterReplaced:
                # It may be an earlier one, or somebody's own: by neither may anything be decided.
                self.decider.suspend(suspended=True)
                if self._told != _REPLACED:
                    self._told = _REPLACED
                    logs.alarm("policy_register_replaced", release=self.decider.release)
                continue
            except (ExchangeError, PolicyStoreError, OSError) as error:
                # The disk or the ledger: the release in force stays, and it is tried again.
                self._tell(type(error).__name__)
                continue
            except Exception as error:  # noqa: BLE001 - else nobody would follow any more, unseen
                if self._told != type(error).__name__:
                    logs.unexpected(error)
                self._tell(type(error).__name__)
                continue
            self._told = None
            self.decider.suspend(suspended=False)
            if release is not None:
                # In the loop of the exchanges: between two of their steps, never within one.
                self.decider.replace(release)
                logs.event("policy_loaded", release=release.digest)
                await asyncio.to_thread(self._serves)

    def look(self) -> Release | None:
        """Return the release to change to, if there is one; what is late or owed is done first."""
        if self._settings.policy.mode == "releases":
            self.desk.store.stands()
        self.desk.settle()
        anew, self._anew = self._anew, False
        if self._settings.policy.mode == "directory":
            return self._changed("directory") if anew else None
        self.desk.due()
        active = self.desk.store.active()
        if active is None or active.digest == self.decider.release:
            if self._refused is not None:
                self._refused = None
                self._serves()
            return None
        if active.digest == self._refused and not anew:
            return None
        release = self._changed(active.digest)
        if release is not None and active.alone:
            logs.policy_emergency(release=active.digest, actor="gateway")
        return release

    def _changed(self, name: str) -> Release | None:
        try:
            release = release_in_force(self._settings, self.desk)
        except (ExchangeError, PolicyError) as error:
            self._refuse(name, error)
            return None
        if problems := self.desk.examine(release):
            self._refuse(name, PolicyError(problems))
            return None
        self._refused = None
        if release.digest == self.decider.release:
            return None
        self.desk.record("gateway", AdminAct.POLICY_LOADED, release.digest)
        return release

    def _refuse(self, digest: str, error: Exception) -> None:
        code = error.code if isinstance(error, ExchangeError) else Code.RELEASE_INVALID
        self.desk.record("gateway", AdminAct.POLICY_REFUSED, f"{digest} {code}")
        logs.alarm("policy_refused", release=digest, code=str(code))
        self._refused = digest
        self._serves(str(error)[:_LONGEST])

    def _serves(self, problem_found: str | None = None) -> None:
        with contextlib.suppress(PolicyStoreError):
            self.desk.store.serve(
                self._settings.node,
                self.decider.release,
                self.desk.now(),
                self._refused,
                problem_found,
            )

    def _tell(self, why: str) -> None:
        if self._told != why:
            self._told = why
            logs.alarm("policy_not_followed", error=why)
