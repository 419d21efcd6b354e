"""Secrets in files: made once, whole or not at all, and readable by their owner alone.

A secret that somebody else could have read is no secret, so a file with wider permissions is
refused rather than repaired. Nothing here puts a secret's bytes into an error.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from pathlib import Path
from typing import Final

from gateway.files import create_file, make_directory

_MAX_SIZE: Final = 64 * 1024
_OTHERS: Final = 0o077
"""Permission bits of the group and of the world."""


class SecretFileError(Exception):
    """A secret cannot be used; the message names the file and what to do, never the secret."""


class SecretMissing(SecretFileError):  # noqa: N818 - reads as a state, as `LedgerUnavailable` does
    """There is no such file."""


class SecretExists(SecretFileError):  # noqa: N818 - as above
    """There is such a file already; a secret is never overwritten."""


def read(path: Path) -> bytes:
    """Return the secret in `path`.

    Raises `SecretMissing` if there is no file, and `SecretFileError` if it is not a regular file of
    ours, if the group or the world may read it or its directory, or if it is empty or implausibly
    large.
    """
    _check_directory(path.parent)
    try:
        # O_NOFOLLOW: a link could point to a file whose directory somebody else controls.
        # O_NONBLOCK: to open a pipe would wait for its writer.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise SecretMissing(f"there is no secret file {path}") from None
    except PermissionError:
        raise SecretFileError(
            f"{path} cannot be opened: it belongs to another user. Give it to the gateway's user "
            f"(`chown -R USER: {path.parent}`)"
        ) from None
    except OSError as error:
        raise SecretFileError(f"{path} cannot be opened: {error.strerror}") from None
    try:
        # The open file is examined, not the path: it cannot be exchanged in between.
        _check_file(path, os.fstat(descriptor))
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            secret = file.read(_MAX_SIZE + 1)
    except OSError as error:
        raise SecretFileError(f"{path} cannot be read: {error.strerror}") from None
    finally:
        os.close(descriptor)
    if not 0 < len(secret) <= _MAX_SIZE:
        raise SecretFileError(f"{path} is empty or too large; restore it from a backup")
    return secret


def create(path: Path, secret: bytes) -> None:
    """Write `secret` to the new file `path` (0600), durably; its directory is made 0700.

    Either the whole secret is there afterwards or nothing is. Raises `SecretExists` if the file is
    there already, and `SecretFileError` if it cannot be written.
    """
    try:
        make_directory(path.parent)
        _check_directory(path.parent)
        create_file(path, secret, 0o600)
    except FileExistsError:
        raise SecretExists(f"{path} is there already, and a secret is never overwritten") from None
    except OSError as error:
        raise SecretFileError(f"{path} cannot be written: {error.strerror}") from None


def read_or_create(path: Path, size: int) -> bytes:
    """Return the secret of `size` bytes in `path`; a missing one is made of fresh random bytes.

    Of several processes that make it at once, one wins and all return its secret. Raises
    `SecretFileError` as `read` and `create` do, or if the secret has another size.
    """
    try:
        secret = read(path)
    except SecretMissing:
        with contextlib.suppress(SecretExists):  # Another process was faster.
            create(path, secrets.token_bytes(size))
        secret = read(path)
    if len(secret) != size:
        raise SecretFileError(f"{path} does not hold {size} bytes; restore it from a backup")
    return secret


def _check_directory(directory: Path) -> None:
    try:
        status = directory.stat()
    except FileNotFoundError:
        return  # Then the file is missing too, and `read` says so.
    except OSError as error:
        raise SecretFileError(f"{directory} cannot be examined: {error.strerror}") from None
    if status.st_uid not in {os.geteuid(), 0}:
        raise SecretFileError(
            f"{directory} belongs to another user, who could exchange its secrets"
        )
    if stat.S_IMODE(status.st_mode) & _OTHERS:
        raise SecretFileError(
            f"{directory} is open to its group or the world, so its secrets may be known: "
            f"run `chmod 700 {directory}` and replace them if they may have been read"
        )


def _check_file(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise SecretFileError(f"{path} is not a regular file")
    if status.st_uid not in {os.geteuid(), 0}:
        raise SecretFileError(f"{path} belongs to another user; give it to the gateway's user")
    if stat.S_IMODE(status.st_mode) & _OTHERS:
        raise SecretFileError(
            f"{path} is open to its group or the world, so its secret may be known to others: "
            f"run `chmod 600 {path}`, or replace it if it may have been read"
        )
