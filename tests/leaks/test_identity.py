"""What proves who somebody is stays nowhere: certificates, bindings, old secrets, and patients."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gateway import logs
from gateway.domain.errors import AuthenticationError
from gateway.domain.exchange import Credentials
from gateway.domain.limits import RATES, Bound
from gateway.identity.certificate import CertificateAuthenticator
from gateway.limiter import Limiter
from tests.fakes.certificates import Authority
from tests.fakes.exchange import World, ask, read, submission
from tests.fakes.identity import FakeAuthenticator, StoppedClock

CANARY = "Zebulon-Quattlebaum-77"


def shown(error: BaseException) -> str:
    return f"{error!r} {error} {error.__cause__!r} {error.__context__!r}"


@pytest.mark.parametrize("address", ["unix", "10.9.9.9"])
@pytest.mark.parametrize(
    "headers",
    [
        [("client-cert", CANARY)],
        [("client-cert", f":{CANARY}:")],
        [("client-cert", ":AAAA:"), ("client-cert-chain", CANARY)],
        [("client_cert", CANARY)],
        [("x-forwarded-client-cert", f'Subject="{CANARY}"')],
    ],
)
async def test_a_canary_in_a_proxys_headers_is_in_no_log_no_error_and_no_record(
    address: str,
    headers: list[tuple[str, str]],
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    import msgspec

    from gateway.certificates import Certificates

    logs.configure(style="json", level="debug")
    (tmp_path / "ca.pem").write_bytes(Authority().made.pem)
    said = msgspec.convert({"proxies": ["unix"], "ca_file": "ca.pem"}, Certificates)
    world = World()
    world.authenticator = CertificateAuthenticator(  # type: ignore[assignment]
        said, tmp_path, FakeAuthenticator(), StoppedClock()
    )
    credentials = Credentials("Bearer wrong", address, forwarded=tuple(headers))
    channel = world.pipeline().start(replace(submission(ask("Hi")), credentials=credentials))
    reply = await read(channel)
    assert reply.error is not None
    output = capfd.readouterr()
    everything = (output.out, output.err, shown(reply.error), repr(credentials), repr(world.ledger))
    assert not any(CANARY in each for each in everything)
    assert CANARY not in repr(world.ledger.records)


def test_a_certificate_is_in_no_error_of_a_check(tmp_path: Path) -> None:
    import msgspec

    from gateway.certificates import Certificates

    (tmp_path / "ca.pem").write_bytes(Authority().made.pem)
    said = msgspec.convert({"proxies": ["unix"], "ca_file": "ca.pem"}, Certificates)
    checker = CertificateAuthenticator(said, tmp_path, FakeAuthenticator(), StoppedClock())
    made = Authority("another").issue(CANARY, dns=[f"{CANARY.lower()}.example"])
    with pytest.raises(AuthenticationError) as raised:
        checker.authenticate(Credentials(None, "unix", forwarded=(("client-cert", made.item),)))
    assert CANARY.lower() not in shown(raised.value).lower()
    assert CANARY.lower() not in repr(vars(checker)).lower()


def test_a_patients_fingerprint_is_in_nothing_that_a_limit_says() -> None:
    limiter = Limiter()
    patient, bound = b"p" * 31 + b"!", Bound("key:a", RATES["patients_per_hour"], 1)
    held = limiter.admit([bound])
    held.reserve(0, [patient])
    with pytest.raises(Exception) as raised:  # noqa: PT011 - whatever it is
        limiter.admit([bound]).reserve(0, [b"q" * 32])
    assert "pppp" not in f"{shown(raised.value)} {held!r} {limiter!r}"
