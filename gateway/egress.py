"""A tripwire for connections that the settings do not name (invariant 7).

It is a tripwire and not a wall: native code connects past it. Walls are the network namespace, the
firewall and the unit file under `deploy/`; this finds a library that phones home on the first day.
"""

from __future__ import annotations

import ipaddress
import os
import sys
from collections.abc import Callable, Iterable
from typing import Any

from gateway import logs


class EgressRefused(PermissionError):  # noqa: N818 - reads as a state
    """Something tried to open a connection that the settings do not name."""


Peer = tuple[str, int] | str
"""An address and a port, or the path of a Unix socket."""


def parse_peers(peers: Iterable[str]) -> frozenset[Peer]:
    """Return `host:port` words as pairs, and `unix:/path` as the path.

    Hosts are addresses: a name could come to mean another. Raises `ValueError` for anything else.
    """
    return frozenset(_parsed(peer) for peer in peers)


def _parsed(peer: str) -> Peer:
    if peer.startswith("unix:/"):
        return peer.removeprefix("unix:")
    host, separator, port = peer.rpartition(":")
    if not separator or not port.isdecimal():
        raise ValueError("a peer is written address:port, or unix:/path")
    return str(ipaddress.ip_address(host.strip("[]"))), int(port)


def install(peers: frozenset[Peer]) -> None:
    """Refuse, from now on and for the life of the process, every other outgoing connection."""
    sys.addaudithook(guard(peers))


def guard(peers: frozenset[Peer]) -> Callable[[str, tuple[Any, ...]], None]:
    """Return the audit hook: it raises `EgressRefused`, and logs that something was stopped."""
    hosts = {peer[0] for peer in peers if isinstance(peer, tuple)}

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        match event:
            case "socket.connect" | "socket.sendto" | "socket.sendmsg":
                address = arguments[1]
                if address is None or _peer(address) in peers:
                    return
            case "socket.getaddrinfo" | "socket.gethostbyname":
                if _is_address(arguments[0]) or arguments[0] in hosts:
                    return
            case _:
                return
        logs.alarm("egress_refused")
        raise EgressRefused("a connection that the settings do not name was refused")

    return hook


def _peer(address: object) -> object:
    """Return what the socket's address would be called among the peers."""
    match address:
        case tuple():
            return address[:2]
        case str() | bytes():
            return os.fsdecode(address)
        case _:
            return None


def _is_address(host: object) -> bool:
    """Say whether looking `host` up asks nobody: an address, or nothing at all."""
    if host is None or host == "":
        return True
    try:
        ipaddress.ip_address(host if isinstance(host, str) else bytes(host).decode())  # type: ignore[call-overload]
    except (ValueError, TypeError):
        return False
    return True
