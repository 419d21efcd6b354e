"""Whatever is sent as a release, it is one, or it is refused with a reason; nothing in between."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.policy.problems import PolicyError
from gateway.policy.release import build
from gateway.policy.releases.archive import pack, unpack
from gateway.policy.releases.signing import PersonalKey, signer_id, statement, verifies
from gateway.policy.releases.version import Part, State, Version
from tests.fakes.releases import FILES

GOOD = pack(FILES)
KEY = PersonalKey.generate()
NAMES = st.sampled_from(
    ["access.cedar", "models.yaml", "profiles/a.yaml", "vectors/b.yaml", "vectors/c.yaml"]
)
TEXTS = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=3, max_size=30)
PARTS = st.sampled_from(list(Part))


@settings(max_examples=150, deadline=None)
@given(
    at=st.integers(0, len(GOOD) - 1), put=st.binary(min_size=1, max_size=6), cut=st.integers(0, 600)
)
def test_any_change_of_an_archive_is_refused_or_is_another_policy(
    at: int, put: bytes, cut: int
) -> None:
    changed = GOOD[:at] + put + GOOD[at + cut :]
    try:
        files = unpack(changed)
    except PolicyError as error:
        assert error.problems  # noqa: PT017 - it need not be raised
    else:
        assert pack(files) == changed
        assert (files == FILES) == (changed == GOOD)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=2000) | st.binary(max_size=40).map(lambda more: GOOD[:512] + more))
def test_any_bytes_are_an_archive_or_one_problem(data: bytes) -> None:
    try:
        unpack(data)
    except PolicyError as error:
        assert len(error.problems) == 1  # noqa: PT017 - as above


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(NAMES, st.binary(max_size=2000), min_size=1))
def test_every_set_of_files_comes_back_as_it_was(files: dict[str, bytes]) -> None:
    assert dict(unpack(pack(files))) == files
    try:
        build(files)
    except PolicyError as error:
        assert error.problems  # noqa: PT017 - as above


VERSIONS = st.builds(
    Version,
    number=st.integers(1, 10**6),
    digest=st.sampled_from(["a" * 64, "b" * 64]),
    state=st.sampled_from(list(State)),
    note=TEXTS,
    drafted=st.just(0),
    drafted_by=st.just("key:a"),
)
STATED = st.tuples(
    st.sampled_from(["0" * 16, "1" * 16]),
    VERSIONS,
    PARTS,
    st.just(KEY.id),
    st.none() | st.binary(max_size=4),
    st.none() | TEXTS,
)


def said(stated: tuple[str, Version, Part, str, bytes | None, str | None]) -> bytes:
    *words, author, reason = stated
    return statement(*words, author=author, reason=reason)  # type: ignore[arg-type]


@given(STATED, STATED)
def test_two_statements_are_the_same_only_if_they_say_the_same(one: tuple, other: tuple) -> None:  # type: ignore[type-arg]
    def spoken(stated: tuple) -> tuple:  # type: ignore[type-arg]
        installation, version, *rest = stated
        return (installation, version.number, version.digest, version.note, *rest)

    assert (said(one) == said(other)) == (spoken(one) == spoken(other))
    assert verifies(KEY.public, KEY.sign(said(one)), said(other)) == (said(one) == said(other))


@given(st.binary(max_size=70), st.binary(max_size=40))
def test_no_bytes_are_a_signature_by_chance(signature: bytes, public: bytes) -> None:
    assert not verifies(KEY.public, signature, b"x")
    assert not verifies(public, signature, b"x")
    assert signer_id(public).startswith("signer:")
