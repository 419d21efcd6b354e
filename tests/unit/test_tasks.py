"""What an exchange carries besides a reply in words: vectors, and what a recording says."""

from dataclasses import replace

import pytest

from gateway.domain.entities import PERSON
from gateway.domain.errors import Code
from gateway.domain.exchange import Action, Model, Piece, Task, Transcript
from gateway.domain.policy import Operator, Rule
from gateway.domain.records import Intent, Outcome, Refusal, Status
from tests.fakes.engine import EMBEDDER, MODEL, TRANSCRIBER
from tests.fakes.exchange import NAME, World, ask_for, read, submission
from tests.fakes.policy import profile


async def test_an_embedding_gives_a_row_for_each_text_and_leaves_intent_and_outcome() -> None:
    world = World()
    asked = ask_for(Action.EMBED, "one", NAME, "three")
    channel = world.pipeline().start(submission(asked, action=Action.EMBED))
    reply = await read(channel)
    assert reply.done is not None
    assert reply.done.result is not None
    assert not isinstance(reply.done.result, Transcript)
    assert len(reply.done.result.rows) == 3
    assert NAME not in world.engine.seen[0].text
    intent, outcome = world.records(channel)
    assert isinstance(intent, Intent)
    assert isinstance(outcome, Outcome)
    assert (intent.action, intent.model, intent.findings) == (
        Action.EMBED,
        EMBEDDER.name,
        {PERSON: 1},
    )
    assert (outcome.status, outcome.completion_tokens, outcome.findings) == (
        Status.COMPLETED,
        0,
        None,
    )


async def test_what_a_recording_says_is_redacted_before_it_is_returned_and_is_counted() -> None:
    world = World()
    world.engine.said = ("Good morning.", f"I have seen {NAME} today.", f"{NAME} is well.")
    channel = world.pipeline().start(
        submission(ask_for(Action.TRANSCRIBE), action=Action.TRANSCRIBE)
    )
    reply = await read(channel)
    assert reply.done is not None
    transcript = reply.done.result
    assert isinstance(transcript, Transcript)
    heard = [segment.text.for_engine() for segment in transcript.segments]
    assert heard[0] == "Good morning."
    assert not any(NAME in text for text in heard)
    assert heard[1].removeprefix("I have seen ").split()[0] == heard[2].split()[0]
    assert [segment.start for segment in transcript.segments] == [0, 1, 2]
    _, outcome = world.records(channel)
    assert isinstance(outcome, Outcome)
    assert outcome.findings == {PERSON: 2}


async def test_a_transcript_that_cannot_be_scanned_is_not_returned() -> None:
    world = World()
    world.engine.said = (NAME,)

    async def detect(texts: object) -> object:
        if world.engine.seen:
            raise RuntimeError(NAME)
        return [() for _ in texts]  # type: ignore[attr-defined]

    world.detector.detect = detect  # type: ignore[assignment,method-assign]
    channel = world.pipeline().start(
        submission(ask_for(Action.TRANSCRIBE), action=Action.TRANSCRIBE)
    )
    reply = await read(channel)
    assert reply.done is None
    assert reply.text == ""
    assert reply.error is not None
    assert NAME not in reply.error.message
    _, outcome = world.records(channel)
    assert isinstance(outcome, Outcome)
    assert outcome.status is Status.FAILED


async def test_a_transcript_that_holds_what_is_blocked_is_not_returned() -> None:
    world = World()
    world.engine.said = (NAME,)
    world.decider.profiles = {"treatment": profile(PERSON=Rule(Operator.BLOCK))}
    channel = world.pipeline().start(
        submission(ask_for(Action.TRANSCRIBE), action=Action.TRANSCRIBE)
    )
    reply = await read(channel)
    assert reply.error is not None
    assert reply.error.code is Code.ENTITY_BLOCKED
    _, outcome = world.records(channel)
    assert isinstance(outcome, Outcome)
    assert (outcome.status, outcome.code) == (Status.FAILED, Code.ENTITY_BLOCKED)


@pytest.mark.parametrize("action", [each for each in Action if each.task is not Task.TREAT])
@pytest.mark.parametrize("model", [MODEL, EMBEDDER, TRANSCRIBER])
async def test_a_model_is_asked_only_for_what_it_was_made_for(action: Action, model: Model) -> None:
    world = World()
    asked = replace(ask_for(action, "Hello"), model=model.name)
    reply = await read(world.pipeline().start(submission(asked, action=action)))
    assert (reply.done is not None) is (model.task is action.task)
    assert (world.engine.seen != []) is (model.task is action.task)


async def test_a_refusal_names_the_models_that_would_do() -> None:
    world = World()
    asked = replace(ask_for(Action.EMBED, "Hello"), model="absent")
    reply = await read(world.pipeline().start(submission(asked, action=Action.EMBED)))
    assert reply.error is not None
    assert EMBEDDER.name in reply.error.message
    assert MODEL.name not in reply.error.message


async def test_an_alias_may_lead_to_a_model_for_any_task() -> None:
    world = World()
    world.decider.aliases = {"search": EMBEDDER.name, "default": MODEL.name}
    asked = replace(ask_for(Action.EMBED, "Hello"), model="search")
    reply = await read(world.pipeline().start(submission(asked, action=Action.EMBED)))
    assert reply.done is not None
    asked = replace(ask_for(Action.EMBED, "Hello"), model="absent")
    reply = await read(world.pipeline().start(submission(asked, action=Action.EMBED)))
    assert reply.error is not None
    assert f"{EMBEDDER.name}, search." in reply.error.message


async def test_a_chat_with_a_model_that_embeds_is_refused_by_a_code_and_on_record() -> None:
    world = World()
    asked = ask_for(Action.EMBED, "Hello")
    channel = world.pipeline().start(submission(asked, action=Action.CHAT))
    reply = await read(channel)
    assert reply.error is not None
    assert (reply.error.code, reply.error.param) == (Code.MODEL_NOT_FOR_TASK, "model")
    assert "/v1/embeddings" in reply.error.message
    [refusal] = world.records(channel)
    assert isinstance(refusal, Refusal)
    assert refusal.model == EMBEDDER.name
    assert world.engine.seen == []


async def test_an_engine_that_ends_without_the_vectors_has_failed() -> None:
    world = World()
    world.engine._result = lambda _: Piece("x")  # type: ignore[method-assign]
    channel = world.pipeline().start(
        submission(ask_for(Action.EMBED, "Hello"), action=Action.EMBED)
    )
    reply = await read(channel)
    assert reply.error is not None
    assert reply.error.code is Code.ENGINE_FAILED
