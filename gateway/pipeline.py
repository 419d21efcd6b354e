"""One exchange, from caller to engine and back: the only place that knows the order.

1 authenticate, 2 decide, 3 detect, 4 redact, 5 intend, 6 generate, 7 guard, 8 settle, whether a
model writes, embeds or transcribes; without 6 and 7 where texts are only treated. Each exchange
runs in a task of its own and leaves one refusal, or one intent and one outcome; what becomes of the
connection only decides whether somebody still listens.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import ExitStack, aclosing
from dataclasses import dataclass, field

from gateway import catalogue, logs
from gateway.allowance import (
    check_scope,
    check_size,
    denied,
    most_tokens,
    reply_tokens,
    tightened,
)
from gateway.channel import Channel, Done, stopped
from gateway.domain.calling import Calls, guarded, said
from gateway.domain.errors import AuthenticationError, Code, ExchangeError
from gateway.domain.exchange import (
    Action,
    Ask,
    Caller,
    Credentials,
    End,
    FinishReason,
    Model,
    Piece,
    Task,
    Transcript,
    Usage,
    Vectors,
)
from gateway.domain.findings import Findings
from gateway.domain.guard import Encoding, StreamGuard
from gateway.domain.legible import legible
from gateway.domain.policy import Deny, Permit, Profile
from gateway.domain.ports import (
    Authenticator,
    CallersDetector,
    Clock,
    Decider,
    Engine,
    Ledger,
    Limiter,
    OutputScanner,
    Prompt,
    Vault,
)
from gateway.domain.purpose import parse_purpose
from gateway.domain.redaction import Redaction, Secrets, redact, redact_transcript, spoken
from gateway.domain.text import RawText, RedactedText
from gateway.domain.trail import Progress, Trail
from gateway.keeping import Keeping
from gateway.limiter import Limiter as Counting
from gateway.places import Places
from gateway.settlement import Settlement
from gateway.treatment import DETECTION, Treated, Work


@dataclass(frozen=True, slots=True)
class Submission:
    """What arrived; nothing of it is believed yet. `read` receives and parses a caller's body."""

    credentials: Credentials
    action: Action
    purpose: str | None = field(repr=False)
    profile: str | None = field(repr=False)
    """A stricter profile that the client asks for: it can tighten policy, never loosen it."""
    patient: str | None = field(repr=False)
    """Whom the caller says that this is about; it is indexed, and is in no record."""
    read: Callable[[Caller], Awaitable[Ask[RawText] | Work]] = field(repr=False)
    over: Callable[[], None] = field(default=lambda: None, repr=False)
    """Called once when the exchange has ended, however: what it held is let go."""


@dataclass(frozen=True, slots=True, repr=False)
class Parts:
    """The implementations of the ports, as the composition root chose them."""

    authenticator: Authenticator
    decider: Decider
    detector: CallersDetector
    scanner: OutputScanner
    ledger: Ledger
    vault: Vault
    engine: Engine
    clock: Clock
    secrets: Secrets
    subject_key: bytes
    """Of the fingerprints of whom exchanges are about."""
    detection: Model = DETECTION
    """What policy and records call detection where no other model takes part."""
    limiter: Limiter = field(default_factory=Counting)
    gate: Callable[[], None] = lambda: None
    """Raises `ExchangeError` where nobody outside vouches for the log: then no new work begins."""


@dataclass(frozen=True, slots=True, repr=False)
class _Admitted:
    """What steps 1 to 4 let through."""

    redaction: Redaction
    prompt: Prompt
    keeping: Keeping
    """Whom the exchange is about (`keeping.subjects`), and what is kept of it."""
    coming: ExitStack
    """Tells the engine that the prompt is on its way, until it is there or will not come."""


class Pipeline:
    """Runs exchanges. `start` returns at once, with the channel that the reply comes through."""

    def __init__(self, parts: Parts, *, stall_timeout: float, max_exchanges: int) -> None:
        self._parts = parts
        self._stall_timeout = stall_timeout
        self._places = Places(max_exchanges)
        self._settlement = Settlement(parts.ledger)
        self._running: dict[asyncio.Task[None], Channel] = {}
        self._draining = False

    def start(self, submission: Submission) -> Channel:
        """Begin an exchange. Whoever reads the channel cancels it when nobody listens any more."""
        trail = Trail(self._parts.clock.new_id(), submission.action)
        channel = Channel(trail.exchange, stall_timeout=self._stall_timeout)
        task = asyncio.create_task(self._run(submission, trail, channel), name="exchange")
        self._running[task] = channel
        task.add_done_callback(self._running.pop)
        return channel

    async def drain(self, grace: float) -> None:
        """Refuse what is new, let running exchanges finish for `grace` seconds, then stop them."""
        self._draining = True
        if self._running:
            await asyncio.wait(list(self._running), timeout=grace)
        for channel in list(self._running.values()):
            channel.cancel(Code.SHUTTING_DOWN)
        if self._running:
            await asyncio.wait(list(self._running), timeout=grace)
        await self._settlement.drain(grace)

    async def _run(self, submission: Submission, trail: Trail, channel: Channel) -> None:
        started = self._parts.clock.now_ms()
        progress = Progress(prompt_tokens=0)
        end: Done | ExchangeError = stopped(Code.SHUTTING_DOWN)
        try:
            end = await self._exchange(submission, trail, progress, channel)
        finally:
            if trail.hold is not None:
                trail.hold.settle(progress.prompt_tokens + progress.completion_tokens)
            self._places.leave(trail.exchange)
            # Whatever happened, nobody waits for ever.
            channel.end(end)
            submission.over()
            code = end.code if isinstance(end, ExchangeError) else None
            logs.exchange_ended(trail, progress, self._parts.clock.now_ms() - started, code)

    async def _exchange(
        self, submission: Submission, trail: Trail, progress: Progress, channel: Channel
    ) -> Done | ExchangeError:
        """Return how the exchange ended; its records are durable, or the end says why not."""
        try:
            admitted = await self._admit(submission, trail, channel)
            progress.prompt_tokens = 0 if isinstance(admitted, Treated) else admitted.prompt.tokens
        except Exception as error:  # noqa: BLE001 - recorded, then told to the client
            refusal = _as_exchange_error(trail, error)
        else:
            try:
                if isinstance(admitted, Treated):
                    return await self._hand_back(admitted, trail, progress)
                with admitted.coming:
                    return await self._carry_out(admitted, trail, progress, channel)
            except Exception as error:  # noqa: BLE001 - settled, as far as can be; told to the client
                return _as_exchange_error(trail, error)
        return await self._refused(trail, refusal)

    async def _admit(
        self, submission: Submission, trail: Trail, channel: Channel
    ) -> _Admitted | Treated:
        parts = self._parts
        # 1. Authenticate.
        try:
            caller = trail.caller = parts.authenticator.authenticate(submission.credentials)
            channel.expires = caller.expires
        except AuthenticationError as error:
            trail.caller = error.caller
            raise
        if self._draining:
            raise stopped(Code.SHUTTING_DOWN)
        self._places.enter(trail.exchange, caller.id)
        parts.gate()
        purpose = trail.purpose = parse_purpose(submission.purpose, caller)
        detector, vault = parts.detector.of(caller.id), parts.vault
        keeping = Keeping(trail.exchange, detector, vault, parts.subject_key, submission.patient)
        ask = await submission.read(caller)
        model = trail.model = self._model(ask, trail.action)
        if not isinstance(ask, Work):
            catalogue.check_task(model, trail.action)
        # 2. Decide.
        check_scope(caller, trail.action, model, purpose)
        decision = trail.decision = parts.decider.decide(caller, trail.action, model, purpose)
        decision = trail.decision = tightened(decision, submission.profile, parts.decider)
        match decision:
            case Deny():
                raise denied(decision, trail.action, purpose)
            case Permit():
                profile = trail.profile = decision.profile
                hold = trail.hold = parts.limiter.admit(decision.bounds)
        check_size(ask, profile)
        if isinstance(ask, Work):
            # 3 and 4, for texts that go back to their caller and to nobody else.
            work = ask.carry_out(keeping, profile, parts.secrets, caller.id)
            treated = await channel.run(work)
            if channel.cancelled is not None:
                raise stopped(channel.cancelled)
            await keeping.treated(ask.texts(), treated, profile.keep)
            hold.reserve(0, keeping.subjects.patients)
            trail.sealed = await keeping.request()
            return treated
        with ExitStack() as coming:
            coming.enter_context(parts.engine.expecting(model))
            # 3. Detect, in every string of the request, for as long as somebody waits for it.
            findings = await channel.run(keeping.detect(legible(ask.conversation)))
            # 4. Redact; tokenizing belongs here, because a prompt that is too long is a refusal.
            redaction, prompt = await asyncio.to_thread(
                self._redact, ask, findings, profile, caller.id, model, keeping
            )
            most = most_tokens(prompt, ask, profile, trail.action)
            hold.reserve(most, keeping.subjects.patients)
            if channel.cancelled is not None:
                raise stopped(channel.cancelled)
            trail.sealed = await keeping.request()
            return _Admitted(redaction, prompt, keeping, coming.pop_all())

    async def _hand_back(self, treated: Treated, trail: Trail, progress: Progress) -> Done:
        # 5. Intend, and 8. settle: both records are durable before the caller has anything.
        now = self._parts.clock.now_ms()
        await self._parts.ledger.append(trail.intent(now, treated.counts, 0))
        progress.reason = FinishReason.STOP
        await self._settlement.settle(progress.outcome(trail, now, None, 0, 0))
        return Done("", FinishReason.STOP, Usage(0, 0), treated)

    async def _carry_out(
        self, admitted: _Admitted, trail: Trail, progress: Progress, channel: Channel
    ) -> Done:
        parts, redaction, prompt = self._parts, admitted.redaction, admitted.prompt
        keeping = admitted.keeping
        # 5. Intend: no engine runs before this record is durable.
        receipt = await parts.ledger.append(
            trail.intent(parts.clock.now_ms(), redaction.counts, prompt.tokens)
        )
        guard = StreamGuard(
            redaction.pseudonyms,
            redaction.profile,
            parts.scanner,
            stand_ins=redaction.stand_ins,
            says=redaction.says,
            encoding=Encoding.TEXT if redaction.conversation.form is None else Encoding.JSON,
        )
        result: Vectors | Transcript[RedactedText] | Calls | None = None

        async def stream() -> str:
            nonlocal result
            end: End | None = None
            # 6. Generate: pieces of text, vectors or a transcript, as the model was made for.
            admitted.coming.close()
            async with aclosing(parts.engine.generate(prompt, receipt)) as events:
                async for event in events:
                    match event:
                        case Piece():
                            progress.cache = channel.cache = event.cache
                            progress.completion_tokens += event.tokens
                            keeping.generated(event.text)
                            # 7. Guard. What it still holds at the end waits for step 8.
                            if text := guard.feed(event.text):
                                keeping.sent(text)
                                await channel.send(text)
                            if guard.blocked:
                                return ""
                        case Vectors() | Transcript():
                            # Vectors hold no text; what was heard is treated as every other.
                            result = await self._treated(
                                event, redaction.profile, keeping, trail, progress
                            )
                        case End():
                            progress.prompt_tokens = event.usage.prompt_tokens
                            progress.cache = channel.cache = event.cache
                            progress.completion_tokens = event.usage.completion_tokens
                            progress.reason = event.reason
                            end = event
            if end is None or (result is None) != (trail.action.task is Task.GENERATE):
                raise ExchangeError(Code.ENGINE_FAILED, "The engine stopped in mid-reply.")
            rest = guard.finish(cut_short=progress.reason is FinishReason.LENGTH)
            keeping.generated(said(end.calls))
            result = guarded(end.calls, guard) or result
            return rest

        rest, failure = await _supervised(stream(), trail, channel)
        keeping.sent(rest + (said(result.calls) if isinstance(result, Calls) else ""))
        reason = progress.reason = guard.reason(progress.reason)
        # 8. Settle: nobody is told that it is over before this record is durable.
        now = parts.clock.now_ms()
        await self._settlement.settle(
            progress.outcome(trail, now, failure, guard.restored, guard.invented), keeping.reply
        )
        if failure is not None:
            raise failure
        usage = Usage(progress.prompt_tokens, progress.completion_tokens)
        return Done(rest, reason, usage, result)

    async def _refused(self, trail: Trail, refusal: ExchangeError) -> ExchangeError:
        """Record that nothing was sent, and return what the client is told."""
        record = trail.refusal(self._parts.clock.now_ms(), refusal.code)
        if record is not None:
            try:
                await self._parts.ledger.append(record)
            except Exception as error:  # noqa: BLE001 - without its record a refusal is another one
                return _as_exchange_error(trail, error)
        return refusal

    def _redact(  # noqa: PLR0913, PLR0917 - what step 4 takes, to run in a thread
        self,
        ask: Ask[RawText],
        findings: Sequence[Findings],
        profile: Profile,
        caller: str,
        model: Model,
        keeping: Keeping,
    ) -> tuple[Redaction, Prompt]:
        redaction = redact(ask.conversation, findings, profile, self._parts.secrets, caller)
        keeping.asked(ask.conversation.texts(), redaction)
        prompt = self._parts.engine.prepare(
            model,
            ask.over(redaction.conversation),
            reply_tokens(ask, profile),
            profile.terms(caller, may_wait=ask.may_wait),
        )
        return redaction, prompt

    async def _treated(
        self,
        result: Vectors | Transcript[RawText],
        profile: Profile,
        keeping: Keeping,
        trail: Trail,
        progress: Progress,
    ) -> Vectors | Transcript[RedactedText]:
        """Return a result as it may leave. A transcript that holds what is blocked is a failure."""
        if isinstance(result, Vectors):
            return result
        progress.audio_ms = round(result.seconds * 1000)
        findings = await keeping.detect([whole := spoken(result)])
        caller = "" if trail.caller is None else trail.caller.id
        heard, progress.findings = await asyncio.to_thread(
            redact_transcript, result, findings, profile, self._parts.secrets, caller
        )
        keeping.heard(whole, [segment.text for segment in heard.segments])
        return heard

    def _model(self, ask: Ask[RawText] | Work, action: Action) -> Model:
        if isinstance(ask, Work):
            return self._parts.detection
        models, aliases = self._parts.engine.models(), self._parts.decider.aliases
        return catalogue.find(models, aliases, ask.model, action)


async def _supervised(
    work: Coroutine[None, None, str], trail: Trail, channel: Channel
) -> tuple[str, ExchangeError | None]:
    """Run `work` until it ends or the channel cancels it; return the rest, or why there is none."""
    try:
        return await channel.run(work), None
    except Exception as error:  # noqa: BLE001 - becomes the outcome, then the client's error
        return "", _as_exchange_error(trail, error)


def _as_exchange_error(trail: Trail, error: Exception) -> ExchangeError:
    """Return `error` as something with a code; an unforeseen one is logged by type and place."""
    if isinstance(error, ExchangeError):
        # What led here, and its variables, may quote a text: only the code and our words go on.
        error.__cause__ = error.__context__ = None
        return error.with_traceback(None)
    logs.unexpected(error, exchange=trail.exchange)
    return ExchangeError(
        Code.INTERNAL_ERROR,
        f"The gateway failed. Tell the operator the request id {trail.exchange}.",
    )
