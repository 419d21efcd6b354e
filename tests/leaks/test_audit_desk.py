"""Invariant 6 for auditors: whom they ask about, and what they write, stays where it belongs."""

from __future__ import annotations

import logging
import tempfile
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from gateway import logs
from gateway.app import assemble
from gateway.clock import SystemClock
from gateway.http.audit import ReviewRequest, SearchRequest
from gateway.installation import place_of
from gateway.ledger import SqliteLedger
from gateway.settings import load
from tests.fakes import exchange
from tests.fakes.identity import FakeAuthenticator, caller
from tests.fakes.ledger import intent

CANARY = "Zyxwvut-Canary-4711"
REQUESTS: tuple[tuple[str, str, object], ...] = (
    ("POST", "/audit/search", {"patient": CANARY}),
    ("POST", "/audit/search", {"name": f"{CANARY} {CANARY}"}),
    ("POST", "/audit/search", {"patient": CANARY, "name": CANARY}),
    ("POST", "/audit/search", {"where": [CANARY]}),
    ("POST", "/audit/search", {"where": [f"{CANARY}=x"]}),
    ("POST", "/audit/search", {"where": [f"kind={CANARY}"]}),
    ("POST", "/audit/search", {"where": [f"client={CANARY}"]}),
    ("POST", "/audit/search", {"where": [f"entity={CANARY}"], "patient": CANARY}),
    ("POST", "/audit/search", {"where": CANARY}),
    ("POST", "/audit/search", {"limit": CANARY}),
    ("GET", f"/audit/records?client={CANARY}", None),
    ("GET", f"/audit/records?{CANARY}=x", None),
    ("GET", f"/audit/records?limit={CANARY}", None),
    ("GET", f"/audit/records?name={CANARY}", None),
    ("GET", f"/audit/records/{CANARY}", None),
    ("POST", "/audit/records/0/reviews", {"state": CANARY}),
    ("POST", "/audit/records/0/reviews", {"comment": CANARY * 1000}),
    ("POST", "/audit/records/0/reviews", {"state": "explained", "comment": f"Was {CANARY}."}),
    ("POST", "/audit/records/0/reviews", {"state": "explained", "comment": f"Was {CANARY}."}),
)
"""The last comes twice: the second time, the record is explained already."""


async def test_a_canary_in_a_search_or_a_comment_is_in_no_log_no_record_and_no_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    logs.configure(style="json", level="debug")
    (tmp_path / "intramural.toml").write_text('node = "ward-1"\n', encoding="utf-8")
    settings = load(tmp_path)
    told: list[str] = []
    with SqliteLedger.open_for_recording(place_of(settings)) as ledger:
        ledger.append_blocking(intent("x1"))
        auditor = caller("key:auditor", roles=frozenset({"auditor"}))
        parts = replace(
            exchange.World().parts(),
            authenticator=FakeAuthenticator(callers={"good": auditor}),
            ledger=ledger,
            clock=SystemClock(),
        )
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(assemble(parts, settings, {})),  # type: ignore[arg-type]
            base_url="http://gateway",
            headers={"authorization": "Bearer good"},
        ) as client:
            for method, path, body in REQUESTS:
                told += [(await client.request(method, path, json=body)).text]
            # Only who asks for the history of the record sees what was written about it.
            assert CANARY in (await client.get("/audit/records/0/reviews")).text
    logging.getLogger("anyone").warning("over")
    captured = capsys.readouterr()
    told += [captured.out, captured.err]
    told += [
        repr(SearchRequest(patient=CANARY, where=[CANARY])),
        repr(ReviewRequest(comment=CANARY)),
    ]
    assert CANARY not in "".join(told)
    for path in files(tmp_path):
        assert CANARY.encode() not in path.read_bytes(), path


def files(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]
