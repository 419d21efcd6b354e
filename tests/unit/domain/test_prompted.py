"""Whether a value of a reply was in the prompt."""

from __future__ import annotations

import pytest

from gateway.domain import prompted
from gateway.domain.exchange import Conversation, Message, Role
from gateway.domain.redaction import Redaction, Secrets, redact
from gateway.domain.text import RawText
from tests.fakes.policy import profile


def redacted(*texts: str) -> Redaction:
    message = Message(Role.USER, tuple(map(RawText, texts)))
    secrets = Secrets(b"p" * 32, b"h" * 32)
    return redact(Conversation((message,)), ((),) * len(texts), profile(), secrets, "key:x")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("617 555-0142", True),
        ("(617) 555.0142", True),
        ("WARD-7", True),
        ("555-0143", False),
        ("- .", False),
    ],
)
def test_what_the_model_read_is_known_whatever_its_marks_and_case(
    value: str, *, said: bool
) -> None:
    assert redacted("A note.", "Call 617 555-0142, ward_7.").says(value) is said


def test_a_long_prompt_is_made_bare_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    bare = prompted._bare
    monkeypatch.setattr(prompted, "_bare", lambda text: asked.append(len(text)) or bare(text))
    says = redacted("A cough. " * 100).says
    assert not any(says(f"555-01{number}") for number in range(10, 20))
    assert sorted(asked)[-2:] == [8, 900]


def test_it_does_not_show_what_the_model_read() -> None:
    assert "cough" not in repr(redacted("A cough").says)
