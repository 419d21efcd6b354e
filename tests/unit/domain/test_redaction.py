import itertools
import re
from collections.abc import Iterator, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import entities as e
from gateway.domain import redaction as module
from gateway.domain.entities import EntityType
from gateway.domain.errors import Code, ExchangeError
from gateway.domain.exchange import Conversation, Message, Role
from gateway.domain.findings import Finding, Findings
from gateway.domain.policy import Invented, Limits, Operator, Profile, Rule
from gateway.domain.redaction import Redaction, Secrets, merge, redact
from gateway.domain.text import RawText
from gateway.domain.tools import ToolCall

SECRETS = Secrets(pseudonym=b"p" * 32, hash=b"h" * 32)


def profile(
    rules: Mapping[EntityType, Operator | Rule], *, restore: bool = True, strictness: int = 1
) -> Profile:
    return Profile(
        name="test",
        strictness=strictness,
        entities={
            entity: rule if isinstance(rule, Rule) else Rule(rule) for entity, rule in rules.items()
        },
        restore=restore,
        invented=Invented.REPLACE,
        limits=Limits(max_input_characters=10_000, max_output_tokens=100),
    )


PSEUDONYM = profile({e.PERSON: Operator.PSEUDONYM, e.PHONE_NUMBER: Operator.PSEUDONYM})


def say(*texts: str, role: Role = Role.USER) -> Conversation[RawText]:
    return Conversation(tuple(Message(role, (RawText(text),)) for text in texts))


def find(text: str, *words: str, entity: EntityType = e.PERSON) -> Findings:
    found = []
    for word in words:
        start = text.find(word)
        while start >= 0:
            found.append(Finding(start, start + len(word), entity))
            start = text.find(word, start + 1)
    return tuple(sorted(found))


def treat(text: str, findings: Findings, rules: Profile, caller: str = "key:a") -> Redaction:
    return redact(say(text), [findings], rules, SECRETS, caller)


def only(redaction: Redaction) -> str:
    return next(redaction.conversation.texts()).for_engine()


TEXT = "Anna Berg called. Ask ANNA BERG."


def test_a_pseudonym_takes_the_place_of_a_name() -> None:
    redacted = only(treat(TEXT, find(TEXT, "Anna Berg"), PSEUDONYM))
    assert redacted.startswith("PERSON_")
    assert "Anna" not in redacted


def test_another_spelling_of_one_name_has_the_same_number_and_comes_back_as_it_was() -> None:
    done = treat(TEXT, find(TEXT, "Anna Berg", "ANNA BERG"), PSEUDONYM)
    first, second = (word for word in only(done).replace(".", " ").split() if "PERSON" in word)
    assert second == f"{first}a"
    assert done.pseudonyms.restore(first) == "Anna Berg"
    assert done.pseudonyms.restore(second) == "ANNA BERG"


def test_one_person_has_one_number_under_every_form_and_each_form_comes_back() -> None:
    names = (
        "Margaret Thornton",
        "Thornton, Margaret",
        "M. Thornton",
        "Margaret THORNTON",
        "John Thornton",
    )
    text = (
        "Margaret Thornton; Mrs Thornton; Thornton, Margaret; M. Thornton; Margaret THORNTON; " * 2
    )
    text += "Mr Thornton is John Thornton."
    found = [find(text, name) for name in (*names, "Thornton")]
    one = {each.start: each for each in itertools.chain(*reversed(found))}
    done = treat(text, tuple(sorted(one.values())), PSEUDONYM)
    said = re.findall(r"(?:PERSON_\d{3}[a-z]?)", only(done))
    hers, his = [word[:10] for word in said[:-2]], [word[:10] for word in said[-2:]]
    assert len(set(hers)) == len(set(his)) == 1
    assert hers[0] != his[0]
    back = re.sub(
        r"PERSON_\d{3}[a-z]?", lambda tag: str(done.pseudonyms.restore(tag[0])), only(done)
    )
    assert back == text


def test_a_person_has_one_number_in_every_turn() -> None:
    texts = ["Patient: Margaret Thornton", "How is Mrs Thornton?", "Mr Thornton called."]
    places = [(9, 26), (11, 19), (3, 11)]
    found = [(Finding(*place, e.PERSON),) for place in places]
    done = redact(say(*texts), found, PSEUDONYM, SECRETS, "key:a")
    her, mrs, mr = (
        re.findall(r"PERSON_\d{3}", text.for_engine())[0] for text in done.conversation.texts()
    )
    assert her == mrs != mr
    shorter = redact(say(*texts[:2]), found[:2], PSEUDONYM, SECRETS, "key:a")
    assert her in only(shorter)


def test_more_spellings_than_letters_take_another_number() -> None:
    names = [f"Anna{' ' * gap}Berg" for gap in range(1, 40)]
    text = "; ".join(names)
    findings = tuple(
        Finding(match.start(), match.end(), e.PERSON) for match in re.finditer("Anna +Berg", text)
    )
    done = treat(text, findings, PSEUDONYM)
    tags = re.findall(r"PERSON_\d{3}[a-z]?", only(done))
    assert len(set(tags)) == len(names)
    assert [done.pseudonyms.restore(tag) for tag in tags] == names


def test_a_type_that_no_profile_names_is_blocked() -> None:
    with pytest.raises(ExchangeError) as caught:
        treat(TEXT, find(TEXT, "Anna Berg", entity=EntityType("SHOE_SIZE")), PSEUDONYM)
    assert caught.value.code is Code.ENTITY_BLOCKED
    assert "Anna" not in caught.value.message


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (Rule(Operator.KEEP), "call 555-0142"),
        (Rule(Operator.REPLACE), "call [PHONE]"),
        (Rule(Operator.MASK), "call ********"),
        (Rule(Operator.MASK, keep_last=4), "call ****0142"),
        (Rule(Operator.MASK, keep_last=5), "call ********"),
    ],
)
def test_an_operator_does_what_its_name_says(rule: Rule, expected: str) -> None:
    text = "call 555-0142"
    done = treat(
        text, find(text, "555-0142", entity=e.PHONE_NUMBER), profile({e.PHONE_NUMBER: rule})
    )
    assert only(done) == expected
    assert done.counts == {"PHONE_NUMBER": 1}


def test_a_hash_is_keyed_stable_and_blind_to_spacing() -> None:
    rules = profile({e.US_SSN: Operator.HASH})
    first = only(treat("078-05-1120", (Finding(0, 11, e.US_SSN),), rules))
    second = only(treat("078 05 1120", (Finding(0, 11, e.US_SSN),), rules, caller="key:other"))
    other_key = redact(
        say("078-05-1120"), [(Finding(0, 11, e.US_SSN),)], rules, Secrets(b"p", b"x"), "key:a"
    )
    assert first == second
    assert first.startswith("[SSN:")
    assert only(other_key) != first


def test_no_character_of_overlapping_findings_stays() -> None:
    text = "Dr. Anna Berg-Sato"
    findings = (Finding(4, 13, e.PERSON), Finding(9, 18, e.ORGANIZATION))
    rules = profile({e.PERSON: Operator.REPLACE, e.ORGANIZATION: Operator.KEEP})
    assert only(treat(text, findings, rules)) == "Dr. [PERSON]"


@given(
    st.lists(
        st.tuples(
            st.integers(0, 30), st.integers(1, 10), st.sampled_from([e.PERSON, e.PHONE_NUMBER])
        ),
        max_size=8,
    ),
    st.randoms(use_true_random=False),
)
def test_merging_covers_exactly_what_was_found_whatever_the_order(
    spans: list[tuple[int, int, EntityType]],
    random,  # noqa: ANN001
) -> None:
    findings = [Finding(start, start + length, entity) for start, length, entity in spans]
    shuffled = list(findings)
    random.shuffle(shuffled)
    rules = profile({e.PERSON: Operator.REPLACE, e.PHONE_NUMBER: Operator.KEEP})
    merged = list(merge(tuple(findings), rules))
    covered = {place for each in findings for place in range(each.start, each.end)}
    assert {place for each in merged for place in range(each.start, each.end)} == covered
    assert all(one.end <= two.start for one, two in itertools.pairwise(merged))
    assert merged == list(merge(tuple(shuffled), rules))


def test_every_string_of_a_request_is_treated_and_one_person_has_one_name_in_all() -> None:
    name = "Anna Berg"
    conversation = Conversation(
        messages=(
            Message(Role.SYSTEM, (RawText(f"About {name}"),)),
            Message(Role.USER, (RawText(name), RawText(f"and {name}")), name=RawText(name)),
            Message(
                Role.ASSISTANT,
                (),
                tool_calls=(ToolCall(RawText(name), RawText(name), RawText(f'{{"q":"{name}"}}')),),
            ),
            Message(Role.TOOL, (RawText(name),), tool_call_id=RawText(name)),
        ),
        stop=(RawText(name),),
    )
    texts = [text.reveal() for text in conversation.texts()]
    done = redact(conversation, [find(text, name) for text in texts], PSEUDONYM, SECRETS, "key:a")
    redacted = [text.for_engine() for text in done.conversation.texts()]
    assert len(redacted) == len(texts) == 10
    assert not any(name in text for text in redacted)
    assert len(done.pseudonyms) == 1
    assert done.counts == {"PERSON": 10}


def test_a_later_turn_and_a_shortened_history_give_the_same_pseudonym() -> None:
    opening = "Anna Berg has a cough."
    one = redact(say(opening), [find(opening, "Anna Berg")], PSEUDONYM, SECRETS, "key:a")
    later = say(opening, "Carl Dahl visited.", "Anna Berg left.")
    texts = [text.reveal() for text in later.texts()]
    two = redact(
        later,
        [find(text, "Anna Berg", "Carl Dahl") for text in texts],
        PSEUDONYM,
        SECRETS,
        "key:a",
    )
    assert only(one) == only(two)


def test_two_callers_and_two_conversations_share_no_pseudonym() -> None:
    seen = {
        only(treat(text, find(text, "Anna Berg"), PSEUDONYM, caller=caller)).split()[0]
        for text in ("Anna Berg one", "Anna Berg two", "Anna Berg three")
        for caller in ("key:a", "key:b")
    }
    assert len(seen) > 3  # Of six, by chance at most a few coincide among a thousand numbers.


def test_a_pseudonym_that_the_caller_wrote_is_never_issued_where_it_would_be_restored() -> None:
    plain = only(treat("Anna Berg", find("Anna Berg", "Anna Berg"), PSEUDONYM))
    written = f"Anna Berg {plain}"
    conversation = say("Anna Berg", written)
    done = redact(
        conversation,
        [find("Anna Berg", "Anna Berg"), find(written, "Anna Berg")],
        PSEUDONYM,
        SECRETS,
        "key:a",
    )
    assert done.pseudonyms.restore(plain) is None


def test_a_tag_of_an_earlier_reply_is_not_treated_again_where_replies_hold_tags() -> None:
    text = "What of PERSON_123 and [PERSON]?"
    findings = (Finding(8, 18, e.PERSON), Finding(24, 30, e.PERSON))
    research = profile({e.PERSON: Operator.REPLACE}, restore=False)
    assert only(treat(text, findings, research)) == text
    assert "PERSON_123" not in only(treat(text, findings, PSEUDONYM))


def test_a_pseudonym_that_would_run_into_its_neighbours_is_set_apart() -> None:
    text = "xAnna BergCarl Dahl, Anna Berg"
    findings = find(text, "Anna Berg", "Carl Dahl")
    done = treat(text, findings, PSEUDONYM)
    anna = only(done).rpartition(" ")[2]
    assert only(done).startswith(f"x[{anna}]PERSON_")
    assert done.pseudonyms.restore(anna) == "Anna Berg"


def test_findings_that_do_not_fit_the_texts_fail_the_request() -> None:
    for findings in ([], [(), ()], [(Finding(0, 99, e.PERSON),)]):
        with pytest.raises(ExchangeError) as caught:
            redact(say("short"), findings, PSEUDONYM, SECRETS, "key:a")
        assert caught.value.code is Code.DETECTION_FAILED


def test_more_values_than_numbers_is_a_refusal() -> None:
    text = " ".join(f"n{number}x" for number in range(1001))
    findings = tuple(
        Finding(start, start + len(word), e.PERSON)
        for word in text.split()
        for start in [text.index(word)]
    )
    with pytest.raises(ExchangeError) as caught:
        treat(text, findings, PSEUDONYM)
    assert caught.value.code is Code.LIMIT_EXCEEDED


def test_no_two_people_are_one_slip_of_a_digit_apart() -> None:
    names = [f"Person{chr(97 + index % 26)}{chr(97 + index // 26)}" for index in range(60)]
    text = " ".join(names)
    done = treat(text, find(text, *names), PSEUDONYM)
    numbers = re.findall(r"PERSON_(\d{3})", only(done))
    assert len(set(numbers)) == 60
    for one, two in itertools.combinations(numbers, 2):
        assert sum(a != b for a, b in zip(one, two, strict=True)) >= 2


@pytest.mark.parametrize("restore", [True, False])
def test_what_redaction_costs_grows_as_the_text_does(
    monkeypatch: pytest.MonkeyPatch, *, restore: bool
) -> None:
    steps = 0

    class Counted(module._Piece):
        def __getattribute__(self, name: str) -> object:
            nonlocal steps
            steps += 1
            return super().__getattribute__(name)

    class CountedTags(list[tuple[int, int]]):
        def __iter__(self) -> Iterator[tuple[int, int]]:
            nonlocal steps
            for each in super().__iter__():
                steps += 1
                yield each

    monkeypatch.setattr(module, "_Piece", Counted)
    tags = module.own_tags
    monkeypatch.setattr(module, "own_tags", lambda text: CountedTags(tags(text)))
    rules = profile({e.PERSON: Operator.PSEUDONYM}, restore=restore)

    def cost(times: int) -> int:
        nonlocal steps
        steps = 0
        text = "[MRN] Smith, " * times
        treat(text, find(text, "Smith"), rules)
        return steps

    assert 0 < cost(400) < 5 * cost(100)
