"""`intramural redact`: files and pipes, redacted on this machine by the policy that is here.

It asks no gateway and no model, and writes no record: what it redacts does not leave this machine
by it. Nothing restores its output, and nothing is kept that could.
"""

from __future__ import annotations

import asyncio
import io
import sys
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
import typer

from gateway.cli.common import fail, settings_of
from gateway.cli.opening import open_local_detector
from gateway.cli.writing import write_new
from gateway.domain.entities import EntityType
from gateway.domain.errors import Code, ExchangeError
from gateway.domain.policy import Profile
from gateway.domain.redaction import Secrets
from gateway.domain.text import RawText
from gateway.treatment import Redacted, Redacting

if TYPE_CHECKING:
    from gateway.detection.detector import PresidioDetector

_BLOCKED: Final = 3
_MOST_JOBS: Final = 64


class Format(StrEnum):
    """What is written of each input."""

    TEXT = "text"
    JSON = "json"
    HTML = "html"


class _Finding(msgspec.Struct, frozen=True):
    start: int
    end: int
    type: str
    score: float


class _Line(msgspec.Struct, frozen=True):
    """One document, as a line of JSON."""

    name: str
    profile: str
    counts: dict[str, int]
    findings: list[_Finding]
    text: str


def register(app: typer.Typer) -> None:
    """Add the command to the root of the command line."""
    app.command(name="redact")(redact)


def redact(  # noqa: PLR0913, PLR0917 - each argument is an option
    context: typer.Context,
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[FILES...|-]",
            help="Text, JSONL (a document a line), CSV, FHIR JSON, HL7 v2; standard input if none.",
            dir_okay=False,
            show_default=False,
        ),
    ] = None,
    profile: Annotated[
        str | None,
        typer.Option(help="Profile of the policy.", show_default="the strictest there is"),
    ] = None,
    form: Annotated[
        Format, typer.Option("--format", help="The text itself, lines of JSON, or a page to read.")
    ] = Format.TEXT,
    out: Annotated[
        Path | None, typer.Option(help="Directory for one file for each input.", file_okay=False)
    ] = None,
    summary: Annotated[
        bool, typer.Option("--summary", help="Say at the end what was found, by type and file.")
    ] = False,
    jobs: Annotated[
        int, typer.Option(min=1, max=_MOST_JOBS, help="Files that are read at the same time.")
    ] = 1,
    force: Annotated[bool, typer.Option("--force", help="Overwrite what is in --out.")] = False,
) -> None:
    """Redact files or a pipe by the local policy. Exit status 3: the profile blocks a type."""
    paths = files or [Path("-")]
    if out is None and len(paths) > 1 and form is not Format.JSON:
        fail(
            "name a directory with --out, or lines with --format json: several files do not mix", 2
        )
    targets = {} if out is None else _targets(paths, out, form, force=force)
    chosen, secrets = _policy(context, profile)
    detector = open_local_detector(context, workers=jobs)
    work = _Work(detector, chosen, secrets, form, targets, force=force)
    try:
        with _progress(paths) as advance:
            done = asyncio.run(_all(work, paths, jobs, advance))
    finally:
        detector.close()
    if summary:
        _summarize(done, chosen)
    codes = {result.code for result in done.values() if isinstance(result, _Failure)}
    if codes:
        raise typer.Exit(_BLOCKED if codes == {Code.ENTITY_BLOCKED} else 1)


@dataclass(frozen=True, slots=True)
class _Failure:
    """Why there is nothing of one input; None where it could not be read."""

    code: Code | None


@dataclass(frozen=True, slots=True)
class _Made:
    """What was found in one input."""

    documents: int
    counts: Counter[str]


_Documents = list[tuple[str, Redacted]]
"""The documents of one input, each with its name."""
_Done = dict[Path, _Made | _Failure]


@dataclass(frozen=True)
class _Work:
    """What is done with each input: read, redact, write. Only one input a job is in memory."""

    detector: PresidioDetector
    profile: Profile
    secrets: Secrets
    form: Format
    targets: dict[Path, Path]
    force: bool = field(kw_only=True)

    async def redacted(self, path: Path) -> _Documents | _Failure:
        """Return the documents of one input, or why there are none, which is said."""
        name = _name(path)
        documents: _Documents = []
        try:
            for each, text in _documents(name, _read(path)):
                redacting = Redacting((RawText(text),))
                treated = await redacting.carry_out(
                    self.detector, self.profile, self.secrets, "local"
                )
                documents.append((each, treated))
        except OSError as error:
            return _failed(name, f"cannot be read: {error.strerror}")
        except UnicodeDecodeError:
            return _failed(name, "is not UTF-8: convert it first")
        except ExchangeError as error:
            return _failed(name, error.message, error.code)
        return documents

    def write(self, path: Path, documents: _Documents) -> _Made:
        """Write the documents of one input to its place."""
        data = _written(_name(path), documents, self.profile, self.form)
        if path in self.targets:
            write_new(self.targets[path], data, force=self.force)
        else:
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
        counts = Counter[str]()
        for _, treated in documents:
            counts.update(treated.counts)
        return _Made(len(documents), counts)


async def _all(work: _Work, paths: list[Path], jobs: int, advance: Callable[[Path], None]) -> _Done:
    """Redact `jobs` inputs at a time, and write them in their order."""
    done: _Done = {}
    waiting = deque(paths)
    running: deque[tuple[Path, asyncio.Task[_Documents | _Failure]]] = deque()
    while waiting or running:
        while waiting and len(running) < jobs:
            path = waiting.popleft()
            running.append((path, asyncio.create_task(work.redacted(path))))
        path, task = running.popleft()
        result = await task
        done[path] = result if isinstance(result, _Failure) else work.write(path, result)
        advance(path)
    return done


def _failed(name: str, why: str, code: Code | None = None) -> _Failure:
    typer.secho(f"intramural: {name}: {why}", err=True, fg="red")
    return _Failure(code)


def _read(path: Path) -> str:
    raw = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    return raw.decode("utf-8")


def _targets(paths: list[Path], out: Path, form: Format, *, force: bool) -> dict[Path, Path]:
    """Return where each input goes. What would be overwritten is said before anything is done."""
    suffix = "" if form is Format.TEXT else f".{form}"
    targets = {path: out / f"{_name(path)}{suffix}" for path in paths}
    if len(set(targets.values())) < len(paths):
        fail("two of the files have the same name: redact them into two directories", 2)
    for path, target in targets.items():
        if target.exists() and not force:
            fail(f"{target} exists: name another directory, or say --force")
        if target.resolve() == path.resolve():
            fail(f"{path} would be overwritten by its own redaction: name another directory", 2)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        fail(f"cannot make {out}: {error.strerror}")
    return targets


def _policy(context: typer.Context, name: str | None) -> tuple[Profile, Secrets]:
    from gateway import installation
    from gateway.cli.releases import release_named
    from gateway.policy.problems import PolicyError
    from gateway.secretfiles import SecretFileError

    try:
        secrets = installation.prepare(settings_of(context))
    except (OSError, SecretFileError, PolicyError) as error:
        fail(str(error))
    release = release_named(context, None)  # Never a draft that nobody approved.
    profiles = {key: each.profile for key, each in release.profiles.items()}
    if name is None:
        return max(profiles.values(), key=lambda each: (each.strictness, each.name)), secrets
    if name not in profiles:
        fail(f"there is no profile of that name: {', '.join(sorted(profiles))}", 2)
    return profiles[name], secrets


def _documents(name: str, text: str) -> list[tuple[str, str]]:
    """Return the documents in a file: each line of JSONL is one, any other file is one whole."""
    # Not `splitlines`, which also breaks at characters that a JSON string may hold, U+2028 say.
    lines = list(io.StringIO(text, newline="\n"))
    if len(lines) > 1 and all(_is_object(line) for line in lines if line.strip()):
        return [(f"{name}, line {number}", line) for number, line in enumerate(lines, 1)]
    return [(name, text)]


def _is_object(line: str) -> bool:
    if not line.lstrip().startswith("{"):
        return False
    try:
        msgspec.json.decode(line)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True


def _written(name: str, documents: _Documents, profile: Profile, form: Format) -> bytes:
    match form:
        case Format.TEXT:
            return "".join(_text(treated) for _, treated in documents).encode()
        case Format.JSON:
            return b"".join(msgspec.json.encode(_line(*each)) + b"\n" for each in documents)
        case Format.HTML:
            from gateway.pages.redacted import Shown, write

            shown = [Shown(each, tuple(_stretches(treated))) for each, treated in documents]
            return write(name, shown, profile).encode()


def _line(name: str, treated: Redacted) -> _Line:
    return _Line(
        name=name,
        profile=treated.profile,
        counts=dict(treated.counts),
        findings=[
            _Finding(each.start, each.end, each.entity, round(each.score, 4))
            for each in treated.findings[0]
        ],
        text=_text(treated),
    )


def _text(treated: Redacted) -> str:
    return treated.texts[0].for_engine()


def _stretches(treated: Redacted) -> list[Any]:
    from gateway.pages.redacted import Stretch

    text, place = _text(treated), 0
    types = {each.start: each.entity for each in treated.findings[0]}
    stretches = []
    for mark in treated.marks[0]:
        stretches.append(Stretch(text[place : mark.start]))
        entity = types.get(mark.source, EntityType("OTHER"))
        stretches.append(Stretch(text[mark.start : mark.end], entity))
        place = mark.end
    stretches.append(Stretch(text[place:]))
    return [each for each in stretches if each.text or each.entity is not None]


def _summarize(done: _Done, profile: Profile) -> None:
    """Say on standard error what was found. Numbers and types: no word of a document."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(stderr=True)
    total: Counter[str] = Counter()
    files = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for header in ("file", "documents", "findings"):
        files.add_column(header, justify="left" if header == "file" else "right")
    for path, result in done.items():
        if isinstance(result, _Failure):
            files.add_row(Text(_name(path)), "-", str(result.code or "unreadable"))
            continue
        total.update(result.counts)
        files.add_row(Text(_name(path)), str(result.documents), str(result.counts.total()))
    types = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for header in ("type", "found", "treatment"):
        types.add_column(header, justify="right" if header == "found" else "left")
    for entity, count in sorted(total.items(), key=lambda item: (-item[1], item[0])):
        types.add_row(entity, str(count), str(profile.rule(EntityType(entity)).operator))
    console.print(f"Profile {profile.name}", markup=False, highlight=False)
    console.print(files)
    console.print(types)


@contextmanager
def _progress(paths: list[Path]) -> Iterator[Callable[[Path], None]]:
    """Give what to call when an input is done: it moves a bar, where somebody looks at one."""
    sizes = {path: path.stat().st_size for path in paths if path.is_file()}
    if not sys.stderr.isatty() or len(sizes) < len(paths) or len(paths) < 2:  # noqa: PLR2004
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn

    columns = ("redacting", BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("redacting", total=sum(sizes.values()))
        yield lambda path: bar.advance(task, sizes[path])


def _name(path: Path) -> str:
    return "stdin" if str(path) == "-" else path.name
