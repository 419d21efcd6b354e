"""Annotated notes: a JSON object a line, `{"id", "text", "spans": [{"start", "end", "label"}]}`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec

_Offset = Annotated[int, msgspec.Meta(ge=0)]
_Label = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z][A-Za-z0-9_. -]{0,63}$")]


class NotesError(Exception):
    """A file of notes that cannot be used. The message names the line and never quotes it."""


class Annotation(msgspec.Struct, frozen=True):
    """`text[start:end]` is to be found: offsets of Python characters (code points)."""

    start: _Offset
    end: _Offset
    label: _Label


class Note(msgspec.Struct, frozen=True):
    """One document and what it holds. Other fields of the line are left unread."""

    id: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    text: str
    spans: tuple[Annotation, ...]
    lang: str = ""

    def __repr__(self) -> str:
        """Show nothing of the text."""
        return f"<Note {len(self.text)} characters>"


def read(path: Path) -> list[Note]:
    """Return the notes in a file, at least one. Raises `NotesError`."""
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise NotesError(f"cannot read {path}: {error.strerror}") from None
    decoder = msgspec.json.Decoder(Note)
    notes: list[Note] = []
    seen: set[str] = set()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            note = decoder.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise NotesError(
                f'{path}, line {number}: write {{"id": "…", "text": "…", "spans": '
                '[{"start": 0, "end": 4, "label": "PERSON"}]}'
            ) from None
        if any(not span.start < span.end <= len(note.text) for span in note.spans):
            raise NotesError(
                f"{path}, line {number}: an annotation lies outside of the text; offsets are of "
                "characters, not of bytes"
            )
        if note.id in seen:
            raise NotesError(f"{path}, line {number}: the id of another line; give each its own")
        seen.add(note.id)
        notes.append(note)
    if not notes:
        raise NotesError(f"{path} holds no note")
    return notes
