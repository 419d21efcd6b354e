"""The engine's front: prompts are checked here, queued at once or refused, and streamed back."""

from __future__ import annotations

import asyncio
import hashlib
import math
import weakref
from array import array
from collections import deque
from collections.abc import AsyncGenerator, Hashable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Final

from engine.calibrate import measure
from engine.ct2 import Replicas
from engine.devices import detect_devices
from engine.errors import (
    EngineError,
    PromptTooLong,
    UnsupportedInput,
    UnsupportedOption,
)
from engine.job import NOBODY, Beginning, Event, Finished, Job, Listener, Sampling, Standing, Text
from engine.loading import loading
from engine.plan import ModelPlan, Wish, make_plan
from engine.prompts import ChatMessage, Prompts
from engine.report import Observer
from engine.store import InstalledModel
from engine.stream import TextStream
from engine.timing import TimedStream, Timing, timed
from engine.worker import Workers

GREEDY_BELOW: Final = 0.01
"""Temperatures below this are greedy: the division would overflow, and the result is the same."""
MAX_STOPS: Final = 16
_SHARED: Final = 16
"""Tokens of a beginning below which sharing it is not worth the bookkeeping."""
_KEPT_BYTES: Final = 64 << 20
"""Memory for the states of beginnings that are kept for as long as the model is loaded."""


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
    standing: Standing = NOBODY
    """For whom it is, and before whom it goes."""

    def __repr__(self) -> str:
        return "<GenerateOptions>"  # A stop string is a caller's text.


@dataclass(frozen=True, slots=True)
class PreparedPrompt:
    """A prompt that fits, and can be run as often as one likes."""

    strings: list[str]
    max_tokens: int
    sampling: Sampling
    stop: tuple[str, ...]
    standing: Standing = NOBODY
    beginning: Beginning | None = None

    @property
    def tokens(self) -> int:
        """How many tokens the prompt has."""
        return len(self.strings)

    def __repr__(self) -> str:
        return f"<PreparedPrompt {len(self.strings)} tokens>"


class Preparer:
    """The light part of a model: tokenizer, template and plan, without the weights.

    `prepare_*` may be called from any thread.
    """

    def __init__(
        self, model: InstalledModel, plan: ModelPlan, prompts: Prompts | None = None
    ) -> None:
        self.model = model
        self.plan = plan
        self._prompts = prompts or Prompts.load(model.path)

    @property
    def prompts(self) -> Prompts:
        """What a `Generator` of the same model can share."""
        return self._prompts

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

    def _prepared(self, tokens: list[int], options: GenerateOptions) -> PreparedPrompt:
        limit = self.plan.context
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
            options.standing,
            _beginning(tokens, frozenset(self._prompts.end_tokens), options.standing.caller),
        )


class Generator(Preparer):
    """One model in memory, its replicas' threads and their queue.

    `generate` may be called from any event loop. `plan` says how it runs, where several models
    share the machine; absent, it has what the machine leaves, with `replicas` absent one for each
    core. `prompts` of a `Preparer` need not be loaded again. Raises `DoesNotFit` or `NoDevice`.
    """

    def __init__(  # noqa: PLR0913 - what it runs, and on how much of the machine
        self,
        model: InstalledModel,
        *,
        replicas: int | None = None,
        threads: int | None = None,
        queue: int = 128,
        max_batch: int = 32,
        plan: ModelPlan | None = None,
        observe: Observer = lambda _: None,
        prompts: Prompts | None = None,
    ) -> None:
        if plan is None:
            wish = Wish(replicas=replicas, threads=threads, max_batch=max_batch)
            plan = make_plan(detect_devices(), [model.manifest], wish).models[0]
        super().__init__(model, plan, prompts)
        self.replicas = plan.replicas
        self._end_tokens = frozenset(self._prompts.end_tokens)
        network = _loaded(model, plan)
        manifest = model.manifest
        position = manifest.layers * manifest.heads_kv * manifest.head_dim * 2 * 4
        # Taken out of what is planned for batches.
        kept = min(_KEPT_BYTES // position, plan.limits.max_tokens // 16)
        self.costs = measure(network, self._prompts.strings([0])[0], plan.context)
        self._workers = Workers(
            network,
            end_tokens=self._prompts.end_tokens,
            replicas=plan.replicas,
            queue=queue,
            limits=replace(plan.limits, max_tokens=plan.limits.max_tokens - kept),
            costs=self.costs,
            kept_tokens=kept,
            observe=observe,
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

    @property
    def healthy(self) -> bool:
        """Whether a replica is left that does not stand still."""
        return self._workers.healthy

    def expecting(self) -> AbstractContextManager[None]:
        """Say that a prompt is on its way, until it is submitted or will not come."""
        return self._workers.expecting()

    def submit(
        self, prompt: PreparedPrompt, listener: Listener, timing: Timing | None = None
    ) -> Job:
        """Queue a prompt, or raise `Overloaded` at once; `listener` runs on a worker's thread.

        `timing`, where there is one, is filled while the job runs.
        """
        stream = TextStream(
            self._prompts.bytes_of, prompt.stop, strip_space=self._prompts.strip_space
        )
        if timing is not None:
            stream, listener = TimedStream(stream, timing), timed(listener, timing)
        job = Job(
            prompt.strings,
            max_tokens=prompt.max_tokens,
            sampling=prompt.sampling,
            end_tokens=self._end_tokens,
            stream=stream,
            listener=listener,
            standing=prompt.standing,
            beginning=prompt.beginning,
            timing=timing,
        )
        self._workers.submit(job)
        return job

    def cancel(self, job: Job) -> None:
        """Stop a job: out of the queue now, or out of its batch at the next step."""
        self._workers.cancel(job)

    async def generate(
        self, prompt: PreparedPrompt, timing: Timing | None = None
    ) -> AsyncGenerator[Text | Finished, None]:
        """Stream pieces of text, then one `Finished`.

        Pieces that come while the loop is busy arrive as one. Closing the generator stops the
        computation. Raises `Overloaded` before anything is computed, `EngineFailed` at any point.
        """
        inbox = self._mailbox().inbox()
        job = self.submit(prompt, inbox.put, timing)
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

    def close(self) -> bool:
        """Fail what is left and join the threads; blocks for one step of what runs.

        Returns whether the memory is free; it is not where a replica stands still.
        """
        return self._finalizer() is not False

    def _mailbox(self) -> _Mailbox:
        loop = asyncio.get_running_loop()
        if loop not in self._mailboxes:
            for closed in [known for known in self._mailboxes if known.is_closed()]:
                del self._mailboxes[closed]
            self._mailboxes[loop] = _Mailbox(loop)
        return self._mailboxes[loop]


def _beginning(
    tokens: Sequence[int], end_tokens: frozenset[int], caller: Hashable
) -> Beginning | None:
    """Return the first message of a prompt, up to its end token: a service's system prompt.

    Callers share none: how fast a reply comes would tell one what another has asked.
    """
    for index, token in enumerate(tokens[:-1]):
        if token in end_tokens:
            count = index + 1
            if count < _SHARED:
                return None
            content = hashlib.sha256(array("Q", tokens[:count]).tobytes()).digest()
            return Beginning(caller, content, count)
    return None


def _loaded(model: InstalledModel, plan: ModelPlan) -> Replicas:
    with loading(model.name, plan.device):
        return Replicas(
            model.path,
            replicas=plan.replicas,
            threads=plan.threads,
            compute_type=plan.compute_type,
            device=plan.device,
            device_index=plan.device_index,
        )


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
