"""The engine's front: prompts are checked here, queued at once or refused, and streamed back."""

from __future__ import annotations

import asyncio
import math
import weakref
from collections import deque
from collections.abc import AsyncGenerator, Hashable, Sequence
from dataclasses import dataclass
from typing import Final

from engine.batching import Limits
from engine.ct2 import Replicas
from engine.devices import detect_devices
from engine.errors import EngineError, PromptTooLong, UnsupportedInput, UnsupportedOption
from engine.prompts import ChatMessage, Prompts
from engine.store import InstalledModel
from engine.stream import TextStream
from engine.worker import Event, Finished, Job, Listener, Sampling, Text, Workers

GREEDY_BELOW: Final = 0.01
"""Temperatures below this are greedy: the division would overflow, and the result is the same."""
MAX_STOPS: Final = 16


@dataclass(frozen=True, slots=True)
class GenerateOptions:
    """How to generate one reply."""

    max_tokens: int | None = None
    """Refused where prompt and reply do not fit the context."""
    at_most: int | None = None
    """A bound where `max_tokens` is absent; it gives way to the context."""
    temperature: float = 1.0
    top_p: float = 1.0
    seed: int | None = None
    """Only with temperature 0, where every seed gives the same reply (see `_check`)."""
    stop: tuple[str, ...] = ()
    priority: int = 0
    """The lower goes first."""
    caller: Hashable = None
    """For whom it is; jobs with equal callers share `max_in_flight`."""
    max_in_flight: int | None = None
    """Jobs of the caller that may run at once; `None` is no bound."""

    def __repr__(self) -> str:
        return "<GenerateOptions>"  # A stop string is a caller's text.


@dataclass(frozen=True, slots=True)
class PreparedPrompt:
    """A prompt that fits, and can be run as often as one likes."""

    strings: list[str]
    max_tokens: int
    sampling: Sampling
    stop: tuple[str, ...]
    priority: int = 0
    caller: Hashable = None
    max_in_flight: int | None = None

    @property
    def tokens(self) -> int:
        """How many tokens the prompt has."""
        return len(self.strings)

    def __repr__(self) -> str:
        return f"<PreparedPrompt {len(self.strings)} tokens>"


class Generator:
    """One model in memory, its replicas' threads and their queue.

    `prepare_*` may be called from any thread, `generate` from any event loop. `replicas` absent
    means one for each `threads` cores that this process may use.
    """

    def __init__(
        self,
        model: InstalledModel,
        *,
        replicas: int | None = None,
        threads: int = 1,
        queue: int = 128,
        max_batch: int = 32,
    ) -> None:
        devices = detect_devices()
        count = replicas or devices.replicas(threads)
        manifest = model.manifest
        self.model = model
        self.replicas = count
        self._prompts = Prompts.load(model.path)
        self._end_tokens = frozenset(self._prompts.end_tokens)
        position = manifest.layers * manifest.heads_kv * manifest.head_dim * 2 * 4
        # Half of what memory is left may fill with keys and values, whatever the batches hold.
        positions = devices.memory // 2 // count // position
        self._workers = Workers(
            Replicas(model.path, replicas=count, threads=threads),
            end_tokens=self._prompts.end_tokens,
            replicas=count,
            queue=queue,
            limits=Limits(max_batch=max_batch, max_tokens=max(manifest.context_length, positions)),
        )
        # Whoever forgets `close` gets it at the end of the process, or of the generator.
        self._finalizer = weakref.finalize(self, self._workers.close)
        self._mailboxes: dict[asyncio.AbstractEventLoop, _Mailbox] = {}

    @property
    def waiting(self) -> int:
        """How many jobs wait in the queue."""
        return self._workers.waiting

    @property
    def running(self) -> int:
        """How many jobs are in the batches that run."""
        return self._workers.running

    def prepare_chat(
        self, messages: Sequence[ChatMessage], options: GenerateOptions
    ) -> PreparedPrompt:
        """Encode a conversation.

        Raises `UnsupportedInput`, `UnsupportedOption` or `PromptTooLong`.
        """
        _check(options)
        return self._prepared(self._prompts.chat(messages), options)

    def prepare_text(self, text: str, options: GenerateOptions) -> PreparedPrompt:
        """Encode a bare prompt, without the chat template. Raises as `prepare_chat`."""
        _check(options)
        return self._prepared(self._prompts.text(text), options)

    def submit(self, prompt: PreparedPrompt, listener: Listener) -> Job:
        """Queue a prompt, or raise `Overloaded` at once; `listener` runs on a worker's thread."""
        job = Job(
            prompt.strings,
            max_tokens=prompt.max_tokens,
            sampling=prompt.sampling,
            end_tokens=self._end_tokens,
            stream=TextStream(
                self._prompts.bytes_of, prompt.stop, strip_space=self._prompts.strip_space
            ),
            listener=listener,
        )
        self._workers.submit(job)
        return job

    def cancel(self, job: Job) -> None:
        """Stop a job: out of the queue now, or out of its batch at the next step."""
        self._workers.cancel(job)

    async def generate(self, prompt: PreparedPrompt) -> AsyncGenerator[Text | Finished, None]:
        """Stream pieces of text, then one `Finished`.

        Pieces that come while the loop is busy arrive as one. Closing the generator stops the
        computation. Raises `Overloaded` before anything is computed, `EngineFailed` at any point.
        """
        inbox = self._mailbox().inbox()
        job = self.submit(prompt, inbox.put)
        try:
            while True:
                for event in await inbox.get():
                    if isinstance(event, EngineError):
                        raise event
                    yield event
                    if isinstance(event, Finished):
                        return
        finally:
            self.cancel(job)

    def close(self) -> None:
        """Fail what is left and join the threads; blocks for one step of what runs."""
        self._finalizer()

    def _prepared(self, tokens: list[int], options: GenerateOptions) -> PreparedPrompt:
        limit = self.model.manifest.context_length
        count = len(tokens)
        if not tokens:
            raise UnsupportedInput("The prompt is empty: send at least one character.")
        if options.max_tokens is not None:
            reply = options.max_tokens
        else:
            reply = limit - count
            if options.at_most is not None:
                reply = min(reply, options.at_most)
        if reply < 1 or count + reply > limit:
            raise PromptTooLong(count, max(reply, 1), limit)
        temperature = options.temperature if options.temperature >= GREEDY_BELOW else 0.0
        # Greedy jobs run together whatever their top_p.
        sampling = Sampling(temperature, options.top_p if temperature else 1.0)
        return PreparedPrompt(
            self._prompts.strings(tokens),
            reply,
            sampling,
            options.stop,
            options.priority,
            options.caller,
            options.max_in_flight,
        )

    def _mailbox(self) -> _Mailbox:
        loop = asyncio.get_running_loop()
        if loop not in self._mailboxes:
            for closed in [known for known in self._mailboxes if known.is_closed()]:
                del self._mailboxes[closed]
            self._mailboxes[loop] = _Mailbox(loop)
        return self._mailboxes[loop]


def _check(options: GenerateOptions) -> None:
    if options.max_tokens is not None and options.max_tokens < 1:
        raise UnsupportedOption("max_tokens", "max_tokens is at least 1.")
    if not (math.isfinite(options.temperature) and 0 <= options.temperature <= 2):  # noqa: PLR2004 - OpenAI's range
        raise UnsupportedOption("temperature", "temperature is between 0 and 2.")
    if not 0 < options.top_p <= 1:
        raise UnsupportedOption("top_p", "top_p is above 0 and at most 1.")
    if len(options.stop) > MAX_STOPS or not all(options.stop):
        raise UnsupportedOption("stop", f"stop takes up to {MAX_STOPS} strings, none empty.")
    if options.seed is not None and options.temperature >= GREEDY_BELOW:
        # CTranslate2 seeds each of its threads once, at its first draw, and reads the seed that
        # the process had then: a later one has no effect (tests/unit/engine/test_ctranslate2.py).
        raise UnsupportedOption(
            "seed",
            "This engine cannot repeat a random draw: send temperature 0, or leave seed out.",
        )


class _Mailbox:
    """Carries events from workers' threads into a loop: one wake-up for what comes at once."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._ready: deque[_Inbox] = deque()
        self._scheduled = False

    def inbox(self) -> _Inbox:
        return _Inbox(self)

    def post(self, inbox: _Inbox) -> None:
        """Called on workers' threads. Raises `RuntimeError` if the loop is closed."""
        self._ready.append(inbox)
        if not self._scheduled:
            self._scheduled = True
            self._loop.call_soon_threadsafe(self._deliver)

    def _deliver(self) -> None:
        # First the flag, then the queue: what is posted in between schedules another delivery.
        self._scheduled = False
        while self._ready:
            self._ready.popleft().wake()


class _Inbox:
    """The events of one job. No future is resolved from a worker's thread."""

    __slots__ = ("_event", "_events", "_mailbox")

    def __init__(self, mailbox: _Mailbox) -> None:
        self._mailbox = mailbox
        self._events: deque[Event] = deque()
        self._event = asyncio.Event()

    def put(self, event: Event) -> None:
        """Called on a worker's thread."""
        self._events.append(event)
        self._mailbox.post(self)

    def wake(self) -> None:
        """Called in the loop. An `Event` skips waiters that were cancelled."""
        self._event.set()

    async def get(self) -> list[Event]:
        """Wait for events and return them in order, neighbouring texts put together."""
        while not self._events:
            self._event.clear()
            await self._event.wait()
        events: list[Event] = []
        while self._events:
            event = self._events.popleft()
            last = events[-1] if events else None
            if isinstance(event, Text) and isinstance(last, Text):
                events[-1] = Text(last.text + event.text, last.tokens + event.tokens)
            else:
                events.append(event)
        return events
