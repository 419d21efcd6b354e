"""The site's dictionary finds what was loaded, and can be read back by nobody."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.detection.dictionary import KEY, NAME, Dictionary, SiteDictionary, read_filter
from gateway.detection.dictionary_file import (
    EMPTY,
    DictionaryError,
    Mark,
    decode,
    encode,
    without,
)
from gateway.detection.dictionary_load import BadLine, fingerprints, load
from gateway.domain.entities import LOCATION, PERSON, STREET_ADDRESS

SECRET = b"k" * 32


def dictionary(lines: str, kind: Mark = Mark.STAFF) -> Dictionary:
    return Dictionary(load(EMPTY, SECRET, lines.encode(), kind, skip_bad=False).content, SECRET)


def found(lines: str, text: str, kind: Mark = Mark.STAFF) -> list[str]:
    return [text[each.start : each.end] for each in dictionary(lines, kind).find(text)]


@pytest.mark.parametrize(
    "text",
    [
        "Ngozi Okonkwo",
        "ngozi okonkwo",
        "OKONKWO, Ngozi",
        "Ngozi  Okonkwo",
        "Ngozi\nOkonkwo",
        "Ng\u00f3zi Okonkwo",
    ],
)
def test_a_member_of_staff_is_found_however_the_name_is_written(text: str) -> None:
    for line in ("Ngozi Okonkwo", "Okonkwo, Ngozi", "Dr. Ngozi Okonkwo, MD"):
        assert text in found(line, f"seen by {text} today")


def test_a_genitive_and_a_title_stay_outside() -> None:
    assert "Ngozi Okonkwo" in found("Ngozi Okonkwo", "Dr. Ngozi Okonkwo's ward")


def test_the_family_name_of_staff_is_found_alone_where_it_is_capitalised() -> None:
    (finding,) = dictionary("Ngozi Okonkwo").find("call Okonkwo, not okonkwo")
    assert (finding.start, finding.end, finding.score < 0.6) == (5, 12, True)
    assert found("Ngozi Okonkwo", "call Okonkwo", Mark.PATIENT) == []


@pytest.mark.parametrize("text", ["may long", "the young ward", "it may. Long ago", "Anna. Berg"])
def test_everyday_words_are_not_somebody(text: str) -> None:
    assert found("May Long\nYoung Ward\nAnna Berg", text) == []


@pytest.mark.parametrize(
    ("kind", "line", "text", "entity"),
    [
        (Mark.WARD, "Station 7B", "auf Station 7B verlegt", LOCATION),
        (Mark.WARD, "K12", "to K12 now", LOCATION),
        (Mark.WARD, "Nightingale", "on Nightingale since", LOCATION),
        (Mark.STREET, "Am Alten Markt", "wohnt am alten markt 4", STREET_ADDRESS),
        (Mark.PATIENT, "王小明", "患者王小明今天来", PERSON),
    ],
)
def test_wards_streets_and_patients_have_their_types(
    kind: Mark, line: str, text: str, entity: str
) -> None:
    assert [each.entity for each in dictionary(line, kind).find(text)] == [entity]


def test_an_allow_list_allows_whole_phrases_and_single_words() -> None:
    allowed = dictionary("Quandahl sign\nZentrum\nNord", Mark.ALLOW)
    text = "Quandahl sign in Zentrum Nord, Quandahl"
    assert allowed.allows(text, 0, 13)
    assert allowed.allows(text, 17, 29)
    assert not allowed.allows(text, 31, 39)
    assert list(allowed.find(text)) == []


def test_a_table_is_read_by_its_columns() -> None:
    table = 'id;Nachname;Vorname\n7;Quandahl;Ilse\n8;"Berg; Dahl";Ota\n'
    assert {"Ilse Quandahl", "Ota Berg Dahl"} <= set(found(table, "Ilse Quandahl, Ota Berg Dahl"))


@pytest.mark.parametrize(
    "line",
    [
        b"\xff\xfe",
        b"a" * 201,
        b"\x07bell ring",
        b"one two three four five six seven eight nine",
        b"-",
        b"x",
    ],
)
def test_a_bad_line_is_named_by_its_number_and_nothing_is_loaded(line: bytes) -> None:
    raw = b"Ngozi Okonkwo\n\n" + line + b"\nIlse Quandahl\n"
    with pytest.raises(BadLine) as caught:
        load(EMPTY, SECRET, raw, Mark.STAFF, skip_bad=False)
    assert caught.value.line == 3
    assert "Okonkwo" not in str(caught.value)
    done = load(EMPTY, SECRET, raw, Mark.STAFF, skip_bad=True)
    assert (done.entries, done.skipped) == (2, (3,))


def test_what_is_loaded_twice_is_counted_once_and_what_is_removed_is_gone() -> None:
    one = load(EMPTY, SECRET, b"Ngozi Okonkwo\nOta Berg", Mark.STAFF, skip_bad=False).content
    two = load(one, SECRET, b"Ngozi Okonkwo", Mark.PATIENT, skip_bad=False).content
    again = load(two, SECRET, b"Ngozi Okonkwo", Mark.STAFF, skip_bad=False).content
    counts = {"staff": 2, "patient": 1, "ward": 0, "street": 0, "allow": 0}
    assert two.counts() == again.counts() == counts
    less = without(two, fingerprints(SECRET, b"Ngozi Okonkwo", Mark.STAFF), Mark.STAFF)
    assert less.counts() == counts | {"staff": 1}
    assert without(less, None, Mark.PATIENT).counts() == counts | {"staff": 1, "patient": 0}
    assert not len(without(without(less, None, Mark.PATIENT), None, Mark.STAFF).phrases)


def test_neither_file_nor_memory_holds_a_word() -> None:
    content = load(EMPTY, SECRET, b"Ngozi Okonkwo", Mark.STAFF, skip_bad=False).content
    raw = encode(content, SECRET)
    for word in (b"kon", b"goz", b"OKO"):
        assert word not in raw
        assert word not in content.phrases.tobytes()
    assert "kon" not in repr(Dictionary(content, SECRET))


def test_another_key_gives_other_fingerprints() -> None:
    one = load(EMPTY, SECRET, b"Ngozi Okonkwo", Mark.STAFF, skip_bad=False).content
    two = load(EMPTY, b"x" * 32, b"Ngozi Okonkwo", Mark.STAFF, skip_bad=False).content
    assert not set(one.phrases.tolist()) & set(two.phrases.tolist())


RAW = encode(
    load(EMPTY, SECRET, b"Ngozi Okonkwo\nOta Berg", Mark.STAFF, skip_bad=False).content, SECRET
)


@given(st.integers(0, len(RAW) - 1), st.integers(1, 255))
def test_a_file_with_one_changed_byte_is_refused(place: int, change: int) -> None:
    changed = bytearray(RAW)
    changed[place] ^= change
    with pytest.raises(DictionaryError):
        decode(bytes(changed), SECRET)


def test_a_file_cut_short_or_of_another_key_is_refused() -> None:
    for raw, key in ((RAW[:-1], SECRET), (b"", SECRET), (RAW, b"x" * 32)):
        with pytest.raises(DictionaryError):
            decode(raw, key)
    assert decode(RAW, SECRET).counts()["staff"] == 2


@pytest.fixture
def site(tmp_path: Path) -> Path:
    keys = tmp_path / "keys"
    keys.mkdir(mode=0o700)
    (keys / KEY).write_bytes(SECRET)
    (keys / KEY).chmod(0o600)
    return tmp_path


def _names(site: SiteDictionary, text: str) -> list[str]:
    current = site.current()
    return [] if current is None else [text[f.start : f.end] for f in current.find(text)]


def test_a_load_is_in_force_without_a_restart_and_damage_is_not_overlooked(site: Path) -> None:
    running = SiteDictionary(site, site / "keys")
    assert _names(running, "Ota Berg") == []
    (site / NAME).write_bytes(RAW)
    assert "Ota Berg" in _names(running, "Ota Berg")
    changed = bytearray(RAW)
    changed[40] ^= 1
    (site / NAME).write_bytes(changed)
    os.utime(site / NAME, ns=(1, 1))
    with pytest.raises(DictionaryError):
        running.current()
    with pytest.raises(DictionaryError):
        SiteDictionary(site, site / "keys")
    (site / NAME).unlink()
    with pytest.raises(DictionaryError):
        running.current()


def test_a_dictionary_without_its_key_is_refused(site: Path) -> None:
    (site / NAME).write_bytes(RAW)
    (site / "keys" / KEY).write_bytes(b"short")
    with pytest.raises(DictionaryError):
        read_filter(site / NAME, site / "keys" / KEY)


def test_many_entries_take_little_time_and_memory() -> None:
    letters = "abcdefghijklmnopqrstuvwxyz"
    lines = "\n".join(
        f"A{a}{b}o{c} Q{c}u{b}andahl" for a in letters for b in letters for c in letters
    )
    begun = time.process_time()
    content = load(EMPTY, SECRET, lines.encode(), Mark.PATIENT, skip_bad=False).content
    entries = 26**3
    assert time.process_time() - begun < 60 * entries / 1_000_000 * 3
    held = content.phrases.nbytes + content.marks.nbytes + content.firsts.nbytes
    assert held < 64 * 1024 * 1024 * entries / 1_000_000
    held_names = Dictionary(content, SECRET)
    text = "The patient Ota Berg may have a long history of asthma and fever at home. " * 40
    times = []
    for _ in range(5):
        begun = time.process_time()
        list(held_names.find(text))
        times.append(time.process_time() - begun)
    # The least of them: what else the machine does only ever adds.
    assert min(times) < 3 * 0.001 * len(text) / 1000
