"""From where a key may be used: networks in CIDR, the Unix socket, or `any`, said out loud."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

ANY: Final = "any"
UNIX: Final = "unix"
_MAX: Final = 64

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class Networks:
    """The places that a key may be used from. Empty would mean nowhere, and cannot be made."""

    everywhere: bool
    """`any`: every address, and the Unix socket."""
    unix: bool
    cidrs: tuple[Network, ...]

    def allow(self, address: str) -> bool:
        """Say whether the peer `address` (an IP address, or `unix`) is inside.

        An IPv4 address in IPv6 clothes (`::ffff:10.0.0.1`) counts as IPv4. What is no address is
        outside, unless everything is inside.
        """
        if self.everywhere:
            return True
        if address == UNIX:
            return self.unix
        try:
            peer = ipaddress.ip_address(address)
        except ValueError:
            return False
        if isinstance(peer, ipaddress.IPv6Address) and peer.ipv4_mapped is not None:
            peer = peer.ipv4_mapped
        return any(peer.version == cidr.version and peer in cidr for cidr in self.cidrs)

    def words(self) -> tuple[str, ...]:
        """Return the words that `parse_networks` reads."""
        if self.everywhere:
            return (ANY,)
        return (*((UNIX,) if self.unix else ()), *(str(cidr) for cidr in self.cidrs))


def parse_networks(words: Sequence[str]) -> Networks:
    """Return the networks that `words` name; else `ValueError` with what to write instead."""
    if not words:
        raise ValueError("name at least one network, for example 10.20.0.0/16, or `any`")
    if len(words) > _MAX:
        raise ValueError(f"at most {_MAX} networks")
    if ANY in words and len(words) > 1:
        raise ValueError("`any` stands alone: beside it the other networks would mean nothing")
    cidrs = tuple(_cidr(word) for word in dict.fromkeys(words) if word not in {ANY, UNIX})
    return Networks(everywhere=ANY in words, unix=UNIX in words, cidrs=cidrs)


def _cidr(word: str) -> Network:
    try:
        network = ipaddress.ip_network(word, strict=False)
        exact = ipaddress.ip_interface(word).ip == network.network_address
    except ValueError:
        raise ValueError(
            "a network is CIDR (10.20.0.0/16, fd00:20::/32), one address, `unix` or `any`"
        ) from None
    if not exact:
        raise ValueError(f"an address inside a network is no network: write {network}")
    if network.prefixlen == 0:
        raise ValueError("a network of all addresses is spelled `any`, so that nobody overlooks it")
    return network
