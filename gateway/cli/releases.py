"""Which release a command means: a directory, an archive, or a number or digest of the register."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

import typer

from gateway.cli.common import fail, settings_of

if TYPE_CHECKING:
    from gateway.domain.records import Admin
    from gateway.policy.release import Release
    from gateway.policy.releases.desk import Desk
    from gateway.policy.releases.version import Version
    from gateway.settings import Settings

_DIGEST: Final = re.compile(r"[0-9a-f]{8,64}\Z")


def archive_named(context: typer.Context, word: str) -> bytes:
    """Return the archive of the release that `word` names; else say what is wrong."""
    from gateway.policy.problems import PolicyError
    from gateway.policy.release import build, read
    from gateway.policy.releases.archive import pack, unpack

    try:
        if Path(word).is_dir():
            files = read(Path(word))
            build(files)
            return pack(files)
        if Path(word).is_file():
            archive = Path(word).read_bytes()
            build(unpack(archive))
            return archive
        return _from_register(context, word)
    except PolicyError as error:
        fail(str(error))
    except OSError as error:
        fail(f"{word} cannot be read: {error.strerror}")


def _from_register(context: typer.Context, word: str) -> bytes:
    from gateway.domain.errors import ExchangeError
    from gateway.inforce import open_desk
    from gateway.policy.releases.store import PolicyStoreError

    try:
        desk = open_desk(settings_of(context), _nothing, None)
        try:
            return desk.store.archive(_version(desk, word).number)
        finally:
            desk.store.close()
    except PolicyStoreError as error:
        fail(str(error))
    except ExchangeError as error:
        fail(error.message)


def release_named(context: typer.Context, word: str | None) -> Release:
    """Return the release that `word` names, or the one in force; else say what is wrong."""
    from gateway.domain.errors import ExchangeError
    from gateway.inforce import open_desk
    from gateway.policy.problems import PolicyError
    from gateway.policy.release import build, load
    from gateway.policy.releases.archive import unpack
    from gateway.policy.releases.store import PolicyStoreError

    settings = settings_of(context)
    try:
        if word is not None and Path(word).is_dir():
            return load(Path(word))
        if word is not None and Path(word).is_file():
            return build(unpack(Path(word).read_bytes()))
        if word is None:
            return in_force(settings)
        desk = open_desk(settings, _nothing, None)
        try:
            return desk.release(_version(desk, word))
        finally:
            desk.store.close()
    except (PolicyError, PolicyStoreError) as error:
        fail(str(error))
    except ExchangeError as error:
        fail(error.message)
    except OSError as error:
        fail(f"{word} cannot be read: {error.strerror}")


def in_force(settings: Settings) -> Release:
    """Return the release that a gateway with these settings decides by.

    Never the directory where releases decide: there it holds drafts. Raises `PolicyError`,
    `PolicyStoreError` or `ExchangeError`.
    """
    from gateway.inforce import open_desk, release_in_force
    from gateway.policy.release import load

    if settings.policy.mode == "directory":
        return load(settings.policies)
    desk = open_desk(settings, _nothing, None)
    try:
        return release_in_force(settings, desk)
    finally:
        desk.store.close()


def _version(desk: Desk, word: str) -> Version:
    found = [each for each in desk.store.versions() if _is_meant(word, each.number, each.digest)]
    if not found:
        fail(
            f"{word} is no directory, no archive, and no number or digest of `intramural policy "
            "releases`"
        )
    return found[0]


def _is_meant(word: str, number: int, digest: str) -> bool:
    return word == str(number) or bool(_DIGEST.match(word) and digest.startswith(word))


def _nothing(_: Admin) -> NoReturn:
    raise TypeError("who only reads a release changes nothing")
