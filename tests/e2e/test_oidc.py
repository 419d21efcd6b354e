"""A real identity provider beside the whole gateway: tokens, rotation, an outage, a flood."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import openai
import pytest
from joserfc.jwk import ECKey

from tests.e2e.conftest import HASTE
from tests.e2e.process import MODEL, Gateway, Key, chat, wait_for
from tests.e2e.provider import Provider, settle
from tests.fakes.provider import sign

MAX_AGE = 6
_SETTINGS = """
[identity.oidc]
issuer = "{issuer}"
audience = ["urn:intramural"]
{where}
leeway = 0
role_claims = ["roles"]
refresh = 2
refetch = 1
max_age = 6
timeout = 1.0
roles = {{ward-clinician = "clinician", cook = "cook"}}
"""
TEXT = "Summarise: Margaret Thornton, MRN 48210377, was seen for chest pain."


def by_keys(provider: Provider) -> str:
    where = f'jwks_url = "{provider.issuer}/jwks"'
    return HASTE + _SETTINGS.format(issuer=provider.issuer, where=where)


def by_discovery(provider: Provider) -> str:
    where = (
        f'discovery_url = "{provider.issuer}/.well-known/openid-configuration"\n'
        'address = "127.0.0.1"'  # Which says again what the URL says.
    )
    return HASTE + _SETTINGS.format(issuer=provider.issuer, where=where)


@dataclass
class Hospital:
    """A provider, and a gateway that believes it."""

    provider: Provider
    gateway: Gateway
    key: Key

    def models(self, token: str) -> httpx.Response:
        return self.client.get("/v1/models", headers={"authorization": f"Bearer {token}"})

    def ask(self, token: str, text: str = "Say hello.") -> httpx.Response:
        return self.client.post(
            "/v1/chat/completions", json=chat(text), headers={"authorization": f"Bearer {token}"}
        )

    def __post_init__(self) -> None:
        self.client = self.gateway.client(None)


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hospital]:
    folder = tmp_path_factory.mktemp("oidc")
    provider = Provider(folder)
    gateway = Gateway(folder / "data", by_discovery(provider))
    try:
        gateway.start()
        made = Hospital(provider, gateway, gateway.create_key("ward", "clinician"))
        yield made
        made.client.close()
        assert gateway.stop() == 0, gateway.said()[-2000:]
        assert "egress_refused" not in gateway.said()
        assert "unexpected_error" not in gateway.said()
    finally:
        provider.stop()
        if gateway.started and gateway.process.poll() is None:
            gateway.process.kill()
            gateway.process.wait(10)


def code(reply: httpx.Response) -> str:
    return str(reply.json()["error"]["code"])


@pytest.mark.parametrize("kind", ["rs256", "es256"])
def test_a_token_of_the_provider_is_a_caller_in_the_ledger(hospital: Hospital, kind: str) -> None:
    token = hospital.provider.token(kind)
    reply = hospital.ask(token, TEXT)
    assert reply.status_code == 200, reply.text
    intent, outcome = hospital.gateway.settled(reply.headers["x-request-id"])
    assert (intent["actor"], intent["client"]) == ("oidc:ward-software", "ward-software")
    assert (intent["profile"], outcome["status"]) == ("treatment", "completed")
    assert token not in hospital.gateway.said()
    assert token.rpartition(".")[2] not in hospital.gateway.said()


def test_the_unmodified_client_takes_a_token_for_a_key(hospital: Hospital) -> None:
    client = openai.OpenAI(
        base_url=f"{hospital.gateway.url}/v1",
        api_key=hospital.provider.token(),
        default_headers={"X-Purpose-Of-Use": "TREAT"},
        max_retries=0,
    )
    assert [model.id for model in client.models.list()] == [MODEL, "default"]


def test_a_backend_service_that_signs_who_it_is_gets_a_token_that_works(
    hospital: Hospital,
) -> None:
    reply = hospital.ask(hospital.provider.backend_token())
    assert reply.status_code == 200, reply.text
    intent = hospital.gateway.records(reply.headers["x-request-id"])[0]
    assert (intent["actor"], intent["client"]) == ("oidc:smart", "smart")


def test_api_keys_work_beside_tokens(hospital: Hospital) -> None:
    assert hospital.models(hospital.key.secret).status_code == 200
    refused = hospital.models(hospital.key.secret[:-1] + "x")
    assert (refused.status_code, code(refused)) == (401, "invalid_credentials")


def test_a_role_that_policy_does_not_know_is_denied_on_record(hospital: Hospital) -> None:
    reply = hospital.ask(hospital.provider.token(client="kitchen"))
    assert (reply.status_code, code(reply)) == (403, "policy_denied")
    (refusal,) = hospital.gateway.records(reply.headers["x-request-id"])
    assert (refusal["actor"], refusal["code"]) == ("oidc:kitchen", "policy_denied")


def test_a_token_for_somebody_else_is_nobodys(hospital: Hospital) -> None:
    reply = hospital.ask(hospital.provider.token("elsewhere"))
    assert (reply.status_code, code(reply)) == (401, "invalid_credentials")
    assert reply.headers["www-authenticate"].startswith("Bearer")
    assert hospital.gateway.records(reply.headers["x-request-id"]) == []


def test_a_token_that_has_ended_is_refused_on_record(hospital: Hospital) -> None:
    token = hospital.provider.token("short")
    settle(1.2)
    reply = hospital.ask(token)
    assert (reply.status_code, code(reply)) == (401, "expired_credentials")
    (refusal,) = hospital.gateway.records(reply.headers["x-request-id"])
    assert (refusal["actor"], refusal["code"]) == ("oidc:ward-software", "expired_credentials")


def test_a_flood_of_unknown_key_ids_hardly_reaches_the_provider(hospital: Hospital) -> None:
    key = ECKey.generate_key("P-256", {"kid": "x"}, private=True)
    tokens = [sign(key=key, alg="ES256", kid=f"flood-{number}") for number in range(1500)]
    before, begun = hospital.provider.fetches(), time.monotonic()
    codes = {code(hospital.models(token)) for token in tokens}
    seconds = time.monotonic() - begun
    assert codes == {"identity_unavailable"}
    assert hospital.provider.fetches() - before <= seconds + 2
    assert hospital.models(hospital.provider.token()).status_code == 200


def test_after_a_rotation_new_tokens_work_at_once_and_old_ones_no_more(hospital: Hospital) -> None:
    old = hospital.provider.token()
    assert hospital.models(old).status_code == 200
    hospital.provider.rotate()
    new = hospital.provider.token()
    first = hospital.models(new)
    if first.status_code != 200:
        assert (code(first), first.headers["retry-after"]) == ("identity_unavailable", "1")
    wait_for(lambda: hospital.models(new).status_code == 200, "the new keys are known", 15)
    refused = wait_for(
        lambda: (reply := hospital.models(old)).status_code == 401 and reply, "the old are not", 15
    )
    assert code(refused) == "invalid_credentials"


def test_a_client_that_retries_does_not_notice_a_rotation(hospital: Hospital) -> None:
    hospital.provider.rotate()
    client = openai.OpenAI(
        base_url=f"{hospital.gateway.url}/v1", api_key=hospital.provider.token(), max_retries=2
    )
    assert list(client.models.list())


def test_in_an_outage_known_keys_hold_for_a_while_and_then_nobody_is_believed(
    hospital: Hospital,
) -> None:
    hospital.provider.rotate()
    token = hospital.provider.token()
    wait_for(lambda: hospital.models(token).status_code == 200, "the keys are known")
    hospital.provider.stop()
    begun = time.monotonic()
    assert hospital.models(token).status_code == 200
    wait_for(lambda: code_of(hospital.models(token)) == "identity_unavailable", "too old", 20)
    assert MAX_AGE - 3 <= time.monotonic() - begun <= MAX_AGE + 6
    assert hospital.models(hospital.key.secret).status_code == 200
    assert "oidc_keys_unavailable" in hospital.gateway.said()
    ran = hospital.gateway.cli("doctor", "--json")
    found = {line["check"]: line for line in map(json.loads, ran.stdout.splitlines())}
    assert found["identity"]["verdict"] == "failed"
    hospital.provider.start()
    again = hospital.provider.token()
    wait_for(lambda: hospital.models(again).status_code == 200, "the provider is back", 20)
    ran = hospital.gateway.cli("doctor", "--json")
    found = {line["check"]: line for line in map(json.loads, ran.stdout.splitlines())}
    assert (found["identity"]["verdict"], found["identity"]["found"][:6]) == ("ok", "3 keys")


def code_of(reply: httpx.Response) -> str | None:
    return None if reply.status_code == 200 else code(reply)


def test_a_gateway_starts_without_its_provider_and_believes_it_when_it_comes(
    tmp_path: Path,
) -> None:
    provider = Provider(tmp_path)
    gateway = Gateway(tmp_path / "data", by_keys(provider))
    try:
        token = provider.token()
        provider.stop()
        gateway.start()
        hospital = Hospital(provider, gateway, gateway.create_key("ward", "clinician"))
        assert code(hospital.models(token)) == "identity_unavailable"
        assert hospital.models(hospital.key.secret).status_code == 200
        provider.start()
        fresh = provider.token("es256")
        wait_for(lambda: hospital.models(fresh).status_code == 200, "the provider is back", 20)
        assert gateway.stop() == 0
    finally:
        provider.stop()
        if gateway.started and gateway.process.poll() is None:
            gateway.process.kill()
            gateway.process.wait(10)
