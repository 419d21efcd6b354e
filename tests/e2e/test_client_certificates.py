"""Real nginx with mutual TLS before the whole gateway: who has a certificate's key is believed."""

from __future__ import annotations

import datetime as dt
import json
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID

from tests.e2e.conftest import HASTE
from tests.e2e.nginx import Proxy
from tests.e2e.process import Gateway, Key, chat, wait_for
from tests.fakes.certificates import Authority, Made
from tests.fakes.provider import claims, key_set, public, rsa, sign

_SETTINGS = """
socket = "gateway.sock"
[identity.certificates]
proxies = ["unix"]
form = "{form}"
ca_file = "client-ca.pem"
[[identity.certificates.callers]]
id = "ward-5"
dns = "ward5.hospital.example"
roles = ["clinician"]
groups = ["icu"]
[identity.oidc]
issuer = "https://idp.hospital.example/realms/ward"
audience = ["https://gateway.hospital.example"]
jwks_url = "http://127.0.0.1:{port}/jwks"
role_claims = ["roles"]
roles = {{ward-clinician = "clinician"}}
"""


class Keys(BaseHTTPRequestHandler):
    """The provider's keys, and nothing else of it."""

    def do_GET(self) -> None:
        body = key_set(public(rsa()))
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@dataclass
class House:
    folder: Path
    form: str
    authority: Authority = field(default_factory=lambda: Authority(now=dt.datetime.now(dt.UTC)))

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        data = self.folder / "data"
        data.mkdir(mode=0o700)
        for place in (self.folder, data):
            (place / "client-ca.pem").write_bytes(self.authority.made.pem)
        server = self.authority.issue(
            "server", dns=["localhost"], usages=[ExtendedKeyUsageOID.SERVER_AUTH]
        )
        server.save(self.folder, "server")
        self.provider = ThreadingHTTPServer(("127.0.0.1", 0), Keys)
        threading.Thread(target=self.provider.serve_forever, daemon=True).start()
        settings = _SETTINGS.format(form=self.form, port=self.provider.server_address[1])
        self.gateway = Gateway(data, HASTE + settings).start()
        self.proxy = Proxy(self.folder, data / "gateway.sock", self.form)
        self.key: Key = self.gateway.create_key("ward", "clinician", network="unix")
        self.ward = self.authority.issue()

    def close(self) -> None:
        self.proxy.stop()
        self.provider.shutdown()
        assert self.gateway.stop() == 0, self.gateway.said()[-2000:]
        assert "unexpected_error" not in self.gateway.said()
        assert not (self.gateway.data / "gateway.sock").exists()

    def client(self, made: Made | None = None) -> httpx.Client:
        context = ssl.create_default_context(cafile=str(self.folder / "client-ca.pem"))
        if made is not None:
            context.load_cert_chain(*made.save(self.folder, "client"))
        return httpx.Client(
            base_url=f"https://localhost:{self.proxy.port}",
            headers={"x-purpose-of-use": "TREAT"},
            verify=context,
            timeout=60,
            trust_env=False,
        )

    def models(self, made: Made | None = None, **headers: str) -> httpx.Response:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        with self.client(made) as client:
            return client.get("/v1/models", headers=sent)

    def token(self, **more: object) -> str:
        now = int(time.time())
        return sign(claims(iat=now - 10, exp=now + 300, **more))


def code(reply: httpx.Response) -> str:
    return str(reply.json()["error"]["code"])


XFCC = pytest.param("xfcc", marks=[pytest.mark.slow, pytest.mark.xdist_group("xfcc")])


@pytest.fixture(scope="module", params=["rfc9440", XFCC])
def house(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    from tests.e2e.nginx import nginx

    nginx()
    made = House(tmp_path_factory.mktemp("certificates") / request.param, request.param)
    yield made
    made.close()


def test_who_has_the_key_to_a_certificate_is_its_caller_in_the_ledger(house: House) -> None:
    with house.client(house.ward) as client:
        reply = client.post("/v1/chat/completions", json=chat("Say hello."))
    assert reply.status_code == 200, reply.text
    intent, outcome = house.gateway.settled(reply.headers["x-request-id"])
    assert (intent["actor"], intent["client"]) == ("cert:ward-5", "ward-5")
    assert (intent["department"], outcome["status"]) == ("icu", "completed")


def test_a_reply_streams_through_the_proxy(house: House) -> None:
    with (
        house.client(house.ward) as client,
        client.stream("POST", "/v1/chat/completions", json=chat("Hello.", stream=True)) as reply,
    ):
        lines = list(reply.iter_lines())
    assert lines[-2] == "data: [DONE]" or "data: [DONE]" in lines


def test_without_a_certificate_a_key_or_a_token_is_still_needed(house: House) -> None:
    assert code(house.models()) == "missing_credentials"
    assert house.models(authorization=f"Bearer {house.key.secret}").status_code == 200
    assert house.models(authorization=f"Bearer {house.token()}").status_code == 200


def test_a_certificate_of_nobodys_opens_nothing(house: House) -> None:
    assert code(house.models(house.authority.issue(dns=["other.example"]))) == "invalid_credentials"
    server = house.authority.issue(usages=[ExtendedKeyUsageOID.SERVER_AUTH])
    assert house.models(server).status_code in {400, 401}


def test_nginx_lets_no_certificate_in_that_another_authority_made(house: House) -> None:
    foreign = Authority("another", now=dt.datetime.now(dt.UTC)).issue()
    reply = house.models(foreign)
    assert reply.status_code == 400
    assert "certificate" in reply.text.lower()


@pytest.mark.parametrize("made", [False, True])
def test_what_a_client_writes_itself_never_passes_the_proxy(house: House, made: bool) -> None:  # noqa: FBT001
    forged = house.authority.issue("another", dns=["ward5.hospital.example"])
    for name, value in (
        ("client-cert", forged.item),
        ("client-cert-chain", forged.item),
        ("x-forwarded-client-cert", f'Cert="{forged.cert}"'),
        ("client_cert", forged.item),
        ("Client_Cert", forged.item),
        ("x_forwarded_client_cert", f'Cert="{forged.cert}"'),
    ):
        with house.client(house.ward if made else None) as client:
            reply = client.get("/v1/models", headers={name: value})
        assert reply.status_code == (200 if made else 401), name


def test_past_the_proxy_the_headers_are_nothing(house: House) -> None:
    headers = {
        "client-cert": house.ward.item,
        "x-forwarded-client-cert": f'Cert="{house.ward.cert}"',
    }
    with house.gateway.client(None) as client:
        reply = client.get("/v1/models", headers=headers)
    assert code(reply) == "missing_credentials"


def test_a_bound_token_is_good_with_its_certificate_and_nobody_elses(house: House) -> None:
    bound = house.token(cnf={"x5t#S256": house.ward.thumbprint})
    authorization = f"Bearer {bound}"
    assert house.models(house.ward, authorization=authorization).status_code == 200
    another = house.authority.issue("another", dns=["another.example"])
    for made in (None, another):
        assert code(house.models(made, authorization=authorization)) == "invalid_credentials"
    with house.client(another) as client:
        reply = client.post(
            "/v1/chat/completions", json=chat("Hello."), headers={"authorization": authorization}
        )
    assert reply.status_code == 401
    records = wait_for(lambda: house.gateway.records(reply.headers["x-request-id"]), "the refusal")
    assert [(each["kind"], each["code"]) for each in records] == [
        ("refusal", "invalid_credentials")
    ]
    assert records[0]["actor"].startswith("oidc:")


def test_nothing_of_a_certificate_or_a_token_is_in_the_log(house: House) -> None:
    bound = house.token(cnf={"x5t#S256": house.ward.thumbprint})
    house.models(house.ward, authorization=f"Bearer {bound}")
    said = house.gateway.said()
    assert house.ward.item[40:80] not in said
    assert house.ward.thumbprint not in said
    assert json.dumps(bound)[-20:-1] not in said
