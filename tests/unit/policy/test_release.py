"""A directory of policy is loaded whole, or not at all."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from gateway.policy.problems import PolicyError
from gateway.policy.release import ACCESS, SCHEMA, build, digest, load, read

Files = dict[str, bytes]


def problems(files: Files) -> list[str]:
    with pytest.raises(PolicyError) as raised:
        build(files)
    return [str(problem) for problem in raised.value.problems]


def write(folder: Path, files: Files) -> Path:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def test_the_shipped_policy_loads(files: Files) -> None:
    release = build(files)
    assert list(release.profiles) == ["treatment", "coding", "trial", "research"]
    assert [statement.id for statement in release.policies.statements] == [
        "treatment-by-clinicians",
        "research-by-researchers",
        "trials-by-investigators",
        "payment-by-coders",
        "redaction-by-services",
        "never-for-marketing",
    ]
    assert release.policies.roles == {
        "clinician",
        "researcher",
        "investigator",
        "coder",
        "billing",
        "redactor",
    }


def test_a_statement_knows_the_line_it_begins_on(files: Files) -> None:
    lines = files[ACCESS].decode().splitlines()
    for statement in build(files).policies.statements:
        assert lines[statement.line - 1] == f'@id("{statement.id}")'


def test_the_digest_is_the_sha256_that_the_readme_describes(files: Files) -> None:
    whole = b"intramural policy release 1\n"
    for name in sorted(files):
        whole += len(name).to_bytes(8, "big") + name.encode()
        whole += len(files[name]).to_bytes(8, "big") + files[name]
    assert build(files).digest == digest(files) == hashlib.sha256(whole).hexdigest()


def test_the_digest_of_known_bytes_never_changes() -> None:
    # A durable format: records hold digests for ever. If this fails, the code is wrong.
    # The sum is sha256sum's, over the same bytes out of printf.
    assert (
        digest({"access.cedar": b"a", "profiles/p.yaml": b"b"})
        == "d350b3217b693cc69ba30badc1c01170dd36e9867ab577c600640214ff9cce80"
    )


def test_bytes_that_move_from_one_file_to_the_next_change_the_digest() -> None:
    assert digest({"a": b"xy", "b": b"z"}) != digest({"a": b"x", "b": b"yz"})
    assert digest({"ab": b"", "c": b""}) != digest({"a": b"", "bc": b""})


def test_the_readme_is_not_part_of_the_digest(files: Files, tmp_path: Path) -> None:
    before = load(write(tmp_path, files)).digest
    (tmp_path / "README.md").write_text("words")
    assert load(tmp_path).digest == before


@pytest.mark.parametrize(
    "name",
    [
        "acces.cedar",
        "profiles/treatment.yml",
        "profiles/more/x.yaml",
        "profiles/.x.yaml.swp",
        "profile/x.yaml",
        "vectors/README.md",
        ".hidden",
        "access.cedar~",
    ],
)
def test_a_file_that_nothing_reads_is_an_error(files: Files, tmp_path: Path, name: str) -> None:
    write(tmp_path, {**files, name: b"words"})
    with pytest.raises(PolicyError, match="nothing reads this"):
        load(tmp_path)


def test_a_directory_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="no such directory"):
        load(tmp_path / "nothing")


def test_a_dangling_link_is_an_error(files: Files, tmp_path: Path) -> None:
    write(tmp_path, files)
    (tmp_path / "profiles" / "gone.yaml").symlink_to(tmp_path / "nowhere")
    with pytest.raises(PolicyError, match=r"gone\.yaml"):
        load(tmp_path)


@pytest.mark.parametrize("folder", ["profiles", "vectors"])
def test_a_link_to_a_folder_is_an_error_and_not_an_empty_folder(
    files: Files, tmp_path: Path, folder: str
) -> None:
    policy = write(tmp_path / "policy", files)
    (policy / folder).rename(tmp_path / "elsewhere")
    (policy / folder).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(PolicyError, match=rf"{folder}: a link"):
        load(policy)


def test_reading_returns_the_bytes_of_every_file(files: Files, tmp_path: Path) -> None:
    assert read(write(tmp_path, files)) == files


def test_a_missing_access_file_or_schema_is_an_error(files: Files) -> None:
    without_schema = {name: data for name, data in files.items() if name != SCHEMA}
    assert problems(without_schema) == [f"{SCHEMA}: is missing: copy the shipped one"]
    without_access = {name: data for name, data in files.items() if name != ACCESS}
    assert problems(without_access) == [
        f"{ACCESS}: is missing: without it everything would be denied"
    ]


def test_a_profile_that_names_no_file_is_an_error(files: Files) -> None:
    files[ACCESS] = files[ACCESS].replace(b'"treatment"', b'"treatmant"', 1)
    (message,) = problems(files)
    assert message.startswith(f"{ACCESS}:10: @profile")
    assert "did you mean `treatment`?" in message


def test_two_profiles_of_the_same_strictness_are_an_error(files: Files) -> None:
    name = "profiles/research.yaml"
    files[name] = files[name].replace(b"strictness: 300", b"strictness: 100")
    (message,) = problems(files)
    assert message.startswith("profiles/treatment.yaml:2: strictness 100 is that of")


def test_all_problems_are_told_at_once(files: Files) -> None:
    files["profiles/research.yaml"] = b"name: research\n"
    files["vectors/access.yaml"] = b"vectors: []\n"
    files[ACCESS] += b"permit (principal, action, resource);\n"
    places = [message.split(": ")[0] for message in problems(files)]
    assert len(places) == 3
    assert places[0].startswith(f"{ACCESS}:")
    assert places[1:] == ["profiles/research.yaml:1", "vectors/access.yaml:1"]


def test_a_policy_in_another_encoding_is_an_error(files: Files) -> None:
    files[ACCESS] = b"// caf\xe9\n" + files[ACCESS]
    assert problems(files) == [f"{ACCESS}:1: not UTF-8: save the file as UTF-8"]
