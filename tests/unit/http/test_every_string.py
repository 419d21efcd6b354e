"""What peers let through: only the last message scanned, numbers per request, one shared vault."""

from __future__ import annotations

import json
import re

import pytest

from gateway.domain.entities import entity_type
from tests.unit.http.conftest import NAME, Serving, World, chat, events, text_of

PERSON = entity_type("PERSON")
PSEUDONYM = re.compile(r"PERSON_[0-9]{3}[a-z]?")


async def test_every_string_of_every_message_is_scanned(serving: Serving) -> None:
    names = [f"Zebedee{letter}" for letter in "abcdefghijkl"]
    a, b, c, d, e, f, g, h, i, j, k, last = names
    world = World()
    world.detector.script = dict.fromkeys(names, PERSON)
    body = {
        "model": "fake-model",
        "messages": [
            {"role": "system", "content": f"You help {a}.", "name": b},
            {"role": "user", "content": [{"type": "text", "text": c}, {"type": "text", "text": d}]},
            {
                "role": "assistant",
                "content": f"I look up {e}.",
                "tool_calls": [
                    {
                        "id": f"call-{f}",
                        "type": "function",
                        "function": {"name": f"find_{g}", "arguments": json.dumps({"who": h})},
                    }
                ],
            },
            {"role": "tool", "tool_call_id": f"call-{f}", "content": f"{i} was found."},
            {"role": "assistant", "content": f"It is {j}."},
            {"role": "user", "content": "And now?", "name": k},
        ],
        "stop": [f"Dear {last}"],
    }
    async with serving(world) as world:
        reply = await world.post(body)
    assert reply.status_code == 200, reply.text
    [seen] = world.engine.seen
    assert "Zebedee" not in seen.text
    assert len(list(seen.conversation.texts())) == 14
    assert len(set(PSEUDONYM.findall(seen.text))) == len(names)
    intent = world.exchanges()[0]
    assert intent.findings == {"PERSON": len(names) + 1}  # type: ignore[union-attr]


@pytest.mark.parametrize("role", ["system", "developer"])
async def test_an_opening_message_is_scanned(serving: Serving, role: str) -> None:
    body = chat() | {
        "messages": [{"role": role, "content": NAME}, {"role": "user", "content": "Hello"}]
    }
    async with serving() as world:
        await world.post(body)
    assert NAME not in world.engine.seen[0].text


async def test_a_bare_prompt_and_its_stops_are_scanned(serving: Serving) -> None:
    async with serving() as world:
        await world.post({"model": "fake-model", "prompt": f"{NAME} is", "stop": NAME})
    assert NAME not in world.engine.seen[0].text


async def test_one_person_has_one_name_in_every_field(serving: Serving) -> None:
    body = chat() | {
        "messages": [
            {"role": "system", "content": f"About {NAME}."},
            {"role": "user", "content": f"{NAME}?", "name": NAME},
        ]
    }
    async with serving() as world:
        await world.post(body)
    assert len(set(PSEUDONYM.findall(world.engine.seen[0].text))) == 1


async def test_a_later_turn_restores_what_an_earlier_one_named(serving: Serving) -> None:
    world = World()
    world.engine.echo = 3
    first = {"role": "user", "content": f"{NAME} has a cough."}
    async with serving(world) as world:
        reply = (await world.post(chat() | {"messages": [first]})).json()
        [pseudonym] = PSEUDONYM.findall(world.engine.seen[0].text)
        world.engine.echo = None
        world.engine.pieces = ("It is ", pseudonym[:5], pseudonym[5:8], pseudonym[8:], ".")
        history = [
            first,
            {"role": "assistant", "content": reply["choices"][0]["message"]["content"]},
            {"role": "user", "content": "Who has a cough?"},
        ]
        later = await world.post(chat(stream=True) | {"messages": history})
    assert world.engine.seen[1].text.count(pseudonym) == 2
    assert text_of(events(later.text)) == f"It is {NAME}."


async def test_a_pseudonym_is_restored_wherever_the_stream_cuts_it(serving: Serving) -> None:
    world = World()
    async with serving(world) as world:
        await world.post(chat(f"Is {NAME} in?"))
        [pseudonym] = PSEUDONYM.findall(world.engine.seen[0].text)
        for cut in range(1, len(pseudonym)):
            world.engine.pieces = ("Yes, ", pseudonym[:cut], pseudonym[cut:], " is in.")
            reply = await world.post(chat(f"Is {NAME} in?", stream=True))
            assert text_of(events(reply.text)) == f"Yes, {NAME} is in."


async def test_a_pseudonym_that_the_model_invented_stays_what_it_is(serving: Serving) -> None:
    world = World()
    async with serving(world) as world:
        await world.post(chat(f"Is {NAME} in?"))
        [pseudonym] = PSEUDONYM.findall(world.engine.seen[0].text)
        other = f"PERSON_{(int(pseudonym[-3:]) + 1) % 1000:03d}"
        world.engine.pieces = (other, " and ", pseudonym)
        reply = (await world.post(chat(f"Is {NAME} in?"))).json()
    assert reply["choices"][0]["message"]["content"] == f"{other} and {NAME}"


async def test_no_caller_gets_what_another_callers_pseudonym_stands_for(serving: Serving) -> None:
    world = World()
    async with serving(world) as world:
        await world.post(chat(f"Is {NAME} in?"))
        [pseudonym] = PSEUDONYM.findall(world.engine.seen[0].text)
        world.engine.pieces = (f"It is {pseudonym}.",)
        same_words = (await world.post(chat("Who is in?"), key="other")).json()
        same_question = (await world.post(chat(f"Is {NAME} in?"), key="other")).json()
        [theirs] = PSEUDONYM.findall(world.engine.seen[2].text)
    assert NAME not in same_words["choices"][0]["message"]["content"]
    assert theirs != pseudonym
    assert NAME not in same_question["choices"][0]["message"]["content"]


async def test_what_was_restored_is_not_masked_again(serving: Serving) -> None:
    world = World()
    number = entity_type("MEDICAL_RECORD_NUMBER")
    world.detector.script = {"48210377": number}
    world.scanner.script = {"48210377": number, "11112222": number}
    async with serving(world) as world:
        await world.post(chat("MRN 48210377"))
        [pseudonym] = re.findall(r"[A-Z_]+_[0-9]{3}", world.engine.seen[0].text)
        world.engine.pieces = ("Record ", pseudonym, " and ", "1111", "2222", " are two.")
        reply = await world.post(chat("MRN 48210377", stream=True))
    assert text_of(events(reply.text)) == "Record 48210377 and [MRN] are two."
    outcome = world.exchanges()[-1]
    assert (outcome.restored, outcome.invented) == (1, 1)  # type: ignore[union-attr]


async def test_fields_that_do_not_travel_are_not_given_to_the_engine(serving: Serving) -> None:
    async with serving() as world:
        reply = await world.post(chat(user=NAME, safety_identifier=NAME, prompt_cache_key=NAME))
    assert reply.status_code == 200
    assert NAME not in world.engine.seen[0].text
    assert NAME not in reply.text
    assert all(NAME not in repr(record) for record in world.ledger.records)
