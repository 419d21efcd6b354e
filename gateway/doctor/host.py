"""The machine: its disk, secret keys, SQLite and cores, and who may be connected to."""

from __future__ import annotations

import http.client
import os
import shutil
import stat
from typing import Final

import apsw
import msgspec

from engine import detect_devices
from gateway import secretfiles
from gateway.doctor.diagnosis import Diagnosis, Verdict
from gateway.egress import parse_peers
from gateway.settings import Settings

_GIB: Final = 2**30
_LOW_DISK: Final = 2 * _GIB
_FULL_DISK: Final = _GIB // 4
_OTHERS: Final = 0o077
_MAX_ANSWER: Final = 64 * 1024
"""Bytes of `/health/ready` that are read: something else may answer at the port."""
_FIXED_SQLITE: Final = (3, 51, 3)
"""The first release with the 2026 fix of the WAL-reset bug (sqlite.org/wal.html)."""


class _Readiness(msgspec.Struct):
    """What `/health/ready` says, as far as it is looked at."""

    checks: dict[str, bool]


def data_directory(settings: Settings) -> Diagnosis:
    """Say whether the data directory is there, and closed to others."""
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


def disk(settings: Settings) -> Diagnosis:
    """Say how much space is left, and whether anything can be written to it."""
    # What is not there yet will be made on the disk of what is.
    place = next(each for each in (settings.data, *settings.data.parents) if each.is_dir())
    if os.statvfs(place).f_flag & os.ST_RDONLY:
        return Diagnosis(
            "disk",
            Verdict.FAILED,
            f"the file system of {place} is read-only",
            "the kernel's log says why: after an error of the disk it makes it so; then "
            'docs/operations.md, "Exit status 70"',
        )
    free = shutil.disk_usage(place).free
    found = f"{free / _GIB:.1f} GiB free"
    if free < _FULL_DISK:
        return Diagnosis(
            "disk", Verdict.FAILED, found, "free some space: with a full disk nothing is served"
        )
    if free < _LOW_DISK:
        return Diagnosis("disk", Verdict.WARNING, found, "free some space soon")
    return Diagnosis("disk", Verdict.OK, found)


def secret_keys(settings: Settings) -> Diagnosis:
    """Say whether the files of secret keys can be read by us alone."""
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


def databases(settings: Settings) -> Diagnosis:
    """Say whether each database of the state opens: a damaged one stops the next start."""
    found = sorted(settings.state.glob("*.db")) if settings.state.is_dir() else []
    for path in found:
        try:
            db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
            try:
                db.execute("SELECT count(*) FROM sqlite_schema").fetchall()
            finally:
                db.close()
        except apsw.Error as error:
            return Diagnosis(
                "databases",
                Verdict.FAILED,
                f"{path} does not open ({type(error).__name__})",
                "keep a copy, and restore it from its backup; docs/operations.md says what each "
                "of them holds",
            )
    return Diagnosis("databases", Verdict.OK, f"{len(found)} in {settings.state} open")


def cores(_settings: Settings) -> Diagnosis:
    """Say what the engine may compute with."""
    return Diagnosis("cores", Verdict.OK, f"{detect_devices().cores} for the engine")


def egress(settings: Settings) -> Diagnosis:
    """Say who may be connected to."""
    try:
        peers = parse_peers(settings.peers)
    except ValueError as error:
        return Diagnosis("egress", Verdict.FAILED, f"egress.peers: {error}")
    if not peers:
        return Diagnosis("egress", Verdict.OK, "no outgoing connection is allowed")
    return Diagnosis("egress", Verdict.OK, f"{len(peers)} peers may be connected to")


def sqlite(_settings: Settings) -> Diagnosis:
    """Say whether this SQLite is one that loses nothing."""
    version = apsw.sqlite_lib_version()
    if tuple(map(int, version.split("."))) < _FIXED_SQLITE:
        return Diagnosis(
            "SQLite", Verdict.FAILED, f"{version} has the WAL-reset bug", "install the locked apsw"
        )
    return Diagnosis("SQLite", Verdict.OK, f"{version}, bundled with apsw")


def gateway(settings: Settings) -> Diagnosis:
    """Say whether a gateway runs here and is ready."""
    host = settings.server.host
    address = f"{f'[{host}]' if ':' in host else host}:{settings.server.port}"
    # Whoever listens there is not believed: no redirect is followed, and no proxy asked.
    connection = http.client.HTTPConnection(host, settings.server.port, timeout=3)
    ailing = ""
    try:
        connection.request("GET", "/health/ready")
        answer = connection.getresponse()
        if answer.status == http.client.OK:
            return Diagnosis("gateway", Verdict.OK, f"ready on {address}")
        ailing = _ailing(answer)
    except OSError:
        return Diagnosis(
            "gateway", Verdict.WARNING, f"does not run on {address}", "`intramural serve` starts it"
        )
    except http.client.HTTPException:
        pass
    finally:
        connection.close()
    return Diagnosis(
        "gateway",
        Verdict.FAILED,
        f"answers on {address}, and is not ready{ailing}",
        'read its log; docs/operations.md, "When things go wrong"',
    )


def _ailing(answer: http.client.HTTPResponse) -> str:
    """Return which of its checks do not hold, if it is a gateway that says so."""
    try:
        checks = msgspec.json.decode(answer.read(_MAX_ANSWER), type=_Readiness).checks
    except (OSError, http.client.HTTPException, msgspec.DecodeError):
        return ""
    names = [name for name, good in checks.items() if not good]
    return f": {', '.join(names)}" if names else ""
