"""A tripwire for connections that the settings do not name (invariant 7).

It is a tripwire and not a wall: native code connects past it. Walls are the network namespace, the
firewall and the unit file under `deploy/`; this finds a library that phones home on the first day.
"""

from __future__ import annotations

import ipaddress
import sys
from collections.abc import Callable, Iterable
from typing import Any

from gateway import logs


class EgressRefused(PermissionError):  # noqa: N818 - reads as a state
    """Something tried to open a connection that the settings do not name."""


def parse_peers(peers: Iterable[str]) -> frozenset[tuple[str, int]]:
    """Return `host:port` words as pairs. Hosts are addresses: a name could come to mean another.

    Raises `ValueError` for anything else.
    """
    parsed = set()
    for peer in peers:
        host, separator, port = peer.rpartition(":")
        if not separator or not port.isdecimal():
            raise ValueError("a peer is written address:port")
        parsed.add((str(ipaddress.ip_address(host.strip("[]"))), int(port)))
    return frozenset(parsed)


def install(peers: frozenset[tuple[str, int]]) -> None:
    """Refuse, from now on and for the life of the process, every other outgoing connection."""
    sys.addaudithook(guard(peers))


def guard(peers: frozenset[tuple[str, int]]) -> Callable[[str, tuple[Any, ...]], None]:
    """Return the audit hook: it raises `EgressRefused`, and logs that something was stopped."""
    hosts = {host for host, _ in peers}

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        match event:
            case "socket.connect" | "socket.sendto" | "socket.sendmsg":
                address = arguments[1]
                if address is None or (isinstance(address, tuple) and address[:2] in peers):
                    return
            case "socket.getaddrinfo" | "socket.gethostbyname":
                if _is_address(arguments[0]) or arguments[0] in hosts:
                    return
            case _:
                return
        logs.alarm("egress_refused")
        raise EgressRefused("a connection that the settings do not name was refused")

    return hook


def _is_address(host: object) -> bool:
    """Say whether looking `host` up asks nobody: an address, or nothing at all."""
    if host is None or host == "":
        return True
    try:
        ipaddress.ip_address(host if isinstance(host, str) else bytes(host).decode())  # type: ignore[call-overload]
    except (ValueError, TypeError):
        return False
    return True
