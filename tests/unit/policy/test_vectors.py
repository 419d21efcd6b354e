"""An administrator's own tests are strict too, and a difference is a finding."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.policy.check import Report, check, check_release
from gateway.policy.problems import PolicyError
from gateway.policy.release import build
from gateway.policy.shipped import shipped_policies
from gateway.policy.vectors import read_vectors

Files = dict[str, bytes]
NAME = "vectors/access.yaml"
ASK = "- {name: n, roles: [clinician], purpose: TREAT, action: chat, model: m, expect: %s}"
RIGHT = "{permit: treatment, rules: [treatment-by-clinicians]}"


def run(files: Files, *vectors: str) -> Report:
    files[NAME] = "\n".join(["vectors:", *vectors]).encode()
    return check_release(build(files))


def messages(report: Report) -> list[str]:
    return [str(problem) for problem in report.problems]


def test_the_shipped_policy_keeps_its_own_vectors_and_leaves_nothing_unsaid() -> None:
    report = check(shipped_policies(), ["smollm2-135m-instruct"])
    assert report.ok
    assert report.problems == report.notes == ()
    assert report.release is not None
    assert len(report.release.vectors) >= 12


def test_every_shipped_rule_and_profile_is_met_by_a_vector() -> None:
    release = check(shipped_policies()).release
    assert release is not None
    met = {rule for vector in release.vectors for rule in vector.expect.rules}
    assert met == {statement.id for statement in release.policies.statements}


def test_a_vector_that_holds_finds_nothing(files: Files) -> None:
    assert run(files, ASK % RIGHT).ok


@pytest.mark.parametrize(
    ("expect", "words"),
    [
        ("deny", "expected a denial, got a permit under treatment"),
        ("deny", "expected rules none, got treatment-by-clinicians"),
        ("{permit: research, rules: [treatment-by-clinicians]}", "expected profile research"),
        ("{permit: treatment, rules: [another]}", "expected rules another, got treatment-by"),
        (
            "{permit: treatment, rules: [treatment-by-clinicians], treatments: {AGE: block}}",
            "expected AGE block, got keep",
        ),
        (
            RIGHT[:-1] + ", treatments: {AGE: {mask: {keep_last: 2}}}}",
            "expected AGE mask (last 2 kept), got keep",
        ),
    ],
)
def test_a_difference_is_told_with_the_vectors_place_and_name(
    files: Files, expect: str, words: str
) -> None:
    found = messages(run(files, ASK % expect))
    assert any(message.startswith(f"{NAME}:2: n: ") and words in message for message in found)


def test_a_denial_for_another_reason_is_a_difference(files: Files) -> None:
    report = run(files, (ASK % "{deny: [some-rule]}").replace("TREAT", "HRESCH"))
    assert messages(report) == [f"{NAME}:2: n: expected rules some-rule, got none"]


def test_an_expected_permit_that_is_denied_is_a_difference(files: Files) -> None:
    report = run(files, (ASK % RIGHT).replace("clinician]", "cleaner]"))
    assert "expected a permit under treatment, got a denial" in messages(report)[0]


def test_a_policy_without_vectors_was_not_tested(files: Files) -> None:
    del files[NAME]
    assert messages(check_release(build(files)))[0].startswith("vectors: there is no vector")


def test_a_directory_that_does_not_load_is_a_report_and_not_a_traceback(tmp_path: Path) -> None:
    report = check(tmp_path)
    assert not report.ok
    assert report.release is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("vectors: []", ":1: an empty list"),
        ("vectors:", ":1: a list is wanted"),
        ("tests: [a]", "unknown key `tests`"),
        ("vectors: [a]", "a mapping is wanted"),
        ("vectors:\n- {name: n, purpose: TREAT, action: chat, model: m}", "missing key `expect`"),
        ("vectors:\n" + ASK % "permit", "write `deny`"),
        ("vectors:\n" + ASK % "no", "YAML reads `no` as bool"),
        ("vectors:\n" + ASK % "{permit: treatment}", "missing key `rules`"),
        ("vectors:\n" + ASK % "{permit: treatment, rules: []}", "an empty list"),
        ("vectors:\n" + ASK % "{permit: p, rules: [a], treatments: {}}", "an empty mapping"),
        ("vectors:\n" + ASK % "{deny: [a], permit: b}", "unknown key `permit`"),
        ("vectors:\n" + (ASK % "deny").replace("TREAT", "TREET"), "did you mean `TREAT`?"),
        ("vectors:\n" + (ASK % "deny").replace("chat", "dream"), "`dream` is not known"),
        ("vectors:\n" + (ASK % "deny").replace("[clinician]", "clinician"), "a list is wanted"),
        ("vectors:\n" + (ASK % "deny").replace("[clinician]", "[Clinician]"), "a role or group"),
        ("vectors:\n" + ASK % "deny" + "\n" + ASK % "deny", ":3: `n` names two vectors"),
    ],
)
def test_a_vector_file_that_does_not_say_all_is_an_error(text: str, words: str) -> None:
    with pytest.raises(PolicyError) as raised:
        read_vectors(NAME, text.encode())
    assert words in str(raised.value)


def test_notes_tell_of_types_left_out_of_types_unknown_and_of_unused_profiles(
    files: Files,
) -> None:
    treatment = files["profiles/treatment.yaml"].replace(b"  PERSON:", b"  PRESON:")
    files["profiles/treatment.yaml"] = treatment
    files["profiles/spare.yaml"] = treatment.replace(b": treatment", b": spare").replace(
        b"strictness: 100", b"strictness: 50"
    )
    report = run(files, ASK % RIGHT)
    notes = [str(note) for note in report.notes]
    assert report.ok
    assert "profiles/treatment.yaml: PERSON is not named, so a text with one is refused" in notes
    assert any("PRESON is a type that nothing finds today; did you mean" in note for note in notes)
    assert "profiles/spare.yaml: no permit in access.cedar leads to this profile" in notes
