"""How the log is signed, and who watches it from outside: two tables of the settings."""

from __future__ import annotations

import ipaddress
from typing import Annotated, Final, Literal

import msgspec

from gateway.domain.cosignatures import COSIGNING
from gateway.domain.notes import NoteError, VerifierKey, parse_vkey
from gateway.domain.witnessing import WitnessPolicy
from gateway.endpoints import NEAR, Endpoint, UnixEndpoint, parse_place

_Positive = Annotated[int, msgspec.Meta(ge=1)]
_Age = Annotated[float, msgspec.Meta(gt=0, le=31 * 86400)]
_Word = Annotated[str, msgspec.Meta(min_length=1, max_length=512)]
_Name = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
_MAX_PEERS: Final = 16
_ROUNDS: Final = 3
"""Rounds that have to fit into `warn_age`: one answer may always be lost."""


class LedgerSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The signatures under the log."""

    second_signature: Literal["ml-dsa-44"] | None = None
    """A signature that a quantum computer cannot make either, under each published checkpoint."""


class WitnessPeer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One witness: where it is, and the key that it cosigns with."""

    name: _Name
    """What it is called here: in records, log lines and `doctor`."""
    url: _Word
    """`https://host:port`, `http://…` or `unix:///path`: its submission prefix."""
    vkey: Annotated[str, msgspec.Meta(max_length=4096)]
    """As `intramural witness show` prints it."""
    address: str | None = None
    """The address that the name in the URL stands for."""
    ca_file: str | None = None
    """Certificates that may vouch for https, and no others; relative to --data."""

    def __post_init__(self) -> None:
        """Raise `ValueError`, with what to write instead."""
        place = self.place
        if isinstance(place, Endpoint):
            if place.tls and self.ca_file is None:
                raise ValueError("name the ca_file that vouches for the witness's certificate")
            if "?" in place.target:
                raise ValueError("a witness's URL has no query")
        try:
            _ = self.key
        except NoteError as error:
            raise ValueError(f"vkey: {error}") from None

    @property
    def place(self) -> Endpoint | UnixEndpoint:
        """Return where it is."""
        return parse_place(self.url, self.address)

    @property
    def key(self) -> VerifierKey:
        """Return its public key."""
        return parse_vkey(self.vkey, COSIGNING)


class WitnessSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who watches the log, how many have to, and what happens when they do not."""

    peers: Annotated[tuple[WitnessPeer, ...], msgspec.Meta(max_length=_MAX_PEERS)] = ()
    quorum: _Positive | None = None
    """How many have to cosign one checkpoint; absent means all."""
    warn_age: _Age = 60.0
    """Seconds since enough of them did, after which somebody is told."""
    stop_age: _Age | None = None
    """Seconds after which no new work begins. Absent: it never stops for that."""
    interval: Annotated[float, msgspec.Meta(ge=0.05, le=3600)] = 5.0
    """Seconds between two checkpoints that are shown to them."""
    timeout: Annotated[float, msgspec.Meta(gt=0, le=60)] = 5.0
    """Seconds that one of them may take to answer."""
    networks: Annotated[tuple[_Word, ...], msgspec.Meta(min_length=1)] = NEAR
    """Where a witness may be; the start is refused if one is elsewhere."""

    def __post_init__(self) -> None:
        """Raise `ValueError`, with what to write instead."""
        if self.quorum is not None and self.quorum > len(self.peers):
            raise ValueError("quorum is larger than the number of witness.peers")
        names = [peer.name for peer in self.peers]
        keys = {peer.key.public_key for peer in self.peers}
        if len(set(names)) < len(names) or len(keys) < len(names):
            raise ValueError("each witness has a name and a key of its own: one counts once")
        if self.warn_age < _ROUNDS * self.interval:
            raise ValueError(f"warn_age is at least {_ROUNDS} times interval")
        if self.stop_age is not None and self.stop_age < self.warn_age:
            raise ValueError("stop_age is at least warn_age: people are told before work stops")
        networks = [ipaddress.ip_network(word) for word in self.networks]
        if any(network.prefixlen == 0 for network in networks):
            raise ValueError("a network of all addresses is none: name those inside your walls")
        for peer in self.peers:
            if isinstance(place := peer.place, Endpoint):
                address = ipaddress.ip_address(place.address)
                if not any(
                    address.version == each.version and address in each for each in networks
                ):
                    raise ValueError(
                        f"{place.address} is outside of the networks that a witness may be in; "
                        "if it is inside your walls, name its network in witness.networks"
                    )

    @property
    def policy(self) -> WitnessPolicy:
        """Return how many have to agree, and how long ago that may be."""
        return WitnessPolicy(self.quorum or len(self.peers), self.warn_age, self.stop_age)
