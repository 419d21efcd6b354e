"""One request in the engine: from its prompt to the last event that its owner is told.

A job ends exactly once, whatever happens: with a result, with an error, or by its owner's cancel.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from engine.batching import Priority
from engine.errors import EngineError, EngineFailed
from engine.stream import TextStream

if TYPE_CHECKING:
    from engine.timing import Timing


class Reason(StrEnum):
    """Why a reply ended by itself."""

    STOP = "stop"
    """An end token of the model, or a stop string."""
    LENGTH = "length"


@dataclass(frozen=True, slots=True)
class Text:
    """Some text of a reply, and how many tokens the model generated since the last."""

    text: str
    tokens: int

    def __repr__(self) -> str:
        return f"<Text {len(self.text)} characters>"


@dataclass(frozen=True, slots=True)
class Finished:
    """The end of a reply. Tokens as OpenAI counts them: the end token is in neither number.

    `completion_tokens` is what the model generated, with the tokens that spelt a stop string.
    """

    reason: Reason
    prompt_tokens: int
    completion_tokens: int


@dataclass(frozen=True, slots=True)
class Sampling:
    """What holds for a whole batch. `temperature` 0 is greedy."""

    temperature: float
    top_p: float


Event = Text | Finished | EngineError
Listener = Callable[[Event], None]
"""Gets text, then one `Finished` or one error, on a worker's thread. It must not block."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What a job may claim among others. Nothing of it is shown."""

    caller: Hashable = None
    """Who waits for it: callers share no state of the model. `None` is nobody in particular."""
    priority: Priority = Priority.INTERACTIVE
    max_in_flight: int | None = None
    """How many jobs of this caller may wait and run at once."""

    def __repr__(self) -> str:
        return f"<Standing {self.priority.name}>"


NOBODY: Final = Standing()


@dataclass(frozen=True, slots=True)
class Beginning:
    """The first tokens of a prompt, which other prompts of the same caller may share."""

    caller: Hashable
    content: bytes
    """Digest of its tokens."""
    tokens: int

    @property
    def name(self) -> Hashable:
        """What it is known by: equal for equal tokens of one caller, and for nothing else."""
        return (self.caller, self.content)

    def __repr__(self) -> str:
        return f"<Beginning {self.tokens} tokens>"


class Job:
    """One request in the engine. Its owner calls `cancel`; only its worker calls the rest."""

    __slots__ = (
        "_end_tokens",
        "_generated",
        "_listener",
        "_stream",
        "_told",
        "beginning",
        "done",
        "max_tokens",
        "prompt",
        "sampling",
        "standing",
        "timing",
    )

    def __init__(  # noqa: PLR0913 - a job is made in one place, `Generator.submit`
        self,
        prompt: list[str],
        *,
        max_tokens: int,
        sampling: Sampling,
        end_tokens: frozenset[int],
        stream: TextStream,
        listener: Listener,
        standing: Standing = NOBODY,
        beginning: Beginning | None = None,
        timing: Timing | None = None,
    ) -> None:
        self.prompt = prompt
        self.max_tokens = max_tokens
        self.sampling = sampling
        self.standing = standing
        self.beginning = beginning
        self.timing = timing
        self.done = False
        self._end_tokens = end_tokens
        self._stream = stream
        self._listener = listener
        self._generated = 0
        self._told = 0

    def __repr__(self) -> str:
        return f"<Job {len(self.prompt)} tokens>"

    @property
    def generated(self) -> int:
        """How many tokens the model has generated so far."""
        return self._generated

    def step(self, token: int) -> bool:
        """Take one token; return whether the row ends here."""
        if self.done:
            return True
        try:
            return self._step(token)
        except Exception:  # noqa: BLE001 - a failure here ends its own row, not the batch
            self.done = False
            self.fail(EngineFailed())
            return True

    def _step(self, token: int) -> bool:
        if token in self._end_tokens:
            self._finish(Reason.STOP)
            return True
        self._generated += 1
        text = self._stream.push(token)
        if text:
            self._tell(text)
        if self._stream.stopped:
            self._finish(Reason.STOP)
        elif self._generated >= self.max_tokens:
            self._finish(Reason.LENGTH)
        return self.done

    def _tell(self, text: str) -> None:
        self._listener(Text(text, self._generated - self._told))
        self._told = self._generated

    def _finish(self, reason: Reason) -> None:
        if not self._stream.stopped:
            rest = self._stream.finish()
            if self._stream.stopped:
                reason = Reason.STOP
            if rest:
                self._tell(rest)
        self.done = True
        self._listener(Finished(reason, len(self.prompt), self._generated))

    def fail(self, error: EngineError) -> None:
        """End with an error, unless it has ended."""
        if self.done:
            return
        self.done = True
        with suppress(Exception):  # Its owner has gone, and nobody is left to tell.
            self._listener(error)
