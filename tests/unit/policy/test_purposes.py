"""What each purpose needs, as the author of a policy writes it."""

from __future__ import annotations

import pytest

from gateway.domain.exchange import Purpose
from gateway.policy.problems import PolicyError
from gateway.policy.purposes import read_purposes
from gateway.policy.release import build, digest


def test_the_shipped_release_says_what_treatment_needs(files: dict[str, bytes]) -> None:
    needs = build(files).needs
    assert "PERSON" in needs[Purpose.TREAT]
    assert "US_SSN" not in needs[Purpose.TREAT]
    assert Purpose.HMARKT not in needs


def test_the_file_is_part_of_the_release_and_may_be_absent(files: dict[str, bytes]) -> None:
    before = digest(files)
    del files["purposes.yaml"]
    assert digest(files) != before
    assert build(files).needs == {}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("purposes:\n  TREET:\n    needs: [PERSON]\n", "2: `TREET` is not known"),
        ("purposes:\n  TREAT:\n    needs: []\n", "3: an empty list"),
        ("purposes:\n  TREAT:\n    need: [PERSON]\n", "unknown key `need`"),
        ("purposes:\n  TREAT: [PERSON]\n", "a mapping is wanted"),
        ("purposes:\n  TREAT:\n    needs: [PERSON, PERSON]\n", "a second time"),
        ("purposes:\n  TREAT:\n    needs: [person]\n", "not an entity type"),
        ("purposes:\n  TREAT:\n    needs: [PERSON]\n  TREAT:\n    needs: [AGE]\n", "second time"),
        ("purpose:\n  TREAT:\n    needs: [PERSON]\n", "unknown key `purpose`"),
    ],
)
def test_a_line_that_is_not_understood_is_told_with_its_number(text: str, said: str) -> None:
    with pytest.raises(PolicyError, match=said):
        read_purposes("purposes.yaml", text.encode())


def test_who_may_be_reidentified_is_said_in_full_or_nobody_is(files: dict[str, bytes]) -> None:
    name = "profiles/treatment.yaml"
    profile = build(files).profile("treatment")
    assert profile is not None
    assert not profile.reidentify.allowed
    files[name] += b"reidentify: {allowed: true, second_person: false, minutes: 30}\n"
    profile = build(files).profile("treatment")
    assert profile is not None
    assert (profile.reidentify.allowed, profile.reidentify.minutes) == (True, 30)
    for wrong in (b"minutes: 0", b"minutes: 1441", b"minutes: 30, extra: 1"):
        with pytest.raises(PolicyError):
            build(files | {name: files[name].replace(b"minutes: 30", wrong)})
