"""Where nobody outside vouches for the log, no new work begins; what was refused is on record."""

from __future__ import annotations

from dataclasses import replace

from gateway.domain.errors import Code, ExchangeError
from gateway.domain.records import Refusal
from gateway.pipeline import Pipeline
from tests.fakes.exchange import World, ask, read, submission


class Gate:
    def __init__(self) -> None:
        self.shut = True

    def __call__(self) -> None:
        if self.shut:
            raise ExchangeError(Code.AUDIT_UNWITNESSED, "Not witnessed.")


async def test_nothing_is_read_detected_or_generated_behind_a_shut_gate() -> None:
    world, gate = World(), Gate()
    pipeline = Pipeline(replace(world.parts(), gate=gate), stall_timeout=5, max_exchanges=9)
    channel = pipeline.start(submission(RuntimeError("the body was read")))
    reply = await read(channel)
    assert reply.error is not None
    assert reply.error.code is Code.AUDIT_UNWITNESSED
    [record] = world.records(channel)
    assert isinstance(record, Refusal)
    assert record.code is Code.AUDIT_UNWITNESSED
    assert not world.engine.seen

    gate.shut = False
    assert (await read(pipeline.start(submission(ask("Hello"))))).done is not None


async def test_who_is_not_believed_learns_nothing_of_the_gate() -> None:
    world = World()
    pipeline = Pipeline(replace(world.parts(), gate=Gate()), stall_timeout=5, max_exchanges=9)
    reply = await read(pipeline.start(submission(ask("Hello"), key="wrong")))
    assert reply.error is not None
    assert reply.error.code is Code.INVALID_CREDENTIALS
