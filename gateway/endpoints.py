"""Where other processes are: URLs with pinned addresses, and the engines among them, as settings.

No name is ever looked up: whoever answers for the name server must not decide where texts go.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

import msgspec

_HOST: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?\Z")
_URL: Final = re.compile(r"https?://[\x21-\x22\x24-\x7e]{1,1000}\Z")
_SOCKET: Final = re.compile(r"unix:///[\x21-\x7e]{1,106}\Z")
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}\Z")
_Seconds = Annotated[float, msgspec.Meta(gt=0, le=3600)]
_Word = Annotated[str, msgspec.Meta(min_length=1, max_length=512)]
_Digest = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$")]

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

NEAR: Final = (
    "127.0.0.0/8",
    "::1/128",
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "fc00::/7",
)
"""Loopback, RFC 1918 and the unique local addresses of RFC 4193."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where something is asked for: by whatever name, always at this address and port."""

    tls: bool
    host: str
    """The name that the certificate has to bear, and that the request asks for."""
    address: str
    port: int
    target: str
    """Path and query."""

    @property
    def peer(self) -> str:
        """Return `address:port`, as `egress.peers` would name it."""
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class UnixEndpoint:
    """Where something is asked for on this machine: a Unix socket."""

    path: str

    @property
    def peer(self) -> str:
        """Return `unix:PATH`, as `egress.peers` would name it."""
        return f"unix:{self.path}"


def parse_endpoint(url: str, address: str | None) -> Endpoint:
    """Return where `url` leads if its host is at `address`. Else `ValueError`, with what to do.

    What is fetched there is believed, so it comes over TLS, or from this machine.
    """
    endpoint = pinned(url, address)
    if not endpoint.tls and not ipaddress.ip_address(endpoint.address).is_loopback:
        raise ValueError(
            "keys are fetched over https: over http anybody on the way could swap them"
        )
    return endpoint


def parse_place(url: str, address: str | None) -> Endpoint | UnixEndpoint:
    """Return where `url` leads, a Unix socket's too. Else `ValueError`, with what to do."""
    if not url.startswith("unix:"):
        return pinned(url, address)
    path = url.removeprefix("unix://")
    if not _SOCKET.match(url) or os.path.normpath(path) != path:
        raise ValueError("a Unix socket is unix:///absolute/path, without . and ..")
    return UnixEndpoint(path)


def pinned(url: str, address: str | None) -> Endpoint:
    """Return where `url` leads if its host is at `address`. Else `ValueError`, with what to do."""
    if not _URL.match(url):
        raise ValueError("a URL is https://host[:port]/path, in printable ASCII, without #")
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port
    if "@" in parts.netloc or not (_HOST.match(host) or ":" in host) or port == 0:
        raise ValueError("a URL is https://host[:port]/path, without a user and a password")
    try:
        literal = str(ipaddress.ip_address(host))
    except ValueError:
        literal = None
    if literal is None and address is None:
        raise ValueError(f"say at which address {host} is: names are not looked up")
    fixed = str(ipaddress.ip_address(address or host))
    if literal not in {None, fixed}:
        raise ValueError("the URL names one address, and `address` another")
    tls = parts.scheme == "https"
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Endpoint(tls, literal or host, fixed, port or (443 if tls else 80), target)


class RemoteModel(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One model of engines elsewhere, as callers here ask for it."""

    context_length: Annotated[int, msgspec.Meta(ge=16, le=2**31)]
    """Tokens of prompt and reply together."""
    name: _Word | None = None
    """What it is called there, if not the same."""
    digest: _Digest | None = None
    """The digest that the engine has to state for it, as `intramural model list --json` shows it.
    An engine that states another is not used; one that states none neither."""


class OpenAIEngines(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Engines elsewhere that speak OpenAI's API, all with the same models."""

    endpoints: Annotated[tuple[_Word, ...], msgspec.Meta(min_length=1, max_length=64)]
    """Base URLs: `http://10.0.0.5:8000`, `https://…`, `unix:///run/….sock`; the busiest is asked
    last."""
    models: Annotated[dict[str, RemoteModel], msgspec.Meta(min_length=1)]
    """Names under which they are asked for here, and what they are there."""
    addresses: dict[str, str] = {}
    """For each name in a URL the address that it stands for."""
    networks: Annotated[tuple[_Word, ...], msgspec.Meta(min_length=1)] = NEAR
    """Where an address may be; the start is refused if one is elsewhere."""
    ca_file: str | None = None
    """Certificates that may vouch for https, and no others; relative to --data."""
    key_file: str | None = None
    """File (0600) with the key that the engines ask for; relative to --data."""
    count: Literal["tokenize", "none"] = "tokenize"
    """How the tokens of a prompt are asked for where it matters: `/tokenize`, as our own engine and
    vLLM have it, or not at all."""
    priority: bool = False
    """Whether the engines know the field `priority`, as our own does and vLLM may: batch work then
    goes with priority 1, and the lower goes first."""
    cache_salt: bool = False
    """Whether the engines know the field `cache_salt`, as our own and vLLM do: what they keep of a
    beginning is then used again, for the same caller alone."""
    connections: Annotated[int, msgspec.Meta(ge=1, le=4096)] = 256
    """Connections to one endpoint; a request more waits for one."""
    connect_timeout: _Seconds = 2.0
    first_token_timeout: _Seconds = 120.0
    """Seconds from the request to the first token: waiting in the engine's queue is in it."""
    token_timeout: _Seconds = 30.0
    """Seconds between two tokens."""
    total_timeout: _Seconds = 600.0
    """Seconds for a whole reply."""
    check_interval: _Seconds = 5.0
    """Seconds between two looks at an endpoint, and before one that failed is tried again."""

    def __post_init__(self) -> None:
        """Raise `ValueError`, with what to write instead."""
        networks = [parse_network(word) for word in self.networks]
        for place in self.places:
            if isinstance(place, Endpoint):
                self._check(place, networks)
        hosts = {place.host for place in self.places if isinstance(place, Endpoint)}
        if unused := sorted(set(self.addresses) - hosts):
            raise ValueError(f"addresses names {unused[0]}, which is in no URL of endpoints")
        if len(set(self.places)) < len(self.places):
            raise ValueError("endpoints names one of them twice")
        if not all(_NAME.match(name) for name in self.models):
            raise ValueError("a model's name is 1 to 64 of a-z, 0-9, dot, hyphen and underscore")

    def _check(self, place: Endpoint, networks: Sequence[Network]) -> None:
        if not inside(place.address, networks):
            raise ValueError(
                f"{place.address} is outside of the networks that an engine may be in; "
                "if it is inside your walls, name its network in engine.openai.networks"
            )
        if place.tls and self.ca_file is None:
            raise ValueError("name the ca_file that vouches for the engines' certificates")
        if place.target != "/":
            raise ValueError("an endpoint is a base URL: scheme, host and port, without a path")

    @property
    def places(self) -> tuple[Endpoint | UnixEndpoint, ...]:
        """Return where the engines are, in the order of the settings."""
        return tuple(self._place(url) for url in self.endpoints)

    def _place(self, url: str) -> Endpoint | UnixEndpoint:
        host = urlsplit(url).hostname if _URL.match(url) else None
        return parse_place(url, self.addresses.get(host or ""))


def inside(address: str, networks: Sequence[Network]) -> bool:
    """Say whether an address is in one of the networks. Raises `ValueError` for a disguised one."""
    found = ipaddress.ip_address(address)
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        raise ValueError(f"write {address} as the IPv4 address that it is")
    return any(found.version == each.version and found in each for each in networks)


def parse_network(word: str) -> Network:
    """Return the network that `word` names; `ValueError` with what to write instead."""
    try:
        network = ipaddress.ip_network(word)
    except ValueError:
        raise ValueError("a network is CIDR, such as 10.20.0.0/16 or fd00:20::/32") from None
    if network.prefixlen == 0:
        raise ValueError("a network of all addresses is none: name those inside your walls")
    return network
