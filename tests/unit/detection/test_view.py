"""A view hides nothing, and every offset of it leads back to the original."""

from __future__ import annotations

import itertools
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.detection.view import view_of


def test_plain_text_is_its_own_view() -> None:
    view = view_of("Mrs Thornton, 12/3")
    assert view.text == "Mrs Thornton, 12/3"
    assert view.starts is None


def test_digits_of_every_script_are_read_as_digits() -> None:
    assert view_of("\uff11\uff12\uff13 \u0664\u0665\u0666").text == "123 456"


def test_what_is_invisible_is_left_out_and_belongs_to_the_character_before() -> None:
    view = view_of("a1\u200b2\u00ad3z")
    assert view.text == "a123z"
    assert view.original(1, 4) == (1, 6)


def test_a_combining_mark_belongs_to_its_letter() -> None:
    view = view_of("Jose\u0301 x")
    assert view.text == "Jose x"
    assert view.original(0, 4) == (0, 5)


def test_json_escapes_part_words() -> None:
    view = view_of(r'"a\nDOB\u00e9"')
    assert view.text == '"a\nDOBé"'
    assert view.original(3, 7) == (4, 13)


def test_a_lone_surrogate_does_not_stop_detection() -> None:
    assert view_of("1 \ud800 2").text == "1 \ufffd 2"


def test_spaces_dashes_and_quotes_are_read_as_the_plain_ones() -> None:
    assert view_of("a\u00a0b\u2011c\u2019d").text == "a b-c'd"


def test_a_view_does_not_show_its_text() -> None:
    assert "Thornton" not in repr(view_of("Thornton"))


@given(st.text())
def test_every_span_of_a_view_is_a_span_of_the_original(text: str) -> None:
    view = view_of(text)
    assert view.original(0, len(view.text))[1] == len(text)
    for index in range(len(view.text)):
        start, end = view.original(index, index + 1)
        assert 0 <= start < end <= len(text)


@given(st.text())
def test_the_characters_of_a_view_cover_what_can_be_seen(text: str) -> None:
    view = view_of(text)
    spans = [view.original(index, index + 1) for index in range(len(view.text))]
    assert all(before[1] == after[0] for before, after in itertools.pairwise(spans))


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("M a r g a r e t has a cough", "Margaret has a cough"),
        ("T.h.o.r.n.t.o.n", "Thornton"),
        ("\u041c\u0430rg\u0430r\u0435t", "Margaret"),
        ("Th\u03bfrnt\u03bfn", "Thornton"),
        ("\u041f\u0435\u0442\u0440\u043e\u0432", "\u041f\u0435\u0442\u0440\u043e\u0432"),
        ("TNF\u03b1, \u03b3GT", "TNF\u03b1, \u03b3GT"),
        ("\U0001d40c\U0001d41a\U0001d42b\U0001d420", "Marg"),
        ("\uff2d\uff41\uff52\uff47 \uff11\uff12", "Marg 12"),
        ("Mar\U0001f642gar\U0001f642et \U0001f642", "Margaret \U0001f642"),
        ("482\U0001f642133\U0001f64277", "48213377"),
        ("1\ufe0f\u20e32\ufe0f\u20e3", "12"),
        ("Mar\u00adga\u200bret", "Margaret"),
        ("Frau Thorn-\n  ton", "Frau Thornton"),
        ("Smith-Jones, post-op", "Smith-Jones, post-op"),
        ("&#x4d;arg&#97;ret &amp; Bj&ouml;rn", "Margaret & Bj\u00f6rn"),
        ("?n=Margaret%20Th%C3%B6rn", "?n=Margaret Th\u00f6rn"),
        ("M=C3=BCller", "M\u00fcller"),
        ("BMI=27, HR=72, 5%AB, 10% off & on;", "BMI=27, HR=72, 5%AB, 10% off & on;"),
        ("\u738b \u5c0f \u660e \u4f4f\u9662", "\u738b \u5c0f \u660e \u4f4f\u9662"),
        ("a b c", "a b c"),
        ("ab\u202edc", "abdc"),
        ("\u20284\u00808\u009f2\u0085", "\n482\n"),
        ("4\u31648\uffa02\u28001", "4 8 2 1"),
        ("\\x4d\\x61rga\\x72et", "Margaret"),
        ("\x1b[1;31mMar\x1b[0mgaret\x1b[m", "Margaret"),
        ("M" + "\\" * 31 + "u00fcller", "M\u00fcller"),
        ("Mar\ud83dgaret", "Margaret"),
        (r"\u{4d}arg\u{e4}", "Marg\u00e4"),
        (r"M\U000000fcller", "M\u00fcller"),
        ("M%u00FCller", "M\u00fcller"),
        ("%254dargaret%2520Th%25C3%25B6rn", "Margaret Th\u00f6rn"),
        ("&amp;#77;arg &amp;amp;eacute;t&amp;c", "Marg \u00e9t&c"),
        ("=4D=61=72=67=61=72=65=74", "Margaret"),
        ("=4D=61=72=FC=6C=6C", "Mar\u00fcll"),
        ("M=FCller, M%FCller, BMI=EF", "M\u00fcller, M\u00fcller, BMI=EF"),
        (r"Frau M\'fcller", "Frau M\u00fcller"),
        (r"O\'Brien, D\'Acosta, it\'s fed", r"O\'Brien, D\'Acosta, it\'s fed"),
        (r"M\u252?ller", "M\u00fcller"),
        (r"\'4d\'61\'72\'67", "Marg"),
        (r"a/M\303\274ller.txt", "a/M\u00fcller.txt"),
        ("=?utf-8?Q?Annegret_M=C3=BCller?=", "Annegret M\u00fcller"),
        ("=?iso-8859-1?q?M=FCller?= =?x-none?q?a?=", "M\u00fcller =?x-none?q?a?="),
        (r'M{\"u}ller, M\"{u}ller, M\"uller', "M\u00fcller, M\u00fcller, M\u00fcller"),
        (r"Ren{\'e}", "Ren\u00e9"),
        (r'{\"name\": \"ute\"}', '{"name": "ute"}'),
        (r"Mar\033[31mgaret\e[0m", "Margaret"),
        ("Schl\u00ad\nter, Thorn\u00ac\r\n  ton", "Schlter, Thornton"),
        ("Thorn\\\nton", "Thornton"),
        ("Thorn-\n> > ton, post-\n> Op", "Thornton, post-\n> Op"),
        (r"Thorn\-ton", "Thornton"),
        ("Thorn<b></b>ton <b>Mar</b>garet 01<wbr>42", "Thornton <b>Margaret 0142"),
        ("<b>Name</b><span>Wu</span>", "<b>Name</b><span>Wu</span>"),
        ("Ma**rga**ret, 44**71**882", "Margaret, 4471882"),
        ("**Ann** ~~x~~, 12******34", "**Ann** ~~x~~, 12******34"),
        ("a<!-- x -->b <b>c</b> d < e > f", "ab <b>c</b> d < e > f"),
        ("M/a/r/g/a/r/e/t b/c/e", "Margaret b/c/e"),
        ("\u90ae\u7bb1o y x m q", "\u90ae\u7bb1oyxmq"),
        ("m.\U0001f642thorn\U0001f642@mail.\U0001f642org", "m.thorn@mail.org"),
    ],
)  # fmt: skip
def test_a_view_shows_what_a_reader_sees(text: str, read: str) -> None:
    assert view_of(text).text == read


def test_what_parts_the_letters_of_a_word_belongs_to_it() -> None:
    text = "Mrs T h o r n-\nton, &#x4d;&eacute;l"
    view = view_of("Mrs T h o r n, M&eacute;l")
    start = view.text.index("Thorn")
    assert view.original(start, start + 5) == (4, 13)
    view = view_of(text)
    start = view.text.index("M\u00e9l")
    assert text[slice(*view.original(start, start + 3))] == "&#x4d;&eacute;l"


@pytest.mark.parametrize(
    "unit",
    [
        "a ",
        "A.",
        "a-\n",
        "%41",
        "&a;",
        "=C3=BC",
        "a\u0430",
        "a\U0001f642",
        "M a r g ",
        "\\",
        "\\'4d",
        "%25",
        "&amp;",
        "=?a?q?",
        "<b>",
        "a</b>",
        "\\033[",
        '{\\"',
    ],
)
def test_a_megabyte_of_anything_is_read_in_bounded_time(unit: str) -> None:
    text = (unit * 1_000_000)[:1_000_000]
    begun = time.thread_time()
    view_of(text)
    assert time.thread_time() - begun < 15
