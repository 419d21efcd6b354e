"""Nothing is believed that a plain reading of the rules refuses: tokens, keys and certificates.

The oracle shares no code with what it judges: `json`, `base64`, `cryptography`, a line a rule.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.errors import AuthenticationError, Code
from gateway.domain.exchange import Caller, Credentials
from gateway.identity.authenticator import ApiKeyAuthenticator
from gateway.identity.keyring import Keyring, open_keyring
from gateway.identity.keys import Grant
from gateway.identity.networks import parse_networks
from gateway.identity.tokens import Token
from tests.fakes.identity import START, StoppedClock
from tests.fakes.provider import AUDIENCE, ISSUER, NOW, House, claims, rsa, sign
from tests.fakes.provider import ec as ec_key

CERTIFICATE = hashlib.sha256(b"a certificate").digest()
THUMBPRINT = base64.urlsafe_b64encode(CERTIFICATE).decode().rstrip("=")
KEYS: dict[str, Any] = {
    "rsa-0": rsa().public_key,
    "ec-P-256-0": ec_key().public_key,
    "ec-P-384-0": ec_key(curve="P-384").public_key,
}
FITS = {
    "RS256": "rsa-0",
    "RS384": "rsa-0",
    "PS256": "rsa-0",
    "ES256": "ec-P-256-0",
    "ES384": "ec-P-384-0",
}


def plain(segment: str) -> bytes:
    return base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4))


def signature_holds(alg: str, kid: str, signed: bytes, signature: bytes) -> bool:
    digest = hashes.SHA384() if alg.endswith("384") else hashes.SHA256()
    key = KEYS[kid]
    try:
        if alg.startswith("ES"):
            half = 48 if alg == "ES384" else 32
            if len(signature) != 2 * half:
                return False
            r, s = (int.from_bytes(part, "big") for part in (signature[:half], signature[half:]))
            key.verify(encode_dss_signature(r, s), signed, ec.ECDSA(digest))
        elif alg == "PS256":
            key.verify(signature, signed, padding.PSS(padding.MGF1(digest), 32), digest)
        else:
            key.verify(signature, signed, padding.PKCS1v15(), digest)
    except InvalidSignature:
        return False
    return True


def oracle(token: str, certificate: bytes | None) -> bool:
    """Say whether the rules let this token in at `NOW`, with a leeway of 30 seconds."""
    try:
        first, second, third = token.split(".")
        header, payload = json.loads(plain(first)), json.loads(plain(second))
        alg, kid = header["alg"], header["kid"]
        aud = payload["aud"] if isinstance(payload["aud"], list) else [payload["aud"]]
        return (
            header["typ"].lower() in {"at+jwt", "application/at+jwt"}
            and FITS.get(alg) == kid
            and not {"crit", "b64", "zip"} & header.keys()
            and signature_holds(alg, kid, f"{first}.{second}".encode(), plain(third))
            and payload["iss"] == ISSUER
            and AUDIENCE in aud
            and bool(payload["sub"])
            and payload["exp"] > NOW - 30
            and payload["iat"] <= NOW + 30
            and payload.get("nbf", 0) <= NOW + 30
            and ("cnf" not in payload or plain(payload["cnf"]["x5t#S256"]) == certificate)
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return False


times = st.sampled_from([NOW - 10**6, NOW - 31, NOW - 29, NOW, NOW + 29, NOW + 31, NOW + 10**6])
changes = st.fixed_dictionaries(
    {},
    optional={
        "iss": st.sampled_from([ISSUER, ISSUER + "/", "", None]),
        "aud": st.sampled_from([AUDIENCE, [AUDIENCE, "other"], ["other"], "", [], None]),
        "sub": st.sampled_from(["x", "", None]),
        "exp": times | st.none(),
        "iat": times | st.none(),
        "nbf": times,
        "cnf": st.sampled_from([{"x5t#S256": THUMBPRINT}, {"x5t#S256": "A" * 43}, {}, "x"]),
    },
)
headers = st.fixed_dictionaries(
    {},
    optional={
        "typ": st.sampled_from(["at+jwt", "application/AT+JWT", "JWT", "", None]),
        "kid": st.sampled_from([*KEYS, "unknown", "", None]),
        "crit": st.just(["exp"]),
        "zip": st.just("DEF"),
    },
)
letters = st.sampled_from("ABab01-_.=+/ \n\0é")


@pytest.fixture(scope="module")
def house() -> House:
    return House()


@settings(max_examples=400, deadline=None)
@given(
    changes,
    st.sampled_from(sorted(FITS)),
    headers,
    st.sampled_from([None, CERTIFICATE, bytes(32)]),
    st.none() | st.tuples(st.integers(0, 900), st.integers(0, 2), st.text(letters, max_size=2)),
)
def test_a_token_is_believed_exactly_where_the_rules_say_so(
    house: House,
    change: dict[str, object],
    alg: str,
    header: dict[str, Any],
    certificate: bytes | None,
    edit: tuple[int, int, str] | None,
) -> None:
    token = sign(claims(**change), alg=alg, **header)
    if edit is not None:
        at, cut, put = edit
        token = token[:at] + put + token[at + cut :]
    sent = Credentials(f"Bearer {token}", "10.1.2.3", certificate=certificate)
    try:
        house.authenticator.authenticate(sent)
    except AuthenticationError:
        believed = False
    else:
        believed = True
    if edit is None:
        assert believed == oracle(token, certificate)
    else:
        # Base64 has several spellings of some bytes; ours may be stricter, never laxer.
        assert not believed or oracle(token.strip(), certificate)


@dataclass
class Ring:
    keyring: Keyring
    live: Token
    rotated: Token
    revoked: Token
    clock: StoppedClock


@pytest.fixture(scope="module")
def ring(tmp_path_factory: pytest.TempPathFactory) -> Ring:
    folder = tmp_path_factory.mktemp("keys")
    keyring = open_keyring(folder / "state", folder / "keys")

    def make() -> Token:
        grant = Grant(
            name="ward",
            roles=frozenset({"clinician"}),
            groups=frozenset(),
            networks=parse_networks(["10.0.0.0/8"]),
            purpose=None,
            expires=START + 1000,
        )
        return keyring.create(grant, START - 10, lambda _act, _target: None)

    first, revoked = make(), make()
    live = keyring.rotate(first.id, START, START + 500, None, lambda _a, _t, _u: None)
    keyring.revoke(revoked.id, START, lambda _act, _target: None)
    return Ring(keyring, live, first, revoked, StoppedClock())


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(["live", "rotated", "revoked"]),
    st.none() | st.tuples(st.integers(0, 70), st.integers(0, 3), st.text(letters, max_size=3)),
    st.sampled_from([0, 499, 500, 999, 1000]),
    st.sampled_from(["10.1.2.3", "::ffff:10.1.2.3", "11.1.2.3", "unix", "", "10.1.2.3.4", "é"]),
    st.sampled_from(["Bearer ", "bearer  ", "Basic ", "", "Bearer\t"]),
)
def test_a_key_is_believed_exactly_where_the_rules_say_so(
    ring: Ring,
    which: str,
    edit: tuple[int, int, str] | None,
    later: int,
    address: str,
    scheme: str,
) -> None:
    word = getattr(ring, which).reveal()
    if edit is not None:
        at, cut, put = edit
        word = word[:at] + put + word[at + cut :]
    ends = {ring.live.reveal(): 1000, ring.rotated.reveal(): 500}
    expected = (
        scheme.lower().strip(" ") == "bearer"
        and later < ends.get(word.strip(), 0)
        and address in {"10.1.2.3", "::ffff:10.1.2.3"}
    )
    ring.clock.now = START + later
    checker = ApiKeyAuthenticator(ring.keyring, ring.clock)
    sent = Credentials(scheme + word, address)
    if expected:
        assert isinstance(checker.authenticate(sent), Caller)
        return
    with pytest.raises(AuthenticationError) as raised:
        checker.authenticate(sent)
    owner = raised.value.caller
    assert raised.value.code is not Code.INTERNAL_ERROR
    assert owner is None or owner.id == f"key:{getattr(ring, which).id}"
