"""A set of keys is taken whole or not at all, and each key for nothing but its use."""

from __future__ import annotations

import json

import pytest

from gateway.identity.jwks import MAX_KEYS, JwksError, parse_jwks
from tests.fakes.provider import ALGORITHMS, ec, key_set, public, rsa


def reason(document: bytes) -> str:
    with pytest.raises(JwksError) as raised:
        parse_jwks(document, ALGORITHMS)
    return raised.value.reason


def test_a_key_is_for_the_algorithms_of_its_type() -> None:
    keys = parse_jwks(key_set(public(rsa()), public(ec()), public(ec(curve="P-384"))), ALGORITHMS)
    assert {kid: key.algorithms for kid, key in keys.items()} == {
        "rsa-0": {"RS256", "RS384", "PS256"},
        "ec-P-256-0": {"ES256"},
        "ec-P-384-0": {"ES384"},
    }


def test_a_key_that_names_its_algorithm_is_for_no_other() -> None:
    keys = parse_jwks(key_set(public(rsa(), alg="PS256")), ALGORITHMS)
    assert keys["rsa-0"].algorithms == {"PS256"}


def test_a_key_is_for_no_algorithm_that_the_settings_leave_out() -> None:
    keys = parse_jwks(key_set(public(rsa()), public(ec())), ["RS384"])
    assert {kid: key.algorithms for kid, key in keys.items()} == {"rsa-0": {"RS384"}}


USELESS = {
    "for encryption": lambda: public(rsa(), use="enc"),
    "for another operation": lambda: public(rsa(), key_ops=["encrypt"]),
    "operations that are text": lambda: public(rsa(), key_ops="verify"),
    "for an algorithm of encryption": lambda: public(rsa(), alg="RSA-OAEP"),
    "for no algorithm": lambda: public(rsa(), alg="none"),
    "for a shared secret's algorithm": lambda: public(rsa(), alg="HS256"),
    "a shared secret": lambda: {"kty": "oct", "kid": "rsa-0", "k": "AAAA"},
    "with its private half": lambda: rsa().as_dict(private=True),
    "too short": lambda: public(rsa(bits=1024)),
    "without an id": lambda: public(rsa(), kid=None),
    "with an empty id": lambda: public(rsa(), kid=""),
    "with a huge id": lambda: public(rsa(), kid="k" * 257),
    "with a number for an id": lambda: public(rsa(), kid=1),
    "without a number": lambda: {**public(rsa()), "n": ""},
    "with a number that is none": lambda: {**public(rsa()), "n": "é"},
    "without an exponent": lambda: {k: v for k, v in public(rsa()).items() if k != "e"},
    "off its curve": lambda: {**public(ec()), "x": public(ec(1))["x"]},
    "on an unknown curve": lambda: {**public(ec()), "crv": "P-999"},
    "on another curve": lambda: {**public(ec()), "crv": "secp256k1"},
    "of an unknown type": lambda: {"kty": "new", "kid": "a"},
    "without a type": lambda: {"kid": "a"},
}


@pytest.mark.parametrize("how", USELESS)
def test_a_key_that_cannot_be_used_is_passed_over(how: str) -> None:
    useless = USELESS[how]()
    assert reason(key_set(useless)) == "no_usable_key"
    keys = parse_jwks(key_set(useless, public(ec(5))), ALGORITHMS)
    assert list(keys) == ["ec-P-256-5"]


def test_two_keys_with_one_id_are_refused_with_the_whole_set() -> None:
    assert reason(key_set(public(rsa()), public(rsa(1), kid="rsa-0"))) == "duplicate_kid"
    assert reason(key_set(public(rsa()), public(rsa()))) == "duplicate_kid"


def test_an_encryption_key_may_share_the_id_of_a_signing_key() -> None:
    assert parse_jwks(key_set(public(rsa()), public(rsa(1), kid="rsa-0", use="enc")), ALGORITHMS)


@pytest.mark.parametrize(
    ("document", "why"),
    [
        (b"", "not_json"),
        (b"<html>", "not_json"),
        (b"\xff\xfe", "not_json"),
        (b"[]", "not_json"),
        (b'{"keys": [], "keys": []}', "not_json"),
        (b'{"keys": ' + b"[" * 9999, "not_json"),
        (b"{}", "not_a_key_set"),
        (b'{"keys": {}}', "not_a_key_set"),
        (b'{"keys": ["a"]}', "not_a_key_set"),
        (b'{"keys": []}', "no_usable_key"),
        (json.dumps({"keys": [{}] * (MAX_KEYS + 1)}).encode(), "not_a_key_set"),
    ],
)
def test_what_is_no_set_of_keys_is_refused_with_a_word_of_ours(document: bytes, why: str) -> None:
    assert reason(document) == why
