"""The transcriber's front: recordings are checked here, queued at once or refused, and heard.

A recording becomes text, so whoever runs this sees what was said: it belongs to the process that
redacts. Each worker hears one recording at a time, chunk by chunk, and stops between two chunks
when nobody waits for it any more.
"""

from __future__ import annotations

import asyncio
import math
import threading
import weakref
from collections import deque
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Final

from engine import audio
from engine.ct2 import SpeechReplicas
from engine.devices import detect_devices
from engine.errors import EngineClosed, EngineError, EngineFailed, Overloaded, UnsupportedOption
from engine.loading import loading
from engine.store import InstalledModel
from engine.watch import Watch
from engine.whisper import MAX_PROMPT, Listening, Segment, SpeechNetwork, Task
from engine.whisper_vocabulary import Vocabulary

DEFAULT_LANGUAGES: Final = ("en",)
_STILL: Final = 420.0
"""Seconds after which a chunk is given up: ten times the thirty that it lasts, and two minutes."""


@dataclass(frozen=True, slots=True)
class TranscribeOptions:
    """How to hear one recording."""

    language: str | None = None
    """ISO 639-1; absent means the likeliest of the transcriber's own."""
    prompt: str = ""
    """A text that the recording is taken to continue: names, spelling, style."""
    temperature: float = 0.0
    """0 is a beam search, repeated with a little chance only where it goes wrong."""
    words: bool = False
    """Whether each word is timed, which costs about a tenth more."""

    def __repr__(self) -> str:
        return "<TranscribeOptions>"  # A prompt is a caller's text.


@dataclass(frozen=True, slots=True)
class PreparedRecording:
    """A recording that can be heard, and how."""

    task: Task

    @property
    def tokens(self) -> int:
        """How many tokens the prompt has."""
        return len(self.task.prompt)

    @property
    def seconds(self) -> float:
        """How long the recording lasts."""
        return self.task.recording.seconds

    def __repr__(self) -> str:
        return f"<PreparedRecording {self.seconds:.1f} seconds>"


@dataclass(frozen=True, slots=True)
class Transcribed:
    """The end of a transcript."""

    language: str
    seconds: float
    """Length of the recording."""
    prompt_tokens: int
    completion_tokens: int


Event = Segment | Transcribed | EngineError
Listener = Callable[[Event], None]
"""Gets segments, then one `Transcribed` or one error, on a worker's thread. It must not block."""


class TranscriptionJob:
    """One recording in the engine. Its owner cancels it through the `Transcriber`."""

    __slots__ = ("done", "listener", "task")

    def __init__(self, task: Task, listener: Listener) -> None:
        self.task = task
        self.listener = listener
        self.done = False

    def __repr__(self) -> str:
        return f"<TranscriptionJob {self.task!r}>"

    def tell(self, event: Event) -> None:
        """Pass an event on, unless the job has ended."""
        if self.done:
            return
        self.done = not isinstance(event, Segment)
        with suppress(Exception):  # Its owner has gone, and nobody is left to tell.
            self.listener(event)


class Workers:
    """The bounded queue and the threads. `submit` and `cancel` never block on a computation."""

    def __init__(
        self,
        network: SpeechNetwork,
        vocabulary: Vocabulary,
        *,
        replicas: int,
        queue: int,
        still: float = _STILL,
    ) -> None:
        self._network = network
        self._still = still
        self._watch = Watch(replicas, "transcriber-watch")
        self._vocabulary = vocabulary
        self._capacity = queue
        self._changed = threading.Condition()
        self._waiting: deque[TranscriptionJob] = deque()
        self._running: list[TranscriptionJob] = []
        self._free = 0
        self._closed = False
        self._threads = [
            threading.Thread(target=self._serve, name=f"transcriber-{index}", daemon=True)
            for index in range(replicas)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def waiting(self) -> int:
        """How many recordings wait."""
        return len(self._waiting)

    @property
    def running(self) -> int:
        """How many recordings are being heard."""
        return len(self._running)

    @property
    def healthy(self) -> bool:
        """Whether a replica is left that does not stand still."""
        return not self._closed and not self._watch.lost

    def submit(self, job: TranscriptionJob) -> None:
        """Queue a job.

        Raises `Overloaded` at once where the queue is full, `EngineFailed` where every replica
        stands still, or `EngineClosed`.
        """
        with self._changed:
            if self._closed:
                raise EngineClosed
            if self._watch.lost:
                raise EngineFailed
            if len(self._waiting) >= self._capacity + self._free:
                raise Overloaded
            self._waiting.append(job)
            self._changed.notify()

    def cancel(self, job: TranscriptionJob) -> None:
        """Stop a job: out of the queue now, or after the chunk that is being heard."""
        job.done = True
        with self._changed, suppress(ValueError):
            self._waiting.remove(job)

    def close(self) -> None:
        """Fail what waits and what runs, and join the threads, for a while. May be called twice."""
        with self._changed:
            self._closed = True
            abandoned = [*self._waiting, *self._running]
            self._waiting.clear()
            self._changed.notify_all()
        for job in abandoned:
            job.tell(EngineClosed())
        if self._watch.join(self._threads):
            self._network.close()
        # A replica that stands still ends with the process; nobody waits for it.

    def _serve(self) -> None:
        while (job := self._take()) is not None:
            try:
                self._hear(job)
            except BaseException:  # noqa: BLE001 - the thread goes on; the job is told below
                job.tell(EngineFailed())
            finally:
                with self._changed:
                    self._running.remove(job)

    def _take(self) -> TranscriptionJob | None:
        """Wait for a job and return it; `None` when closing."""
        with self._changed:
            self._free += 1
            try:
                while not self._waiting and not self._closed:
                    self._changed.wait()
                if self._closed:
                    return None
                job = self._waiting.popleft()
            finally:
                self._free -= 1
            self._running.append(job)
            return job

    def _give_up(self, job: TranscriptionJob) -> None:
        job.tell(EngineFailed())
        if self._watch.lost:  # Nobody would come for what waits.
            with self._changed:
                waiting = list(self._waiting)
                self._waiting.clear()
            for each in waiting:
                each.tell(EngineFailed())

    def _hear(self, job: TranscriptionJob) -> None:
        with self._watch.watching(self._still, partial(self._give_up, job)) as run:

            def stopped() -> bool:
                run.moved()  # It is asked before each chunk.
                return job.done or self._closed

            listening = Listening(self._network, self._vocabulary, job.task, stopped)
            for segment in listening:
                job.tell(segment)
        job.tell(
            Transcribed(
                listening.language or job.task.languages[0],
                job.task.recording.seconds,
                len(job.task.prompt),
                listening.tokens,
            )
        )


class Transcriber:
    """One Whisper model in memory, its workers and their queue.

    `prepare` may be called from any thread, `transcribe` from any event loop. `threads` absent
    means all cores that this process may use, up to four, shared out among the replicas: one
    recording has one worker, and its speaker waits for it.
    """

    def __init__(  # noqa: PLR0913 - a model, its resources and its limits
        self,
        model: InstalledModel,
        *,
        replicas: int = 1,
        threads: int | None = None,
        queue: int = 4,
        max_seconds: float = 600.0,
        languages: tuple[str, ...] = DEFAULT_LANGUAGES,
    ) -> None:
        self.model = model
        self.replicas = replicas
        self.languages = languages
        self._max_seconds = max_seconds
        self._vocabulary = Vocabulary.load(model.path)
        unknown = [code for code in languages if self._vocabulary.language(code) is None]
        if unknown or not languages:
            raise UnsupportedOption(
                "languages", f"{model.name} does not know the language {', '.join(unknown)!r}"
            )
        if threads is None:
            threads = max(1, min(4, detect_devices().cores) // replicas)
        with loading(model.name):
            network = SpeechReplicas(model.path, replicas=replicas, threads=threads)
        self._workers = Workers(network, self._vocabulary, replicas=replicas, queue=queue)
        # Whoever forgets `close` gets it at the end of the process, or of the transcriber.
        self._finalizer = weakref.finalize(self, self._workers.close)

    @property
    def waiting(self) -> int:
        """How many recordings wait in the queue."""
        return self._workers.waiting

    @property
    def running(self) -> int:
        """How many recordings are being heard."""
        return self._workers.running

    @property
    def healthy(self) -> bool:
        """Whether a replica is left that does not stand still."""
        return self._workers.healthy

    def prepare(self, recording: bytes, options: TranscribeOptions) -> PreparedRecording:
        """Decode a recording; blocks while another process does it.

        Raises `UnsupportedAudio`, `AudioTooLong` or `UnsupportedOption`.
        """
        if options.language is not None and options.language not in self.languages:
            raise UnsupportedOption(
                "language", f"Only {', '.join(self.languages)} can be transcribed here."
            )
        if not (math.isfinite(options.temperature) and 0 <= options.temperature <= 1):
            raise UnsupportedOption("temperature", "temperature is between 0 and 1.")
        prompt = self._vocabulary.encode(" " + options.prompt.strip())
        if not options.prompt.strip():
            prompt = []
        if len(prompt) > MAX_PROMPT:
            raise UnsupportedOption(
                "prompt", f"The prompt has {len(prompt)} tokens; at most {MAX_PROMPT} are heeded."
            )
        decoded = audio.decode(recording, max_seconds=self._max_seconds)
        languages = self.languages if options.language is None else (options.language,)
        return PreparedRecording(
            Task(decoded, tuple(prompt), languages, options.temperature, options.words)
        )

    def submit(self, recording: PreparedRecording, listener: Listener) -> TranscriptionJob:
        """Queue a recording, or raise `Overloaded` at once; `listener` runs on a thread of ours."""
        job = TranscriptionJob(recording.task, listener)
        self._workers.submit(job)
        return job

    def cancel(self, job: TranscriptionJob) -> None:
        """Stop a job: out of the queue now, or after the chunk that is being heard."""
        self._workers.cancel(job)

    async def transcribe(
        self, recording: PreparedRecording
    ) -> AsyncGenerator[Segment | Transcribed, None]:
        """Yield segments as they are heard, then one `Transcribed`.

        Closing the generator stops the computation. Raises `Overloaded` before anything is
        computed, `EngineFailed` at any point.
        """
        loop = asyncio.get_running_loop()
        inbox: asyncio.Queue[Event] = asyncio.Queue()

        def put(event: Event) -> None:
            loop.call_soon_threadsafe(inbox.put_nowait, event)

        job = self.submit(recording, put)
        try:
            while True:
                event = await inbox.get()
                if isinstance(event, EngineError):
                    raise event
                yield event
                if isinstance(event, Transcribed):
                    return
        finally:
            self.cancel(job)

    def close(self) -> None:
        """Fail what is left and join the threads; blocks for one chunk of what runs."""
        self._finalizer()
