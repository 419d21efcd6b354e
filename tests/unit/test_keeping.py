"""What an exchange leaves besides its records: whom it is about, and what its profile keeps."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.domain import entities, subjects
from gateway.domain.errors import Code
from gateway.domain.exchange import Action
from gateway.domain.payloads import Part, Words
from gateway.domain.policy import Keep
from gateway.domain.records import Intent, Outcome, Refusal, Status
from gateway.domain.subjects import Subjects, named, patient
from gateway.domain.text import RawText
from tests.fakes.exchange import (
    NAME,
    SUBJECT_KEY,
    World,
    ask,
    ask_for,
    read,
    submission,
    submitted_for,
)
from tests.fakes.policy import profile

NUMBER = "48210377"
TEXT = f"{NAME}, MRN {NUMBER}, has a cough"


def world(keep: Keep = Keep.NOTHING) -> World:
    made = World()
    made.decider.profiles = {"treatment": profile(keep=keep)}
    made.detector.script = {NAME: entities.PERSON, NUMBER: entities.MEDICAL_RECORD_NUMBER}
    made.engine.echo = 3
    return made


def texts(words: Words | None) -> tuple[list[str], list[str]]:
    assert words is not None
    return [each.reveal() for each in words.redacted], [each.reveal() for each in words.plain]


@pytest.mark.parametrize("action", [Action.CHAT, Action.EMBED, Action.REDACT, Action.ANALYZE])
async def test_whom_an_exchange_is_about_is_indexed_whatever_is_kept(action: Action) -> None:
    there = world()
    channel = there.pipeline().start(submission(submitted_for(action, TEXT), action=action))
    assert (await read(channel)).error is None
    assert there.vault.about(channel.exchange) == Subjects(
        (patient(SUBJECT_KEY, NUMBER),), (named(SUBJECT_KEY, NAME),)
    )
    assert there.vault.kept == {}
    intent, outcome = there.records(channel)
    assert isinstance(intent, Intent)
    assert isinstance(outcome, Outcome)
    assert intent.sealed is outcome.sealed is None


async def test_whom_a_dictation_is_about_is_known_when_it_was_heard() -> None:
    there = world(Keep.ALL)
    there.engine.said = (f"This is {NAME}.", f"Her number is {NUMBER}.")
    asked = ask_for(Action.TRANSCRIBE)
    channel = there.pipeline().start(submission(asked, action=Action.TRANSCRIBE))
    assert (await read(channel)).error is None
    assert there.vault.about(channel.exchange).patients == (patient(SUBJECT_KEY, NUMBER),)
    redacted, plain = texts(there.vault.kept[channel.exchange, Part.REPLY])
    assert NAME not in redacted[0]
    assert NAME in plain[0]


async def test_the_patient_that_the_caller_names_is_one_and_is_in_no_record() -> None:
    there = world()
    channel = there.pipeline().start(submission(ask("Hello"), patient="MRN-99 120455"))
    assert (await read(channel)).error is None
    assert there.vault.about(channel.exchange).patients == (patient(SUBJECT_KEY, "mrn99120455"),)
    assert not any("120455" in repr(each) for each in there.records(channel))


@pytest.mark.parametrize("stated", ["", "x" * 65, "Müller", "12\n34", "- -", "\x7f1"])
async def test_what_cannot_be_a_patients_number_is_refused(stated: str) -> None:
    there = world()
    channel = there.pipeline().start(submission(ask("Hello"), patient=stated))
    error = (await read(channel)).error
    assert error is not None
    assert (error.code, error.param) == (Code.INVALID_REQUEST, "X-Patient")
    assert stated.strip() == "" or stated not in error.message
    (refusal,) = there.records(channel)
    assert isinstance(refusal, Refusal)
    assert there.engine.seen == []


async def test_redacted_keeps_what_the_engine_had_and_said() -> None:
    there = world(Keep.REDACTED)
    channel = there.pipeline().start(submission(ask(TEXT)))
    reply = await read(channel)
    assert reply.error is None
    payload = there.vault.open(channel.exchange)
    redacted, plain = texts(payload.request)
    assert redacted == [there.engine.seen[0].text]
    assert plain == []
    assert texts(payload.reply) == (redacted, [])
    assert payload.pseudonyms == {}
    assert NAME not in redacted[0]


async def test_all_keeps_what_came_and_went_and_whom_the_pseudonyms_stand_for() -> None:
    there = world(Keep.ALL)
    channel = there.pipeline().start(submission(ask("You are terse.", TEXT)))
    reply = await read(channel)
    assert reply.done is not None
    payload = there.vault.open(channel.exchange)
    assert texts(payload.request)[1] == ["You are terse.", TEXT]
    assert texts(payload.reply)[1] == [reply.text]
    assert {each.reveal() for each in payload.pseudonyms.values()} == {NAME, NUMBER}
    redacted = texts(payload.request)[0][1]
    for name, text in payload.pseudonyms.items():
        redacted = redacted.replace(name, text.reveal())
    assert redacted == TEXT


async def test_a_reply_that_ends_early_is_kept_as_far_as_it_came() -> None:
    there = world(Keep.ALL)
    there.engine.fail_at = 4
    channel = there.pipeline().start(submission(ask(TEXT)))
    assert (await read(channel)).error is not None
    whole = there.engine.seen[0].text
    assert texts(there.vault.open(channel.exchange).reply)[0] == [whole[:12]]


@pytest.mark.parametrize("keep", [Keep.REDACTED, Keep.ALL])
async def test_the_leaves_hold_the_digests_of_what_is_kept(keep: Keep) -> None:
    there = world(keep)
    channel = there.pipeline().start(submission(ask(TEXT)))
    await read(channel)
    intent, outcome = there.records(channel)
    assert isinstance(intent, Intent)
    assert isinstance(outcome, Outcome)
    assert intent.sealed != outcome.sealed
    assert intent.sealed is not None
    assert outcome.sealed is not None


async def test_what_was_treated_for_its_caller_is_kept_as_it_came_back() -> None:
    there = world(Keep.ALL)
    work = submitted_for(Action.REDACT, TEXT)
    channel = there.pipeline().start(submission(work, action=Action.REDACT))
    await read(channel)
    redacted, plain = texts(there.vault.open(channel.exchange).request)
    assert plain == [TEXT]
    assert NAME not in redacted[0]


@pytest.mark.parametrize(("keep", "looked"), [(Keep.ALL, True), (Keep.REDACTED, False)])
async def test_a_text_is_kept_under_its_patient_also_where_its_caller_says_what_is_in_it(
    keep: Keep, *, looked: bool
) -> None:
    there = world(keep)
    work = submitted_for(Action.ANONYMIZE, TEXT)
    channel = there.pipeline().start(submission(work, action=Action.ANONYMIZE))
    assert (await read(channel)).error is None
    patients = (patient(SUBJECT_KEY, NUMBER),) if looked else ()
    assert there.vault.about(channel.exchange).patients == patients
    assert bool(there.vault.kept) is looked


async def test_without_a_durable_request_no_engine_runs_and_the_refusal_says_so() -> None:
    there = world(Keep.ALL)
    there.vault.fail = {Part.REQUEST}
    channel = there.pipeline().start(submission(ask(TEXT)))
    error = (await read(channel)).error
    assert error is not None
    assert error.code is Code.AUDIT_UNAVAILABLE
    assert there.engine.seen == []
    (refusal,) = there.records(channel)
    assert isinstance(refusal, Refusal)
    assert refusal.code is Code.AUDIT_UNAVAILABLE


async def test_without_an_index_there_is_no_exchange_either() -> None:
    there = world()
    there.vault.fail = {Part.REQUEST}
    channel = there.pipeline().start(submission(ask(TEXT)))
    error = (await read(channel)).error
    assert error is not None
    assert error.code is Code.AUDIT_UNAVAILABLE
    # Where there is nobody to index and nothing to keep, the vault is not asked.
    channel = there.pipeline().start(submission(ask("Hello")))
    assert (await read(channel)).error is None


async def test_a_reply_that_cannot_be_kept_is_not_ended_and_its_outcome_says_so() -> None:
    there = world(Keep.ALL)
    there.vault.fail = {Part.REPLY}
    channel = there.pipeline().start(submission(ask(TEXT)))
    reply = await read(channel)
    assert reply.done is None
    assert reply.error is not None
    assert reply.error.code is Code.AUDIT_UNAVAILABLE
    outcome = there.records(channel)[-1]
    assert isinstance(outcome, Outcome)
    assert (outcome.status, outcome.code) == (Status.FAILED, Code.AUDIT_UNAVAILABLE)
    assert outcome.sealed is None


async def test_what_fails_while_a_reply_is_kept_leaves_no_intent_without_its_outcome() -> None:
    there = world()
    there.engine.said = (f"This is {NAME}.",)
    there.detector.missing = 1  # Of a recording nothing is asked before it was heard.
    asked = ask_for(Action.TRANSCRIBE)
    channel = there.pipeline().start(submission(asked, action=Action.TRANSCRIBE))
    reply = await read(channel)
    intent, outcome = there.records(channel)
    assert isinstance(intent, Intent)
    assert isinstance(outcome, Outcome)
    assert reply.error is not None
    assert (outcome.status, outcome.code) == (Status.FAILED, reply.error.code)
    assert outcome.sealed is None


@pytest.mark.parametrize("keep", list(Keep))
@pytest.mark.parametrize("action", [Action.CHAT, Action.EMBED, Action.REDACT])
async def test_of_more_people_than_are_indexed_no_text_is_kept_and_no_engine_sees_it(
    monkeypatch: pytest.MonkeyPatch, action: Action, keep: Keep
) -> None:
    monkeypatch.setattr(subjects, "MOST", 1)
    there = world(keep)
    there.detector.script = dict.fromkeys((NUMBER, "99120455"), entities.MEDICAL_RECORD_NUMBER)
    text = f"MRN {NUMBER} and MRN 99120455"
    channel = there.pipeline().start(submission(submitted_for(action, text), action=action))
    error = (await read(channel)).error
    if keep is Keep.NOTHING:
        assert error is None
        assert len(there.vault.about(channel.exchange).patients) == 1
        return
    assert error is not None
    assert error.code is Code.LIMIT_EXCEEDED
    assert there.engine.seen == []
    assert there.vault.kept == {}
    (refusal,) = there.records(channel)
    assert isinstance(refusal, Refusal)
    assert refusal.code is Code.LIMIT_EXCEEDED


async def test_a_dictation_about_more_people_than_are_indexed_is_neither_kept_nor_returned(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(subjects, "MOST", 1)
    there = world(Keep.REDACTED)
    there.detector.script = dict.fromkeys((NUMBER, "99120455"), entities.MEDICAL_RECORD_NUMBER)
    there.engine.said = (f"MRN {NUMBER}.", "MRN 99120455.")
    asked = ask_for(Action.TRANSCRIBE)
    channel = there.pipeline().start(submission(asked, action=Action.TRANSCRIBE))
    reply = await read(channel)
    assert reply.done is None
    assert reply.error is not None
    assert reply.error.code is Code.LIMIT_EXCEEDED
    assert there.vault.kept == {}
    outcome = there.records(channel)[-1]
    assert isinstance(outcome, Outcome)
    assert (outcome.status, outcome.code) == (Status.FAILED, Code.LIMIT_EXCEEDED)


async def test_a_client_changes_nothing_of_what_is_kept() -> None:
    there = world(Keep.ALL)
    strict = replace(profile("strict", 200), keep=Keep.NOTHING)
    there.decider.profiles = {**there.decider.profiles, "strict": strict}
    channel = there.pipeline().start(submission(ask(TEXT), profile="strict"))
    await read(channel)
    assert texts(there.vault.open(channel.exchange).request)[1] == [TEXT]


def test_kept_words_are_not_pickled() -> None:
    import pickle

    with pytest.raises(TypeError):
        pickle.dumps(Words((RawText("a"),)))
