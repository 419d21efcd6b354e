"""A real gateway in which two people let one of them learn who a pseudonym is."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.policy.shipped import install_default
from gateway.settings import load
from tests.e2e.process import Gateway, Key

NAME = "Ilse Quandahl"
NUMBER = "4471902"
NOTE = f"Patient: {NAME}, MRN {NUMBER}, phone (260) 555-0142. She is allergic to penicillin."
REASON = "Unconscious in the emergency room, and the letter is about an allergy."
RULE = """
@id("break-glass-by-clinicians")
@profile("break-glass")
permit (principal in Role::"clinician", action == Action::"reidentify", resource)
when { context.purpose == Purpose::"BTG" };
"""


def with_break_glass(gateway: Gateway) -> None:
    policies = load(gateway.data).policies
    install_default(policies)
    access = policies / "access.cedar"
    access.write_text(access.read_text() + RULE)
    vectors = policies / "vectors" / "access.yaml"
    before, found, _ = vectors.read_text().partition("  - name: who a pseudonym is stays unknown")
    assert found
    vectors.write_text(
        before
        + """  - name: a clinician breaks the glass
    roles: [clinician]
    purpose: BTG
    action: reidentify
    model: detection
    expect: {permit: break-glass, rules: [break-glass-by-clinicians]}
"""
    )
    treatment = policies / "profiles" / "treatment.yaml"
    text = treatment.read_text()
    treatment.write_text(text + "keep: all\n")
    allowed = text.replace("name: treatment", "name: break-glass").replace(
        "strictness: 100", "strictness: 110"
    )
    Path(policies / "profiles" / "break-glass.yaml").write_text(
        allowed + "reidentify: {allowed: true, second_person: true, minutes: 30}\n"
    )


@pytest.fixture
def people(fresh: Gateway) -> tuple[Gateway, Key, Key]:
    with_break_glass(fresh)
    gateway = fresh.start()
    return gateway, gateway.create_key("Dr Ada", "clinician"), gateway.create_key("Ben", "approver")


def test_two_people_learn_what_one_may_not(people: tuple[Gateway, Key, Key]) -> None:
    gateway, doctor, approver = people
    with gateway.client(doctor) as mine, gateway.client(approver) as theirs:
        redacted = mine.post("/v1/redact", json={"text": NOTE})
        exchange = redacted.headers["x-request-id"]
        text = redacted.json()["documents"][0]["text"]
        assert NAME not in text
        asked = mine.post(
            "/admin/grants",
            json={"purpose": "BTG", "patient": f"MRN-{NUMBER}"[4:], "reason": REASON},
        )
        assert asked.status_code == 201, asked.text
        grant = asked.json()["id"]

        def back(sent: str) -> object:
            return mine.post(
                "/v1/reidentify",
                json={"exchange": exchange, "text": sent},
                headers={"X-Grant": grant, "X-Purpose-Of-Use": "BTG"},
            ).json()

        assert back(text)["error"]["code"] == "grant_refused"  # type: ignore[index]
        assert theirs.post(f"/admin/grants/{grant}/approve").json()["state"] == "active"
        assert back(text) == {"text": NOTE, "restored": text.count("_")}
        assert mine.post(f"/admin/grants/{grant}/end").json()["state"] == "ended"
        assert back(text)["error"]["code"] == "grant_refused"  # type: ignore[index]
    uses = [each for each in gateway.records() if each.get("access") == "reidentify"]
    assert [each.get("code") for each in uses] == ["grant_not_active", None, "grant_not_active"]
    assert all(each["grant"] == grant for each in uses)
    assert gateway.stop() == 0
    stays = gateway.said().encode() + b"".join(
        path.read_bytes() for path in gateway.data.rglob("*") if path.is_file()
    )
    for secret in (NAME, "Quandahl", NUMBER, REASON, "allergy"):
        assert secret.encode() not in stays, secret
