"""Where a key may be used from: said in full, and never wider than it was said."""

from __future__ import annotations

import pytest

from gateway.identity.networks import parse_networks


@pytest.mark.parametrize(
    ("words", "address", "inside"),
    [
        (["10.0.0.0/8"], "10.255.0.1", True),
        (["10.0.0.0/8"], "11.0.0.1", False),
        (["10.1.2.3"], "10.1.2.3", True),
        (["10.1.2.3"], "10.1.2.4", False),
        (["10.0.0.0/8"], "::ffff:10.0.0.1", True),
        (["10.0.0.0/8"], "::ffff:11.0.0.1", False),
        (["fd00:20::/32"], "fd00:20::1", True),
        (["fd00:20::/32"], "10.0.0.1", False),
        (["fe80::/10"], "fe80::1%eth0", True),
        (["127.0.0.1"], "::1", False),
        (["10.0.0.0/8"], "unix", False),
        (["unix"], "unix", True),
        (["unix"], "10.0.0.1", False),
        (["unix", "10.0.0.0/8"], "10.0.0.1", True),
        (["any"], "203.0.113.9", True),
        (["any"], "2001:db8::1", True),
        (["any"], "unix", True),
        (["10.0.0.0/8"], "", False),
        (["10.0.0.0/8"], "10.0.0.1, 1.2.3.4", False),
        (["10.0.0.0/8"], "10.0.0.256", False),
        (["10.0.0.0/8"], "localhost", False),
    ],
)
def test_an_address_is_inside_or_it_is_not(words: list[str], address: str, inside: bool) -> None:  # noqa: FBT001
    assert parse_networks(words).allow(address) is inside


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "at least one"),
        (["any", "10.0.0.0/8"], "stands alone"),
        (["10.0.0.1/8"], r"write 10\.0\.0\.0/8"),
        (["0.0.0.0/0"], "spelled `any`"),
        (["::/0"], "spelled `any`"),
        (["10.0.0.0/33"], "CIDR"),
        (["ward.example"], "CIDR"),
        ([""], "CIDR"),
        (["ANY"], "CIDR"),
        (["10"], "CIDR"),
        ([f"10.0.0.{number}" for number in range(65)], "at most 64"),
    ],
)
def test_what_is_no_network_is_an_error(words: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_networks(words)


@pytest.mark.parametrize("words", [["any"], ["unix", "10.0.0.0/8", "fd00::/16"], ["10.1.2.3/32"]])
def test_networks_can_be_read_back_from_their_words(words: list[str]) -> None:
    networks = parse_networks(words)
    assert list(networks.words()) == words
    assert parse_networks(networks.words()) == networks
