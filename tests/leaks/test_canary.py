"""Invariant 6: a canary goes through every path, and must not be in anything that stays.

Looked at: log lines, errors, reprs, tracebacks with their locals, records, the ledger's files, and
the temporary directory. The reply is the only place where it may come back.
"""

import gc
import logging
import re
import tempfile
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gateway import logs
from gateway.domain.calling import Calls
from gateway.domain.canonical import encode
from gateway.domain.entities import MEDICAL_RECORD_NUMBER, PERSON
from gateway.domain.errors import Code, ExchangeError
from gateway.domain.exchange import (
    Action,
    Ask,
    Conversation,
    Credentials,
    End,
    FinishReason,
    Message,
    Options,
    Role,
    Usage,
)
from gateway.domain.policy import Keep
from gateway.domain.ports import Receipt
from gateway.domain.text import _MAKER, RawText, RedactedText
from gateway.domain.tools import Form, Tool, ToolCall, Tools
from gateway.generation.cached import CachedEngine
from gateway.http import parse
from gateway.http.reply import ChatFormat, TextFormat
from gateway.http.wire import ChatRequest, EmbeddingRequest, WireUsage
from gateway.ledger.ledger import Place, SqliteLedger
from tests.fakes.detector import FakeDetector
from tests.fakes.engine import MODEL, FakeEngine
from tests.fakes.exchange import World, ask_for, read, submission
from tests.fakes.policy import profile
from tests.fakes.vaults import Node

CANARY = "Zyxwvut-Canary-4711"


def canary(text: str) -> RawText:
    return RawText(f"{text} {CANARY} {text}")


def schema() -> RawText:
    return RawText(f'{{"properties": {{"{CANARY}": {{"description": "as {CANARY}"}}}}}}')


def everywhere() -> Ask[RawText]:
    return Ask(
        MODEL.name,
        Conversation(
            (
                Message(Role.SYSTEM, (canary("s"),)),
                Message(Role.USER, (canary("a"), canary("b")), name=canary("n")),
                Message(
                    Role.ASSISTANT,
                    (),
                    tool_calls=(ToolCall(canary("i"), canary("f"), canary("g")),),
                ),
                Message(Role.TOOL, (canary("t"),), tool_call_id=canary("i")),
            ),
            (canary("x"),),
            Tools((Tool(canary("tn"), canary("td"), schema()),), chosen=canary("tn")),
            Form(canary("fn"), canary("fd"), schema()),
        ),
        Options(temperature=0),
    )


def crash_report(error: BaseException) -> Iterator[str]:
    """What a crash reporter collects: messages, causes, the variables of our frames."""
    whole = traceback.TracebackException.from_exception(error, capture_locals=True)
    for each in (whole, whole.__cause__, whole.__context__):
        if each is not None:
            each.stack[:] = [frame for frame in each.stack if "/gateway/" in frame.filename]
            yield from each.format()


def contents(root: Path) -> list[bytes]:
    return [path.read_bytes() for path in root.rglob("*") if path.is_file()]


def nothing(_: World) -> None:
    """No fault."""


def detector_raises(world: World) -> None:
    world.detector.error = RuntimeError(f"could not read {CANARY}")


def policy_raises(world: World) -> None:
    world.decider.fail = True


def engine_cannot_prepare(world: World) -> None:
    world.engine.fail_prepare = ValueError(f"no token for {CANARY}")


def engine_fails_at_once(world: World) -> None:
    world.engine.fail_at = 0
    world.engine.failure = RuntimeError(CANARY)


def engine_fails_in_mid_reply(world: World) -> None:
    world.engine.fail_at = 3
    world.engine.failure = RuntimeError(CANARY)


def scanner_raises(world: World) -> None:
    world.engine.pieces = ("call 555", " now ", "or later")
    world.scanner.error = RuntimeError(CANARY)


def type_is_blocked(world: World) -> None:
    world.decider.profiles = {
        "treatment": world.decider.profiles["treatment"].__class__(
            **{
                name: getattr(world.decider.profiles["treatment"], name)
                for name in ("name", "strictness", "restore", "invented", "limits")
            },
            entities={},
        )
    }


def replies_are_kept(world: World) -> None:
    world.caching = True
    world.decider.profiles = {"treatment": profile(cache=True)}


def a_kept_reply_fails(world: World) -> None:
    replies_are_kept(world)
    engine_fails_in_mid_reply(world)


FAULTS: list[Callable[[World], None]] = [
    nothing,
    replies_are_kept,
    a_kept_reply_fails,
    detector_raises,
    policy_raises,
    engine_cannot_prepare,
    engine_fails_at_once,
    engine_fails_in_mid_reply,
    scanner_raises,
    type_is_blocked,
]


@pytest.fixture
def quiet_tmp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    directory = tmp_path / "tmp"
    directory.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(directory))
    return directory


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
async def test_a_canary_in_every_string_is_in_nothing_that_stays(
    fault: Callable[[World], None],
    tmp_path: Path,
    quiet_tmp: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    logs.configure(style="json", level="debug")
    place = Place(tmp_path / "log", tmp_path / "keys", "node")
    world = World(detector=FakeDetector(script={CANARY: PERSON}))
    harmless = fault in {nothing, replies_are_kept}
    world.engine.echo = 7 if harmless else None
    fault(world)
    with SqliteLedger.open_for_serving(place, now_ms=lambda: 0) as ledger:
        world.ledger = ledger  # type: ignore[assignment]
        pipeline = world.pipeline()
        asked = everywhere()
        # Twice, so that what the first leaves behind is met by the second.
        await read(pipeline.start(submission(asked)))
        channel = pipeline.start(submission(asked))
        reply = await read(channel)
        await pipeline.drain(1)
    if harmless:
        assert reply.text == f"t {CANARY} t"
    else:
        assert reply.error is not None
        shown = "".join(crash_report(reply.error))
        assert CANARY not in f"{shown} {reply.error!r} {reply.error.message}"
    assert CANARY not in repr((asked, channel, pipeline, world.engine.seen, world.engine.prepared))
    assert not any(CANARY.encode() in data for data in contents(tmp_path))
    output = capfd.readouterr()
    assert CANARY not in output.out + output.err


@pytest.mark.parametrize("action", [Action.EMBED, Action.TRANSCRIBE])
@pytest.mark.parametrize(
    "fault",
    [nothing, detector_raises, engine_cannot_prepare, engine_fails_at_once, type_is_blocked],
    ids=lambda fault: fault.__name__,
)
async def test_a_canary_that_is_embedded_or_dictated_is_in_nothing_that_stays(
    action: Action,
    fault: Callable[[World], None],
    tmp_path: Path,
    quiet_tmp: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    logs.configure(style="json", level="debug")
    place = Place(tmp_path / "log", tmp_path / "keys", "node")
    world = World(detector=FakeDetector(script={CANARY: PERSON}))
    world.engine.said = (f"She said {CANARY}.",)
    fault(world)
    with SqliteLedger.open_for_serving(place, now_ms=lambda: 0) as ledger:
        world.ledger = ledger  # type: ignore[assignment]
        pipeline = world.pipeline()
        asked = ask_for(action, f"a {CANARY} b")
        channel = pipeline.start(submission(asked, action=action))
        reply = await read(channel)
        await pipeline.drain(1)
    assert (reply.error is None) is (fault is nothing)
    if reply.error is not None:
        shown = "".join(crash_report(reply.error))
        assert CANARY not in f"{shown} {reply.error!r} {reply.error.message}"
    assert CANARY not in repr((asked, channel, pipeline, world.engine.seen, reply.done))
    assert CANARY not in repr(reply.done and reply.done.result)
    assert not any(CANARY.encode() in data for data in contents(tmp_path))
    output = capfd.readouterr()
    assert CANARY not in output.out + output.err


async def test_a_canary_in_credentials_headers_and_model_is_in_no_log_and_no_record(
    capfd: pytest.CaptureFixture[str],
) -> None:
    logs.configure(style="json", level="debug")
    world = World()
    asked = Ask(CANARY, everywhere().conversation, Options())
    for each in (
        submission(asked, key=CANARY),
        submission(asked, purpose=CANARY),
        submission(asked, profile=CANARY),
        submission(asked),
        submission(ExchangeError(Code.INVALID_JSON, "The body is not JSON.")),
    ):
        reply = await read(world.pipeline().start(each))
        assert reply.error is not None
        assert CANARY not in reply.error.message
        assert CANARY not in repr(each)
    assert not any(CANARY.encode() in encode(record) for record in world.ledger.records)
    output = capfd.readouterr()
    assert CANARY not in output.out + output.err
    assert CANARY not in repr(Credentials(CANARY, CANARY))


@pytest.mark.parametrize(
    "body",
    [
        f'{{"model": "m", "messages": "{CANARY}"}}',
        f'{{"model": "m", "messages": [{{"role": "{CANARY}", "content": "x"}}]}}',
        f'{{"model": "m", "messages": [{{"role": "user", "content": [{{"type": "{CANARY}"}}]}}]}}',
        f'{{"model": "m", "messages": [], "temperature": "{CANARY}"}}',
        f'{{"model": "m", "messages": [], "stream": "{CANARY}"}}',
        f'{{"model": "{CANARY * 100}", "messages": []}}',
        f'{{"model": "m", "messages": [{CANARY}',
        f'{{"model": "m", "user": "{CANARY * 100}", "messages": []}}',
    ],
)
def test_what_the_parser_says_never_quotes_a_value(body: str) -> None:
    with pytest.raises(ExchangeError) as caught:
        parse.decode(body.encode(), ChatRequest)
    assert CANARY not in f"{caught.value.message} {caught.value.param}"


@pytest.mark.parametrize(
    "body",
    [
        f'{{"model": "m", "input": {{"{CANARY}": 1}}}}',
        f'{{"model": "m", "input": ["{CANARY}", null]}}',
        f'{{"model": "m", "input": "x", "encoding_format": "{CANARY}"}}',
        f'{{"model": "m", "input": "x", "user": "{CANARY * 100}"}}',
        f'{{"model": "m", "input": ["{CANARY}", 5]}}',
        f'{{"model": "m", "input": ["{CANARY}", ""]}}',
    ],
)
def test_what_the_parser_says_of_an_embedding_never_quotes_a_value(body: str) -> None:
    with pytest.raises(ExchangeError) as caught:
        parse.embedding(parse.decode(body.encode(), EmbeddingRequest))
    assert CANARY not in f"{caught.value.message} {caught.value.param}"


async def test_a_reply_that_is_kept_lies_nowhere_in_clear() -> None:
    inner = FakeEngine(pieces=(CANARY, " and ", CANARY))
    engine = CachedEngine(inner, max_bytes=2**20, ttl=60)
    asked = Ask(
        MODEL.name,
        Conversation((Message(Role.USER, (RedactedText(CANARY, _MAKER),)),)),
        Options(temperature=0),
    )
    terms = profile(cache=True).terms(CANARY, may_wait=False)
    for number in range(2):
        prompt = engine.prepare(MODEL, asked, 99, terms)
        receipt = Receipt("x", number, b"")
        replies = [event async for event in engine.generate(prompt, receipt)]
        assert CANARY not in repr((prompt, terms, engine, replies, engine._replies))
    assert len(inner.seen) == 1
    del prompt, replies
    for each in reachable((engine._replies, engine._runs)):
        if isinstance(each, str):
            assert CANARY not in each
        elif isinstance(each, bytes | bytearray | memoryview):
            assert CANARY.encode() not in bytes(each)


async def test_a_text_that_is_kept_lies_nowhere_in_clear(
    tmp_path: Path, quiet_tmp: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    logs.configure(style="json", level="debug")
    node = Node(tmp_path / "data")
    world = World(detector=FakeDetector(script={CANARY: MEDICAL_RECORD_NUMBER}))
    world.decider.profiles = {"treatment": profile(keep=Keep.ALL)}
    world.engine.echo = 7
    with node.serving() as (ledger, vault):
        world.ledger = ledger  # type: ignore[assignment]
        world.vault = vault  # type: ignore[assignment]
        pipeline = world.pipeline()
        channel = pipeline.start(submission(everywhere(), patient=CANARY))
        reply = await read(channel)
        await pipeline.drain(1)
        assert reply.text == f"t {CANARY} t"
        payload = vault.open(channel.exchange)
        assert CANARY in {each.reveal() for each in payload.pseudonyms.values()}
        shown = repr((payload, payload.request, payload.pseudonyms, vault, vault.__dict__))
        assert CANARY not in f"{shown} {pipeline!r} {payload} {payload.reply}"
    # Neither the text nor the caller's own word for the patient: in no file, no line, no record.
    assert not any(CANARY.encode() in data for data in contents(tmp_path))
    output = capfd.readouterr()
    assert CANARY not in output.out + output.err


@pytest.mark.parametrize("patient", [f"{CANARY}\x7f", f"{CANARY} \u00fc", CANARY * 9])
async def test_a_patient_that_cannot_be_one_is_quoted_nowhere(
    patient: str, capfd: pytest.CaptureFixture[str]
) -> None:
    logs.configure(style="json", level="debug")
    world = World()
    channel = world.pipeline().start(submission(everywhere(), patient=patient))
    error = (await read(channel)).error
    assert error is not None
    assert error.code is Code.INVALID_REQUEST
    assert CANARY not in "".join((*crash_report(error), error.message, repr(world.ledger.records)))
    output = capfd.readouterr()
    assert CANARY not in output.out + output.err


def reachable(root: object) -> list[object]:
    """All that a dump of the object would show: whatever its references lead to, but for code."""
    seen: dict[int, object] = {}
    todo = [root]
    while todo:
        each = todo.pop()
        if id(each) not in seen and not isinstance(each, type):
            seen[id(each)] = each
            todo += gc.get_referents(each)
    return list(seen.values())


def test_a_field_that_is_not_on_the_list_is_dropped_from_a_log_line(
    capfd: pytest.CaptureFixture[str],
) -> None:
    logs.configure(style="json", level="info")
    logs.event("redacted", text=CANARY, count=3)
    line = capfd.readouterr().err
    assert CANARY not in line
    assert '"count": 3' in line


def test_what_other_libraries_log_is_reduced_to_who_spoke(
    capfd: pytest.CaptureFixture[str],
) -> None:
    logs.configure(style="json", level="info")
    logger = logging.getLogger("some-library")
    logger.warning("Found %s in text", CANARY)
    logger.warning(CANARY)
    try:
        int(CANARY)
    except ValueError:
        logger.exception("while reading %s", CANARY)
    lines = capfd.readouterr().err
    assert CANARY not in lines
    assert lines.count("some-library") == 3
    assert "ValueError" in lines


def test_no_log_call_in_the_code_formats_a_string_or_names_an_unlisted_field() -> None:
    root = Path(__file__).parents[2]
    calls = [
        (path, call)
        for path in (root / "gateway").rglob("*.py")
        for call in re.findall(
            r"\blogs?\.(?:event|alarm|info|warning|error)\((.*?)\)\n", path.read_text(), re.DOTALL
        )
    ]
    assert calls
    for path, call in calls:
        if path.name == "logs.py":
            continue
        assert re.match(r'\s*"[a-z_]+"', call), (path, call)
        assert 'f"' not in call
        assert set(re.findall(r"\b([a-z_]+)=", call)) <= logs.FIELDS, (path, call)


def test_a_body_does_not_show_itself_coming_or_going() -> None:
    body = f'{{"model": "{CANARY}", "messages": [{{"role": "user", "content": "{CANARY}"}}]}}'
    request = parse.decode(body.encode(), ChatRequest)
    assert CANARY not in f"{request} {request.messages} {parse.chat(request)}"
    calls = Calls((ToolCall(CANARY, CANARY, CANARY),))
    end = End(FinishReason.STOP, Usage(1, 1), calls=calls.calls)
    assert CANARY not in f"{calls} {calls.calls} {end}"
    form = ChatFormat("x", 0, "m")
    reply = form.whole(CANARY, "stop", WireUsage(1, 1, 2), calls)
    assert CANARY not in f"{form.calls(calls)} {form.calls(calls).choices}"
    chunk = form.delta(CANARY)
    embedding = parse.decode(f'{{"model": "m", "input": ["{CANARY}"]}}'.encode(), EmbeddingRequest)
    assert CANARY not in f"{embedding} {parse.embedding(embedding)}"
    text = TextFormat("x", 0, "m").delta(CANARY)
    assert CANARY not in f"{reply} {reply.choices} {chunk} {chunk.choices} {text} {text.choices}"
