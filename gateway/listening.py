"""Sockets to listen on: a Unix socket with an exact mode, or an address that needs no key."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import socket
import ssl
import stat
from pathlib import Path
from typing import Final

Inode = tuple[int, int]
"""Device and number: what tells a file from one that takes its name later."""
_BACKLOG: Final = 1024
_MAX_PATH: Final = 107
"""Bytes of a Unix socket's path: what `sockaddr_un` holds (unix(7))."""


class ListenError(Exception):
    """There is nowhere to listen; the message says what to do."""


def is_loopback(host: str) -> bool:
    """Say whether only this machine can reach `host`. `ListenError` unless it is an address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        raise ListenError("--host is an address, not a name: 127.0.0.1, 10.20.0.5, ::1") from None


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens on an address."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise ListenError(f"cannot listen on {host}:{port}: {error.strerror}") from None


def check_tls(certificate: Path, key: Path) -> None:
    """Raise `ListenError`, with what to do, unless the two files make a server's TLS."""
    for path, what in ((certificate, "CERTIFICATE"), (key, "PRIVATE KEY")):
        try:
            held = path.read_bytes()
        except OSError as error:
            raise ListenError(f"{path} cannot be read: {error.strerror}") from None
        if f"{what}-----".encode() not in held:
            raise ListenError(f"{path} holds no {what.lower()} in PEM")
    try:
        # No passphrase: nobody sits beside a service that starts.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password="")
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise ListenError(f"{key} is not the key of the certificate in {certificate}") from None
        raise ListenError(
            f"{certificate} and {key} make no TLS ({error.reason}): the key must have no "
            "passphrase, and both must be whole"
        ) from None


def listen_unix(path: Path, mode: int) -> socket.socket:
    """Return a socket that listens at `path`, which nobody but `mode` says could ever open.

    A socket that a dead process left behind is removed; one that answers is not, and neither is
    anything else that lies there.
    """
    if len(os.fsencode(path)) > _MAX_PATH:
        raise ListenError(f"the path of a Unix socket has at most {_MAX_PATH} bytes: {path}")
    _remove_dead(path)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    # Made without any permission, and given its own only then: there is no moment in between.
    before = os.umask(0o777)
    try:
        sock.bind(os.fspath(path))
    except OSError as error:
        sock.close()
        raise ListenError(f"cannot listen on {path}: {error.strerror}") from None
    finally:
        os.umask(before)
    path.chmod(mode)
    sock.listen(_BACKLOG)
    return sock


def inode_of(path: Path) -> Inode | None:
    """Return what lies at `path`, or `None`."""
    try:
        found = path.lstat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def remove(path: Path, inode: Inode | None) -> None:
    """Remove the socket at `path`, if it is still the same: another process may serve there now."""
    if inode is not None and inode_of(path) == inode:
        with contextlib.suppress(OSError):
            path.unlink()


def _remove_dead(path: Path) -> None:
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    except OSError as error:
        raise ListenError(f"cannot look at {path}: {error.strerror}") from None
    if not stat.S_ISSOCK(found.st_mode):
        raise ListenError(f"{path} is there and is no socket: name another path")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        try:
            probe.connect(os.fspath(path))
        except ConnectionRefusedError:
            remove(path, (found.st_dev, found.st_ino))
        except OSError as error:
            raise ListenError(f"cannot tell whether {path} is served: {error.strerror}") from None
        else:
            raise ListenError(f"something already serves on {path}")
