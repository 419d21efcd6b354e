"""Forms with a file in them (RFC 7578), read in memory: nothing of them is ever on a disk.

Messages name the field and never quote its value, nor the name of a file (invariant 6).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from multipart import MultipartError, MultipartSegment, PushMultipartParser, parse_options_header

from gateway.domain.errors import Code, ExchangeError

MAX_FIELDS: Final = 32
_SHOWN: Final = 64


class Form:
    """The fields of a form, each of which its reader takes once."""

    def __init__(self, fields: Mapping[str, list[bytes]]) -> None:
        self._fields = dict(fields)

    def __repr__(self) -> str:
        return f"<Form of {len(self._fields)} fields>"

    def data(self, name: str) -> bytes:
        """Return a field that has to be there, once."""
        values = self._fields.pop(name, [])
        if len(values) != 1:
            raise ExchangeError(
                Code.INVALID_REQUEST, f"The form needs the field {name}, once.", param=name
            )
        return values[0]

    def text(self, name: str) -> str | None:
        """Return a field that may be there, once."""
        values = self.texts(name)
        if len(values) > 1:
            raise ExchangeError(
                Code.INVALID_REQUEST, f"The form has the field {name} twice.", param=name
            )
        return values[0] if values else None

    def texts(self, name: str) -> list[str]:
        """Return a field that may be there any number of times."""
        try:
            return [value.decode("utf-8") for value in self._fields.pop(name, [])]
        except UnicodeDecodeError:
            raise ExchangeError(
                Code.INVALID_ENCODING, f"The field {name} is not UTF-8.", param=name
            ) from None

    def end(self) -> None:
        """Raise `ExchangeError` with UNKNOWN_FIELD if a field is left that nobody took."""
        for name in self._fields:
            shown = "".join(each if each.isprintable() else "?" for each in name[:_SHOWN])
            raise ExchangeError(
                Code.UNKNOWN_FIELD,
                f"Unknown field {shown}. Remove it: nothing is dropped silently.",
                param=shown,
            )


def boundary_of(content_type: str) -> str:
    """Return the boundary of a form, or raise `ExchangeError` with UNSUPPORTED_MEDIA_TYPE."""
    media, options = parse_options_header(content_type)
    boundary: str = options.get("boundary", "")
    if media.lower() != "multipart/form-data" or not boundary:
        raise ExchangeError(
            Code.UNSUPPORTED_MEDIA_TYPE, "Send multipart/form-data, with its boundary."
        )
    return boundary


def parse(body: bytes, boundary: str) -> Form:
    """Return the form; `ExchangeError` with INVALID_REQUEST for what is cut off or malformed."""
    fields: dict[str, list[bytes]] = {}
    parts: list[bytes | bytearray] = []
    first = b"--" + boundary.encode()
    last = b"\r\n" + first + b"--"
    # The parser drops what is before the first boundary and after the last: nothing may be there.
    ended = body.removesuffix(b"\r\n")
    whole = body.startswith(first) and ended.endswith(last)
    if not whole or body.find(last) != len(ended) - len(last):
        raise _malformed()
    try:
        with PushMultipartParser(
            boundary, content_length=len(body), max_segment_count=MAX_FIELDS, strict=True
        ) as parser:
            name = ""
            for event in parser.parse(body):
                if isinstance(event, MultipartSegment):
                    name, parts = event.name, []
                elif event:
                    parts.append(event)
                else:
                    fields.setdefault(name, []).append(b"".join(parts))
    except (MultipartError, ValueError):
        # Its message may quote a header, and with that the name of a file.
        raise _malformed() from None
    return Form(fields)


def _malformed() -> ExchangeError:
    return ExchangeError(
        Code.INVALID_REQUEST, "The form is cut off or malformed. Send multipart/form-data."
    )
