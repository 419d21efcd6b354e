import copy
import pickle

import pytest

from gateway.domain.text import _MAKER, RawText, RedactedText, _Maker


@pytest.mark.parametrize("text", [RawText("Margaret Thornton"), RedactedText("Margaret", _MAKER)])
def test_a_text_shows_nothing_when_it_is_printed(text: RawText | RedactedText) -> None:
    shown = f"{text} {text!r} {text!s} {text:>40} {[text]} {(text,)}"
    assert "Margaret" not in shown
    assert "characters" in shown


@pytest.mark.parametrize("text", [RawText("Margaret"), RedactedText("Margaret", _MAKER)])
def test_a_text_cannot_be_pickled_or_copied_out_of_the_process(text: RawText) -> None:
    with pytest.raises(TypeError):
        pickle.dumps(text)
    with pytest.raises(TypeError):
        copy.copy(text)


def test_nobody_but_redaction_makes_redacted_text() -> None:
    with pytest.raises(TypeError, match="only gateway"):
        RedactedText("raw", _Maker())
    with pytest.raises(TypeError):
        RedactedText("raw")  # type: ignore[call-arg]


def test_raw_and_redacted_text_are_never_equal() -> None:
    assert RawText("a") == RawText("a")
    assert RawText("a") != RedactedText("a", _MAKER)
