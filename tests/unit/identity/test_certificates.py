"""A client certificate is believed from a named proxy, under our authority, for its one caller."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.certificates import Certificates, is_about_certificates
from gateway.domain.errors import AuthenticationError, Code
from gateway.domain.exchange import Assurance, Caller, Credentials
from gateway.identity.certificate import CACHE_MS, CertificateAuthenticator
from gateway.identity.forwarded import MAX_CHAIN, MAX_DER, ForwardedError, presented
from gateway.identity.x509 import AuthorityError
from tests.fakes.certificates import DAY, Authority, Made
from tests.fakes.identity import FakeAuthenticator, StoppedClock
from tests.fakes.provider import House, claims, sign

PROXY = "10.1.2.3"
ELSEWHERE = "10.1.2.4"
CERT, CHAIN, XFCC = "client-cert", "client-cert-chain", "x-forwarded-client-cert"
ROOT = Authority()
BELOW = Authority("ward authority", above=ROOT)
WARD = ROOT.issue()


@dataclass
class Desk:
    folder: Path
    more: dict[str, Any] = field(default_factory=dict)
    clock: StoppedClock = field(default_factory=StoppedClock)
    others: Any = field(default_factory=FakeAuthenticator)

    def __post_init__(self) -> None:
        (self.folder / "ca.pem").write_bytes(ROOT.made.pem)
        ward = {
            "id": "ward-5",
            "dns": "ward5.hospital.example",
            "roles": ["clinician"],
            "groups": ["icu"],
            "purposes": ["TREAT"],
        }
        given = {"proxies": [PROXY, "unix"], "ca_file": "ca.pem", "callers": [ward], **self.more}
        self.settings = msgspec.convert(given, Certificates)
        self.authenticator = CertificateAuthenticator(
            self.settings, self.folder, self.others, self.clock
        )

    def ask(
        self, *headers: tuple[str, str], address: str = PROXY, token: str | None = None
    ) -> Caller:
        authorization = None if token is None else f"Bearer {token}"
        return self.authenticator.authenticate(
            Credentials(authorization, address, forwarded=headers)
        )

    def refused(self, *headers: tuple[str, str], **more: Any) -> AuthenticationError:
        with pytest.raises(AuthenticationError) as raised:
            self.ask(*headers, **more)
        return raised.value


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture
def envoy(tmp_path: Path) -> Desk:
    return Desk(tmp_path, {"form": "xfcc"})


def test_a_certificate_stands_for_its_caller(desk: Desk) -> None:
    for address in (PROXY, "unix"):
        who = desk.ask((CERT, WARD.item), address=address)
        assert (who.id, who.client, who.roles, who.groups) == (
            "cert:ward-5",
            "ward-5",
            {"clinician"},
            {"icu"},
        )
        assert (who.assurance, who.purpose) == (Assurance.CERTIFICATE, "TREAT")
        assert who.expires == int(WARD.certificate.not_valid_after_utc.timestamp() * 1000)


def test_the_same_certificate_from_anywhere_else_is_nothing(desk: Desk) -> None:
    error = desk.refused((CERT, WARD.item), address=ELSEWHERE)
    assert (error.code, error.caller) == (Code.MISSING_CREDENTIALS, None)


def test_from_anywhere_else_the_headers_do_not_reach_who_decides_instead(desk: Desk) -> None:
    class Others:
        seen: Credentials

        def authenticate(self, credentials: Credentials) -> Caller:
            self.seen = credentials
            return FakeAuthenticator().callers["good"]

    others = desk.authenticator._others = Others()
    sent = Credentials("Bearer good", ELSEWHERE, forwarded=((CERT, "x"),), certificate=b"c" * 32)
    desk.authenticator.authenticate(sent)
    assert (others.seen.forwarded, others.seen.certificate) == ((), None)


def test_a_caller_may_be_known_by_its_subject_or_by_another_name(tmp_path: Path) -> None:
    subject = WARD.certificate.subject.rfc4514_string()
    for name in ({"subject": subject}, {"uri": "urn:hospital:ward:5"}):
        desk = Desk(tmp_path, {"callers": [{"id": "w", "roles": ["clinician"], **name}]})
        made = ROOT.issue(uri=["urn:hospital:ward:5"])
        who = desk.ask((CERT, made.item))
        assert (who.id, who.purpose, who.scope.purposes) == ("cert:w", None, None)


def test_a_chain_leads_to_the_authority(desk: Desk) -> None:
    made = BELOW.issue()
    assert desk.refused((CERT, made.item)).code is Code.INVALID_CREDENTIALS
    for chain in (
        [(CHAIN, BELOW.made.item)],
        [(CHAIN, f"{BELOW.made.item}, {ROOT.made.item}")],
        [(CHAIN, BELOW.made.item), (CHAIN, ROOT.made.item)],
    ):
        assert desk.ask((CERT, made.item), *chain).id == "cert:ward-5"


def in_envoys_words(made: Made, **more: str) -> tuple[str, str]:
    fields = {"Hash": made.certificate.fingerprint(_sha256()).hex(), "Cert": f'"{made.cert}"'}
    return (XFCC, ";".join(f"{name}={value}" for name, value in {**fields, **more}.items()))


def _sha256() -> Any:
    from cryptography.hazmat.primitives import hashes

    return hashes.SHA256()


def test_envoys_header_says_the_same(envoy: Desk) -> None:
    assert envoy.ask(in_envoys_words(WARD)).id == "cert:ward-5"
    full = in_envoys_words(
        WARD,
        By="spiffe://hospital/gateway",
        Subject='"CN=a\\"b,c;O=Hospital"',
        URI="",
        DNS="ward5.hospital.example",
    )
    assert envoy.ask(full).id == "cert:ward-5"
    made = BELOW.issue()
    both = f'"{made.cert}{BELOW.made.cert}"'
    assert envoy.ask(in_envoys_words(made, Chain=both)).id == "cert:ward-5"


MALFORMED: dict[str, Callable[[], list[tuple[str, str]]]] = {
    "no byte sequence": lambda: [(CERT, WARD.item.strip(":"))],
    "half a byte sequence": lambda: [(CERT, WARD.item[:-1])],
    "a string": lambda: [(CERT, f'"{WARD.item}"')],
    "a parameter": lambda: [(CERT, f"{WARD.item};a=1")],
    "two items": lambda: [(CERT, f"{WARD.item}, {WARD.item}")],
    "PEM": lambda: [(CERT, WARD.cert)],
    "a break in the middle": lambda: [(CERT, WARD.item[:40] + "\n" + WARD.item[40:])],
    "base64 for URLs": lambda: [(CERT, ":_-_-:")],
    "bad padding": lambda: [(CERT, ":QUJ:")],
    "no certificate": lambda: [(CERT, ":AAAA:")],
    "nothing inside": lambda: [(CERT, "::")],
    "a certificate with a tail": lambda: [(CERT, _item(WARD.der + b"\0"))],
    "a certificate cut short": lambda: [(CERT, _item(WARD.der[:-1]))],
    "the header twice": lambda: [(CERT, WARD.item), (CERT, WARD.item)],
    "the header twice, once empty": lambda: [(CERT, WARD.item), (CERT, "")],
    "a chain alone": lambda: [(CHAIN, BELOW.made.item)],
    "a chain of nonsense": lambda: [(CERT, WARD.item), (CHAIN, "nonsense")],
    "an empty member of a chain": lambda: [(CERT, WARD.item), (CHAIN, f"{WARD.item},")],
    "a long chain": lambda: [(CERT, WARD.item), (CHAIN, ",".join([WARD.item] * (MAX_CHAIN + 1)))],
    "a huge certificate": lambda: [(CERT, _item(b"\0" * (MAX_DER + 1)))],
    "Envoy's header beside it": lambda: [(CERT, WARD.item), in_envoys_words(WARD)],
    "Envoy's header instead": lambda: [in_envoys_words(WARD)],
    "an underscore": lambda: [("client_cert", WARD.item)],
    "an underscore beside it": lambda: [(CERT, WARD.item), ("client_cert", WARD.item)],
    "an underscore in the chain": lambda: [(CERT, WARD.item), ("client-cert_chain", "")],
}
BY_ENVOY: dict[str, Callable[[], list[tuple[str, str]]]] = {
    "no certificate in it": lambda: [(XFCC, "Hash=00;Subject=x")],
    "nothing that it writes": lambda: [(XFCC, "nonsense")],
    "two elements": lambda: [(XFCC, in_envoys_words(WARD)[1] + ",By=x")],
    "the header twice": lambda: [in_envoys_words(WARD), in_envoys_words(WARD)],
    "another hash": lambda: [in_envoys_words(WARD, Hash="00" * 32)],
    "a hash that is none": lambda: [in_envoys_words(WARD, Hash="\u0130")],
    "a field twice": lambda: [(XFCC, in_envoys_words(WARD)[1] + f';Cert="{WARD.cert}"')],
    "a field that it does not know": lambda: [in_envoys_words(WARD, Other="x")],
    "an open quote": lambda: [(XFCC, f'Cert="{WARD.cert}')],
    "two certificates": lambda: [in_envoys_words(WARD, Cert=f'"{WARD.cert}{WARD.cert}"')],
    "words before the certificate": lambda: [in_envoys_words(WARD, Cert=f'"x%0A{WARD.cert}"')],
    "DER": lambda: [in_envoys_words(WARD, Cert=WARD.item.strip(":"))],
    "the other form instead": lambda: [(CERT, WARD.item)],
    "the other form beside it": lambda: [in_envoys_words(WARD), (CERT, WARD.item)],
}


def _item(data: bytes) -> str:
    import base64

    return f":{base64.b64encode(data).decode()}:"


@pytest.mark.parametrize("case", MALFORMED)
def test_what_is_not_exactly_of_the_form_is_refused(desk: Desk, case: str) -> None:
    for token in (None, "good"):
        error = desk.refused(*MALFORMED[case](), token=token)
        assert (error.code, error.caller) == (Code.INVALID_CREDENTIALS, None)
        assert WARD.item.strip(":")[:20] not in f"{error!r} {error.message}"


@pytest.mark.parametrize("case", BY_ENVOY)
def test_what_envoy_does_not_write_is_refused(envoy: Desk, case: str) -> None:
    error = envoy.refused(*BY_ENVOY[case]())
    assert (error.code, error.caller) == (Code.INVALID_CREDENTIALS, None)


def test_an_empty_header_is_as_none(desk: Desk) -> None:
    assert desk.refused((CERT, "")).code is Code.MISSING_CREDENTIALS
    assert desk.ask((CERT, " "), token="good").id == "key:fake"


FOREIGN: dict[str, Callable[[], Made]] = {
    "another authority": lambda: Authority("another").issue(),
    "another authority of the same name": lambda: Authority(above=None, name="root ").issue(),
    "no purpose": lambda: ROOT.issue(usages=None),
    "a server's": lambda: ROOT.issue(usages=[ExtendedKeyUsageOID.SERVER_AUTH]),
    "any purpose": lambda: ROOT.issue(usages=[ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE]),
    "nobody's name": lambda: ROOT.issue(dns=["ward6.hospital.example"]),
    "a name that only ends like it": lambda: ROOT.issue(dns=["x.ward5.hospital.example"]),
    "a wildcard": lambda: ROOT.issue(dns=["*.hospital.example"]),
    "the authority itself": lambda: ROOT.made,
}


@pytest.mark.parametrize("case", FOREIGN)
def test_a_certificate_that_is_not_of_a_caller_is_nobodys(desk: Desk, case: str) -> None:
    error = desk.refused((CERT, FOREIGN[case]().item))
    assert (error.code, error.caller) == (Code.INVALID_CREDENTIALS, None)


def test_a_name_that_is_in_another_part_is_not_that_name(tmp_path: Path) -> None:
    desk = Desk(
        tmp_path, {"callers": [{"id": "w", "roles": ["a"], "uri": "ward5.hospital.example"}]}
    )
    assert desk.refused((CERT, WARD.item)).code is Code.INVALID_CREDENTIALS


def test_a_certificate_of_two_callers_is_neithers(tmp_path: Path) -> None:
    two = [
        {"id": "five", "roles": ["clinician"], "dns": "ward5.hospital.example"},
        {"id": "six", "roles": ["coder"], "dns": "ward6.hospital.example"},
    ]
    desk = Desk(tmp_path, {"callers": two})
    made = ROOT.issue(dns=["ward5.hospital.example", "ward6.hospital.example"])
    assert desk.refused((CERT, made.item)).code is Code.INVALID_CREDENTIALS


def test_no_authority_signs_beyond_what_it_may(desk: Desk) -> None:
    short = Authority("short", above=ROOT, path_length=0)
    made = Authority("below short", above=short).issue()
    leaf = Authority("a leaf that signs", above=ROOT, is_authority=False)
    for end, chain in (
        (made, [Authority("below short", above=short).made, short.made]),
        (leaf.issue(), [leaf.made]),
    ):
        sent = ", ".join(each.item for each in chain)
        error = desk.refused((CERT, end.item), (CHAIN, sent))
        assert error.code is Code.INVALID_CREDENTIALS


@pytest.mark.parametrize(
    ("begins", "ends", "code"),
    [
        (-30 * DAY, -DAY, Code.EXPIRED_CREDENTIALS),
        (DAY, 30 * DAY, Code.TOKEN_NOT_YET_VALID),
    ],
)
def test_a_certificate_of_another_time_is_refused_and_has_an_owner(
    desk: Desk, begins: dt.timedelta, ends: dt.timedelta, code: Code
) -> None:
    error = desk.refused((CERT, ROOT.issue(begins=begins, ends=ends).item))
    assert error.code is code
    assert error.caller is not None
    assert error.caller.id == "cert:ward-5"


def test_a_certificate_that_is_remembered_ends_when_it_ends(desk: Desk) -> None:
    made = ROOT.issue(ends=dt.timedelta(seconds=30))
    assert desk.ask((CERT, made.item))
    desk.clock.now += 30_000
    assert desk.refused((CERT, made.item)).code is Code.EXPIRED_CREDENTIALS


def test_an_authority_that_has_ended_vouches_for_nobody(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    made = ROOT.issue(ends=800 * DAY)
    assert desk.ask((CERT, made.item))
    desk.clock.now += 401 * 86_400_000
    assert desk.refused((CERT, made.item)).code is Code.INVALID_CREDENTIALS


def test_what_was_revoked_is_refused_from_the_next_request_on(tmp_path: Path) -> None:
    (tmp_path / "crl.pem").write_bytes(ROOT.revoking())
    desk = Desk(tmp_path, {"crl_file": "crl.pem"})
    assert desk.ask((CERT, WARD.item))
    (tmp_path / "crl.pem").write_bytes(ROOT.revoking(WARD))
    error = desk.refused((CERT, WARD.item))
    assert error.code is Code.REVOKED_CREDENTIALS
    assert error.caller is not None
    assert desk.ask((CERT, ROOT.issue().item))


def test_an_authority_that_was_revoked_vouches_for_nobody(tmp_path: Path) -> None:
    made = BELOW.issue()
    (tmp_path / "crl.pem").write_bytes(ROOT.revoking(BELOW.made) + BELOW.revoking())
    desk = Desk(tmp_path, {"crl_file": "crl.pem"})
    error = desk.refused((CERT, made.item), (CHAIN, BELOW.made.item))
    assert error.code is Code.REVOKED_CREDENTIALS


@pytest.mark.parametrize("fault", ["old", "foreign", "forged", "nonsense", "gone"])
def test_without_a_list_that_is_current_no_certificate_is_believed(
    tmp_path: Path, fault: str
) -> None:
    path = tmp_path / "crl.pem"
    path.write_bytes(ROOT.revoking())
    desk = Desk(tmp_path, {"crl_file": "crl.pem"})
    match fault:
        case "old":
            path.write_bytes(ROOT.revoking(ends=-DAY / 2))
        case "foreign":
            path.write_bytes(Authority("another").revoking())
        case "forged":
            forger = Authority("forger")
            forger.made = Made(ROOT.made.certificate, forger.made.key)
            path.write_bytes(forger.revoking())
        case "nonsense":
            path.write_bytes(b"nonsense")
        case _:
            path.unlink()
    error = desk.refused((CERT, WARD.item))
    assert (error.code, error.caller) == (Code.IDENTITY_UNAVAILABLE, None)
    path.write_bytes(ROOT.revoking())
    os.utime(path, ns=(1, 1))
    assert desk.ask((CERT, WARD.item))


def test_a_check_is_remembered_and_made_again_after_a_minute(desk: Desk) -> None:
    checks = []
    check = desk.authenticator._authorities.check
    desk.authenticator._authorities.check = (  # type: ignore[method-assign]
        lambda found, now: checks.append(now) or check(found, now)  # type: ignore[func-returns-value]
    )
    for _ in range(3):
        desk.ask((CERT, WARD.item))
    desk.clock.now += CACHE_MS
    desk.ask((CERT, WARD.item))
    assert len(checks) == 2


@pytest.mark.parametrize(("name", "content"), [("ca.pem", b""), ("ca.pem", None)])
def test_without_an_authority_there_is_no_start(
    tmp_path: Path, name: str, content: bytes | None
) -> None:
    desk = Desk(tmp_path)
    (tmp_path / name).unlink() if content is None else (tmp_path / name).write_bytes(content)
    with pytest.raises(AuthorityError, match="ca_file"):
        CertificateAuthenticator(desk.settings, tmp_path, desk.others, desk.clock)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"proxies": ["0.0.0.0/0"]}, "name the proxies"),
        ({"proxies": []}, "proxies"),
        ({"proxies": ["everywhere"]}, "everywhere"),
        ({"form": "pem"}, "form"),
        ({"other": 1}, "other"),
        ({"callers": [{"id": "a", "roles": ["b"]}]}, "exactly one"),
        ({"callers": [{"id": "a", "roles": ["b"], "dns": "x", "uri": "y"}]}, "exactly one"),
        ({"callers": [{"id": "a", "roles": [], "dns": "x"}]}, "roles"),
        ({"callers": [{"id": "a b", "roles": ["b"], "dns": "x"}]}, "an id is"),
        ({"callers": [{"id": "a", "roles": ["B"], "dns": "x"}]}, "a role or group"),
        ({"callers": [{"id": "a", "roles": ["b"], "dns": "x", "purposes": ["TREET"]}]}, "TREET"),
        (
            {"callers": [{"id": n, "roles": ["b"], "dns": "x"} for n in ("a", "b")]},
            "the same name",
        ),
        (
            {"callers": [{"id": "a", "roles": ["b"], "dns": n} for n in ("x", "y")]},
            "the same id",
        ),
    ],
)
def test_settings_that_make_no_sense_are_an_error(change: dict[str, Any], words: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=words):
        msgspec.convert({"proxies": ["unix"], "ca_file": "ca.pem", **change}, Certificates)


# Tokens that are bound to a certificate (RFC 8705).


@pytest.fixture
def bound(tmp_path: Path) -> Desk:
    return Desk(tmp_path, others=House().authenticator)


def token(thumbprint: object = WARD.thumbprint) -> str:
    return sign(claims(cnf={"x5t#S256": thumbprint}))


def test_a_bound_token_with_its_certificate_is_its_bearers(bound: Desk) -> None:
    for _ in range(2):
        assert bound.ask((CERT, WARD.item), token=token()).assurance is Assurance.OIDC


def test_a_bound_token_without_its_certificate_is_refused_also_when_it_is_remembered(
    bound: Desk,
) -> None:
    good = token()
    bound.ask((CERT, WARD.item), token=good)
    other = ROOT.issue("ward6")
    for headers, address in (
        ([], PROXY),
        ([(CERT, other.item)], PROXY),
        ([(CERT, WARD.item)], ELSEWHERE),
        ([(CERT, "")], PROXY),
    ):
        error = bound.refused(*headers, address=address, token=good)
        assert error.code is Code.INVALID_CREDENTIALS
        assert error.caller is not None, "the refusal is recorded under its owner"
    bound.ask((CERT, WARD.item), token=good)


def test_a_token_that_is_bound_to_nothing_needs_none(bound: Desk) -> None:
    assert bound.ask(token=sign()).id == bound.ask((CERT, WARD.item), token=sign()).id


@pytest.mark.parametrize(
    "cnf",
    [
        None,
        "x",
        {},
        {"jkt": "x"},
        {"x5t#S256": WARD.thumbprint, "jkt": "x"},
        {"x5t#S256": WARD.thumbprint + "="},
        {"x5t#S256": WARD.thumbprint[:-1]},
        {"x5t#S256": 7},
        {"x5t": WARD.thumbprint},
    ],
)
def test_a_binding_that_is_not_understood_is_no_missing_one(bound: Desk, cnf: object) -> None:
    bad = sign({**claims(), "cnf": cnf})
    assert bound.refused((CERT, WARD.item), token=bad).code is Code.INVALID_CREDENTIALS


def test_no_thumbprint_of_zeros_stands_for_no_certificate(bound: Desk) -> None:
    assert bound.refused(token=token("A" * 43)).code is Code.INVALID_CREDENTIALS


def test_an_authenticator_without_a_proxy_knows_no_certificate() -> None:
    sent = Credentials(f"Bearer {token()}", PROXY, forwarded=((CERT, WARD.item),))
    with pytest.raises(AuthenticationError):
        House().authenticator.authenticate(sent)


# Whatever comes, it is a certificate of a caller or it is refused.

pieces = st.one_of(
    st.sampled_from(
        [WARD.item, BELOW.made.item, ":", ",", ";", '"', "\\", "=", "Cert=", "Chain=", "Hash="]
    ),
    st.sampled_from([WARD.cert, BELOW.made.cert, "By=x", "%", "%0", "%00", "%0A", " "]),
    st.text(max_size=8),
)
values = st.lists(pieces, max_size=6).map("".join)
names = st.sampled_from([CERT, CHAIN, XFCC, "client_cert", "x_forwarded-client_cert"])


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(names, values), max_size=4), st.sampled_from(["rfc9440", "xfcc"]))
def test_any_headers_are_a_certificate_nothing_or_an_error_of_ours(
    headers: list[tuple[str, str]], form: str
) -> None:
    try:
        found = presented(headers, form)
    except ForwardedError:
        return
    if found is None:
        assert not any(value.strip() for _, value in headers)
    else:
        assert len(found.leaf) <= MAX_DER
        assert len(found.chain) <= MAX_CHAIN


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return Desk(tmp_path_factory.mktemp("desk"))


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=40), st.integers(0, len(WARD.der)), st.integers(0, 40))
def test_no_change_to_a_certificate_is_believed(
    lasting: Desk, patch: bytes, at: int, cut: int
) -> None:
    changed = WARD.der[:at] + patch + WARD.der[at + cut :]
    if changed == WARD.der:
        assert lasting.ask((CERT, _item(changed)))
    else:
        assert lasting.refused((CERT, _item(changed))).code is Code.INVALID_CREDENTIALS


@pytest.mark.parametrize("name", [CERT, CHAIN, XFCC, "client_cert", "x_forwarded_client_cert"])
def test_a_header_that_could_be_taken_for_one_is_looked_at(name: str) -> None:
    assert is_about_certificates(name)
    assert not is_about_certificates(f"x-{name}")
