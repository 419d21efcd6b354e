"""Invariant 6 where no engine takes part: texts, keys, names and expressions of a caller stay away
from logs, records, errors, reprs and files. The reply is the only place where they may come back.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway import logs
from gateway.domain.entities import PERSON
from gateway.domain.errors import ExchangeError
from gateway.domain.exchange import Action
from gateway.domain.text import RawText
from gateway.http import parse
from gateway.http.presidio_parse import anonymization, deanonymization, read_analysis
from gateway.http.redact import RedactRequest
from gateway.ledger.ledger import Place, SqliteLedger
from gateway.treatment import Redacting, Work
from tests.fakes.detector import FakeDetector
from tests.fakes.exchange import World, read, submission
from tests.leaks.test_canary import (
    CANARY,
    contents,
    crash_report,
    detector_raises,
    nothing,
    policy_raises,
    type_is_blocked,
)

KEY = "Zyxwvut-Key-4711"
TEXT = f"a {CANARY} b"


def redacting() -> tuple[Action, Work]:
    return Action.REDACT, Redacting((RawText(TEXT), RawText(TEXT)))


def analysis() -> tuple[Action, Work]:
    body = {
        "text": [TEXT],
        "language": "en",
        "correlation_id": CANARY,
        "context": [CANARY],
        "allow_list": [CANARY + "x"],
        "ad_hoc_recognizers": [
            {
                "name": CANARY,
                "supported_entity": CANARY,
                "deny_list": [CANARY],
                "patterns": [{"name": CANARY, "regex": CANARY, "score": 1}],
            }
        ],
    }
    return Action.ANALYZE, read_analysis(json.dumps(body).encode())[1]


def anonymizing() -> tuple[Action, Work]:
    body = {
        "text": TEXT,
        "analyzer_results": [{"start": 2, "end": 5, "entity_type": CANARY, "score": 1}],
        "anonymizers": {CANARY: {"type": "encrypt", "key": KEY}},
    }
    return Action.ANONYMIZE, anonymization(json.dumps(body).encode())[1]


def deanonymizing() -> tuple[Action, Work]:
    """It fails: this was never encrypted."""
    body = {
        "text": TEXT,
        "anonymizer_results": [{"start": 2, "end": 5, "entity_type": CANARY}],
        "deanonymizers": {"DEFAULT": {"type": "decrypt", "key": KEY}},
    }
    return Action.DEANONYMIZE, deanonymization(json.dumps(body).encode())[1]


@pytest.mark.parametrize("make", [redacting, analysis, anonymizing, deanonymizing])
@pytest.mark.parametrize("fault", [nothing, detector_raises, policy_raises, type_is_blocked])
async def test_a_canary_in_what_is_treated_is_in_nothing_that_stays(
    make: Callable[[], tuple[Action, Work]],
    fault: Callable[[World], None],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    logs.configure(style="json", level="debug")
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    place = Place(tmp_path / "log", tmp_path / "keys", "node")
    world = World(detector=FakeDetector(script={CANARY: PERSON}))
    fault(world)
    action, work = make()
    with SqliteLedger.open_for_serving(place, now_ms=lambda: 0) as ledger:
        world.ledger = ledger  # type: ignore[assignment]
        pipeline = world.pipeline()
        channel = pipeline.start(submission(work, action=action))
        reply = await read(channel)
        await pipeline.drain(1)
    if reply.error is not None:
        shown = "".join(crash_report(reply.error))
        assert CANARY not in f"{shown} {reply.error!r} {reply.error.message}"
        assert KEY not in shown
    result = reply.done and reply.done.result
    kept = repr((work, channel, pipeline, reply.done, result))
    output = capfd.readouterr()
    for secret in (CANARY, KEY):
        assert secret not in kept
        assert secret not in output.out + output.err
        assert not any(secret.encode() in data for data in contents(tmp_path))


@pytest.mark.parametrize(
    "body",
    [
        {"text": 4711, "language": CANARY},
        {"text": "x", "language": CANARY},
        {"text": "x", "language": "en", "score_threshold": CANARY},
        {"text": "x", "language": "en", "entities": CANARY},
        {"text": "x", "language": "en", "entities": [CANARY]},
        {"text": "x", "language": "en", "allow_list_match": CANARY},
        {"text": "x", "language": "en", "allow_list": [f"({CANARY}"], "allow_list_match": "regex"},
        {"text": "x", "language": "en", "ad_hoc_recognizers": [{"supported_entity": CANARY}]},
        {
            "text": "x",
            "language": "en",
            "ad_hoc_recognizers": [
                {
                    "supported_entity": "X",
                    "patterns": [{"name": "x", "regex": f"(?<={CANARY})", "score": 1}],
                }
            ],
        },
    ],
)
def test_what_is_said_of_an_analysis_never_quotes_a_value(body: dict[str, object]) -> None:
    with pytest.raises(ExchangeError) as caught:
        read_analysis(json.dumps(body).encode())
    assert CANARY not in f"{caught.value.message} {caught.value.param}"


@pytest.mark.parametrize(
    "body",
    [
        {"text": CANARY},
        {"text": CANARY, "analyzer_results": CANARY},
        {"text": CANARY, "analyzer_results": [], "anonymizers": {CANARY: {"type": CANARY}}},
        {
            "text": "x",
            "analyzer_results": [],
            "anonymizers": {"X": {"type": "encrypt", "key": CANARY}},
        },
        {"text": "x", "analyzer_results": [], "anonymizers": {"X": {"type": "hash", "salt": "s"}}},
        {
            "text": "x",
            "analyzer_results": [{"start": CANARY, "end": 1, "entity_type": "X", "score": 1}],
        },
    ],
)
def test_what_is_said_of_operators_never_quotes_a_value(body: dict[str, object]) -> None:
    with pytest.raises(ExchangeError) as caught:
        anonymization(json.dumps(body).encode())
    assert CANARY not in f"{caught.value.message} {caught.value.param}"


def test_what_is_said_of_documents_never_quotes_a_value() -> None:
    for body in ({"text": [CANARY]}, {"documents": [{"text": "x", "id": [CANARY]}]}):
        with pytest.raises(ExchangeError) as caught:
            parse.decode(json.dumps(body).encode(), RedactRequest)
        assert CANARY not in f"{caught.value.message} {caught.value.param}"
