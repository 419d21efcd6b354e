"""Limits, keys and the report of use on a whole gateway, across a crash."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import signal
import time
from collections import Counter
from collections.abc import Iterator

import httpx
import pytest

from gateway.policy.shipped import install_default
from tests.e2e.conftest import HASTE
from tests.e2e.process import MODEL, Gateway, Key, chat, headers_of, wait_for

_LIMITS = b"""
each_caller:
  roles:
    clinician: {requests_per_day: 12, patients_per_hour: 3}
departments:
  icu: {tokens_per_day: 100000}
"""
_PRICES = """
[usage]
currency = "CHF"
[usage.prices."*"]
prompt = "1"
completion = "2"
"""
ALICE = "Summarise: Margaret Thornton, MRN {}, was seen for chest pain."


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    data = tmp_path_factory.mktemp("limits") / "data"
    gateway = Gateway(data, HASTE + _PRICES)
    install_default(data / "policies")
    (data / "policies" / "limits.yaml").write_bytes(_LIMITS)
    gateway.start()
    yield gateway
    assert gateway.stop() == 0, gateway.said()[-2000:]
    assert "unexpected_error" not in gateway.said()


def ask(gateway: Gateway, key: Key, text: str = "Say hello.") -> httpx.Response:
    with gateway.client(key) as client:
        return client.post("/v1/chat/completions", json=chat(text, max_tokens=4))


def code(reply: httpx.Response) -> str:
    return str(reply.json()["error"]["code"])


async def many(gateway: Gateway, key: Key, count: int) -> list[httpx.Response]:
    limits = httpx.Limits(max_connections=count)
    async with httpx.AsyncClient(
        base_url=gateway.url, headers=headers_of(key), timeout=60, trust_env=False, limits=limits
    ) as client:
        sent = [
            client.post("/v1/chat/completions", json=chat("Hi.", max_tokens=2))
            for _ in range(count)
        ]
        return await asyncio.gather(*sent)


async def test_a_quota_is_exact_with_64_at_once_and_holds_across_a_crash(house: Gateway) -> None:
    key = house.create_key("crowd", "clinician", "--group", "icu")
    replies = await many(house, key, 64)
    assert Counter(reply.status_code for reply in replies) == {200: 12, 429: 52}
    refused = next(reply for reply in replies if reply.status_code == 429)
    assert code(refused) == "quota_exceeded"
    left = 86_400 - time.time() % 86_400
    assert abs(int(refused.headers["retry-after"]) - left) < 60
    (record,) = house.records(refused.headers["x-request-id"])
    assert (record["code"], record["department"]) == ("quota_exceeded", "icu")
    house.stop(signal.SIGKILL)
    house.start()
    assert code(ask(house, key)) == "quota_exceeded"


def test_a_fourth_patient_in_an_hour_is_one_too_many(house: Gateway) -> None:
    key = house.create_key("rounds", "clinician")
    for number in (48210377, 48210378, 48210377, 48210379):
        assert ask(house, key, ALICE.format(number)).status_code == 200
    refused = ask(house, key, ALICE.format(48210380))
    assert code(refused) == "rate_limited"
    assert 3000 < int(refused.headers["retry-after"]) <= 3660
    assert ask(house, key, ALICE.format(48210378)).status_code == 200


def test_a_rotated_key_works_with_both_secrets_and_a_revoked_one_with_neither(
    house: Gateway,
) -> None:
    key = house.create_key("rotating", "clinician", expires="90d")
    assert "x-credential-expires" not in ask(house, key).headers
    ran = house.cli("keys", "rotate", key.id, "--overlap", "2h", "--json")
    assert ran.returncode == 0, ran.stderr
    said = json.loads(ran.stdout)
    new = Key(said["id"], said["key"])
    assert ask(house, key).headers["x-credential-expires"] == said["overlap_until"]
    assert ask(house, new).status_code == 200
    (record,) = [each for each in house.records() if each.get("act") == "key_rotated"]
    assert (record["target"], record["until"] > record["time"]) == (f"key:{key.id}", True)
    assert house.cli("keys", "revoke", key.id).returncode == 0
    assert {code(ask(house, each)) for each in (key, new)} == {"revoked_credentials"}
    rows = json.loads(house.command("keys", "list", "--json").stdout)
    row = wait_for(
        lambda: next((each for each in rows if each["id"] == key.id), None), "the key is listed"
    )
    assert row["state"] == "revoked"


@pytest.mark.slow
def test_the_last_use_of_a_key_is_counted_a_moment_later(house: Gateway) -> None:
    key = house.create_key("seldom", "clinician")

    def used() -> str | None:
        rows = json.loads(house.command("keys", "list", "--json").stdout)
        found: str | None = next(each["used"] for each in rows if each["id"] == key.id)
        return found

    assert used() is None
    ask(house, key)
    wait_for(used, "the use is counted", 30)


def test_a_key_that_is_for_one_thing_is_for_nothing_else(house: Gateway) -> None:
    key = house.create_key("embedder", "clinician", "--only-action", "embed")
    assert code(ask(house, key)) == "scope_exceeded"
    rows = json.loads(house.command("keys", "list", "--json").stdout)
    assert next(each["only"] for each in rows if each["id"] == key.id) == ["action:embed"]


def test_use_is_reported_on_the_command_line_and_to_who_may_read_it(house: Gateway) -> None:
    ran = house.cli("usage", "--by", "client", "--csv")
    assert ran.returncode == 0, ran.stderr
    rows = {row["client"]: row for row in csv.DictReader(io.StringIO(ran.stdout))}
    crowd = rows["crowd"]
    assert (int(crowd["requests"]), int(crowd["refusals"])) == (12, 53)
    cost = (int(crowd["prompt_tokens"]) + 2 * int(crowd["completion_tokens"])) / 1000
    assert float(crowd["cost_CHF"]) == pytest.approx(cost)
    # From an operator's first key on, it takes an operator to make another.
    ward, operator = house.create_key("ward", "clinician"), house.create_key("desk", "operator")
    with house.client(operator) as client:
        reply = client.get("/admin/usage", params={"by": "model"})
        table = client.get("/admin/usage", params={"by": "model", "format": "csv"})
        wrong = client.get("/admin/usage", params={"by": "patient"})
    assert MODEL in {line["name"] for line in reply.json()["lines"]}
    assert table.headers["content-type"].startswith("text/csv")
    assert (wrong.status_code, wrong.json()["code"]) == (400, "invalid_request")
    with house.client(ward) as client:
        refused = client.get("/admin/usage")
    assert (refused.status_code, refused.json()["code"]) == (403, "duty_refused")
    looks = [each for each in house.records() if each.get("target") == "usage"]
    assert len(looks) == 3
    assert {each["kind"] for each in looks} == {"access"}
    for bad in (("--from", "yesterday"), ("--csv", "--json")):
        assert house.command("usage", *bad).returncode == 2
