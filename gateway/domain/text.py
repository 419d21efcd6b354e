"""The two kinds of text: what a caller sent, and what redaction made of it.

Neither shows its content when it is printed, logged, formatted or pickled, so a forgotten
`repr` in an error cannot leak a note (invariant 6). `RedactedText` has one maker (invariant 1).
"""

from __future__ import annotations

from typing import Final, NoReturn, final


class _Concealed:
    """A string that has to be asked for by name."""

    __slots__ = ("_value",)
    _value: str

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {len(self._value)} characters>"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format(repr(self), spec)

    def __len__(self) -> int:
        return len(self._value)

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self._value == getattr(other, "_value", None)

    def __hash__(self) -> int:
        return hash((type(self).__name__, self._value))

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"{type(self).__name__} is not to be pickled: it would leave the process")


@final
class RawText(_Concealed):
    """Text as a caller sent it. Only redaction and detection look inside (tests keep the list)."""

    __slots__ = ()

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the text. Who calls this is a list in `tests/leaks/`."""
        return self._value


class _Maker:
    """The capability to make `RedactedText`; `redaction.py` holds the only one."""


_MAKER: Final = _Maker()


@final
class RedactedText(_Concealed):
    """Text that redaction produced, and therefore the only text that an engine takes."""

    __slots__ = ()

    def __init__(self, value: str, maker: _Maker) -> None:
        if maker is not _MAKER:
            raise TypeError("only gateway.domain.redaction makes RedactedText")
        self._value = value

    def for_engine(self) -> str:
        """Return the text for an engine's prompt, or for an auditor who may see it."""
        return self._value
