"""Everything that the program says about itself: literal events and allow-listed fields.

No text, secret or map can reach a log line (invariant 6): a field that is not on the list is an
error in this program and is dropped, an exception is logged by type and place and never by message,
and what other libraries log is reduced to their name and level.
"""

from __future__ import annotations

import contextlib
import logging
import sys
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Final

import structlog

from gateway.domain.errors import Code
from gateway.domain.trail import Progress, Trail

FIELDS: Final = frozenset(
    {
        "address",
        "action",
        "actor",
        "cache",
        "code",
        "completion_tokens",
        "count",
        "error",
        "event",
        "exchange",
        "feed",
        "level",
        "library",
        "milliseconds",
        "model",
        "node",
        "open_exchanges",
        "place",
        "port",
        "predicted_milliseconds",
        "profile",
        "prompt_tokens",
        "purpose",
        "release",
        "replica",
        "rows",
        "rule",
        "seconds",
        "size",
        "standing",
        "timestamp",
        "url",
        "waited_milliseconds",
        "witness",
    }
)
"""What a log line may hold: numbers, enums and ids of ours."""

_log: Final = structlog.get_logger()
_LEVELS: Final = {"debug": 10, "info": 20, "warning": 30, "error": 40}


def configure(*, style: str, level: str) -> None:
    """Set up logging for the process, once. `style` is json, console or auto."""
    as_json = style == "json" or (style == "auto" and not sys.stderr.isatty())
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer() if as_json else structlog.dev.ConsoleRenderer()
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _only_listed,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=_Stderr,
        cache_logger_on_first_use=False,
    )
    root = logging.getLogger()
    root.handlers[:] = [_Foreign()]
    root.setLevel(logging.WARNING)
    for name in list(logging.root.manager.loggerDict):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    sys.excepthook = _uncaught
    threading.excepthook = _uncaught_in_thread


def exchange_ended(
    trail: Trail, progress: Progress, milliseconds: int, code: Code | None = None
) -> None:
    """Log the end of an exchange: who, what, how long, and never a word of it."""
    fields: dict[str, object] = {
        "exchange": trail.exchange,
        "action": str(trail.action),
        "milliseconds": milliseconds,
        "prompt_tokens": progress.prompt_tokens,
        "completion_tokens": progress.completion_tokens,
    }
    known: Mapping[str, object | None] = {
        "actor": trail.caller and trail.caller.id,
        "purpose": trail.purpose and str(trail.purpose),
        "model": trail.model and trail.model.name,
        "profile": trail.profile and trail.profile.name,
        "cache": progress.cache and str(progress.cache),
        "code": code and str(code),
    }
    fields.update({name: value for name, value in known.items() if value is not None})
    if code is None:
        _log.info("exchange_completed", **fields)
    else:
        _log.warning("exchange_ended_early", **fields)


def unexpected(error: BaseException, *, exchange: str | None = None) -> None:
    """Log an exception that nobody foresaw, by type and place: its message may hold a text."""
    fields = {"error": type(error).__name__, "place": place(error.__traceback__)}
    if exchange is not None:
        fields["exchange"] = exchange
    _log.error("unexpected_error", **fields)


def policy_emergency(*, release: str, actor: str) -> None:
    """Log, at the level that nobody hides, that one person alone put a release in force."""
    _log.error("policy_emergency", release=release, actor=actor)


def detail(name: str, **fields: object) -> None:
    """Log the literal `name` with allow-listed `fields`, for who looks closely (`debug`)."""
    _log.debug(name, **fields)


def event(name: str, **fields: object) -> None:
    """Log the literal `name` with allow-listed `fields`."""
    _log.info(name, **fields)


def alarm(name: str, **fields: object) -> None:
    """Log the literal `name` with allow-listed `fields` so that no log level but error hides it."""
    _log.warning(name, **fields)


def place(traceback: TracebackType | None) -> str:
    """Return where an exception arose, innermost last: `file:line in function`, at most five."""
    frames = []
    while traceback is not None:
        code = traceback.tb_frame.f_code
        file = code.co_filename.rpartition("/")[2]
        frames.append(f"{file}:{traceback.tb_lineno} in {code.co_name}")
        traceback = traceback.tb_next
    return " > ".join(frames[-5:])


def _only_listed(
    _logger: object, _method: str, fields: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    for name in [name for name in fields if name not in FIELDS]:
        del fields[name]
    return fields


class _Stderr:
    """Writes lines to standard error. A log that cannot be written never stops an exchange."""

    def __init__(self, *_: object) -> None:
        """Take what structlog passes, which is nothing."""

    def msg(self, line: str) -> None:
        with contextlib.suppress(OSError, ValueError):  # A closed pipe, or a closed file.
            sys.stderr.write(f"{line}\n")
            sys.stderr.flush()

    debug = info = warning = error = msg


class _Foreign(logging.Handler):
    """Other libraries' words: what they format may be anything, so only who spoke is kept."""

    def emit(self, record: logging.LogRecord) -> None:
        fields = {"library": record.name}
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            fields |= {"error": type(error).__name__, "place": place(error.__traceback__)}
        else:
            fields["place"] = f"{record.filename}:{record.lineno}"
        _log.warning("library_warning", **fields)


def _uncaught(
    kind: type[BaseException], error: BaseException, traceback: TracebackType | None
) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    unexpected(error.with_traceback(traceback))


def _uncaught_in_thread(arguments: threading.ExceptHookArgs) -> None:
    if arguments.exc_value is not None:
        unexpected(arguments.exc_value)
