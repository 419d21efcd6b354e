"""One person is one person under every form of the name; two people are never made one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.person_names import Gender, Mention, Part, mention, parse, parts
from gateway.domain.persons import Person, Persons, is_one_slip, shapes


def meet(*names: str) -> list[Person]:
    """Return who is met in one text that names these people, titles before them included."""
    return list(Persons().meet([said(name) for name in names]))


def said(name: str) -> Mention:
    """Return a mention as detection finds it: the title stands outside."""
    title, _, rest = name.partition("~")
    return Mention(rest, title) if rest else Mention(title)


def are_one(*names: str) -> bool:
    return len({person.identity for person in meet(*names)}) == 1


@pytest.mark.parametrize(
    "other",
    [
        "Mrs ~Thornton",
        "Mrs Thornton",
        "Thornton, Margaret",
        "THORNTON Margaret",
        "Thornton Margaret",
        "M. Thornton",
        "M.Thornton",
        "THORNTON",
        "thornton",
        "Margaret",
        "Thornton's",
        "Thorntons",
        "M.T.",
        "M. T.",
        "Mrs ~M.",
        "Margaret A. Thornton",
        "Margaret Anne Thornton",
        "Mrs. Margaret Thornton",
        "Margaret Thornton-Hale",
        "Margaret Thorntn",
        "Margaret Thronton",
        "Thorntonn",
        "MARGARET THORNTON",
        "Márgaret Thornton",
        "Margaret  Thornton",
        "Margaret\nThornton",
    ],
)
def test_a_name_in_another_form_is_the_same_person(other: str) -> None:
    assert are_one("Margaret Thornton", other)
    assert are_one(other, "Margaret Thornton")


@pytest.mark.parametrize(
    "other",
    [
        "John Thornton",
        "Mr ~Thornton",
        "Dr. ~Thornton",
        "J. Thornton",
        "Margaret Miller",
        "Maria Thornton",
        "Margarete Thorne",
        "B.T.",
        "Hale",
    ],
)
def test_another_name_is_another_person(other: str) -> None:
    assert not are_one("Margaret Thornton", other)
    assert not are_one(other, "Margaret Thornton")


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("Jürgen Müller", "Herr ~Mueller"),
        ("Jürgen Müller", "Müllers"),
        ("Jürgen Müller", "JUERGEN MUELLER"),
        ("María García López", "Sra. ~García"),
        ("María García López", "Maria Garcia"),
        ("Anneke van der Berg", "Mevrouw ~Berg"),
        ("François Lefèvre", "LEFEVRE François"),
        ("王小明", "小明"),
        ("Dr. ~Margaret Thornton", "Dr. ~Thornton"),
        ("Margaret Thornton MD", "Dr. ~Thornton"),
        ("Siobhán O'Brien", "O\u2019Brien"),
    ],
)
def test_names_of_many_cultures_are_joined(one: str, two: str) -> None:
    assert are_one(one, two)


def test_a_chinese_family_name_with_a_title_behind_it_is_the_person() -> None:
    full, short = Persons().meet([Mention("王小明"), Mention("王", "", "先生")])
    assert full.identity == short.identity
    assert short.gender is Gender.MALE
    assert [part for *_, part in parts("王小明", full.given, full.family)] == [
        Part.FAMILY,
        Part.GIVEN,
    ]


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("Maria Garcia", "Mario Garcia"),
        ("John Smith Jr", "John Smith Sr"),
        ("Jan Berg", "Jon Berg"),
    ],
)
def test_one_letter_in_a_given_name_makes_another_person(one: str, two: str) -> None:
    assert not are_one(one, two)


def test_a_title_decides_between_two_people_of_one_family() -> None:
    her, him, mrs, mr = meet("Margaret Thornton", "John Thornton", "Mrs ~Thornton", "Mr ~Thornton")
    assert her.identity != him.identity
    assert mrs.identity == her.identity
    assert mr.identity == him.identity


def test_what_could_be_either_of_two_people_is_neither() -> None:
    her, him, either = meet("Margaret Thornton", "John Thornton", "Thornton")
    assert either.identity not in {her.identity, him.identity}


def test_a_man_and_a_woman_of_one_whole_name_are_two() -> None:
    assert not are_one("Mr ~Robin Park", "Mrs ~Robin Park")


def test_mr_and_mrs_of_one_name_are_two() -> None:
    assert not are_one("Mrs ~Thornton", "Mr ~Thornton")


def test_the_gender_is_known_by_title_or_given_name_only() -> None:
    assert [person.gender for person in meet("Margaret Li", "Mr ~Adeyemi", "Robin Park")] == [
        Gender.FEMALE,
        Gender.MALE,
        None,
    ]


def test_later_texts_change_no_answer() -> None:
    persons = Persons()
    (first,) = persons.meet([said("Mrs ~Thornton")])
    _, her = persons.meet([said("John Thornton"), said("Margaret Thornton")])
    (again,) = persons.meet([said("Mrs ~Thornton")])
    assert first.identity == her.identity == again.identity


def test_a_name_that_came_in_two_fields_is_its_family_name() -> None:
    persons = Persons()
    family, _ = persons.meet([said("Thornton"), said("Margaret")])
    (whole,) = persons.meet([said("Margaret Thornton")])
    assert whole.identity == family.identity


WORDS = st.sampled_from(
    ["Anna", "John", "Berg", "Dahl", "A.", "B.", "Mrs", "Dr.", "Bergs", "Li-Berg"]
)
NAMES = st.lists(WORDS, min_size=1, max_size=4).map(" ".join)
TEXTS = st.lists(st.lists(NAMES, max_size=5), max_size=4)


@given(TEXTS, st.lists(NAMES, max_size=5))
def test_a_longer_history_gives_the_same_people_to_what_went_before(
    texts: list[list[str]], more: list[str]
) -> None:
    one, two = Persons(), Persons()
    before = [[each.identity for each in one.meet([said(n) for n in text])] for text in texts]
    again = [[each.identity for each in two.meet([said(n) for n in text])] for text in texts]
    two.meet([said(name) for name in more])
    assert before == again
    assert before == [[each.identity for each in two.meet([said(n) for n in t])] for t in texts]


@given(
    st.permutations(
        ["Margaret Thornton", "M. Thornton", "Mrs ~Thornton", "John Thornton", "Mr ~Thornton"]
    )
)
def test_the_order_within_a_text_does_not_matter(names: list[str]) -> None:
    who = dict(zip(names, meet(*names), strict=True))
    assert who["Mrs ~Thornton"].identity == who["M. Thornton"].identity
    assert who["Mrs ~Thornton"].identity == who["Margaret Thornton"].identity
    assert who["Mr ~Thornton"].identity == who["John Thornton"].identity
    assert who["John Thornton"].identity != who["Margaret Thornton"].identity


@given(st.text(max_size=40), st.text(max_size=40))
def test_any_text_can_be_a_name(before: str, surface: str) -> None:
    (person,) = Persons().meet([Mention(surface, before)])
    assert isinstance(person.identity, str)
    parts(surface, person.given, person.family)


def test_a_great_many_people_of_one_name_take_little_time() -> None:
    names = [f"Anna{chr(97 + i % 26)}{chr(97 + i // 26 % 26)}{i % 7} Berg" for i in range(5000)]
    people = Persons().meet([said(name) for name in names])
    assert len(people) == 5000


def test_nothing_of_a_name_is_shown() -> None:
    persons = Persons()
    (person,) = persons.meet([said("Mrs ~Thornton")])
    name = parse(said("Mrs ~Thornton"))
    for shown in (person, persons, said("Mrs ~Thornton"), name):
        assert "hornton" not in repr(shown)


def test_a_mention_takes_the_title_with_it() -> None:
    text = "seen by Prof. Dr. med. Thornton today"
    start = text.index("Thornton")
    assert parse(mention(text, start, start + 8)).doctor


def test_the_words_of_a_surface_have_their_parts() -> None:
    (person,) = Persons().meet([said("Margaret van Thornton")])
    told = [part for _, _, part in parts("Thornton, M. van", person.given, person.family)]
    assert told == [Part.FAMILY, Part.GIVEN_INITIAL, Part.PARTICLE]
    assert [part for *_, part in parts("Thorntons", person.given, person.family)] == [Part.FAMILY]
    assert [part for *_, part in parts("Margaret", person.given, person.family)] == [Part.GIVEN]


@given(st.text("abcd", min_size=1, max_size=6), st.text("abcd", min_size=1, max_size=6))
def test_two_words_one_slip_apart_share_a_shape(one: str, two: str) -> None:
    if is_one_slip(one, two):
        assert shapes(one) & shapes(two)
