"""`intramural detect dictionary`: the site's own names, as fingerprints that nobody can read back.

Every change is an administrative act: it is recorded before it is done. No command prints a value
that the dictionary holds, and values come from files or standard input, not from arguments that a
shell remembers.
"""

from __future__ import annotations

import contextlib
import fcntl
import sys
from collections.abc import Callable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.common import examples, fail, print_json, settings_of
from gateway.domain.records import AdminAct
from gateway.settings import Settings

if TYPE_CHECKING:
    from gateway.detection.dictionary_file import Filter, Mark

app = typer.Typer(
    help="The site's own names of staff, patients, wards and streets, and what is none.",
    no_args_is_help=True,
    epilog=examples(
        "detect dictionary load staff.csv --kind staff",
    ),
)


class Kind(StrEnum):
    """What the entries of a list are."""

    STAFF = "staff"
    PATIENT = "patient"
    WARD = "ward"
    STREET = "street"
    ALLOW = "allow"

    @property
    def mark(self) -> Mark:
        """Return the mark of the filter."""
        from gateway.detection.dictionary_file import Mark

        return Mark[self.name]


class Mistake(StrEnum):
    """What a reviewer found wrong."""

    MISSED = "missed"
    FALSE = "false"


_JSON = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_KIND = Annotated[Kind, typer.Option(help="What the entries are.")]


@app.command()
def load(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="Lines, CSV or TSV; - is standard input.")],
    kind: _KIND,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Leave bad lines out instead of loading nothing.")
    ] = False,
    json: _JSON = False,
) -> None:
    """Add a list. One bad line and nothing is loaded, unless told to skip it."""
    _add(settings_of(context), _read(file), kind, AdminAct.DICTIONARY_LOADED, skip_bad, json)


@app.command("list")
def list_(context: typer.Context, json: _JSON = False) -> None:
    """Show how many entries of each kind there are. Never which."""
    with _explained():
        content, _ = _open(settings_of(context))
    counts = content.counts()
    if json:
        print_json(counts)
        return
    for kind, count in counts.items():
        typer.echo(f"{kind:<8} {count:>9,}")


@app.command()
def remove(
    context: typer.Context,
    kind: _KIND,
    file: Annotated[
        Path | None, typer.Argument(help="The entries to remove; - is standard input.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All entries of the kind.")] = False,
    json: _JSON = False,
) -> None:
    """Remove entries: those of a list, or all of one kind."""
    from gateway.detection.dictionary_file import without
    from gateway.detection.dictionary_load import BadLine, fingerprints

    if (file is None) != everything:
        fail("name a file with the entries to remove, or --all", 2)
    settings = settings_of(context)
    with _explained(), _alone(settings):
        content, key = _open(settings)
        try:
            phrases = None if file is None else fingerprints(key, _read(file), kind.mark)
        except BadLine as error:
            fail(f"nothing was removed: {error}")
        less = without(content, phrases, kind.mark)
        _save(settings, less, key, AdminAct.DICTIONARY_REMOVED, kind)
    _report(less, json, removed=content.counts()[kind] - less.counts()[kind])


@app.command()
def check(
    context: typer.Context,
    text: Annotated[str | None, typer.Argument(help="Standard input if absent.")] = None,
    json: _JSON = False,
) -> None:
    """Say what of a text the dictionary knows: offsets and kinds, not the words."""
    from gateway.detection.dictionary import Dictionary
    from gateway.detection.merging import merge

    said = sys.stdin.read() if text is None else text
    with _explained():
        content, key = _open(settings_of(context))
        known = Dictionary(content, key)
        found = merge(known.find(said), said)
    if json:
        for each in found:
            print_json({"start": each.start, "end": each.end, "entity": each.entity,
                        "recognizer": each.recognizer, "score": each.score})  # fmt: skip
        return
    typer.echo(f"{len(found)} findings in {len(said)} characters")
    for each in found:
        typer.echo(f"{each.start:>7} {each.end:>7}  {each.entity:<16} {each.recognizer}")


@app.command()
def correct(
    context: typer.Context,
    mistake: Annotated[Mistake, typer.Argument(help="What the reviewer found wrong.")],
    kind: Annotated[
        Kind, typer.Option(help="What it is that was missed; what was found falsely is allowed.")
    ] = Kind.PATIENT,
    file: Annotated[
        Path | None, typer.Option(help="One correction a line; standard input if absent.")
    ] = None,
    json: _JSON = False,
) -> None:
    """Take a reviewer's corrections: what was missed is found, what was false no longer."""
    raw = sys.stdin.buffer.read() if file is None else _read(file)
    kind = kind if mistake is Mistake.MISSED else Kind.ALLOW
    _add(settings_of(context), raw, kind, AdminAct.DICTIONARY_CORRECTED, False, json)


def _add(  # noqa: PLR0913, PLR0917 - what the commands share
    settings: Settings, raw: bytes, kind: Kind, act: AdminAct, skip_bad: bool, json: bool
) -> None:
    from gateway.detection.dictionary_load import BadLine
    from gateway.detection.dictionary_load import load as load_list

    with _explained(), _alone(settings):
        content, key = _open(settings)
        with _progress(raw.count(b"\n") + 1, quiet=json) as tell:
            try:
                done = load_list(content, key, raw, kind.mark, skip_bad=skip_bad, progress=tell)
            except BadLine as error:
                fail(f"nothing was loaded: {error}. Mend it, or use --skip-bad")
        if done.entries == 0:
            fail("nothing was loaded: the list has no entries")
        _save(settings, done.content, key, act, kind)
    _report(done.content, json, loaded=done.entries, skipped=list(done.skipped))


def _report(
    content: Filter,
    json: bool,
    *,
    loaded: int = 0,
    removed: int = 0,
    skipped: list[int] | None = None,
) -> None:
    counts = content.counts()
    if json:
        print_json(
            {"loaded": loaded, "removed": removed, "skipped": skipped or [], "entries": counts}
        )
        return
    if skipped:
        shown = ", ".join(map(str, skipped[:10])) + (", …" if len(skipped) > 10 else "")  # noqa: PLR2004
        typer.secho(f"Left out {len(skipped)} bad lines: {shown}", err=True, fg="yellow")
    done = f"Removed {removed:,}." if removed else f"Loaded {loaded:,} entries."
    typer.echo(f"{done} A running gateway uses them from its next request on.")


def _open(settings: Settings) -> tuple[Filter, bytes]:
    """Return the filter as it is, empty if there is none yet, and its key."""
    from gateway import secretfiles
    from gateway.detection.dictionary import KEY, NAME, read_filter
    from gateway.detection.dictionary_file import EMPTY
    from gateway.detection.phrases import KEY_SIZE

    path, key_path = settings.dictionary / NAME, settings.keys / KEY
    if path.exists():
        return read_filter(path, key_path)
    return EMPTY, secretfiles.read_or_create(key_path, KEY_SIZE)


def _save(settings: Settings, content: Filter, key: bytes, act: AdminAct, kind: Kind) -> None:
    """Record the act, then put the new file in the place of the old one, whole or not at all."""
    from gateway.cli.recorder import record_admin
    from gateway.detection.dictionary import NAME
    from gateway.detection.dictionary_file import encode
    from gateway.files import replace_file

    record_admin(settings, act, f"dictionary:{kind}")
    replace_file(settings.dictionary / NAME, encode(content, key), 0o600)


@contextlib.contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """Wait until no other process changes the dictionary: of two loads none is lost."""
    from gateway.files import make_directory

    make_directory(settings.dictionary)
    with (settings.dictionary / ".lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _read(file: Path) -> bytes:
    if str(file) == "-":
        return sys.stdin.buffer.read()
    try:
        return file.read_bytes()
    except OSError as error:
        fail(f"cannot read {file}: {error.strerror}")


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    """Turn what can go wrong with the files into a line for people."""
    from gateway.detection.dictionary_file import DictionaryError
    from gateway.domain.errors import LedgerUnavailable
    from gateway.ledger.errors import LedgerError
    from gateway.secretfiles import SecretFileError

    try:
        yield
    except (DictionaryError, LedgerError, LedgerUnavailable, SecretFileError, OSError) as error:
        fail(str(error))


@contextlib.contextmanager
def _progress(lines: int, *, quiet: bool) -> Iterator[Callable[[int], None]]:
    """Yield what is told the number of lines done; it shows them to people who watch."""
    if quiet or not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("Loading", total=lines)
        yield lambda done: bar.update(task, completed=done)
