"""What an operator wants to know before anything breaks. Reads, asks, and changes nothing."""

from __future__ import annotations

import asyncio
import os
import shutil
import stat
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import apsw

from engine import EngineError, ModelStore, detect_devices
from gateway import secretfiles
from gateway.certificates import UNIX
from gateway.clock import SystemClock
from gateway.domain.witnessing import Standing
from gateway.egress import parse_peers
from gateway.endpoints import OpenAIEngines
from gateway.generation.local import known_models, stored_models
from gateway.generation.remote import RemoteEngine, RemoteEngineError
from gateway.identity.fetch import FetchError
from gateway.identity.jwks import JwksError
from gateway.identity.keyring import DATABASE, open_keyring
from gateway.identity.keys import EXPIRES_SOON_MS, State
from gateway.identity.provider import ProviderError, fetcher
from gateway.identity.store import KeyStoreError
from gateway.identity.x509 import Authorities, AuthorityError
from gateway.inforce import standing_of
from gateway.installation import feeds_of
from gateway.ledger.errors import LedgerError
from gateway.ledger.exports.feeding import open_feeds, status_of
from gateway.ledger.publickeys import VKEY_FILE, vkey_beside
from gateway.ledger.query import read_ledger
from gateway.ledger.witness.examining import examine as examine_witnesses
from gateway.policy.check import check
from gateway.policy.release import load as load_release
from gateway.policy.releases.store import DATABASE as RELEASES
from gateway.policy.releases.store import PolicyStoreError
from gateway.policy.shipped import shipped_policies
from gateway.separation import claims_in_conflict, people_in_conflict
from gateway.settings import Settings

_GIB: Final = 2**30
_LOW_DISK: Final = 2 * _GIB
_FULL_DISK: Final = _GIB // 4
_OTHERS: Final = 0o077
_FIXED_SQLITE: Final = (3, 51, 3)
"""The first release with the 2026 fix of the WAL-reset bug (sqlite.org/wal.html)."""


class Verdict(StrEnum):
    """How a check came out."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One check: what was found, and what to do where it is not well."""

    check: str
    verdict: Verdict
    found: str
    advice: str = ""


def examine(settings: Settings) -> Iterator[Diagnosis]:
    """Yield a diagnosis for each part of the installation; a check that raises has failed."""
    checks: dict[str, Callable[[Settings], Diagnosis]] = {
        "data directory": _data,
        "disk": _disk,
        "secret keys": _secrets,
        "policy": _policy,
        "API keys": _api_keys,
        "roles": _roles,
        "identity": _identity,
        "certificates": _certificates,
        "ledger": _ledger,
        "witnesses": _witnesses,
        "models": _models,
        "cores": _cores,
        "exports": _exports,
        "egress": _egress,
        "SQLite": _sqlite,
        "gateway": _gateway,
    }
    for name, check_one in checks.items():
        try:
            yield check_one(settings)
        except Exception as error:  # noqa: BLE001 - a check that breaks is a finding, not a crash
            yield Diagnosis(name, Verdict.FAILED, f"could not be examined ({type(error).__name__})")


def _data(settings: Settings) -> Diagnosis:
    if not settings.data.is_dir():
        return Diagnosis(
            "data directory",
            Verdict.WARNING,
            f"{settings.data} is not there yet",
            "`intramural serve` makes it on first use",
        )
    mode = stat.S_IMODE(settings.data.stat().st_mode)
    if mode & _OTHERS:
        return Diagnosis(
            "data directory",
            Verdict.WARNING,
            f"{settings.data} is open to others ({mode:04o})",
            f"chmod 700 {settings.data}",
        )
    return Diagnosis("data directory", Verdict.OK, str(settings.data))


def _disk(settings: Settings) -> Diagnosis:
    place = settings.data if settings.data.is_dir() else settings.data.parent
    free = shutil.disk_usage(place).free
    found = f"{free / _GIB:.1f} GiB free"
    if free < _FULL_DISK:
        return Diagnosis(
            "disk", Verdict.FAILED, found, "free some space: with a full disk nothing is served"
        )
    if free < _LOW_DISK:
        return Diagnosis("disk", Verdict.WARNING, found, "free some space soon")
    return Diagnosis("disk", Verdict.OK, found)


def _secrets(settings: Settings) -> Diagnosis:
    if not settings.keys.is_dir():
        return Diagnosis(
            "secret keys", Verdict.WARNING, "none yet", "`intramural serve` makes them on first use"
        )
    names = sorted(path for path in settings.keys.iterdir() if path.suffix == ".key")
    try:
        for path in names:
            secretfiles.read(path)
    except secretfiles.SecretFileError as error:
        return Diagnosis("secret keys", Verdict.FAILED, str(error))
    return Diagnosis("secret keys", Verdict.OK, f"{len(names)} files, for uid {os.geteuid()} alone")


def _policy(settings: Settings) -> Diagnosis:
    if settings.policy.mode == "releases":
        return _releases(settings)
    if not settings.policies.is_dir():
        return Diagnosis(
            "policy", Verdict.WARNING, "none yet", "`intramural serve` copies the default one"
        )
    report = check(settings.policies, known_models(settings))
    if report.release is None or not report.ok:
        return Diagnosis(
            "policy",
            Verdict.FAILED,
            f"{len(report.problems)} problems",
            "`intramural policy check` shows them",
        )
    origin = "the shipped one" if report.release.digest == _shipped() else "edited here"
    return Diagnosis(
        "policy",
        Verdict.OK,
        f"release {report.release.digest[:12]}… ({origin}), its vectors hold; by directory, which "
        "one person can change",
    )


def _releases(settings: Settings) -> Diagnosis:
    if not (settings.state / RELEASES).is_file():
        return Diagnosis(
            "policy", Verdict.FAILED, "no release was ever made", "docs/releases.md: the first one"
        )
    standing = standing_of(settings, known_models(settings))
    verdict = Verdict.FAILED if standing.broken else Verdict.WARNING if standing.advice else None
    return Diagnosis("policy", verdict or Verdict.OK, standing.found, standing.advice)


def _roles(settings: Settings) -> Diagnosis:
    try:
        people = list(people_in_conflict(settings, SystemClock().now_ms()))
    except (KeyStoreError, PolicyStoreError, secretfiles.SecretFileError) as error:
        return Diagnosis("roles", Verdict.FAILED, str(error))
    if people:
        return Diagnosis(
            "roles",
            Verdict.FAILED,
            "; ".join(people[:5]),
            "revoke one of the two: nobody watches, or approves, what they do themselves",
        )
    if claims := list(claims_in_conflict(settings)):
        return Diagnosis(
            "roles",
            Verdict.WARNING,
            "; ".join(claims[:3]),
            "see to it at the identity provider that nobody has both",
        )
    return Diagnosis("roles", Verdict.OK, "nobody holds two that have to be apart")


def _shipped() -> str:
    return load_release(shipped_policies()).digest


def _api_keys(settings: Settings) -> Diagnosis:
    if not (settings.state / DATABASE).is_file():
        return Diagnosis(
            "API keys", Verdict.WARNING, "none yet", "`intramural keys create` makes one"
        )
    try:
        keys = open_keyring(settings.state, settings.keys).store.all_keys()
    except (KeyStoreError, secretfiles.SecretFileError) as error:
        return Diagnosis("API keys", Verdict.FAILED, str(error))
    now = SystemClock().now_ms()
    active = [key for key in keys if key.state(now) is State.ACTIVE]
    soon = [key for key in active if key.grant.expires - now < EXPIRES_SOON_MS]
    if soon:
        names = ", ".join(key.grant.name for key in soon[:5])
        return Diagnosis(
            "API keys",
            Verdict.WARNING,
            f"{len(active)} active, {len(soon)} expire within 14 days: {names}",
            "`intramural keys rotate ID --overlap 3d --expires 90d` renews one",
        )
    return Diagnosis("API keys", Verdict.OK, f"{len(active)} active of {len(keys)}")


def _identity(settings: Settings) -> Diagnosis:
    oidc = settings.identity.oidc
    if oidc is None:
        return Diagnosis("identity", Verdict.OK, "API keys alone; no provider is named")
    peer = oidc.endpoint.peer
    try:
        keys = fetcher(oidc, settings.data)()
    except ProviderError as error:
        return Diagnosis("identity", Verdict.FAILED, str(error))
    except (FetchError, JwksError) as error:
        return Diagnosis(
            "identity",
            Verdict.FAILED,
            f"no keys from the provider at {peer} ({error.reason})",
            "docs/operations.md says what the word in brackets means",
        )
    return Diagnosis("identity", Verdict.OK, f"{len(keys)} keys of the provider at {peer}")


def _certificates(settings: Settings) -> Diagnosis:
    said = settings.identity.certificates
    if said is None:
        return Diagnosis("certificates", Verdict.OK, "no proxy passes client certificates on")
    crl = None if said.crl_file is None else settings.data / said.crl_file
    try:
        state = Authorities(settings.data / said.ca_file, crl).state(SystemClock().now_ms())
    except AuthorityError as error:
        return Diagnosis("certificates", Verdict.FAILED, str(error))
    found = f"{len(said.callers)} callers by certificate, from {', '.join(said.proxies)}"
    if state is not None:
        return Diagnosis("certificates", Verdict.FAILED, found, state)
    if UNIX not in said.proxies:
        return Diagnosis(
            "certificates",
            Verdict.WARNING,
            f"{found}: whoever can send from there can be any of them",
            "on the same host, let the proxy use server.socket and name `unix`",
        )
    if UNIX in said.proxies and settings.server.socket is None:
        return Diagnosis(
            "certificates", Verdict.FAILED, found, "`unix` is named: set server.socket too"
        )
    return Diagnosis("certificates", Verdict.OK, found)


def _ledger(settings: Settings) -> Diagnosis:
    vkey_file = settings.ledger / VKEY_FILE
    if not vkey_file.is_file():
        return Diagnosis(
            "ledger",
            Verdict.WARNING,
            f"none yet for node {settings.node}",
            "`intramural serve` begins it",
        )
    try:
        with read_ledger(settings.ledger, vkey_beside(settings.ledger)) as reader:
            size = reader.checkpoint.size
    except LedgerError as error:
        return Diagnosis("ledger", Verdict.FAILED, str(error), "`intramural audit verify`")
    return Diagnosis(
        "ledger",
        Verdict.OK,
        f"{size} records under a good signature; `intramural audit verify` recomputes them",
    )


def _witnesses(settings: Settings) -> Diagnosis:
    peers = settings.witness.peers
    if not peers:
        return Diagnosis("witnesses", Verdict.OK, "none are named: nobody outside watches the log")
    if not (settings.ledger / VKEY_FILE).is_file():
        return Diagnosis("witnesses", Verdict.WARNING, "there is no log to show them yet")
    found = examine_witnesses(settings.witness, settings.ledger, settings.data)
    if found.refuted:
        name, size = next(iter(found.refuted.items()))
        return Diagnosis(
            "witnesses",
            Verdict.FAILED,
            f"{name} has seen another history of this log, of {size} records",
            'docs/witness.md, "When a witness refuses": keep a copy of everything first',
        )
    ago = "never" if found.age is None else f"{found.age:.0f} s ago"
    words = f"{settings.witness.policy.quorum} of {len(peers)} agreed {ago}"
    if found.silent:
        words += "; " + ", ".join(f"{name} ({why})" for name, why in found.silent.items())
    match found.standing:
        case Standing.GOOD if not found.silent:
            return Diagnosis("witnesses", Verdict.OK, words)
        case Standing.GOOD | Standing.LATE:
            verdict = Verdict.WARNING
        case Standing.STOPPED | Standing.REFUTED:
            verdict = Verdict.FAILED
    advice = "docs/witness.md says what the word in brackets means"
    return Diagnosis("witnesses", verdict, words, advice)


def _models(settings: Settings) -> Diagnosis:
    store, elsewhere = ModelStore(settings.models), settings.engine.openai
    needed = stored_models(settings, store)
    names = [name for name, task in needed if task == "generate"]
    if elsewhere is None and not names:
        return Diagnosis(
            "models", Verdict.FAILED, "none", "`intramural model add --default` fetches one"
        )
    if elsewhere is None and (unknown := sorted(set(settings.engine.pinned) - set(names))):
        return Diagnosis(
            "models",
            Verdict.FAILED,
            f"engine.pinned names {unknown[0]}, which is not served",
            "name what is served, or leave it out",
        )
    try:
        models = [store.open(name, task) for name, task in needed]
    except EngineError as error:
        return Diagnosis("models", Verdict.FAILED, str(error))
    found = []
    if elsewhere is not None:
        engines = _engines(settings, elsewhere)
        if engines.verdict is not Verdict.OK:
            return engines
        found.append(engines.found)
    outdated = [model.name for model in models if model.manifest.outdated]
    if outdated:
        return Diagnosis(
            "models",
            Verdict.WARNING,
            f"{', '.join(outdated)}: every byte as imported, by an earlier version",
            f"`intramural model update {outdated[0]}` imports it as this one does",
        )
    if models:
        found.append(f"{', '.join(model.name for model in models)}: every byte as imported")
    return Diagnosis("models", Verdict.OK, "; ".join(found))


def _engines(settings: Settings, elsewhere: OpenAIEngines) -> Diagnosis:
    try:
        found = asyncio.run(RemoteEngine.open(elsewhere, settings.data).examine())
    except (RemoteEngineError, secretfiles.SecretFileError) as error:
        return Diagnosis("models", Verdict.FAILED, str(error))
    ailing = {peer: reason for peer, reason in found.items() if reason is not None}
    if not ailing:
        return Diagnosis("models", Verdict.OK, f"{len(found)} engines elsewhere have them all")
    words = ", ".join(f"{peer} ({reason})" for peer, reason in ailing.items())
    return Diagnosis(
        "models",
        Verdict.FAILED if len(ailing) == len(found) else Verdict.WARNING,
        f"{len(ailing)} of {len(found)} engines cannot be used: {words}",
        "docs/operations.md says what the word in brackets means",
    )


def _cores(_settings: Settings) -> Diagnosis:
    return Diagnosis("cores", Verdict.OK, f"{detect_devices().cores} for the engine")


def _exports(settings: Settings) -> Diagnosis:
    if not (settings.export.peers or settings.alerts.peers):
        return Diagnosis("exports", Verdict.OK, "records are sent nowhere")
    try:
        open_feeds(settings.export, feeds_of(settings))
        found = status_of(settings.export, feeds_of(settings))
    except LedgerError as error:
        return Diagnosis("exports", Verdict.FAILED, str(error))
    words = "; ".join(f"{each.name} to {each.peer}: {each.behind} records behind" for each in found)
    if failing := [each for each in found if each.standing.failing is not None]:
        worst = failing[0]
        return Diagnosis(
            "exports",
            Verdict.FAILED,
            f"{words} ({worst.name}: {worst.standing.reason})",
            "docs/exports.md says what the word in brackets means; nothing is lost meanwhile",
        )
    return Diagnosis("exports", Verdict.OK, words)


def _egress(settings: Settings) -> Diagnosis:
    try:
        peers = parse_peers(settings.peers)
    except ValueError as error:
        return Diagnosis("egress", Verdict.FAILED, f"egress.peers: {error}")
    if not peers:
        return Diagnosis("egress", Verdict.OK, "no outgoing connection is allowed")
    return Diagnosis("egress", Verdict.OK, f"{len(peers)} peers may be connected to")


def _sqlite(_settings: Settings) -> Diagnosis:
    version = apsw.sqlite_lib_version()
    if tuple(map(int, version.split("."))) < _FIXED_SQLITE:
        return Diagnosis(
            "SQLite", Verdict.FAILED, f"{version} has the WAL-reset bug", "install the locked apsw"
        )
    return Diagnosis("SQLite", Verdict.OK, f"{version}, bundled with apsw")


def _gateway(settings: Settings) -> Diagnosis:
    host = settings.server.host
    address = f"{f'[{host}]' if ':' in host else host}:{settings.server.port}"
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"http://{address}/health/ready", timeout=3):
            return Diagnosis("gateway", Verdict.OK, f"ready on {address}")
    except urllib.error.HTTPError:
        return Diagnosis(
            "gateway", Verdict.FAILED, f"answers on {address}, and is not ready", "read its log"
        )
    except OSError:
        return Diagnosis(
            "gateway", Verdict.WARNING, f"does not run on {address}", "`intramural serve` starts it"
        )
