"""A token is believed if the provider signed it, for this gateway, for now; else never."""

from __future__ import annotations

import hmac
import json

import pytest

from gateway.domain.errors import AuthenticationError, Code
from gateway.domain.exchange import Assurance, Caller, Credentials
from gateway.identity import oidc as module
from tests.fakes.provider import (
    ALGORITHMS,
    AUDIENCE,
    ISSUER,
    NOW,
    House,
    assemble,
    claims,
    ec,
    encode,
    public,
    rsa,
    settings,
    sign,
)

HERE = "10.1.2.3"


@pytest.fixture
def house() -> House:
    return House()


def ask(house: House, token: str) -> Caller:
    return house.authenticator.authenticate(Credentials(f"Bearer {token}", HERE))


def refused(house: House, token: str) -> AuthenticationError:
    with pytest.raises(AuthenticationError) as raised:
        ask(house, token)
    error = raised.value
    for part in (token, *token.split(".")):
        assert len(part) < 8 or part not in f"{error!r} {error.message}"
    return error


def test_a_token_stands_for_its_bearer(house: House) -> None:
    assert ask(house, sign()) == Caller(
        id="oidc:0b5c7c2e-6c6e-4b6c-8f3e-2f6d6f0c9a11",
        name="ward",
        roles=frozenset({"clinician"}),
        groups=frozenset({"icu"}),
        client="ward",
        assurance=Assurance.OIDC,
        purpose=None,
    )


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_every_allowed_algorithm_is_understood(house: House, alg: str) -> None:
    assert ask(house, sign(alg=alg))


@pytest.mark.parametrize("alg", ALGORITHMS)
def test_an_algorithm_that_the_settings_leave_out_is_refused(alg: str) -> None:
    others = tuple(name for name in ALGORITHMS if name != alg)
    house = House(settings(algorithms=others))
    assert refused(house, sign(alg=alg)).code is Code.INVALID_CREDENTIALS


def without_a_signature() -> str:
    header = encode(json.dumps({"alg": "none", "typ": "at+jwt", "kid": "rsa-0"}).encode())
    return f"{header}.{encode(json.dumps(claims()).encode())}."


def confused(alg: str = "HS256") -> str:
    """Signed with the public key as if it were a shared secret."""
    header = json.dumps({"alg": alg, "typ": "at+jwt", "kid": "rsa-0"}).encode()
    signed = f"{encode(header)}.{encode(json.dumps(claims()).encode())}"
    secret = rsa().as_pem(private=False)
    return f"{signed}.{encode(hmac.digest(secret, signed.encode(), f'sha{alg[2:]}'))}"


def twice(claim: str, first: object, second: object) -> bytes:
    rest = json.dumps(claims(**{claim: None}))[1:]
    return f'{{"{claim}": {json.dumps(first)}, "{claim}": {json.dumps(second)}, {rest}'.encode()


FOREIGN = {
    "no algorithm": without_a_signature,
    "no algorithm, and something for a signature": lambda: without_a_signature() + "AAAA",
    "the public key as a shared secret": confused,
    "the public key as a longer shared secret": lambda: confused("HS384"),
    "another key under the same id": lambda: sign(key=rsa(1), kid="rsa-0"),
    "an algorithm that its key is not for": lambda: sign(key=rsa(), alg="RS256", kid="ec-P-256-0"),
    "a curve that its key is not on": lambda: sign(key=ec(), alg="ES256", kid="ec-P-384-0"),
    "no key id": lambda: sign(kid=None),
    "an empty key id": lambda: sign(kid=""),
    "a key id that is no text": lambda: sign(kid=["rsa-0"]),
    "a huge key id": lambda: sign(kid="k" * 300),
    "an ID token's type": lambda: sign(typ="JWT"),
    "no type": lambda: sign(typ=None),
    "a logout token's type": lambda: sign(typ="logout+jwt"),
    "a type that is no text": lambda: sign(typ=7),
    "a critical extension": lambda: sign(crit=["exp"]),
    "an unencoded payload": lambda: sign(crit=["b64"], b64=False),
    "an unencoded payload, not critical": lambda: sign(b64=True),
    "a compressed payload": lambda: sign(zip="DEF"),
    "a header with a name twice": lambda: assemble(
        b'{"alg":"none","alg":"RS256","typ":"at+jwt","kid":"rsa-0"}',
        json.dumps(claims()).encode(),
        rsa(),
        "RS256",
    ),
    "a header that is no object": lambda: assemble(b'["RS256"]', b"{}", rsa(), "RS256"),
    "a header that is not UTF-8": lambda: assemble(b'{"alg":"\xff"}', b"{}", rsa(), "RS256"),
    "a header without an algorithm": lambda: assemble(
        b'{"typ":"at+jwt","kid":"rsa-0"}', json.dumps(claims()).encode(), rsa(), "RS256"
    ),
    "a header that was changed": lambda: sign().replace(".", "x.", 1),
    "another audience": lambda: sign(claims(aud="https://other.example")),
    "other audiences": lambda: sign(claims(aud=["a", "b"])),
    "no audience": lambda: sign(claims(aud=None)),
    "an empty audience": lambda: sign(claims(aud=[])),
    "part of the audience": lambda: sign(claims(aud=AUDIENCE[:-1])),
    "an audience of a wrong type": lambda: sign(claims(aud={"a": AUDIENCE})),
    "audiences of a wrong type": lambda: sign(claims(aud=[AUDIENCE, 7])),
    "another issuer": lambda: sign(claims(iss="https://evil.example")),
    "the issuer with a slash": lambda: sign(claims(iss=ISSUER + "/")),
    "issuers": lambda: sign(claims(iss=[ISSUER])),
    "no issuer": lambda: sign(claims(iss=None)),
    "no end": lambda: sign(claims(exp=None)),
    "an end that is text": lambda: sign(claims(exp=str(NOW + 100))),
    "an end that is true": lambda: sign(claims(exp=True)),
    "an end beyond all times": lambda: sign(claims(exp=10**40)),
    "an end before all times": lambda: sign(claims(exp=-1)),
    "no beginning": lambda: sign(claims(iat=None)),
    "a beginning that is text": lambda: sign(claims(nbf="now")),
    "no subject": lambda: sign(claims(sub=None)),
    "an empty subject": lambda: sign(claims(sub="")),
    "a subject that is a number": lambda: sign(claims(sub=7)),
    "a client that is a list": lambda: sign(claims(azp=["ward"])),
    "roles that are a number": lambda: sign(claims(roles=7)),
    "roles that are an object": lambda: sign(claims(roles={"ward-clinician": True})),
    "roles among other things": lambda: sign(claims(roles=["ward-clinician", None])),
    "roles where there should be an object": lambda: sign(claims(realm_access=["roles"])),
    "an ID token": lambda: sign(claims(at_hash="x")),
    "a refresh token of Keycloak": lambda: sign(claims(typ="Refresh")),
    "a kind that is a list": lambda: sign(claims(typ=[])),
    "a token that is bound to its bearer's key": lambda: sign(claims(cnf={"jkt": "x"})),
    "the audience twice": lambda: sign(twice("aud", "other", AUDIENCE)),
    "the issuer twice": lambda: sign(twice("iss", ISSUER, ISSUER)),
    "a claim twice, deep down": lambda: sign(
        json.dumps(claims()).encode()[:-1] + b', "a": {"b": [{"c": 1, "c": 2}]}}'
    ),
    "claims that are no object": lambda: sign(b"[]"),
    "claims that are not JSON": lambda: sign(b"hello"),
    "claims that are not UTF-8": lambda: sign(b'{"sub": "\xff"}'),
    "claims with NaN": lambda: sign(json.dumps(claims(exp=float("nan"))).encode()),
    "claims with infinity": lambda: sign(json.dumps(claims()).encode()[:-1] + b', "nbf": 1e999}'),
    "claims nested without end": lambda: sign(b'{"a":' + b"[" * 6000),
    "no claims": lambda: ".".join((sign().split(".")[0], "", sign().split(".")[2])),
    "claims of another token": lambda: ".".join(
        (sign().split(".")[0], sign(claims(sub="x")).split(".")[1], sign().split(".")[2])
    ),
    "no signature": lambda: sign().rpartition(".")[0] + ".",
    "a signature that is cut": lambda: sign()[:-6],
    "an empty ES256 signature": lambda: sign(alg="ES256").rpartition(".")[0] + "." + "A" * 86,
    "padding": lambda: sign() + "==",
    "line breaks": lambda: sign().replace(".", ".\n"),
    "two parts": lambda: sign().rpartition(".")[0],
    "five parts, as an encrypted token has": lambda: sign() + ".AAAA.AAAA",
    "a huge token": lambda: sign(claims(padding="x" * 20_000)),
    "a million characters": lambda: "a" * 10**6,
    "not ASCII": lambda: sign() + "é",
    "nonsense": lambda: "nonsense",
}


@pytest.mark.parametrize("how", FOREIGN)
def test_what_the_provider_did_not_sign_for_this_gateway_is_nobodys(house: House, how: str) -> None:
    error = refused(house, FOREIGN[how]())
    assert (error.code, error.caller) == (Code.INVALID_CREDENTIALS, None)


@pytest.mark.parametrize(
    "header",
    [
        {"jwk": {"kty": "RSA", "n": "AQAB", "e": "AQAB"}},
        {"jku": "https://evil.example/jwks"},
        {"x5u": "https://evil.example/cert"},
        {"x5c": ["MIIB"]},
        {"x5t": "abc", "nonce": "Entra writes one"},
    ],
)
def test_a_key_that_a_token_brings_along_is_not_looked_at(house: House, header: dict) -> None:
    assert ask(house, sign(**header))
    forged = sign(key=rsa(7), kid="rsa-0", **header)
    assert refused(house, forged).code is Code.INVALID_CREDENTIALS
    assert house.provider.fetches == 1


def test_an_embedded_key_that_fits_the_signature_is_not_believed(house: House) -> None:
    forged = sign(key=rsa(7), kid="rsa-0", jwk=public(rsa(7)))
    assert refused(house, forged).code is Code.INVALID_CREDENTIALS


@pytest.mark.parametrize("typ", ["at+jwt", "AT+JWT", "application/at+jwt"])
def test_the_type_is_read_as_the_rfc_says(house: House, typ: str) -> None:
    assert ask(house, sign(typ=typ))


def test_a_provider_that_says_jwt_has_to_be_named_as_such() -> None:
    house = House(settings(types=("JWT",)))
    assert ask(house, sign(typ="JWT"))
    assert refused(house, sign(typ="at+jwt")).code is Code.INVALID_CREDENTIALS


@pytest.mark.parametrize("exp", [NOW - 30, NOW - 31, NOW - 10**6, 0, NOW - 30.5])
def test_a_token_that_has_ended_is_refused_under_its_bearers_name(house: House, exp: float) -> None:
    error = refused(house, sign(claims(exp=exp)))
    assert error.code is Code.EXPIRED_CREDENTIALS
    assert error.caller is not None
    assert error.caller.id.startswith("oidc:")


@pytest.mark.parametrize(
    "more", [{"nbf": NOW + 31}, {"iat": NOW + 31}, {"nbf": NOW + 10**6, "exp": NOW + 10**7}]
)
def test_a_token_that_has_not_begun_is_refused_under_its_bearers_name(
    house: House, more: dict
) -> None:
    error = refused(house, sign(claims(**more)))
    assert error.code is Code.TOKEN_NOT_YET_VALID
    assert error.caller is not None


@pytest.mark.parametrize("more", [{"exp": NOW - 29}, {"nbf": NOW + 30}, {"iat": NOW + 30}])
def test_the_clocks_may_differ_by_the_leeway(house: House, more: dict) -> None:
    assert ask(house, sign(claims(**more)))
    strict = House(settings(leeway=0))
    assert refused(strict, sign(claims(**more))).code is not Code.INVALID_CREDENTIALS


def test_an_expired_token_that_nobody_signed_has_no_owner(house: House) -> None:
    error = refused(house, sign(claims(exp=1), key=rsa(3), kid="rsa-0"))
    assert (error.code, error.caller) == (Code.INVALID_CREDENTIALS, None)


def test_a_token_is_remembered_for_a_minute_and_not_past_its_end(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks = []
    check = module.jws.deserialize_compact
    monkeypatch.setattr(
        module.jws,
        "deserialize_compact",
        lambda *given, **named: checks.append(1) or check(*given, **named),
    )
    long, short = sign(), sign(claims(exp=NOW + 20))
    for _ in range(3):
        assert ask(house, long) == ask(house, short)
    assert len(checks) == 2
    house.clock.now += 20_000
    assert ask(house, long)
    assert ask(house, short)  # Within the leeway, checked again each time.
    assert len(checks) == 3
    house.clock.now += 30_000
    assert refused(house, short).code is Code.EXPIRED_CREDENTIALS
    house.clock.now += 9_999
    ask(house, long)
    assert len(checks) == 4
    house.clock.now += 1
    ask(house, long)
    assert len(checks) == 5
    house.clock.now -= 120_000  # The clock was set back: what was remembered proves nothing.
    assert refused(house, long).code is Code.TOKEN_NOT_YET_VALID


def test_what_is_remembered_is_bounded_and_holds_no_token(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CACHE_SIZE", 4)
    tokens = [sign(claims(sub=f"s{number}"), alg="ES256") for number in range(9)]
    for token in tokens:
        ask(house, token)
    held = house.authenticator._cache
    assert len(held) == 4
    assert not any(token in repr(held) for token in tokens)


def test_a_key_that_the_provider_withdraws_ends_the_tokens_that_are_remembered(
    house: House,
) -> None:
    token = sign()
    assert ask(house, token)
    house.provider.members = [public(rsa(1))]
    house.keys.refresh()
    assert refused(house, token).code is Code.IDENTITY_UNAVAILABLE
    house.tick.now += 10
    house.run_due()
    assert refused(house, token).code is Code.INVALID_CREDENTIALS


def test_keys_that_have_grown_too_old_end_the_tokens_that_are_remembered(house: House) -> None:
    token = sign()
    assert ask(house, token)
    house.tick.now += 3600.1
    error = refused(house, token)
    assert (error.code, error.caller) == (Code.IDENTITY_UNAVAILABLE, None)


def test_a_key_id_that_is_unknown_says_try_again_and_then_no(house: House) -> None:
    token = sign(key=rsa(1))
    assert refused(house, token).code is Code.IDENTITY_UNAVAILABLE
    house.tick.now += 10
    house.run_due()
    error = refused(house, token)
    assert (error.code, error.caller) == (Code.INVALID_CREDENTIALS, None)
    house.provider.members.append(public(rsa(1)))
    house.tick.now += 10
    house.run_due()
    assert ask(house, token)
