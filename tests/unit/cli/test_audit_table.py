"""The table of records on a terminal of 80 columns."""

from __future__ import annotations

import pytest
from rich.console import Console

from gateway.cli import audit_views
from gateway.domain.records import Admin, AdminAct
from gateway.ledger.query import LoggedRecord

DIGEST = "99ed57bae6333dc4a0a37d7d4c40a51d4e79f1691524da99e96f1a7a82b287a5"


@pytest.mark.parametrize(("width", "shown"), [(80, "99ed57ba…"), (200, DIGEST)])
def test_a_digest_takes_one_line_on_a_narrow_terminal_and_is_whole_on_a_wide_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], width: int, shown: str
) -> None:
    record = Admin(
        exchange="01a20554-ee33-77de-b0e1-1a3ad75acedf",
        time=1_795_385_837_120,
        actor="gateway",
        act=AdminAct.GATEWAY_STARTED,
        target=DIGEST,
    )
    monkeypatch.setattr(audit_views, "_console", lambda: Console(width=width))
    audit_views.print_table(iter([LoggedRecord(5, b"", record)]))
    assert shown in capsys.readouterr().out
