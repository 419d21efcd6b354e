"""What the pipeline needs from outside, as contracts. Each docstring is the contract.

Every implementation, and every fake with fault hooks, passes the same tests in `tests/contracts/`.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from gateway.domain.exchange import (
    Action,
    Ask,
    Caller,
    Credentials,
    End,
    Event,
    Model,
    Piece,
    Purpose,
)
from gateway.domain.findings import Finding, Findings
from gateway.domain.limits import Bound
from gateway.domain.payloads import Part, Payload, Words
from gateway.domain.policy import Deny, Permit, Profile, Terms
from gateway.domain.records import AccessAct, Record
from gateway.domain.subjects import Subjects
from gateway.domain.text import RawText, RedactedText


class Clock(Protocol):
    """Where time and unguessable ids come from."""

    def now_ms(self) -> int:
        """Return milliseconds since the Unix epoch."""
        ...

    def new_id(self) -> str:
        """Return a fresh UUIDv7 (RFC 9562 5.7), monotonic within the process."""
        ...


class Authenticator(Protocol):
    """Step 1."""

    def authenticate(self, credentials: Credentials) -> Caller:
        """Return who presents `credentials`.

        Raises `errors.AuthenticationError`, which carries the caller where one is known: a revoked
        key has an owner, and the refusal is recorded under that name. Never a default caller.
        """
        ...


class Decider(Protocol):
    """Step 2. Answers from one immutable release; hot reload swaps the whole."""

    @property
    def release(self) -> str:
        """SHA-256 of the active release, in hexadecimal."""
        ...

    @property
    def aliases(self) -> Mapping[str, str]:
        """Other names for models, each with the name of the model that it leads to in one step."""
        ...

    def decide(
        self, caller: Caller, action: Action, model: Model, purpose: Purpose
    ) -> Permit | Deny:
        """Return the decision, the same for the same question.

        Raises `ExchangeError` with POLICY_UNAVAILABLE if it cannot decide.
        """
        ...

    def profile(self, name: str) -> Profile | None:
        """Return the profile of that name in the active release."""
        ...


class Hold(Protocol):
    """What one exchange takes of its caller's limits."""

    @property
    def reserved(self) -> int:
        """Tokens that are set aside under a limit; 0 where none limits them."""
        ...

    @property
    def patients(self) -> int:
        """Patients that its caller touches by it for the first time within the limit's span."""
        ...

    def reserve(self, tokens: int, patients: Sequence[bytes]) -> None:
        """Set `tokens` aside, the most that prompt and reply can take, and count `patients`.

        At most once. Raises as `Limiter.admit`, or `ExchangeError` with LIMIT_EXCEEDED for more
        than the whole limit; then this exchange counts for nothing, not even as a request.
        """
        ...

    def settle(self, tokens: int) -> None:
        """Give back what was set aside but for `tokens`, which were used. Counts once."""
        ...


class Limiter(Protocol):
    """Counts after step 2, sets aside in step 4, gives back after step 8."""

    def admit(self, bounds: Sequence[Bound]) -> Hold:
        """Count one request under `bounds`, under all of them or none.

        Never lets one too many through, however many ask at once. Raises `ExchangeError` with
        RATE_LIMITED or QUOTA_EXCEEDED and the seconds until the same request may pass.
        """
        ...


class Detector(Protocol):
    """Step 3."""

    async def detect(self, texts: Sequence[RawText]) -> Sequence[Findings]:
        """Return the findings of each text, as many as there are texts, in the same order.

        The texts are of one exchange: what one reveals may be found in another. Offsets are of
        Python characters. Raises on any failure; a partial answer is not an answer.
        """
        ...


class CallersDetector(Detector, Protocol):
    """Step 3, which may remember what it found in texts that come again."""

    def of(self, caller: str) -> Detector:
        """Return it for the texts of one caller, by id: the answers are the same as those of all.

        What it remembers of them it uses for that caller alone, since the time that an answer takes
        would tell others.
        """
        ...


class OutputScanner(Protocol):
    """Step 7's eye: identifiers that have a form. Synchronous, bounded, microseconds per call."""

    def scan(self, text: str) -> Sequence[Finding]:
        """Return the shaped identifiers in `text`: a few hundred characters of model output."""
        ...


class Cipher(Protocol):
    """What the operator `encrypt` seals with. Synchronous, microseconds per call."""

    def seal(self, tag: str, value: str, conversation: bytes) -> str:
        """Return a token that holds `value` and shows nothing of it but its length and its `tag`.

        Equal values of one conversation have one token, of two conversations two. It is of letters,
        digits and colons, in brackets.
        """
        ...

    def open(self, token: str) -> str | None:
        """Return the value in `token`, in any case of letters; `None` unless a key of ours made it.

        Whoever calls this has to know that the asker may see the value: the token does not say.
        """
        ...


@dataclass(frozen=True, slots=True)
class Receipt:
    """Proof that a record is durable: its index in the log and its RFC 6962 leaf hash.

    Only a ledger makes one, and only after the record survived an fsync.
    """

    exchange: str
    index: int
    leaf_hash: bytes


class Ledger(Protocol):
    """Steps 5 and 8."""

    async def append(self, record: Record) -> Receipt:
        """Return once `record` is durable; raise `LedgerUnavailable` if it is not, or may not be.

        Cancelling the call neither un-writes the record nor disturbs other callers. Records of one
        process are logged in the order of the calls. An outcome needs its intent, exactly once.
        """
        ...


class KeptTexts(Protocol):
    """What was kept of exchanges, for those who only look. All of it blocks: call it in a thread.

    Texts are sealed under a key of their own, which patients' keys wrap, which an epoch's key
    wraps: each of them can be destroyed, and what it opened is gone for ever. The index from
    fingerprints to exchanges is no part of the log, and is erased with the patient.
    """

    def open(self, exchange: str) -> Payload:
        """Return what is kept of `exchange`, after comparing it with what its leaves say.

        Raises `ExchangeError` with PAYLOAD_NOT_KEPT, PAYLOAD_SHREDDED
        or PAYLOAD_DAMAGED. Whoever calls this has recorded before that it is done, and for whom.
        """
        ...

    def about(self, exchange: str) -> Subjects:
        """Return whom an exchange is about; nobody, where that was erased or never known.

        Raises `ExchangeError` with AUDIT_UNAVAILABLE.
        """
        ...

    def find(self, fingerprint: bytes, before: str | None, limit: int) -> Sequence[str]:
        """Return the ids of exchanges about a patient or a name, the newest first.

        At most `limit`, and with `before`, the last id of the page before, those that are older.
        Takes a time that does not grow with the index. Raises as `about`.
        """
        ...


class Vault(KeptTexts, Protocol):
    """What is kept of exchanges besides their records, and can be erased: texts, and about whom."""

    async def keep(
        self, exchange: str, part: Part, subjects: Subjects, words: Words | None
    ) -> str | None:
        """Return the SHA-256 of the sealed `words` in hexadecimal once they are durable.

        Durable with it: that the exchange is about `subjects`. `None` is returned where there are
        no words to keep, or where the exchange's request was shredded before its reply came.
        Raises `LedgerUnavailable` if it is not durable, or may not be. Cancelling the call disturbs
        nobody else. A part is kept once.
        """
        ...


class Grants(Protocol):
    """Permissions for a time, to see what nobody may see without one."""

    def check(self, caller: Caller, act: AccessAct, patients: Sequence[bytes]) -> str:
        """Return the id of the grant under which `caller` may do `act` now, for these patients.

        `patients` are fingerprints (`domain.subjects.patient`); none of them means that nobody
        knows whom it is about. Raises `ExchangeError` with GRANT_REQUIRED if there is none.
        """
        ...


class Holds(Protocol):
    """What the law forbids to erase, for now."""

    def held(self, what: str) -> bool:
        """Say whether `what`, the id of an exchange or the name of an epoch (2026Q4), is held.

        An epoch is held if any exchange of its time is. Raises `ExchangeError` if nobody can tell.
        """
        ...

    def in_force(self) -> frozenset[str]:
        """Return the ids of all holds in force, as the log knows them; raises as `held`.

        Whoever erases compares them with the log first: one that is lost still holds.
        """
        ...


class Prompt(Protocol):
    """A request that an engine has checked and can run. Opaque, made by `Engine.prepare` alone."""

    @property
    def tokens(self) -> int:
        """How many tokens the prompt has.

        Exactly, or, where only an engine elsewhere can count, an estimate from above; then the
        `usage` of the `End` says how many they were.
        """
        ...


class Engine(Protocol):
    """Step 6. Takes nothing but redacted text, and runs nothing without a receipt.

    A recording is the exception that cannot be: it is heard first, and redacted as a transcript.
    """

    def models(self) -> Sequence[Model]:
        """Return what can be asked for, in a stable order."""
        ...

    def expecting(self, model: Model) -> AbstractContextManager[None]:
        """Say that a prompt for `model` is on its way, until the context ends.

        An engine that forms batches may wait for it a little; it owes nothing to who says so.
        """
        ...

    def prepare(
        self, model: Model, ask: Ask[RedactedText], max_tokens: int, terms: Terms
    ) -> Prompt:
        """Tokenize and check; CPU-bound, call it in a thread. Nothing leaves this process.

        `max_tokens` is the length of the reply: what was asked for, as far as policy grants.
        `terms` are for whom and how it is to be made; they change nothing in the reply. Raises
        `ExchangeError` with CONTEXT_LENGTH_EXCEEDED, UNSUPPORTED_PARAMETER or INVALID_MESSAGES; an
        engine elsewhere may find the same only when it is asked, and then `generate` raises it.
        """
        ...

    def generate(self, prompt: Prompt, receipt: Receipt) -> AsyncGenerator[Event, None]:
        """Stream what the model is for, then exactly one `End`.

        That is pieces of text (`Task.GENERATE`), one `Vectors` with a row for each part of the
        conversation (`EMBED`), or one `Transcript` (`TRANSCRIBE`). A reply of pieces that is not
        made anew says so in each.

        Raises `ExchangeError` with OVERLOADED (at once, nothing was computed), ENGINE_FAILED,
        ENGINE_TIMEOUT or ENGINE_UNAVAILABLE.
        Closing the iterator (`aclose`) stops the computation.
        """
        ...


class TextEngine(Engine, Protocol):
    """An engine whose models all generate: it yields text and nothing else."""

    def generate(self, prompt: Prompt, receipt: Receipt) -> AsyncGenerator[Piece | End, None]:
        """Stream as `Engine.generate` says."""
        ...
