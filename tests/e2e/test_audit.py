"""An auditor's day at a real gateway: an alert comes, is found, explained, and the log is whole."""

from __future__ import annotations

from tests.e2e.process import Gateway, chat, wait_for


def test_an_alert_is_raised_found_and_explained(fresh: Gateway) -> None:
    fresh.start()
    auditor = fresh.create_key("privacy-desk", "auditor")
    ward = fresh.create_key("ward", "clinician")
    with fresh.client(ward) as client:
        asked = client.post("/v1/chat/completions", json=chat("Hello", max_tokens=1))
        assert client.get("/audit/records").json()["code"] == "duty_refused"
    assert asked.status_code == 200, asked.text
    with fresh.client(auditor) as desk:

        def alerts() -> list[dict[str, object]]:
            found = desk.get("/audit/records", params={"kind": "alert", "review": "open"})
            assert found.status_code == 200, found.text
            return [each for each in found.json()["records"] if each["rule"] == "duty-refused"]

        (alert,) = wait_for(alerts, "nobody raised an alert")
        assert alert["actor"] == ward.actor
        exchange = asked.headers["x-request-id"]
        page = desk.get("/audit/records", params={"exchange": exchange}).json()
        assert [each["kind"] for each in page["records"]] == ["outcome", "intent"]
        reviews = f"/audit/records/{alert['index']}/reviews"
        said = {"state": "explained", "comment": "They tried the wrong address."}
        assert desk.post(reviews, json=said).status_code == 201
        assert alerts() == []
    assert fresh.verify()["verified"] is True
